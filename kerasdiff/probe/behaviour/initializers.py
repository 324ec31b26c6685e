"""The family ``initializers``: the draw for fixed seeds, and its distribution apart."""

from functools import partial
from typing import Any, Callable, Dict, List, Tuple

import numpy

from .. import canonical, data
from ..instances import Factory, NoValue
from ..signatures import constructor, describe
from ..values import repeatable
from . import numbers
from .engine import Engine

#: Goes into every revision: raised when the way of measuring changes.
MEANING = 1

Item = Callable[[str, Callable[[], Dict[str, Any]]], None]


class Initializers:
    """Measures the initializers of one API."""

    def __init__(self, engine: Engine, symbols: Dict[str, Any]) -> None:
        self._engine = engine
        self._table = data.load("cases/initializers.json")
        self._factory = Factory(symbols, lambda cls: constructor(cls) or [])

    def facts(self, names: List[Tuple[str, Any]], item: Item, again: str = "") -> None:
        """Hand the facts of every initializer to ``item``, case by case."""
        for name, thing in names:
            module, _, last = name.partition(".")
            if module not in self._table["modules"] or "." in last or last in self._table["outside"]:
                continue
            item("%scases/%s/seeded@2d" % (again, name), partial(self.measure, name, thing))

    def measure(self, name: str, thing: Any) -> Dict[str, Any]:
        """``draw`` with a seed, the ``second`` draw of the same instance, and the ``distribution`` of a larger one."""
        revision = canonical.digest([MEANING, self._table["shape"], self._table["sample"], self._table["seed"]])[7:15]
        fact: Dict[str, Any] = {"revision": revision, "arguments": {}}
        try:
            fact["arguments"] = arguments = self._arguments(name, thing)
        except NoValue as missing:
            return dict(fact, build={"state": "not run", "message": "no value is known for the argument %s" % missing})
        try:
            self._engine.reset()
            draw = self._drawer(thing, arguments)
            first, second = draw(self._table["shape"]), draw(self._table["shape"])
            sample = self._drawer(thing, arguments)(self._table["sample"])
        except Exception as error:
            return dict(fact, draw=repeatable(error))
        fact["draw"] = numbers.measured(first)
        fact["second"] = {"state": "value", "same_as": "draw"} if (first == second).all() else numbers.measured(second)
        fact["distribution"] = numbers.measured(self._distribution(sample))
        fact["random"] = "seed" in arguments or len(numpy.unique(first)) > 3
        return fact

    def _arguments(self, name: str, thing: Any) -> Dict[str, Any]:
        if not isinstance(thing, type):
            taken = {part["name"] for part in describe(thing).get("parameters", [])}
            return {"seed": self._table["seed"]} if "seed" in taken else {}
        arguments = self._factory.arguments(name, thing)
        if any(part["name"] == "seed" for part in constructor(thing) or []):
            arguments = dict(arguments, seed=self._table["seed"])
        return arguments

    def _drawer(self, thing: Any, arguments: Dict[str, Any]) -> Callable[[List[int]], Any]:
        numpy.random.seed(self._table["seed"])  # Keras 1 and the Theano backend draw their seeds from NumPy
        if isinstance(thing, type):
            made = self._factory.make(thing, arguments)
        elif "shape" in {part["name"] for part in describe(thing).get("parameters", [])}:
            made = thing  # Keras 1: the initializer is a function of the shape
        else:
            made = thing(**arguments)
        return lambda shape: numpy.asarray(self._engine.run(lambda: made(tuple(shape)), []))

    def _distribution(self, sample: Any) -> Any:
        """Mean, standard deviation and quantiles, in units of what they are."""
        flat = sample.astype("float64").reshape(-1)
        return numpy.array([flat.mean(), flat.std()] + [numpy.quantile(flat, part) for part in self._table["quantiles"]])
