"""How many dimensions the input of each layer of a saved model has, the batch's among them, where the file tells."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kerasdiff.models.document import Layer

#: Under which arguments a shape with the batch stands.
_SHAPES = ("batch_input_shape", "batch_shape")
_MODELS = ("Sequential", "Functional", "Model")
_RECURRENT = ("LSTM", "GRU", "SimpleRNN", "CuDNNLSTM", "CuDNNGRU")
#: Layers whose output has as many dimensions as their input, besides those that end in ``2D``.
_KEEPING = re.compile(
    r"Activation|Dense|\w*Dropout|\w+Normalization|Normalization|\w*ReLU|ELU|Softmax|Masking|GaussianNoise|Rescaling"
    r"|ActivityRegularization|Add|Subtract|Multiply|Average|Maximum|Minimum|Concatenate"
)
_SPATIAL = re.compile(r"(ConvLSTM|Global)?\w*(\d)D(Transpose)?")


def ranks(model: Layer) -> dict[str, int]:
    """The ranks of inputs by the paths of layers, as `Layer.walk` names them; who isn't told of is left out."""
    found: dict[str, int] = {}
    _within(model, "", None, found)
    return found


def _within(layer: Layer, path: str, given: int | None, found: dict[str, int]) -> int | None:
    """Note what is known of a layer and those in it; the rank of its output."""
    own = next((layer.arguments[name] for name in _SHAPES if isinstance(layer.arguments.get(name), list)), None)
    taken = len(own) if own is not None else given if given is not None else _input(layer)
    if taken is not None and path:
        found[path] = taken
    if layer.class_name not in _MODELS:
        return None if layer.is_custom else _output(layer, taken)
    made: dict[str, int | None] = {}
    last = taken
    for inner in layer.layers:
        if layer.class_name == "Sequential":
            taken = last
        else:
            sources = {made.get(name) for call in inner.inbound for name in call}
            taken = sources.pop() if len(sources) == 1 else None
        last = made[inner.name] = _within(inner, f"{path}.{inner.name}" if path else inner.name, taken, found)
    return last if layer.class_name == "Sequential" else None


def _input(layer: Layer) -> int | None:
    """The rank that a class takes alone."""
    spatial = _SPATIAL.fullmatch(layer.class_name)
    if spatial is not None and not layer.is_custom:
        return int(spatial[2]) + (3 if spatial[1] == "ConvLSTM" else 2)
    return 3 if layer.class_name in _RECURRENT else None


def _output(layer: Layer, taken: int | None) -> int | None:
    name, given = layer.class_name, layer.arguments
    spatial = _SPATIAL.fullmatch(name)
    flat = name == "Flatten" or (spatial is not None and spatial[1] == "Global" and not given.get("keepdims"))
    if flat:
        return 2
    if name in _RECURRENT:
        return 3 if given.get("return_sequences") else 2
    if name == "Reshape" and isinstance(given.get("target_shape"), list):
        return len(given["target_shape"]) + 1
    if name == "Embedding" and taken is not None:
        return taken + 1
    if name == "InputLayer" or _KEEPING.fullmatch(name) or (spatial is not None and spatial[1] is None):
        return taken
    return None
