"""Waivers: they accept a divergence as it was, what a cause explains within its extent, and nothing that moved."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from kerasdiff.compare.divergence import NotComparable
from kerasdiff.compare.engine import Comparison, compare
from kerasdiff.gate.decide import decide, judge
from kerasdiff.gate.policy import Accepted, Action, Extent, Policy, Waiver
from kerasdiff.gate.waivers import accepted, apply, follow
from kerasdiff.knowledge.load import Effect
from tests.conftest import fingerprint
from tests.gate.project import LATER, A, B

if TYPE_CHECKING:
    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.gate.waivers import Stale

TODAY = dt.date(2026, 11, 21)
LATER_DAY = dt.date(2027, 1, 31)


@pytest.fixture(scope="module")
def upgrade() -> Comparison:
    return compare(fingerprint(A), fingerprint(B))


def gated(comparison: Comparison) -> list[Divergence]:
    return [found for found in comparison.divergences if found.effect.reaches(Effect.RESULTS)]


def waiver_of(*entries: Accepted, until: dt.date | None = LATER_DAY, **more: Any) -> Waiver:
    return Waiver(reason="known", owner="me", until=until, accepts=list(entries), **more)


def applied(comparison: Comparison, *waivers: Waiver, **policy: Any) -> tuple[Comparison, list[Stale]]:
    return apply(comparison, Policy(waivers=list(waivers), **policy), today=TODAY)


def entries(comparison: Comparison, divergences: list[Divergence]) -> list[Accepted]:
    explained = follow(comparison.divergences)
    return [accepted(found, explained.get(found.id, [])) for found in divergences]


def measured(comparison: Comparison) -> Divergence:
    """A divergence with a size."""
    return next(found for found in gated(comparison) if found.size is not None and found.size["scaled"] != "inf")


def test_all_that_is_accepted_passes(upgrade: Comparison) -> None:
    waiver = waiver_of(*entries(upgrade, gated(upgrade)))
    found, stale = applied(upgrade, waiver)
    gate = decide(found, Effect.RESULTS, stale)
    assert (gate.failed, gate.exit, stale) == (False, 0, [])
    assert {one.id for one in found.divergences if one.waived} >= {one.id for one in gated(upgrade)}
    assert next(one.waived for one in found.divergences if one.waived) == {
        "reason": "known",
        "owner": "me",
        "until": "2027-01-31",
    }


def test_one_that_is_not_accepted_fails(upgrade: Comparison) -> None:
    most = entries(upgrade, gated(upgrade)[1:])
    found, stale = applied(upgrade, waiver_of(*most))
    assert [one.id for one in gated(found) if one.waived is None] == [gated(upgrade)[0].id]
    assert decide(found, Effect.RESULTS, stale).exit == 1


def test_what_moves_on_is_accepted_no_longer(upgrade: Comparison) -> None:
    later = compare(fingerprint(A), fingerprint(LATER))
    before = {found.id: found for found in upgrade.divergences}
    found, stale = applied(later, waiver_of(*entries(upgrade, gated(upgrade))))
    moved = {one.id for one in stale if one.state == "moved"}
    assert "optimizers.Adam/case.argument-decay@1d.outcome" in moved
    for one in found.divergences:
        if one.waived is not None and one.id in before:
            assert (one.effect, one.a, one.b, one.size) == tuple(
                getattr(before[one.id], key) for key in ("effect", "a", "b", "size")
            )
    assert decide(found, Effect.RESULTS, stale).exit == 1


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"effect": Effect.ARCHITECTURE}, "its effect was architecture, is results"),
        ({"size": 0.5}, "its size was 0.5, is "),
        ({"size": "inf"}, "its size was inf, is "),
        ({"size": None, "a": "1", "b": "2"}, "it was measured another way"),
        ({"rule": "KD999"}, "its rule was KD999, is "),
    ],
)
def test_a_measured_divergence_is_accepted_as_it_was(change: dict[str, Any], why: str, upgrade: Comparison) -> None:
    one = measured(upgrade)
    entry = msgspec.structs.replace(accepted(one, []), **change)
    found, (stale,) = applied(upgrade, waiver_of(entry))
    assert (stale.state, stale.id) == ("moved", one.id)
    assert why in stale.why
    assert all(part.waived is None for part in found.divergences)


@pytest.mark.parametrize(("factor", "fits"), [(1.0, True), (1.004, True), (0.996, True), (1.02, False), (0.98, False)])
def test_a_size_may_move_by_its_last_digit(factor: float, fits: bool, upgrade: Comparison) -> None:
    one = measured(upgrade)
    assert one.size is not None
    entry = msgspec.structs.replace(accepted(one, []), size=one.size["scaled"] * factor)
    _, stale = applied(upgrade, waiver_of(entry))
    assert (stale == []) is fits


def test_a_declared_value_is_accepted_exactly(upgrade: Comparison) -> None:
    one = next(found for found in gated(upgrade) if found.size is None)
    entry = accepted(one, [])
    assert applied(upgrade, waiver_of(entry))[1] == []
    for side in ("a", "b"):
        (stale,) = applied(upgrade, waiver_of(msgspec.structs.replace(entry, **{side: '"other"'})))[1]
        assert (stale.state, f'{side.upper()} had "other", has ' in stale.why) == ("moved", True)


def test_a_long_value_is_accepted_by_its_digest(upgrade: Comparison) -> None:
    one = msgspec.structs.replace(gated(upgrade)[0], a=["x" * 200], b=["y" * 200], size=None)
    entry = accepted(one, [])
    assert entry.a is not None
    assert entry.a.startswith("sha256:")
    assert entry.a != entry.b
    longer = msgspec.structs.replace(upgrade, divergences=[one])
    assert applied(longer, waiver_of(entry))[1] == []
    other = msgspec.structs.replace(longer, divergences=[msgspec.structs.replace(one, b=["y" * 199 + "z"])])
    assert [stale.state for stale in applied(other, waiver_of(entry))[1]] == ["moved"]


def test_that_a_rule_gets_to_know_it_changes_nothing(upgrade: Comparison) -> None:
    one = next(found for found in gated(upgrade) if found.rule is not None)
    assert applied(upgrade, waiver_of(msgspec.structs.replace(accepted(one, []), rule=None)))[1] == []


def caused(comparison: Comparison) -> tuple[Divergence, list[Divergence]]:
    """A cause at the gate, and what it explains there."""
    explained = follow(comparison.divergences)
    by_id = {found.id: found for found in comparison.divergences}
    cause = next(
        by_id[name]
        for name, parts in explained.items()
        if name in by_id and by_id[name].effect.reaches(Effect.RESULTS) and any(part.size for part in parts)
    )
    return cause, explained[cause.id]


@pytest.fixture(scope="module")
def leap() -> Comparison:
    """An upgrade in which causes explain much: hard_sigmoid has another slope."""
    return compare(fingerprint("releases/tensorflow-2.15.1"), fingerprint(LATER))


def test_with_a_cause_what_it_explains_is_accepted(leap: Comparison) -> None:
    cause, parts = caused(leap)
    found, stale = applied(leap, waiver_of(accepted(cause, parts)))
    waived = {one.id for one in found.divergences if one.waived}
    assert waived == {cause.id, *(part.id for part in parts)}
    assert len(waived) > 1
    assert stale == []


def test_what_a_cause_explains_is_accepted_within_its_extent_only(leap: Comparison) -> None:
    cause, parts = caused(leap)
    entry = accepted(cause, parts)
    assert entry.explains is not None
    sized = [part for part in parts if part.size is not None]
    largest = max(part.size["scaled"] for part in sized if part.size is not None)
    assert entry.explains.size == largest
    smaller = msgspec.structs.replace(entry, explains=Extent(effect=entry.explains.effect, size=largest / 2))
    milder = msgspec.structs.replace(entry, explains=Extent(effect=Effect.INFO))
    nothing = msgspec.structs.replace(entry, explains=None)
    for changed, is_open in (
        (smaller, {part.id for part in sized if part.size and part.size["scaled"] > 0.6 * largest}),
        (milder, {part.id for part in parts if part.effect is not Effect.INFO}),
        (nothing, {part.id for part in parts}),
    ):
        found, _ = applied(leap, waiver_of(changed))
        assert is_open
        assert all(one.waived is None for one in found.divergences if one.id in is_open)
        assert next(one for one in found.divergences if one.id == cause.id).waived is not None


def test_an_expired_waiver_waives_no_longer_unless_the_policy_only_warns(upgrade: Comparison) -> None:
    one = gated(upgrade)[0]
    yesterday = TODAY - dt.timedelta(days=1)
    for until, is_waived, states in ((TODAY, True, []), (yesterday, False, ["expired"]), (None, True, [])):
        found, stale = applied(upgrade, waiver_of(accepted(one, []), until=until))
        assert [part.waived is not None for part in found.divergences if part.id == one.id] == [is_waived]
        assert [part.state for part in stale] == states
    found, stale = applied(upgrade, waiver_of(accepted(one, []), until=yesterday), expired_waivers=Action.WARN)
    assert [part.waived is not None for part in found.divergences if part.id == one.id] == [True]
    assert [part.state for part in stale] == ["expired"]


def test_a_waiver_of_nothing_is_unused(upgrade: Comparison) -> None:
    entry = Accepted(id="layers.Nothing/presence", effect=Effect.BREAKS)
    _, (stale,) = applied(upgrade, waiver_of(entry))
    assert (stale.state, stale.id, stale.waiver) == ("unused", "layers.Nothing/presence", 0)


@pytest.mark.parametrize("unknown", ["layers.Nothing/presence", "layers.Nothing", "layers"])
def test_what_can_not_be_compared_may_still_be_there(unknown: str, upgrade: Comparison) -> None:
    blind = msgspec.structs.replace(upgrade, not_comparable=[NotComparable(id=unknown, why="crashed")])
    assert applied(blind, waiver_of(Accepted(id="layers.Nothing/presence", effect=Effect.BREAKS)))[1] == []


@pytest.mark.parametrize("counts", [True, False])
def test_a_waiver_is_about_its_baseline(counts: bool, upgrade: Comparison) -> None:
    one = gated(upgrade)[0]
    policy = Policy(waivers=[waiver_of(accepted(one, []), baseline="gpu.json")])
    found, stale = apply(upgrade, policy, today=TODAY, is_about=lambda waiver: waiver.baseline != "gpu.json" or counts)
    assert [part.waived is not None for part in found.divergences if part.id == one.id] == [counts]
    assert stale == []


@pytest.mark.parametrize(
    ("scope", "is_in"),
    [({"only": ["layers.*"]}, False), ({"ignore": ["optimizers.*"]}, False), ({"only": ["optimizers.*"]}, True)],
)
def test_a_waiver_out_of_scope_is_told_as_that(scope: dict[str, list[str]], is_in: bool, upgrade: Comparison) -> None:
    one = next(found for found in gated(upgrade) if found.subject.startswith("optimizers."))
    _, stale = applied(upgrade, waiver_of(accepted(one, [])), **scope)
    assert [part.why for part in stale] == ["out of the policy's scope"] * (not is_in)


@pytest.mark.parametrize("state", ["expired", "unused"])
@pytest.mark.parametrize("action", list(Action))
def test_the_policy_says_whether_such_waivers_fail(state: str, action: Action) -> None:
    entry = Accepted(id="layers.Nothing/presence", effect=Effect.BREAKS)
    same = fingerprint(A)
    waivers = [waiver_of(entry)]
    if state == "expired":
        changed = compare(fingerprint(A), fingerprint(B))
        waivers = [waiver_of(accepted(gated(changed)[0], []), until=dt.date(2020, 1, 1))]
    policy = Policy(waivers=waivers, fail_on=Effect.BREAKS)
    policy = msgspec.structs.replace(policy, **{f"{state}_waivers": action})
    found, gate = judge(same, fingerprint(B) if state == "expired" else same, policy, today=TODAY)
    assert [one.state for one in gate.waivers] == [state]
    if state == "unused":
        assert gate.failed is (action is Action.FAIL)
    else:  # what the waiver was about fails the gate again, unless it goes on waiving
        first = gate.waivers[0].id
        assert [one.waived is not None for one in found.divergences if one.id == first] == [action is Action.WARN]
