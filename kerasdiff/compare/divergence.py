"""What a comparison finds."""

from __future__ import annotations

from typing import Any

import msgspec

from kerasdiff.knowledge.load import Effect
from kerasdiff.probe import apis


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
    references: list[str] = []
    waived: dict[str, Any] | None = None


class NotComparable(msgspec.Struct, frozen=True, kw_only=True):
    """A fact that is unknown on a side."""

    id: str
    why: str


def divergence(subject: str, aspect: str, effect: Effect, title: str, a: Any = None, b: Any = None, **more: Any) -> Divergence:
    """A `Divergence` with its id."""
    return Divergence(id=f"{subject}/{aspect}", subject=subject, aspect=aspect, effect=effect, title=title, a=a, b=b, **more)


class Findings:
    """Collects what the parts of a comparison find; the first of equal ids counts."""

    def __init__(self) -> None:
        self._divergences: dict[str, Divergence] = {}
        self._not_comparable: dict[str, NotComparable] = {}

    def add(self, found: Divergence) -> None:
        """A divergence was found."""
        self._divergences.setdefault(found.id, found)

    def unknown(self, identifier: str, why: str) -> None:
        """A fact can't be compared."""
        self._not_comparable.setdefault(identifier, NotComparable(id=identifier, why=why))

    @property
    def divergences(self) -> list[Divergence]:
        """All divergences, the worst first, each knowing what it explains."""
        self._fold_inherited()
        explained: dict[str, list[str]] = {}
        for found in self._divergences.values():
            cause = self._divergences.get(found.cause or "")
            if cause is not None and cause.effect is found.effect:
                explained.setdefault(cause.id, []).append(found.id)
        complete = [
            msgspec.structs.replace(found, explains=sorted(explained[found.id])) if found.id in explained else found
            for found in self._divergences.values()
        ]
        return sorted(complete, key=lambda found: (found.effect.rank, found.cause is not None, found.id))

    def _fold_inherited(self) -> None:
        """What a base class passes on is one finding: ``models.Model.fit`` explains ``models.Sequential.fit``."""
        first: dict[str, Divergence] = {}
        for owner in apis.TABLE["methods"]:
            for found in list(self._divergences.values()):
                name, _, method = found.subject.rpartition(".")
                if name != owner or found.cause is not None:
                    continue
                cause = first.setdefault(f"{method}/{found.aspect}", found)
                if cause is not found and (cause.a, cause.b, cause.effect) == (found.a, found.b, found.effect):
                    self._divergences[found.id] = msgspec.structs.replace(found, cause=cause.id)

    @property
    def not_comparable(self) -> list[NotComparable]:
        """What could not be compared, by id."""
        return [self._not_comparable[identifier] for identifier in sorted(self._not_comparable)]
