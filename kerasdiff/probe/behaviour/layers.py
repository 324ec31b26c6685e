"""The family ``layers``: shapes, weights, outputs in inference and training mode, gradients, what chance decides."""

import re
from functools import partial
from typing import Any, Callable, Dict, List, Tuple

import numpy

from .. import canonical
from ..instances import Factory, NoValue
from ..signatures import constructor
from ..values import encode, repeatable
from ..weights import own_name
from . import numbers
from .calls import MEANING, Calls, Case
from .engine import Call, Engine, Unsupported, reason

Item = Callable[[str, Callable[[], Dict[str, Any]]], None]

#: What is measured of a case whose data doesn't say; of ``pinned`` no gradient, which costs most in a graph.
QUANTITIES = ["inference", "gradient", "training"]
PINNED = ["inference", "training"]
#: Calls after which a layer passes for one that draws nothing: a flip leaves every fourth image as it is.
DRAWS = 16
_COUNTER = re.compile(r"_\d+(?=[/:_]|$)")


class Layers:
    """Measures the layers of one API."""

    def __init__(self, engine: Engine, symbols: Dict[str, Any]) -> None:
        self._engine = engine
        self._symbols = symbols
        self._factory = Factory(symbols, lambda cls: constructor(cls) or [], engine.remedies.complete)
        self._plain = Factory(symbols, lambda cls: constructor(cls) or [])
        self._calls = Calls(self._factory, engine.backend)
        self._table = self._calls.table
        self._base = symbols["layers.Layer"] if "layers.Layer" in symbols else symbols.get("engine.Layer")

    def facts(self, names: List[Tuple[str, Any]], item: Item, again: str = "") -> None:
        """Hand the facts of every layer among ``names`` (canonical name and object) to ``item``, case by case."""
        for name, thing in names:
            if name.rpartition(".")[0] not in self._table["modules"]:
                continue
            try:
                why = self._outside(thing)
                cases = [] if why else list(self._calls.of(name, thing))
            except NoValue as missing:
                why, cases = "no value is known for the argument %s" % missing, []
            if why and not again:
                item("not_probed/" + name, partial(reason, why))
            for case in cases if not again else cases[::-1]:
                for given in [case.inputs] if case.first_fits else [[one] for one in case.inputs]:
                    place = "any" if case.first_fits else given[0]
                    item("%scases/%s/%s@%s" % (again, name, case.call, place), partial(self.measure, thing, case, given))

            historical = {} if why else dict(self._calls.historical(thing))
            if historical:
                item("%scases/%s/historical@config" % (again, name), partial(self.outcomes, name, thing, historical))

    def outcomes(self, name: str, cls: Any, historical: Dict[str, Any]) -> Dict[str, Any]:
        """What a layer does with arguments by their historical names."""
        revision = canonical.digest([MEANING, self._table["historical"]])[7:15]
        self._engine.reset()
        required = self._factory.arguments(name, cls)
        return {
            "revision": revision,
            "outcomes": {argument: self._outcome(cls, required, argument, row) for argument, row in historical.items()},
        }

    def _outcome(self, cls: Any, required: Dict[str, Any], argument: str, row: Dict[str, Any]) -> str:
        """``honoured``, ``ignored`` or ``refused``; ``accepted`` where the configuration doesn't tell."""
        others = {key: value for key, value in required.items() if key != row.get("as")}
        try:
            given = self._plain.make(cls, dict(others, **{argument: row["value"]}))
        except Exception:
            return "refused"
        if "as" not in row:
            return "accepted"
        try:
            meant = self._plain.make(cls, dict(others, **{row["as"]: row.get("means", row["value"])}))
            found, expected, plain = [_config(made) for made in (given, meant, self._plain.make(cls, required))]
        except Exception:
            return "accepted"
        if expected == plain:
            return "accepted"
        return "ignored" if found == plain else "honoured"

    def _outside(self, thing: Any) -> str:
        """Why an object isn't measured; empty where it is."""
        if not isinstance(thing, type):
            return "helper"
        if thing.__name__ in self._table["outside"]:
            return str(self._table["outside"][thing.__name__])
        is_layer = self._base is not None and issubclass(thing, self._base)
        return "" if is_layer or _is_cell(thing) else "helper"

    def measure(self, cls: Any, case: Case, given: List[str]) -> Dict[str, Any]:
        """The facts of one case."""
        fact: Dict[str, Any] = {}
        revision = case.revision([self._table["inputs"][name] for name in given])
        for position, name in enumerate(given):
            rows = self._table["inputs"][name]
            fact = {"revision": revision, "arguments": case.arguments, "input": name}
            try:
                arrays = [numbers.array(row) for row in rows]
                call = self._made(cls, case)
                self._engine.build(call, arrays)
            except Exception as error:
                if position + 1 < len(given):
                    continue
                return dict(fact, build=repeatable(error))
            try:
                self._measure(call, case, arrays, fact)
            except Exception as error:
                fact["build"] = repeatable(error)
            break
        return fact

    def _made(self, cls: Any, case: Case) -> Call:
        """A new layer as the case asks for it, in a framework that remembers nothing."""
        self._engine.reset()
        positional = [self._factory.value(part) for part in case.row.get("positional", [])]
        layer = self._factory.make(cls, case.arguments, *positional)
        if is_random(layer):
            self._engine.reset()
            self._engine.seed()
            layer = self._factory.make(cls, case.arguments, *positional)
        if _is_cell(cls):
            layer = self._symbols["layers.RNN"](layer)
        if "adapt" in case.row:
            layer.adapt(numbers.array(case.row["adapt"]))
        after = case.row.get("after")
        before = self._symbols[after]() if after else None
        keywords = {
            name: numbers.array(row) if isinstance(row, dict) else row for name, row in case.row.get("keywords", {}).items()
        }
        return Call(layer, before, keywords)

    def _measure(self, call: Call, case: Case, arrays: List[Any], fact: Dict[str, Any]) -> None:
        layer = call.layer
        names = [str(weight.name) for weight in layer.weights]
        initial = [numpy.asarray(array) for array in layer.get_weights()]
        shapes = [tuple(array.shape) for array in initial]
        # What a layer has learnt by adapt() is its state, not a weight to choose.
        filled = initial if hasattr(layer, "adapt") else numbers.weights(names, shapes)
        if names:
            fact["weights"] = [[own_name(name), list(shape)] for name, shape in zip(names, shapes)]
            trainable = {id(weight) for weight in getattr(layer, "trainable_weights", [])}
            fact["trainable"] = [id(weight) in trainable for weight in layer.weights]
            if case.call == "default":
                fact["names"] = [_COUNTER.sub("", name.rsplit("/", maxsplit=1)[-1]) for name in names]
                fact["initial"] = {"state": "value", "parts": [numbers.initial(array) for array in initial]}
        if is_random(layer):
            fact["random"] = True
        self._set(layer, filled)
        if case.row.get("repeat"):
            _forget(layer)
        measures: Dict[str, Callable[[], None]] = {
            "inference": lambda: self._infer(call, case, arrays, fact),
            "gradient": lambda: self._gradient(call, arrays, fact),
            "unsaid": lambda: _quantity(fact, "unsaid", lambda: self._unsaid(call, arrays)),
            "mask": lambda: _quantity(fact, "mask", lambda: self._mask(call, arrays)),
            "losses": lambda: _quantity(fact, "losses", lambda: self._engine.losses(call, arrays)),
            "training": lambda: self._train(call, arrays, filled, fact),
            "chance": lambda: self._chance(call, case, arrays, fact),
        }
        for name in case.row.get("only", PINNED if case.call == "pinned" else QUANTITIES):
            measures[name]()

    def _infer(self, call: Call, case: Case, arrays: List[Any], fact: Dict[str, Any]) -> None:
        for time in range(case.row.get("repeat", 1)):
            name = "inference" if not time else "inference_%d" % (time + 1)
            _quantity(fact, name, lambda: self._engine.layer(call, arrays, training=False))

    def _gradient(self, call: Call, arrays: List[Any], fact: Dict[str, Any]) -> None:
        factors = _factors(fact.get("inference", {}))
        if factors is not None and type(call.layer).__name__ not in self._table["no_gradient"]:
            _quantity(fact, "gradient", lambda: self._engine.gradient(call, arrays, training=False, factors=factors))

    def _train(self, call: Call, arrays: List[Any], filled: List[Any], fact: Dict[str, Any]) -> None:
        self._set(call.layer, filled)
        _quantity(fact, "training", lambda: self._engine.layer(call, arrays, training=True))
        if "training" in fact and fact["training"] == fact.get("inference"):
            fact["training"] = {"state": "value", "same_as": "inference"}
        after = call.layer.get_weights()
        if any((one != other).any() for one, other in zip(filled, after) if one.dtype == other.dtype):
            fact["state"] = {"state": "value", "parts": [numbers.measured(array) for array in after]}

    def _unsaid(self, call: Call, arrays: List[Any]) -> Any:
        """Whether a layer draws where the call doesn't say that it trains."""
        inferred = numpy.asarray(self._engine.layer(call, arrays, training=False))
        for _ in range(DRAWS):
            told = numpy.asarray(self._engine.unsaid(call, arrays))
            if told.shape != inferred.shape or (told != inferred).any():
                return numpy.array("as in training")
        return numpy.array("as in inference")

    def _mask(self, call: Call, arrays: List[Any]) -> Any:
        mask = self._engine.mask(call, arrays)
        return numpy.array("no mask") if mask is None else mask.astype(bool)

    def _chance(self, call: Call, case: Case, arrays: List[Any], fact: Dict[str, Any]) -> None:
        """What random layers decide by chance, without the numbers drawn: the axes that share a draw, and the distribution.

        Of equal samples with one recurrent unit, that a draw keeps or drops, the number of different outputs tells how many
        draws a sample has.
        """
        if case.row["chance"] == "distinct":
            outputs = numpy.asarray(self._engine.layer(call, arrays, training=True), "float64").reshape(len(arrays[0]), -1)
            fact["distinct"] = numbers.plain([len({tuple(row) for row in outputs.round(5).tolist()})])
            return
        if case.row["chance"] == "dropped":  # inputs that the output doesn't depend on have been dropped
            factors = numbers.coefficients(numpy.asarray(self._engine.layer(call, arrays, training=False)).shape)
            drawn = numpy.asarray(self._engine.gradient(call, arrays, training=True, factors=factors)) == 0
        else:
            drawn = numpy.asarray(self._engine.layer(call, arrays, training=True))
            fact["distribution"] = numbers.measured(numbers.distribution(drawn))
        if (drawn == drawn.reshape(-1)[0]).all():
            fact["shared"] = {"state": "value", "values": ["nothing is random"]}
        else:
            fact["shared"] = {"state": "value", "values": numbers.shared(drawn)}

    @staticmethod
    def _set(layer: Any, arrays: List[Any]) -> None:
        current = layer.get_weights()
        layer.set_weights([new.astype(old.dtype) if old.dtype.kind == "f" else old for new, old in zip(arrays, current)])


def _quantity(fact: Dict[str, Any], name: str, run: Callable[[], Any]) -> None:
    try:
        value = run()
    except (Unsupported, NotImplementedError):
        return
    except Exception as error:
        fact[name] = repeatable(error)
        return
    if isinstance(value, (list, tuple)):
        fact[name] = {"state": "value", "parts": [numbers.measured(part) for part in value]}
    else:
        fact[name] = numbers.measured(value)


def _forget(layer: Any) -> None:
    """Clear the state that building, which calls the layer, has left in a stateful one."""
    getattr(layer, "reset_states" if hasattr(layer, "reset_states") else "reset_state")()


def _factors(inference: Dict[str, Any]) -> Any:
    """What to weigh the output with for a gradient; None where there is no output of numbers."""
    first = inference.get("parts", [inference])[:1]
    is_number = bool(first) and "float" in first[0].get("dtype", "")
    return numbers.coefficients(first[0]["shape"]) if is_number else None


def _config(layer: Any) -> str:
    """The configuration of a layer, but for the name, which counts instances."""
    return canonical.digest({key: encode(value) for key, value in layer.get_config().items() if key != "name"})


def _is_cell(cls: type) -> bool:
    """A recurrent cell, measured in an ``RNN``."""
    return cls.__name__.endswith(("Cell", "Cells")) and hasattr(cls, "call")


def is_random(layer: Any) -> bool:
    """Whether a layer draws random numbers when it trains; a recurrent one that drops nothing doesn't."""
    rates = [getattr(layer, name) for name in ("dropout", "recurrent_dropout") if hasattr(layer, name)]
    if rates and not any(rates):
        return False
    return any(hasattr(layer, name) for name in ("seed_generator", "seed", "_random_generator", "rate", "stddev", "sigma"))
