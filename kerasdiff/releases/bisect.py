"""In which of several releases what matters to a subject changes, each compared with the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from kerasdiff.compare.choose import choose, strangers
from kerasdiff.compare.divergence import Divergence, NotComparable
from kerasdiff.compare.engine import compare
from kerasdiff.gate.waivers import accepted, moved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kerasdiff.fingerprint.document import Fingerprint
    from kerasdiff.knowledge.load import Effect


class Look(msgspec.Struct, frozen=True):
    """A release compared with the first one."""

    name: str
    found: list[Divergence]
    """What differs and matters."""
    unknown: list[NotComparable]
    strangers: list[str]
    """The patterns that nothing fits in the two."""


class Change(msgspec.Struct, frozen=True):
    """A release in which what matters is another than in the release before it on the way."""

    name: str
    after: str
    """The release before."""
    came: list[Divergence]
    """What differs from the first release, and didn't in the release before, or was something else there."""
    gone: list[str]
    """Ids of what differed in the release before, and is as in the first one again."""
    is_as_first: bool
    """Whether all that matters is as in the first release again."""


def look(
    name: str, first: tuple[Fingerprint, str], other: tuple[Fingerprint, str], subjects: Sequence[str], fail_on: Effect
) -> Look:
    """What differs between the first release and another, each seen through an API, at or above an effect in these subjects.

    Raises `ApiError`.
    """
    compared = compare(first[0], other[0], api_a=first[1], api_b=other[1])
    chosen = choose(compared, subjects, ())
    found = [one for one in chosen.divergences if one.effect.reaches(fail_on)]
    return Look(name, found, chosen.not_comparable, strangers(compared, subjects))


def changes(start: str, looks: Sequence[Look]) -> list[Change]:
    """Where it changes on the way that begins at the release ``start``; a change back is one, too."""
    found = []
    before: dict[str, Divergence] = {}
    after = start
    for one in looks:
        now = {divergence.id: divergence for divergence in one.found}
        came = [divergence for divergence in now.values() if _is_new(divergence, before)]
        gone = [identifier for identifier in before if identifier not in now]
        if came or gone:
            found.append(Change(one.name, after, came, gone, not now))
        before, after = now, one.name
    return found


def _is_new(now: Divergence, before: dict[str, Divergence]) -> bool:
    """Whether a divergence is another than it was; that another rule explains it is none."""
    was = before.get(now.id)
    return was is None or bool(moved(msgspec.structs.replace(accepted(was, []), rule=None), now))
