"""What a saved model is made of: every object that whoever loads it makes or looks up by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from kerasdiff.knowledge.load import uses
from kerasdiff.models.document import Code
from kerasdiff.scope.ranks import ranks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kerasdiff.models.document import Layer, SavedModel

#: Subjects of a model as a whole, of what it was compiled with, and before the paths of its layers.
MODEL, OPTIMIZER, COMPILE, LAYERS = "saved_model", "saved_model.optimizer", "saved_model.compile", "saved_model.layers"
#: Families of arguments that are objects, besides those that `Uses.family` tells.
_FAMILIES = {
    "dtype": "dtype_policies",
    "learning_rate": "optimizers.schedules",
    "lr": "optimizers.schedules",
    "inner_optimizer": "optimizers",
}
#: Families of which a text names no object: a dtype by its own name, a number.
_NAMELESS = ("dtype_policies", "optimizers.schedules")
#: What ``compile`` is given by name or as objects.
_COMPILED = {"loss": "losses", "metrics": "metrics", "weighted_metrics": "metrics"}
#: What a serialized function is called.
_FUNCTION = "function"
#: Serialized values that are no objects of Keras.
_VALUES = ("__tensor__", "__numpy__", "__bytes__", "__lambda__", "__typespec__", "__slice__", "__ellipsis__")
#: The wrapper that old files have around a metric that is a function.
_WRAPPER = "MetricWrapper"
#: Serialized objects in one another, at most: none is made of as many.
_DEPTH = 20


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """An object of a saved model: a layer, or what an argument of one, or ``compile``, names or describes."""

    subject: str
    """Of what it stands in: ``saved_model.layers.`` and the path of a layer, or the optimizer."""
    label: str
    """The layer that it is, or belongs to and how: ``lstm (LSTM)``, ``gates (Dense activation=tanh)``, ``loss (mse)``."""
    family: str
    """The module that its kind is in: ``layers``, ``initializers``, ``losses``, …"""
    name: str
    """Its class, or a function's or the name that stands for one, without the package it was registered in."""
    at: str = ""
    """The argument that holds it; empty for layers, the optimizer, losses and metrics."""
    module: str = ""
    registered_name: str | None = None
    arguments: dict[str, Any] | None = None
    """None where the file has a name alone."""
    place: str = ""
    """``first``: of the layers of a Sequential; ``inside``: what another layer wraps."""
    code: Code | None = None
    """The byte-code that a Lambda holds."""
    is_custom: bool = False
    is_model: bool = False
    weights: list[list[int]] | None = None
    """Of layers: the shapes of those in the file, in its order; None where it has none."""

    rank: int | None = None
    """Of layers: the dimensions of their input, with the batch's; None where the file doesn't tell."""

    @property
    def full_name(self) -> str:
        """Its name behind its family."""
        return f"{self.family}.{self.name}"


def parts(model: SavedModel) -> list[Part]:
    """All parts: layers in the file's order, each with the objects in its arguments; then optimizer, losses and metrics."""
    found: list[Part] = []
    if model.model is not None:
        found += _layers(model.model, "", "", ranks(model.model))
    optimizer = model.optimizer
    if optimizer is not None and optimizer.class_name:
        own = Part(
            subject=OPTIMIZER,
            label=f"optimizer ({optimizer.class_name})",
            family="optimizers",
            name=optimizer.class_name,
            arguments=optimizer.arguments,
            is_custom=optimizer.is_custom,
        )
        found += [own, *_inner(own, optimizer.arguments)]
    for key, family in _COMPILED.items():
        found += _compiled(model.compile.get(key), key, family)
    return found


def subject(path: str) -> str:
    """The subject of a layer by its path; a ``/`` would end it in an id."""
    return f"{LAYERS}.{path.replace('%', '%25').replace('/', '%2F')}" if path else MODEL


def _layers(layer: Layer, path: str, place: str, known: dict[str, int]) -> Iterator[Part]:
    own = Part(
        subject=subject(path),
        label=f"{path} ({layer.class_name})" if path else "",
        family="layers",
        name=layer.class_name,
        module=layer.module,
        registered_name=layer.registered_name,
        arguments=layer.arguments,
        place=place,
        code=layer.code,
        is_custom=layer.is_custom,
        is_model=not path or _is_model(layer),
        weights=[weight.shape for weight in layer.weights] or None,
        rank=known.get(path),
    )
    yield own
    yield from _inner(own, layer.arguments)
    for number, inner in enumerate(layer.layers):
        below = "inside" if not own.is_model else "first" if layer.class_name == "Sequential" and not number else ""
        yield from _layers(inner, f"{path}.{inner.name}" if path else inner.name, below, known)


def _is_model(layer: Layer) -> bool:
    return layer.class_name in ("Sequential", "Functional", "Model")


def _inner(owner: Part, arguments: dict[str, Any]) -> Iterator[Part]:
    for at, value in arguments.items():
        family = _family(at)
        if family is not None:
            yield from _object(owner, at, family, value, 0)


def _family(argument: str) -> str | None:
    """The family of the objects that an argument's values are."""
    return uses().family(argument) or _FAMILIES.get(argument)


def _object(owner: Part, at: str, family: str, value: Any, depth: int) -> Iterator[Part]:
    if isinstance(value, str) and family not in _NAMELESS:
        yield _part(owner, at, family, value)
    if not isinstance(value, dict) or not isinstance(value.get("class_name"), str) or depth > _DEPTH:
        return
    name, config = value["class_name"], value.get("config")
    if name in _VALUES:
        return
    if name == _FUNCTION or isinstance(config, str):
        yield _part(owner, at, family, config if isinstance(config, str) else name)
        return
    module, registered = value.get("module"), value.get("registered_name")
    yield _part(
        owner,
        at,
        family,
        name.rpartition(">")[2],
        module=module if isinstance(module, str) else "",
        registered_name=registered if isinstance(registered, str) else None,
        arguments=config if isinstance(config, dict) else None,
        is_custom=">" in (registered if isinstance(registered, str) else name),
    )
    for key, inner in (config if isinstance(config, dict) else {}).items():
        below = _family(key)
        if below is not None:
            yield from _object(owner, f"{at}.{key}", below, inner, depth + 1)


def _part(owner: Part, at: str, family: str, name: str, **more: Any) -> Part:
    label = f"{owner.label[:-1]} {at}={name})" if owner.label else f"{at} ({name})" if at in _COMPILED else ""
    return Part(subject=owner.subject, label=label, family=family, name=name, at=at, **more)


def _compiled(value: Any, at: str, family: str) -> Iterator[Part]:
    """The losses or metrics in what ``compile`` was given: one, a list, or by outputs."""
    waiting = [value]
    owner = Part(subject=COMPILE, label="", family=family, name="")
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one[::-1]
        elif isinstance(one, dict) and "class_name" not in one:
            waiting += [part for _, part in sorted(one.items(), reverse=True)]
        elif isinstance(one, dict) and str(one["class_name"]).endswith(_WRAPPER):
            config = one.get("config")
            function = config.get("fn") if isinstance(config, dict) else None
            waiting += [function] if function is not None else []
        else:
            yield from _object(owner, at, family, one, 0)
