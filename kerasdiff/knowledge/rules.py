"""What is known of a divergence beyond the fingerprints: its reason and what to write in B, as data, one rule a file."""

from __future__ import annotations

import os
import re
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from kerasdiff.knowledge.load import Effect

if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDER = Path(__file__).with_name("rules")
_WILDCARDS = frozenset("*?[")
#: What stands for something else in a regular expression, but for ``|``.
_META = frozenset(".^$*+?{}[]()\\")


class Pattern(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which divergences a rule is about. What isn't said fits all; of a list one must fit.

    ``subject`` and ``aspect`` are names with ``*`` for anything. ``effect``, ``a`` and ``b`` are values. ``title`` is a regular
    expression found in the title.
    """

    subject: list[str] = msgspec.field(default_factory=lambda: ["*"])
    aspect: list[str] = msgspec.field(default_factory=lambda: ["*"])
    not_subject: list[str] = []
    effect: list[Effect] = []
    a: list[Any] = []
    b: list[Any] = []
    title: str = ""

    def fits(self, found: Any) -> bool:
        """Whether a divergence is one of these."""
        return bool(
            (not self.effect or found.effect in self.effect)
            and (not self.a or any(_equal(found.a, value) for value in self.a))
            and (not self.b or any(_equal(found.b, value) for value in self.b))
            and _is_one_of(found.subject, self.subject)
            and _is_one_of(found.aspect, self.aspect)
            and not _is_one_of(found.subject, self.not_subject)
            and (not self.title or _says(found.title, self.title))
        )


class Where(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An environment that a rule is about: its API's names, its backends, and versions, as ``>=3.0``."""

    api: list[str] = []
    backend: list[str] = []
    version: str = ""
    packages: dict[str, str] = {}
    """Versions of packages, by name."""
    device: list[str] = []
    """What the backend computes on: ``CPU``, ``GPU``, ``TPU``."""

    def fits(self, api: str, backend: str | None, version: str | None, packages: dict[str, str], device: str = "CPU") -> bool:
        """Whether an environment is one of these."""
        return (
            (not self.api or api in self.api)
            and (not self.backend or backend in self.backend)
            and (not self.device or device in self.device)
            and within(version, self.version)
            and all(within(packages.get(name), wanted) for name, wanted in self.packages.items())
        )


class Correction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another effect than the evidence alone gives, and why."""

    effect: Effect
    why: str


class Restore(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A remedy that can be tried: arguments for the object in B, or code that defines another object of its name.

    The code has the API as ``keras``.
    """

    arguments: dict[str, Any] = {}
    code: str = ""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A piece of knowledge about divergences.

    ``title`` says what happened in a sentence, ``why`` for what reason, ``remedy`` what to write in B to keep A's behaviour.
    ``references`` say so, each opened and read. ``releases``: in which the change came.
    """

    code: str
    title: str
    matches: list[Pattern]
    why: str
    references: list[str]
    releases: str
    a: Where = Where()
    b: Where = Where()
    remedy: str | None = None
    restore: Restore | None = None
    correction: Correction | None = None

    def matching(self, found: Any) -> bool:
        """Whether a divergence is one that the rule explains; where it was found is asked with `Where.fits`."""
        return any(pattern.fits(found) for pattern in self.matches)


class Index:
    """Rules by what they are about: of hundreds, few can be about one subject."""

    def __init__(self, known: Sequence[Rule]) -> None:
        self._known = known
        self._about: dict[str, dict[str, list[tuple[int, Pattern]]]] = {}
        """By the first part of an aspect and by subject; in both places nothing stands for all."""
        for place, one in enumerate(known):
            for pattern in one.matches:
                subjects = {_exact(name) for name in pattern.subject}
                for kind in {_first(name) for name in pattern.aspect}:
                    about = self._about.setdefault(kind, {})
                    for subject in subjects:
                        about.setdefault(subject, []).append((place, pattern))

    def first(self, found: Any) -> Rule | None:
        """The first of the rules that explains a divergence."""
        best: int | None = None
        near = (found.subject, found.subject.partition(".")[0], "")
        for kind in (found.aspect.partition(".")[0], ""):
            for name in near if kind in self._about else ():
                for place, pattern in self._about[kind].get(name, ()):
                    if best is not None and place >= best:
                        break
                    if pattern.fits(found):
                        best = place
                        break
        return None if best is None else self._known[best]


def _exact(pattern: str) -> str:
    """What a pattern says without a wildcard: a subject, or its module; empty where that may be any."""
    return pattern if _WILDCARDS.isdisjoint(pattern) else _first(pattern)


def _first(pattern: str) -> str:
    """The first part of a name, before a dot; empty where it has a wildcard."""
    first = pattern.partition(".")[0]
    return first if _WILDCARDS.isdisjoint(first) else ""


def _is_one_of(name: str, patterns: list[str]) -> bool:
    if name in patterns:
        return True
    for one in patterns:
        head, star, tail = one.partition("*")
        if _WILDCARDS.isdisjoint(head + tail):  # most: no regular expression is made for them
            if star and name.startswith(head) and name.endswith(tail, len(head)):
                return True
        elif fnmatchcase(name, one):
            return True
    return False


def _says(text: str, wanted: str) -> bool:
    """Whether a regular expression is found; one of plain words and ``|`` isn't compiled, which costs more than to look."""
    if _META.isdisjoint(wanted):
        return any(part in text for part in wanted.split("|"))
    return re.search(wanted, text) is not None


def _equal(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


@cache
def within(version: str | None, wanted: str) -> bool:
    """Whether a version is one of those wanted, as ``>=2.11,<3``; an unknown one only where none is said."""
    if not wanted:
        return True
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

    try:
        # tf.keras of TensorFlow 1 calls itself 2.2.4-tf, which is no version.
        known = None if version is None else Version(version.removesuffix("-tf"))
    except ValueError:  # InvalidVersion is one, and so is a number of too many digits
        return False
    return known is not None and SpecifierSet(wanted, prereleases=True).contains(known)


@cache
def rules() -> tuple[Rule, ...]:
    """All rules, by code. Raises `msgspec.ValidationError` where a file is no rule."""
    return tuple(map(_read, _files().values()))


@cache
def rule(code: str) -> Rule | None:
    """The rule with this code."""
    return _read(_files()[code]) if code in _files() else None


@cache
def _files() -> dict[str, str]:
    """The names of the files, by code; in its order."""
    return {name.partition("-")[0]: name for name in sorted(os.listdir(FOLDER)) if name.endswith(".json")}


@cache
def _read(name: str) -> Rule:
    with open(f"{FOLDER}/{name}", "rb", buffering=0) as file:
        return msgspec.json.decode(file.read(), type=Rule)
