"""What machines read, in whatever format: one list of findings, each with an id, a rule, a level and a place."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from kerasdiff.gate.locate import Location
from kerasdiff.gate.policy import BASELINES
from kerasdiff.knowledge.load import Effect
from kerasdiff.knowledge.rules import rule
from kerasdiff.probe import canonical
from kerasdiff.report import words
from kerasdiff.report.grouping import goal
from kerasdiff.text import visible, visible_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.compare.engine import Comparison
    from kerasdiff.gate.decide import Gate
    from kerasdiff.gate.waivers import Stale
    from kerasdiff.report.interface import Places, Shown

Level = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")

#: The rule of a fact that is unknown on a side.
UNKNOWN = "not-comparable"
#: What a finding is where no rule of `kerasdiff.knowledge.rules` says more: by its rule, the title and the reason.
GENERIC = {
    **{
        effect.value: (f"{heading.capitalize()}: {meaning}", "No rule says more of it than its effect.")
        for effect, (heading, meaning) in words.HEADINGS.items()
    },
    UNKNOWN: ("A fact can't be compared", "It is unknown on a side, so the gate can't be answered."),
    "waiver-expired": ("A waiver has expired", "Its last day is over. Decide again, or mend what it is about."),
    "waiver-moved": ("A waiver is of something else now", "The divergence is no longer what was accepted. Look at it again."),
    "waiver-unused": ("A waiver has nothing to waive", "The divergence is gone. Take the waiver out of the policy."),
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A divergence, a fact that can't be compared, or a waiver that no longer serves."""

    id: str
    """Of the divergence or the fact; of a waiver, of what it waives."""
    rule: str
    level: Level
    """``error``: it stops the gate."""
    title: str
    why: str
    place: Location
    remedy: str | None = None
    sides: str = ""
    """Which environments A and B are."""
    divergence: Divergence | None = None
    number: int = 1
    """Of those with this rule and id: waivers may be about the same."""

    @property
    def fingerprint(self) -> str:
        """What stays the same as long as it is the same finding: a digest of the id, and of nothing that a value is in."""
        kind = "divergence" if self.divergence else self.rule
        return hashlib.sha256(canonical.compact([kind, self.id, self.number]).encode("ascii")).hexdigest()

    @property
    def body(self) -> list[str]:
        """Why it is so and what to write in B, in lines that are safe to show."""
        lines = [visible(self.why)] if self.why else []
        layers = self.divergence.layers if self.divergence else []
        lines += [visible(f"Layers: {', '.join(layers)}")] if layers else []
        remedy = visible_lines(self.remedy or "")
        toward = goal(self.divergence) if self.divergence else ""
        if len(remedy) == 1:
            lines.append(f"{toward}: {remedy[0]}")
        elif remedy:
            lines += [f"{toward}:", *(f"    {line}".rstrip() for line in remedy)]
        return [*lines, *([visible(self.sides)] if self.sides else [])]


class Nowhere:
    """Places of a comparison that is no project's: the usual name of a baseline, since nothing else is known."""

    _PLACE = Location(BASELINES[0])

    def divergence(self, found: Divergence) -> Location:  # noqa: ARG002
        """Of a divergence."""
        return self._PLACE

    def waiver(self, stale: Stale) -> Location:  # noqa: ARG002
        """Of a waiver."""
        return self._PLACE

    def unknown(self) -> Location:
        """Of what must be known."""
        return self._PLACE


def findings(comparison: Comparison, gate: Gate, shown: Shown, places: Places) -> list[Finding]:
    """What is shown of the divergences, what can't be compared, and the stale waivers: the worst first, what is waived last."""
    found = [*_divergences(comparison, gate, shown, places), *_unknown(comparison, places), *_stale(gate, places)]
    return sorted(found, key=lambda one: (is_waived(one), LEVELS.index(one.level), _rank(one)))


def is_waived(finding: Finding) -> bool:
    """Whether somebody has accepted it."""
    return finding.divergence is not None and finding.divergence.waived is not None


def _rank(finding: Finding) -> int:
    return finding.divergence.effect.rank if finding.divergence else len(Effect)


def _divergences(comparison: Comparison, gate: Gate, shown: Shown, places: Places) -> Iterator[Finding]:
    for found in comparison.divergences:
        if found.effect.reaches(shown.min_effect):
            milder: Level = "note" if found.effect is Effect.INFO else "warning"
            yield Finding(
                id=found.id,
                rule=found.rule if found.rule and rule(found.rule) else found.effect.value,
                level="error" if gate.stops(found) else milder,
                title=visible(found.title if found.subject in found.title else f"{found.subject}: {found.title}"),
                why=found.why,
                place=places.divergence(found),
                remedy=found.remedy,
                sides=f"A: {words.side(comparison.a)}. B: {words.side(comparison.b)}.",
                divergence=found,
            )


def _unknown(comparison: Comparison, places: Places) -> Iterator[Finding]:
    for one in comparison.not_comparable:
        title = visible(f"{one.id} can't be compared")
        yield Finding(id=one.id, rule=UNKNOWN, level="error", title=title, why=one.why, place=places.unknown())


def _stale(gate: Gate, places: Places) -> Iterator[Finding]:
    seen: Counter[tuple[str, str]] = Counter()
    for one in gate.waivers:
        seen[one.state, one.id] += 1
        yield Finding(
            id=one.id,
            rule=f"waiver-{one.state}",
            level="error" if one.fails else "warning",
            title=visible(f"the waiver of {one.id} no longer serves"),
            why=one.why,
            place=places.waiver(one),
            number=seen[one.state, one.id],
        )
