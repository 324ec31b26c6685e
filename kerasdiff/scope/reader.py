"""What an environment's Keras makes of the parts of a saved model: which symbol each is, and which arguments that refuses."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from kerasdiff.compare import quantities
from kerasdiff.compare.pairing import kind
from kerasdiff.fingerprint.document import VALUE
from kerasdiff.knowledge.load import renames
from kerasdiff.knowledge.loading import File, Matter, Reader, Unreadable, is_one, loading
from kerasdiff.knowledge.rules import within

if TYPE_CHECKING:
    from kerasdiff.compare.side import Side
    from kerasdiff.fingerprint.document import Symbol
    from kerasdiff.scope.parts import Part

_VARIADIC = "var_keyword"


class Loader:
    """A side of a comparison as the one that loads a file."""

    def __init__(self, side: Side, file: File) -> None:
        self.side = side
        self.file = file
        # What `import keras` gives beside TensorFlow 2.6 to 2.15 is the Keras that tf.keras is made of.
        is_of_tensorflow = side.api_name == "keras" and within(side.api.version, ">=2.4,<3")
        api = "tf.keras" if is_of_tensorflow else side.api_name
        self.reader = Reader(api, side.api.backend, side.api.version, side.fingerprint.packages)

    @property
    def python(self) -> str:
        """The version of its Python; empty where it isn't known."""
        return str(self.side.fingerprint.runtime.get("python") or "")

    @property
    def unreadable(self) -> Unreadable | None:
        """Why it can't load the file's format."""
        return loading().refusal(self.reader, self.file)

    @cached_property
    def _found(self) -> list[Any]:
        return [row for row in loading().found if row.holds(self.reader, self.file)]

    @cached_property
    def _taken(self) -> list[Any]:
        return [row for row in loading().taken if row.holds(self.reader, self.file)]

    @cached_property
    def matters(self) -> list[Matter]:
        """The rows about this reader and this file."""
        return [row for row in loading().matters if row.holds(self.reader, self.file)]

    def symbol(self, part: Part) -> str | None:
        """The canonical name of the symbol that a part is; None where there is none."""
        given = part.arguments or {}
        for row in self._found:
            if is_one(part.full_name, row.names) and (not row.argument or given.get(row.argument) in row.values):
                there = self.side.canonical(row.to.replace("*", part.name))
                if there is not None:
                    return there
        for name in self._names(part):
            there = self.side.name(name)
            if there is not None:
                return self.side.canonical(there)
        return None

    def _names(self, part: Part) -> list[str]:
        """The public names that a part may have, the likeliest first."""
        names = [part.full_name]
        if part.module.startswith("keras"):
            names.insert(0, f"{part.module}.{part.name}".partition(".")[2])
        if part.family == "layers":
            names += [f"models.{part.name}", f"layers.{kind(part.name)}"]
        if part.family == "metrics":  # Keras looks losses up by the names of metrics too
            names.append(f"losses.{part.name}")
        if part.arguments is None or part.family == "optimizers":
            names += self._spelled.get(_plain(part.full_name), [])  # glorot_uniform, adam: the class of that name
        return names

    @cached_property
    def _spelled(self) -> dict[str, list[str]]:
        """The names of symbols by how they are spelled without regard to case and underscores."""
        found: dict[str, list[str]] = {}
        for name in self.side.api.symbols:
            found.setdefault(_plain(name), []).append(name)
        return found

    def is_operation(self, part: Part) -> bool:
        """Whether a layer is an operation that Keras 3 makes one of: no public class, but a function of the same name."""
        return f"ops.{_plain(part.name)}" in self._spelled

    def knows(self, part: Part) -> bool | None:
        """Whether a name alone can be looked up; None where nobody tried."""
        looked_up = self.side.canonical(f"{part.family}.get")
        tried = self.side.symbol(looked_up).cases.get(f"{part.name}@name") if looked_up is not None else None
        told = quantities.mapping((tried or {}).get("outcome")).get("value")
        if isinstance(told, str):
            return told != "refused"
        return True if self.symbol(part) is not None else None

    def unmade(self, name: str) -> tuple[str, str] | None:
        """The error with which making an object of a symbol fails, its type and message; None where it can be made."""
        symbol = self.side.symbol(name)
        made = symbol.instance
        if symbol.state == VALUE and made is not None and made.state in ("error", "unsupported"):
            return made.type, made.message
        return None

    def refused(self, part: Part, name: str) -> list[str]:
        """The arguments of a part that the constructor of a symbol refuses."""
        symbol = self.side.symbol(name)
        if symbol.parameters is None or symbol.state != VALUE or symbol.kind != "class":
            return []
        return [argument for argument in part.arguments or {} if not self._takes(name, symbol, argument, part.family)]

    def _takes(self, name: str, symbol: Symbol, argument: str, family: str) -> bool:
        parameters = symbol.parameters or []
        if argument in ("name", *(symbol.config or {})) or any(one.name == argument for one in parameters):
            return True
        if any(is_one(argument, row.arguments) and is_one(name, row.symbols) for row in self._taken):
            return True
        told = _outcomes(symbol)
        if argument in told:
            return bool(told[argument] != "refused")
        if not any(one.kind == _VARIADIC for one in parameters):
            return False
        base = self.side.canonical("layers.Layer") if family == "layers" else None
        return base is not None and any(one.name == argument for one in self.side.symbol(base).parameters or [])

    def recorded(self, part: Part, name: str) -> set[str]:
        """The parameters of a symbol that a part's arguments decide, under whatever name the file has them."""
        symbol = self.side.symbol(name)
        known = {one.name for one in symbol.parameters or []} | set(symbol.config or {})
        given = set(part.arguments or {})
        return {one for one in known if one in given or given & set(renames().parameter(one))}


def _plain(name: str) -> str:
    """A name however it is written: ``GlorotUniform`` and ``glorot_uniform``."""
    return name.replace("_", "").lower()


def _outcomes(symbol: Symbol) -> dict[str, Any]:
    """What becomes of arguments by their historical names, as it was measured; None where that isn't the same in each run."""
    told: dict[str, Any] = {}
    for case, facts in symbol.cases.items():
        told.update(quantities.mapping(facts.get("outcomes")))
        if case.startswith("argument-"):
            argument = case.partition("@")[0].removeprefix("argument-")
            told[argument] = quantities.mapping(facts.get("outcome")).get("value")
    return told


def fits(row: Matter, part: Part, name: str | None) -> bool:
    """Whether a row is about a part, which is the symbol ``name`` or none."""
    is_named = is_one(part.full_name, row.names) or (name is not None and is_one(name, row.names))
    if not is_named or not is_one(part.module, row.modules):
        return False
    if row.code is not None and row.code is not (part.code is not None):
        return False
    if (row.custom is not None and row.custom is not part.is_custom) or (row.place and row.place != part.place):
        return False
    given = part.arguments or {}
    if not row.argument or (row.argument not in given and None in row.values):
        return True
    return row.argument in given and _is_value(row, given[row.argument])


def _is_value(row: Matter, value: Any) -> bool:
    if row.serialized and not isinstance(value, dict):
        return False
    return not row.values or any(type(one) is type(value) and one == value for one in row.values)


def default(symbol: Symbol, parameter: str) -> Any:
    """The default of a parameter in force; UNSET where it has none."""
    if parameter in (symbol.config or {}):
        return (symbol.config or {})[parameter]
    return next((one.default for one in symbol.parameters or [] if one.name == parameter), msgspec.UNSET)
