"""The index of a TensorFlow checkpoint: a sorted table of LevelDB, read as far as TensorFlow writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerasdiff.models.document import ModelError
from kerasdiff.models.wire import varint

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAGIC = (0xDB4775248B80FB57).to_bytes(8, "little")
_FOOTER = 48
#: After each block: how it is packed, and a checksum.
_TRAILER = 5
#: Entries in an index; bytes of a key.
MAX_ENTRIES = 1_000_000
MAX_KEY = 10_000
_DAMAGED = "is a damaged index of a checkpoint"


def entries(data: bytes) -> Iterator[tuple[str, memoryview]]:
    """The keys of a table and their values, in order.

    Raises `ModelError`.
    """
    if len(data) < _FOOTER or data[-8:] != _MAGIC:
        message = "is no index of a checkpoint: it doesn't end like one"
        raise ModelError(message)
    view = memoryview(data)
    footer = view[-_FOOTER:]
    _, at = varint(footer, 0)
    _, at = varint(footer, at)
    count = 0
    for _, handle in _block(view, footer[at:]):
        for key, value in _block(view, handle):
            count += 1
            if count > MAX_ENTRIES:
                raise ModelError(_DAMAGED)
            yield key.decode("utf-8", "backslashreplace"), value


def _block(table: memoryview, handle: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """The entries of the block that a handle (offset and size) leads to; each key says how much of the one before it keeps."""
    offset, at = varint(handle, 0)
    size, _ = varint(handle, at)
    if offset + size + _TRAILER > len(table) - _FOOTER or size < 4:
        raise ModelError(_DAMAGED)
    if table[offset + size] != 0:
        message = "is an index of a checkpoint that is packed, which this kerasdiff doesn't read"
        raise ModelError(message)
    block = table[offset : offset + size]
    restarts = int.from_bytes(block[-4:], "little")
    end = size - 4 - 4 * restarts
    key, at = b"", 0
    while at < end:
        shared, at = varint(block, at)
        fresh, at = varint(block, at)
        length, at = varint(block, at)
        if shared > len(key) or fresh > MAX_KEY or at + fresh + length > end:
            raise ModelError(_DAMAGED)
        key = key[:shared] + bytes(block[at : at + fresh])
        at += fresh
        yield key, block[at : at + length]
        at += length
