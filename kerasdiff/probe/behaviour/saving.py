"""The family ``saving``: what each way of saving a small model writes, and what comes back."""

import importlib
import os
import tempfile
import zipfile
from functools import partial
from typing import Any, Callable, Dict, Iterator, List, Tuple

import numpy

from .. import canonical, data
from ..values import repeatable
from . import numbers
from .engine import Eager, Engine, Unsupported
from .models import Models

#: Goes into every revision: raised when the way of measuring changes.
MEANING = 1

Item = Callable[[str, Callable[[], Dict[str, Any]]], None]


class Saving:
    """Measures the ways in which one API's models are saved."""

    def __init__(self, engine: Engine, symbols: Dict[str, Any], folder: str) -> None:
        self._engine = engine
        self._symbols = symbols
        self._folder = folder
        self._models = Models(symbols, engine)
        table = data.load("cases/saving.json")
        self._rows: List[Dict[str, Any]] = table["rows"]
        self._inputs: Dict[str, Dict[str, Any]] = table["inputs"]

    def facts(self, _names: List[Tuple[str, Any]], item: Item, again: str = "") -> None:
        """Hand the facts of every row to ``item``."""
        for row in self._rows[::-1] if again else self._rows:
            item("%sbehaviour/saving/%s/%s" % (again, row["subject"], row["call"]), partial(self.measure, row))

    def measure(self, row: Dict[str, Any]) -> Dict[str, Any]:
        """The quantities of one row: ``layer_names``, ``files``, and ``restored``, the output of the model that comes back."""
        told = [MEANING, row, self._models.row(row["model"])]
        fact: Dict[str, Any] = {"revision": canonical.digest(told)[7:15]}
        self._engine.reset()
        self._engine.forget()
        self._engine.seed()  # a weight that doesn't come back has its initial value, which is to be the same in each run
        try:
            model = self._models.make(row["model"])
            if "compile" in row:
                model.compile(**dict(row["compile"], **self._engine.remedies.named(row["compile"])))
            with tempfile.TemporaryDirectory(dir=self._folder) as folder:
                self._do(row, model, folder, fact)
        except Unsupported:
            return {"state": "absent"}
        except Exception as error:
            fact["restored"] = repeatable(error)
        return fact

    def _do(self, row: Dict[str, Any], model: Any, folder: str, fact: Dict[str, Any]) -> None:
        what = row["do"]
        if what == "layer_names":
            fact["layer_names"] = numbers.plain(
                [str(layer.name) for layer in model.layers] + [str(weight.name) for weight in model.weights]
            )
            return
        if what == "clone":
            back = self._symbol("models.clone_model")(model)
        elif what in ("to_json", "to_yaml"):
            back = self._symbol("models.model_from_" + what[3:])(_method(model, what)())
        else:
            path = os.path.join(folder, row["file"])
            _method(model, what)(path, **row.get("with", {}))
            fact["files"] = numbers.plain(sorted(contents(folder)))
            if what == "export":
                return
            back = self._back(row, path)
        if what != "save":
            back.set_weights(model.get_weights()) if what != "save_weights" else back.load_weights(path)
        fact["restored"] = self._output(row, back)

    def _back(self, row: Dict[str, Any], path: str) -> Any:
        if row["do"] == "save":
            return self._symbol("models.load_model")(path)
        back = self._models.make(row["model"])
        back.set_weights([numpy.zeros_like(array) for array in back.get_weights()])
        return back

    def _symbol(self, name: str) -> Any:
        if name not in self._symbols:
            raise Unsupported
        return self._symbols[name]

    def _output(self, row: Dict[str, Any], model: Any) -> Dict[str, Any]:
        given = numbers.array(self._inputs.get(row["model"], self._inputs["mlp"]))
        if isinstance(self._engine, Eager):  # `predict` would trace a graph, which takes most of the time
            return numbers.measured(self._engine.run(lambda tensor: model(tensor, training=False), [given]))
        return numbers.measured(model.predict(given, verbose=0))


def _method(model: Any, name: str) -> Any:
    if not hasattr(model, name):
        raise Unsupported
    return getattr(model, name)


def contents(folder: str) -> Iterator[str]:
    """The files below a folder: of HDF5 files and archives, what is in them, with the shapes of arrays."""
    for path, _, names in os.walk(folder):
        for name in sorted(names):
            file = os.path.join(path, name)
            told = os.path.relpath(file, folder).replace(os.sep, "/")
            with open(file, "rb") as stream:
                start = stream.read(8)
            if start[1:4] == b"HDF":
                yield told + ": HDF5"
                for part in _parts(file):
                    yield "%s: %s" % (told, part)
            elif start[:2] == b"PK":
                yield told + ": archive"
                for part in _members(file):
                    yield "%s: %s" % (told, part)
            else:
                yield told


def _members(file: str) -> List[str]:
    """What is in an archive that this process has written itself."""
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(file) as archive:
            archive.extractall(folder)
        return list(contents(folder))


def _parts(file: str) -> List[str]:
    """The arrays and attributes of an HDF5 file by their paths; none where nothing can read it."""
    try:
        h5py: Any = importlib.import_module("h5py")  # comes with most releases of Keras
    except ImportError:
        return []
    found: List[str] = []

    def visit(name: str, thing: Any) -> None:
        found.extend("%s@%s" % (name, attribute) for attribute in thing.attrs)
        if hasattr(thing, "shape"):
            found.append("%s %s" % (name, list(thing.shape)))

    with h5py.File(file, "r") as opened:
        visit("", opened)
        opened.visititems(visit)
    return sorted(found)
