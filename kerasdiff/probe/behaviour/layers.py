"""The family ``layers``: shapes, weights, outputs in inference and training mode, gradients."""

import re
from functools import partial
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Tuple

from .. import canonical, data
from ..instances import Factory, NoValue
from ..signatures import constructor
from ..values import repeatable
from . import numbers
from .engine import Engine, Unsupported

#: Goes into every revision: raised when the way of measuring changes.
MEANING = 1

Item = Callable[[str, Callable[[], Dict[str, Any]]], None]


class Case(NamedTuple):
    """One way of calling a layer: ``call`` and arguments, and its named inputs (or the first that fits)."""

    call: str
    arguments: Dict[str, Any]
    inputs: List[str]
    first_fits: bool


class Layers:
    """Measures the layers of one API."""

    def __init__(self, engine: Engine, symbols: Dict[str, Any]) -> None:
        self._engine = engine
        self._table = data.load("cases/layers.json")
        self._factory = Factory(symbols, lambda cls: constructor(cls) or [])
        self._base = symbols["layers.Layer"] if "layers.Layer" in symbols else symbols.get("engine.Layer")

    def facts(self, names: List[Tuple[str, Any]], item: Item, again: str = "") -> None:
        """Hand the facts of every layer among ``names`` (canonical name and object) to ``item``, case by case."""
        for name, cls in names:
            if not self._is_layer(name, cls):
                continue
            for case in self.cases(name, cls):
                for given in [case.inputs] if case.first_fits else [[one] for one in case.inputs]:
                    identifier = "%scases/%s/%s@%s" % (again, name, case.call, given[0])
                    item(identifier, partial(self.measure, cls, case, given))

    def _is_layer(self, name: str, cls: Any) -> bool:
        return (
            isinstance(cls, type)
            and self._base is not None
            and issubclass(cls, self._base)
            and name.rpartition(".")[0] in ("layers", "layers.experimental.preprocessing")
            and "layers." + cls.__name__ not in self._table["outside"]
            and not name.endswith("Cell")
        )

    def cases(self, name: str, cls: Any) -> Iterator[Case]:
        """The cases of a layer; one that no table knows is called with its required arguments, on the first input that fits."""
        chosen = self._table["chosen"].get("layers." + cls.__name__)
        inputs, first_fits = (chosen, False) if chosen else (self._table["automatic"], True)
        try:
            required = self._factory.arguments(name, cls)
        except NoValue:
            return
        yield Case("default", required, inputs, first_fits)
        pinned = dict(required, **self._pinned(cls))
        if set(pinned) - set(required):
            yield Case("pinned", pinned, inputs, first_fits)
        for call, row in self._table["symbols"].get(name, {}).items():
            spelled = self._spelled(cls, row["arguments"])
            if len(spelled) == len(row["arguments"]):  # else this generation has no such argument
                yield Case(call, dict(required, **spelled), row["inputs"], False)

    def _pinned(self, cls: Any) -> Dict[str, Any]:
        """Every known argument with a fixed value of the kind that its default has: ``padding`` isn't the same everywhere."""
        defaults = {part["name"]: part["default"] for part in constructor(cls) or [] if "default" in part}
        spelled = self._spelled(cls, self._table["pinned"])
        return {
            name: value
            for name, value in spelled.items()
            if name not in defaults or not isinstance(defaults[name], str) or isinstance(value, str)
            if not isinstance(value, str) or isinstance(defaults.get(name, ""), (str, type(None)))
        }

    def _spelled(self, cls: Any, arguments: Dict[str, Any]) -> Dict[str, Any]:
        """The arguments by the names that this generation's constructor has."""
        taken = {part["name"] for part in constructor(cls) or []}
        spelled = {}
        for name, value in arguments.items():
            for spelling in self._table["spellings"].get(name, [name]):
                if spelling in taken:
                    spelled[spelling] = value
                    break
        return spelled

    def measure(self, cls: Any, case: Case, given: List[str]) -> Dict[str, Any]:
        """The facts of one case."""
        fact: Dict[str, Any] = {}
        for position, name in enumerate(given):
            fact = {"revision": self._revision(case, name), "arguments": case.arguments, "input": name}
            arrays = [
                numbers.data(part["shape"], part.get("kind", "exact"), part.get("seed", 0))
                for part in self._table["inputs"][name]
            ]
            try:
                self._engine.reset()
                layer = self._factory.make(cls, case.arguments)
                self._engine.build(layer, arrays)
            except Exception as error:
                if position + 1 < len(given):
                    continue
                return dict(fact, build=repeatable(error))
            try:
                self._outputs(layer, arrays, fact)
            except Exception as error:
                fact["build"] = repeatable(error)
            break
        return fact

    def _revision(self, case: Case, name: str) -> str:
        """What the case means: not how it is spelled."""
        meaning = [MEANING, case.call, self._table["inputs"][name]]
        if case.call not in ("default", "pinned"):
            meaning.append(sorted(str(value) for value in case.arguments.values()))
        return canonical.digest(meaning)[7:15]

    def _outputs(self, layer: Any, arrays: List[Any], fact: Dict[str, Any]) -> None:
        names = [str(weight.name) for weight in layer.weights]
        shapes = [tuple(array.shape) for array in layer.get_weights()]
        filled = numbers.weights(names, shapes)
        fact["weights"] = [[_own_name(name), list(shape)] for name, shape in zip(names, shapes)]
        trainable = {id(weight) for weight in getattr(layer, "trainable_weights", [])}
        fact["trainable"] = [id(weight) in trainable for weight in layer.weights]
        if _is_random(layer):
            fact["random"] = True
        self._set(layer, filled)
        self._quantity(fact, "inference", lambda: self._engine.layer(layer, arrays, training=False))
        self._quantity(fact, "gradient", lambda: self._engine.gradient(layer, arrays))
        self._set(layer, filled)
        self._quantity(fact, "training", lambda: self._engine.layer(layer, arrays, training=True))
        if "training" in fact and fact["training"] == fact.get("inference"):
            fact["training"] = {"state": "value", "same_as": "inference"}
        after = layer.get_weights()
        if any((one != other).any() for one, other in zip(filled, after) if one.dtype == other.dtype):
            fact["state"] = [numbers.measured(array) for array in after]

    @staticmethod
    def _set(layer: Any, arrays: List[Any]) -> None:
        current = layer.get_weights()
        layer.set_weights([new.astype(old.dtype) if old.dtype.kind == "f" else old for new, old in zip(arrays, current)])

    @staticmethod
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


def _own_name(name: str) -> str:
    """A weight's name without the layer's, which counts instances: ``dense_3/kernel:0``, and ``dense_3_W`` of Keras 1."""
    return re.sub(r"^.*?_\d+_", "", name.split(":", maxsplit=1)[0].rsplit("/", maxsplit=1)[-1])


def _is_random(layer: Any) -> bool:
    """Whether a layer draws random numbers when it trains."""
    return any(hasattr(layer, name) for name in ("seed_generator", "seed", "_random_generator", "rate", "stddev", "sigma"))
