"""Compares what two environments make of a user's own model: its layers, and what was measured of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from kerasdiff.compare import cases, configured, layered, spread
from kerasdiff.compare.divergence import divergence
from kerasdiff.compare.layered import InModels
from kerasdiff.compare.used import Use, explaining
from kerasdiff.fingerprint.document import UNKNOWN_STATES, VALUE, OwnLayer, Symbol
from kerasdiff.knowledge.load import Effect
from kerasdiff.models import config
from kerasdiff.models.document import Layer, Weight
from kerasdiff.probe.pairing import kind, pairs

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from kerasdiff.compare.divergence import Divergence, Findings
    from kerasdiff.compare.side import Side
    from kerasdiff.fingerprint.document import OwnModel
    from kerasdiff.knowledge.load import Tolerances

#: The subject of the model, and what those of its layers begin with.
MODEL = "model"
LAYERS = "model.layers"
_ALONE = "case.alone@formula.inference"
_PARAMETER = "parameter."
_BEGINS = f"case.{spread.CASE}."
#: Arguments that name axes of the input.
_AXES = ("axis", "axes")
#: Arguments of layers that give what they are given, but in training.
_RATES = ("rate", "stddev", "sigma")


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
        if model.not_run:
            findings.unknown(f"{MODEL}/case.output@formula", f"the model was not run in {name}: {model.not_run}")
    if one.state != VALUE:
        alike = ", as in B" if (one.type, one.message) == (other.type, other.message) else ""
        findings.unknown(MODEL, f"making it raises in A{alike}: {one.failure}")
        return
    if other.state != VALUE:
        title = f"making it raises in B: {other.failure}"
        findings.add(divergence(MODEL, "build", Effect.BREAKS, title, VALUE, other.type, phases=["construction"]))
        return
    if not any(model.unfinished and not model.layers for model in (one, other)):
        _built(one, other, findings)


def _built(a: OwnModel, b: OwnModel, findings: Findings) -> None:
    is_drawn = all(any(spread.CASE in told for told in model.cases.values()) for model in (a, b))
    found = InModels(findings.tolerances, is_ordered=True, is_drawn=is_drawn)
    layered.compare([_layer(one, a) for one in a.layers], [_layer(one, b) for one in b.layers], LAYERS, found)
    measured = [*_measured(MODEL, "", "", a, b, findings)]
    agreeing: dict[str, tuple[OwnLayer, OwnLayer]] = {}
    counted: set[str] = set()
    subjects = {_subject(layer) for model in (a, b) for layer in model.layers}
    for one, other in _pairs(a, b):
        subject = _subject(one)
        told = _measured(subject, one.name, other.name, a, b, findings)
        counted |= {f"{subject}/{_PARAMETER}{name}" for name in _AXES if _same_axes(name, one, other)}
        alike = not any(part.aspect == _ALONE for part in told)
        if alike and all("alone@formula" in model.cases.get(layer.name, {}) for model, layer in ((a, one), (b, other))):
            agreeing[subject] = (one, other)
        measured += told
        if is_drawn:
            measured += spread.compare(subject, one, other, findings.tolerances)
    for part in [*found.divergences.values(), *measured]:
        if part.id in counted:
            continue
        if part.aspect == "presence" and _outer(part.subject, subjects) != part.subject:
            continue  # releases write more or fewer of the layers in a layer; its weights tell
        pair = agreeing.get(_outer(part.subject, subjects))
        findings.add(part if pair is None else _calmed(part, *pair, findings.tolerances))
    for identifier in found.not_comparable:
        findings.unknown(identifier.id, identifier.why)
    for key in sorted(a.summary.keys() & b.summary.keys()):
        if key == "outputs" and a.summary[key] != b.summary[key]:
            title = f"its outputs are {a.summary[key]} in A, {b.summary[key]} in B"
            findings.add(divergence(MODEL, "config.outputs", Effect.ARCHITECTURE, title, a.summary[key], b.summary[key]))


def _outer(subject: str, subjects: Container[str]) -> str:
    """The layer of the model that a subject is, or is in; the subject itself where it is in none."""
    found = subject
    while found not in subjects and found:
        found = found.rpartition(".")[0]
    return found or subject


def _calmed(found: Divergence, a: OwnLayer, b: OwnLayer, tolerances: Tolerances) -> Divergence:
    """An argument of another value in a layer that gives the same numbers, if those show what the argument does."""
    if not found.aspect.startswith(_PARAMETER) or found.effect is not Effect.RESULTS:
        return found
    names = configured.differing(found.a, found.b, found.aspect.removeprefix(_PARAMETER))
    # The type of what a layer gives is compared with the numbers.
    shown = all("inference" in configured.phases_of(name) and tolerances.exercises(name) for name in names - {"dtype"})
    if not shown or a.custom or b.custom or _draws(a.config) or _draws(b.config):
        return found
    title = f"{found.title}; the layer gives the same"
    return msgspec.structs.replace(found, effect=Effect.INFO, evidence="measured", title=title)


def _same_axes(name: str, a: OwnLayer, b: OwnLayer) -> bool:
    """Whether an argument names the same axes, counted from the start or from the end, in a list or alone."""
    one, other = (_counted(layer.config.get(name), layer.rank) for layer in (a, b))
    return a.rank == b.rank and one is not None and one == other


def _counted(value: Any, rank: int | None) -> list[int] | None:
    """Axes of an input of a rank, counted from the start; None where they aren't known."""
    axes = value if isinstance(value, list) else [value]
    found = [axis % rank for axis in axes if isinstance(axis, int) and rank and -rank <= axis < rank]
    return found if len(found) == len(axes) else None


def _draws(config: dict[str, Any]) -> bool:
    """Whether a layer of these arguments does in training alone what they say, or one in it: those that draw, but recurrent."""
    if any(name in config for name in _RATES) or ("seed" in config and "dropout" not in config):
        return True
    held = [value for name, value in config.items() if "init" not in name]
    parts = [part for value in held for part in (value if isinstance(value, list) else [value])]
    inner = [part.get("config") for part in parts if isinstance(part, dict)]
    return any(isinstance(part, dict) and _draws(part) for part in inner)


def _measured(subject: str, a: str, b: str, one: OwnModel, other: OwnModel, findings: Findings) -> list[Divergence]:
    """What differs of the cases of a layer, called ``a`` and ``b``, or of the model."""
    sides = [Symbol(kind="measured", cases=model.cases.get(path, {})) for model, path in ((one, a), (other, b))]
    layers = [layer for model, path in ((one, a), (other, b)) for layer in model.layers if not path or layer.name == path]
    dtypes = {name for layer in layers for name in _computed(layer.config.get("dtype"))}
    outcome = cases.compare(subject, sides[0], sides[1], findings.tolerances, dtypes=dtypes)
    for identifier, why in outcome.unknown:
        findings.unknown(identifier, why)
    return outcome.divergences


def _computed(policy: Any) -> list[str]:
    """The short floats that a layer of this type, or policy of types, computes in, whatever it gives: ``mixed_float16``."""
    held = policy.get("config", policy) if isinstance(policy, dict) else policy
    name = held.get("name") if isinstance(held, dict) else held
    return [name.rpartition("_")[2]] if isinstance(name, str) and "float16" in name else []


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
    return msgspec.structs.replace(layer, name=told.name, weights=weights, is_custom=bool(told.custom))


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
    subjects = {_subject(layer) for layer in one.layers}
    by_layer: dict[str, list[Divergence]] = {}
    for part in found.values():
        by_layer.setdefault(_outer(part.subject, subjects), []).append(part)
    for layer, match in _pairs(one, other):
        about = by_layer.get(_subject(layer), [])
        caused = {part.id: part for part in _caused(about, layer, match, there, a)}
        traced.update(caused)
        numbers = [part for part in caused.values() if part.aspect == _ALONE or part.aspect.startswith("weights")]
        first = first or next((part.cause or part.id for part in numbers), None)
    for part in found.values():
        is_later = part.subject == MODEL and part.aspect.startswith("case.") and part.effect is Effect.RESULTS
        if is_later and part.cause is None and first is not None and part.id != first:
            traced[part.id] = msgspec.structs.replace(part, cause=first)
    return traced


def _caused(
    about: list[Divergence], layer: OwnLayer, match: OwnLayer, there: dict[str, Divergence], a: Side
) -> Iterator[Divergence]:
    """What differs of a layer with the causes; what it begins with comes of initializers, what it gives of what shows there."""
    mine = [part for part in about if part.effect.rank <= Effect.RESULTS.rank or part.aspect.startswith(_BEGINS)]
    if not mine:
        return
    used, own = {a.canonical(name) or name for name in layer.uses.get("symbols", [])}, f".{kind(layer.class_name)}"
    nearest = sorted((part for part in there.values() if part.subject in used), key=lambda part: not part.subject.endswith(own))
    defaults = {part.aspect: part.id for part in reversed(nearest)}
    arguments = [part for part in mine if part.aspect.startswith(_PARAMETER)]
    given = [part for part in arguments if part.aspect not in defaults]
    roots = {"inference": [*given, *explaining(use(layer, match), there, a)], "initialization": arguments}
    for part in mine:
        phase = "initialization" if part.aspect.startswith(_BEGINS) else "inference"
        cause = next((one for one in roots[phase] if phase in _phases(one)), None)
        if part in arguments:
            root = None if part in given else defaults[part.aspect]
        elif cause in arguments and cause not in given:
            root = defaults[cause.aspect]
        elif cause is not None:
            root = cause.id
        else:
            root = next((one.id for one in mine if phase == "initialization" and one.aspect == spread.ASPECT), None)
        yield msgspec.structs.replace(part, cause=part.cause or (root if root != part.id else None))


def _phases(found: Divergence) -> list[str]:
    """The phases in which a divergence counts; an argument's by its name, those in what it holds too."""
    if not found.aspect.startswith(_PARAMETER):
        return ["inference"]
    names = configured.differing(found.a, found.b, found.aspect.removeprefix(_PARAMETER))
    return sorted({phase for name in names for phase in configured.phases_of(name)})


def use(a: OwnLayer, b: OwnLayer) -> Use:
    """How a layer of A is used, which is ``b`` in B."""
    differing = frozenset(key for key, value in a.config.items() if key in b.config and b.config[key] != value)
    symbols, names = (sorted({*a.uses.get(key, []), *b.uses.get(key, [])}) for key in ("symbols", "names"))
    return Use(symbols, names, a.config, differing)
