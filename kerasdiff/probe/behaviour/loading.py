"""The family ``loading``: what becomes of small models that other generations of Keras have saved."""

import io
import os
import shutil
import tempfile
import zipfile
from functools import partial
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Tuple

import numpy

from .. import canonical, data
from ..values import repeatable
from . import numbers
from .engine import Eager, Engine, Unsupported
from .models import Models

#: Goes into every revision: raised when the way of measuring changes.
MEANING = 1
#: What stands before and after the reason in what Keras 3 says of a layer that can't be made again, or called; the rest
#: repeats the file.
REASONS = (("Exception encountered: ", "\n"), ("\x1b[1m", "\x1b[0m"))

#: The byte-code of another Python can end the process that runs it.
FATAL = {"state": "error", "type": "crash", "message": "the process is killed"}

Fact = Dict[str, Any]
Item = Callable[[str, Callable[[], Fact], Fact], None]


class Way(NamedTuple):
    """One way of loading a file: ``file`` of ``writer``, a ``model`` in a ``format``, by ``function`` with ``options``."""

    writer: str
    file: str
    model: str
    format: str
    function: str
    options: Dict[str, Any]

    @property
    def call(self) -> str:
        """Its name as a case: ``sequential.h5,compile=False@keras-2.2.4``."""
        told = ["%s=%s" % pair for pair in sorted(self.options.items())]
        return "%s@%s" % (",".join([self.file] + told), self.writer)


class Loading:
    """Loads what others have saved, with one API."""

    def __init__(self, engine: Engine, symbols: Dict[str, Any], folder: str) -> None:
        self._engine = engine
        self._symbols = symbols
        self._folder = folder
        self._models = Models(symbols, engine)
        self._table = data.load("cases/loading.json")
        self._archive = zipfile.ZipFile(io.BytesIO(data.read("saved.zip")))

    def facts(self, _names: List[Tuple[str, Any]], item: Item, again: str = "") -> None:
        """Hand the facts of every way of loading every file to ``item``."""
        found = list(ways(self._table, self._archive.namelist()))
        for way in found[::-1] if again else found:
            revision = {"revision": self._revision(way)}
            name = "%sbehaviour/loading/%s/%s" % (again, way.function, way.call)
            item(name, partial(self.measure, way, revision), dict(revision, restored=FATAL))

    def _entries(self, way: Way) -> List[str]:
        return [name for name in self._archive.namelist() if (name + "/").startswith("%s/%s/" % (way.writer, way.file))]

    def _revision(self, way: Way) -> str:
        contents = [[name, self._archive.getinfo(name).CRC] for name in self._entries(way)]
        return canonical.digest([MEANING, list(way), contents, self._table["inputs"][way.model]])[7:15]

    def measure(self, way: Way, revision: Fact) -> Fact:
        """What the model gives that comes back, beside the ``revision``."""
        fact = dict(revision)
        self._engine.reset()
        self._engine.forget()
        folder = tempfile.mkdtemp(dir=self._folder)
        try:
            for name in self._entries(way):
                self._archive.extract(name, folder)
            path = os.path.join(folder, way.writer, way.file)
            fact["restored"] = self._output(way, self._load(way, path))
        except Unsupported:
            return {"state": "absent"}
        except Exception as error:
            fact["restored"] = _told(error, os.path.join(folder, way.writer))
        finally:
            shutil.rmtree(folder)
        return fact

    def _load(self, way: Way, path: str) -> Any:
        if way.function == "load_model":
            if "models.load_model" not in self._symbols:
                raise Unsupported
            own = {"custom_objects": {"Scale": self._custom()}} if way.model == "custom" else {}
            return self._symbols["models.load_model"](path, **dict(way.options, **own))
        model = self._models.build(self._table["stored"])
        model.set_weights([numpy.zeros_like(array) for array in model.get_weights()])
        model.load_weights(os.path.join(path, "model") if way.format == "ckpt" else path)
        return model

    def _output(self, way: Way, model: Any) -> Fact:
        given = [numbers.array(row) for row in self._table["inputs"][way.model]]
        if isinstance(self._engine, Eager):  # `predict` would trace a graph, which takes most of the time

            def called(*tensors: Any) -> Any:
                return model(list(tensors) if len(tensors) > 1 else tensors[0], training=False)

            return numbers.measured(self._engine.run(called, given))
        return numbers.measured(model.predict(given if len(given) > 1 else given[0], verbose=0))

    def _custom(self) -> type:
        """The user's own layer that one of the models has."""
        first = "ones" if "initializers.Ones" in self._symbols else "one"
        base: Any = self._symbols["layers.Layer"]

        class Scale(base):  # type: ignore[misc]
            def __init__(self, factor: Any = 1.0, **more: Any) -> None:
                super().__init__(**more)
                self.factor = factor

            def build(self, shape: Any) -> None:
                self.gain = self.add_weight(shape=(int(shape[-1]),), initializer=first, name="gain")
                super().build(shape)

            def call(self, inputs: Any, mask: Any = None) -> Any:
                return inputs * self.gain * self.factor

            def get_config(self) -> Any:
                return dict(super().get_config(), factor=self.factor)

        return Scale


def ways(table: Dict[str, Any], entries: List[str]) -> Iterator[Way]:
    """Every way in which the files of an archive are loaded."""
    for writer, file in sorted({(parts[0], parts[1]) for parts in (name.split("/") for name in entries)}):
        model, _, form = file.partition(".")
        functions: Dict[str, str] = table["formats"]
        options: List[Dict[str, Any]] = [{}]
        options += [row["with"] for row in table["ways"] if form in row["formats"] and model in row["models"]]
        for more in options:
            yield Way(writer, file, model, form, functions[form], more)


def _told(error: BaseException, folder: str) -> Fact:
    """Why a file can't be loaded, without its ``folder``, the machine's name, and what Keras 3 repeats of the file."""
    fact = repeatable(error)
    text = str(error).replace(folder + os.sep, "").partition(" in binary running on ")[0]
    for before, after in REASONS:
        if before in text:
            text = text.rpartition(before)[2].partition(after)[0]
    fact["message"] = repeatable(Exception(text))["message"]
    return fact
