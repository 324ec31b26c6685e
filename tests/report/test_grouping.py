"""What says the same is one entry: of several subjects, and in several cases."""

from __future__ import annotations

import pytest

from kerasdiff.compare.divergence import Divergence, divergence
from kerasdiff.knowledge.load import Effect
from kerasdiff.report.grouping import group
from tests.knowledge.fired import PACKAGES, comparison


def refused(subject: str, case: str, what: str = "raises TypeError in B: no", effect: Effect = Effect.BREAKS) -> Divergence:
    return divergence(subject, f"case.{case}.inference", effect, f"{case}: inference {what}", evidence="measured")


def told(*found: Divergence, verbose: bool = False) -> list[str]:
    return [line for one in group(found, verbose=verbose) for line in one.lines(verbose=verbose)]


def test_what_is_said_alike_of_several_cases_is_said_once() -> None:
    one, other = refused("layers.Dense", "default@2d"), refused("layers.Dense", "pinned@2d")
    assert told(one, other) == ["layers.Dense: in 2 cases: inference raises TypeError in B: no"]
    assert told(one, refused("layers.GRU", "default@3d")) == [
        "layers.Dense, layers.GRU: in 2 cases: inference raises TypeError in B: no"
    ]
    assert told(one, refused("layers.Conv2D", "default@2d")) == [
        "layers.Dense, layers.Conv2D: default@2d: inference raises TypeError in B: no"
    ]


@pytest.mark.parametrize(
    "other",
    [
        refused("layers.Dense", "pinned@2d", "raises ValueError in B: no"),
        refused("layers.Dense", "pinned@2d", effect=Effect.RESULTS),
        divergence("layers.Dense", "case.pinned@2d.training", Effect.BREAKS, "pinned@2d: inference raises TypeError in B: no"),
    ],
)
def test_what_is_said_otherwise_stays_apart(other: Divergence) -> None:
    assert len(told(refused("layers.Dense", "default@2d"), other)) == 2


def test_every_case_is_told_of_what_is_verbose() -> None:
    found = (refused("layers.Dense", "default@2d"), refused("layers.Dense", "pinned@2d"))
    assert len(told(*found, verbose=True)) == 2


def test_one_error_of_a_package_is_one_entry() -> None:
    found = [one for one in comparison(*PACKAGES).divergences if one.aspect.startswith("case.")]
    assert len(found) > 30
    assert len(group(found)) == 1
