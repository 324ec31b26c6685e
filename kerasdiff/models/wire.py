"""Protocol Buffers as they are written, as far as saved models need it: fields by number, without a schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerasdiff.models.document import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class Message:
    """A message: the values of its fields, read when asked for. A field of another kind than asked for counts as absent."""

    def __init__(self, data: memoryview | bytes) -> None:
        self._data = memoryview(data)

    def numbers(self, field: int) -> Iterator[int]:
        """The integers of a field, repeated or packed."""
        for number, value in self._fields():
            if number == field and isinstance(value, int):
                yield value
            elif number == field and isinstance(value, memoryview):
                yield from _packed(value)

    def number(self, field: int, default: int = 0) -> int:
        """An integer that stands once; ``default`` where it doesn't."""
        found = default
        for number, value in self._fields():
            if number == field and isinstance(value, int):
                found = value
        return found

    def bytes(self, field: int) -> Iterator[memoryview]:
        """The bytes of a field: texts, and messages in this one."""
        for number, value in self._fields():
            if number == field and isinstance(value, memoryview):
                yield value

    def messages(self, field: int) -> Iterator[Message]:
        """The messages of a field."""
        for value in self.bytes(field):
            yield Message(value)

    def message(self, field: int) -> Message:
        """The message of a field; an empty one where there is none."""
        return next(self.messages(field), Message(b""))

    def text(self, field: int) -> str:
        """The text of a field; empty where there is none."""
        found = next(self.bytes(field), None)
        return "" if found is None else bytes(found).decode("utf-8", "backslashreplace")

    def has(self, field: int) -> bool:
        """Whether the field is there."""
        return any(number == field for number, _ in self._fields())

    def _fields(self) -> Iterator[tuple[int, int | memoryview]]:
        data, at = self._data, 0
        while at < len(data):
            key, at = varint(data, at)
            number, kind = key >> 3, key & 7
            if kind == _VARINT:
                value, at = varint(data, at)
                yield number, value
            elif kind == _BYTES:
                size, at = varint(data, at)
                if size > len(data) - at:
                    raise ModelError(_SHORT)
                yield number, data[at : at + size]
                at += size
            elif kind in (_FIXED64, _FIXED32):
                size = 8 if kind == _FIXED64 else 4
                if size > len(data) - at:
                    raise ModelError(_SHORT)
                yield number, int.from_bytes(data[at : at + size], "little")
                at += size
            else:
                message = "is damaged: a message has a field of no known kind"
                raise ModelError(message)


_SHORT = "is damaged: a message ends too early"


def varint(data: memoryview, at: int) -> tuple[int, int]:
    """The integer at a place, and the place behind it."""
    found = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ModelError(_SHORT)
        byte = data[at]
        at += 1
        found |= (byte & 127) << shift
        if byte < 128:
            return found, at
        shift += 7


def _packed(data: memoryview) -> Iterator[int]:
    at = 0
    while at < len(data):
        value, at = varint(data, at)
        yield value
