"""The measured families by name: what each measures of an API's symbols, run twice."""

import gc
import sys
from functools import partial
from typing import Any, Callable, Dict, List, Tuple

from .. import apis, tree
from ..canonical import GROUPS
from ..remedies import Remedies
from . import functions, initializers, layers, library, loading, optimizers, saving, training
from .cntk import Cntk
from .engine import Eager, Engine, Jax, TensorFlow, Torch
from .graph import Graph

#: The families whose cases are recipes.
LIBRARY = ("preprocessing", "operations", "data", "numpy", "python")

Item = Callable[..., None]


class Families:
    """The measured families of one API; its symbols are walked once."""

    def __init__(
        self,
        name: str,
        api: Any,
        known: Dict[str, str],
        identity: Callable[[Any], Any],
        folder: str,
        rows: List[Dict[str, Any]],
    ) -> None:
        found = tree.walk(name, api)
        self._symbols: Dict[str, Any] = {known_as: value for value, names in found.objects for known_as in names}
        self._remedies = Remedies(rows, api, self._symbols)
        # What another API of this environment has measured is the same object, and measured once.
        self._own: List[Tuple[str, Any]] = [
            (names[0], self._remedies.instead(value)) for value, names in found.objects if (identity(value) or "") not in known
        ]
        self._own += self._remedies.new
        self._engine: Engine = engine(api)
        self._engine.remedies = self._remedies
        self._folder = folder
        # Graphs and traces make much garbage, and a framework holds a million objects to look through for it.
        getattr(gc, "freeze", gc.collect)()  # since Python 3.7
        gc.set_threshold(50000, 20, 50)

    def is_lost(self) -> bool:
        """Whether this process can measure nothing any more."""
        return self._engine.is_lost()

    def run(self, family: str, item: Item) -> None:
        """Measure a family, then once more in reverse order: what depends on chance or on what ran before differs."""
        if family in GROUPS and not any(value is self._symbols.get("models.Model") for _, value in self._own):
            return  # another API of this environment has the same models, and does the same
        for key, fact in self._remedies.facts.items():
            item("remedies/" + key, partial(dict, fact))
        measure, item = self._measure(family), self._noting(item)
        measure(self._own, item, "")
        measure(self._own[::-1], item, "again-")

    def _noting(self, item: Item) -> Item:
        """``item`` that is also told which remedies had a part."""
        if not self._remedies.facts:
            return item
        return lambda name, describe, *fatal: item(name, partial(self._remedies.noted, name, describe), *fatal)

    def _measure(self, family: str) -> Callable[[List[Tuple[str, Any]], Item, str], None]:
        if family == "layers":
            return layers.Layers(self._engine, self._symbols).facts
        if family == "optimizers":
            return optimizers.Optimizers(self._engine, self._symbols).facts
        if family == "initializers":
            return initializers.Initializers(self._engine, self._symbols).facts
        if family == "training":
            return training.Training(self._engine, self._symbols).facts
        if family == "saving":
            return saving.Saving(self._engine, self._symbols, self._folder).facts
        if family == "loading":
            return loading.Loading(self._engine, self._symbols, self._folder).facts
        if family in LIBRARY:
            return library.Library(family, self._engine, self._symbols, self._folder).facts
        return functions.Functions(family, self._engine, self._symbols).facts


def engine(api: Any) -> Engine:
    """The engine for an API's module."""
    backend = str(apis.backend(api))
    if backend == "tensorflow":
        tensorflow = sys.modules["tensorflow"]
        return TensorFlow(api, tensorflow) if _is_eager(tensorflow) else Graph(api)
    return {"theano": Graph, "cntk": Cntk, "jax": Jax, "torch": Torch}.get(backend, Eager)(api)


def _is_eager(tensorflow: Any) -> bool:
    return bool(getattr(tensorflow, "executing_eagerly", lambda: False)())
