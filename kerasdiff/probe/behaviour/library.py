"""The families whose cases are recipes: ``preprocessing``, ``operations``, and the libraries around Keras.

Each row of ``cases/<family>.json`` says for which ``subject``, by which ``call`` it is known, and the ``recipe`` whose result
is measured as the quantity ``result`` (or another), where ``seeded`` after the global seed was set. The subject of a row with
``symbols`` is the first of these that the API has; of others a name of their own.
"""

import os
import random
import sys
import tempfile
from functools import partial
from typing import Any, Callable, Dict, Iterator, List, Tuple

import numpy

from .. import canonical, data
from ..values import repeatable
from .engine import Engine
from .recipes import Absent, Kitchen, Tool, meaning, outcome, whole

#: Goes into every revision: raised when the way of measuring changes.
MEANING = 1

Item = Callable[[str, Callable[[], Dict[str, Any]]], None]


class Library:
    """Measures one of these families in an API, or in an environment."""

    def __init__(self, family: str, engine: Engine, symbols: Dict[str, Any], folder: str) -> None:
        self._engine = engine
        self._symbols = symbols
        self._family = family
        self._folder = folder
        table = data.load("cases/%s.json" % family)
        parts = table.get("parts", {})
        self._rows: List[Dict[str, Any]] = [dict(row, recipe=whole(row["recipe"], parts)) for row in table["rows"]]
        self._tools: Dict[str, Tool] = {
            "elements": lambda recipe, cook: self._elements(cook(recipe["elements"]), recipe.get("limit", 64)),
            "tensor": lambda recipe, cook: engine.constant(cook(recipe["tensor"])),
        }

    def facts(self, names: List[Tuple[str, Any]], item: Item, again: str = "") -> None:
        """Hand the facts of every row to ``item``; the symbols among ``names`` are measured here, others elsewhere."""
        for row in self._rows[::-1] if again else self._rows:
            for group, subject in self._places(row, names):
                item("%s%s/%s/%s" % (again, group, subject, row["call"]), partial(self.measure, row))

    def _places(self, row: Dict[str, Any], names: List[Tuple[str, Any]]) -> Iterator[Tuple[str, str]]:
        if "symbols" not in row:
            yield "behaviour/" + self._family, row["subject"]
            return
        found = next((self._symbols[name] for name in row["symbols"] if name in self._symbols), None)
        for name, value in names:
            if found is not None and value is found:
                yield "cases", name

    def measure(self, row: Dict[str, Any]) -> Dict[str, Any]:
        """The fact of one row; ``absent`` where nothing of what it calls is there."""
        told = [MEANING, row["call"], meaning(row["recipe"])]
        fact: Dict[str, Any] = {"revision": canonical.digest(told)[7:15]}
        if row.get("random"):
            fact["random"] = True
        self._engine.reset()
        if row.get("seeded"):
            self._engine.seed()
        quantity = row.get("quantity", "result")
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            try:
                fact[quantity] = outcome(self._kitchen(folder).cook(row["recipe"]), self._engine.fetch)
            except Absent:
                return {"state": "absent"}
            except Exception as error:
                fact[quantity] = _failure(error)
        return fact

    def _kitchen(self, folder: str) -> Kitchen:
        return Kitchen(self._find, self._tools, folder, self._engine.remedies.complete)

    def _elements(self, dataset: Any, limit: int) -> Any:
        """The elements of a dataset: one array where each is a number or a text."""
        found: List[Any] = [
            [self._engine.fetch(part) for part in element]
            if isinstance(element, (tuple, list))
            else self._engine.fetch(element)
            for element in self._engine.elements(dataset, limit)
        ]
        is_plain = all(getattr(part, "ndim", 1) == 0 for part in found)
        return numpy.array([part.item() for part in found]) if is_plain else found

    def _find(self, name: str) -> Any:
        """The symbol called ``name``, or what is below a root: a library that is loaded already."""
        if name in self._symbols:
            return self._engine.remedies.use(self._symbols[name])
        root, _, path = name.partition(".")
        found: Any = ROOTS[root]() if root in ROOTS else None
        for part in path.split(".") if path else []:
            found = getattr(found, part, None)
        return found


def _failure(error: Exception) -> Dict[str, Any]:
    """The fact of a row that raised; some releases import SciPy if it's there, and then use its name."""
    fact = repeatable(error)
    if isinstance(error, NameError) and "'scipy'" in str(error):
        fact["state"] = "unsupported"
    return fact


#: Where names that are no symbols of an API begin.
ROOTS: Dict[str, Callable[[], Any]] = {
    "numpy": lambda: numpy,
    "tf": lambda: sys.modules.get("tensorflow"),
    "pyrandom": lambda: random,  # ``random`` is a module of Keras 3
    "builtins": lambda: sys.modules["builtins"],
    "os": lambda: os,
}
