"""In which of several releases what matters to a subject changes, each compared with the first."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from kerasdiff.compare.choose import choose, strangers
from kerasdiff.compare.divergence import Divergence, NotComparable
from kerasdiff.compare.engine import compare
from kerasdiff.gate.waivers import accepted, moved
from kerasdiff.scope.engine import scoped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kerasdiff.fingerprint.document import Fingerprint
    from kerasdiff.knowledge.load import Effect
    from kerasdiff.models.document import SavedModel


class Look(msgspec.Struct, frozen=True):
    """A release compared with the first one."""

    name: str
    found: list[Divergence]
    """What differs and matters."""
    unknown: list[NotComparable]
    strangers: list[str]
    """The patterns that nothing fits in the two."""
    verdict: str | None = None
    """What loading the model in it is predicted to do; None without a model."""


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


class Matters(NamedTuple):
    """What a look is for: these subjects (none: all), at or above an effect, as they concern a saved model if there is one."""

    subjects: Sequence[str]
    fail_on: Effect
    model: SavedModel | None = None


def look(name: str, first: tuple[Fingerprint, str], other: tuple[Fingerprint, str], matters: Matters) -> Look:
    """What differs between the first release and another, each seen through an API, of what matters.

    Raises `ApiError`.
    """
    compared = compare(first[0], other[0], api_a=first[1], api_b=other[1])
    lost = strangers(compared, matters.subjects)
    if matters.model is not None:
        compared = scoped(compared, matters.model)
    chosen = choose(compared, matters.subjects, ())
    found = [one for one in chosen.divergences if one.effect.reaches(matters.fail_on)]
    return Look(name, found, chosen.not_comparable, lost, compared.model.verdict if compared.model is not None else None)


def changes(start: str, looks: Sequence[Look], differing: Callable[[str, str], set[str]]) -> list[Change]:
    """Where it changes on the way that begins at the release ``start``; a change back is one, too.

    ``differing`` gives the ids in which two neighbours on the way differ. It is asked where both differ from the first release
    in one id: whether in the same way is not seen from there, where a value is written in several ways.
    """
    found = []
    before: dict[str, Divergence] = {}
    after = start
    for one in looks:
        now = {divergence.id: divergence for divergence in one.found}
        other = {identifier for identifier in now.keys() & before.keys() if _is_other(before[identifier], now[identifier])}
        if other:
            other &= differing(after, one.name)
        came = [divergence for divergence in now.values() if divergence.id in other or divergence.id not in before]
        gone = [identifier for identifier in before if identifier not in now]
        if came or gone:
            found.append(Change(one.name, after, came, gone, not now))
        before, after = now, one.name
    return found


def _is_other(was: Divergence, now: Divergence) -> bool:
    """Whether a divergence may be another than it was; that another rule explains it is none."""
    return bool(moved(msgspec.structs.replace(accepted(was, []), rule=None), now))
