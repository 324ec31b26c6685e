"""Predictions against what happened: sample models of every generation in shipped releases; each miss is named, with why."""

from __future__ import annotations

import pytest

from kerasdiff.releases.shelf import release, releases
from kerasdiff.scope.engine import FAILS, LOADS, OTHERWISE
from tests.models.saved import FILES
from tests.scope.matrix import Outcome, outcomes, table, truth

#: One release of each generation: what is tried at every run.
FEW = ("keras-2.3.1+tensorflow-1.15.5", "tensorflow-2.15.1", "keras-3.15.1+tensorflow-2.21.0")
#: What is predicted wrongly, by file and reader, and why.
MISSES: dict[tuple[str, str], str] = {}
MEASURED = [name for name in releases() if any(api.loading for api in release(name).apis.values())]


def check(found: list[Outcome]) -> None:
    misses = [one for one in found if not one.is_right]
    assert [one for one in misses if (one.file, one.reader) not in MISSES] == []
    assert len(misses) <= len(found) / 20


@pytest.mark.parametrize("name", [name for name in FEW if name in MEASURED])
def test_what_happens_was_predicted(name: str) -> None:
    found = list(outcomes([name]))
    assert {one.measured for one in found} >= {LOADS, FAILS}
    assert len(found) > 100
    check(found)


@pytest.mark.lab
def test_what_happens_in_every_release_was_predicted() -> None:
    check(list(outcomes()))


def test_what_was_measured_is_told_in_the_words_of_a_prediction() -> None:
    file = "keras-2.2.4/functional.h5"
    expected = FILES[file]["predicts"]
    assert truth({"state": "value", "values": expected}, file)[0] == LOADS
    assert truth({"state": "value", "values": [one * 1.01 for one in expected]}, file)[0] == OTHERWISE
    assert truth({"state": "error", "type": "ValueError", "message": "no"}, file) == (FAILS, "ValueError: no")


def test_the_table_counts_and_names_each_miss() -> None:
    good = Outcome("a.h5", "one", LOADS, LOADS, "", ())
    bad = Outcome("b.h5", "one", LOADS, FAILS, "ValueError: x|y", ("saved_model/format",))
    told = list(table([good, bad, bad._replace(reader="other")]))
    assert told[0] == "1 of 3 right, 33.33 %"
    assert told[-1] == "| b.h5 | one, other | fails | loads | ValueError: x/y | saved_model/format |"
    assert list(table([good]))[-1].startswith("| fails |")
