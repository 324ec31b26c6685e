"""A saved model, told: for people as a tree of layers, for scripts as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from kerasdiff.compare.values import brief
from kerasdiff.models.document import short
from kerasdiff.report.words import count
from kerasdiff.text import inert, inert_json, listed, visible, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kerasdiff.models.document import Layer, Optimizer, SavedModel, Weight

#: What the formats are, in words.
FORMATS = {
    "h5": "a model in HDF5",
    "h5 weights": "weights in HDF5, by name",
    "keras": "a .keras archive",
    "keras weights": "weights in HDF5, by order",
    "saved_model": "a SavedModel",
    "checkpoint": "a TensorFlow checkpoint",
}
WIDTH = 80
#: Shown without ``--verbose``: notes, and characters of an argument.
_NOTES = 20
#: Where the state of metrics stands, which nobody misses.
_METRICS = ("metrics/", "compile_metrics/", "keras_api/metrics/")
_TIMES = "\u00d7"
_ARGUMENT = 60


def as_json(model: SavedModel) -> str:
    """The document, schema ``kerasdiff.model/1``."""
    return inert_json(json.dumps(msgspec.to_builtins(model), indent=1, allow_nan=False) + "\n")


def as_text(model: SavedModel, *, verbose: bool = False) -> str:
    """What a person wants to know: who wrote it, what is in it, what is peculiar. ``verbose``: all arguments and digests."""
    return "".join(f"{inert(line)}\n" for line in _lines(model, verbose=verbose))


def writer(model: SavedModel) -> str:
    """Who wrote a file."""
    told = model.writer
    parts = [f"Keras {told.keras}" if told.keras else "a Keras that the file doesn't name"]
    if told.backend:
        parts.append(f"on {told.backend}" + (f" {told.tensorflow}" if told.tensorflow else ""))
    if told.date:
        parts.append(f"on {told.date}" if not told.backend else f"({told.date})")
    return " ".join(parts)


def _lines(model: SavedModel, *, verbose: bool) -> Iterator[str]:
    weights = [weight for _, layer in model.walk() for weight in layer.weights]
    yield visible(f"{model.file}: {FORMATS.get(model.format, model.format)}, {_bytes(model.bytes)}", 200)
    yield visible(f"written by {writer(model)}", 200)
    layers = [layer for _, layer in model.walk()][model.model is not None :]
    figures = f"{count(len(layers), 'layer')}, {model.parameters:,} parameters in {count(len(weights), 'weight')}"
    root = f"{model.model.class_name} {model.model.name}".rstrip() + ": " if model.model is not None else ""
    yield visible(root + figures, 200)
    yield ""
    before = ""
    for path, layer in model.walk():
        if layer is not model.model:
            yield from _layer(path, layer, before, verbose=verbose)
            before = layer.name
    yield from _compiled(model, verbose=verbose)
    if not verbose and any(layer.at_default for layer in layers):
        yield ""
        yield from _wrapped("Arguments that are their writer's defaults are left out (--verbose).")
    yield from _peculiar(model, verbose=verbose)


def _layer(path: str, layer: Layer, before: str, *, verbose: bool) -> Iterator[str]:
    depth = "  " * path.removesuffix(layer.name).count(".")
    arguments = {key: value for key, value in layer.arguments.items() if key != "function" or layer.code is None}
    told = _arguments(arguments, () if verbose else layer.at_default or (), verbose=verbose)
    head = f"{layer.name}  {layer.class_name}".rstrip() + (f"  {told}" if told else "")
    yield from _wrapped(head, depth)
    if layer.inbound and layer.inbound != [[before]]:
        calls = "; ".join(", ".join(call) for call in layer.inbound)
        yield from _wrapped(f"takes {calls}", f"{depth}    ")
    if layer.weights:
        yield from _wrapped(", ".join(_weight(one, layer.name) for one in layer.weights), f"{depth}    ")
        for one in layer.weights if verbose else ():
            yield from _wrapped(f"{one.path} {one.digest or 'not read'}", f"{depth}      ")
    for key, learnt in layer.state.items():
        yield from _wrapped(f"{key}: {_learnt(learnt)}", f"{depth}    ")


def _weight(weight: Weight, layer: str) -> str:
    shape = _TIMES.join(map(str, weight.shape)) or "scalar"
    dtype = "" if weight.dtype == "float32" else f" {weight.dtype}"
    name = short(weight, layer)
    return f"{'' if name.isdecimal() else f'{name} '}{shape}{dtype}"  # Keras 3 numbers them


def _arguments(arguments: dict[str, Any], left_out: Any, *, verbose: bool) -> str:
    told = {key: value for key, value in arguments.items() if key not in left_out and (verbose or value is not None)}
    return ", ".join(f"{key}={brief(value, 10_000 if verbose else _ARGUMENT)}" for key, value in told.items())


def _learnt(learnt: Any) -> str:
    if not isinstance(learnt, dict):
        return brief(learnt)
    first = learnt.get("first")
    size, least = learnt.get("size"), len(first) if isinstance(first, list) else 0
    told = f"{size} of them" if size is not None else f"{learnt.get('bytes')} bytes"
    if isinstance(first, list) and first:
        told += f": {', '.join(brief(one, 20) for one in first)}" + (", …" if isinstance(size, int) and size > least else "")
    return told


def _compiled(model: SavedModel, *, verbose: bool) -> Iterator[str]:
    optimizer = model.optimizer
    if optimizer is None and not model.compile:
        return
    yield ""
    if optimizer is not None:
        yield from _wrapped(_optimizer(optimizer, verbose=verbose))
    told = _arguments(model.compile, (), verbose=verbose)
    if told:
        yield from _wrapped(f"compiled with {told}")


def _optimizer(optimizer: Optimizer, *, verbose: bool) -> str:
    told = _arguments(optimizer.arguments, (), verbose=verbose)
    name = optimizer.class_name or "of a class that the file doesn't tell"
    state = f"; its state in {count(len(optimizer.weights), 'weight')}" if optimizer.weights else "; without state"
    return f"optimizer {name}" + (f"  {told}" if told else "") + state


def peculiar(model: SavedModel) -> Iterator[str]:
    """What may stop whoever loads the file."""
    for path, layer in model.walk():
        if layer.code is not None:
            made = f" of Python {layer.code.python}" if layer.code.python else ""
            yield f"{path} is a Lambda: {layer.code.bytes} bytes of byte-code{made}, which runs when the model is used"
        if layer.is_custom:
            module = f"{layer.module}." if layer.module else ""
            yield f"{path or 'the model'} is of the class {module}{layer.class_name}, which no release of Keras has"
    if model.optimizer is not None and model.optimizer.is_custom:
        yield f"the optimizer is of the class {model.optimizer.class_name}, which no release of Keras has"
    if model.model is not None and model.optimizer is not None and not model.optimizer.class_name:
        yield "holds the state of an optimizer, and not which one: who loads it takes a default"
    lost = [weight.path for weight in model.unassigned if not weight.path.startswith(_METRICS)]
    if lost:
        yield f"{count(len(lost), 'weight')} of no layer: {listed(lost, 4)}"
    yield from model.notes


def _peculiar(model: SavedModel, *, verbose: bool) -> Iterator[str]:
    found = list(peculiar(model))
    if not found:
        return
    yield ""
    yield "Peculiar"
    for line in found if verbose else found[:_NOTES]:
        yield from _wrapped(line, "  ")
    if len(found) > _NOTES and not verbose:
        yield f"  … and {len(found) - _NOTES} more (--verbose lists them)"


def _wrapped(text: str, indent: str = "") -> Iterator[str]:
    yield from wrapped(visible(text, 20_000), WIDTH, indent, f"{indent}      ")


def _bytes(size: int) -> str:
    for unit, of in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= of:
            return f"{size / of:.1f} {unit}"
    return f"{size} bytes"
