"""The family ``initializers``: the draw for fixed seeds, and its distribution apart."""

from functools import partial
from typing import Any, Callable, Dict, List, Tuple

import numpy

from .. import canonical, data
from ..instances import Factory, NoValue
from ..signatures import constructor, describe
from ..values import repeatable
from . import numbers
from .engine import Call, Engine, reason

#: Goes into every revision: raised when the way of measuring changes.
MEANING = 3

Item = Callable[[str, Callable[[], Dict[str, Any]]], None]


class Initializers:
    """Measures the initializers of one API."""

    def __init__(self, engine: Engine, symbols: Dict[str, Any]) -> None:
        self._engine = engine
        self._symbols = symbols
        self._table = data.load("cases/initializers.json")
        self._factory = Factory(symbols, lambda cls: constructor(cls) or [], engine.remedies.complete)

    def facts(self, names: List[Tuple[str, Any]], item: Item, again: str = "") -> None:
        """Hand the facts of every initializer to ``item``, case by case."""
        for name, thing in names:
            module, _, last = name.partition(".")
            if module not in self._table["modules"] or "." in last:
                continue
            why = self._table["outside"].get(last, "")
            try:
                arguments = {} if why else self._arguments(name, thing)
            except NoValue as missing:
                why, arguments = "no value is known for the argument %s" % missing, {}
            if why and not again:
                item("not_probed/" + name, partial(reason, why))
            if why:
                continue
            for row in self._table["chosen"].get(last, self._table["calls"]):
                identifier = "%scases/%s/%s@%s" % (again, name, row["call"], row["input"])
                item(identifier, partial(self.measure, thing, arguments, row))

    def measure(self, thing: Any, arguments: Dict[str, Any], row: Dict[str, Any]) -> Dict[str, Any]:
        """The ``draw``; seeded also the instance's ``second`` one, and the ``distribution`` and ``kurtosis`` of a larger."""
        fact: Dict[str, Any] = {"revision": canonical.digest([MEANING, row, self._table["seed"]])[7:15], "arguments": arguments}
        fact["random"] = "seed" in arguments or not isinstance(thing, type)
        if row["call"] == "global_seed":
            fact["arguments"] = arguments = {key: value for key, value in arguments.items() if key != "seed"}
        try:
            self._engine.reset()
            self._engine.seed()
            if row["call"] == "in_a_layer":
                fact["draw"] = numbers.measured(self._in_a_layer(thing, arguments, row))
                return fact
            draw = self._drawer(thing, arguments)
            first = draw(row["shape"])
            fact["draw"] = numbers.measured(first)
            if row["call"] == "global_seed":
                return fact
            second = draw(row["shape"])
            sample = self._drawer(thing, arguments)(row["sample"])
        except Exception as error:
            return dict(fact, draw=repeatable(error))
        fact["random"] = "seed" in arguments or bool((first != second).any())
        fact["second"] = {"state": "value", "same_as": "draw"} if (first == second).all() else numbers.measured(second)
        fact["distribution"] = numbers.measured(numbers.distribution(sample, row["quantiles"]))
        if row["quantiles"] and numpy.std(sample) > 0:
            fact["kurtosis"] = numbers.measured(numbers.kurtosis(sample))
        return fact

    def _in_a_layer(self, thing: Any, arguments: Dict[str, Any], row: Dict[str, Any]) -> Any:
        """The kernel of a ``Dense`` layer that is given the initializer."""
        dense = self._symbols["layers.Dense"]
        name = (
            "kernel_initializer" if any(part["name"] == "kernel_initializer" for part in constructor(dense) or []) else "init"
        )
        given = thing if not isinstance(thing, type) and name == "init" else self._made(thing, arguments)
        layer = self._factory.make(dense, {name: given}, row["units"])
        self._engine.build(Call(layer), [numbers.data(row["data"])])
        return layer.get_weights()[0]

    def _arguments(self, name: str, thing: Any) -> Dict[str, Any]:
        if not isinstance(thing, type):
            taken = {part["name"] for part in describe(thing).get("parameters", [])}
            return {"seed": self._table["seed"]} if "seed" in taken else {}
        arguments = self._factory.arguments(name, thing)
        if any(part["name"] == "seed" for part in constructor(thing) or []):
            arguments = dict(arguments, seed=self._table["seed"])
        return arguments

    def _made(self, thing: Any, arguments: Dict[str, Any]) -> Any:
        return self._factory.make(thing, arguments)

    def _drawer(self, thing: Any, arguments: Dict[str, Any]) -> Callable[[List[int]], Any]:
        numpy.random.seed(self._table["seed"])  # Keras 1 and the Theano backend draw their seeds from NumPy
        is_plain = not isinstance(thing, type) and "shape" in {part["name"] for part in describe(thing).get("parameters", [])}
        made = thing if is_plain else self._made(thing, arguments)  # Keras 1: the initializer is a function of the shape
        return lambda shape: numpy.asarray(self._engine.run(lambda: made(tuple(shape)), []))
