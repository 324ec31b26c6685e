"""What each step from one release to another changed, with its reasons."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from kerasdiff.knowledge.load import Effect
from kerasdiff.knowledge.rules import rule
from kerasdiff.releases.index import Change, Move, Told
from kerasdiff.report import words
from kerasdiff.report.reasons import Reason, reasons

if TYPE_CHECKING:
    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.compare.engine import Comparison
    from kerasdiff.compare.side import Side

#: Subjects that are named of a reason.
NAMED = 8


class Step(NamedTuple):
    """A move, and what it changed of each subject."""

    move: Move
    changes: dict[str, list[Change]]


def step(number: int, a: int, b: int, comparison: Comparison) -> Step:
    """What the ``number``-th step changed, from the place ``a`` to the place ``b``."""
    told: list[Told] = []
    changes: dict[str, list[Change]] = {}
    for reason in reasons(comparison.divergences):
        is_told = reason.effect is not Effect.INFO or reason.rule is not None
        place = len(told) if is_told else -1
        if is_told:
            told.append(_told(reason))
        roots = {found.id for found in reason.roots}
        for found in reason.all:
            known = rule(found.rule) if found.rule else None
            own = None if known is not None and known.remedy is not None else found.remedy
            change = Change(
                number, found.aspect, found.effect.value, found.title, place, found.id in roots, _scaled(found), own
            )
            changes.setdefault(found.subject, []).append(change)
    counts = Counter(found.effect for found in comparison.divergences)
    by_effect = {effect.value: counts[effect] for effect in Effect}
    return Step(Move(a, b, by_effect, len(comparison.not_comparable), msgspec.Raw(msgspec.json.encode(told))), changes)


def reached(subject: str, a: Side, b: Side) -> tuple[str | None, str | None]:
    """The objects of both sides that a divergence is about."""
    one = a.canonical(subject)
    if one is None:
        return None, b.canonical(subject)
    there = b.name(subject)
    return one, None if there is None else b.canonical(there)


def _told(reason: Reason) -> Told:
    names = words.names(reason)
    return Told(
        effect=reason.effect.value,
        subject=reason.first.subject,
        said=reason.told.said(),
        rule=reason.roots[0].rule,
        measured=words.measured(reason),
        remedy=reason.remedy,
        subjects=len(names),
        named=tuple(names[:NAMED]),
    )


def _scaled(found: Divergence) -> float | str | None:
    return None if found.size is None else found.size["scaled"]
