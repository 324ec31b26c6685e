"""Names of the shipped releases, written as requirements: ``tensorflow==2.15``, ``keras==3.8+jax``."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from kerasdiff.errors import KerasdiffError
from kerasdiff.knowledge.load import locations
from kerasdiff.probe.apis import TABLE
from kerasdiff.probe.choice import is_independent
from kerasdiff.probe.names import normalized
from kerasdiff.releases.shelf import Step, lines, releases, unavailable
from kerasdiff.text import listed, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: What marks a name.
MARK = "=="
#: The backend that is meant where none is said, if there is a release on it.
USUAL = "tensorflow"

#: Characters of a name at most.
_LONGEST = 200
#: Names that an error lists.
_MOST = 8
_SEE = "kerasdiff releases lists them"

_REQUIREMENT = re.compile(r"\s*(?P<package>[A-Za-z0-9][\w.-]*?)\s*(?:\[[^\]]*\])?\s*(?P<versions>[<>=~!].*)", re.S)
_NUMBER = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})*")
_ASKED = re.compile(
    rf"==+\s*(?P<version>{_NUMBER.pattern})(?:\.\*)?\s*"
    rf"(?:\+\s*(?P<backend>[A-Za-z][\w-]*)\s*(?:==\s*(?P<of_backend>{_NUMBER.pattern})(?:\.\*)?\s*)?)?"
)
#: How releases that aren't shipped are called: as those that are, by folder or by requirement.
_UNAVAILABLE = re.compile(rf"(?P<package>.+?)(?:==|-)(?P<version>{_NUMBER.pattern})[^+]*(?:\+(?P<backend>[A-Za-z]+).*)?")

_Number = tuple[int, ...]


class ReleaseError(KerasdiffError):
    """No shipped release is named so."""


class Name(NamedTuple):
    """A package at a version, and the step of a line that it is."""

    package: str
    version: str
    backend: str
    of_backend: str
    keras: _Number
    step: Step

    @property
    def number(self) -> _Number:
        """The version, to be put in order."""
        return _number(self.version)

    @property
    def newness(self) -> tuple[_Number, int, _Number, _Number]:
        """The greater the newer; of one TensorFlow its own Keras comes first, then the newest of its own version."""
        return self.number, -TABLE["order"].index(self.step.api), self.keras, _number(self.of_backend)

    def spelled(self) -> list[str]:
        """The ways to write it, the shortest first."""
        short = f"{_written(self.package)}{MARK}{self.version}"
        return [short, f"{short}+{self.backend}", f"{short}+{self.backend}{MARK}{self.of_backend}"]

    @property
    def called(self) -> str:
        """How it is told, shipped or not."""
        return _shortest(self) or self.spelled()[self.backend != USUAL]


def is_name(text: str) -> bool:
    """Whether a text names a release, or a range of them, and no file: ``==`` marks a name, a folder a file."""
    if "/" in text or "\\" in text:
        return False
    found = _REQUIREMENT.fullmatch(text)
    return MARK in text or (found is not None and canonical(found["package"]) in {one.package for one in _names()})


def find(text: str) -> Step:
    """The release that a text names, and its API that the name implies.

    Raises `ReleaseError` with what nearly fits.
    """
    shown = visible(text, _LONGEST)
    written = _REQUIREMENT.fullmatch(text) if len(text) <= _LONGEST else None
    if written is None:
        _refuse(shown, f"names no release; write PACKAGE==VERSION, as {_newest(_names())}")
    package = canonical(written["package"])
    known = [one for one in _names() if one.package == package]
    if not known:
        _refuse(shown, f"names no release; {_packages(package, written['versions'])}")
    asked = _ASKED.fullmatch(written["versions"])
    if asked is None:
        _refuse(shown, _ranged(written, known))
    version, backend = _number(asked["version"]), (asked["backend"] or "").lower()
    there = [one for one in known if _fits(version, one.number)]
    wanted = _on(there, backend, _number(asked["of_backend"] or ""))
    backends = sorted({one.backend for one in wanted})
    if not backend and USUAL in backends:
        wanted = [one for one in wanted if one.backend == USUAL]
    elif len(backends) > 1:
        _refuse(shown, f"is shipped on {' and '.join(backends)}; say on which, as {text.strip()}+{backends[0]}")
    if not wanted:
        _refuse(shown, _lacking(package, version, backend, known, there))
    return max(wanted, key=lambda one: one.newness).step


def name(step: Step) -> str:
    """The name of a step of a line, by the package of its API."""
    return names(step)[0]


@cache
def names(step: Step) -> list[str]:
    """Every name of a step, each the shortest for its package; by the package of its API first."""
    return _told(one for one in _names() if one.step == step)


def own(step: Step) -> Name:
    """A step by the package of its API."""
    return next(one for one in _names() if one.step == step)


def unshipped(text: str) -> Name | None:
    """What a text names that isn't shipped, with the nearest step that is; None where nothing is named."""
    written = _REQUIREMENT.fullmatch(text) if len(text) <= _LONGEST else None
    asked = _ASKED.fullmatch(written["versions"]) if written is not None else None
    if written is None or asked is None or asked["of_backend"]:
        return None
    backend = (asked["backend"] or "").lower()
    known = [one for one in _names() if one.package == canonical(written["package"])]
    known = _on(known, backend or USUAL, ()) or ([] if backend else known)
    return near(asked["version"], known) if known else None


def near(version: str, known: Iterable[Name]) -> Name:
    """A version with the nearest step: the newest of the same minor version, else the one before, else the first after."""
    number = _number(version)
    order = sorted(known, key=lambda one: one.newness)
    like = [one for one in order if one.number[:2] == number[:2]]
    before = [one for one in order if one.number <= number]
    best = (like or before or order[:1])[-1]
    return best._replace(version=version)


def steps() -> list[Step]:
    """The shipped releases, each through every API that people use of it."""
    return list(dict.fromkeys(one.step for one in _names()))


def is_named_for(step: Step) -> bool:
    """Whether a release is named for this API of it, whose day of release it then has."""
    package, version = step.release.partition("+")[0].rpartition("-")[::2]
    return any((one.package, one.version) == (package, version) for one in _names() if one.step == step)


@cache
def _names() -> tuple[Name, ...]:
    """What every shipped step can be called: by the package of its API first, then by its TensorFlow, and its inner Keras."""
    found = []
    for step in dict.fromkeys(step for line in lines().values() for step in line):
        row = releases().get(step.release)
        known = row.apis.get(step.api) if row else None
        if row is None or known is None or known.version is None:
            continue
        backend, of_backend = known.backend or "", plain(known.backend_version)
        versions = {canonical(TABLE["apis"][step.api]["package"]): plain(known.version)}
        if backend == USUAL:
            versions[USUAL] = of_backend
        inner = row.apis.get("keras")
        if inner is not None and inner.version and not is_independent(inner.version):
            versions["keras"] = plain(inner.version)
        keras = _number(known.version)
        found += [Name(package, version, backend, of_backend, keras, step) for package, version in versions.items()]
    return tuple(found)


def _shortest(one: Name) -> str | None:
    """The shortest way to write it; None where another step is meant by all."""
    return next((way for way in one.spelled() if _is_meant(way, one.step)), None)


def _is_meant(way: str, step: Step) -> bool:
    try:
        return find(way) == step
    except ReleaseError:
        return False


def canonical(text: str) -> str:
    """A package's canonical name, one of TensorFlow's distributions as TensorFlow."""
    known = normalized(text)
    return next((main for main, *others in locations().backends.values() if known in others), known)


def _written(package: str) -> str:
    """A package as people write it."""
    written = [str(route["package"]) for route in TABLE["apis"].values()]
    return next(one for one in written if canonical(one) == package)


def plain(version: str | None) -> str:
    """The numbers of a version, without its build."""
    found = _NUMBER.match(version or "")
    return found.group() if found else ""


def _number(version: str) -> _Number:
    return tuple(map(int, plain(version).split("."))) if plain(version) else ()


def _fits(asked: _Number, number: _Number) -> bool:
    return number[: len(asked)] == asked


def _on(known: Iterable[Name], backend: str, version: _Number) -> list[Name]:
    """Those on a backend, where one is said."""
    return [one for one in known if backend in ("", one.backend) and _fits(version, _number(one.of_backend))]


def _refuse(shown: str, why: str) -> NoReturn:
    message = f"{shown}: {why}"
    raise ReleaseError(message)


def _newest(known: Iterable[Name]) -> str:
    """The name of the newest, as an example."""
    best = max(known, key=lambda one: (one.backend == USUAL, one.package != USUAL, one.newness))
    return names(best.step)[0]


def _packages(package: str, versions: str) -> str:
    """What there is, for a package of which there is nothing."""
    from difflib import get_close_matches

    every = sorted({one.package for one in _names()})
    near = get_close_matches(package, every, 1)
    backends = sorted({one.backend for one in _names()})
    if near:
        return f"did you mean {_written(near[0])}{visible(versions, 60)}?"
    if package in backends:
        one = _newest([one for one in _names() if one.backend == package])
        return f"it is a backend; write Keras on it, as {one}"
    return f"there are {', '.join(map(_written, every))}; {_SEE}"


def _ranged(written: re.Match[str], known: Sequence[Name]) -> str:
    """What a range holds; or that it is none."""
    versions = written["versions"]
    # Imported here: it costs more than all other work on a name.
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    if versions.startswith("=") and not versions.startswith(MARK):
        return f"names no release; write {written['package']}={visible(versions)}"
    try:
        asked = SpecifierSet(versions)
    except (InvalidSpecifier, ValueError):
        return f"names no release; write PACKAGE==VERSION, as {_newest(known)}"
    inside = sorted((one for one in known if asked.contains(one.version, prereleases=True)), key=lambda one: one.newness)
    inside = [one for one in inside if one.backend == USUAL] or inside
    if not inside:
        return f"no shipped release fits; {_SEE}"
    return f"is no single release; those that fit are {listed(_told(inside), _MOST)}"


def _told(known: Iterable[Name]) -> list[str]:
    """How they are written."""
    return list(dict.fromkeys(way for one in known if (way := _shortest(one)) is not None))


def _lacking(package: str, version: _Number, backend: str, known: Sequence[Name], there: Sequence[Name]) -> str:
    """Why a version isn't shipped, and what nearly fits."""
    told = "isn't shipped"
    backends = sorted({one.backend for one in known})
    if backend and backend not in backends:
        from difflib import get_close_matches

        near = get_close_matches(backend, backends, 1)
        told = f"isn't shipped on {backend}: {f'did you mean {near[0]}?' if near else 'there are ' + ', '.join(backends)}"
        return f"{told}{_why(package, version, backend)}"
    around = _on((one for one in known if _shortest(one)), backend, ())
    below = sorted((one for one in around if one.number < version), key=lambda one: (one.number, one.backend == USUAL))
    above = sorted((one for one in around if one.number > version), key=lambda one: (one.number, one.backend != USUAL))
    near = _told(_on(there, backend, ()) or [*below[-1:], *there, *above[:1]])
    return f"{told}{_why(package, version, backend)}; nearest {'is' if len(near) == 1 else 'are'} {listed(near, _MOST)}; {_SEE}"


def _why(package: str, version: _Number, backend: str) -> str:
    """The reason, where one is known."""
    for called, reason in unavailable().items():
        found = _UNAVAILABLE.fullmatch(called)
        if found is None or canonical(found["package"]) != package:
            continue
        number = _number(found["version"])
        if (_fits(version, number) or _fits(number, version)) and backend in ("", (found["backend"] or backend).lower()):
            return f" ({visible(reason)})"
    return ""
