"""The runner's own parts: which captures are made, where their files go, and what survives an error."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

from tests.casebook import expectations
from tests.casebook.book import Casebook, CasebookError, Pair, Side, parse, verdicts
from tests.casebook.expectations import Expectations, surprises
from tests.casebook.runner import Run, cache, furnish, sides_by_environment, without_choices
from tests.conftest import SMALL, THEANO, path
from tests.lab import builder
from tests.lab.builder import Built

PLAIN = Side(SMALL)
TORCH = Side("k3", (("KERAS_BACKEND", "torch"),))
JSON = Side("k3", keras_json='{"floatx": "float64"}')


def listed(key: str, a: str, b: str, given: str = "{}", content: str = "null") -> str:
    """A line of ``score.py --list-pairs``; B has variables and a ``keras.json``."""
    return f"{key}\t{a}\tkeras\t{{}}\tnull\t{b}\ttf.keras\t{given}\t{content}\t3\n"


def test_a_listing_gives_pairs() -> None:
    found = parse(listed("one", "k2", "k3", '{"B": "2", "A": "1"}', '{"epsilon": 1e-05}') + listed("two", "k2", "k2"))
    other = Side("k3", (("A", "1"), ("B", "2")), '{"epsilon": 1e-05}')
    assert found == [
        Pair("one", Side("k2"), "keras", other, "tf.keras"),
        Pair("two", Side("k2"), "keras", Side("k2"), "tf.keras"),
    ]
    with pytest.raises(CasebookError, match="other columns"):
        parse("one\tk2\tkeras")


def test_each_side_has_a_file_of_its_own() -> None:
    sides = [Side("k3"), TORCH, JSON, Side("k3", keras_json="{}"), Side("k3", TORCH.variables, JSON.keras_json), Side("k2")]
    assert len({side.key for side in sides}) == len(sides)
    assert Side("k3").key == "k3"
    assert TORCH.key.startswith("k3-")
    assert TORCH.key == Side("k3", (("KERAS_BACKEND", "torch"),)).key


def test_a_side_is_captured_once_for_all_its_pairs_and_apis() -> None:
    pairs = [
        Pair("1", Side("k3"), "keras", TORCH, "keras"),
        Pair("2", Side("k2"), "keras", Side("k3"), "tf.keras"),
        Pair("3", Side("k2"), "keras", Side("k2"), "tf.keras"),
    ]
    assert sides_by_environment(pairs) == {"k3": [Side("k3"), TORCH], "k2": [Side("k2")]}


def test_keras_json_goes_where_keras_looks(tmp_path: Path) -> None:
    furnish(tmp_path, PLAIN)
    assert list(tmp_path.iterdir()) == []
    furnish(tmp_path, JSON)
    assert json.loads((tmp_path / ".keras" / "keras.json").read_text()) == {"floatx": "float64"}


def test_a_side_says_itself_which_backend_is_chosen() -> None:
    built = Built(Path("root"), Path("python"), {"KERAS_BACKEND": "cntk", "LD_LIBRARY_PATH": "root/lib/mpi"})
    assert without_choices(built).variables == {"LD_LIBRARY_PATH": "root/lib/mpi"}


def test_only_whole_fingerprints_are_reused(tmp_path: Path) -> None:
    sides = [PLAIN, Side(THEANO), TORCH, JSON]
    run = Run(tmp_path, reuse=True)
    run.fingerprint(PLAIN).parent.mkdir()
    shutil.copy(path(SMALL), run.fingerprint(PLAIN))
    run.fingerprint(Side(THEANO)).write_bytes(Path(path(THEANO)).read_bytes()[:-100])
    run.fingerprint(TORCH).write_bytes(b"")
    assert run.missing(sides) == [Side(THEANO), TORCH, JSON]
    assert Run(tmp_path).missing(sides) == sides


def test_an_error_costs_the_pairs_that_need_what_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERASDIFF_LAB", str(tmp_path / "lab"))
    theano, gone, told = Side(THEANO), Side("keras-0"), list[str]()
    run = Run(tmp_path, reuse=True, remove=True, tell=told.append)
    for side in (PLAIN, theano):
        run.fingerprint(side).parent.mkdir(exist_ok=True)
        shutil.copy(path(side.environment), run.fingerprint(side))
    run.reports.mkdir()
    (run.reports / "gone.json").write_text("an old report")
    run.pairs([Pair("gone", PLAIN, "keras", gone, "keras"), Pair("kept", PLAIN, "keras", theano, "keras")])
    assert [report.name for report in run.reports.iterdir()] == ["kept.json"]
    assert json.loads((run.reports / "kept.json").read_text())["divergences"]
    assert "no environment is named 'keras-0'" in run.errors[0]
    assert any("gone: not compared, without keras-0" in error for error in run.errors)
    assert not any("kept" in error for error in run.errors)
    assert told[-1] == "[2/2] kept: compared"


def test_a_comparison_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    run = Run(tmp_path, reuse=True, tell=lambda _: None)
    run.fingerprint(PLAIN).parent.mkdir()
    shutil.copy(path(SMALL), run.fingerprint(PLAIN))
    run._compare(Pair("no-such-api", PLAIN, "keras", PLAIN, "tf_keras"), "[1/1]")
    assert len(run.errors) == 1
    assert "[1/1] no-such-api: kerasdiff: " in run.errors[0]


def test_what_is_cached_is_found_by_its_pins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KERASDIFF_LAB", str(tmp_path / "lab"))
    assert cache([SMALL, THEANO]) == cache([THEANO, SMALL, SMALL])
    assert cache([SMALL]) != cache([THEANO])
    assert cache([SMALL]).parent == tmp_path / "lab-casebook"
    assert builder.folder() not in cache([SMALL]).parents


def test_a_casebook_must_be_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("KERASDIFF_CASEBOOK", raising=False)
    with pytest.raises(CasebookError, match="KERASDIFF_CASEBOOK isn't set"):
        Casebook.given()
    monkeypatch.setenv("KERASDIFF_CASEBOOK", str(tmp_path))
    (tmp_path / "cases.yaml").touch()
    with pytest.raises(CasebookError, match=r"holds no environments\.yaml and no score\.py"):
        Casebook.given()


def test_verdicts_are_read_from_what_is_printed() -> None:
    printed = "ok   one  <- layers.GRU/parameter.x results\nMISS two\nLOUD three\nby category\n  ok  0/1  wrong: four\n"
    assert verdicts(printed) == {"one": True, "two": False, "three": False}


CASES = yaml.safe_load("""
- {id: found, category: rnn, polarity: positive, needs: base}
- {id: edge, category: rnn, polarity: positive, needs: edge}
- {id: file, category: rnn, polarity: positive, needs: saved-model}
- {id: quiet, category: negative, polarity: negative, needs: base}
""")
NEITHER = {"file": False}


@pytest.mark.parametrize(
    ("verdicts", "misses", "expected"),
    [
        ({"found": True, "edge": True, "quiet": True}, {}, []),
        ({"found": True, "edge": False, "quiet": True}, {"edge": "why"}, []),
        ({"found": True, "edge": False, "quiet": True}, {}, ["edge: missed"]),
        ({"found": True, "edge": True, "quiet": True}, {"edge": "why"}, ["edge: found now; take it off the misses"]),
        ({"found": True, "edge": True, "quiet": False}, {}, ["quiet: reported, though nothing that a user computes changes"]),
        ({"found": True, "edge": True}, {}, ["quiet: there is no report of its pair"]),
        ({"edge": True, "quiet": True}, {"found": "why"}, ["found: there is no report of its pair"]),
        (
            {"found": True, "edge": True, "quiet": True},
            {"file": "why"},
            ["file: among the misses, but no positive case that is expected"],
        ),
    ],
)
def test_surprises(verdicts: dict[str, bool], misses: dict[str, str], expected: list[str]) -> None:
    assert surprises(CASES, {**NEITHER, **verdicts}, Expectations(misses)) == expected


def test_every_exception_has_a_reason() -> None:
    known = expectations.load()
    assert all(isinstance(reason, str) and reason for reason in known.misses.values())
