"""Narrows a comparison to the ids that are asked for."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kerasdiff.compare.engine import Comparison


def fits(identifier: str, patterns: Sequence[str]) -> bool:
    """Whether an id, or its subject, fits one of the patterns, in which ``*`` is anything."""
    subject = identifier.partition("/")[0]
    return any(fnmatchcase(identifier, pattern) or fnmatchcase(subject, pattern) for pattern in patterns)


def choose(comparison: Comparison, only: Sequence[str], ignore: Sequence[str]) -> Comparison:
    """The comparison of the ids that are asked for; ``*`` crosses the dots, and a subject stands for all its aspects."""
    if not only and not ignore:
        return comparison

    every = {found.id for found in comparison.divergences} | {unknown.id for unknown in comparison.not_comparable}
    ids = {identifier for identifier in every if not only or fits(identifier, only)}
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
        not_comparable=[unknown for unknown in comparison.not_comparable if unknown.id in kept],
        ignored=len(ids) - len(kept),
    )
