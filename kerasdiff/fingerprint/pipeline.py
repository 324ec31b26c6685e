"""What a pipeline of the user's feeds, as it stands in a fingerprint."""

from __future__ import annotations

from typing import Any

import msgspec

Number = float | str
"""A number; ``nan``, ``inf`` and ``-inf`` as text."""


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the documents here."""


class Batches(Fact, frozen=True, kw_only=True):
    """How many there are, as far as an epoch was gone through."""

    count: int = 0
    size: int = 0
    """Samples of the largest."""
    last: int = 0
    """Samples of the last one."""
    samples: int = 0
    complete: bool = False
    """Whether the epoch ended before the bounds of what is measured."""


class Order(Fact, frozen=True, kw_only=True):
    """In which order the samples come, by digests of all their parts together."""

    digest: str = ""
    set: str = ""
    """The digest of the same samples in whatever order."""
    samples: list[str] = []
    """Of the first ones."""
    second: str | None = None
    """How the second epoch lies to the first: ``same``, ``reshuffled`` or ``other samples``."""
    moves: str | None = None
    """Where samples go between epochs: ``within batches``, ``batches`` (with their batch) or ``across batches``."""
    unstable: bool = False
    """Whether another process gives another order."""


class Samples(Fact, frozen=True, kw_only=True):
    """One entry for each of the first samples."""

    digests: list[str] = []
    means: list[Number] = []
    stds: list[Number] = []


class Kept(Fact, frozen=True, kw_only=True):
    """Some of the numbers of a sample; `kerasdiff.probe.pipeline.grid` says which."""

    role: str
    """Why it was kept: ``first 0``, ``steadiest`` and ``liveliest`` (of least and of most deviation)."""
    index: int
    shape: list[int]
    values: list[Number]
    blocks: list[Number] = []
    """Means of eight by eight blocks of an image."""
    patch: list[Number] = []
    """The middle of an image, where not all of it is kept."""


class Part(Fact, frozen=True, kw_only=True):
    """One array of each batch: ``x``, ``y``, ``x.tokens``."""

    dtype: str
    shape: list[int]
    """Of a sample."""
    shapes: int = 1
    """How many shapes samples have."""
    set: str = ""
    samples: Samples = Samples()
    statistics: dict[str, Number] = {}
    """``min``, ``max``, ``mean``, ``std``; how many ``numbers``, ``zeros``, ``nan``, ``infinite``, ``fractions`` there are."""
    channels: dict[str, dict[str, list[Number]]] = {}
    """``mean`` and ``std`` along the ``first`` and the ``last`` axis of a sample."""
    kept: list[Kept] = []
    unstable: dict[str, Number] | None = None
    """The statistics in another process, where that gives other values."""


class Stage(Fact, frozen=True, kw_only=True):
    """What a stage gives; one without a name is all there is."""

    name: str
    batches: Batches = Batches()
    order: Order = Order()
    parts: dict[str, Part] = {}


class Pipeline(Fact, frozen=True, kw_only=True):
    """A pipeline that was measured, or why it wasn't."""

    name: str
    """``package.module:function``."""
    state: str
    type: str = ""
    message: str = ""
    where: str = ""
    """The line of the user's own that failed."""
    kind: str = ""
    stages: list[Stage] = []


def failure(found: Pipeline) -> str:
    """What became of a pipeline that has no value, in a line."""
    what = f"{found.type}: {found.message}" if found.type else f"{found.state}: {found.message}"
    return f"{what} ({found.where})" if found.where else what


def number(value: Any) -> float:
    """A number as it stands in a fingerprint; NaN where it is none."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return float("nan")
