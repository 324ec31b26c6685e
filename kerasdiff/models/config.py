"""The architecture that a configuration describes, as every generation of Keras writes it."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

import msgspec

from kerasdiff.models.bytecode import code
from kerasdiff.models.document import Layer, ModelError, Optimizer

#: Layers in one file: a hundred times those of the largest models seen.
MAX_LAYERS = 100_000
#: Under which keys of a configuration a layer holds others.
_INNER = ("layer", "forward_layer", "backward_layer", "cell", "cells")
#: What is said of a layer elsewhere in the document.
_ELSEWHERE = ("name", "layers", "input_layers", "output_layers", *_INNER)
#: What the preprocessing layers learn, where their configuration holds it.
_LEARNT = ("vocabulary", "idf_weights", "mean", "variance", "bin_boundaries")
#: The modules that are a Keras, with all below them.
_OWN = ("keras", "tensorflow.keras", "tensorflow.python.keras", "tf_keras", "builtins")
#: The layers that learn otherwise than by weights alone.
_PREPROCESSING = ("Normalization", "StringLookup", "IntegerLookup", "IndexLookup", "TextVectorization", "Discretization")
#: What wraps functions of TensorFlow; no release makes them public.
_OPERATIONS = ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer", "ClassMethod", "InstanceMethod", "InstanceProperty")


@cache
def names() -> dict[str, frozenset[str]]:
    """The classes of all releases by kind (``layers``, ``optimizers``): ``classes.json``."""
    text = resources.files(__package__).joinpath("classes.json").read_text("utf-8")
    return {kind: frozenset(found) for kind, found in json.loads(text).items()}


def is_custom(part: dict[str, Any], kind: str) -> bool:
    """Whether a serialized object is of a class that no release has; where its module is told, that decides."""
    module, registered = part.get("module"), part.get("registered_name")
    if isinstance(registered, str) and ">" in registered:
        return True  # a package of the user's own
    if isinstance(module, str) and module:
        return not any(module == own or module.startswith(f"{own}.") for own in _OWN)
    name = str(part.get("class_name"))
    return name not in names()[kind] and name not in _OPERATIONS


def model(config: Any, *, name: str = "") -> Layer:
    """The outermost model of a configuration.

    Raises `ModelError` where it describes none.
    """
    if not isinstance(config, dict) or not isinstance(config.get("class_name"), str):
        message = "describes no model: its configuration names no class"
        raise ModelError(message)
    return _Reader().layer(config, name)


def optimizer(given: Any) -> Optimizer | None:
    """The optimizer that a serialized object, or a name, describes."""
    if isinstance(given, str):
        return Optimizer(class_name=given)
    if not isinstance(given, dict) or not isinstance(given.get("class_name"), str):
        return None
    held = given.get("config")
    arguments = {key: part for key, part in held.items() if key != "name"} if isinstance(held, dict) else {}
    return Optimizer(class_name=_class(given), arguments=arguments, is_custom=_is_own_optimizer(given))


def _is_own_optimizer(given: dict[str, Any]) -> bool:
    name = _class(given).lower()
    return is_custom(given, "optimizers") and name not in {known.lower() for known in names()["optimizers"]}


def _class(part: dict[str, Any]) -> str:
    """A class without the package that it was registered in."""
    return str(part["class_name"]).rpartition(">")[2]


class _Reader:
    """Reads layers in layers, and counts them."""

    def __init__(self) -> None:
        self._count = 0

    def layer(self, part: dict[str, Any], name: str = "", inbound: Any = None) -> Layer:
        self._count += 1
        if self._count > MAX_LAYERS:
            message = f"describes more than {MAX_LAYERS} layers, which no model has"
            raise ModelError(message)
        held = part.get("config")
        given: dict[str, Any] = held if isinstance(held, dict) else {}
        inner = [self.layer(one, _name(one), one.get("inbound_nodes")) for one in _layers(held)]
        told = _name(part) or name
        class_name = _class(part)
        module, registered = part.get("module"), part.get("registered_name")
        return Layer(
            name=told,
            class_name=class_name,
            module=module if isinstance(module, str) else "",
            registered_name=registered if isinstance(registered, str) else None,
            arguments={key: one for key, one in given.items() if key not in _ELSEWHERE},
            inbound=[calls for calls in map(_sources, inbound if isinstance(inbound, list) else []) if calls],
            layers=inner,
            is_custom=is_custom(part, "layers"),
            code=code(given.get("function")) if class_name == "Lambda" else None,
            state=_state(given) if class_name in _PREPROCESSING else {},
        )


def _name(part: dict[str, Any]) -> str:
    held = part.get("config")
    for found in (held.get("name") if isinstance(held, dict) else None, part.get("name")):
        if isinstance(found, str):
            return found
    return ""


def _layers(held: Any) -> list[dict[str, Any]]:
    """The serialized layers in a configuration: of a model, or of a layer that wraps others. Keras 1 wrote a bare list."""
    found: list[Any] = []
    if isinstance(held, list):
        found = held
    elif isinstance(held, dict):
        layers = held.get("layers")
        found = list(layers) if isinstance(layers, list) else []
        for key in _INNER:
            one = held.get(key)
            found += one if isinstance(one, list) else [one]
    return [one for one in found if isinstance(one, dict) and isinstance(one.get("class_name"), str)]


def _sources(call: Any) -> list[str]:
    """The outputs that one call of a layer takes, however deep they stand in its arguments."""
    found: list[str] = []
    waiting = [call]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            held = part.get("config")
            history = held.get("keras_history") if isinstance(held, dict) else None
            waiting += [history] if history is not None else list(part.values())[::-1]
        elif isinstance(part, list):
            if len(part) >= 3 and isinstance(part[0], str) and all(isinstance(one, int) for one in part[1:3]):
                found.append(part[0] if part[1:3] in ([0, 0], [-1, 0]) else f"{part[0]}:{part[1]}:{part[2]}")
                waiting += [one for one in part[3:] if isinstance(one, dict)]
            else:
                waiting += part[::-1]
    return [one for one in found if one != "_CONSTANT_VALUE"]


def _state(given: dict[str, Any]) -> dict[str, Any]:
    return {key: learnt(given[key]) for key in _LEARNT if given.get(key) is not None}


def learnt(value: Any) -> dict[str, Any]:
    """What a preprocessing layer has learnt, told briefly: how much it is, how it begins, and the digest of all."""
    import hashlib  # noqa: PLC0415 - seldom needed

    size = len(value) if isinstance(value, (list, dict)) else 1
    first = value[:5] if isinstance(value, list) else value if isinstance(value, (str, int, float)) else None
    told = hashlib.sha256(json.dumps(value, sort_keys=True).encode("ascii")).hexdigest()
    return {"size": size, "first": first, "digest": f"sha256:{told}"}


def with_weights(layer: Layer, weights: dict[str, list[Any]], above: str = "") -> Layer:
    """The same with weights by path, as `Layer.walk` names them."""
    inner = [with_weights(one, weights, f"{above}.{one.name}" if above else one.name) for one in layer.layers]
    return msgspec.structs.replace(layer, weights=weights.get(above, layer.weights), layers=inner)
