"""The shipped fingerprints: what there is, and the lines in which people move from one to the next."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from kerasdiff.fingerprint.load import load

if TYPE_CHECKING:
    from kerasdiff.fingerprint.document import Fingerprint


class Implementation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An API of a shipped release."""

    version: str | None
    backend: str | None
    backend_version: str | None


class Release(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the manifest says of a shipped release."""

    released: str
    """The day on which its Keras came out, as 2019-10-07."""
    python: str
    apis: dict[str, Implementation]
    requirements: list[str]
    """The pins that its environment was built from."""
    recipe: str
    """Digest of all that decides what a build of the environment makes."""
    bytes: int
    sha256: str
    differs: list[str]
    """What differed between its two captures: ids, each behind its API and a colon."""


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An API of a shipped release, as a place in a line."""

    release: str
    api: str


class _Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    releases: dict[str, Release]
    unavailable: dict[str, str]


@cache
def releases() -> dict[str, Release]:
    """The shipped releases by name, the oldest of each line of Keras first."""
    return _manifest().releases


def unavailable() -> dict[str, str]:
    """Why releases that people may look for aren't shipped, by name."""
    return _manifest().unavailable


@cache
def lines() -> dict[str, tuple[Step, ...]]:
    """The lines of Keras, each from the oldest release to the newest; every API of a release that people use stands in one."""
    return msgspec.json.decode(_folder().joinpath("lines.json").read_bytes(), type=dict[str, tuple[Step, ...]])


@cache
def moves() -> tuple[tuple[Step, Step], ...]:
    """Where people move from one line to another: to another API, generation or backend."""
    rows = msgspec.json.decode(_folder().joinpath("moves.json").read_bytes(), type=tuple[dict[str, Step], ...])
    return tuple((row["a"], row["b"]) for row in rows)


@cache
def release(name: str) -> Fingerprint:
    """The fingerprint of a shipped release."""
    return load(file(name))


def file(name: str) -> Path:
    """The file of a shipped release."""
    return Path(str(_folder().joinpath(f"{name}.json.gz")))


@cache
def _manifest() -> _Manifest:
    return msgspec.json.decode(_folder().joinpath("manifest.json").read_bytes(), type=_Manifest)


def _folder() -> resources.abc.Traversable:
    return resources.files(__package__)
