"""The family ``optimizers``: the weights after each of some steps from fixed weights and gradients; and schedules."""

from functools import partial
from typing import Any, Callable, Dict, List, Optional, Tuple

import numpy

from .. import canonical, data
from ..instances import Factory, NoValue
from ..signatures import constructor
from ..values import repeatable
from . import numbers
from .engine import Engine, Unstable, Unsupported, identified, reason

#: Goes into every revision: raised when the way of measuring changes.
MEANING = 2
#: Steps that show whether a historical argument is honoured.
FEW = 3

Item = Callable[[str, Callable[[], Dict[str, Any]]], None]


class Optimizers:
    """Measures the optimizers and learning rate schedules of one API."""

    def __init__(self, engine: Engine, symbols: Dict[str, Any]) -> None:
        self._engine = engine
        self._table = data.load("cases/optimizers.json")
        self._factory = Factory(symbols, lambda cls: constructor(cls) or [], engine.remedies.complete)
        self._required: Dict[type, Dict[str, Any]] = {}
        self._plain: Dict[type, Any] = {}

    def facts(self, names: List[Tuple[str, Any]], item: Item, again: str = "") -> None:
        """Hand the facts of every optimizer to ``item``, case by case."""
        for name, thing in names:
            module, _, last = name.rpartition(".")
            if module not in self._table["modules"] and module not in self._table["schedules"]:
                continue
            if last == "get":
                for text in self._table["identifiers"]:
                    item("%scases/%s/%s@name" % (again, name, text), partial(identified, thing, text, MEANING))
            kind = self._kind(thing)
            why = self._table["outside"].get(last, "" if kind else "helper")
            if not why:
                try:
                    self._required[thing] = self._factory.arguments(name, thing)
                except NoValue as missing:
                    why = "no value is known for the argument %s" % missing
            if why and not again and module in self._table["modules"] + ["optimizers.schedules"]:
                item("not_probed/" + name, partial(reason, why))
            if not why and kind == "schedule":
                item("%scases/%s/default@times" % (again, name), partial(self.rates, thing))
            elif not why:
                self._optimizer(name, thing, item, again)

    @staticmethod
    def _kind(thing: Any) -> str:
        if not isinstance(thing, type) or not hasattr(thing, "get_config"):
            return ""
        if any(hasattr(thing, way) for way in ("apply_gradients", "get_updates")):
            return "optimizer"
        return (
            "schedule"
            if "__call__" in dir(thing) and any(base.__name__ == "LearningRateSchedule" for base in thing.__mro__)
            else ""
        )

    def _optimizer(self, name: str, cls: Any, item: Item, again: str) -> None:
        # The older and newer optimizers that some releases keep beside the usual ones are told from these by a few cases.
        is_usual = name.count(".") == 1
        found = []
        for call, row in self._table["calls"].items():
            spelled = self._spelled(cls, row)
            if spelled is not None:
                found.append((call, partial(self.measure, cls, call, spelled, row)))
        for argument, value in self._table["historical"].items():
            found.append(("argument-" + argument, partial(self.outcome, cls, argument, value)))
        for call, measure in found:
            if is_usual or call in self._table["elsewhere"]:
                item("%scases/%s/%s@1d" % (again, name, call), measure)

    def _spelled(self, cls: Any, row: Dict[str, Any]) -> Optional[Dict[str, Any]]:
        """The arguments as this generation names them; None where it has no such argument. Pinned ones: those it has."""
        taken = {part["name"]: part for part in constructor(cls) or []}
        takes_any = any(part.get("kind") == "var_keyword" for part in taken.values())
        spelled = {}
        for name, value in row.get("pinned", row.get("arguments", {})).items():
            names = [known for known in self._table["spellings"].get(name, [name]) if known in taken]
            if names:
                spelled[names[0]] = value
            elif "pinned" in row:
                if takes_any and cls.__name__ in self._table["pinned_through_keywords"].get(name, []):
                    spelled[name] = value
            else:
                if not (takes_any and name in self._table["through_keywords"]):
                    return None
                spelled[name] = value
        return spelled

    def _gradients(self, step: int) -> List[Any]:
        """The same size each step, with a sign that changes, so that averages and their corrections show."""
        sign = numpy.float32(1.0 if step % 3 else -0.5)
        vector = numpy.array(self._table["gradients"], "float32") * sign
        return [vector, numbers.data(self._table["matrix"]["shape"], "exact", step) * sign]

    def _trace(self, cls: Any, arguments: Dict[str, Any], start: float, steps: int, row: Dict[str, Any]) -> Any:
        self._engine.reset()
        many = row.get("variables", 1)
        first = [
            numpy.full(len(self._table["gradients"]), start, "float32"),
            numpy.full(self._table["matrix"]["shape"], self._table["matrix"]["start"], "float32"),
        ][:many]
        optimizer = self._factory.make(cls, dict(self._required[cls], **arguments))
        if row.get("sparse"):
            trace = self._engine.optimize_sparse(optimizer, numpy.full((4, 2), start, "float32"), steps)
        else:
            trace = self._engine.optimize(optimizer, first, lambda step: self._gradients(step)[:many], steps)
        return numpy.array([numpy.concatenate([weight.reshape(-1) for weight in weights]) for weights in trace])

    def measure(self, cls: Any, call: str, arguments: Dict[str, Any], row: Dict[str, Any]) -> Dict[str, Any]:
        """The facts of one case: ``training`` holds one row of weights a step."""
        steps = row.get("steps", self._table["steps"])
        meaning = [MEANING, call, row, self._table["gradients"], self._table["matrix"], steps]
        fact: Dict[str, Any] = {"revision": canonical.digest(meaning)[7:15], "input": row["start"], "arguments": arguments}
        try:
            start = self._table["starts"][row["start"]]["value"]
            fact["training"] = numbers.measured(self._trace(cls, arguments, start, steps, row))
        except Unstable:
            fact["training"] = {"state": "unstable"}
            if call == "default":
                self._engine.racing.add(cls.__name__)
        except (NoValue, Unsupported):
            fact["training"] = {"state": "unsupported"}
        except Exception as error:
            fact["training"] = repeatable(error)
        return fact

    def outcome(self, cls: Any, argument: str, value: float) -> Dict[str, Any]:
        """Whether an argument by its historical name is ``honoured``, ``ignored``, or ``refused`` with which exception."""
        fact: Dict[str, Any] = {"revision": canonical.digest([MEANING, argument, value])[7:15], "arguments": {argument: value}}
        try:
            given = self._trace(cls, {argument: value}, 1.0, FEW, {})  # first: what is refused is so in each run
            if cls not in self._plain:
                self._plain[cls] = self._trace(cls, {}, 1.0, FEW, {})
        except Unstable:
            return dict(fact, outcome={"state": "unstable"})
        except Unsupported:
            return dict(fact, outcome={"state": "unsupported"})
        except Exception as error:
            return dict(fact, outcome={"state": "value", "value": "refused", "type": type(error).__name__})
        is_ignored = numpy.allclose(self._plain[cls], given, 0, 1e-9)
        return dict(fact, outcome={"state": "value", "value": "ignored" if is_ignored else "honoured"})

    def rates(self, cls: Any) -> Dict[str, Any]:
        """The learning rates of a schedule, one for each of the times."""
        times, arguments = self._table["times"], self._required[cls]
        revision = canonical.digest([MEANING, times])[7:15]
        fact: Dict[str, Any] = {"revision": revision, "input": "times", "arguments": arguments}
        try:
            self._engine.reset()
            self._engine.seed()  # one adds noise
            schedule = self._factory.make(cls, arguments)
            found = [self._engine.run(lambda time=time: schedule(time), []) for time in times]
            again = self._engine.run(lambda: schedule(times[0]), [])
            if float(numpy.asarray(again)) != float(numpy.asarray(found[0])):
                fact["random"] = True
            fact["training"] = numbers.measured(numpy.array([float(numpy.asarray(rate)) for rate in found], "float32"))
        except Exception as error:
            fact["training"] = repeatable(error)
        return fact
