"""Compares two saved models: layers, arguments, weights, and what they were compiled with. A pure function."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from kerasdiff.compare import configured
from kerasdiff.compare.divergence import Findings, divergence
from kerasdiff.compare.engine import Comparison
from kerasdiff.compare.pairing import kind, pairs
from kerasdiff.compare.side import Side
from kerasdiff.compare.values import brief, same
from kerasdiff.fingerprint.document import SCHEMA, Api, Captured, Fingerprint
from kerasdiff.knowledge.load import Effect, tolerances
from kerasdiff.models.document import short
from kerasdiff.probe.weights import roles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.models.document import Layer, SavedModel, Weight

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


class _Found(Findings):
    """Findings in models of which each keeps the order of weights, or not: TensorFlow's formats go by names."""

    def __init__(self, a: SavedModel, b: SavedModel) -> None:
        super().__init__(tolerances())
        self.is_ordered = not {a.format, b.format} & {"saved_model", "checkpoint"}

    def cause(self, subject: str) -> str | None:
        """The argument of a layer that explains other weights: the first that is found to change the architecture."""
        begin = f"{subject}/parameter."
        known = self.divergences.items()
        return next((id_ for id_, one in known if id_.startswith(begin) and one.effect is Effect.ARCHITECTURE), None)


def compare(a: SavedModel, b: SavedModel) -> Comparison:
    """Every divergence between two saved models; a subject is the path of a layer, by A's names."""
    findings = _Found(a, b)
    _layers(_tops(a), _tops(b), "", findings)
    if a.model is not None and b.model is not None:
        _class(MODEL, a.model, b.model, findings)
        _weights(MODEL, a.model, b.model, findings)
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


def _subject(above: str, layer: Layer) -> str:
    """The path of a layer as a subject, which has no ``/``: that ends it in an id."""
    name = layer.name.replace("%", "%25").replace("/", "%2F")
    return f"{above}.{name}" if above else name


def _layers(a: list[Layer], b: list[Layer], above: str, findings: _Found) -> None:
    for one, other in pairs(a, b):
        if one is not None and other is not None:
            _both(_subject(above, one), one, other, findings)
        elif one is not None or other is not None:
            there = one or other
            assert there is not None
            is_input = there.class_name == "InputLayer"  # a Sequential has one, or its first layer says the shape
            effect = Effect.INFO if is_input or not (there.weights or there.class_name) else Effect.ARCHITECTURE
            title = f"the layer {there.name} ({there.class_name or 'of unknown class'}) is only in {'A' if one else 'B'}"
            sides = (there.class_name, None) if one else (None, there.class_name)
            findings.add(divergence(_subject(above, there), "presence", effect, title, *sides))


def _both(subject: str, a: Layer, b: Layer, findings: _Found) -> None:
    if a.name != b.name:
        title = f"is called {b.name} in B, which counts where weights are loaded by name"
        findings.add(divergence(subject, "config.name", Effect.INFO, title, a.name, b.name))
    if a.class_name and b.class_name:
        _class(subject, a, b, findings)
        _arguments(subject, a, b, findings)
        _inbound(subject, a, b, findings)
        if a.code != b.code and (a.code is None or b.code is None or a.code.python != b.code.python):
            title = f"byte-code of Python {_python(a)} in A, {_python(b)} in B"
            findings.add(divergence(subject, "config.code", Effect.INFO, title, _python(a), _python(b), phases=["saving"]))
        _state(subject, a, b, findings)
    _weights(subject, a, b, findings)
    _layers(a.layers, b.layers, subject, findings)


def _python(layer: Layer) -> str | None:
    return layer.code.python or "unknown" if layer.code else None


def _class(subject: str, a: Layer, b: Layer, findings: _Found) -> None:
    if a.class_name == b.class_name:
        return
    effect = Effect.INFO if kind(a.class_name) == kind(b.class_name) else Effect.ARCHITECTURE
    title = f"is a {a.class_name} in A, a {b.class_name} in B"
    findings.add(divergence(subject, "config.class", effect, title, a.class_name, b.class_name))


def _inbound(subject: str, a: Layer, b: Layer, findings: _Found) -> None:
    """Which outputs a layer takes; names may differ, so that only how many counts, and in how many calls."""
    one, other = ([len(call) for call in layer.inbound] for layer in (a, b))
    if one and other and one != other:
        title = f"takes {_calls(one)} in A, {_calls(other)} in B"
        findings.add(divergence(subject, "config.inbound", Effect.ARCHITECTURE, title, a.inbound, b.inbound))


def _calls(counts: list[int]) -> str:
    return f"{sum(counts)} inputs in {len(counts)} call{'s' if len(counts) != 1 else ''}"


def _state(subject: str, a: Layer, b: Layer, findings: _Found) -> None:
    for key in sorted(a.state.keys() & b.state.keys()):
        one, other = (layer.state[key].get("digest") for layer in (a, b))
        if one != other:
            sizes = [layer.state[key].get("size") for layer in (a, b)]
            title = f"its {key} is another: {sizes[0]} entries in A, {sizes[1]} in B"
            more = {"phases": ["preprocessing"]}
            findings.add(divergence(subject, f"config.{key}", Effect.RESULTS, title, one, other, **more))


def _arguments(subject: str, a: Layer, b: Layer, findings: _Found) -> None:
    configured.compare(
        subject,
        (configured.written(a.arguments), configured.written(b.arguments)),
        f"layers.{kind(a.class_name)}",
        set(a.state) | set(b.state),
        findings,
    )


# Weights


def _names(layer: Layer) -> list[str]:
    """What a layer's weights are, by the newest names; where names repeat or are numbers, by position."""
    return roles([short(weight, layer.name) for weight in layer.weights])


def _weights(subject: str, a: Layer, b: Layer, findings: _Found) -> None:
    if len(a.weights) != len(b.weights):
        title = f"{len(a.weights)} weights in A, {len(b.weights)} in B"
        sides = [weight.shape for weight in a.weights], [weight.shape for weight in b.weights]
        findings.add(divergence(subject, "weights", Effect.ARCHITECTURE, title, *sides, cause=findings.cause(subject)))
        return
    one, other = _names(a), _names(b)
    there = dict(zip(other, b.weights, strict=True))
    by_name = set(one) == set(other)
    if by_name and one != other and findings.is_ordered:
        title = f"its weights are in another order: {', '.join(one)} in A, {', '.join(other)} in B"
        findings.add(divergence(subject, "weights.order", Effect.ARCHITECTURE, title, one, other))
    for number, (name, weight) in enumerate(zip(one, a.weights, strict=True)):
        told = name if not name.isdecimal() else other[number]
        _weight(subject, told, weight, there[name] if by_name else b.weights[number], findings)


def _weight(subject: str, name: str, a: Weight, b: Weight, findings: _Found) -> None:
    told = f"weight {name}" if name.isdecimal() else name
    aspect = f"weights.{name}"
    if a.shape != b.shape:
        title = f"{told} is {a.shape} in A, {b.shape} in B"
        cause = findings.cause(subject)
        findings.add(divergence(subject, aspect, Effect.ARCHITECTURE, title, a.shape, b.shape, cause=cause))
    elif a.dtype != b.dtype:
        title = f"{told} is {a.dtype} in A, {b.dtype} in B"
        findings.add(divergence(subject, aspect, Effect.RESULTS, title, a.dtype, b.dtype, phases=["inference", "training"]))
    elif a.digest is None or b.digest is None:
        findings.unknown(f"{subject}/{aspect}", f"{told} wasn't read in {'A' if a.digest is None else 'B'}")
    elif a.digest != b.digest:
        more = {"phases": ["inference", "training"]}
        findings.add(divergence(subject, aspect, Effect.RESULTS, f"{told} holds other numbers", a.digest, b.digest, **more))


# What the models were compiled with


def _optimizers(a: SavedModel, b: SavedModel, findings: _Found) -> None:
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


def _compiled(a: SavedModel, b: SavedModel, findings: _Found) -> None:
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
