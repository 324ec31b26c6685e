"""Explains what was found: which divergence is the cause of which, and what rules know of them."""

from __future__ import annotations

import itertools
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from kerasdiff.compare import causes
from kerasdiff.knowledge.rules import Index, Restore, Where, rules
from kerasdiff.probe import apis

if TYPE_CHECKING:
    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.compare.side import Side


_DEFINITION = re.compile(r"^(?:(?:def|class) (?P<made>\w+)|(?P<named>\w+) *=)", re.M)


def explain(divergences: dict[str, Divergence], a: Side, b: Side) -> list[Divergence]:
    """The divergences, the worst first, each with its cause, what it explains, and what a rule knows of it."""
    if not divergences:
        return []
    known = Index([one for one in rules() if _holds(one.a, a) and _holds(one.b, b)])
    found = causes.trace(_inherited(divergences), a)
    if a.fingerprint.model is not None:
        from kerasdiff.compare import own

        found = own.traced(found, a, b)
    found = {identifier: _ruled(one, known) for identifier, one in found.items()}
    explained: dict[str, list[str]] = {}
    for one in found.values():
        cause = found.get(one.cause or "")
        if cause is not None and cause.effect is one.effect:
            explained.setdefault(cause.id, []).append(one.id)
    complete = [
        msgspec.structs.replace(one, explains=sorted(explained[one.id])) if one.id in explained else one
        for one in found.values()
    ]
    return sorted(complete, key=lambda one: (one.effect.rank, one.cause is not None, one.id))


def _inherited(divergences: dict[str, Divergence]) -> dict[str, Divergence]:
    """What a base class passes on is one finding: ``models.Model.fit`` explains ``models.Sequential.fit``."""
    found = dict(divergences)
    first: dict[str, Divergence] = {}
    owned: dict[str, list[Divergence]] = {owner: [] for owner in apis.TABLE["methods"]}
    for one in divergences.values():
        if one.cause is None:
            owned.get(one.subject.rpartition(".")[0], []).append(one)
    for one in itertools.chain.from_iterable(owned.values()):
        cause = first.setdefault(f"{one.subject.rpartition('.')[2]}/{one.aspect}", one)
        if cause is not one and (cause.a, cause.b, cause.effect) == (one.a, one.b, one.effect):
            found[one.id] = msgspec.structs.replace(one, cause=cause.id)
    return found


def _holds(where: Where, side: Side) -> bool:
    return where.fits(side.api_name, side.api.backend, side.api.version, side.fingerprint.packages, side.device)


def _tried(restore: Restore | None, found: Divergence) -> dict[str, Any] | None:
    """A rule's remedy as a divergence has it; None where its code is for another subject of the rule."""
    if restore is None:
        return None
    if not restore.code:
        return {"arguments": restore.arguments}
    return {"code": restore.code} if found.subject.rpartition(".")[2] in _defined(restore.code) else None


@cache
def _defined(code: str) -> frozenset[str]:
    """The names that code defines."""
    return frozenset(one["made"] or one["named"] for one in _DEFINITION.finditer(code))


def _ruled(found: Divergence, known: Index) -> Divergence:
    rule = known.first(found)
    if rule is None:
        return found
    told = msgspec.structs.replace(
        found,
        rule=rule.code,
        why=rule.why,
        remedy=rule.remedy or found.remedy,
        restore=_tried(rule.restore, found) or found.restore,
        references=rule.references,
    )
    if rule.correction is None:
        return told
    why = f"{rule.why} {rule.correction.why}"
    return msgspec.structs.replace(told, effect=rule.correction.effect, why=why)
