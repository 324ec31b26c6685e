"""Archives of NumPy arrays (``.npz``) from strangers: read within bounds, and never a pickle.

A reader of its own, by the standard library alone: ``numpy.load`` believes the shape that a file claims, and its
safeguards differ from release to release.
"""

import ast
import re
import struct
import zipfile
import zlib
from typing import IO, Any, Dict, List, NamedTuple, Tuple

#: Bytes that all arrays of an archive may take, the number of arrays, and the bytes of an array's header.
MAX_BYTES = 2 << 30
MAX_ARRAYS = 20000
MAX_HEADER = 1 << 16
#: Numbers of so many dimensions at most, as NumPy has.
MAX_RANK = 32
#: How many times larger than its archive an array may be: what has so few different numbers says nothing.
MAX_RATIO = 1100

_NAME = re.compile(r"[A-Za-z_][\w.-]{0,99}\.npy")
#: Booleans, integers, floating-point and complex numbers, and text of a fixed length.
_TYPE = re.compile(r"[<>|=](?:b1|[iu][1248]|f[248]|c8|c16|S[1-9]\d{0,4}|U[1-9]\d{0,3})")
_PIECE = 1 << 20


class BadArchive(Exception):
    """What is wrong with an archive, to stand behind its name."""


class Array(NamedTuple):
    """What an archive says of an array. ``size``: its bytes; ``begin``: where they begin in the entry."""

    entry: str
    type: str
    is_fortran: bool
    shape: Tuple[int, ...]
    size: int
    begin: int


class Archive:
    """An open archive, checked but for the numbers themselves; ``arrays`` by name. Raises `BadArchive` or `OSError`."""

    def __init__(self, path: str) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error, EOFError, IndexError, KeyError) as error:
            raise BadArchive(_what(path) or "is no .npz archive: %s" % error) from None
        try:
            self.arrays = self._arrays()
        except BadArchive:
            self._zip.close()
            raise
        except Exception as error:  # of damage in many places zipfile and zlib raise many things
            self._zip.close()
            raise BadArchive("is damaged: %s: %s" % (type(error).__name__, error)) from None

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_error: object) -> None:
        self._zip.close()

    def _arrays(self) -> Dict[str, Array]:
        entries = self._zip.infolist()
        if len(entries) > MAX_ARRAYS:
            raise BadArchive("holds %d arrays, and %d are read at most" % (len(entries), MAX_ARRAYS))
        if sum(entry.file_size for entry in entries) > MAX_BYTES:
            raise BadArchive("unpacks to more than %d MB, which is too much to read" % (MAX_BYTES >> 20))
        found: Dict[str, Array] = {}
        for entry in entries:
            if not _NAME.fullmatch(entry.filename) or entry.filename[:-4] in found:
                raise BadArchive("holds %.100r, which is no array's name, or stands twice" % entry.filename)
            if entry.flag_bits & 1:
                raise BadArchive("is encrypted")
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise BadArchive("is packed in a way that NumPy doesn't")
            if entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
                raise BadArchive("%s unpacks to far more than it holds" % entry.filename)
            found[entry.filename[:-4]] = self._array(entry)
        return found

    def _array(self, entry: zipfile.ZipInfo) -> Array:
        with self._zip.open(entry) as stream:
            header, begin = _header(stream, entry.filename)
        kind, shape = header["descr"], header["shape"]
        if isinstance(kind, str) and kind.startswith("|O"):
            raise BadArchive("%s is of objects, a pickle, which can run code: save arrays of numbers" % entry.filename)
        if not isinstance(kind, str) or not _TYPE.fullmatch(kind):
            raise BadArchive("%s is of the type %.60r: save arrays of numbers" % (entry.filename, kind))
        size = int(kind[2:]) * (4 if kind[1] == "U" else 1)
        for extent in shape:
            size *= extent
        if size != entry.file_size - begin:
            raise BadArchive("%s claims the shape %s, and holds another number of bytes" % (entry.filename, _told(shape)))
        return Array(entry.filename, kind, header["fortran_order"], shape, size, begin)

    def content(self, name: str) -> bytes:
        """The bytes of an array's numbers. Raises `BadArchive`."""
        array = self.arrays[name]
        pieces: List[bytes] = []
        try:
            with self._zip.open(array.entry) as stream:
                stream.read(array.begin)
                pieces.extend(iter(lambda: stream.read(_PIECE), b""))
        except Exception as error:
            raise BadArchive("%s is damaged: %s" % (array.entry, error)) from None
        data = b"".join(pieces)
        if len(data) != array.size:
            raise BadArchive("%s ends too early" % array.entry)
        return data


def _header(stream: "IO[bytes]", name: str) -> Tuple[Dict[str, Any], int]:
    """The header of an array, and where the numbers begin."""
    try:
        start = stream.read(8)
        if start[:6] != b"\x93NUMPY" or start[6:7] not in (b"\x01", b"\x02", b"\x03"):
            raise BadArchive("%s is no array that NumPy has saved" % name)
        width = 2 if start[6:7] == b"\x01" else 4
        length = int.from_bytes(stream.read(width), "little")
        if length > MAX_HEADER:
            raise BadArchive("%s has a header of %d bytes, which no array has" % (name, length))
        text = stream.read(length).decode("utf-8" if start[6:7] == b"\x03" else "latin-1")
        header = ast.literal_eval(text.strip())
    except (OSError, zlib.error, zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise BadArchive("%s is damaged: %s" % (name, error)) from None
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        raise BadArchive("%s has a damaged header" % name) from None
    if not _is_header(header):
        raise BadArchive("%s has a damaged header" % name)
    return header, 8 + width + length


def _is_header(header: Any) -> bool:
    if not isinstance(header, dict) or set(header) != {"descr", "fortran_order", "shape"}:
        return False
    shape = header["shape"]
    is_shape = isinstance(shape, tuple) and len(shape) <= MAX_RANK
    return (
        is_shape
        and all(type(extent) is int and 0 <= extent <= MAX_BYTES for extent in shape)
        and isinstance(header["fortran_order"], bool)
    )


def _told(shape: Tuple[int, ...]) -> str:
    return "x".join(map(str, shape[:8])) or "of one number"


def _what(path: str) -> str:
    """What a file is that is no archive, where that is known."""
    with open(path, "rb") as stream:
        start = stream.read(8)
    if not start:
        return "is empty"
    if start[:6] == b"\x93NUMPY":
        return "is one array (.npy): save it by name with numpy.savez(FILE, x=…)"
    if start[:1] == b"\x80" and start[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return "is a pickle, which can run code when it is read; kerasdiff never reads one"
    return ""
