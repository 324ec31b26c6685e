"""Remedies under trial: what is to keep another environment's behaviour in this one, in force wherever cases make objects.

They are given by ``--remedies``, for ``kerasdiff verify``: code is that of kerasdiff's own rules and of nothing else, arguments
are plain values. What a user wrote is never run.
"""

import inspect
from typing import Any, Callable, Dict, List, Optional, Set, Tuple

from .instances import Factory
from .signatures import constructor, describe
from .values import failure

Fact = Dict[str, Any]

#: Where an argument's string is looked up, by the last word of the argument's name.
NAMED = {
    "activation": "activations",
    "initializer": "initializers",
    "regularizer": "regularizers",
    "constraint": "constraints",
    "optimizer": "optimizers",
    "loss": "losses",
    "metrics": "metrics",
}
#: The module of what code defines.
MODULE = "kerasdiff_remedy"
#: Where an operation is, which cases call by a name of their own.
OPERATIONS = ("ops", "backend")


class Remedies:
    """The remedies in force in an API.

    Each row has a ``subject`` and either ``arguments``, which are added wherever an object of it is made or called and they
    are left unsaid, or ``code``, which defines another object of the subject's last name, with the API as ``keras``. That
    takes the subject's place among ``symbols``, public names and their objects, and where strings and defaults name it; a
    subject that isn't there becomes one.
    """

    def __init__(
        self, rows: Optional[List[Dict[str, Any]]] = None, api: Any = None, symbols: Optional[Dict[str, Any]] = None
    ) -> None:
        self._symbols = {} if symbols is None else symbols
        self._replaced: Dict[int, Any] = {}
        self._added: Dict[int, List[Tuple[str, Dict[str, Any]]]] = {}
        self._keys: Dict[int, Set[str]] = {}
        self._used: Set[str] = set()
        #: What code defines and the API lacks, by name.
        self.new: List[Tuple[str, Any]] = []
        #: How putting each in force went, by its place among the rows; one that failed isn't in force.
        self.facts: Dict[str, Fact] = {}
        numbered = [(str(place), row) for place, row in enumerate(rows or [])]
        for key, row in sorted(numbered, key=lambda pair: "code" not in pair[1]):  # arguments go to what code defines
            try:
                for name in self._names(str(row["subject"]), "code" in row):
                    self._begin(key, row, name, api)
                self.facts[key] = dict(row, state="value")
            except Exception as error:
                self.facts[key] = dict(row, **failure(error))
        self._called = {name.lower(): thing for name, thing in self._symbols.items() if id(thing) in self._keys}

    def _names(self, subject: str, can_be_new: bool) -> List[str]:
        module, _, last = subject.partition(".")
        names = [place + "." + last for place in OPERATIONS] if module == "operations" else [subject]
        found = [name for name in names if name in self._symbols]
        if not found and (module == "operations" or not can_be_new):
            raise LookupError("there is no %s" % subject)
        return found or names

    def _begin(self, key: str, row: Dict[str, Any], name: str, api: Any) -> None:
        """Put a remedy in force, once it was seen to work: what raises mustn't take the cases of others down."""
        thing = self._symbols.get(name)
        if "code" in row:
            new = _defined(row["code"], name, api)
            _dress(new, thing, name.rpartition(".")[2])
            self._try(name, new, thing, {})
            self._put(name, thing, new)
            thing = new
        else:
            self._try(name, thing, thing, {part: self._value(part, value) for part, value in row["arguments"].items()})
            self._added.setdefault(id(thing), []).append((key, row["arguments"]))
        self._keys.setdefault(id(thing), set()).add(key)

    def _put(self, name: str, thing: Any, new: Any) -> None:
        """Give ``new`` the place of ``thing``, or the name if there is none."""
        if thing is None:
            self.new.append((name, new))
            self._symbols[name] = new
        elif thing is not new:
            self._replaced.update([(known, new) for known, value in self._replaced.items() if value is thing])
            self._replaced[id(thing)] = new
            self._symbols.update([(known, new) for known, value in self._symbols.items() if value is thing])

    def _try(self, name: str, thing: Any, before: Any, arguments: Dict[str, Any]) -> None:
        """Make an instance of a class, or see that a function takes the arguments. Raises what that raises."""
        if not isinstance(thing, type):
            if arguments:
                inspect.signature(thing).bind_partial(**arguments)
            return
        factory = Factory(self._symbols, lambda cls: constructor(cls) or [])
        try:
            required = factory.arguments(name, before)
            factory.make(before, required)
        except Exception:  # nothing is known of how it is made: the cases will tell
            return
        factory.make(thing, dict(required, **arguments))

    def _value(self, parameter: str, value: Any) -> Any:
        """An argument's value; an object of the API where it says a class of the parameter's kind and a configuration."""
        if not isinstance(value, dict):
            return value
        made = self._symbols["%s.%s" % (NAMED[_kind(parameter)], value["class_name"])]
        return made(**value.get("config", {}))

    def instead(self, thing: Any) -> Any:
        """What takes the place of an object."""
        return self._replaced.get(id(thing), thing)

    def complete(self, thing: Any, given: Dict[str, Any], positional: int = 0) -> Dict[str, Any]:
        """The arguments for a class or function, of which ``positional`` more are given by position, with what is added."""
        if not self._keys:
            return given
        taken = _parameters(thing)
        by_position = [part["name"] for part in taken[:positional]]
        completed = dict(given)
        for key, arguments in self._added.get(id(thing), []):
            left = [name for name in arguments if name not in given and name not in by_position]
            if left:
                self._used.add(key)
            completed.update((name, self._value(name, arguments[name])) for name in left)
        defaults = {part["name"]: part["default"] for part in taken if "default" in part and part["name"] not in by_position}
        return dict(completed, **self.named(dict(defaults, **completed)))

    def named(self, given: Dict[str, Any]) -> Dict[str, Any]:
        """Those arguments whose strings name what has a remedy, as objects with it."""
        found = {}
        for name, value in given.items():
            parts = value if isinstance(value, list) else [value]
            made = [self._object(name, part) for part in parts]
            if any(part is not None for part in made):
                whole = [one if other is None else other for one, other in zip(parts, made)]
                found[name] = whole if isinstance(value, list) else whole[0]
        return found

    def _object(self, parameter: str, text: Any) -> Any:
        family = NAMED.get(_kind(parameter))
        thing = self._called.get(("%s.%s" % (family, text)).lower()) if family and isinstance(text, str) else None
        if thing is None:
            return None
        if isinstance(thing, type):
            made = thing(**self.complete(thing, {}))
        elif id(thing) in self._added:  # a function by its name takes no arguments
            return None
        else:
            made = thing
        self._used.update(self._keys[id(thing)])
        return made

    def noted(self, identifier: str, describe: Callable[[], Fact]) -> Fact:
        """The fact of a case, with the remedies that had a part in it as ``remedied``."""
        self._used.clear()
        fact = describe()
        self._note(identifier)
        return dict(fact, remedied=sorted(self._used)) if self._used else fact

    def _note(self, identifier: str) -> None:
        group, _, rest = identifier.partition("/")
        if group.endswith("cases"):
            self.use(self._symbols.get(rest.partition("/")[0]))

    def use(self, thing: Any) -> Any:
        """``thing`` itself, which a case is about or calls by its name."""
        if any(thing is new for new in list(self._replaced.values()) + [new for _, new in self.new]):
            self._used.update(self._keys[id(thing)] - {key for key, _ in self._added.get(id(thing), [])})
        return thing


def _defined(code: str, name: str, api: Any) -> Any:
    """What ``code`` defines under the last part of ``name``. Raises what it raises."""
    last = name.rpartition(".")[2]
    space: Dict[str, Any] = {"keras": api, "__name__": MODULE}
    exec(compile(code, "<remedy of %s>" % name, "exec"), space)  # noqa: S102  # of kerasdiff's own rules, see above
    if last not in space:
        raise LookupError("it defines no %s" % last)
    return space[last]


def _dress(new: Any, old: Any, name: str) -> None:
    """Give what code defines the name by which cases know it and, where it takes any argument, the old one's signature."""
    if getattr(new, "__module__", None) != MODULE:
        return
    new.__name__ = new.__qualname__ = name
    own, before = (new.__dict__.get("__init__"), getattr(old, "__init__", None)) if isinstance(new, type) else (new, old)
    if own is None or before is None:
        return
    kinds = [parameter.kind for parameter in inspect.signature(own).parameters.values()]
    if inspect.Parameter.VAR_KEYWORD in kinds:
        own.__signature__ = inspect.signature(before)


def _parameters(thing: Any) -> List[Dict[str, Any]]:
    found: List[Dict[str, Any]] = describe(thing).get("parameters", [])
    return [part for part in found if part.get("kind") not in ("var_positional", "var_keyword")]


def _kind(parameter: str) -> str:
    return parameter.rpartition("_")[2]
