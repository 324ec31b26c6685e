"""The arguments of a layer that mean something else than those recorded, whatever they are called and however written."""

import inspect
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Tuple

from ..pairing import kind
from ..values import encode

#: Arguments that change nothing of what a layer with given weights computes in inference mode.
_IDLE = (
    "initializer",
    "regularizer",
    "constraint",
    "trainable",
    "batch_input_shape",
    "batch_shape",
    "input_shape",
    "seed",
    "init",
)
#: What a serialized object says of itself beside its class and its arguments.
_ABOUT = ("name", "module", "registered_name", "build_config", "class_name")
#: How far numbers may be apart that went through float32, relative to themselves.
_SINGLE = 1e-6
_BOTH_WAYS = 2
_BACKWARD = "backward_layer"
#: Whole numbers from here on are no floats.
_LARGEST = 1e300


class Differing(NamedTuple):
    """By the recorded names: both values of what differs, the names here of what is renamed, and what is no default here.

    What a layer in a layer is given is named by both, as ``layer.activation``.
    """

    values: Dict[str, List[Any]]
    renamed: Dict[str, str]
    given: List[str]


def differing(layer: Any, recorded: Dict[str, Any], here: Dict[str, Any], renames: List[List[str]], rank: int) -> Differing:
    """What differs between two configurations of a layer that takes a tensor of ``rank`` axes.

    ``renames``: older and newer names of arguments.
    """
    found = Differing({}, {}, [])
    for key, value in sorted(recorded.items()):
        name = _name(key, recorded, here, renames)
        if name is None or key in _ABOUT or key.endswith(_IDLE) or name.endswith(_IDLE) or same(key, value, here[name], rank):
            continue
        if name == key and _are_alike(value, here[key]):
            part = getattr(layer, key, None) or getattr(layer, "forward_layer", None)
            inner = differing(part, value["config"], here[key]["config"], renames, rank)
            found.values.update((_within(key, one), both) for one, both in inner.values.items())
            found.renamed.update((_within(key, one), _within(key, other)) for one, other in inner.renamed.items())
            found.given.extend(_within(key, one) for one in inner.given)
            continue
        found.values[key] = [value, here[name]]
        if name != key:
            found.renamed[key] = name
        if not _is_default(layer, name, here[name], rank):
            found.given.append(key)
    return found


def changed(config: Dict[str, Any], arguments: Dict[str, Any]) -> Dict[str, Any]:
    """A configuration with other arguments, by their names here."""
    found = dict(config)
    for key, value in arguments.items():
        first, _, rest = key.partition(".")
        if not rest:
            found[first] = value
            continue
        # Keras 3 tells of both layers of a Bidirectional, of which people give one.
        is_both = first == "layer" and isinstance(found.get(_BACKWARD), dict) and _within(_BACKWARD, rest) not in arguments
        for part in [first] + ([_BACKWARD] if is_both else []):
            found[part] = dict(found[part], config=changed(found[part]["config"], {rest: value}))
    return found


def _are_alike(one: Any, other: Any) -> bool:
    """Whether two values are layers, or other objects, of the same class, so that their arguments differ."""
    both = (one, other)
    are_objects = all(isinstance(value, dict) and isinstance(value.get("config"), dict) for value in both)
    return are_objects and kind(str(one.get("class_name"))) == kind(str(other.get("class_name")))


def _within(key: str, name: str) -> str:
    return "%s.%s" % (key, name)


def _name(key: str, recorded: Dict[str, Any], here: Dict[str, Any], renames: Iterable[List[str]]) -> Optional[str]:
    """What a recorded argument is called here; None where there is none like it."""
    if key in here:
        return key
    others = [pair[1 - pair.index(key)] for pair in renames if key in pair]
    return next((other for other in others if other in here and other not in recorded), None)


def same(key: str, one: Any, other: Any, rank: int) -> bool:
    """Whether two values of an argument mean the same to a layer that takes a tensor of ``rank`` axes."""
    one, other = _plain(one), _plain(other)
    if key == "dtype":  # of others it is told what is taken in, which the inputs are, whatever is said
        return one == other or not ("16" in str(one) or "16" in str(other))
    if isinstance(one, dict) and isinstance(other, dict):
        if kind(str(one.get("class_name"))) != kind(str(other.get("class_name"))):
            return False
        shared = [name for name in one if name in other and name not in _ABOUT and not name.endswith(_IDLE)]
        return all(same(name, one[name], other[name], rank) for name in shared)
    if isinstance(one, list) or isinstance(other, list):
        ones, others = _alike(key, one, other)
        return len(ones) == len(others) and all(same(key, *pair, rank) for pair in zip(ones, others))
    if _is_number(one) and _is_number(other):
        if key in ("axis", "axes"):
            one, other = (value + rank if value < 0 else value for value in (one, other))
        return bool(abs(one - other) <= _SINGLE * max(abs(one), abs(other)))
    return bool(one == other)


def _plain(value: Any) -> Any:
    """A function, and the types that a layer computes in, by their names."""
    if not isinstance(value, dict):
        return value
    config = value.get("config")
    if str(value.get("class_name")).startswith(("Policy", "DTypePolicy")) and isinstance(config, dict):
        return config.get("name")
    return config if value.get("class_name") == "function" else value


def _alike(key: str, one: Any, other: Any) -> Tuple[List[Any], List[Any]]:
    """Two values as lists: a number beside a list of numbers stands for each of them, a factor for both ways."""
    if isinstance(one, list) and isinstance(other, list):
        return one, other
    whole, single = (one, other) if isinstance(one, list) else (other, one)
    if not whole or not all(map(_is_number, [single] + whole)):
        return [one], []
    is_both_ways = key.endswith("factor") and len(whole) == _BOTH_WAYS and whole[0] == -whole[1]
    return whole, [-single, single] if is_both_ways else [single] * len(whole)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < _LARGEST


def _is_default(layer: Any, name: str, value: Any, rank: int) -> bool:
    """Whether an argument has the default of the layer's class: also where that can't be told."""
    for cls in type(layer).__mro__:
        try:
            parameter = inspect.signature(cls.__init__).parameters.get(name)  # type: ignore[misc]  # of a class, not an object
        except (TypeError, ValueError):
            continue
        if parameter is not None:
            told = encode(parameter.default)
            return told is None or isinstance(told, dict) or same(name, told, value, rank)
    return True
