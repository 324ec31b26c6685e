"""TensorFlow checkpoints: weights by the way to them from the model, beside the names that they have."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from kerasdiff.models.document import Layer, ModelError, Optimizer, SavedModel, Weight, Writer
from kerasdiff.models.table import entries
from kerasdiff.models.wire import Message, varint

if TYPE_CHECKING:
    from pathlib import Path

#: Bytes of an index, and of the graph of objects in a checkpoint.
MAX_INDEX = 64 << 20
_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
_VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"
#: The types of TensorFlow by number, with their bytes.
TYPES = {
    1: ("float32", 4), 2: ("float64", 8), 3: ("int32", 4), 4: ("uint8", 1), 5: ("int16", 2), 6: ("int8", 1), 7: ("string", 0),
    8: ("complex64", 8), 9: ("int64", 8), 10: ("bool", 1), 14: ("bfloat16", 2), 17: ("uint16", 2), 19: ("float16", 2),
    22: ("uint32", 4), 23: ("uint64", 8),
}  # fmt: skip
_PIECE = 1 << 20


class Entry(NamedTuple):
    """Where a tensor stands in the data files."""

    dtype: int
    shape: list[int]
    shard: int
    offset: int
    size: int


class Bundle:
    """An index and its data files, ``PREFIX.index`` and ``PREFIX.data-00000-of-00001``."""

    def __init__(self, index: Path) -> None:
        """Read the index. Raises `ModelError`."""
        self._prefix = index.with_suffix("")
        self.notes: list[str] = []
        if index.stat().st_size > MAX_INDEX:
            message = f"its {index.name} is larger than {MAX_INDEX >> 20} MB, which no index is"
            raise ModelError(message)
        self.entries: dict[str, Entry] = {}
        self._shards = 1
        for key, value in entries(index.read_bytes()):
            told = Message(value)
            if key:
                shape = [part.number(1) for part in told.message(2).messages(2)]
                self.entries[key] = Entry(told.number(1), shape, told.number(3), told.number(4), told.number(5))
            else:
                self._shards = told.number(1, 1)

    def weights(self) -> dict[str, Weight]:
        """The variables by their keys, with the names that the graph of objects gives them."""
        names = self.names()
        found = {}
        for key, entry in self.entries.items():
            if key != _GRAPH and entry.dtype in TYPES:
                dtype, _ = TYPES[entry.dtype]
                name = names.get(key) or key.removesuffix(_VALUE)
                found[key] = Weight(name=name, path=key, shape=entry.shape, dtype=dtype, digest=self._digest(key, entry))
        return found

    def names(self) -> dict[str, str]:
        """The full names of variables by their keys; none where there is no graph of objects."""
        entry = self.entries.get(_GRAPH)
        data = self._read(entry, MAX_INDEX) if entry is not None else b""
        if not data:
            return {}
        size, at = varint(memoryview(data), 0)  # a string: its length, a checksum, and then it
        graph = Message(data[at + 4 : at + 4 + size])
        attributes = (one for node in graph.messages(1) for one in node.messages(2))
        return {one.text(3): one.text(2) for one in attributes}

    def _file(self, entry: Entry) -> Path:
        number, of = min(entry.shard, 99_999), min(self._shards, 99_999)
        return self._prefix.with_name(f"{self._prefix.name}.data-{number:05d}-of-{of:05d}")

    def _read(self, entry: Entry, most: int) -> bytes:
        try:
            with self._file(entry).open("rb") as stream:
                stream.seek(min(entry.offset, 2**62))
                return stream.read(min(entry.size, most))
        except OSError:
            return b""

    def _digest(self, key: str, entry: Entry) -> str | None:
        size = TYPES[entry.dtype][1]
        for extent in entry.shape:
            size *= extent
        if entry.dtype == 7:
            return None
        if size != entry.size:
            self.notes.append(f"{key} claims {size} bytes, and its data are {entry.size}")
            return None
        found, left = hashlib.sha256(), size
        try:
            with self._file(entry).open("rb") as stream:
                stream.seek(min(entry.offset, 2**62))
                while left and (piece := stream.read(min(left, _PIECE))):
                    found.update(piece)
                    left -= len(piece)
        except OSError:
            pass
        if left:
            self.notes.append(f"{key}: its data aren't there")
            return None
        return f"sha256:{found.hexdigest()}"


def read(index: Path, file: str, size: int) -> SavedModel:
    """The weights in a checkpoint.

    Raises `ModelError`.
    """
    bundle = Bundle(index)
    layers, state, rest = sorted_out(bundle.weights())
    return SavedModel(
        file=file,
        format="checkpoint",
        bytes=size,
        writer=Writer(backend="tensorflow"),
        layers=[Layer(name=name, class_name="", weights=found) for name, found in layers.items()],
        optimizer=Optimizer(weights=state) if state else None,
        unassigned=rest,
        notes=bundle.notes,
    )


def sorted_out(weights: dict[str, Weight]) -> tuple[dict[str, list[Weight]], list[Weight], list[Weight]]:
    """Weights by layer, those of the optimizer, and the rest.

    A layer is known by the number in its key, ``layer_with_weights-1``, where the key has one, and has the name that begins
    its weights' names.
    """
    layers: dict[tuple[int, str], list[tuple[Any, Weight]]] = {}
    state, rest = [], []
    for key, weight in weights.items():
        if "/.OPTIMIZER_SLOT/" in key or key.startswith("optimizer/"):
            state.append(weight)
            continue
        numbered = re.match(r"(?:model/)?layer_with_weights-(\d{1,6})/", key)
        if numbered is None:
            rest.append(weight)
            continue
        layers.setdefault((int(numbered[1]), numbered[0]), []).append((key, weight))
    found: dict[str, list[Weight]] = {}
    for (_, prefix), pairs in sorted(layers.items()):
        starts = {weight.name.partition("/")[0] for _, weight in pairs if "/" in weight.name and weight.name != weight.path}
        name = starts.pop() if len(starts) == 1 else prefix.rstrip("/")
        found.setdefault(name, []).extend(weight for _, weight in pairs)
    return found, state, rest
