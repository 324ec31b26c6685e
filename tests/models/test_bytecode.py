"""Byte-code of Lambda layers: how much it is, and the Pythons that write such; told by its first bytes alone."""

from __future__ import annotations

import base64
import marshal
import sys

import pytest

from kerasdiff.models.bytecode import code, runs_in
from kerasdiff.models.document import Code
from tests.models.saved import FILES, MANIFEST, plain

#: ``lambda x: x * 2.0``, and one with a loop and a default, as the marshal of each Python wrote them.
WRITTEN = {
    "2.7": (
        "2",
        "YwEAAAABAAAAAgAAAEMAAABzCAAAAHwAAGQBABRTKAIAAABOZwAAAAAAAABAKAAAAAAoAQAAAHQBAAAAeCgAAAAAKAAAAABzCAAAADxzdHJpbmc+dAgAAAA8bGFtYmRhPgMAAAB0AAAAAA==",
    ),
    "3.6": (
        "3.0 to 3.7",
        "4wEAAAAAAAAAAQAAAAIAAABDAAAAcwgAAAB8AGQBFABTACkCTucAAAAAAAAAQKkAKQHaAXhyAgAAAHICAAAA2gg8c3RyaW5nPtoIPGxhbWJkYT4DAAAAcwAAAAA=",
    ),
    "3.7": (
        "3.0 to 3.7",
        "4wEAAAAAAAAAAQAAAAIAAABDAAAAcwgAAAB8AGQBFABTACkCTucAAAAAAAAAQKkAKQHaAXhyAgAAAHICAAAA2gg8c3RyaW5nPtoIPGxhbWJkYT4DAAAA8wAAAAA=",
    ),
    "3.8": (
        "3.8 to 3.10",
        "4wEAAAAAAAAAAAAAAAEAAAACAAAAQwAAAHMIAAAAfABkARQAUwApAk7nAAAAAAAAAECpAKkB2gF4cgIAAAByAgAAANoIPHN0cmluZz7aCDxsYW1iZGE+AwAAAPMAAAAA",
    ),
    "3.9": (
        "3.8 to 3.10",
        "4wEAAAAAAAAAAAAAAAEAAAACAAAAQwAAAHMIAAAAfABkARQAUwApAk7nAAAAAAAAAECpAKkB2gF4cgIAAAByAgAAANoIPHN0cmluZz7aCDxsYW1iZGE+AwAAAPMAAAAA",
    ),
    "3.10": (
        "3.8 to 3.10",
        "4wEAAAAAAAAAAAAAAAEAAAACAAAAQwAAAHMIAAAAfABkARQAUwApAk7nAAAAAAAAAECpAKkB2gF4cgIAAAByAgAAANoIPHN0cmluZz7aCDxsYW1iZGE+AwAAAHMCAAAACAA=",
    ),
    "3.11": (
        "3.11 or 3.12",
        "4wEAAAAAAAAAAAAAAAIAAAADAAAA8wwAAACXAHwAZAF6BQAAUwApAk7nAAAAAAAAAECpACkB2gF4cwEAAAAg+gg8c3RyaW5nPvoIPGxhbWJkYT5yBgAAAAMAAABzCgAAAIAAsAGwI7EFgADzAAAAAA==",
    ),
    "3.11 with cells": (
        "3.11 or 3.12",
        "4wIAAAAAAAAAAAAAAAQAAAADAAAA8zoAAACHAJcAiABmAWQBhAh0AQAAAAAAAAAAAAB8AaYBAACrAQAAAAAAAAAARACmAAAAqwAAAAAAAAAAAFMAKQJOYwEA",
    ),
    "3.12": (
        "3.11 or 3.12",
        "4wEAAAAAAAAAAAAAAAIAAAADAAAA8wwAAACXAHwAZAF6BQAAUwCpAk7nAAAAAAAAAECpACkB2gF4cwEAAAAg+gg8c3RyaW5nPvoIPGxhbWJkYT5yBwAAAAMAAABzCgAAAIAAsAGwI7EFgADzAAAAAA==",
    ),
    "3.13": (
        "3.13",
        "4wEAAAAAAAAAAAAAAAIAAAADAAAA8wwAAACVAFUAUwEtBQAAJACpAk7nAAAAAAAAAECpACkB2gF4cwEAAAAg2gg8c3RyaW5nPtoIPGxhbWJkYT5yBwAAAAMAAABzCAAAAIAAsAGwI7IF8wAAAAA=",
    ),
}


@pytest.mark.parametrize("python", WRITTEN)
def test_the_python_that_made_it_is_told(python: str) -> None:
    told, text = WRITTEN[python]
    found = code([text, None, None])
    assert found is not None
    assert (found.bytes, found.python) == (len(base64.b64decode(text)), told)


def test_this_python_is_told() -> None:
    found = code([base64.b64encode(marshal.dumps((lambda x: x + 1).__code__)).decode(), None, None])
    assert found is not None
    if sys.version_info < (3, 15):  # newer ones may have another form
        assert found.python is not None
        first, _, last = found.python.partition(" to ")
        numbers = {first, last, *found.python.split(" or ")}
        minor = f"3.{sys.version_info[1]}"
        assert minor in numbers or first == "3.8"


@pytest.mark.parametrize("name", [name for name in FILES if FILES[name]["model"] == "anonymous"])
def test_real_files_tell_the_python_of_their_writer(name: str) -> None:
    (found,) = [layer.code for _, layer in plain(name).walk() if layer.code]
    python = MANIFEST[FILES[name]["writer"]]["python"].rpartition(".")[0]
    assert found.python == WRITTEN[python][0]


@pytest.mark.parametrize("given", ["relu", None, [], {}, [None], {"config": 3}, {"config": {"code": 3}}, 7])
def test_what_is_no_byte_code_is_none(given: object) -> None:
    assert code(given) is None


@pytest.mark.parametrize("text", ["", "AAAA", "4wAAAAAAAA", "\u20ac" * 50, "!" * 100, "4w" + "A" * 200])
def test_other_bytes_are_of_no_python(text: str) -> None:
    found = code([text])
    assert found is not None
    assert found.python is None


@pytest.mark.parametrize(
    ("written", "python", "runs"),
    [
        ("3.0 to 3.7", "3.7.16", True),
        ("3.0 to 3.7", "3.8.1", False),
        ("3.8 to 3.10", "3.10.13", True),
        ("3.11 or 3.12", "3.12.0", True),
        ("3.11 or 3.12", "3.13.0", False),
        ("2", "2.7.18", True),
        ("2", "3.6.15", False),
        (None, "3.6.15", None),
        ("3.13", "", None),
    ],
)
def test_which_pythons_read_it(written: str | None, python: str, runs: bool | None) -> None:
    assert runs_in(Code(bytes=98, python=written), python) is runs
