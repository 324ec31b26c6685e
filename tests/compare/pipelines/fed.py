"""Pipelines as the probe measures them, made of arrays in this process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from kerasdiff.compare.divergence import Findings
from kerasdiff.compare.pipelines import compare as pipelines
from kerasdiff.fingerprint.pipeline import Pipeline, Stage
from kerasdiff.knowledge.load import tolerances
from kerasdiff.probe.pipeline import elements, measure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kerasdiff.compare.divergence import Divergence

Array = np.ndarray[Any, Any]


def stage(epochs: Iterable[Iterable[Any]], name: str = "") -> Stage:
    """What the probe finds of a stage that gives these batches."""
    measuring = measure.Stage(name, np)
    for epoch in epochs:
        measuring.begin()
        for batch in epoch:
            measuring.add(elements.parts(batch, np))
        measuring.end()
    return msgspec.convert(json.loads(json.dumps(measuring.facts())), Stage)


def batches(*arrays: Array, size: int = 8, order: Iterable[int] | None = None) -> list[Any]:
    """Arrays in batches: each alone, or a tuple of several."""
    places = list(range(len(arrays[0])) if order is None else order)
    found = [tuple(array[places[at : at + size]] for array in arrays) for at in range(0, len(places), size)]
    return [batch[0] for batch in found] if len(arrays) == 1 else found


def fed(*arrays: Array, size: int = 8, order: Iterable[int] | None = None) -> Pipeline:
    """A pipeline that gives arrays, the same in two epochs."""
    given = batches(*arrays, size=size, order=None if order is None else list(order))
    return piped(stage([given, given]))


def piped(*stages: Stage) -> Pipeline:
    """A pipeline of stages."""
    return Pipeline(name="data:train", state="value", stages=list(stages))


def found(a: Pipeline | None, b: Pipeline | None) -> dict[str, Divergence]:
    """The divergences between two pipelines, by id."""
    findings = Findings(tolerances())
    pipelines.compare(a, b, findings)
    return findings.divergences
