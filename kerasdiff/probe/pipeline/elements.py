"""What a pipeline yields, as arrays by the names of their parts."""

import sys
from typing import Any, Dict, List, NamedTuple, Tuple

from ..source import named

#: Parts of an element at most, and levels of nesting.
MAX_PARTS = 64
MAX_DEPTH = 4
#: What Keras takes from a tuple, by position.
NAMES = ("x", "y", "sample_weight")
#: Kinds of NumPy's data types that are numbers, and text.
NUMBERS, TEXT = "biuf", "SU"


class Unfit(Exception):
    """An element holds something that is no array."""


class Part(NamedTuple):
    """An array of a batch, its first axis the samples, and the data type it came with."""

    name: str
    values: Any
    dtype: str


def parts(element: Any, numpy: Any) -> List[Part]:
    """The arrays of an element: ``x``, ``y``, ``sample_weight`` of a tuple, the keys of a mapping, ``x.0`` of what is nested.

    Raises `Unfit`.
    """
    if _is_tuple(element):
        names = NAMES if len(element) <= len(NAMES) else [str(place) for place in range(len(element))]
        pairs = [(name, part) for name, part in zip(names, element) if part is not None]
    elif isinstance(element, dict):
        pairs = _sorted(element)
    else:
        pairs = [("x", element)]
    found = [leaf for name, part in pairs for leaf in _leaves(name, part, 0, numpy)]
    if not found or len(found) > MAX_PARTS:
        raise Unfit("%d arrays in one batch" % len(found))
    return found


def _is_tuple(value: Any) -> bool:
    """Whether a value is several arrays rather than one: PyTorch collates into lists."""
    return isinstance(value, (list, tuple)) and bool(value) and any(_is_part(part) for part in value)


def _is_part(value: Any) -> bool:
    return isinstance(value, (dict, tuple)) or (hasattr(value, "shape") and len(value.shape) > 0)


def _sorted(mapping: Dict[Any, Any]) -> List[Tuple[str, Any]]:
    return sorted(((str(key), part) for key, part in mapping.items()), key=lambda pair: pair[0])


def _leaves(name: str, value: Any, depth: int, numpy: Any) -> List[Part]:
    if depth > MAX_DEPTH:
        raise Unfit("nested deeper than %d levels" % MAX_DEPTH)
    if isinstance(value, dict):
        inner = _sorted(value)
    elif _is_tuple(value):
        inner = [(str(place), part) for place, part in enumerate(value)]
    else:
        return [_part(name, numpy.asarray(_plain(value)), numpy)]
    return [leaf for key, part in inner for leaf in _leaves("%s.%s" % (name, key), part, depth + 1, numpy)]


def _part(name: str, found: Any, numpy: Any) -> Part:
    """An array as numbers or text. Raises `Unfit`."""
    if found.ndim == 0:
        found = found.reshape(1)
    kind = found.dtype.kind
    if kind == "O":
        kinds = sorted({type(part).__name__ for part in found.ravel()[:1000].tolist()})
        if not kinds or not set(kinds) <= {"str", "bytes"}:
            raise Unfit("%s objects" % (kinds or ["no"])[0])
        return Part(name, found, "string")
    if kind in TEXT:
        return Part(name, found.astype(object), "string")
    if kind == "V":  # bfloat16, which is no type of NumPy's own
        return Part(name, found.astype(numpy.float32), str(found.dtype.name))
    if kind not in NUMBERS:
        raise Unfit("%s values" % found.dtype.name)
    return Part(name, found, str(found.dtype.name))


def _plain(value: Any) -> Any:
    """A tensor of any library as something that NumPy takes."""
    if hasattr(value, "detach"):  # PyTorch
        value = value.detach().cpu()
        return value.float().numpy() if str(value.dtype) == "torch.bfloat16" else value.numpy()
    if hasattr(value, "row_splits") and hasattr(value, "to_tensor"):  # ragged
        value = value.to_tensor()
    elif hasattr(value, "dense_shape") and "tensorflow" in sys.modules:
        value = sys.modules["tensorflow"].sparse.to_dense(value)
    elif hasattr(value, "toarray"):  # SciPy's sparse matrices
        return value.toarray()
    if callable(getattr(value, "numpy", None)):
        return value.numpy()
    if isinstance(value, (str, bytes)) or (
        not hasattr(value, "__array__") and not isinstance(value, (list, tuple, int, float))
    ):
        raise Unfit(named(value))
    return value
