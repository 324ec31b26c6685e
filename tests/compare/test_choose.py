"""A comparison narrowed to what is asked for: what is unknown may hide what was asked for, and stays."""

from __future__ import annotations

import msgspec
import pytest

from kerasdiff.compare.choose import choose, concerns
from kerasdiff.compare.divergence import NotComparable
from kerasdiff.compare.engine import compare
from tests.conftest import fingerprint


@pytest.mark.parametrize(
    ("unknown", "pattern"),
    [
        ("symbols", "layers.*"),
        ("import", "layers.GRU"),
        ("layers", "layers.*"),
        ("layers", "layers.experimental.preprocessing.*"),
        ("layers/presence", "layers.GRU/parameter.units"),
        ("layers.GRU/presence", "layers.GRU/case.*"),
        ("layers.GRU/case.default@3d", "layers.GRU/parameter.units"),
        ("layers.GRU/instance", "layers.G*"),
        ("layers.GRU/instance", "*"),
        ("layers.GRU/case.default@3d", "*case.pinned*"),
        ("losses", "objectives.mse"),
        ("preprocessing", "utils.to_categorical"),
        ("data", "tf.data.*"),
        ("training", "training.fit/case.*"),
        ("settings", "settings.floatx"),
        ("settings.floatx/value", "settings.*"),
    ],
)
def test_what_is_unknown_may_hide_what_is_asked_for(unknown: str, pattern: str) -> None:
    assert concerns(unknown, [pattern])


@pytest.mark.parametrize(
    ("unknown", "pattern"),
    [
        ("settings", "layers.*"),
        ("training", "layers.*"),
        ("data", "layers.*"),
        ("layers.GRU/presence", "layers.GRUCell"),
        ("layers.GRUCell/presence", "layers.GRU"),
        ("layers.GRU/presence", "optimizers.*"),
        ("layers", "settings.floatx"),
    ],
)
def test_what_is_elsewhere_hides_nothing(unknown: str, pattern: str) -> None:
    assert not concerns(unknown, [pattern])


@pytest.mark.parametrize(
    ("unknown", "stays"), [("symbols", True), ("layers", True), ("layers.GRU/presence", True), ("training", False)]
)
def test_an_unknown_family_is_not_narrowed_away(unknown: str, stays: bool) -> None:
    found = compare(fingerprint("releases/tensorflow-2.10.1"), fingerprint("releases/tensorflow-2.11.1"))
    blind = msgspec.structs.replace(found, not_comparable=[NotComparable(id=unknown, why="crashed")])
    assert [one.id for one in choose(blind, ["layers.GRU"], []).not_comparable] == [unknown] * stays
    assert choose(blind, ["layers.GRU"], [unknown]).not_comparable == []
