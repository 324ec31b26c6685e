"""Narrows a comparison to the ids that are asked for."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import msgspec

from kerasdiff.probe import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kerasdiff.compare.engine import Comparison


#: Facts without which nothing is known of any symbol.
EVERYTHING = ("import", "symbols")


def fits(identifier: str, patterns: Sequence[str]) -> bool:
    """Whether an id, or its subject, fits one of the patterns, in which ``*`` is anything."""
    subject = identifier.partition("/")[0]
    return any(fnmatchcase(identifier, pattern) or fnmatchcase(subject, pattern) for pattern in patterns)


def concerns(unknown: str, patterns: Sequence[str]) -> bool:
    """Whether what can't be compared may hide something that fits one of the patterns.

    With a symbol all is unknown that it has, with a module or a family all that is in it: tf.data and its like are of the
    family data.
    """
    subject = unknown.partition("/")[0]
    places = [subject, *canonical.FAMILIES.get(unknown, ()), *(["tf"] if unknown == "data" else [])]
    is_near = any(_overlap(place, pattern) for place in places for pattern in patterns)
    return subject in EVERYTHING or is_near or fits(unknown, patterns)


def _overlap(subject: str, pattern: str) -> bool:
    wanted = pattern.partition("/")[0]
    start = re.split(r"[*?\[]", wanted, maxsplit=1)[0]
    if start == wanted:
        return subject == wanted or wanted.startswith(f"{subject}.")
    return start.startswith(subject) or subject.startswith(start)


def choose(comparison: Comparison, only: Sequence[str], ignore: Sequence[str]) -> Comparison:
    """The comparison of the ids that are asked for; ``*`` crosses the dots, and a subject stands for all its aspects."""
    if not only and not ignore:
        return comparison

    unknown = {one.id for one in comparison.not_comparable}
    every = {found.id for found in comparison.divergences} | unknown
    ids = {identifier for identifier in every if not only or fits(identifier, only)}
    ids |= {identifier for identifier in unknown if concerns(identifier, only)}
    causes = {found.id: found.cause for found in comparison.divergences}
    for identifier in list(ids):  # what explains them belongs to them
        cause = causes.get(identifier)
        while cause in every and cause not in ids:
            ids.add(cause)
            cause = causes.get(cause)
    kept = {identifier for identifier in ids if not fits(identifier, ignore)}
    return msgspec.structs.replace(
        comparison,
        divergences=[
            msgspec.structs.replace(
                found,
                cause=found.cause if found.cause in kept else None,
                explains=[identifier for identifier in found.explains if identifier in kept],
            )
            for found in comparison.divergences
            if found.id in kept
        ],
        not_comparable=[one for one in comparison.not_comparable if one.id in kept],
        ignored=len(ids) - len(kept),
    )
