"""What stands in a fingerprint is shown, never executed: neither by a terminal nor by the library that colours."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any

import pytest

from kerasdiff.compare.engine import compare
from kerasdiff.gate.decide import decide
from kerasdiff.knowledge.load import Effect
from kerasdiff.report.formats import FORMATS
from kerasdiff.report.interface import Shown
from kerasdiff.report.text import TextReporter
from tests.conftest import THEANO, Raw, api_of, edited, path, raw, sealed, symbol_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Ran

#: Colour, window title, rich's markup and emoji, C1, order of writing, ends of lines, what hides itself.
EVIL = "\x1b[31m\x1b]0;owned\x07[bold red]x[/bold red]:boom:\x9b2J\u202eflip\u2066\r\nfake: line\x00\x7f\u2028\u200b\U000e0041"

#: Strings that a fingerprint can't be read without.
FIXED = {"schema", "kind", "state", "families", "digests"}


def planted(value: Any, evil: str) -> Any:
    """``value`` with ``evil`` in every string."""
    if isinstance(value, str):
        return value + evil
    if isinstance(value, list):
        return [planted(part, evil) for part in value]
    if isinstance(value, dict):
        return {key: part if key in FIXED else planted(part, evil) for key, part in value.items()}
    return value


def with_names(mapping: Raw, key_evil: str) -> Raw:
    return {key + key_evil: part for key, part in mapping.items()}


def evil_fingerprint(evil: str, key_evil: str = EVIL) -> Raw:
    """A fingerprint with something evil in every place that takes text."""
    document: Raw = planted(raw(THEANO), evil)
    api = api_of(document)
    api["symbols"] = with_names(api["symbols"], key_evil)
    api["settings"] = with_names(api["settings"], key_evil)
    for symbol in api["symbols"].values():
        for parameter in symbol.get("parameters") or []:
            parameter["name"] = parameter["name"].removesuffix(evil) + key_evil
        if symbol.get("config"):
            symbol["config"] = with_names(symbol["config"], key_evil)
    for group in ("packages", "distributions", "environment", "runtime"):
        document[group] = with_names(document[group], key_evil) | document[group]
    return document


def with_failures(document: Raw, evil: str) -> Raw:
    """``document`` where things fail and tell something evil."""
    symbols = list(api_of(document)["symbols"].values())
    for symbol, state in zip(symbols[-20:], ("error", "unsupported", "crashed", "timeout") * 5, strict=True):
        symbol.update(state=state, type="ValueError" + evil, message="failed" + evil)
    for symbol in symbols[:-20]:
        if symbol.get("instance"):
            symbol["instance"] = {"state": "error", "type": "ValueError" + evil, "message": evil, "arguments": {}}
    for setting in api_of(document)["settings"].values():
        setting.update(state="timeout", message=evil)
    return document


def is_safe(character: str) -> bool:
    """Whether a terminal merely shows it; of those that act, only the end of a line is right."""
    hides_or_turns = unicodedata.bidirectional(character) in {"RLE", "LRE", "RLO", "LRO", "PDF", "RLI", "LRI", "FSI", "PDI"}
    return character == "\n" or not (hides_or_turns or unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"})


def unsafe(text: str) -> set[str]:
    return {character for character in text if not is_safe(character)}


def test_the_check_sees_everything_that_is_planted() -> None:
    assert unsafe(EVIL) == set("\x1b\x07\x9b\u202e\u2066\r\x00\x7f\u2028\u200b\U000e0041")


@pytest.fixture
def evil_pair(tmp_path: Path) -> tuple[Path, Path]:
    """Two files that agree in names and differ in values."""
    (tmp_path / "a.json").write_bytes(sealed(evil_fingerprint(EVIL)))
    (tmp_path / "b.json").write_bytes(sealed(with_failures(evil_fingerprint(EVIL + "2"), EVIL)))
    return tmp_path / "a.json", tmp_path / "b.json"


@pytest.mark.parametrize("options", [(), ("--verbose",)])
def test_comparing_shows_and_does_not_execute(
    options: tuple[str, ...], evil_pair: tuple[Path, Path], kerasdiff: Callable[..., Ran]
) -> None:
    a, b = evil_pair
    for operands in ((a, b), (b, a), (a, path(THEANO)), (path(THEANO), b)):
        done = kerasdiff("compare", *operands, *options)
        assert done.status in (1, 3)
        assert done.err == ""
        assert unsafe(done.out) == set()
        assert "\\x1b[31m" in done.out
        assert "[bold red]" in done.out
        assert ":boom:" in done.out
        assert not re.search("^fake: line", done.out, re.M)


def test_failures_are_told_with_their_text(evil_pair: tuple[Path, Path], kerasdiff: Callable[..., Ran]) -> None:
    a, b = evil_pair
    out = kerasdiff("compare", a, b, "--verbose").out
    assert "NOT COMPARABLE" in out
    assert "raises ValueError\\x1b[31m" in " ".join(out.split())
    assert "packages: " in out


@pytest.mark.parametrize("arguments", [(), ("*",), ("layers.LSTM*",), ("packages.*",), ("settings.*",)])
def test_showing_does_not_execute(
    arguments: tuple[str, ...], evil_pair: tuple[Path, Path], kerasdiff: Callable[..., Ran]
) -> None:
    for operand in evil_pair:
        done = kerasdiff("show", operand, *arguments)
        assert (done.status, done.err) == (0, "")
        assert unsafe(done.out) == set()
        assert "\\x1b[31m" in done.out


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "text"])
def test_no_format_executes(form: str, evil_pair: tuple[Path, Path], kerasdiff: Callable[..., Ran]) -> None:
    a, b = evil_pair
    for operands in ((a, b), (a, path(THEANO))):
        done = kerasdiff("compare", *operands, "--format", form)
        assert done.status in (1, 3)
        assert unsafe(done.out) <= ({"\u200b"} if form == "markdown" else set())  # its own, in what would be a link
        assert not re.search("^fake: line", done.out, re.M)


def test_json_holds_everything_as_it_was(evil_pair: tuple[Path, Path], kerasdiff: Callable[..., Ran]) -> None:
    a, b = evil_pair
    out = kerasdiff("compare", a, b, "--format", "json").out
    assert unsafe(out) == set()
    report = json.loads(out)
    assert report["a"]["label"].endswith(EVIL)
    assert any(EVIL in found["subject"] for found in report["divergences"])
    facts = kerasdiff("show", a, "--format", "json").out
    assert unsafe(facts) == set()
    assert "layers.LSTM" + EVIL in json.loads(facts)


def test_colour_is_all_that_a_coloured_report_adds() -> None:
    a, b = edited(evil_fingerprint(EVIL)), edited(with_failures(evil_fingerprint(EVIL + "2"), EVIL))
    found = compare(a, b)
    gate = decide(found, Effect.RESULTS)
    plain = TextReporter(Shown(verbose=True), width=80).report(found, gate)
    coloured = TextReporter(Shown(verbose=True), color=True, width=80).report(found, gate)
    assert coloured != plain
    assert re.sub("\x1b\\[(?:0|1|1;3[1-6])m", "", coloured) == plain


@pytest.mark.parametrize(
    "message",
    [
        ("compare", "a.json", "a.json", "--api", "tf.keras"),
        ("show", "a.json", "nothing\x1b[31m"),
        ("show", "a.json\x1b[31m"),
        ("compare", "a.json", "a.json", "-o", "missing\x1b[31m/report"),
    ],
)
def test_errors_do_not_execute(
    message: tuple[str, ...], evil_pair: tuple[Path, Path], kerasdiff: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(evil_pair[0].parent)
    done = kerasdiff(*message)
    assert "\\x1b[31m" in done.refusal(done.status)
    assert done.status == (3 if "-o" in message else 2)


@pytest.mark.parametrize("place", ["digests", "same_as", "schema", "key", "kind"])
def test_damage_that_is_told_does_not_execute(place: str, tmp_path: Path, kerasdiff: Callable[..., Ran]) -> None:
    document = raw(THEANO)
    if place == "same_as":
        symbol_of(document, "layers.LSTM")["same_as"] = "keras:" + EVIL
    elif place == "kind":
        api_of(document)["symbols"][EVIL] = {}
    data = sealed(document)
    if place == "digests":
        data = data.replace(b'"all": "sha256', b'"all": "\\u001b[31m')
    elif place == "schema":
        data = data.replace(b"kerasdiff.fingerprint/1", b"kerasdiff.fingerprint/\\u001b[31m")
    elif place == "key":
        data = data.replace(b'"label":', b'"\\u001b[31m": 1, "\\u001b[31m": 2, "label":', 1)
    (tmp_path / "bad.json").write_bytes(data)
    assert kerasdiff("show", tmp_path / "bad.json").refusal()
