"""What the layers of a model are: their classes, arguments and weights, and what their code makes use of."""

import math
import types
from typing import Any, Dict, Iterator, List, Optional, Sequence, Set

import numpy

from .. import redact
from ..behaviour import numbers
from ..values import encode
from ..weights import own_name, roles

#: Names kept of those that a class of the user's uses, and levels of layers in layers.
MAX_NAMES = 200
DEPTH = 4

#: Arguments of a layer that say nothing of what it computes.
_ABOUT = ("name", "registered_name", "build_config", "module")


def config(layer: Any) -> Dict[str, Any]:
    """The configuration of a layer as JSON, without its name and secrets; empty where the class tells none."""
    try:
        told = encode(layer.get_config())
    except Exception:  # a custom layer that has none
        return {}
    if not isinstance(told, dict):
        return {}
    cleaned: Dict[str, Any] = redact.redactor().value({key: value for key, value in told.items() if key not in _ABOUT})
    return cleaned


def symbols(api: Any, layer: Any) -> List[str]:
    """The public classes that a layer and the layers in it are of, or are made from, as ``layers.GRU``."""
    public: Dict[int, str] = {}
    for name in sorted(dir(api.layers)):
        value = getattr(api.layers, name, None)
        if isinstance(value, type) and (id(value) not in public or name == value.__name__):
            public[id(value)] = "layers." + name
    found: List[str] = []
    for part in _parts(layer, DEPTH, set()):
        own = [public[id(cls)] for cls in type(part).__mro__ if id(cls) in public]
        found += [name for name in own if name not in ("layers.Layer", "layers.InputSpec")]
    return sorted(set(found))


def is_custom(api: Any, layer: Any) -> bool:
    """Whether the class of a layer is none of the API's."""
    package = api.__name__.split(".")[0]
    module = str(type(layer).__module__).split(".")[0]
    return module not in {package, "keras", "tensorflow", "tensorflow_core", "tf_keras"}


def named(api: Any, layer: Any) -> List[str]:
    """The names that code of the user's in a layer uses: of attributes and functions, as its byte-code has them."""
    found: Set[str] = set()
    for part in _parts(layer, DEPTH, set()):
        functions: List[Any] = []
        if is_custom(api, part):
            functions += [value for cls in _custom(part) for value in vars(cls).values()]
        functions += [value for value in vars(part).values() if isinstance(value, types.FunctionType)]
        for function in functions:
            code = getattr(getattr(function, "__wrapped__", function), "__code__", None)
            module = str(getattr(function, "__module__", "")).split(".")[0]
            if code is not None and module not in ("keras", "tensorflow", "tensorflow_core", "tf_keras"):
                found.update(_names(code))
    return sorted(found)[:MAX_NAMES]


def _custom(layer: Any) -> Iterator[type]:
    for cls in type(layer).__mro__:
        if str(cls.__module__).split(".")[0] == str(type(layer).__module__).split(".")[0]:
            yield cls


def _names(code: Any) -> Iterator[str]:
    for name in code.co_names:
        yield str(name)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            for name in _names(constant):
                yield name


def _parts(layer: Any, depth: int, seen: Set[int]) -> Iterator[Any]:
    """A layer and the layers that it holds."""
    if id(layer) in seen or not depth:
        return
    seen.add(id(layer))
    yield layer
    for value in list(vars(layer).values()):
        for part in value if isinstance(value, (list, tuple)) else [value]:
            if hasattr(part, "get_weights") and hasattr(part, "call") and not isinstance(part, type):
                for inner in _parts(part, depth - 1, seen):
                    yield inner


def rank(layer: Any) -> Optional[int]:
    """How many axes the one input has that a layer was built for; None where there are several, or it isn't told."""
    shapes = getattr(layer, "_build_shapes_dict", None)  # Keras 3
    if isinstance(shapes, dict):
        shape = next(iter(shapes.values())) if len(shapes) == 1 else None
    else:
        shape = getattr(layer, "_build_input_shape", None)
    if shape is None:
        return None
    try:
        extents = [getattr(extent, "value", extent) for extent in shape]  # a Dimension of TensorFlow 1
    except (TypeError, ValueError):  # of unknown rank
        return None
    return len(extents) if extents and all(extent is None or isinstance(extent, int) for extent in extents) else None


def variables(layer: Any) -> List[Any]:
    """The weights of a layer that are variables: TensorFlow lists its lookup tables beside them, which have no name."""
    return [weight for weight in layer.weights if hasattr(weight, "name")]


def weight_names(layer: Any) -> List[str]:
    """The names of a layer's weights without the layer's own."""
    return [own_name(str(weight.name)) for weight in variables(layer)]


def weight_roles(layer: Any) -> List[str]:
    """What the weights of a layer are, by the newest names, else by position."""
    return roles(weight_names(layer))


def values(layer: Any) -> List[Any]:
    """The weights of a layer, or of a model, as arrays."""
    own = variables(layer)
    if len(own) < len(layer.weights):  # with lookup tables, whose content `get_weights` would tell
        return [numpy.asarray(weight.numpy()) for weight in own]
    return [numpy.asarray(array) for array in layer.get_weights()]


def put(layer: Any, arrays: List[Any]) -> None:
    """Give the weights of a layer other numbers, in the order of `values`."""
    own = variables(layer)
    if len(own) < len(layer.weights):
        for weight, array in zip(own, arrays):
            weight.assign(array)
        return
    layer.set_weights(arrays)


def fill(layer: Any, seed: int) -> None:
    """Overwrite the weights of a layer by a fixed formula, such that what deep models give neither vanishes nor explodes."""
    current = values(layer)
    if not current or hasattr(layer, "adapt"):  # what a layer has learnt is its state
        return
    made = []
    for name, array, fixed in zip(
        weight_names(layer), current, numbers.weights(weight_names(layer), [a.shape for a in current])
    ):
        if array.dtype.kind != "f":
            made.append(array)
        elif array.ndim < 2 or "bias" in name:
            made.append(fixed.astype(array.dtype))
        else:
            fan = max(array.size // array.shape[-1], 1)
            made.append((_spread(array.shape, seed) * _scale(fan)).astype(array.dtype))
    put(layer, made)


def _scale(fan: int) -> float:
    """What numbers between -1 and 1 are multiplied with before ``fan`` of them are summed: of three bits, hence exact."""
    wanted = min(math.sqrt(6.0 / fan), 1.0)
    unit = math.ldexp(1.0, math.floor(math.log2(wanted)) - 2)
    return round(wanted / unit) * unit


def _spread(shape: Sequence[int], seed: int) -> Any:
    """Odd multiples of 1/64 between -1 and 1 that look drawn, and are not: in a plain order their sums would resonate."""
    mixed = (numpy.arange(int(numpy.prod(shape)), dtype="int64") + 7919 * seed) * 0x9E3779B1 & 0xFFFFFFFF
    for _ in range(2):
        mixed = (((mixed >> 16) ^ mixed) * 0x45D9F3B) & 0xFFFFFFFF
    mixed = (mixed >> 16) ^ mixed
    return ((mixed % 64 * 2 - 63).astype("float32") / 64).reshape(shape)


def statistics(array: Any) -> Dict[str, float]:
    """Mean, standard deviation, least and largest number of an array."""
    flat = array.astype("float64").reshape(-1)
    found = {"mean": flat.mean(), "std": flat.std(), "min": flat.min(), "max": flat.max()}
    return {name: float("%.6g" % value) for name, value in found.items()}
