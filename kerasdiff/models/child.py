"""Reads one saved model in a process of its own, with bounds on time and memory, and writes what it found as JSON.

``answer`` is the whole of it; `kerasdiff.models.load` starts it.
"""

from __future__ import annotations

import os
import stat
import zlib
from pathlib import Path

import msgspec

from kerasdiff.models import archive, checkpoint, hdf, kind, legacy, savedmodel, stores
from kerasdiff.models.document import ModelError, SavedModel

#: Bytes of memory that reading may take.
MEMORY = 1 << 30
#: Seconds of processor time: so many, and one more for so many bytes of the file.
SECONDS = 4
BYTES_A_SECOND = 50_000_000
#: Bytes that the answer may have.
MAX_ANSWER = 64 << 20
#: Files in a folder.
MAX_FILES = 10_000
_NONE = "is no saved model: neither HDF5 (.h5), nor a .keras archive, nor a SavedModel folder, nor a checkpoint"
_PICKLE = "is a pickle, which can run code when it is read; kerasdiff never reads one"


class Answer(msgspec.Struct, omit_defaults=True):
    """What came of reading a file."""

    model: SavedModel | None = None
    error: str = ""
    """What is wrong with the file, to stand behind its name."""


def seconds(size: int) -> int:
    """Seconds of processor time that reading a file of ``size`` bytes may take."""
    return SECONDS + size // BYTES_A_SECOND


def answer(path: str, file: str) -> Answer:
    """Read ``path``; ``file`` is what the document calls it. Whatever is wrong with it becomes an error of one line."""
    try:
        return Answer(model=_read(Path(path), file))
    except ModelError as error:
        return Answer(error=str(error))
    except MemoryError:
        return Answer(error=f"takes more than {MEMORY >> 20} MB to read, which no model of its size does")
    except RecursionError:
        return Answer(error="is nested deeper than any model")
    except OSError as error:
        return Answer(error=f"can't be read: {error.strerror or error}")
    except (ValueError, KeyError, TypeError, RuntimeError, zlib.error, AttributeError, IndexError, OverflowError) as error:
        return Answer(error=f"is damaged: {type(error).__name__}: {error}")  # what libraries say of damaged files


def size_of(path: Path) -> int:
    """The bytes of a file, or of all files in a folder."""
    if not path.is_dir():
        return path.stat().st_size
    found = 0
    for number, file in enumerate(path.rglob("*")):
        if number > MAX_FILES:
            message = f"holds more than {MAX_FILES} files, which no SavedModel does"
            raise ModelError(message)
        found += file.stat().st_size if file.is_file() and not file.is_symlink() else 0
    return found


def _read(path: Path, file: str) -> SavedModel:
    if path.is_dir():
        return _folder(path, file)
    with path.open("rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            message = "is no ordinary file"
            raise ModelError(message)
        start = stream.read(8)
    size = path.stat().st_size
    if path.name in (savedmodel.GRAPH, savedmodel.METADATA):
        return _folder(path.parent, file)
    if path.name.endswith(".index"):
        return checkpoint.read(path, file, size)
    if start == kind.HDF5:
        return _hdf(path, file, size)
    if start.startswith(kind.ARCHIVE):
        return archive.read(path, file, size)
    raise ModelError(_PICKLE if start[:1] == b"\x80" and start[1:2] in b"\x02\x03\x04\x05" else _NONE)


def _hdf(path: Path, file: str, size: int) -> SavedModel:
    store = hdf.Store(str(path), size)
    if legacy.fits(store):
        return legacy.read(store, file, size)
    if stores.fits(store):
        return stores.read(store, file, size)
    message = "is HDF5, but no saved model: it has neither a model_config nor layers"
    raise ModelError(message)


def _folder(path: Path, file: str) -> SavedModel:
    size = size_of(path)
    if (path / savedmodel.GRAPH).is_file():
        return savedmodel.read(path, file, size)
    indexes = sorted(path.glob("*.index"))
    if len(indexes) == 1:
        return checkpoint.read(indexes[0], file, size)
    if indexes:
        message = f"is a folder of {len(indexes)} checkpoints; name one, as {indexes[0].name}"
        raise ModelError(message)
    message = f"is a folder without {savedmodel.GRAPH} or a checkpoint"
    raise ModelError(message)


def bounded(size: int) -> None:
    """Bound this process: its memory, its time, what it writes. Where the system can't, the starter's clock is left."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    limits: tuple[tuple[int, int], ...] = (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, seconds(size)),
        (resource.RLIMIT_FSIZE, hdf.FREE + hdf.RATIO * size),
        (resource.RLIMIT_CORE, 0),
    )
    for which, most in limits:
        _, hard = resource.getrlimit(which)
        own = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (own, hard))


def encoded(found: Answer) -> bytes:
    """An answer as JSON, bounded."""
    try:
        data = msgspec.json.encode(found)
    except UnicodeEncodeError:  # half a character, as HDF5 may hold it
        return msgspec.json.encode(Answer(error="is damaged: a name in it is no Unicode text"))
    if len(data) > MAX_ANSWER:
        return msgspec.json.encode(Answer(error=f"describes a model in more than {MAX_ANSWER >> 20} MB, which none takes"))
    return data


def main(path: str, file: str) -> None:
    """Read a file and write the answer to standard output, on which no library writes anything else."""
    with os.fdopen(os.dup(1), "wb") as output:
        os.dup2(2, 1)
        bounded(size_of(Path(path)) if Path(path).exists() else 0)
        output.write(encoded(answer(path, file)))
