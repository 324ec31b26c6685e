"""TOML as a person writes it: read within bounds, with the line that every key stands on."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

from kerasdiff.errors import KerasdiffError
from kerasdiff.text import visible

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from pathlib import Path

#: Bytes of a file at most; a policy takes some hundreds.
MAX_BYTES = 1 << 20
#: Characters read at most in the search for a key, over and over.
_WORK = 20_000_000
#: With what a value may end, on a line without its key.
_ENDS = ("]", "}", '"""', "'''")

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
        return text, parsed(text)
    except UnicodeDecodeError as error:
        message = f"{name}: is no UTF-8 text, byte {error.start}; write it as UTF-8"
    except RecursionError:
        message = f"{name}: is nested too deeply; no policy is"
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+), column \d+\)", str(error))
        where = f":{found.group(1) if found else text.count(chr(10)) + 1}"
        said = visible(str(error).replace(found.group() if found else "(at end of document)", "").strip(), 200)
        message = f"{name}{where}: is no valid TOML: {said}; mend it there"
    except ValueError as error:  # a number or a date that Python can't hold
        message = f"{name}: is no valid TOML: {visible(str(error), 200)}; mend it there"
    raise TomlError(message)


def parsed(text: str) -> dict[str, Any]:
    """What a text of TOML says. Raises `ValueError` where it is none."""
    return tomllib.loads(text)


def line(text: str, path: Place) -> int:
    """The line, from 1, on which the value at ``path`` begins; that of what holds it, where it can't be told.

    The shortest beginning of the file that has the value ends with it; the longest one before that is TOML ends above it.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    left = _WORK // (len(text) + 1)
    for length in range(len(path), 0, -1):
        key = next((part for part in reversed(path[:length]) if isinstance(part, str)), "")
        for number, written in enumerate(lines, 1):
            if not any(part in written for part in (key, *_ENDS)):
                continue
            left -= 1
            if left < 0:
                return 1
            if _has(_said(lines[:number]), path[:length]):
                above = range(number - 1, max(-1, number - 1 - left), -1)
                return next((start for start in above if _said(lines[:start]) is not None), number - 1) + 1
    return 1


def _said(lines: list[str]) -> Any:
    try:
        return parsed("\n".join(lines))
    except (ValueError, RecursionError):
        return None


def _has(value: Any, path: Place) -> bool:
    for part in path:
        if isinstance(value, list):
            value = dict(enumerate(value))
        if not isinstance(value, dict) or part not in value:
            return False
        value = value[part]
    return True
