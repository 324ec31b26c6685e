"""Compares two saved models: layers, arguments, weights, and what they were compiled with. A pure function."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from kerasdiff.compare import configured, layered
from kerasdiff.compare.divergence import divergence
from kerasdiff.compare.engine import Comparison
from kerasdiff.compare.layered import InModels
from kerasdiff.compare.side import Side
from kerasdiff.compare.values import brief, same
from kerasdiff.fingerprint.document import SCHEMA, Api, Captured, Fingerprint
from kerasdiff.knowledge.load import Effect, tolerances

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.models.document import Layer, SavedModel

#: Subjects that are no layers.
MODEL, OPTIMIZER, COMPILE = "saved_model", "saved_model.optimizer", "saved_model.compile"


class ModelSide(Side):
    """A saved model as a side of a comparison: its writer is the environment that it stands for."""

    def __init__(self, model: SavedModel) -> None:
        told = model.writer
        api = Api(version=told.keras, backend=told.backend, backend_version=told.tensorflow)
        empty = Fingerprint(schema=SCHEMA, label=model.file, captured=Captured(), digests={}, apis={"keras": api})
        super().__init__(empty, "keras")
        self.model = model

    @property
    def sentence(self) -> str:
        """The file and what wrote it."""
        return f"{self.model.file}: {super().sentence}"


def compare(a: SavedModel, b: SavedModel) -> Comparison:
    """Every divergence between two saved models; a subject is the path of a layer, by A's names."""
    findings = InModels(tolerances(), is_ordered=not {a.format, b.format} & {"saved_model", "checkpoint"})
    layered.compare(_tops(a), _tops(b), "", findings)
    if a.model is not None and b.model is not None:
        layered.compare_class(MODEL, a.model, b.model, findings)
        layered.compare_weights(MODEL, a.model, b.model, findings)
        _optimizers(a, b, findings)
        _compiled(a, b, findings)
    counted = {
        name: {"layers": {"layers": len(list(model.walk()))}, "weights": {"weights": len(model.weights)}}
        for name, model in (("a", a), ("b", b))
    }
    found = sorted(_explained(findings.divergences), key=lambda one: (one.effect.rank, one.cause is not None, one.id))
    return Comparison(
        a=ModelSide(a),
        b=ModelSide(b),
        divergences=found,
        not_comparable=findings.not_comparable,
        coverage={"compared": counted["a"]["layers"]["layers"], **counted},
        context={"packages": _versions(a, b), "runtime": _formats(a, b), "conflicts": {"a": [], "b": []}},
        of="models",
    )


def _explained(found: dict[str, Divergence]) -> Iterator[Divergence]:
    """The divergences, each cause with what it explains: where an argument changes the weights, these are no finding more."""
    explained: dict[str, list[str]] = {}
    for one in found.values():
        if one.cause is not None and found[one.cause].effect is one.effect:
            explained.setdefault(one.cause, []).append(one.id)
    for one in found.values():
        yield msgspec.structs.replace(one, explains=sorted(explained.get(one.id, [])))


def _tops(model: SavedModel) -> list[Layer]:
    return model.model.layers if model.model is not None else model.layers


def _versions(a: SavedModel, b: SavedModel) -> list[list[str | None]]:
    told = [("keras", a.writer.keras, b.writer.keras), ("tensorflow", a.writer.tensorflow, b.writer.tensorflow)]
    return [[name, one, other] for name, one, other in told if one != other]


def _formats(a: SavedModel, b: SavedModel) -> list[list[str | None]]:
    told = [("format", a.format, b.format), ("backend", a.writer.backend, b.writer.backend)]
    return [[name, one, other] for name, one, other in told if one != other]


# What the models were compiled with


def _optimizers(a: SavedModel, b: SavedModel, findings: InModels) -> None:
    one, other = a.optimizer, b.optimizer
    phases = ["training"]
    if one is None or other is None:
        if one is not other:
            there = one or other
            title = f"only {'A' if one else 'B'} holds an optimizer: {there.class_name if there else ''}"
            sides = (one.class_name if one else None), (other.class_name if other else None)
            findings.add(divergence(OPTIMIZER, "presence", Effect.RESULTS, title, *sides, phases=phases))
        return
    if one.class_name.lower() != other.class_name.lower():
        title = f"the optimizer is {one.class_name or 'unknown'} in A, {other.class_name or 'unknown'} in B"
        findings.add(
            divergence(OPTIMIZER, "config.class", Effect.RESULTS, title, one.class_name, other.class_name, phases=phases)
        )
        return
    configured.compare(OPTIMIZER, (one.arguments, other.arguments), f"optimizers.{one.class_name}", set(), findings)
    counts = len(one.weights), len(other.weights)
    if counts[0] != counts[1]:
        title = f"its state is {counts[0]} weights in A, {counts[1]} in B"
        findings.add(divergence(OPTIMIZER, "weights", Effect.RESULTS, title, *counts, phases=phases))
    elif [weight.digest for weight in one.weights] != [weight.digest for weight in other.weights]:
        findings.add(divergence(OPTIMIZER, "weights", Effect.RESULTS, "its state holds other numbers", *counts, phases=phases))


def _compiled(a: SavedModel, b: SavedModel, findings: InModels) -> None:
    for key in sorted(a.compile.keys() & b.compile.keys()):
        one, other = a.compile[key], b.compile[key]
        if key in ("loss", "metrics", "weighted_metrics"):
            is_same = configured.called(one) == configured.called(other)
        else:
            is_same = same(one, other, key)
        if not is_same:
            phase = "evaluation" if "metrics" in key else "training"
            title = f"compiled with {key}={brief(one)} in A, {brief(other)} in B"
            findings.add(divergence(COMPILE, f"parameter.{key}", Effect.RESULTS, title, one, other, phases=[phase]))
