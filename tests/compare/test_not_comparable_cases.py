"""Cases that can't be compared: measured in another way on each side, or lost with the process that measured them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kerasdiff.compare.engine import compare
from tests.conftest import SMALL, Raw, edited, raw, sealed, symbol_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kerasdiff.compare.engine import Comparison
    from tests.conftest import Ran

SYMBOL, CASE = "layers.Dense", "default@2d"
ID = f"{SYMBOL}/case.{CASE}"
LOST = {"crashed": "killed by SIGSEGV", "timeout": "took longer than 30 s"}
OUTPUT = {"state": "value", "shape": [2], "dtype": "float32", "values": [0.25, -0.5]}
OTHER = {**OUTPUT, "values": [0.25, 7.0]}


def document(state: str = "ok", **changes: Any) -> Raw:
    """A real fingerprint with two cases of a symbol; in one of them, this is changed."""
    found = raw(SMALL)
    case = {"revision": "0a1b2c3d", "input": "2d", "arguments": {"units": 4}, "inference": OUTPUT}
    symbol_of(found, SYMBOL)["cases"] = {CASE: {**case, **changes}, "default@3d": {**case, "input": "3d"}}
    found["captured"]["families"]["layers"] = {"state": state, "apis": {"keras": {"state": state}}}
    return found


def lost(state: str) -> Raw:
    found = document("partial")
    symbol_of(found, SYMBOL)["cases"][CASE] = {"state": state, "message": LOST[state]}
    return found


def compared(a: Raw, b: Raw) -> Comparison:
    return compare(edited(a), edited(b))


def unknown(found: Comparison) -> dict[str, str]:
    return {row.id: row.why for row in found.not_comparable}


def test_a_case_of_another_revision_is_not_compared() -> None:
    """Not even where its numbers differ."""
    found = compared(document(), document(revision="00000000", inference=OTHER))
    assert unknown(found) == {ID: "measured in another way on each side: capture again"}
    assert found.divergences == []


def test_the_same_numbers_of_one_revision_are_compared() -> None:
    """The counterpart: it is the revision that keeps them apart."""
    found = compared(document(), document(inference=OTHER))
    assert unknown(found) == {}
    assert {row.id for row in found.divergences} == {f"{ID}.inference"}


def test_other_cases_of_the_symbol_are_compared() -> None:
    b = document(revision="00000000")
    symbol_of(b, SYMBOL)["cases"]["default@3d"]["inference"] = OTHER
    found = compared(document(), b)
    assert unknown(found).keys() == {ID}
    assert {row.id for row in found.divergences} == {f"{SYMBOL}/case.default@3d.inference"}


@pytest.mark.parametrize("state", LOST)
@pytest.mark.parametrize("sides", ["a", "b", "ab"])
def test_a_lost_case_is_not_compared(state: str, sides: str) -> None:
    found = compared(lost(state) if "a" in sides else document(), lost(state) if "b" in sides else document())
    assert unknown(found).keys() == {ID}
    assert found.divergences == []


@pytest.mark.parametrize("state", LOST)
@pytest.mark.parametrize("sides", ["a", "b", "ab"])
def test_how_a_case_was_lost_is_told(state: str, sides: str) -> None:
    found = compared(lost(state) if "a" in sides else document(), lost(state) if "b" in sides else document())
    assert unknown(found)[ID] == f"{state}: {LOST[state]}"


@pytest.mark.parametrize("b", [document(revision="00000000"), lost("crashed")], ids=["revision", "crashed"])
def test_the_gate_has_no_answer(kerasdiff: Callable[..., Ran], tmp_path: Path, b: Raw) -> None:
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    for file, content in zip(files, (document(), b), strict=True):
        file.write_bytes(sealed(content))
    ran = kerasdiff("compare", *files)
    assert ran.status == 3
    assert ID in ran.out


def test_what_was_measured_without_the_symbols_is_not_passed_over() -> None:
    """As after ``capture --only layers`` on both sides."""
    sides = [document(), document(inference=OTHER)]
    for side in sides:
        side["captured"]["families"]["symbols"] = {"state": "not run"}
        own = symbol_of(side, SYMBOL)
        side["apis"]["keras"]["symbols"] = {SYMBOL: {"kind": "measured", "cases": own["cases"]}}
    found = compared(*sides)
    assert found.divergences or found.not_comparable
