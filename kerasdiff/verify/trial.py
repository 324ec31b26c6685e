"""What is tried: each remedy of a subject once, for all divergences that have it, and the cases that show them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from kerasdiff.compare import quantities
from kerasdiff.compare.values import brief
from kerasdiff.fingerprint.document import Symbol
from kerasdiff.knowledge.load import Effect
from kerasdiff.probe import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.compare.engine import Comparison
    from kerasdiff.compare.side import Side

_CASE = "case."
_PARAMETER = "parameter."


class Shown(msgspec.Struct, frozen=True):
    """A measured divergence that a remedy should end: a quantity of a case."""

    id: str
    subject: str
    case: str
    quantity: str

    @staticmethod
    def of(found: Divergence) -> Shown:
        """What a divergence with a ``case.`` aspect is about."""
        case, _, quantity = found.aspect.removeprefix(_CASE).rpartition(".")
        return Shown(found.id, found.subject, case, quantity)


class Trial(msgspec.Struct, frozen=True):
    """A remedy of a subject. ``shown``: by the id of each divergence that has it, what of it cases show."""

    subject: str
    restore: dict[str, Any]
    shown: dict[str, list[Shown]]
    untestable: str = ""
    """Why it can't be tried at all."""
    shared: frozenset[str] = frozenset()
    """The ids of divergences whose cases others have a part in too: that one differs still says nothing of the remedy."""
    is_beside: bool = False
    """Whether it is only put in force: a default of the same subject that does less, but belongs to how A makes it."""

    @property
    def is_in_force(self) -> bool:
        """Whether trying it can tell anything, of itself or of another one."""
        return not self.untestable and (self.is_beside or any(self.shown.values()))

    @property
    def name(self) -> str:
        """How it is told beside others."""
        return f"{self.subject}({told(self.restore, self.subject)})" if "arguments" in self.restore else self.subject

    def row(self, side: Side) -> dict[str, Any]:
        """The remedy as the probe takes it."""
        name = side.name(self.subject)
        return {"api": side.api_name, "subject": (name and side.canonical(name)) or self.subject, **self.restore}


def told(restore: dict[str, Any], subject: str) -> str:
    """What is written for a subject, in a few words: arguments, or the first line of its code."""
    if "code" not in restore:
        return ", ".join(f"{name}={brief(value)}" for name, value in restore["arguments"].items())
    name = subject.rpartition(".")[2]
    lines = restore["code"].splitlines()
    own = next(
        (line for line in lines if re.match(rf"(def|class) {re.escape(name)}\b|{re.escape(name)} *=", line)), "other code"
    )
    return f"{own.removesuffix(':')} …" if own.endswith(":") else own


def trials(comparison: Comparison, least: Effect) -> list[Trial]:
    """The remedies of all divergences that reach ``least``, in the order of the comparison.

    Of families that weren't measured on both sides there are none.
    """
    found: dict[tuple[str, str], Trial] = {}
    evidence = _Evidence(comparison, least)
    for one in comparison.divergences:
        if one.restore is None or not one.effect.reaches(least) or not _is_measured(one.subject, comparison):
            continue
        key = (one.subject, canonical.compact(one.restore))
        trial = found.setdefault(key, Trial(one.subject, one.restore, {}, _untestable(one, comparison.b)))
        shown = evidence.of(one)
        trial.shown[one.id] = shown or evidence.beside(one)
        if not shown:
            found[key] = msgspec.structs.replace(trial, shared=trial.shared | {one.id})
    subjects = {trial.subject for trial in found.values() if trial.is_in_force}
    beside = [Trial(one.subject, one.restore or {}, {}, is_beside=True) for one in _beside(comparison, subjects, least)]
    return [*found.values(), *beside]


def _beside(comparison: Comparison, subjects: set[str], least: Effect) -> Iterator[Divergence]:
    """Other defaults of the subjects, which change no result by themselves."""
    for one in comparison.divergences:
        is_default = one.aspect.startswith(_PARAMETER) and one.subject in subjects and one.restore is not None
        if is_default and one.effect.reaches(Effect.REPRODUCIBILITY) and not one.effect.reaches(least):
            yield one


def families(comparison: Comparison, tried: list[Trial]) -> list[str]:
    """The measured families that hold what shows the remedies."""
    subjects = {one.subject for trial in tried for shown in trial.shown.values() for one in shown}
    return sorted(family for family in {_family(subject, comparison.b) for subject in subjects} if family)


def measured(side: Side, subject: str) -> dict[str, dict[str, Any]]:
    """The cases of a subject by the name that A has for it; none where a side lacks it."""
    return _symbol(side, subject).cases


def _symbol(side: Side, subject: str) -> Symbol:
    known = side.subjects().get(subject)
    if known is not None:
        return Symbol(kind="measured", cases=known[1])
    name = side.name(subject)
    found = side.canonical(name) if name else None
    return side.symbol(found) if found else Symbol(kind="absent")


def _family(subject: str, side: Side) -> str | None:
    """The measured family of a subject; of a symbol that a side lacks, by its name."""
    known = side.subjects().get(subject)
    if known is not None:
        return known[0]
    name = side.name(subject)
    found = side.canonical(name) if name else None
    if found is None:
        return canonical.family((subject,))
    api, target = side.place(found)
    return canonical.family((target, *side.fingerprint.apis[api].symbols[target].aliases))


def _is_measured(subject: str, comparison: Comparison) -> bool:
    """Whether the family of a subject was captured on both sides; what is in no measured family has no case anyway."""
    family = _family(subject, comparison.b)
    sides = (comparison.a, comparison.b)
    return family is None or all(side.fingerprint.family_state(family, side.api_name) != "not run" for side in sides)


def _untestable(found: Divergence, side: Side) -> str:
    kind = _symbol(side, found.subject).kind
    if kind == "method":
        return "it is a method, which no case calls by itself"
    is_lacking = kind == "absent" and "code" not in (found.restore or {})
    return f"B has no {found.subject}" if is_lacking else ""


def _is_plain(found: Divergence) -> bool:
    """Whether a case gives no arguments."""
    return Shown.of(found).case.partition("@")[0] == "default"


class _Evidence:
    """Finds the measured cases that a divergence stands for."""

    def __init__(self, comparison: Comparison, least: Effect) -> None:
        self._a, self._b = comparison.a, comparison.b
        self._least = least
        self._found = comparison.divergences
        self._caused: dict[str, list[Divergence]] = {}
        for one in comparison.divergences:
            if one.cause is not None:
                self._caused.setdefault(one.cause, []).append(one)

    def of(self, found: Divergence) -> list[Shown]:
        """Its own case, and those that it explains; of what is gone, all that A does."""
        if found.aspect == "presence":
            return self._everything(found.subject)
        family, waiting = {found.id: found}, [found]
        while waiting:
            for one in self._caused.get(waiting.pop().id, []):
                if one.id not in family:
                    family[one.id] = one
                    waiting.append(one)
        return [Shown.of(one) for one in family.values() if self._is_shown(one)]

    def beside(self, found: Divergence) -> list[Shown]:
        """For a default that explains no case, as the worst explains all: those that this does, or that give nothing."""
        if not found.aspect.startswith(_PARAMETER) or found.restore is None:
            return []
        names = found.restore.get("arguments", {}).keys()
        defaults = f"{found.subject}/{_PARAMETER}"
        here = [one for one in self._found if one.subject == found.subject and self._is_shown(one)]
        own = [Shown.of(one) for one in here if (one.cause or "").startswith(defaults) or _is_plain(one)]
        cases = measured(self._b, found.subject)
        given = {one.case: (cases.get(one.case, {}).get("arguments") or {}).keys() for one in own}
        return [one for one in own if one.quantity != "outcome" and not names & given[one.case]]

    def _everything(self, subject: str) -> list[Shown]:
        return [
            Shown(f"{subject}/{_CASE}{case}.{quantity}", subject, case, quantity)
            for case, facts in measured(self._a, subject).items()
            if quantities.is_measured(facts)
            for quantity in sorted(quantities.names(facts))
        ]

    def _is_shown(self, found: Divergence) -> bool:
        return found.evidence == "measured" and found.aspect.startswith(_CASE) and found.effect.reaches(self._least)
