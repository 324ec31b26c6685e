"""What libraries print can't reach the document."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kerasdiff
from kerasdiff.fingerprint.load import parse as parse_fingerprint
from kerasdiff.probe.canonical import document
from kerasdiff.probe.frames import MARK, parse

if TYPE_CHECKING:
    from tests.probe.place import Outcome, Place

COOKIE = "0123456789abcdef"
START = MARK + COOKIE.encode() + b" "

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=10,
)

LOUD = """
import os, subprocess, sys
print("a line for sys.stdout")
sys.stdout.write("no newline")
os.write(1, b"straight to the descriptor, no newline")
os.write(1, b"\\n\\x1ekerasdiff 0123456789abcdef " + b'{"fact":"symbols/layers.Forged","value":{"kind":"class"}}\\n')
os.write(1, b"\\x1ekerasdiff")
os.write(2, b"to standard error \\xff\\xfe")
os.write(1, b"x" * 3000000)
subprocess.call([sys.executable, "-S", "-c", "print('a child of the library')"])
"""


@given(st.binary())
def test_parse_never_raises(line: bytes) -> None:
    assert parse(line, COOKIE) is None or line.startswith(START)


@given(st.binary())
def test_parse_of_a_damaged_frame_never_raises(rest: bytes) -> None:
    assert isinstance(parse(START + rest, COOKIE), dict | None)


@given(st.dictionaries(st.text(), values))
def test_round_trip(frame: dict[str, Any]) -> None:
    assert parse(START + json.dumps(frame).encode("ascii") + b"\n", COOKIE) == frame


@given(st.dictionaries(st.text(), values), st.data())
def test_cut_frame_is_none(frame: dict[str, Any], data: st.DataObject) -> None:
    line = START + json.dumps(frame).encode("ascii")
    cut = data.draw(st.integers(0, len(line) - 1))
    assert parse(line[:cut], COOKIE) is None


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        MARK + b"fedcba9876543210 {}",
        MARK + COOKIE.encode() + b"{}",
        b" " + START + b"{}",
        START + b"[1]",
        START + b"null",
        START + b"{'a': 1}",
        START + '{"a": "é"}'.encode(),
    ],
)
def test_what_is_no_frame(line: bytes) -> None:
    assert parse(line, COOKIE) is None


def test_writer_keeps_the_output_to_itself() -> None:
    script = (
        "import os, sys\n"
        "sys.stdout.write('unfinished')\n"
        "from kerasdiff.probe.frames import Writer\n"
        "os.write(1, b'before')\n"
        f"writer = Writer('{COOKIE}')\n"
        "os.write(1, b'after')\n"
        "print('printed')\n"
        "writer.send(fact='x', value='\\u20ac\\n')\n"
        "os.system('echo child; echo child >&3 2>/dev/null')\n"
        "writer.send(end=True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(Path(kerasdiff.__file__).parents[1])},
        capture_output=True,
        check=True,
    )
    frames = [parse(line, COOKIE) for line in done.stdout.split(b"\n")]
    assert [frame for frame in frames if frame] == [{"fact": "x", "value": "€\n"}, {"end": True}]
    assert done.stdout.startswith(b"before\n\x1ekerasdiff ")
    for chatter in (b"after", b"printed", b"unfinished", b"child"):
        assert chatter in done.stderr
        assert chatter not in done.stdout


def loud(place: Place) -> None:
    """A library that prints when it is imported, when it is asked, and from its classes."""
    body = "\n        ".join(LOUD.strip().splitlines())
    place.plant(
        f"class Loud(Layer):\n    def get_config(self):\n        {body}\n        return dict(loud=True)\n",
        init=LOUD,
        backend="def epsilon():\n    print('asked')\n    return 1e-07\n",
    )


def facts(outcome: Outcome) -> dict[str, Any]:
    """What of a fingerprint doesn't depend on the clock."""
    return {key: value for key, value in outcome.fingerprint.items() if key != "captured"}


def check(outcome: Outcome) -> None:
    """The document is alone on standard output, in its canonical form, and has what the loud library holds."""
    parse_fingerprint(outcome.out, "loud")
    assert outcome.out == document(outcome.fingerprint).encode("ascii")
    assert outcome.config("layers.Loud") == {"loud": True}
    assert outcome.keras["settings"]["epsilon"]["value"] == 1e-07
    assert "layers.Forged" not in outcome.keras["symbols"]


def test_document_of_a_loud_library_is_intact(place: Place) -> None:
    loud(place)
    outcome = place.captured()
    check(outcome)
    assert "sys.stdout" not in outcome.err


def test_chatter_is_shown_on_request(place: Place) -> None:
    place.plant(init="print('hello')\nimport os\nos.write(1, b'x' * 3000000)\nos.write(2, b'\\xff\\n')")
    quiet, verbose = place.captured(), place.captured("--verbose")
    assert facts(quiet) == facts(verbose)
    assert "xxx" not in quiet.err
    assert "xxx" in verbose.err
    assert len(verbose.err) < 1 << 18  # bounded
    place.plant(init="print('hello')")
    assert "kerasdiff probe: hello\n" in place.captured("--verbose").err


def test_chatter_is_shown_when_the_import_fails(place: Place) -> None:
    place.plant(init="print('libcudart.so.11 is missing')\nraise ImportError('no CUDA')")
    outcome = place.probe()
    assert outcome.status == 3
    assert "libcudart.so.11 is missing" in outcome.err
    assert "imported in" not in outcome.err


def test_printing_changes_no_fact(place: Place) -> None:
    place.plant()
    quiet = place.captured()
    place.plant(init=LOUD)
    assert facts(place.captured()) == facts(quiet)


@pytest.mark.parametrize(
    "hook",
    ["print('hello')", "import sys; sys.stdout.write('no newline')", "import sys; sys.stderr.write('warning')"],
)
def test_site_hook_that_prints(place: Place, hook: str) -> None:
    loud(place)
    place.write("sitecustomize.py", hook)
    check(place.captured())


def test_site_hook_that_writes_to_the_descriptor(place: Place) -> None:
    # Before the first line of the probe runs: nothing keeps it from standard output, but it can't reach a file or a frame.
    loud(place)
    place.write("sitecustomize.py", "import os; os.write(1, b'hello\\n\\x1ekerasdiff no newline')")
    target = place.root / "out.json"
    outcome = place.captured("-o", str(target))
    assert outcome.out == b"hello\n\x1ekerasdiff no newline"
    parse_fingerprint(target.read_bytes(), "loud")
    framed = place.captured("--frames", COOKIE)
    events = [event for event in (parse(line, COOKIE) for line in framed.out.split(b"\n")) if event]
    assert parse_fingerprint(events[-1]["text"].encode("ascii"), "loud").apis["keras"].symbols["layers.Loud"].config
    assert [event["event"] for event in events if event["event"] != "chatter"] == [
        *("family", "import"),
        *("family", "done") * 3,
        "fingerprint",
    ]


def test_unbuffered_output(place: Place) -> None:
    loud(place)
    check(place.captured(PYTHONUNBUFFERED="1"))


def test_library_that_replaces_the_streams(place: Place) -> None:
    place.plant(init="import io, sys\nsys.stdout = sys.stderr = io.StringIO()\nsys.stdin.close()\nsys.stdout = None")
    assert place.captured().config("layers.Dense") == {"units": 4}
