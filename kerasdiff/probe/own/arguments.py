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
#: Whole numbers from here on are no floats.
_LARGEST = 1e300


class Differing(NamedTuple):
    """By the recorded names: both values of what differs, the names here of what is renamed, and what is no default here."""

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
        if name is None or key.endswith(_IDLE) or name.endswith(_IDLE) or same(key, value, here[name], rank):
            continue
        found.values[key] = [value, here[name]]
        if name != key:
            found.renamed[key] = name
        if not _is_default(layer, name, here[name], rank):
            found.given.append(key)
    return found


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
