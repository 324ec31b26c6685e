"""The families of plain functions: activations, constraints, regularizers, losses and metrics, on fixed inputs."""

from functools import partial
from typing import Any, Callable, Dict, List, Tuple

import numpy

from .. import canonical, data
from ..instances import Factory, NoValue
from ..signatures import constructor
from ..values import repeatable
from . import numbers
from .engine import Engine

#: Goes into every revision: raised when the way of measuring changes.
MEANING = 1

Item = Callable[[str, Callable[[], Dict[str, Any]]], None]


class Functions:
    """Measures one of the families in an API."""

    def __init__(self, family: str, engine: Engine, symbols: Dict[str, Any]) -> None:
        self._engine = engine
        self._table = data.load("cases/functions.json")
        self._row = self._table["families"][family]
        self._factory = Factory(symbols, lambda cls: constructor(cls) or [])

    def facts(self, names: List[Tuple[str, Any]], item: Item, again: str = "") -> None:
        """Hand the facts of every symbol of the family to ``item``, case by case."""
        for name, thing in names:
            module, _, last = name.partition(".")
            if module not in self._row["modules"] or "." in last or last in self._table["outside"]:
                continue
            kind = self._kind(last, thing)
            if kind in self._row["kinds"]:
                for given in self._inputs(last):
                    item("%scases/%s/default@%s" % (again, name, given), partial(self.measure, name, thing, kind, given))

    def _kind(self, last: str, thing: Any) -> str:
        if last in self._table["factories"]:
            return "factory"
        if isinstance(thing, type):
            return "metric" if hasattr(thing, "update_state") else "class"
        return "function"

    def _inputs(self, last: str) -> List[str]:
        found: List[str] = self._row["sparse"] if "sparse" in last.lower() and "sparse" in self._row else self._row["inputs"]
        return found

    def measure(self, name: str, thing: Any, kind: str, given: str) -> Dict[str, Any]:
        """The facts of one case."""
        rows = self._table["inputs"][given]
        fact: Dict[str, Any] = {"revision": canonical.digest([MEANING, rows])[7:15], "input": given, "arguments": {}}
        arrays = [_array(row) for row in rows]
        try:
            self._engine.reset()
            if kind == "function":
                value = self._engine.run(thing, arrays)
            elif kind == "factory":
                value = self._engine.run(thing(), arrays)
            else:
                fact["arguments"] = self._factory.arguments(name, thing)
                value = self._instance(self._factory.make(thing, fact["arguments"]), kind, arrays)
        except NoValue as missing:
            return dict(fact, build={"state": "not run", "message": "no value is known for the argument %s" % missing})
        except Exception as error:
            return dict(fact, inference=repeatable(error))
        if isinstance(value, (list, tuple)):
            fact["inference"] = {"state": "value", "parts": [numbers.measured(part) for part in value]}
        else:
            fact["inference"] = numbers.measured(value)
        return fact

    def _instance(self, instance: Any, kind: str, arrays: List[Any]) -> Any:
        if kind != "metric":
            return self._engine.run(instance, arrays)

        def streamed(*tensors: Any) -> Any:
            instance.update_state(*tensors)
            return instance.result()

        return self._engine.run(streamed, arrays) if self._engine.streams else self._engine.run(instance, arrays)


def _array(row: Dict[str, Any]) -> Any:
    if "integers" in row:
        return numpy.array(row["integers"], "int32")
    if "values" in row:
        return numpy.array([[float(number) for number in line] for line in row["values"]], "float32")
    return numbers.data(row["shape"], row["kind"], row.get("seed", 0))
