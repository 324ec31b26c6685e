"""The arrays that a model is run on, and the archives that hold them."""

import io
import os
import re
import zipfile
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import numpy

from .. import files
from ..behaviour import numbers
from ..npz import Archive, BadArchive

#: Samples of a made input; what stands for an extent that a model leaves open, of images and of others.
SAMPLES = 2
IMAGE, LENGTH = 32, 8


class NoInput(BadArchive):
    """What a model takes can't be made up."""


class Taken(NamedTuple):
    """An input that a model was called with: as much of a tensor as is known of it."""

    shape: Tuple[Optional[int], ...]
    dtype: str


def formula(model: Any) -> List[Any]:
    """Inputs for a model by a fixed formula, from the shapes and types that it takes. Raises `NoInput`."""
    tensors = taken(model)
    return [_made(tensor, vocabulary(model, tensor, len(tensors)), number) for number, tensor in enumerate(tensors)]


def taken(model: Any) -> List[Any]:
    """What a model takes, as tensors or as it was called. Raises `NoInput`."""
    tensors = list(getattr(model, "inputs", None) or _called(model))
    if not tensors:
        raise NoInput("its inputs aren't known before it is called")
    return tensors


def _called(model: Any) -> List[Taken]:
    """What a model without inputs of its own was called with; nothing where it wasn't, or with names or structures."""
    told = getattr(model, "_saved_model_inputs_spec", None)  # tf.keras
    if told is not None:
        specs = list(told) if isinstance(told, (list, tuple)) else [told]
        if not all(hasattr(spec, "shape") and hasattr(spec, "dtype") for spec in specs):
            return []
        return [Taken(tuple(extents(spec)), _dtype(spec)) for spec in specs]
    shapes = getattr(model, "_build_shapes_dict", None)  # Keras 3, which keeps no types
    shape = next(iter(shapes.values())) if isinstance(shapes, dict) and len(shapes) == 1 else None
    if not isinstance(shape, (list, tuple)) or not shape:
        return []
    every = list(shape) if all(isinstance(part, (list, tuple)) for part in shape) else [shape]
    if not all(extent is None or isinstance(extent, int) for one in every for extent in one):
        return []
    kind = "int32" if any(type(layer).__name__ == "Embedding" for layer in model.layers) else "float32"
    return [Taken(tuple(one), kind) for one in every]


def _made(tensor: Any, vocabulary: Optional[int], number: int) -> Any:
    shape = extents(tensor)
    kind = _dtype(tensor)
    if "string" in kind or "str" in kind:
        raise NoInput("it takes text")
    open_extent = IMAGE if len(shape) > 3 else LENGTH
    full = [SAMPLES if not place else open_extent if extent is None else extent for place, extent in enumerate(shape)]
    if vocabulary is not None or "int" in kind:
        size = 1
        for extent in full:
            size *= extent
        values = (numpy.arange(size, dtype="int64") * 7 + 3 + number) % max(vocabulary or 6, 1)
        return values.astype(kind if "int" in kind else "float32").reshape(full)
    made = numbers.data(full, "exact", number)
    return made.astype(kind) if "float" in kind else made


def extents(tensor: Any) -> List[Optional[int]]:
    """The shape of a symbolic tensor, None where it is left open."""
    shape = getattr(tensor, "_keras_shape", None) or tensor.shape
    return [None if _plain(extent) is None else int(_plain(extent)) for extent in shape]


def _plain(extent: Any) -> Any:
    return getattr(extent, "value", extent)  # a Dimension of TensorFlow 1


def _dtype(tensor: Any) -> str:
    kind = tensor.dtype
    return str(getattr(kind, "name", kind))


def vocabulary(model: Any, tensor: Any, inputs: int) -> Optional[int]:
    """How many different numbers an input may hold, where an embedding looks them up."""
    for layer in model.layers:
        if not hasattr(layer, "input_dim") or type(layer).__name__ != "Embedding":
            continue
        try:
            is_here = layer.input is tensor
        except Exception:  # it is called more than once, or wasn't yet
            is_here = inputs == 1
        if is_here:
            return int(layer.input_dim)
    return None


def numbered(archive: Archive, stems: str) -> List[Any]:
    """The arrays called by one of the stems (``x|inputs``), or by a stem and a number, as ``inputs_0``, in their order."""
    for stem in stems.split("|"):
        if stem in archive.arrays:
            return [array(archive, stem)]
        names = [name for name in archive.arrays if re.fullmatch(stem + r"_\d{1,5}", name)]
        if names:
            return [array(archive, name) for name in sorted(names, key=lambda name: int(name.rpartition("_")[2]))]
    return []


def array(archive: Archive, name: str) -> Any:
    """An array of an archive. Raises `BadArchive`."""
    told = archive.arrays[name]
    flat = numpy.frombuffer(archive.content(name), numpy.dtype(told.type))
    return flat.reshape(told.shape, order="F" if told.is_fortran else "C")


def fitting(arrays: List[Any], model: Any, name: str) -> List[Any]:
    """The arrays in the types that a model takes. Raises `BadArchive` where their shapes don't fit."""
    tensors = list(getattr(model, "inputs", None) or [])
    if not tensors:
        return arrays
    if len(tensors) != len(arrays):
        raise BadArchive("%s holds %d inputs, and the model takes %d" % (name, len(arrays), len(tensors)))
    found = []
    for number, (given, tensor) in enumerate(zip(arrays, tensors)):
        taken = extents(tensor)
        fits = len(taken) == given.ndim and all(one is None or one == other for one, other in zip(taken[1:], given.shape[1:]))
        if not fits:
            told = [None if not place else extent for place, extent in enumerate(taken)]
            raise BadArchive("input %d is %s, and the model takes %s" % (number, list(given.shape), told))
        kind = _dtype(tensor)
        found.append(given.astype(kind) if given.dtype.kind in "iuf" and re.fullmatch(r"u?int\d+|float\d+", kind) else given)
    return found


def write(path: str, arrays: Dict[str, Any]) -> None:
    """Write an archive all or nothing, the same bytes for the same arrays. Raises `OSError`."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(arrays):
            part = io.BytesIO()
            numpy.lib.format.write_array(part, numpy.array(arrays[name], order="C"), allow_pickle=False)
            entry = zipfile.ZipInfo(name + ".npy", (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, part.getvalue())
    files.write(os.path.abspath(path), target.getvalue())
