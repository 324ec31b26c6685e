"""The index of the shipped fingerprints: what became of every fact from release to release, and what each step changed.

Made by ``python -m tests.lab index``; a test checks that it is what the files give. Read are only the parts that are asked for:
subjects stand in a file for each first part of their names.
"""

from __future__ import annotations

import os
import zlib
from functools import cache
from typing import Any

import msgspec

FOLDER = os.path.join(os.path.dirname(__file__), "indexed")

#: States of a fact besides `VALUE`.
VALUE = ""
ABSENT = "absent"
"""The release has no such symbol, parameter, key or setting."""
NOT_MEASURED = "not measured"
UNSTABLE = "unstable"
UNKNOWN = "unknown"
REQUIRED = "required"


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An API of a shipped release in a line of Keras."""

    line: str
    release: str
    api: str
    version: str | None
    backend: str | None
    backend_version: str | None
    released: str
    """The day on which its Keras came out."""


class Run(msgspec.Struct, frozen=True, array_like=True):
    """What a declared fact is from the place ``at`` on, up to the next run."""

    at: int
    state: str = VALUE
    value: Any = None
    name: str = ""
    """What it is called there, where that is another name."""


class Behaviour(msgspec.Struct, frozen=True, array_like=True):
    """Measured facts that changed together: their aspects, and what they are from each place on.

    A letter is a class of behaviour, ``A`` the first: in two places of one letter they agree within the tolerances. What isn't
    a letter is a state, or the value of what is compared as text.
    """

    aspects: tuple[str, ...]
    runs: tuple[tuple[int, str], ...]


class Change(msgspec.Struct, frozen=True, array_like=True):
    """A divergence of a subject at a step."""

    step: int
    aspect: str
    effect: str
    title: str
    reason: int = -1
    """The place of its reason among those of the step; -1 where it is ``info`` and no rule knows it."""
    is_root: bool = True
    """Whether nothing else explains it."""
    scaled: float | str | None = None
    remedy: str | None = None
    """What to write in the newer release, where its rule doesn't say it."""


class Subject(msgspec.Struct, frozen=True, array_like=True):
    """What became of a subject in all lines."""

    name: str
    """Its canonical name in the newest release that has it."""
    names: tuple[str, ...]
    """Its other names, in any release."""
    facts: dict[str, tuple[Run, ...]]
    """Declared: by aspect, as ``parameter.units``."""
    behaviours: tuple[Behaviour, ...]
    changes: tuple[Change, ...]


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """A subject of which as yet nothing but the names was read."""

    name: str
    names: tuple[str, ...]
    subject: msgspec.Raw

    def read(self) -> Subject:
        """The whole of it."""
        return msgspec.json.decode(self.subject, type=Subject)


class Told(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A reason behind what a step changed: see `kerasdiff.report.reasons`."""

    effect: str
    subject: str
    """The worst of its subjects."""
    said: str
    """What is said where no rule says more."""
    rule: str | None = None
    measured: str = ""
    """Size and phases, as reports tell them."""
    remedy: str | None = None
    subjects: int = 1
    named: tuple[str, ...] = ()
    """The first few of them."""


class Move(msgspec.Struct, frozen=True):
    """A step from one place to another: to the next release of its line, or from one line to another."""

    a: int
    b: int
    counts: dict[str, int]
    """Divergences by effect."""
    not_comparable: int
    reasons: msgspec.Raw
    """See `reasons`: most questions are about few of them."""


class Contents(msgspec.Struct, frozen=True):
    """What the index is of."""

    places: tuple[Place, ...]
    sources: dict[str, str]
    """The digest of each fingerprint that it was made from, by release."""
    files: dict[str, tuple[str, ...]]
    """By the first part of any name that a subject ever had: the files with such subjects."""


class Side(msgspec.Struct, frozen=True):
    """An API of an environment, with versions."""

    api: str
    version: str | None
    backend: str | None
    backend_version: str | None


class Stock(msgspec.Struct, frozen=True):
    """Every API of every release, and a digest of its facts: see `kerasdiff.releases.outline`."""

    places: tuple[tuple[str, str], ...]
    """Release and API."""
    sides: tuple[Side, ...]
    """Of each place, the versions."""
    wholes: tuple[str, ...]
    """Of each place, the digest of all."""
    sizes: tuple[int, ...]
    """Of each place, the number of facts."""


@cache
def contents() -> Contents:
    """The places of the index, and where everything stands in it."""
    return msgspec.json.decode(_read("contents"), type=Contents)


@cache
def moves() -> tuple[Move, ...]:
    """All steps."""
    return msgspec.json.decode(_read("moves"), type=tuple[Move, ...])


@cache
def reasons(step: int) -> tuple[Told, ...]:
    """The reasons for what a step changes, by its place among all."""
    return msgspec.json.decode(moves()[step].reasons, type=tuple[Told, ...])


@cache
def stock() -> Stock:
    """Every API of every release."""
    return msgspec.json.decode(_read("stock"), type=Stock)


@cache
def holders() -> dict[str, dict[str, str]]:
    """Of each fact, by digest: the places of `stock` that have it so, as bits of a hexadecimal number."""
    return msgspec.json.decode(_read("holders"), type=dict[str, dict[str, str]])


@cache
def entries(file: str) -> tuple[Entry, ...]:
    """The subjects of a file of the index."""
    return msgspec.json.decode(_read(file), type=tuple[Entry, ...])


def _read(name: str) -> bytes:
    with open(os.path.join(FOLDER, f"{name}.json.gz"), "rb") as stream:
        return zlib.decompress(stream.read(), wbits=31)
