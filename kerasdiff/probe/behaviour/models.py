"""Small models with fixed weights, made in every generation of Keras from the same rows of ``cases/models.json``."""

from typing import Any, Dict, List

import numpy

from .. import data
from ..instances import Factory
from ..signatures import constructor
from . import numbers
from .calls import Calls
from .engine import Engine


class Models:
    """Makes the models of the data in one API."""

    def __init__(self, symbols: Dict[str, Any], engine: Engine) -> None:
        self._symbols = symbols
        self._factory = Factory(symbols, lambda cls: constructor(cls) or [], engine.remedies.complete)
        self._calls = Calls(self._factory, engine.backend)
        self._rows: Dict[str, Dict[str, Any]] = data.load("cases/models.json")["models"]

    def row(self, name: str) -> Dict[str, Any]:
        """What the data says of a model."""
        return self._rows[name]

    def make(self, name: str) -> Any:
        """The model called ``name``, its weights filled. Raises what the library raises."""
        return self.build(self._rows[name])

    def build(self, row: Dict[str, Any]) -> Any:
        """The model that a row describes, its weights filled. Raises what the library raises."""
        given = tensor = self._symbols["layers.Input"](tuple(row["inputs"]))
        layers = [self.layer(*part) for part in row["layers"]]
        for position in row.get("frozen", []):
            layers[position].trainable = False
        for layer in layers:
            tensor = layer(tensor)
        model = self._symbols["models.Model"](given, tensor)
        for layer in layers:
            fill(layer, row.get("weights", "fixed"))
        return model

    def layer(self, names: str, arguments: Dict[str, Any]) -> Any:
        """A layer by the first of its names that there is, its arguments spelled as it takes them."""
        cls = next(self._symbols[name] for name in ("layers." + part for part in names.split("|")) if name in self._symbols)
        inner = {key: self.layer(*part) for key, part in arguments.items() if key == "layer"}
        plain = {key: part for key, part in arguments.items() if key not in inner}
        return self._factory.make(cls, dict(self._calls.spelled(cls, plain)), *inner.values())


def fill(layer: Any, how: str) -> None:
    """Overwrite the weights of a layer by the fixed formula, or with zeros."""
    current = layer.get_weights()
    if not current:
        return
    if how == "zero":
        layer.set_weights([numpy.zeros_like(array) for array in current])
        return
    names = [str(weight.name) for weight in layer.weights]
    filled: List[Any] = numbers.weights(names, [tuple(array.shape) for array in current])
    layer.set_weights(filled)
