"""Inputs for a reference that are near what people feed: padded rows of tokens, and numbers in the range that is scaled."""

from typing import Any, Iterator, List, Optional

import numpy

from ..behaviour import numbers
from . import arrays

#: Layers that may stand before the one that scales what a model takes.
_BEFORE = ("InputLayer", "Resizing", "CenterCrop", "Random", "ZeroPadding", "Cropping", "Reshape", "Permute", "Dropout")
#: From how many steps on a range is one of whole numbers, as the bytes of images are.
_WHOLE = 8


def inputs(model: Any) -> List[Any]:
    """As `arrays.formula` makes them, nearer to life. Raises `NoInput`."""
    tensors = arrays.taken(model)
    pairs = zip(tensors, arrays.formula(model))
    return [_made(model, tensor, array, number, len(tensors)) for number, (tensor, array) in enumerate(pairs)]


def _made(model: Any, tensor: Any, made: Any, number: int, inputs: int) -> Any:
    vocabulary = arrays.vocabulary(model, tensor, inputs)
    if vocabulary is not None:
        return padded(made, vocabulary)
    layer = _scaling(model, tensor, inputs)
    found = None if layer is None or made.dtype.kind not in "iuf" else scaled(layer, numbers.data(made.shape, "exact", number))
    if found is None:
        return made
    if made.dtype.kind == "f":
        return found.astype(made.dtype)
    limits = numpy.iinfo(made.dtype)
    return numpy.clip(numpy.rint(found), limits.min, limits.max).astype(made.dtype)


def padded(tokens: Any, vocabulary: int) -> Any:
    """Rows of tokens without zeros but at their ends: half of a row, and a quarter of the next one."""
    if tokens.ndim != 2 or tokens.shape[1] < 2 or vocabulary < 2:
        return tokens
    found = numpy.where(tokens == 0, 1, tokens).astype(tokens.dtype)
    for place, row in enumerate(found):
        row[-max(len(row) // (4 if place % 2 else 2), 1) :] = 0
    return found


def scaled(layer: Any, plain: Any) -> Optional[Any]:
    """What a layer scales to ``plain``, which is between -1 and 1; to numbers above 0 where it adds nothing.

    None where that can't be told.
    """
    try:
        if hasattr(layer, "scale"):
            scale, offset = map(_numbers, (layer.scale, layer.offset))
            found = ((plain if offset.any() else (plain + 1) / 2) - offset) / scale
            found = numpy.rint(found) if numpy.abs(1 / scale).max() >= _WHOLE else found
        else:
            mean, variance = map(_numbers, (layer.mean, layer.variance))
            found = 2 * plain * numpy.sqrt(variance) + mean
    except Exception:  # a symbol, or what the layer hasn't learnt yet
        return None
    return found if found.shape == plain.shape and numpy.isfinite(found).all() else None


def _numbers(value: Any) -> Any:
    return numpy.asarray(value.numpy() if hasattr(value, "numpy") else value, "float64")


def _scaling(model: Any, tensor: Any, inputs: int) -> Optional[Any]:
    """The layer that scales what a model takes, where one does so first."""
    for layer in _leaves(model):
        name = type(layer).__name__
        is_next = inputs == 1 or _takes(layer, tensor)
        if is_next and name in ("Rescaling", "Normalization"):
            return None if getattr(layer, "invert", False) else layer
        if is_next and not name.startswith(_BEFORE):
            return None
    return None


def _takes(layer: Any, tensor: Any) -> bool:
    try:
        return layer.input is tensor
    except Exception:  # it is called more than once, or wasn't yet
        return False


def _leaves(model: Any) -> Iterator[Any]:
    for layer in model.layers:
        if hasattr(layer, "layers"):
            for inner in _leaves(layer):
                yield inner
        else:
            yield layer
