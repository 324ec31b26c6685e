"""Compares the layers of two models: their classes, arguments, connections and weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerasdiff.compare import configured
from kerasdiff.compare.divergence import Findings, divergence
from kerasdiff.compare.pairing import kind, pairs
from kerasdiff.knowledge.load import Effect
from kerasdiff.models.document import short
from kerasdiff.probe.weights import roles

if TYPE_CHECKING:
    from kerasdiff.knowledge.load import Tolerances
    from kerasdiff.models.document import Layer, Weight


class InModels(Findings):
    """Findings in models. ``is_ordered``: each keeps the order of weights; TensorFlow's formats go by names.

    ``is_drawn``: the weights are those that initializers draw, and come from no file.
    """

    def __init__(self, tolerances: Tolerances, *, is_ordered: bool, is_drawn: bool = False) -> None:
        super().__init__(tolerances)
        self.is_ordered = is_ordered
        self.is_drawn = is_drawn

    def cause(self, subject: str) -> str | None:
        """The argument of a layer that explains other weights: the first that is found to change the architecture."""
        begin = f"{subject}/parameter."
        known = self.divergences.items()
        return next((id_ for id_, one in known if id_.startswith(begin) and one.effect is Effect.ARCHITECTURE), None)


def subject_of(above: str, layer: Layer) -> str:
    """The path of a layer as a subject, which has no ``/``: that ends it in an id."""
    name = layer.name.replace("%", "%25").replace("/", "%2F")
    return f"{above}.{name}" if above else name


def compare(a: list[Layer], b: list[Layer], above: str, findings: InModels) -> None:
    """Compare the layers of two models, or of two layers, below the subject ``above``."""
    for one, other in pairs(a, b):
        if one is not None and other is not None:
            _both(subject_of(above, one), one, other, findings)
        elif one is not None or other is not None:
            there = one or other
            assert there is not None
            is_input = there.class_name == "InputLayer"  # a Sequential has one, or its first layer says the shape
            effect = Effect.INFO if is_input or not (there.weights or there.class_name) else Effect.ARCHITECTURE
            title = f"the layer {there.name} ({there.class_name or 'of unknown class'}) is only in {'A' if one else 'B'}"
            sides = (there.class_name, None) if one else (None, there.class_name)
            findings.add(divergence(subject_of(above, there), "presence", effect, title, *sides))


def _both(subject: str, a: Layer, b: Layer, findings: InModels) -> None:
    if a.name != b.name:
        title = f"is called {b.name} in B, which counts where weights are loaded by name"
        findings.add(divergence(subject, "config.name", Effect.INFO, title, a.name, b.name))
    if a.class_name and b.class_name:
        compare_class(subject, a, b, findings)
        _arguments(subject, a, b, findings)
        _inbound(subject, a, b, findings)
        if a.code != b.code and (a.code is None or b.code is None or a.code.python != b.code.python):
            title = f"byte-code of Python {_python(a)} in A, {_python(b)} in B"
            findings.add(divergence(subject, "config.code", Effect.INFO, title, _python(a), _python(b), phases=["saving"]))
        _state(subject, a, b, findings)
    compare_weights(subject, a, b, findings)
    compare(a.layers, b.layers, subject, findings)


def _python(layer: Layer) -> str | None:
    return layer.code.python or "unknown" if layer.code else None


def compare_class(subject: str, a: Layer, b: Layer, findings: InModels) -> None:
    """Compare what two layers are."""
    if a.class_name == b.class_name:
        return
    effect = Effect.INFO if kind(a.class_name) == kind(b.class_name) else Effect.ARCHITECTURE
    title = f"is a {a.class_name} in A, a {b.class_name} in B"
    findings.add(divergence(subject, "config.class", effect, title, a.class_name, b.class_name))


def _inbound(subject: str, a: Layer, b: Layer, findings: InModels) -> None:
    """Which outputs a layer takes; names may differ, so that only how many counts, and in how many calls."""
    one, other = ([len(call) for call in layer.inbound] for layer in (a, b))
    if one and other and one != other:
        title = f"takes {_calls(one)} in A, {_calls(other)} in B"
        findings.add(divergence(subject, "config.inbound", Effect.ARCHITECTURE, title, a.inbound, b.inbound))


def _calls(counts: list[int]) -> str:
    return f"{sum(counts)} inputs in {len(counts)} call{'s' if len(counts) != 1 else ''}"


def _state(subject: str, a: Layer, b: Layer, findings: InModels) -> None:
    for key in sorted(a.state.keys() & b.state.keys()):
        one, other = (layer.state[key].get("digest") for layer in (a, b))
        if one != other:
            sizes = [layer.state[key].get("size") for layer in (a, b)]
            title = f"its {key} is another: {sizes[0]} entries in A, {sizes[1]} in B"
            more = {"phases": ["preprocessing"]}
            findings.add(divergence(subject, f"config.{key}", Effect.RESULTS, title, one, other, **more))


def _arguments(subject: str, a: Layer, b: Layer, findings: InModels) -> None:
    configured.compare(
        subject,
        (configured.written(a.arguments), configured.written(b.arguments)),
        f"layers.{kind(a.class_name)}",
        set(a.state) | set(b.state),
        findings,
        is_drawn=findings.is_drawn,
    )


# Weights


def _names(layer: Layer) -> list[str]:
    """What a layer's weights are, by the newest names; where names repeat or are numbers, by position."""
    return roles([short(weight, layer.name) for weight in layer.weights])


def compare_weights(subject: str, a: Layer, b: Layer, findings: InModels) -> None:
    """Compare the weights of two layers: how many there are, their order, shapes, types and numbers."""
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


def _weight(subject: str, name: str, a: Weight, b: Weight, findings: InModels) -> None:
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
