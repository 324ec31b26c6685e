"""Where on a way something changes: forth, back, and what only looks like a change."""

from __future__ import annotations

from functools import cache

import msgspec
import pytest

from kerasdiff.knowledge.load import Effect
from kerasdiff.releases.bisect import Look, Matters, changes, look
from kerasdiff.releases.shelf import release

API = "tf.keras"
OLD, NEW = "tensorflow-2.10.1", "tensorflow-2.11.1"


@cache
def looked(a: str, b: str, subject: str = "optimizers.Nadam", effect: Effect = Effect.RESULTS) -> Look:
    return look(b, (release(a), API), (release(b), API), Matters([subject], effect))


def nowhere(a: str, b: str) -> set[str]:
    raise AssertionError((a, b))


def renamed(one: Look, name: str) -> Look:
    return msgspec.structs.replace(one, name=name)


def test_what_changes_and_comes_back_is_two_changes() -> None:
    alike, other = looked(OLD, OLD), looked(OLD, NEW)
    forth, back = changes("0", [renamed(alike, "1"), renamed(other, "2"), renamed(other, "3"), renamed(alike, "4")], nowhere)
    assert (forth.name, forth.after, forth.gone, forth.is_as_first) == ("2", "1", [], False)
    assert {one.rule for one in forth.came} == {"KD100", "KD101", "KD102"}
    assert (back.name, back.after, back.came, back.is_as_first) == ("4", "3", [], True)
    assert back.gone == [one.id for one in forth.came]


def test_a_milder_gate_and_another_subject_see_other_things() -> None:
    assert looked(OLD, NEW, "layers.Dense").found == []
    assert looked(OLD, NEW, "layers.Dense", Effect.BREAKS).strangers == []
    assert len(looked(OLD, NEW, "optimizers.*", Effect.INFO).found) > len(looked(OLD, NEW, "optimizers.*").found) > 3
    assert looked(OLD, NEW, "layers.Dence").strangers == ["layers.Dence"]


@pytest.mark.parametrize("is_there", [True, False])
def test_another_value_is_a_change_where_neighbours_differ_in_it(*, is_there: bool) -> None:
    other = looked(OLD, NEW)
    first, *rest = other.found
    moved = msgspec.structs.replace(first, b="something else", size=None)
    seen = [renamed(other, "1"), Look("2", [moved, *rest], [], [])]
    asked = []

    def differing(a: str, b: str) -> set[str]:
        asked.append((a, b))
        return {first.id} if is_there else set()

    found = changes("0", seen, differing)
    assert asked == [("1", "2")]
    assert [one.name for one in found] == ["1", "2"][: 1 + is_there]
    assert all(one.came == [moved] for one in found[1:])


def test_another_rule_is_no_change() -> None:
    other = looked(OLD, NEW)
    again = [msgspec.structs.replace(one, rule=None) for one in other.found]
    assert len(changes("0", [other, Look("2", again, [], [])], nowhere)) == 1
