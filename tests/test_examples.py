"""The examples say today what their files say."""

from __future__ import annotations

import json
import runpy

import pytest

from kerasdiff.compare.choose import choose
from kerasdiff.compare.engine import compare
from kerasdiff.fingerprint.load import load
from kerasdiff.knowledge.load import Effect
from tests.conftest import ROOT
from tests.readme import run


def test_the_page_of_folklore_is_what_the_fingerprints_show() -> None:
    """If this was meant: python examples/folklore.py > examples/folklore.md."""
    script = runpy.run_path(str(ROOT / "examples/folklore.py"))
    claims = json.loads((ROOT / "examples/folklore.json").read_text(encoding="utf-8"))
    page = "\n".join(script["page"](claims)) + "\n"
    assert page == (ROOT / "examples/folklore.md").read_text(encoding="utf-8")
    assert {"confirmed", "refuted", "only under a condition"} == {
        line.split(" | ")[1] for line in page.splitlines() if line.startswith("| ") and line.count(" | ") == 2
    } - {"verdict", "---"}


def test_the_table_of_upgrades_is_what_the_index_says() -> None:
    """If this was meant: python examples/upgrades.py > examples/upgrades.md."""
    script = runpy.run_path(str(ROOT / "examples/upgrades.py"))
    page = "\n".join(script["page"]()) + "\n"
    assert page == (ROOT / "examples/upgrades.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if " → " in line]
    assert len(rows) == len(script["moves"]())
    assert all("*safe*" not in row or not any(cell.strip() for cell in row.split(" | ")[1:4]) for row in rows)


PIPELINES = ROOT / "examples/pipelines"


@pytest.mark.parametrize("program", ["pictures", "words"])
def test_the_report_on_a_pipeline_is_what_compare_prints(program: str) -> None:
    """If this was meant: the command in the first line prints it."""
    command, _, report = (PIPELINES / f"{program}.txt").read_text(encoding="utf-8").partition("\n")
    assert run(command.removeprefix("$ kerasdiff ")) == report


@pytest.mark.parametrize("program", ["pictures", "words"])
def test_the_mended_pipeline_feeds_the_same(program: str) -> None:
    before, mended = (load(PIPELINES / f"{program}-{function}.json.gz") for function in ("before", "mended"))
    found = choose(compare(before, mended), ["pipeline*"], [])
    assert [one.id for one in found.divergences if one.effect is not Effect.INFO] == []
    assert found.not_comparable == []


def test_the_report_on_the_program_for_keras_2_is_what_compare_prints() -> None:
    """If this was meant: the command in the first line prints it."""
    command, _, report = (ROOT / "examples/to_keras_3/report.txt").read_text(encoding="utf-8").partition("\n")
    assert run(command.removeprefix("$ kerasdiff ")) == report
