"""The way from a release to another: along lines, and from line to line where people move."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from kerasdiff.releases import names
from kerasdiff.releases import way as ways
from kerasdiff.releases.shelf import Step, lines, moves
from tests.releases import shelves

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def planned(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    found = shelves.planned()
    monkeypatch.setattr(ways, "releases", lambda: found)
    yield from shelves.put(monkeypatch, found)


def way(a: str, b: str) -> str:
    return " ".join(names.name(step) for step in ways.way(names.find(a), names.find(b)))


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("tensorflow==2.8", "tensorflow==2.11", "tensorflow==2.8.4 tensorflow==2.9.3 tensorflow==2.10.1 tensorflow==2.11.1"),
        ("tensorflow==2.9", "tensorflow==2.8", "tensorflow==2.9.3 tensorflow==2.8.4"),
        ("keras==2.2.5", "tensorflow==2.0", "keras==2.2.5 keras==2.3.1 tensorflow==1.15.5 tensorflow==2.0.4"),
        ("tensorflow==1.15", "keras==2.3.1", "tensorflow==1.15.5 keras==2.3.1"),
        ("tensorflow==2.15", "tensorflow==2.16", "tensorflow==2.15.1 keras==3.0.5 keras==3.1.1 keras==3.2.1 keras==3.3.3"),
        ("keras==3.1", "tensorflow==2.14", "keras==3.1.1 keras==3.0.5 tensorflow==2.15.1 tensorflow==2.14.1"),
        ("keras==3.14", "keras==3.15+jax", "keras==3.14.1 keras==3.15.1 keras==3.15.1+jax"),
        ("keras==3.0+jax", "keras==3.15+torch", "keras==3.0.5+jax keras==3.8.0+jax keras==3.15.1+jax keras==3.15.1+torch"),
        ("keras==1.2.2+theano", "keras==2.0.9", "keras==1.2.2+theano keras==1.2.2 keras==2.0.9"),
        ("keras==2.2.4+cntk", "keras==2.3.1", "keras==2.2.4+cntk keras==2.2.4 keras==2.2.5 keras==2.3.1"),
        ("tf_keras==2.16", "keras==3.15", "tf_keras==2.16.0 tf_keras==2.21.0 keras==3.15.1"),
        ("keras==3.15", "keras==3.15", "keras==3.15.1"),
    ],
)
def test_the_way_that_people_go(a: str, b: str, expected: str) -> None:
    assert way(a, b) == expected


def test_the_whole_way_passes_every_release_of_the_three_great_lines() -> None:
    told = way("keras==1.0.8", "keras==3.15")
    assert told.startswith("keras==1.0.8 keras==1.1.2 keras==1.2.2 keras==2.0.9 ")
    assert " keras==2.3.1 tensorflow==1.15.5 tensorflow==2.0.4 " in told
    assert " tensorflow==2.15.1 keras==3.0.5 " in told
    assert len(told.split()) == 8 + 17 + 16


def test_between_the_ends_of_all_lines_a_way_leads_and_passes_no_release_twice() -> None:
    ends = [step for line in lines().values() for step in dict.fromkeys((line[0], line[-1])) if step in names.steps()]
    neighbours = {pair for line in lines().values() for pair in pairwise(line)}
    for a in ends:
        for b in ends:
            found = ways.way(a, b)
            assert (found[0], found[-1]) == (a, b)
            assert len(set(found)) == len(found)
            changed = [pair for pair in pairwise(found) if pair not in neighbours and pair[::-1] not in neighbours]
            assert len(changed) <= 4


def test_moves_are_between_steps_of_lines() -> None:
    every = {step for line in lines().values() for step in line}
    assert every.issuperset(step for move in moves() for step in move)


def test_where_no_way_leads_the_two_stand_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "moves", tuple)
    a, b = Step("tensorflow-2.14.1", "tf.keras"), Step("keras-3.1.1+tensorflow-2.16.2", "keras")
    assert ways.way(a, b) == (a, b)
