"""The ways in which a layer is called: the rows of ``cases/layers.json``, spelled as its generation of Keras spells them."""

from functools import lru_cache
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from .. import canonical, data
from ..instances import Factory
from ..signatures import constructor
from .engine import accepts

#: Goes into every revision: raised when the way of measuring changes, or a value in ``cases/arguments.json``.
MEANING = 2


#: What a row says of where it fits, which isn't what the case means.
_FOR = ("layers", "without", "not_on", "having", "accepts", "inputs")


class Case(NamedTuple):
    """One way of calling a layer.

    ``inputs``: names of inputs, each a case of its own, or only the first that fits. ``row``: what else the data says of it:
    ``positional`` arguments, a layer to come ``after``, ``keywords`` of the call, data to ``adapt`` to, how many times to
    ``repeat`` the call, and what to measure ``only``.
    """

    call: str
    arguments: Dict[str, Any]
    inputs: List[str]
    first_fits: bool
    row: Dict[str, Any]

    def revision(self, given: Any) -> str:
        """What the case means, not how it is spelled: ``given`` is the input, or all that are tried.

        What required arguments are given isn't in it, since a release may have a default for one.
        """
        meaning = {key: value for key, value in self.row.items() if key not in _FOR}
        return canonical.digest([MEANING, self.call, given, meaning])[7:15]


class Calls:
    """The cases of the layers of one API. Raises `NoValue` for a layer with a required argument that no data knows."""

    def __init__(self, factory: Factory, backend: str) -> None:
        self.table = data.load("cases/layers.json")
        self._factory = factory
        self._backend = backend

    def of(self, name: str, cls: type) -> Iterator[Case]:
        """The cases of a layer; one that no row knows is called on the first input that fits."""
        known = self.table["chosen"].get(cls.__name__)
        inputs, first_fits = (known, False) if known else (self.table["automatic"], True)
        required = self._factory.arguments(name, cls)
        yield Case("default", required, inputs, first_fits, {})
        pinned = dict(required, **self._pinned(cls))
        if set(pinned) - set(required):
            yield Case("pinned", pinned, inputs, first_fits, {"pinned": self.table["pinned"]})
        for row in self.table["calls"]:
            spelled = self._fits(cls, row)
            if spelled is None:
                continue
            arguments = spelled if "positional" in row else dict(required, **spelled)
            yield Case(row["call"], arguments, row.get("inputs", inputs), "inputs" not in row and first_fits, row)

    def historical(self, cls: type) -> Iterator[Tuple[str, Dict[str, Any]]]:
        """The names that parameters of a layer have in other releases, where its constructor takes any name."""
        taken = names(cls)
        for argument, row in self.table["historical"].items():
            if "**" in taken and row.get("as", "**") in taken and argument not in taken:
                yield argument, row

    def _fits(self, cls: type, row: Dict[str, Any]) -> Optional[Dict[str, Any]]:
        """The row's arguments as the layer spells them; None where the row isn't for it."""
        if cls.__name__ not in row.get("layers", [cls.__name__]) or cls.__name__ in row.get("without", []):
            return None
        if self._backend in row.get("not_on", []):  # it reads memory that isn't its own, and gives what was there
            return None
        if any(self._spelling(known, cls) is None for known in row.get("having", [])):
            return None
        if not all(accepts(getattr(cls, "call", None), keyword) for keyword in row.get("accepts", [])):
            return None
        spelled = self.spelled(cls, row.get("arguments", {}))
        return spelled if len(spelled) >= len(row.get("arguments", {})) else None

    def _pinned(self, cls: type) -> Dict[str, Any]:
        """Every known argument with a fixed value of the kind that its default has: ``padding`` isn't the same everywhere."""
        defaults = {part["name"]: part["default"] for part in constructor(cls) or [] if "default" in part}
        pinned: Dict[str, Any] = {}
        for name, value in self.spelled(cls, self.table["pinned"]).items():
            default = defaults.get(name)
            if isinstance(default, list) and type(value) is int:  # Keras 1 wants a stride for each axis
                pinned[name] = {"tuple": [value] * len(default)}
            elif isinstance(default, str) == isinstance(value, str) or default is None:
                pinned[name] = value
        return pinned

    def spelled(self, cls: type, arguments: Dict[str, Any]) -> Dict[str, Any]:
        """The arguments by the names, and in the values, that this generation's constructor has."""
        spelled: Dict[str, Any] = {}
        for name, value in arguments.items():
            spelling = self._spelling(name, cls)
            if isinstance(spelling, list):  # ``nb_row`` and ``nb_col`` for ``kernel_size``
                parts = value["tuple"] if isinstance(value, dict) else [value] * len(spelling)
                spelled.update(zip(spelling, parts))
            elif spelling is not None:
                spelled[spelling] = self._value(spelling, value)
        return spelled

    def _spelling(self, name: str, cls: type) -> Any:
        taken = names(cls)
        for spelling in self.table["spellings"].get(name, [name]):
            if set(spelling if isinstance(spelling, list) else [spelling]) <= set(taken):
                return spelling
        return name if "**" in taken and cls.__name__ in self.table["through_keywords"].get(name, []) else None

    def _value(self, spelling: str, value: Any) -> Any:
        return self.table["values"].get(spelling, {}).get(value, value) if isinstance(value, str) else value


@lru_cache(maxsize=None)
def names(cls: type) -> List[str]:
    """The names of the arguments that a constructor takes; ``**`` where it takes any."""
    return ["**" if part.get("kind") == "var_keyword" else str(part["name"]) for part in constructor(cls) or []]
