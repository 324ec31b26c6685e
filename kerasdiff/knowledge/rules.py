"""What is known of a divergence beyond the fingerprints: its reason and what to write in B, as data, one rule a file."""

from __future__ import annotations

import re
from fnmatch import translate
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import msgspec

from kerasdiff.knowledge.load import Effect

FOLDER = Path(__file__).with_name("rules")


class Pattern(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
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

    @cached_property
    def _compiled(self) -> tuple[re.Pattern[str], ...]:
        return (_any(self.subject), _any(self.aspect), _any(self.not_subject), re.compile(self.title))

    def fits(self, found: Any) -> bool:
        """Whether a divergence is one of these."""
        subject, aspect, not_subject, title = self._compiled
        return bool(
            subject.match(found.subject)
            and aspect.match(found.aspect)
            and not not_subject.match(found.subject)
            and (not self.effect or found.effect in self.effect)
            and (not self.a or any(_equal(found.a, value) for value in self.a))
            and (not self.b or any(_equal(found.b, value) for value in self.b))
            and title.search(found.title)
        )


class Where(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An environment that a rule is about: its API's names, its backends, and versions, as ``>=3.0``."""

    api: list[str] = []
    backend: list[str] = []
    version: str = ""
    packages: dict[str, str] = {}
    """Versions of packages, by name."""

    def fits(self, api: str, backend: str | None, version: str | None, packages: dict[str, str]) -> bool:
        """Whether an environment is one of these."""
        return (
            (not self.api or api in self.api)
            and (not self.backend or backend in self.backend)
            and _within(version, self.version)
            and all(_within(packages.get(name), wanted) for name, wanted in self.packages.items())
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


def _any(names: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(translate(name) for name in names) or r"(?!)")


def _equal(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def _within(version: str | None, wanted: str) -> bool:
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
    return tuple(map(_read, _files()))


@cache
def rule(code: str) -> Rule | None:
    """The rule with this code."""
    return next((_read(name) for name in _files() if name.startswith(f"{code}-")), None)


@cache
def _files() -> tuple[str, ...]:
    return tuple(sorted(file.name for file in FOLDER.iterdir() if file.suffix == ".json"))


@cache
def _read(name: str) -> Rule:
    return msgspec.json.decode((FOLDER / name).read_bytes(), type=Rule)
