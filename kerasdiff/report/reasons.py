"""The reasons behind a comparison: divergences with one cause or one rule, put together, the worst first."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from kerasdiff.knowledge.rules import Rule, rule
from kerasdiff.report.grouping import Group, Measured, group, place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.knowledge.load import Effect


class Reason:
    """One thing that happened: the divergences that it shows in itself, and those that follow from them."""

    def __init__(self, roots: list[Divergence], follow: list[Divergence], told: Group | Measured) -> None:
        self.roots = roots
        self.follow = follow
        self.told = told
        """What is said of the roots where no rule says more."""

    @cached_property
    def first(self) -> Divergence:
        """The worst of the roots."""
        return min(self.roots, key=lambda found: (found.effect.rank, -_scaled(found)))

    @cached_property
    def rule(self) -> Rule | None:
        """What is known of it."""
        return rule(self.roots[0].rule) if self.roots[0].rule else None

    @cached_property
    def effect(self) -> Effect:
        """The worst that it does."""
        return min((found.effect for found in (*self.roots, *self.follow)), key=lambda effect: effect.rank)

    @property
    def is_unexplained(self) -> bool:
        """Whether it was measured, and nothing says why."""
        return any(found.is_unexplained for found in self.roots)

    @property
    def all(self) -> list[Divergence]:
        """Every divergence of it."""
        return [*self.roots, *self.follow]

    @property
    def phases(self) -> list[str]:
        """The phases of a model's life in which it shows."""
        return sorted({phase for found in self.all for phase in found.phases})

    @property
    def worst(self) -> Divergence | None:
        """The root with the largest measured size."""
        sized = [found for found in self.roots if found.size is not None]
        return max(sized, key=_scaled) if sized else None

    @property
    def remedy(self) -> str | None:
        """What to write in B, where that is the same for all that it shows in."""
        known = self.rule
        if known is not None and known.remedy is not None:
            return known.remedy
        remedies = {found.remedy for found in self.roots if found.remedy}
        return remedies.pop() if len(remedies) == 1 else None


def reasons(divergences: Iterable[Divergence], *, verbose: bool = False) -> list[Reason]:
    """Every divergence in one reason; the worst first, within an effect what nothing explains, then what models are made of.

    ``verbose``: what was measured is kept case by case, where no rule says what it is.
    """
    found = {one.id: one for one in divergences}
    roots: list[Divergence] = []
    follow: dict[str, list[Divergence]] = {}
    for one in found.values():
        root = _root(one, found)
        if root is one:
            roots.append(one)
        else:
            follow.setdefault(root.id, []).append(one)
    ruled: dict[str, list[Divergence]] = {}
    rest = []
    for one in roots:
        if one.rule and rule(one.rule):
            ruled.setdefault(one.rule, []).append(one)
        else:
            rest.append(one)
    buckets = [(bucket, group(bucket)[0]) for bucket in ruled.values()]
    buckets += [(told.divergences, told) for told in group(rest, verbose=verbose)]
    all_of = [Reason(bucket, [other for one in bucket for other in follow.get(one.id, [])], told) for bucket, told in buckets]
    return sorted(all_of, key=lambda one: (one.effect.rank, not one.is_unexplained, place(one.first), one.first.id))


def _root(found: Divergence, known: dict[str, Divergence]) -> Divergence:
    """The first cause of a divergence, itself where it has none that is as bad; a setting is whatever it leads to."""
    seen = {found.id}
    while found.cause in known and found.cause not in seen:
        cause = known[found.cause]
        if cause.effect.rank > found.effect.rank and not cause.subject.startswith("settings."):
            break
        found = cause
        seen.add(found.id)
    return found


def _scaled(found: Divergence) -> float:
    return float((found.size or {}).get("scaled", 0.0))
