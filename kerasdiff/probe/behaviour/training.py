"""The family ``training``: what compile, fit, evaluate and their like do with small models of fixed weights."""

import inspect
from functools import partial
from typing import Any, Callable, Dict, List, Tuple

import numpy

from .. import canonical, data
from ..values import repeatable
from . import numbers
from .engine import Engine
from .models import Models

#: Goes into every revision: raised when the way of measuring changes.
MEANING = 1
#: Other names that optimizers and the methods of models have for an argument.
SPELLINGS = {"epochs": ("epochs", "nb_epoch"), "learning_rate": ("learning_rate", "lr")}

#: What an optimizer's race reaches.
RACED = {"curve", "updated"}

Item = Callable[[str, Callable[[], Dict[str, Any]]], None]


class Training:
    """Measures the training of one API's models."""

    def __init__(self, engine: Engine, symbols: Dict[str, Any]) -> None:
        self._engine = engine
        self._symbols = symbols
        self._models = Models(symbols, engine)
        table = data.load("cases/training.json")
        self._rows: List[Dict[str, Any]] = table["rows"]
        self._inputs: Dict[str, Dict[str, Any]] = table["inputs"]

    def facts(self, _names: List[Tuple[str, Any]], item: Item, again: str = "") -> None:
        """Hand the facts of every row to ``item``."""
        for row in self._rows[::-1] if again else self._rows:
            item("%sbehaviour/training/%s/%s" % (again, row["subject"], row["call"]), partial(self.measure, row))

    def measure(self, row: Dict[str, Any]) -> Dict[str, Any]:
        """The quantities of one row."""
        told = [MEANING, row, self._models.row(row["model"]), [self._inputs[row[key]] for key in ("x", "y") if key in row]]
        fact: Dict[str, Any] = {"revision": canonical.digest(told)[7:15]}
        if row.get("random"):
            fact["random"] = True
        try:
            self._engine.reset()
            self._engine.forget()
            model = self._model(row)
            found = Run(self._engine, model, self._symbols).run(row, self._array)
        except Exception as error:
            return dict(fact, **{row["measure"][0]: repeatable(error)})
        if type(getattr(model, "optimizer", None)).__name__ in self._engine.racing:  # a race isn't lost each time
            found.update((name, {"state": "unstable", "scatter": None}) for name in RACED & found.keys())
        fact.update((name, found[name]) for name in row["measure"])
        return fact

    def _model(self, row: Dict[str, Any]) -> Any:
        if row.get("seeded"):
            self._engine.seed()  # operations of TensorFlow 1 have a seed of their own from the start
        model = self._models.make(row["model"])
        given = row["compile"]
        if given is not None:
            given = dict(given, optimizer=self._optimizer(given["optimizer"]))
            model.compile(**dict(given, **self._engine.remedies.named(given)), **self._mode(model, row))
        if row.get("freeze"):
            model.trainable = False
        if row.get("seeded"):
            self._engine.seed()
        return model

    def _mode(self, model: Any, row: Dict[str, Any]) -> Dict[str, Any]:
        """Without a graph where no curve is asked for: the same to rounding, and TensorFlow needs no second to trace one."""
        can = self._engine.is_tensorflow_2 and "run_eagerly" in inspect.signature(model.compile).parameters
        return {"run_eagerly": True} if can and "curve" not in row["measure"] and row["do"] != "attributes" else {}

    def _optimizer(self, given: Any) -> Any:
        """An optimizer by its class and arguments, or as compile takes it."""
        if isinstance(given, str):
            return given
        name, arguments = given
        cls = self._symbols["optimizers." + name]
        spelled = {_spelled(key, cls.__init__): part for key, part in arguments.items()}
        return cls(**self._engine.remedies.complete(cls, spelled))

    def _array(self, name: str) -> Any:
        row = self._inputs[name]
        return numpy.eye(row["identity"], dtype="float32") if "identity" in row else numbers.array(row)


class Run:
    """One thing that a model is made to do, and what is kept of it."""

    def __init__(self, engine: Engine, model: Any, symbols: Dict[str, Any]) -> None:
        self._engine = engine
        self._model = model
        self._symbols = symbols

    def run(self, row: Dict[str, Any], array: Callable[[str], Any]) -> Dict[str, Any]:
        """The quantities by name. Raises what the library raises."""
        if row["do"] == "attributes":
            return {"settings": numbers.plain(list(self._attributes(row["attributes"])))}
        method = getattr(self._model, row["do"])
        given = self._given(method, row, array)
        if row["do"] == "fit":
            return self._fit(method, given, row)
        results = [numpy.asarray(method(**given), "float64") for _ in range(row.get("times", 1))]
        found = {"result": {"state": "value", "parts": [numbers.measured(part.astype("float32")) for part in results]}}
        if "metrics_names" in row["measure"]:
            found["metrics_names"] = numbers.plain([str(name) for name in self._model.metrics_names])
        if "updated" in row["measure"]:
            found["updated"] = self._weights()
        return found

    def _given(self, method: Any, row: Dict[str, Any], array: Callable[[str], Any]) -> Dict[str, Any]:
        taken = inspect.signature(method).parameters
        given: Dict[str, Any] = {"x": array(row["x"])}
        given.update({key: array(row[key]) for key in ("y", "sample_weight") if key in row})
        if "validation" in row:
            given["validation_data"] = tuple(array(name) for name in row["validation"])
        for key, value in row.get("with", {}).items():
            is_classes = isinstance(value, dict)
            weights = {int(part): weight for part, weight in value["classes"].items()} if is_classes else value
            given[_spelled(key, method)] = weights
        if "verbose" in taken:
            given["verbose"] = 0
        return given

    def _fit(self, fit: Any, given: Dict[str, Any], row: Dict[str, Any]) -> Dict[str, Any]:
        recorder = None
        if {"order", "batches"} & set(row["measure"]):
            recorder = _recorder(self._symbols["callbacks.Callback"])
            given["callbacks"] = [recorder]
        history = fit(**given).history
        keys = sorted(str(key) for key in history)
        curves = [numbers.measured(numpy.asarray(history[key], "float32")) for key in keys]
        found = {"history": numbers.plain(keys), "curve": {"state": "value", "parts": curves}, "updated": self._weights()}
        if recorder is not None:
            epochs = recorder.epochs
            found["order"] = {
                "state": "value",
                "parts": [numbers.plain([part for batch in epoch for part in batch]) for epoch in epochs],
            }
            found["batches"] = numbers.plain([len(batch) for epoch in epochs for batch in epoch])
        return found

    def _weights(self) -> Dict[str, Any]:
        return {"state": "value", "parts": [numbers.measured(array) for array in self._model.get_weights()]}

    def _attributes(self, names: List[str]) -> Any:
        for name in names:
            for spelling in name.split("|"):
                if hasattr(self._model, spelling):
                    value = getattr(self._model, spelling)
                    yield "%s=%s" % (name.split("|")[0], value.numpy() if hasattr(value, "numpy") else value)
                    break


def _spelled(name: str, function: Any) -> str:
    """An argument by the name that ``function`` has for it."""
    taken = inspect.signature(function).parameters
    return next((known for known in SPELLINGS.get(name, ()) if known in taken), name)


def _recorder(base: Any) -> Any:
    """A callback that keeps, by epoch and batch, which weights moved: one for each sample of the batch."""

    class Recorder(base):  # type: ignore[misc]  # a class of the captured Keras
        def __init__(self) -> None:
            super(Recorder, self).__init__()  # the class of Keras 1 is no more than this
            self.epochs: List[List[List[int]]] = []
            self._last: Any = 0.0

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.epochs.append([])

        def on_batch_end(self, batch: int, logs: Any = None) -> None:
            now = self.model.get_weights()[0].reshape(-1)
            self.epochs[-1].append([int(index) for index in numpy.nonzero(now != self._last)[0]])
            self._last = now

    return Recorder()
