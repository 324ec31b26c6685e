"""The family ``optimizers``: the weights after each of some steps from fixed weights and gradients."""

from functools import partial
from typing import Any, Callable, Dict, List, Tuple

import numpy

from .. import canonical, data
from ..signatures import constructor
from ..values import repeatable
from . import numbers
from .engine import Engine, Unstable

#: Goes into every revision: raised when the way of measuring changes.
MEANING = 1

Item = Callable[[str, Callable[[], Dict[str, Any]]], None]


class Optimizers:
    """Measures the optimizers of one API."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._table = data.load("cases/optimizers.json")
        self._plain: Dict[type, Any] = {}

    def facts(self, names: List[Tuple[str, Any]], item: Item, again: str = "") -> None:
        """Hand the facts of every optimizer to ``item``, case by case."""
        for name, cls in names:
            if not name.startswith("optimizers.") or name.count(".") > 1 or name in self._table["outside"]:
                continue
            if (
                not isinstance(cls, type)
                or not hasattr(cls, "get_config")
                or not any(hasattr(cls, way) for way in ("apply_gradients", "get_updates"))
            ):
                continue
            for call, row in self._table["calls"].items():
                spelled = self._spelled(cls, row["arguments"])
                if spelled is not None:
                    item("%scases/%s/%s@1d" % (again, name, call), partial(self.measure, cls, spelled, row))
            for argument, value in self._table["historical"].items():
                item("%scases/%s/argument-%s@1d" % (again, name, argument), partial(self.outcome, cls, argument, value))

    def _spelled(self, cls: Any, arguments: Dict[str, Any]) -> Any:
        """The arguments as this generation names them; None where it has no such argument."""
        taken = {part["name"]: part for part in constructor(cls) or []}
        spelled = {}
        for name, value in arguments.items():
            names = [known for known in self._table["spellings"].get(name, [name]) if known in taken]
            if not names and not (
                name in ("clipnorm", "clipvalue") and any(part.get("kind") == "var_keyword" for part in taken.values())
            ):
                return None
            spelled[names[0] if names else name] = value
        return spelled

    def _gradients(self, step: int) -> List[Any]:
        """The same size each step, with a sign that changes, so that averages and their corrections show."""
        return [numpy.array(self._table["gradients"], "float32") * numpy.float32(1.0 if step % 3 else -0.5)]

    def _trace(self, cls: Any, arguments: Dict[str, Any], start: float, steps: int) -> Any:
        self._engine.reset()
        first = numpy.full(len(self._table["gradients"]), start, "float32")
        trace = self._engine.optimize(cls(**arguments), [first], self._gradients, steps)
        return numpy.array([weights[0] for weights in trace])

    def measure(self, cls: Any, arguments: Dict[str, Any], row: Dict[str, Any]) -> Dict[str, Any]:
        """The facts of one case: ``training`` holds one row of weights a step."""
        meaning = [MEANING, row, self._table["gradients"], self._table["steps"]]
        fact: Dict[str, Any] = {"revision": canonical.digest(meaning)[7:15], "input": row["start"], "arguments": arguments}
        try:
            fact["training"] = numbers.measured(
                self._trace(cls, arguments, self._table["weights"][row["start"]], self._table["steps"])
            )
        except Unstable:
            fact["training"] = {"state": "unstable"}
        except Exception as error:
            fact["training"] = repeatable(error)
        return fact

    def outcome(self, cls: Any, argument: str, value: float) -> Dict[str, Any]:
        """Whether an argument by its historical name is ``honoured``, ``ignored``, or ``refused`` with which exception."""
        fact: Dict[str, Any] = {"revision": canonical.digest([MEANING, argument, value])[7:15], "arguments": {argument: value}}
        try:
            if cls not in self._plain:
                self._plain[cls] = self._trace(cls, {}, 1.0, 3)
            given = self._trace(cls, {argument: value}, 1.0, 3)
        except Unstable:
            return dict(fact, outcome={"state": "unstable"})
        except Exception as error:
            return dict(fact, outcome={"state": "value", "value": "refused", "type": type(error).__name__})
        return dict(
            fact,
            outcome={"state": "value", "value": "ignored" if numpy.allclose(self._plain[cls], given, 0, 1e-9) else "honoured"},
        )
