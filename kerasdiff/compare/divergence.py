"""What a comparison finds."""

from __future__ import annotations

from typing import Any

import msgspec

from kerasdiff.knowledge.load import Effect, Tolerances


class Divergence(msgspec.Struct, frozen=True, kw_only=True):
    """A fact that differs between A and B and could matter. The field names are those of the report's JSON."""

    id: str
    """``subject/aspect``; stable."""
    subject: str
    aspect: str
    effect: Effect
    title: str
    a: Any = None
    b: Any = None
    rule: str | None = None
    phases: list[str] = []
    evidence: str = "declared"
    size: dict[str, Any] | None = None
    cause: str | None = None
    """The id of the divergence that explains this one."""
    explains: list[str] = []
    """Ids of those of the same effect that this one explains."""
    why: str = ""
    remedy: str | None = None
    restore: dict[str, Any] | None = None
    """The remedy as it can be tried: ``arguments`` for what is made or called in B, or ``code`` that defines another."""
    verified: dict[str, Any] | None = None
    """What trying it in B gave, see `kerasdiff.verify.judge`; None where it wasn't tried."""
    references: list[str] = []
    waived: dict[str, Any] | None = None
    layers: list[str] = []
    """The layers of a saved model that it concerns, where a comparison is narrowed to one."""

    @property
    def is_unexplained(self) -> bool:
        """Whether it was measured, could matter, and neither a cause, a rule nor a changed declaration says why."""
        is_bare = self.cause is None and self.rule is None and self.aspect.startswith("case.")
        return is_bare and self.evidence == "measured" and self.effect is not Effect.INFO


class NotComparable(msgspec.Struct, frozen=True, kw_only=True):
    """A fact that is unknown on a side."""

    id: str
    why: str


def divergence(subject: str, aspect: str, effect: Effect, title: str, a: Any = None, b: Any = None, **more: Any) -> Divergence:
    """A `Divergence` with its id."""
    return Divergence(id=f"{subject}/{aspect}", subject=subject, aspect=aspect, effect=effect, title=title, a=a, b=b, **more)


class Findings:
    """Collects what the parts of a comparison find; the worst of equal ids counts. Numbers may differ by ``tolerances``."""

    def __init__(self, tolerances: Tolerances) -> None:
        self.tolerances = tolerances
        self._divergences: dict[str, Divergence] = {}
        self._not_comparable: dict[str, NotComparable] = {}

    def add(self, found: Divergence) -> None:
        """A divergence was found."""
        known = self._divergences.get(found.id)
        if known is None or found.effect.rank < known.effect.rank:
            self._divergences[found.id] = found

    def unknown(self, identifier: str, why: str) -> None:
        """A fact can't be compared."""
        self._not_comparable.setdefault(identifier, NotComparable(id=identifier, why=why))

    @property
    def divergences(self) -> dict[str, Divergence]:
        """All divergences by id, in the order in which they were found."""
        return dict(self._divergences)

    @property
    def not_comparable(self) -> list[NotComparable]:
        """What could not be compared, by id."""
        return [self._not_comparable[identifier] for identifier in sorted(self._not_comparable)]
