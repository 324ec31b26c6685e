"""TOML as a person writes it: read within bounds, with the line that every key stands on."""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from kerasdiff.errors import KerasdiffError
from kerasdiff.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Bytes of a file at most; a policy takes some hundreds.
MAX_BYTES = 1 << 20
#: A dotted key of more parts than any file has: the time that it takes to read grows with their square.
_LONG = re.compile(r'(?<![\w-])(?:(?:[\w-]+|"")[ \t]*\.[ \t]*){100}')
#: A text in quotes, a comment, the end of a line, or anything else.
_TOKEN = re.compile(
    r"""\"{3}(?:\\.|[^\\])*?"{3,5}|'{3}.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|\#[^\n]*|[^"'\#\n\[\]{}=]+|.""", re.DOTALL
)
#: Where a text stops being TOML, as the parser says it.
_PLACE = re.compile(r"\(at (?:line (\d+), column \d+|end of document)\)")
_BARE = re.compile(r"[A-Za-z0-9_-]+")

Place = tuple["str | int", ...]
"""Where a value stands: keys, and numbers of the tables of an array."""


class TomlError(KerasdiffError):
    """A file can't be read, or is no TOML."""


def read(file: Path) -> tuple[str, dict[str, Any]]:
    """The text of a file, and what it says.

    Raises `TomlError` with one line that says where it is wrong; `FileNotFoundError` where there is none.
    """
    name = visible(str(file), 1000)
    try:
        if file.exists() and not file.is_file():
            message = f"{name}: is no file; give --policy a kerasdiff.toml or a pyproject.toml"
            raise TomlError(message)
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        message = f"{name}: can't be read: {visible(reason)}; check its name and permissions"
        raise TomlError(message) from error
    if len(data) > MAX_BYTES:
        message = f"{name}: larger than {MAX_BYTES >> 20} MB, which no policy is; give --policy another file"
        raise TomlError(message)
    try:
        text = data.decode("utf-8")
        if not _has_long_key(text):
            return text, parsed(text)
        message = f"{name}: has a key of a hundred parts, which no policy has; give --policy another file"
    except UnicodeDecodeError as error:
        message = f"{name}: is no UTF-8 text, byte {error.start}; write it as UTF-8"
    except RecursionError:
        message = f"{name}: is nested too deeply; no policy is"
    except ValueError as error:
        said = str(error)
        found = _PLACE.search(said)  # without one: a number or a date that Python can't hold
        where = f":{found[1] or text.count(chr(10)) + 1}" if found else ""
        said = visible(said.replace(found[0], "").strip() if found else said, 200)
        message = f"{name}{where}: is no valid TOML: {said}; mend it there"
    raise TomlError(message)


def _has_long_key(text: str) -> bool:
    """Whether a key has more parts than can be read in time; what stands in quotes or in a comment is none."""
    plain = _TOKEN.sub(lambda part: '""' if part[0][0] in "\"'" else "" if part[0][0] == "#" else part[0], text)
    return _LONG.search(plain) is not None


def parsed(text: str) -> dict[str, Any]:
    """What a text of TOML says. Raises `ValueError` where it is none."""
    # Imported here: a comparison without a policy reads none.
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(text)


def line(text: str, path: Place) -> int:
    """The line, from 1, of the key or the header that brings the value at ``path``; that of what holds it, where none does."""
    found = _lines(text)
    return next((found[path[:length]] for length in range(len(path), 0, -1) if path[:length] in found), 1)


@lru_cache(maxsize=4)
def _lines(text: str) -> dict[Place, int]:
    """The line of each key and header of a text that is TOML; of what they imply, that of the first."""
    found: dict[Place, int] = {}
    arrays: dict[Place, int] = {}  # by place, the number of the table that is being written
    holder: Place = ()
    for number, head, is_header in _statements(text):
        place: Place = () if is_header else holder
        for part in _parts(head.strip(" \t\r[]")):
            if place in arrays:
                place = (*place, arrays[place])
            place = (*place, part)
        if is_header:
            if head.startswith("[["):
                arrays[place] = arrays.get(place, -1) + 1
            holder = (*place, arrays[place]) if place in arrays else place
            place = holder
        for length in range(1, len(place) + 1):
            found.setdefault(place[:length], number)
    return found


def _statements(text: str) -> Iterator[tuple[int, str, bool]]:
    """The line on which each key or header begins, what stands before its value, and whether it is a header."""
    number = start = 1
    depth, head, is_said = 0, "", False
    for part in _TOKEN.findall(text + "\n"):
        if part == "\n" and depth <= 0:
            if head.strip():
                yield start, head.strip(), not is_said
            depth, head, is_said, start = 0, "", False, number + 1
        depth += (part in ("[", "{")) - (part in ("]", "}"))
        is_said = is_said or part == "="
        if not is_said and part[0] not in "#\n":
            head += part
        number += part.count("\n")


def _parts(key: str) -> tuple[str, ...]:
    """The parts of a dotted key."""
    if _BARE.fullmatch(key):
        return (key,)
    parts = []
    try:
        said: Any = parsed(f"{key} = 0")
    except ValueError:
        return ()
    while isinstance(said, dict) and said:
        part, said = next(iter(said.items()))
        parts.append(part)
    return tuple(parts)
