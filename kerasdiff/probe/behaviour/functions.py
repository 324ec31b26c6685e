"""The families of plain functions: activations, constraints, regularizers, losses and metrics, on fixed inputs."""

import re
from functools import partial
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Tuple

from .. import canonical, data
from ..instances import Factory, NoValue
from ..signatures import constructor, describe
from ..values import repeatable
from . import numbers
from .engine import Engine, identified, reason

#: Goes into every revision: raised when the way of measuring changes, or a value in ``cases/arguments.json``.
MEANING = 2

Item = Callable[[str, Callable[[], Dict[str, Any]]], None]


class Case(NamedTuple):
    """One way of calling a function, or of making an object and calling it; ``row`` is the data's."""

    call: str
    arguments: Dict[str, Any]
    inputs: List[str]
    row: Dict[str, Any]


class Functions:
    """Measures one of the families in an API."""

    def __init__(self, family: str, engine: Engine, symbols: Dict[str, Any]) -> None:
        self._engine = engine
        self._table = data.load("cases/functions.json")
        self._row = self._table["families"][family]
        self._run = engine.of_weights if self._row.get("of") == "weights" else engine.run
        self._symbols = symbols
        self._factory = Factory(symbols, lambda cls: constructor(cls) or [], engine.remedies.complete)

    def facts(self, names: List[Tuple[str, Any]], item: Item, again: str = "") -> None:
        """Hand the facts of every symbol of the family to ``item``, case by case."""
        for name, thing in names:
            module, _, last = name.partition(".")
            if module not in self._row["modules"] or "." in last:
                continue
            kind = self._kind(last, thing)
            why = self._outside(last, kind)
            try:
                cases = [] if why else list(self._cases(name, thing, kind))
            except NoValue as missing:
                why, cases = "no value is known for the argument %s" % missing, []
            if why and not again:
                item("not_probed/" + name, partial(reason, why))
            for case in cases if not again else cases[::-1]:
                for given in case.inputs:
                    item("%scases/%s/%s@%s" % (again, name, case.call, given), partial(self.measure, thing, kind, case, given))
            if last == "get" and not why:
                for text in self._row["identifiers"]:
                    item("%scases/%s/%s@name" % (again, name, text), partial(identified, thing, text, MEANING))

    def _kind(self, last: str, thing: Any) -> str:
        if last == "get":
            return "get"
        if last in self._table["factories"]:
            return "factory"
        if isinstance(thing, type):
            return "metric" if hasattr(thing, "update_state") else "class"
        return "function"

    def _outside(self, last: str, kind: str) -> str:
        """Why a symbol isn't measured; empty where it is."""
        if last in self._table["outside"]:
            return str(self._table["outside"][last])
        return "" if kind in self._row["kinds"] or kind == "get" else "helper"

    def _cases(self, name: str, thing: Any, kind: str) -> Iterator[Case]:
        if kind == "get":
            return
        last = name.rpartition(".")[2]
        row = self._row
        inputs = row["sparse"] if "sparse" in last.lower() and "sparse" in row else row["inputs"]
        is_special = last in self._table["chosen"] or inputs is row.get("sparse")
        inputs = self._table["chosen"].get(last, inputs)
        required = self._factory.arguments(name, thing) if isinstance(thing, type) else self._factory.own(name)
        yield Case("default", required, inputs, {})
        taken = [part["name"] for part in describe(thing).get("parameters", [])]
        pinned = self._spelled(row.get("pinned", {}), taken)
        if pinned:
            yield Case("pinned", dict(required, **pinned), inputs, {"pinned": row["pinned"]})
        for call in row.get("calls", []):
            if kind not in call.get("kinds", [kind]) or last not in call.get("names", [last]):
                continue
            spelled = self._spelled(call.get("arguments", {}), taken)
            if len(spelled) == len(call.get("arguments", {})):
                given = inputs if is_special and last not in call.get("names", []) else call.get("inputs", inputs)
                yield Case(call["call"], dict(required, **spelled), given, call)

    def _spelled(self, arguments: Dict[str, Any], taken: List[str]) -> Dict[str, Any]:
        spelled = {}
        for name, value in arguments.items():
            for spelling in self._table["spellings"].get(name, [name]):
                if spelling in taken:
                    spelled[spelling] = value
                    break
        return spelled

    def measure(self, thing: Any, kind: str, case: Case, given: str) -> Dict[str, Any]:
        """The facts of one case."""
        rows = self._table["inputs"][given]
        meaning = {key: value for key, value in case.row.items() if key not in ("names", "kinds", "inputs")}
        revision = canonical.digest([MEANING, case.call, rows, meaning])[7:15]
        fact: Dict[str, Any] = {"revision": revision, "input": given, "arguments": case.arguments}
        try:
            self._engine.reset()
            value = self._value(thing, kind, case, [numbers.array(row) for row in rows], fact)
        except NoValue as missing:
            return dict(fact, build={"state": "not run", "message": "no value is known for the argument %s" % missing})
        except Exception as error:
            return dict(fact, inference=repeatable(error))
        if isinstance(value, (list, tuple)):
            fact["inference"] = {"state": "value", "parts": [numbers.measured(part) for part in value]}
        else:
            fact["inference"] = numbers.measured(value)
        return fact

    def _value(self, thing: Any, kind: str, case: Case, arrays: List[Any], fact: Dict[str, Any]) -> Any:
        arguments = self._factory.given(thing, case.arguments)
        if kind == "function":
            return self._run(partial(thing, **arguments), arrays)
        instance = thing(**arguments)
        if kind == "metric":
            return self._stream(instance, case, arrays, fact)
        extra: List[Any] = [numbers.array(case.row["weights"])] if "weights" in case.row else []
        if "after" in case.row:  # predictions that carry a mask
            before = self._symbols[case.row["after"]]()
            return self._engine.run(lambda true, given: instance(true, before(given)), arrays)
        return self._run(instance, arrays + extra)

    def _stream(self, metric: Any, case: Case, arrays: List[Any], fact: Dict[str, Any]) -> Any:
        """A metric's result after an update, or after one for each half of the samples."""
        name = getattr(metric, "name", None)
        if case.call == "default" and isinstance(name, str):
            fact["name"] = {"state": "value", "values": [re.sub(r"_\d+$", "", name)]}
        if "weights" in case.row:
            arrays = arrays + [numbers.array(case.row["weights"])]
        if case.row.get("batches") == 2:
            half = len(arrays[0]) // 2
            return self._engine.stream(metric, [[array[:half] for array in arrays], [array[half:] for array in arrays]])
        return self._engine.stream(metric, [arrays])
