"""``.keras`` files: an archive of a configuration, weights and assets. Nothing of it is unpacked to where its names say."""

from __future__ import annotations

import hashlib
import io
import struct
import tempfile
import zipfile
from typing import IO, TYPE_CHECKING, Any, BinaryIO, cast

import msgspec

from kerasdiff.models import config, stores
from kerasdiff.models.document import Layer, ModelError, Optimizer, SavedModel, Weight, Writer
from kerasdiff.models.hdf import FREE, RATIO, Store
from kerasdiff.models.plain import MAX_BYTES, parsed

if TYPE_CHECKING:
    from pathlib import Path

_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_ASSETS = "assets/"
#: Entries in an archive, and bytes read of an asset.
MAX_ENTRIES = 100_000
MAX_ASSET = 32 << 20
_ENCRYPTED = 1


def read(path: Path, file: str, size: int) -> SavedModel:
    """The model in an archive.

    Raises `ModelError`.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(archive, file, size)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        message = f"is a damaged archive: {error}"
        raise ModelError(message) from None


def _read(archive: zipfile.ZipFile, file: str, size: int) -> SavedModel:
    entries = _checked(archive.infolist())
    if _CONFIG not in entries:
        kind = "an archive of NumPy arrays (.npz)" if any(name.endswith(".npy") for name in entries) else "an archive"
        message = f"is {kind} without {_CONFIG}, not a .keras file"
        raise ModelError(message)
    told = parsed(_bytes(archive, entries[_CONFIG], MAX_BYTES), _CONFIG)
    metadata: dict[str, Any] = {}
    if _METADATA in entries:
        metadata = parsed(_bytes(archive, entries[_METADATA], MAX_BYTES), _METADATA)
    model = config.model(told)
    unassigned: list[Weight] = []
    state: Optimizer | None = None
    notes: list[str] = []
    if _WEIGHTS in entries:
        with _opened(archive, entries[_WEIGHTS], size) as stream:
            store = Store(stream, entries[_WEIGHTS].file_size)
            model, unassigned, state = stores.assigned(store, model)
            notes = store.notes
    else:
        notes.append(f"has no {_WEIGHTS}: an architecture without weights")
    assets = {name: entry for name, entry in entries.items() if name.startswith(_ASSETS) and not entry.is_dir()}
    model = _with_assets(model, {name: _learnt(archive, entry) for name, entry in sorted(assets.items())}, notes)
    compiled = told.get("compile_config")
    compiled = compiled if isinstance(compiled, dict) else {}
    optimizer = config.optimizer(compiled.get("optimizer"))
    if state is not None:
        optimizer = msgspec.structs.replace(optimizer or state, weights=state.weights)
    return SavedModel(
        file=file,
        format="keras",
        bytes=size,
        writer=Writer(keras=_text(metadata, "keras_version"), date=_text(metadata, "date_saved")),
        model=model,
        compile={key: part for key, part in compiled.items() if key != "optimizer"},
        optimizer=optimizer,
        unassigned=unassigned,
        notes=notes,
    )


def _text(found: dict[str, Any], key: str) -> str | None:
    return found[key] if isinstance(found.get(key), str) else None


def _checked(infos: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """The entries by name, none of which leads out of the archive, is encrypted, or stands there twice."""
    if len(infos) > MAX_ENTRIES:
        message = f"holds more than {MAX_ENTRIES} entries, which no .keras file does"
        raise ModelError(message)
    found: dict[str, zipfile.ZipInfo] = {}
    for entry in infos:
        name = entry.filename
        if name.startswith("/") or "\\" in name or ":" in name.split("/")[0] or ".." in name.split("/"):
            message = f"has an entry that leads out of it: {name}"
            raise ModelError(message)
        if entry.flag_bits & _ENCRYPTED:
            message = f"is encrypted: {name}"
            raise ModelError(message)
        if name in found:
            message = f"has two entries of one name: {name}"
            raise ModelError(message)
        found[name] = entry
    return found


def _bytes(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int) -> bytes:
    """An entry's content. Raises `ModelError` where it is larger than ``limit``."""
    with archive.open(entry) as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        message = f"has an entry {entry.filename} of more than {limit >> 20} MB"
        raise ModelError(message)
    return data


def _opened(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, size: int) -> BinaryIO:
    """An entry as a file that can be read anywhere: a window on the archive, or a copy without a name of what is packed."""
    if entry.compress_type == zipfile.ZIP_STORED:
        with archive.open(entry):  # raises where the archive and the entry don't agree
            return cast("BinaryIO", Window(cast("BinaryIO", archive.fp), entry.header_offset, entry.file_size))
    limit = FREE + RATIO * size
    if entry.file_size > limit:
        message = f"unpacks to far more than its size: {entry.filename} claims {entry.file_size} bytes"
        raise ModelError(message)
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - closed by who asked
    with archive.open(entry) as stream:
        _copied(stream, cast("BinaryIO", copy), limit)
    copy.seek(0)
    return cast("BinaryIO", copy)


class Window(io.RawIOBase):
    """An entry that is stored as it is, where it stands in its archive: `zipfile` would read it anew for each step back."""

    def __init__(self, archive: BinaryIO, header: int, size: int) -> None:
        super().__init__()
        self._archive = archive
        archive.seek(header)
        _, name, extra = struct.unpack("<26sHH", archive.read(30))
        self._start = header + 30 + name + extra
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Where the next byte is read."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a byte."""
        self._at = max(0, offset + (0, self._at, self._size)[whence])
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer as far as there is something."""
        view = memoryview(buffer).cast("B")
        self._archive.seek(self._start + self._at)
        data = self._archive.read(max(0, min(len(view), self._size - self._at)))
        view[: len(data)] = data
        self._at += len(data)
        return len(data)


def _copied(source: IO[bytes], target: BinaryIO, limit: int) -> None:
    done = 0
    while piece := source.read(1 << 20):
        done += len(piece)
        if done > limit:
            message = "unpacks to far more than its size"
            raise ModelError(message)
        target.write(piece)


def _learnt(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> dict[str, Any]:
    """What an asset is: its lines where it is a vocabulary, and its digest."""
    data = _bytes(archive, entry, MAX_ASSET)
    told: dict[str, Any] = {"bytes": len(data), "digest": f"sha256:{hashlib.sha256(data).hexdigest()}"}
    if entry.filename.endswith(".txt"):
        lines = data.decode("utf-8", "backslashreplace").splitlines()
        told |= {"size": len(lines), "first": lines[:5]}
    return told


def _with_assets(model: Layer, assets: dict[str, dict[str, Any]], notes: list[str]) -> Layer:
    """The model with assets as the state of the layers under whose groups they stand: ``assets/layers/string_lookup/…``."""
    left = dict(assets)

    def filled(layer: Layer, at: str) -> Layer:
        counts: dict[str, int] = {}
        inner = []
        for one in layer.layers:
            name = stores.snake(one.class_name)
            number = counts.get(name, 0)
            counts[name] = number + 1
            inner.append(filled(one, f"{at}layers/{name}_{number}/" if number else f"{at}layers/{name}/"))
        own = [name for name in left if name.startswith(at) and at != _ASSETS]
        state = {name.removeprefix(at).rpartition(".")[0] or name.removeprefix(at): left.pop(name) for name in own}
        return msgspec.structs.replace(layer, layers=inner, state={**layer.state, **state})

    found = filled(model, _ASSETS)
    notes += [f"{name} belongs to no layer" for name in left]
    return found
