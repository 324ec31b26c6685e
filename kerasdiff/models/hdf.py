"""HDF5 with nothing that leads out of the file: no links but hard ones, no foreign data, no plugins; sizes are checked first.

The only module that imports h5py. It runs in a process of its own (`kerasdiff.models.child`): libhdf5 may crash on bad files.
"""

from __future__ import annotations

import hashlib
import importlib
from typing import TYPE_CHECKING, Any, BinaryIO

from kerasdiff.models.document import ModelError, Weight

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Bytes of an attribute, objects in a file, and levels of groups: many times what the largest models have.
MAX_ATTRIBUTE = 64 << 20
MAX_OBJECTS = 200_000
MAX_LEVELS = 50
MAX_RANK = 16
#: Bytes of a slab read at once, and of a chunk of a dataset.
SLAB = 16 << 20
#: Filters that are part of HDF5: deflate, shuffle, fletcher32, szip, nbit, scaleoffset; and h5py's lzf.
_FILTERS = {1, 2, 3, 4, 5, 6, 32000}
#: Of what is packed, so many bytes are unpacked for one of the file, and these besides.
RATIO = 20
FREE = 64 << 20
_MISSING = "reading HDF5 files needs h5py; install it with: pip install 'kerasdiff[models]'"


class Store:
    """A file of groups, attributes and arrays."""

    def __init__(self, source: str | BinaryIO, size: int) -> None:
        """Open ``source``, of ``size`` bytes. Raises `ModelError`."""
        try:
            self._h5py: Any = importlib.import_module("h5py")  # optional, and heavy
        except ImportError:
            raise ModelError(_MISSING) from None
        self._budget = FREE + RATIO * size
        self._objects = 0
        self.notes: list[str] = []
        try:
            self.root: Any = self._h5py.File(source, "r", rdcc_nbytes=1 << 20)
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            message = f"is a damaged HDF5 file: {error}"
            raise ModelError(message) from None

    # Groups

    def children(self, group: Any) -> Iterator[tuple[str, Any]]:
        """What is in a group, in the order in which it was made where the file tells, else by name."""
        low = self._h5py
        for name in group:
            self._objects += 1
            if self._objects > MAX_OBJECTS:
                message = f"holds more than {MAX_OBJECTS} objects, which no model does"
                raise ModelError(message)
            link = group.get(name, getlink=True)
            if not isinstance(link, low.HardLink):
                kind = "another file" if isinstance(link, low.ExternalLink) else "another place"
                message = f"holds a link to {kind} ({name}), which no Keras writes"
                raise ModelError(message)
            yield name, group[name]

    def child(self, group: Any, path: str) -> Any:
        """The object at ``path`` below a group; None where there is none."""
        found = group
        for name in path.split("/"):
            if not self.is_group(found) or name in ("", ".", "..") or name not in found:
                return None
            if not isinstance(found.get(name, getlink=True), self._h5py.HardLink):
                message = f"holds a link to another place or file ({name}), which no Keras writes"
                raise ModelError(message)
            found = found[name]
        return found

    def is_group(self, thing: Any) -> bool:
        """Whether it holds others."""
        return isinstance(thing, self._h5py.Group)

    def arrays(self, group: Any, above: str = "", level: int = 0) -> Iterator[tuple[str, Any]]:
        """Every array below a group, with its path."""
        if level > MAX_LEVELS:
            message = f"has groups in groups over {MAX_LEVELS} levels, or a group that holds itself"
            raise ModelError(message)
        for name, thing in self.children(group):
            path = f"{above}/{name}" if above else name
            if self.is_group(thing):
                yield from self.arrays(thing, path, level + 1)
            elif isinstance(thing, self._h5py.Dataset):
                yield path, thing

    # Attributes

    def attribute(self, thing: Any, name: str) -> Any:
        """An attribute, texts as text; None where there is none. Raises `ModelError` where it is too large to be true."""
        if name not in thing.attrs:
            return None
        opened = self._h5py.h5a.open(thing.id, name.encode())
        count = 1
        for extent in opened.shape or ():
            count *= extent
        if count * max(1, opened.get_type().get_size()) > MAX_ATTRIBUTE:
            message = f"has an attribute {name} of more than {MAX_ATTRIBUTE >> 20} MB, which no model has"
            raise ModelError(message)
        return _plain(thing.attrs[name])

    def text(self, thing: Any, name: str) -> str | None:
        """An attribute that is text; None where there is none."""
        found = self.attribute(thing, name)
        return found if isinstance(found, str) else None

    def texts(self, thing: Any, name: str) -> list[str] | None:
        """An attribute that is a list of texts, in one piece or, of large ones, in several; None where there is none."""
        found = self.attribute(thing, name)
        if found is None:
            pieces: list[Any] = []
            while f"{name}{len(pieces)}" in thing.attrs and len(pieces) < MAX_OBJECTS:
                pieces.append(self.attribute(thing, f"{name}{len(pieces)}"))
            if not pieces:
                return None
            found = [part for piece in pieces for part in (piece if isinstance(piece, list) else [piece])]
        return [part for part in found if isinstance(part, str)] if isinstance(found, list) else []

    # Arrays

    def weight(self, thing: Any, name: str, path: str) -> Weight:
        """A dataset as a weight. Raises `ModelError` where its data is not in the file."""
        if not isinstance(thing, self._h5py.Dataset):
            message = f"has a group where the weight {path} should be"
            raise ModelError(message)
        shape = list(thing.shape or ())
        return Weight(name=name, path=path, shape=shape, dtype=_dtype(thing.dtype), digest=self._digest(thing, path))

    def _digest(self, dataset: Any, path: str) -> str | None:
        """The digest of the bytes; None, with a note, where they aren't read."""
        properties = dataset.id.get_create_plist()
        if dataset.is_virtual or properties.get_external_count():
            message = f"keeps the data of {path} in another file, which no Keras does"
            raise ModelError(message)
        filters = [properties.get_filter(number)[0] for number in range(properties.get_nfilters())]
        if dataset.dtype.kind == "O" or dataset.shape is None or len(dataset.shape) > MAX_RANK:
            return self._unread(path, "is no array of numbers")
        if not set(filters) <= _FILTERS:
            return self._unread(path, "is packed by a plugin, which isn't loaded")
        size = int(dataset.id.get_space().get_simple_extent_npoints()) * dataset.dtype.itemsize
        stored = int(dataset.id.get_storage_size())
        if not filters and stored < size:
            return self._unread(path, f"claims {size} bytes, of which the file holds {stored}")
        chunk = dataset.dtype.itemsize
        for extent in dataset.chunks or ():
            chunk *= extent
        if size > self._budget or chunk > 2 * SLAB:
            return self._unread(path, "unpacks to far more than the file's size")
        self._budget -= size
        return self._read(dataset, path)

    def _read(self, dataset: Any, path: str) -> str | None:
        found = hashlib.sha256()
        try:
            for slab in _slabs(dataset.shape, dataset.dtype.itemsize):
                array = dataset[slab]
                little = array.astype(array.dtype.newbyteorder("<"), copy=False)
                found.update(little.tobytes())
        except (OSError, ValueError, RuntimeError, TypeError) as error:
            return self._unread(path, f"can't be read: {error}")
        return f"sha256:{found.hexdigest()}"

    def _unread(self, path: str, why: str) -> str | None:
        """No digest; the notes say why."""
        self.notes.append(f"{path} {why}")
        return None


def _slabs(shape: tuple[int, ...], itemsize: int) -> Iterator[Any]:
    """Selections that together are the array, in order, none of much more than `SLAB` bytes."""
    if not shape:
        yield ()
        return
    if 0 in shape:
        return
    row = itemsize
    for extent in shape[1:]:
        row *= extent
    if row > SLAB:
        for number in range(shape[0]):
            for rest in _slabs(shape[1:], itemsize):
                yield (number, *(rest if isinstance(rest, tuple) else (rest,)))
        return
    step = max(1, SLAB // max(1, row))
    for start in range(0, shape[0], step):
        yield (slice(start, start + step),)


def _dtype(dtype: Any) -> str:
    name = str(dtype.name)
    return "bfloat16" if name == "void16" else "string" if dtype.kind in "OS" else name


def _plain(value: Any) -> Any:
    """An attribute's value as text, numbers and lists."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return value if isinstance(value, (str, int, float, bool)) else None
