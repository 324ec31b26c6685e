"""References recorded and verified in real environments: where models part, why, and that the remedies restore them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lab.builder import MissingInterpreter
from tests.lab.references import MOVES, Move, record, verify

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def references(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Path]:
    """Every model of the examples, recorded where it comes from."""
    folder = tmp_path_factory.mktemp("references")
    found: dict[tuple[str, str], Path] = {}
    for model, place in sorted({(move.model, move.a) for move in MOVES}):
        target = folder / f"{model}-{place.replace(' ', '-')}.npz"
        try:
            record(model, place, target, folder)
        except MissingInterpreter as missing:
            pytest.skip(str(missing))
        found[model, place] = target
    return found


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.name)
def test_the_layer_that_parts_and_why(move: Move, references: dict[tuple[str, str], Path], tmp_path: Path) -> None:
    status, report = verify(move, f"before:{move.model}", references[move.model, move.a], tmp_path)
    assert status == report["exit"] == (1 if move.first else 0)
    if not move.first:
        assert report["first"] is None
        assert report["explained_by"] == []
        return
    assert report["first"]["layer"] == move.first
    assert report["explained_by"][0]["rule"] == move.rule
    place = [call["name"] for call in report["calls"]].index(move.first)
    assert all(call["alone"]["scaled"] < 1e-6 for call in report["calls"][:place])


@pytest.mark.parametrize("move", [move for move in MOVES if move.after], ids=lambda move: move.name)
def test_with_the_remedy_it_holds(move: Move, references: dict[tuple[str, str], Path], tmp_path: Path) -> None:
    status, report = verify(move, f"after:{move.after}", references[move.model, move.a], tmp_path)
    assert status == 0
    assert report["passed"]
    assert all(output["scaled"] < 1e-6 for output in report["outputs"])
