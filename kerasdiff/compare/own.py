"""Compares what two environments make of a user's own model: its layers, and what was measured of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from kerasdiff.compare import cases, layered
from kerasdiff.compare.divergence import divergence
from kerasdiff.compare.layered import InModels
from kerasdiff.compare.used import Use, explaining
from kerasdiff.fingerprint.document import UNKNOWN_STATES, VALUE, OwnLayer, Symbol
from kerasdiff.knowledge.load import Effect
from kerasdiff.models import config
from kerasdiff.models.document import Layer, Weight
from kerasdiff.probe.pairing import kind, pairs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kerasdiff.compare.divergence import Divergence, Findings
    from kerasdiff.compare.side import Side
    from kerasdiff.fingerprint.document import OwnModel

#: The subject of the model, and what those of its layers begin with.
MODEL = "model"
LAYERS = "model.layers"
_ALONE = "case.alone@formula.inference"
_PARAMETER = "parameter."


def compare(a: Side, b: Side, findings: Findings) -> None:
    """Compare the models of two environments; one that only B was asked for is nothing that A's code needs."""
    one, other = a.fingerprint.model, b.fingerprint.model
    if one is None:
        return
    if other is None:
        findings.unknown(MODEL, "the model was captured in A only: capture B with --model")
        return
    for name, model in (("A", one), ("B", other)):
        if model.state in UNKNOWN_STATES:
            findings.unknown(MODEL, f"the model is {model.state} in {name}: {model.failure}")
            return
        if model.unfinished:
            findings.unknown(f"{MODEL}/cases", f"not all was measured in {name}: {model.unfinished}")
    if one.state != VALUE:
        return
    if other.state != VALUE:
        title = f"making it raises in B: {other.failure}"
        findings.add(divergence(MODEL, "build", Effect.BREAKS, title, VALUE, other.type, phases=["construction"]))
        return
    _built(one, other, findings)


def _built(a: OwnModel, b: OwnModel, findings: Findings) -> None:
    found = InModels(findings.tolerances, is_ordered=True)
    layered.compare([_layer(one, a) for one in a.layers], [_layer(one, b) for one in b.layers], LAYERS, found)
    measured = [*_measured(MODEL, "", "", a, b, findings)]
    agreeing: set[str] = set()
    for one, other in _pairs(a, b):
        subject = _subject(one)
        told = _measured(subject, one.name, other.name, a, b, findings)
        alike = not any(part.aspect == _ALONE for part in told)
        if alike and all("alone@formula" in model.cases.get(layer.name, {}) for model, layer in ((a, one), (b, other))):
            agreeing.add(subject)
        measured += told
    for part in [*found.divergences.values(), *measured]:
        findings.add(_calmed(part) if part.subject in agreeing else part)
    for identifier in found.not_comparable:
        findings.unknown(identifier.id, identifier.why)
    for key in sorted(a.summary.keys() & b.summary.keys()):
        if key == "outputs" and a.summary[key] != b.summary[key]:
            title = f"its outputs are {a.summary[key]} in A, {b.summary[key]} in B"
            findings.add(divergence(MODEL, "config.outputs", Effect.ARCHITECTURE, title, a.summary[key], b.summary[key]))


def _calmed(found: Divergence) -> Divergence:
    """An argument of another value in a layer that gives the same numbers."""
    if not found.aspect.startswith(_PARAMETER) or found.effect is not Effect.RESULTS or found.phases == ["training"]:
        return found
    title = f"{found.title}; the layer gives the same"
    return msgspec.structs.replace(found, effect=Effect.INFO, evidence="measured", title=title)


def _measured(subject: str, a: str, b: str, one: OwnModel, other: OwnModel, findings: Findings) -> list[Divergence]:
    """What differs of the cases of a layer, called ``a`` and ``b``, or of the model."""
    sides = [Symbol(kind="measured", cases=model.cases.get(path, {})) for model, path in ((one, a), (other, b))]
    outcome = cases.compare(subject, sides[0], sides[1], findings.tolerances)
    for identifier, why in outcome.unknown:
        findings.unknown(identifier, why)
    return outcome.divergences


def _pairs(a: OwnModel, b: OwnModel) -> list[tuple[OwnLayer, OwnLayer]]:
    named = [[(layer.name, kind(layer.class_name)) for layer in model.layers] for model in (a, b)]
    return [(a.layers[x], b.layers[y]) for x, y in pairs(*named) if x is not None and y is not None]


def _subject(layer: OwnLayer) -> str:
    return layered.subject_of(LAYERS, Layer(name=layer.name, class_name=layer.class_name))


def _layer(told: OwnLayer, model: OwnModel) -> Layer:
    """A layer as models in files have it; drawn weights are compared by how they are spread, not by their numbers."""
    layer = config.model({"class_name": told.class_name, "config": told.config}, name=told.name)
    is_drawn = "initial@seed" in model.cases.get(told.name, {})
    weights = [
        Weight(
            name=str(weight.get("name")),
            path="",
            shape=[extent for extent in weight.get("shape") or [] if isinstance(extent, int)],
            dtype=str(weight.get("dtype")),
            digest="drawn" if is_drawn else str(weight.get("digest")),
        )
        for weight in told.weights
    ]
    return msgspec.structs.replace(layer, name=told.name, weights=weights, layers=[], is_custom=bool(told.custom))


def told(side: Side) -> Iterator[tuple[str, dict[str, Any]]]:
    """The facts of a side's model by subject: the model's, then each layer's."""
    model = side.fingerprint.model
    if model is None:
        return
    facts = msgspec.to_builtins(model)
    layers, cases = facts.pop("layers"), facts.pop("cases")
    yield MODEL, {**{key: value for key, value in facts.items() if value}, "cases": cases.get("", {})}
    for layer, fact in zip(model.layers, layers, strict=True):
        yield _subject(layer), {**fact, "cases": cases.get(layer.name, {})}


def traced(found: dict[str, Divergence], a: Side, b: Side) -> dict[str, Divergence]:
    """The divergences by id, those of the models with their causes: what the layers use, and the first layer that parts."""
    one, other = a.fingerprint.model, b.fingerprint.model
    if one is None or other is None or not any(identifier.startswith(MODEL) for identifier in found):
        return found
    traced = dict(found)
    there = {id_: part for id_, part in found.items() if not id_.startswith((f"{MODEL}/", f"{LAYERS}."))}
    first: str | None = None
    for layer, match in _pairs(one, other):
        subject = _subject(layer)
        mine = [part for part in found.values() if part.subject == subject and part.effect.rank <= Effect.RESULTS.rank]
        if not mine:
            continue
        causes = explaining(use(layer, match), there, a)
        given = _given(mine, layer, there, a)
        root = next(iter([*given, *(cause.id for cause in causes)]), None)
        for part in mine:
            if part.cause is None and root is not None and part.id not in given:
                traced[part.id] = msgspec.structs.replace(part, cause=root)
        numbers = [part for part in mine if part.aspect == _ALONE or part.aspect.startswith("weights")]
        first = first or next((root or part.id for part in numbers), None)
    for part in found.values():
        is_later = part.subject == MODEL and part.aspect.startswith("case.") and part.effect is Effect.RESULTS
        if is_later and part.cause is None and first is not None and part.id != first:
            traced[part.id] = msgspec.structs.replace(part, cause=first)
    return traced


def _given(mine: list[Divergence], layer: OwnLayer, there: dict[str, Divergence], a: Side) -> list[str]:
    """The arguments of a layer that the user's own code gives other values: no default of the environments' differs so."""
    used = {a.canonical(name) or name for name in layer.uses.get("symbols", [])}
    defaults = {part.aspect for part in there.values() if part.subject in used}
    return [part.id for part in mine if part.aspect.startswith(_PARAMETER) and part.aspect not in defaults]


def use(a: OwnLayer, b: OwnLayer) -> Use:
    """How a layer of A is used, which is ``b`` in B."""
    differing = frozenset(key for key, value in a.config.items() if key in b.config and b.config[key] != value)
    symbols, names = (sorted({*a.uses.get(key, []), *b.uses.get(key, [])}) for key in ("symbols", "names"))
    return Use(symbols, names, a.config, differing)
