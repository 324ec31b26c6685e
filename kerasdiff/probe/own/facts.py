"""The facts of a user's model: what it is, what its layers give, a training step, and what comes back from a file."""

import hashlib
import os
import tempfile
from functools import partial
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

import numpy

from .. import canonical
from ..behaviour import numbers
from ..behaviour.engine import Eager, Engine, accepts
from ..behaviour.layers import is_random
from ..values import path_of, repeatable
from . import arrays, compiled, trace, units
from .apart import apart, digest

#: Goes into every revision: raised when the way of measuring changes.
MEANING = 1
#: Tensors kept of one quantity.
MAX_PARTS = 256

Item = Callable[[str, Callable[[], Dict[str, Any]]], None]


class Facts:
    """Tells the facts of one model. ``is_stored``: its weights come from a file, and are kept."""

    def __init__(self, engine: Engine, model: Any, is_model: Callable[[Any], bool], folder: str, *, is_stored: bool) -> None:
        self._engine = engine
        self._model = model
        self._is_model = is_model
        self._folder = folder
        self._is_stored = is_stored
        self._initial: List[Tuple[str, Any, List[Any]]] = []
        self._calls: List[trace.Seen] = []
        self._inputs: List[Any] = []

    def tell(self, item: Item, given: Optional[List[Any]], expected: List[Any], rebuild: Callable[[], Any]) -> None:
        """Hand every fact to ``item``. ``given``: inputs to run it on besides made ones, and the outputs ``expected``."""
        if given is not None and not units.variables(self._model):
            self._built(given)
        self._initial = [(path, layer, units.values(layer)) for path, layer in self._leaves()]
        item("model/summary", self._summary)
        item("model/layers", self._layers)
        if given is not None:
            item("model/reference", partial(self._reference, given, expected))
        if not self._is_stored:
            self._fill(item)
        try:
            self._inputs = arrays.formula(self._model)
        except arrays.NoInput as error:
            if given is None:
                unknown = {"state": "not run", "message": "%s; give --reference" % error}
                item("model/cases//output@formula", lambda: unknown)
                return
            self._inputs = given
        self._measure(item, given, rebuild)

    def _fill(self, item: Item) -> None:
        """Tell the weights that were drawn, and put fixed ones in their place."""
        weighted = [part for part in self._initial if part[2]]
        for number, (path, layer, initial) in enumerate(weighted):
            item("model/cases/%s/initial@seed" % path, partial(_drawn, initial))
            units.fill(layer, number)

    def _measure(self, item: Item, given: Optional[List[Any]], rebuild: Callable[[], Any]) -> None:
        item("model/cases//output@formula", partial(self._output, self._inputs))
        if given is not None:
            item("model/cases//output@reference", partial(self._output, given))
        for seen in self._traced():
            item("model/cases/%s/alone@formula" % seen.name, partial(self._alone, seen))
        for way, file in self._ways():
            item("model/cases//%s@formula" % way, partial(self._saved, way, file, rebuild))
        if compiled.is_compiled(self._model):
            item("model/cases//step@formula", self._step)

    def _built(self, given: List[Any]) -> None:
        """Call a model that has no weights before, so that those that it draws are replaced as those of others."""
        try:
            self._run(given)
        except Exception:  # its outputs tell why
            return

    def _leaves(self) -> Iterator[Tuple[str, Any]]:
        return trace.leaves(self._model, self._is_model)

    def _summary(self) -> Dict[str, Any]:
        model = self._model
        sizes = [int(array.size) for array in units.values(model)]
        trainable = {id(weight) for weight in model.trainable_weights}
        counted = [size for weight, size in zip(units.variables(model), sizes) if id(weight) in trainable]
        return {
            "class": type(model).__name__,
            "module": str(type(model).__module__).split(".")[0],
            "inputs": [arrays.extents(tensor) for tensor in getattr(model, "inputs", None) or []],
            "outputs": [arrays.extents(tensor) for tensor in getattr(model, "outputs", None) or []],
            "layers": len(list(self._leaves())),
            "weights": len(sizes),
            "parameters": sum(sizes),
            "trainable": sum(counted),
            "compile": compiled.told(model) if compiled.is_compiled(model) else None,
        }

    def _layers(self) -> Dict[str, Any]:
        return {"layers": [self._layer(path, layer, initial) for path, layer, initial in self._initial]}

    def _layer(self, path: str, layer: Any, initial: List[Any]) -> Dict[str, Any]:
        trainable = {id(weight) for weight in getattr(layer, "trainable_weights", [])}
        told: Dict[str, Any] = {
            "name": path,
            "class": type(layer).__name__,
            "config": units.config(layer),
            "uses": {"symbols": units.symbols(self._engine.api, layer), "names": units.named(self._engine.api, layer)},
            "weights": [
                {
                    "name": name,
                    "shape": [int(extent) for extent in array.shape],
                    "dtype": str(array.dtype),
                    "trainable": id(weight) in trainable,
                    "digest": hashlib.sha256(numpy.array(array, order="C").tobytes()).hexdigest()[:16],
                    "spread": units.statistics(array) if array.size and array.dtype.kind == "f" else None,
                }
                for name, weight, array in zip(units.weight_names(layer), units.variables(layer), initial)
            ],
        }
        rank = units.rank(layer)
        if rank is not None:
            told["rank"] = rank
        if units.is_custom(self._engine.api, layer):
            told["custom"] = path_of(type(layer))
        return told

    def _run(self, given: List[Any]) -> List[Any]:
        return trace.trace(self._engine, self._model, given, self._is_model).outputs

    def _reference(self, given: List[Any], expected: List[Any]) -> Dict[str, Any]:
        """How far the outputs on a reference, with the weights that the model has by itself, are from those expected."""
        fact: Dict[str, Any] = {"state": "value", "inputs": [list(array.shape) for array in given]}
        try:
            outputs = self._run(given)
        except Exception as error:
            return dict(fact, **repeatable(error))
        if expected:
            fact["errors"] = [apart(one, other) for one, other in zip(outputs, expected)]
            fact["expected"] = len(expected)
        return fact

    def _output(self, given: List[Any]) -> Dict[str, Any]:
        fact: Dict[str, Any] = {"revision": _revision("output", [digest(array) for array in given])}
        return self._quantity(fact, "inference", lambda: self._run(given))

    def _traced(self) -> List[trace.Seen]:
        try:
            return trace.trace(self._engine, self._model, self._inputs, self._is_model).calls
        except Exception:  # its outputs tell why
            return []

    def _alone(self, seen: trace.Seen) -> Dict[str, Any]:
        given = [
            array if array.dtype.kind != "f" else numbers.data(array.shape, "exact", number).astype(array.dtype)
            for number, array in enumerate(seen.inputs)
        ]
        if seen.layer.__class__.__name__ == "Embedding":
            given = seen.inputs
        fact: Dict[str, Any] = {"revision": _revision("alone", [digest(array) for array in given])}
        return self._quantity(fact, "inference", lambda: seen.again(given, [None] * len(given)))

    @staticmethod
    def _quantity(fact: Dict[str, Any], name: str, run: Callable[[], List[Any]]) -> Dict[str, Any]:
        try:
            fact[name] = {"state": "value", "parts": [numbers.measured(part) for part in run()[:MAX_PARTS]]}
        except Exception as error:
            fact[name] = repeatable(error)
        return fact

    def _ways(self) -> Iterator[Tuple[str, str]]:
        """How this API saves a model, and the name of the file that says so."""
        load = getattr(self._engine.api.models, "load_model", None)
        if accepts(load, "safe_mode"):
            yield "save-keras", "model.keras"
        yield "save-h5", "model.h5"
        yield "save-weights", "model.weights.h5"
        if self._engine.is_tensorflow_2 and not hasattr(self._engine.api, "Variable"):  # Keras 3 only exports it
            yield "save-tf", "model"

    def _saved(self, way: str, file: str, rebuild: Callable[[], Any]) -> Dict[str, Any]:
        told = [digest(array) for array in self._inputs]
        fact: Dict[str, Any] = {"revision": _revision(way, told)}

        def restored() -> List[Any]:
            with tempfile.TemporaryDirectory(dir=self._folder) as folder:
                path = os.path.join(folder, file)
                if way == "save-weights":
                    self._model.save_weights(path)
                    back = rebuild()
                    if isinstance(self._engine, Eager):
                        trace.trace(self._engine, back, self._inputs, self._is_model)  # a model without inputs is built
                    back.load_weights(path)
                else:
                    self._model.save(path)
                    back = self._engine.api.models.load_model(path, custom_objects=self._custom())
                return trace.trace(self._engine, back, self._inputs, self._is_model).outputs

        return self._quantity(fact, "restored", restored)

    def _custom(self) -> Dict[str, Any]:
        """Classes and functions of the user's that loading the model may ask for, by name."""
        things = [self._model] + [layer for _, layer in self._leaves()]
        found = {type(thing).__name__: type(thing) for thing in things if units.is_custom(self._engine.api, thing)}
        return dict(compiled.objects(self._model), **found)

    def _step(self) -> Dict[str, Any]:
        """The losses before one step of training, and the weights after it."""
        outputs = self._run(self._inputs)
        targets = [compiled.target(output, self._model) for output in outputs]
        fact: Dict[str, Any] = {"revision": _revision("step", [digest(array) for array in self._inputs])}
        if any(is_random(layer) for _, layer in self._leaves()):
            fact["random"] = True
        x: Any = self._inputs[0] if len(self._inputs) == 1 else self._inputs
        y: Any = targets[0] if len(targets) == 1 else targets
        self._quantity(fact, "result", lambda: [numpy.asarray(self._model.evaluate(x, y, verbose=0), "float32")])
        if fact["result"]["state"] == "value":
            self._engine.seed()

            def stepped() -> List[Any]:
                self._model.train_on_batch(x, y)
                return units.values(self._model)

            self._quantity(fact, "updated", stepped)
        return fact


def _drawn(initial: List[Any]) -> Dict[str, Any]:
    """What a layer begins with: what isn't drawn, and the draw for the seed. How it is spread is told with the weights."""
    fact: Dict[str, Any] = {"revision": _revision("initial", [list(array.shape) for array in initial]), "random": True}
    fact["initial"] = {"state": "value", "parts": [numbers.initial(array) for array in initial]}
    fact["draw"] = {"state": "value", "parts": [numbers.measured(array) for array in initial[:MAX_PARTS]]}
    return fact


def _revision(what: str, told: Any) -> str:
    return canonical.digest([MEANING, what, told])[7:15]
