"""A few inputs of each target in the usual tests, and all that once failed."""

from __future__ import annotations

import select
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fuzz import __main__ as fuzzer
from tests.fuzz.__main__ import failures, outcome
from tests.fuzz.mutate import Drawn
from tests.fuzz.pair import NAMES, pair
from tests.fuzz.targets import TARGETS, Target

if TYPE_CHECKING:
    from collections.abc import Callable

FOUND = Path(__file__).parent / "found"
SEED = 1
#: By target, for some seconds in all.
FEW = {"bytes": 300, "structure": 60, "policy": 150, "waivers": 150, "project": 60, "edit": 60, "models": 100}


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_that_nobody_meant_fails(name: str) -> None:
    assert failures(TARGETS[name], name, SEED, FEW[name]) == []


@pytest.mark.parametrize("file", sorted(FOUND.iterdir()), ids=lambda file: file.name)
def test_what_failed_once_fails_no_more(file: Path) -> None:
    assert outcome(TARGETS[file.name.partition("-")[0]], file.read_bytes()) in (0, 1, 2, 3)


@pytest.mark.parametrize("name", NAMES)
def test_a_pair_says_what_it_is_made_for(name: str) -> None:
    assert (pair(name).stopping == []) is (name == "same")


@pytest.mark.parametrize("name", TARGETS)
def test_bytes_choose_an_input(name: str) -> None:
    made = {TARGETS[name].make(Drawn(data)) for data in (b"", b"\xff" * 4000, bytes(range(256)) * 20)}
    assert len(made) == 3


def _spin(_: bytes) -> int:
    while True:
        pass


def _wait(_: bytes) -> int:
    while True:
        select.select([], [], [], 0.01)


@pytest.mark.parametrize(("run", "bound"), [(_spin, "DEADLINE"), (_wait, "PATIENCE")])
def test_what_works_or_waits_too_long_fails(run: Callable[[bytes], int], bound: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzzer, bound, 0.05)
    assert str(outcome(Target(lambda _: b"", run, 1), b"")).startswith("takes too long in ")
