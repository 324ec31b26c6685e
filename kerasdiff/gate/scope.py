"""What a policy adds to a comparison: facts around Keras that count, and families that must be known."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import msgspec

from kerasdiff.compare.context import differing
from kerasdiff.compare.divergence import NotComparable, divergence
from kerasdiff.gate.policy import CONTEXT, RUNTIME
from kerasdiff.probe import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.compare.engine import Comparison
    from kerasdiff.compare.side import Side
    from kerasdiff.gate.policy import Policy
    from kerasdiff.knowledge.load import Effect


def count(comparison: Comparison, policy: Policy) -> Comparison:
    """The comparison where packages, the runtime and variables have the effects that a policy gives them.

    Of patterns that fit the same subject the longest counts. Variables that the policy's families leave out are no findings.
    """

    def given(subject: str) -> Effect | None:
        fitting = [pattern for pattern in policy.effects if fnmatchcase(subject, pattern)]
        return policy.effects[max(fitting, key=len)] if fitting else None

    found = []
    leaves_out = bool(policy.families) and "environment" not in policy.families
    for one in comparison.divergences:
        is_variable = one.subject.startswith("environment.")
        effect = given(one.subject) if is_variable else None
        if effect is not None:
            found.append(msgspec.structs.replace(one, effect=effect))
        elif not (is_variable and leaves_out):
            found.append(one)
    runtime = differing(comparison.a.fingerprint, comparison.b.fingerprint)
    for group, rows in (("packages", comparison.context["packages"]), ("runtime", runtime)):
        for name, a, b in rows:
            subject = f"{group}.{name}"
            effect = given(subject)
            if effect is not None and (group == "packages" or name in RUNTIME):
                title = f"{name} is {_told(a)} in A, {_told(b)} in B"
                found.append(divergence(subject, "value", effect, title, a, b))
    found.sort(key=lambda one: (one.effect.rank, one.cause is not None, one.id))
    return msgspec.structs.replace(comparison, divergences=found)


def _told(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return "absent" if value is None else str(value)


def require(comparison: Comparison, policy: Policy) -> Comparison:
    """The comparison where what a policy asks for and a side doesn't know is not comparable."""
    families = policy.required
    if not families:
        return comparison
    known = {unknown.id for unknown in comparison.not_comparable}
    lacking = [*_missing(comparison, families), *_unstable(comparison, families)]
    named = [one for one in comparison.not_comparable if one.id not in CONTEXT or one.id in families]
    unknown = [*named, *(one for one in lacking if one.id not in known)]
    return msgspec.structs.replace(comparison, not_comparable=sorted(unknown, key=lambda one: one.id))


def _missing(comparison: Comparison, families: Sequence[str]) -> Iterator[NotComparable]:
    """Families that a side was captured without: what both lack, a comparison takes for not asked for."""
    for family in families:
        states = {name: _state(side, family) for name, side in (("A", comparison.a), ("B", comparison.b))}
        lost = {name: state for name, state in states.items() if state not in ("ok", "partial")}
        if lost:
            told = ", ".join(f"{state} in {name}" for name, state in lost.items())
            yield NotComparable(
                id=family, why=f"the policy gates on the family {family}, which is {told}: capture again with it"
            )


def _state(side: Side, family: str) -> str:
    return side.fingerprint.family_state(family, side.api_name)


def _unstable(comparison: Comparison, families: Sequence[str]) -> Iterator[NotComparable]:
    """What is the same in each run on one side only: what it was there is not known on the other."""
    for found in comparison.divergences:
        is_unstable = found.aspect.startswith("case.") and (found.a == "unstable") is not (found.b == "unstable")
        if is_unstable and family(found, comparison) in families:
            yield NotComparable(id=found.id, why=found.title)


def family(found: Divergence, comparison: Comparison) -> str | None:
    """The measured family that a divergence was found by."""
    side = comparison.a
    elsewhere = side.subjects()
    if found.subject in elsewhere:
        return elsewhere[found.subject][0]
    return canonical.family(side.names(found.subject) if found.subject in side.api.symbols else [found.subject])
