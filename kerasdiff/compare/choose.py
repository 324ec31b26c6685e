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


#: Subjects that may be there another day: a variable is set, a package installed, a pipeline asked for.
_AROUND = ("settings.", "environment.", "packages.", "runtime.", "pipeline")


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
    is_near = any(overlap(place, pattern) for place in places for pattern in patterns)
    return subject in EVERYTHING or is_near or fits(unknown, patterns)


def overlap(subject: str, pattern: str) -> bool:
    """Whether an id of a subject, or of what is in it, may fit a pattern."""
    wanted = pattern.partition("/")[0]
    start = _start(wanted)
    if start == wanted:
        return subject == wanted or wanted.startswith(f"{subject}.")
    return start.startswith(subject) or subject.startswith(start)


def _start(pattern: str) -> str:
    """What stands before the first wildcard."""
    return re.split(r"[*?\[]", pattern, maxsplit=1)[0]


def choose(comparison: Comparison, only: Sequence[str], ignore: Sequence[str]) -> Comparison:
    """The comparison of the ids that are asked for; ``*`` crosses the dots, and a subject stands for all its aspects."""
    if not only and not ignore:
        return comparison

    unknown = {one.id for one in comparison.not_comparable}
    every = {found.id for found in comparison.divergences} | unknown
    ids = {identifier for identifier in every if not only or any(fits(name, only) for name in _names(identifier, comparison))}
    ids |= {identifier for identifier in unknown if concerns(identifier, only)}
    causes = {found.id: found.cause for found in comparison.divergences}
    for identifier in list(ids):  # what explains them belongs to them
        cause = causes.get(identifier)
        while cause in every and cause not in ids:
            ids.add(cause)
            cause = causes.get(cause)
    kept = {identifier for identifier in ids if not _is_ignored(identifier, ignore)}
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
        coverage={
            **comparison.coverage,
            **{
                side: {kind: known for kind, known in comparison.coverage[side].items() if not only or concerns(kind, only)}
                for side in ("a", "b")
            },
        },
    )


def _names(identifier: str, comparison: Comparison) -> list[str]:
    """An id under every name that its subject has on a side."""
    subject, slash, aspect = identifier.partition("/")
    names = {subject: None}
    for side in (comparison.a, comparison.b):
        known = side.canonical(subject)
        names.update(dict.fromkeys(side.names(known)) if known is not None else {})
    return [f"{name}{slash}{aspect}" for name in names]


def _is_ignored(identifier: str, ignore: Sequence[str]) -> bool:
    """Whether an id is ignored: of a family, whether all that it is about is."""
    modules = canonical.FAMILIES.get(identifier, ())
    return fits(identifier, ignore) or (bool(modules) and all(fits(f"{module}.*", ignore) for module in modules))


def strangers(comparison: Comparison, patterns: Sequence[str]) -> list[str]:
    """The patterns that no symbol and nothing measured of either side fits: what they are about isn't there, or is misspelt."""
    subjects = {
        name
        for side in (comparison.a, comparison.b)
        for name in (*(name for known in side.api.symbols for name in side.names(known)), *side.subjects())
    }
    return [pattern for pattern in patterns if not pattern.startswith(_AROUND) and not _is_known(pattern, subjects)]


def _is_known(pattern: str, subjects: set[str]) -> bool:
    wanted = pattern.partition("/")[0]
    start = _start(wanted)
    return wanted in subjects if start == wanted else any(subject.startswith(start) for subject in subjects)
