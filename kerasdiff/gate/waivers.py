"""Waivers: divergences that somebody has accepted as they were, and no further."""

from __future__ import annotations

import glob
import hashlib
import math
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from kerasdiff.compare.choose import concerns, fits, overlap
from kerasdiff.gate.policy import Accepted, Action, Extent, Policy, Waiver
from kerasdiff.probe import canonical

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.compare.engine import Comparison

#: Characters of a value that a waiver holds as it is; of a longer one it holds the digest.
MAX_VALUE = 120

Size = float | Literal["inf"] | None


class Stale(msgspec.Struct, frozen=True, kw_only=True):
    """A waiver that no longer serves."""

    state: Literal["expired", "moved", "unused"]
    """``moved``: the divergence is there, but is no longer what was accepted. ``unused``: there is no such divergence."""
    id: str
    """Of the divergence."""
    why: str
    waiver: int
    """Its number in the policy, from 0."""
    reason: str = ""
    """Why it was waived."""
    fails: bool = True
    """Whether it fails the gate; else the policy only warns of it."""


def accepted(found: Divergence, follow: Sequence[Divergence]) -> Accepted:
    """A divergence as it is now, with the extent of what it explains: what a waiver of it holds."""
    size = _size(found)
    return Accepted(
        id=found.id,
        effect=found.effect,
        rule=found.rule,
        a=None if size is not None else _told(found.a),
        b=None if size is not None else _told(found.b),
        size=size,
        explains=_extent(follow),
    )


def follow(divergences: Iterable[Divergence]) -> dict[str, list[Divergence]]:
    """What each divergence explains, directly or through others, by its id."""
    known = {found.id: found for found in divergences}
    explained: dict[str, list[Divergence]] = {}
    for found in known.values():
        for cause in _causes(found, known):
            explained.setdefault(cause, []).append(found)
    return explained


def _causes(found: Divergence, known: dict[str, Divergence]) -> Iterator[str]:
    """The ids of the causes of a divergence, the nearest first."""
    seen = {found.id}
    cause = found.cause
    while cause is not None and cause in known and cause not in seen:
        yield cause
        seen.add(cause)
        cause = known[cause].cause


def apply(
    comparison: Comparison, policy: Policy, *, today: dt.date, is_about: Callable[[Waiver], bool] = lambda _: True
) -> tuple[Comparison, list[Stale]]:
    """The comparison with what is waived marked so, and the waivers that no longer serve.

    A waiver of another baseline isn't looked at. That a waived divergence is the same in each run on one side only is known,
    and leaves nothing unanswered.
    """
    known = {found.id: found for found in comparison.divergences}
    waived: dict[str, dict[str, Any]] = {}
    extents: dict[str, Extent] = {}
    stale = []
    for number, waiver in enumerate(policy.waivers):
        for entry in waiver.accepts if is_about(waiver) else ():
            state, why = _state(entry, waiver, comparison, policy, today)
            if state != "serves":
                stale.append(Stale(state=state, id=entry.id, why=why, waiver=number, reason=waiver.reason))
            if state == "serves" or (state == "expired" and policy.expired_waivers is Action.WARN):
                waived[entry.id] = {"reason": waiver.reason, "owner": waiver.owner, "until": str(waiver.until or "") or None}
                if entry.explains is not None:
                    extents[entry.id] = entry.explains
    for found in known.values():
        for cause in _causes(found, known):
            if cause in extents and _is_within(found, extents[cause]):
                waived.setdefault(found.id, waived[cause])
    divergences = [
        msgspec.structs.replace(found, waived=waived[found.id]) if found.id in waived else found
        for found in comparison.divergences
    ]
    unknown = [one for one in comparison.not_comparable if one.id not in waived]
    return msgspec.structs.replace(comparison, divergences=divergences, not_comparable=unknown), stale


def _is_in_scope(identifier: str, policy: Policy) -> bool:
    is_wanted = not policy.only or any(
        overlap(identifier.partition("/")[0], pattern) for pattern in (*policy.only, *policy.effects)
    )
    return is_wanted and not fits(identifier, policy.ignore)


def _state(
    entry: Accepted, waiver: Waiver, comparison: Comparison, policy: Policy, today: dt.date
) -> tuple[Literal["serves", "expired", "moved", "unused"], str]:
    """What has become of an accepted divergence, and why."""
    if not _is_in_scope(entry.id, policy):
        return "unused", "out of the policy's scope"
    found = next((one for one in comparison.divergences if one.id == entry.id), None)
    if found is None:
        if _is_unknown(entry.id, comparison):  # it may still be there
            return "serves", ""
        return "unused", "nothing to waive, the divergence is gone"
    how = moved(entry, found)
    if how:
        return "moved", f"no longer what was accepted: {how}"
    if waiver.until is not None and waiver.until < today:
        return "expired", f"expired on {waiver.until}"
    return "serves", ""


def _is_unknown(identifier: str, comparison: Comparison) -> bool:
    """Whether what an id is about, or something it is part of, can't be compared."""
    return any(concerns(part.id, [glob.escape(identifier)]) for part in comparison.not_comparable)


def moved(entry: Accepted, found: Divergence) -> str:
    """In what a divergence is no longer what was accepted; empty where it is."""
    if found.effect is not entry.effect:
        return f"its effect was {entry.effect.value}, is {found.effect.value}"
    if entry.rule is not None and found.rule != entry.rule:  # that a rule got to know it changes nothing
        return f"its rule was {entry.rule}, is {found.rule or 'none'}"
    size = _size(found)
    if size is None or entry.size is None:
        if (size is None) is not (entry.size is None):
            return "it was measured another way"
        for name, was, now in (("A", entry.a, _told(found.a)), ("B", entry.b, _told(found.b))):
            if was != now:
                return f"{name} had {was}, has {now}"
        return ""
    if not _is_near(_number(size), _number(entry.size), _tolerance(found)):
        return f"its size was {entry.size}, is {size}"
    return ""


def _is_near(now: float, was: float, tolerance: float) -> bool:
    return now == was or abs(now - was) <= tolerance


def _is_within(found: Divergence, extent: Extent) -> bool:
    """Whether what a cause explains is no worse than when the cause was accepted."""
    if found.effect.rank < extent.effect.rank:
        return False
    size = _size(found)
    return size is None or _number(size) <= _number(extent.size) + _tolerance(found)


def _extent(divergences: Sequence[Divergence]) -> Extent | None:
    if not divergences:
        return None
    worst = min((found.effect for found in divergences), key=lambda effect: effect.rank)
    sizes = [size for size in map(_size, divergences) if size is not None]
    return Extent(effect=worst, size=max(sizes, key=_number) if sizes else None)


def _size(found: Divergence) -> Size:
    """How far numbers are apart, as a report has it: three digits, or ``inf``."""
    scaled = (found.size or {}).get("scaled")
    return scaled if isinstance(scaled, (int, float)) else "inf" if scaled == "inf" else None


def _number(size: Size) -> float:
    return math.inf if size == "inf" else float(size or 0.0)


def _tolerance(found: Divergence) -> float:
    """How far a size may move: the tolerance that it was judged by, and half of the last digit that is told."""
    size = _number(_size(found))
    digit = 0.005 * size if math.isfinite(size) else 0.0
    return float((found.size or {}).get("tolerance", 0.0)) + digit


def _told(value: Any) -> str:
    """A value as JSON; of a long one the digest."""
    written = canonical.compact(value)
    return written if len(written) <= MAX_VALUE else "sha256:" + hashlib.sha256(written.encode("ascii")).hexdigest()
