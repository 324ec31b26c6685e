"""The family ``symbols``, second part: the configuration of a default-made instance, with the effective defaults."""

import re
from typing import Any, Callable, Dict, List, Optional

from . import data
from .signatures import required
from .values import encode, failure

_COUNTER = re.compile(r"_\d+$")


class NoValue(Exception):
    """No value is known for a required argument."""


class Factory:
    """Makes instances of the classes of one API with only their required arguments.

    ``symbols`` maps every public name of the API to its object. Values for required arguments come from
    ``cases/arguments.json``: by symbol and parameter, else by parameter. ``complete`` adds arguments to those of a class or
    function: `remedies.Remedies.complete`.
    """

    def __init__(
        self,
        symbols: Dict[str, Any],
        parameters: Callable[[type], List[Dict[str, Any]]],
        complete: Optional[Callable[[Any, Dict[str, Any], int], Dict[str, Any]]] = None,
    ) -> None:
        self._symbols = symbols
        self._parameters = parameters
        self._complete = complete
        table = data.load("cases/arguments.json")
        self._by_symbol: Dict[str, Dict[str, Any]] = table["symbols"]
        self._by_parameter: Dict[str, Any] = table["parameters"]

    def arguments(self, name: str, cls: type) -> Dict[str, Any]:
        """What the required arguments of ``cls``, publicly ``name``, are given: entries of the data file.

        Raises `NoValue`.
        """
        parameters = self._parameters(cls)
        own = self.own(name)
        # Some classes refuse to be made without an argument that their signature calls optional.
        chosen = {part["name"]: own[part["name"]] for part in parameters if part["name"] in own}
        for parameter in required(parameters):
            if parameter not in chosen:
                if parameter not in self._by_parameter:
                    raise NoValue(parameter)
                chosen[parameter] = self._by_parameter[parameter]
        return chosen

    def own(self, name: str) -> Dict[str, Any]:
        """What the data says for the symbol called ``name`` itself."""
        return self._by_symbol.get(name, {})

    def make(self, cls: Any, arguments: Dict[str, Any], *positional: Any) -> Any:
        """An instance of ``cls``, or what a function gives; raises what the library raises."""
        return cls(*positional, **self.given(cls, arguments, len(positional)))

    def given(self, thing: Any, arguments: Dict[str, Any], positional: int = 0) -> Dict[str, Any]:
        """What a class or function is given for ``arguments``, besides ``positional`` ones by position. Raises `NoValue`."""
        values = {key: self.value(value) for key, value in arguments.items()}
        return values if self._complete is None else self._complete(thing, values, positional)

    def value(self, value: Any) -> Any:
        """What an entry of the data file stands for. Raises `NoValue`."""
        if isinstance(value, list):
            return [self.value(part) for part in value]
        if not isinstance(value, dict):
            return value
        if "tuple" in value:
            return tuple(self.value(part) for part in value["tuple"])
        for name in value.get("symbol", []) + value.get("make", []):
            if name in self._symbols:
                found = self._symbols[name]
                return found if "symbol" in value else self.make(found, self.arguments(name, found))
        raise NoValue(str(value))

    def configuration(self, name: str, cls: type) -> Dict[str, Any]:
        """``instance`` (how it was made, or why it wasn't) and, where that went well and there is one, ``config``."""
        try:
            arguments = self.arguments(name, cls)
        except NoValue as missing:
            return {"instance": {"state": "not run", "message": "no value is known for the argument %s" % missing}}
        facts: Dict[str, Any] = {"state": "value"}
        if arguments:
            facts["arguments"] = arguments
        try:
            made = self.make(cls, arguments)
            config = made.get_config() if hasattr(made, "get_config") else None
        except NoValue as missing:
            return {"instance": {"state": "not run", "message": "no value is known for the argument %s" % missing}}
        except Exception as error:
            facts.update(failure(error))
            return {"instance": facts}
        if config is None:
            return {"instance": facts}
        if not isinstance(config, dict):  # Keras 1: a model's is a list
            config = {"": config}
        # A function given as an argument is repeated as byte code.
        given = [key for key, value in arguments.items() if isinstance(value, dict) and "symbol" in value]
        config = {key: value for key, value in config.items() if key not in given}
        return {"instance": facts, "config": _without_counters(encode(config))}


def _without_counters(config: Any) -> Any:
    """The configuration with ``dense_7`` named ``dense``: the number only counts the instances made before."""
    if isinstance(config, list):
        return [_without_counters(part) for part in config]
    if not isinstance(config, dict):
        return config
    return {
        key: _COUNTER.sub("", part) if key == "name" and isinstance(part, str) else _without_counters(part)
        for key, part in config.items()
    }


def merge(first: Dict[str, Any], second: Dict[str, Any]) -> Dict[str, Any]:
    """The facts of two runs as one: what differs is marked ``unstable``, as the random seeds that some configurations hold."""
    if first.get("instance", {}).get("state") != second.get("instance", {}).get("state"):
        return {"instance": {"state": "unstable", "message": "two runs of one environment differ"}}
    merged = dict(first)
    if "config" in first and "config" in second:
        config = dict(first["config"])
        for key in set(config) | set(second["config"]):
            if config.get(key) != second["config"].get(key):
                config[key] = _merge_value(config.get(key), second["config"].get(key))
        merged["config"] = config
    return merged


def _merge_value(first: Any, second: Any) -> Any:
    if isinstance(first, dict) and isinstance(second, dict) and set(first) == set(second):
        return {key: _merge_value(first[key], second[key]) for key in first}
    if isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        return [_merge_value(one, other) for one, other in zip(first, second)]
    return first if first == second else {"state": "unstable"}
