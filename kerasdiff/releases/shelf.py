"""The shipped fingerprints, in the order in which people have moved from one to the next."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import msgspec

from kerasdiff.fingerprint.load import load

if TYPE_CHECKING:
    from kerasdiff.fingerprint.document import Fingerprint


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An API of a shipped release."""

    release: str
    api: str


class _Index(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    history: list[Step]


@cache
def history() -> tuple[Step, ...]:
    """The releases from the oldest to the newest; one may stand twice, with an API each."""
    return tuple(msgspec.json.decode(_folder().joinpath("index.json").read_bytes(), type=_Index).history)


@cache
def release(name: str) -> Fingerprint:
    """The fingerprint of a shipped release."""
    return load(str(_folder().joinpath(f"{name}.json.gz")))


def _folder() -> resources.abc.Traversable:
    return resources.files(__package__)
