"""Whether remedies restore A: what the same cases give in B with them in force."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec

from kerasdiff.compare import quantities
from kerasdiff.compare.cases import apart
from kerasdiff.errors import ExitStatus
from kerasdiff.fingerprint.document import VALUE
from kerasdiff.verify.trial import Shown, Trial, measured, told

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.compare.engine import Comparison
    from kerasdiff.knowledge.load import Effect

RESTORES = "restores"
DOES_NOT = "does not"
UNTESTED = "untested"
STATES = (RESTORES, DOES_NOT, UNTESTED)


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What trying a remedy gave: ``verified`` of a divergence."""

    state: str
    """One of `STATES`."""
    tried: str
    cases: int = 0
    """How many quantities of cases were tested."""
    restored: int = 0
    """How many of them are as in A."""
    left: float | None = None
    """The largest difference that is left, over the largest number; None where what is left is no number."""
    beside: list[str] = []
    """Other remedies that these cases rest on too."""
    otherwise: list[str] = []
    """Ids of what differs for another reason: its cases give arguments, and without them the remedy restores A."""
    why: str = ""
    """Why it isn't restored, or couldn't be tested."""


def judge(first: Comparison, tried: list[Trial], again: Comparison | None, least: Effect) -> Comparison:
    """The comparison with what trying gave in ``verified``; what the remedy shows to be no effect of it loses its cause.

    ``again`` compares A with B where remedies were in force, in the order of ``tried``; None where none was.
    """
    names = [trial.name for trial in tried if trial.is_in_force]
    places = {id(trial): place for place, trial in enumerate(trial for trial in tried if trial.is_in_force)}
    before = {one.id for one in first.divergences}
    verdicts: dict[str, Verdict] = {}
    for trial in tried:
        one = _Judge(before, trial, places.get(id(trial), -1), names, again, least)
        verdicts.update((identifier, one.verdict(identifier)) for identifier in trial.shown)
    otherwise = {(cause, one) for cause, verdict in verdicts.items() for one in verdict.otherwise}
    divergences = [_verified(one, verdicts.get(one.id), otherwise) for one in first.divergences]
    return msgspec.structs.replace(first, divergences=divergences)


def _verified(found: Divergence, verdict: Verdict | None, otherwise: set[tuple[str, str]]) -> Divergence:
    return msgspec.structs.replace(
        found,
        verified=msgspec.to_builtins(verdict),
        cause=None if (found.cause, found.id) in otherwise else found.cause,
        explains=[one for one in found.explains if (found.id, one) not in otherwise],
    )


def status(divergences: Iterable[Divergence]) -> ExitStatus:
    """0 where all that was tested restores A, 1 where some doesn't, 3 where nothing could be tested of what was to be."""
    states = {one.verified["state"] for one in divergences if one.verified is not None}
    if DOES_NOT in states:
        return ExitStatus.DIVERGENCES
    return ExitStatus.UNANSWERED if states == {UNTESTED} else ExitStatus.OK


class _Judge:
    """Judges one remedy, which has the place ``place`` among those that were put in force."""

    def __init__(
        self, before: set[str], trial: Trial, place: int, names: list[str], again: Comparison | None, least: Effect
    ) -> None:
        self._before = before
        self._trial = trial
        self._key = str(place)
        self._names = {str(number): name for number, name in enumerate(names)}
        self._again = again
        self._now: dict[tuple[str, str], list[Divergence]] = {}
        for one in again.divergences if again else []:
            if one.aspect.startswith("case.") and one.effect.reaches(least):
                shown = Shown.of(one)
                self._now.setdefault((shown.subject, shown.case), []).append(one)

    def verdict(self, identifier: str) -> Verdict:
        """What became of what cases show of a divergence."""
        verdict, shown = (
            Verdict(state=UNTESTED, tried=told(self._trial.restore, self._trial.subject)),
            self._trial.shown[identifier],
        )
        if self._trial.untestable:
            return msgspec.structs.replace(verdict, why=self._trial.untestable)
        if not shown or self._again is None:
            return msgspec.structs.replace(verdict, why="no case was measured to differ by it alone")
        fact = self._again.b.api.remedies.get(self._key, {})
        if fact.get("state", VALUE) != VALUE:
            state = UNTESTED if fact.get("type") == "LookupError" else DOES_NOT
            return msgspec.structs.replace(verdict, state=state, why=f"it raises {fact.get('type')}: {fact.get('message')}")
        return self._told(verdict, identifier, shown, self._again)

    def _told(self, verdict: Verdict, identifier: str, shown: list[Shown], again: Comparison) -> Verdict:
        whys: list[str] = []
        sizes: list[float] = []
        left: dict[str, Divergence] = {}
        beside: set[str] = set()
        tested: list[Shown] = []
        for one in [*shown, *self._brought()]:
            a, b = (measured(side, one.subject).get(one.case) for side in (again.a, again.b))
            why = self._untested(one, a, b)
            if why or a is None or b is None:
                whys.append(why)
                continue
            tested.append(one)
            beside.update(self._names[key] for key in b["remedied"] if key != self._key)
            differing = self._left(one)
            if differing is not None:
                left[one.id] = differing
            else:
                sizes.append(apart(a, b, one.quantity))
        if not tested:
            return msgspec.structs.replace(verdict, why=max(whys, key=whys.count))
        is_other = bool(left) and self._is_other(identifier, tested, left)
        worst = None if is_other else max(left.values(), key=_scaled, default=None)
        if worst is not None and identifier in self._trial.shared:
            return msgspec.structs.replace(verdict, why=f"its cases differ for another reason too: {_reason(worst)}")
        return msgspec.structs.replace(
            verdict,
            state=RESTORES if worst is None else DOES_NOT,
            cases=len(tested),
            restored=len(tested) - len(left),
            left=_finite(_scaled(worst) if worst is not None else max(sizes)),
            beside=sorted(beside),
            otherwise=sorted({one.id for one in left.values()}) if is_other else [],
            why="" if worst is None else _reason(worst),
        )

    def _is_other(self, identifier: str, tested: list[Shown], left: dict[str, Divergence]) -> bool:
        """Whether what is left has another reason than a changed default: all cases without arguments are as in A."""
        plain = {one.id for one in tested if one.subject == self._trial.subject and one.case.startswith("default@")}
        is_default = not identifier.partition("/")[2].startswith("case.")
        is_old = all(one.id in self._before for one in left.values())
        return is_default and is_old and bool(plain) and not plain & left.keys()

    def _brought(self) -> list[Shown]:
        """What differs of the subject now, in cases that the remedy has a part in, and agreed before."""
        cases = {(one.subject, one.case) for shown in self._trial.shown.values() for one in shown}
        now = [(key, one) for key, found in self._now.items() if key not in cases for one in found]
        return [
            Shown.of(one)
            for (subject, _), one in now
            if subject == self._trial.subject and one.id not in self._before and not one.aspect.endswith(".outcome")
        ]

    def _untested(self, one: Shown, a: dict[str, Any] | None, b: dict[str, Any] | None) -> str:
        """Why what a case shows says nothing of the remedy; empty where it does."""
        if a is None or b is None:
            return "its cases weren't measured with it"
        if quantities.is_lost(b):
            return f"its cases are {b['state']} with it"
        if a.get("revision") != b.get("revision"):
            return "its cases are measured in another way in A: capture A again"
        if self._key not in (b.get("remedied") or []):
            return "its cases give the argument themselves, or make the object where it isn't reached"
        if quantities.made(b) == VALUE and _state(a, one.quantity) == VALUE != _state(b, one.quantity):
            return "" if self._left(one) is not None else f"its cases are {_state(b, one.quantity)} with it"
        return ""

    def _left(self, one: Shown) -> Divergence | None:
        """What still differs: the quantity itself, or one of its case that agreed or wasn't there before."""
        now = self._now.get((one.subject, one.case), [])
        return next((found for found in now if found.id == one.id or found.id not in self._before), None)


def _state(case: dict[str, Any], quantity: str) -> Any:
    """The state of a quantity; of what is none, as the shapes of weights, whether the case has it."""
    if quantity in quantities.names(case):
        return quantities.state(quantities.parts(case, quantity))
    return VALUE if quantity in case else "not measured"


def _reason(found: Divergence) -> str:
    return f"{found.title} (follows from {found.cause})" if found.cause else found.title


def _scaled(found: Divergence) -> float:
    return float((found.size or {}).get("scaled", math.inf))


def _finite(number: float) -> float | None:
    return float(f"{number:.3g}") if math.isfinite(number) else None
