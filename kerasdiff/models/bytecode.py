"""What can be told of the byte-code of a Lambda layer from its first bytes. Nothing is unmarshalled, nothing run."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from kerasdiff.models.document import Code

#: A code object begins with its type, perhaps marked as referred to, some integers of four bytes, and then its code as a
#: string of bytes, of whichever the types are these.
_CODE = (0x63, 0xE3)
_BYTES = (0x73, 0xF3)
#: The instruction (RESUME) with which every function begins since Python 3.11, after those that make its cells.
_RESUME = {151: "3.11 or 3.12", 149: "3.13", 128: "3.14"}
#: Bytes in which it is looked for.
_FIRST = 20


def code(function: Any) -> Code | None:
    """What a ``function`` of a configuration is; None where it is a name and no byte-code.

    Keras 1 wrote the bytes as text; Keras 2 as base64, first of a list with defaults and closure; Keras 3 in an object.
    """
    if isinstance(function, dict):
        inner = function.get("config")
        function = inner.get("code") if isinstance(inner, dict) else None
    elif isinstance(function, list):
        function = function[0] if function else None
    else:
        return None
    if not isinstance(function, str):
        return None
    data = _decoded(function)
    return Code(bytes=len(data), python=_python(data))


def _decoded(text: str) -> bytes:
    compact = "".join(text.split())
    try:
        return base64.b64decode(compact.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        return text.encode("raw_unicode_escape")


def _python(data: bytes) -> str | None:
    """The Pythons that write byte-code of this form."""
    if len(data) < 40 or data[0] not in _CODE:
        return None
    integers = [int.from_bytes(data[1 + 4 * number : 5 + 4 * number], "little") for number in range(6)]
    first = {count: data[1 + 4 * count] in _BYTES for count in (4, 5, 6)}
    if first[4] and max(integers[:3]) < 1000:
        return "2"
    if first[5] and max(integers[:4]) < 1000:
        begins = data[1 + 4 * 5 + 5 :][:_FIRST]
        for instruction, argument in zip(begins[::2], begins[1::2], strict=False):
            if instruction in _RESUME and argument == 0:
                return _RESUME[instruction]
        # Until 3.7 the third integer counts the local variables, of which the arguments are some.
        return "3.0 to 3.7" if integers[2] >= integers[0] else None
    return "3.8 to 3.10" if first[6] and max(integers[:5]) < 1000 else None


def runs_in(code: Code, python: str) -> bool | None:
    """Whether a Python of some version reads the byte-code; None where it can't be told."""
    found = [tuple(map(int, one.split("."))) for one in re.findall(r"\d+(?:\.\d+)?", code.python or "")]
    version = tuple(int(part) for part in re.findall(r"\d+", python)[:2])
    if not found or len(version) < 2:
        return None
    if " to " in (code.python or ""):
        return found[0] <= version <= found[-1]
    return any(version[: len(one)] == one for one in found)
