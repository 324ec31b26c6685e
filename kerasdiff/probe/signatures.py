"""The family ``symbols``, first part: what a class or function takes, with its true defaults."""

import inspect
import re
import sys
from typing import Any, Callable, Dict, List, Optional

from .values import encode

_KINDS = {
    inspect.Parameter.POSITIONAL_ONLY: "positional_only",
    inspect.Parameter.KEYWORD_ONLY: "keyword_only",
    inspect.Parameter.VAR_POSITIONAL: "var_positional",
    inspect.Parameter.VAR_KEYWORD: "var_keyword",
}
_VARIADIC = ("var_positional", "var_keyword")

#: How TensorFlow's and Keras's own decorators and docstrings mark what is going away.
_DEPRECATED = re.compile(
    r"^\s*(?:\(?deprecated\b|DEPRECATED\b|Warning: THIS FUNCTION IS DEPRECATED|THIS FUNCTION IS DEPRECATED)", re.M | re.I
)


def describe(thing: Any) -> Dict[str, Any]:
    """``kind``, ``parameters`` and, where they apply, ``deprecated`` and ``signature`` of a class or function."""
    is_class = inspect.isclass(thing)
    facts: Dict[str, Any] = {"kind": "class" if is_class else "function"}
    parameters = constructor(thing) if is_class else _parameters(thing, bound=False)
    if parameters is None:
        facts["signature"] = "unsupported"
    else:
        facts["parameters"] = parameters
    if is_deprecated(thing):
        facts["deprecated"] = True
    return facts


def constructor(cls: type) -> Optional[List[Dict[str, Any]]]:
    """The parameters of the constructor.

    ``inspect.signature(cls)`` shows ``(*args, **kwargs)`` on Python 3.8 and older where a base class has a ``__new__``, so
    ``__init__`` is asked; one that only passes everything on has the parameters of the next class that names some.
    """
    outer: Optional[List[Dict[str, Any]]] = None
    for base in cls.__mro__:
        init = base.__dict__.get("__init__")
        if init is None or base is object:
            continue
        parameters = _parameters(init, bound=True)
        if parameters is None:
            return outer
        if any(parameter.get("kind") not in _VARIADIC for parameter in parameters):
            return parameters if outer is None else _inherited(parameters, outer)
        if outer is None:
            outer = parameters
        if parameters and not any(parameter.get("kind") == "var_keyword" for parameter in parameters):
            return parameters
        if not parameters and outer is parameters:
            return parameters
    if outer is None:
        new = cls.__dict__.get("__new__")
        outer = _parameters(getattr(new, "__func__", new), bound=True) if new is not None else []
    return outer or _of_class(cls)


def _inherited(parameters: List[Dict[str, Any]], outer: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """The parameters of a base, as a constructor that only passes ``outer`` on takes them: without ``*args``, by name only."""
    if any(parameter.get("kind") == "var_positional" for parameter in outer):
        return parameters
    return [parameter if "kind" in parameter else dict(parameter, kind="keyword_only") for parameter in parameters]


def _of_class(cls: type) -> List[Dict[str, Any]]:
    """What a metaclass takes, where no constructor names anything."""
    found = _parameters(cls, bound=False) or []
    return found if any(parameter.get("kind") not in _VARIADIC for parameter in found) else []


def methods(cls: type) -> Dict[str, Callable[..., Any]]:
    """The public methods that Keras's own classes give to ``cls``, by name."""
    found: Dict[str, Callable[..., Any]] = {}
    for base in reversed(cls.__mro__):
        if base is object:
            continue
        for name, member in vars(base).items():
            function = getattr(member, "__func__", member)  # class methods and static methods
            if not name.startswith("_") and inspect.isroutine(function):
                found[name] = function
    return found


def method(function: Callable[..., Any]) -> Dict[str, Any]:
    """The facts of a method: as `describe`, without its first argument."""
    parameters = _parameters(function, bound=True)
    facts: Dict[str, Any] = {"kind": "method"}
    if parameters is None:
        facts["signature"] = "unsupported"
    else:
        facts["parameters"] = parameters
    return facts


def _parameters(function: Any, bound: bool) -> Optional[List[Dict[str, Any]]]:
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError):  # native code without a signature
        return None
    found = []
    for position, parameter in enumerate(signature.parameters.values()):
        if bound and position == 0 and parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
                found.append({"name": parameter.name, "kind": "var_positional"})
            continue
        fact: Dict[str, Any] = {"name": parameter.name}
        if parameter.kind in _KINDS:
            fact["kind"] = _KINDS[parameter.kind]
        if parameter.default is not inspect.Parameter.empty:
            fact["default"] = encode(parameter.default)
        found.append(fact)
    return found


def required(parameters: List[Dict[str, Any]]) -> List[str]:
    """The names of the parameters that a call must give."""
    return [part["name"] for part in parameters if "default" not in part and part.get("kind") not in _VARIADIC]


def is_deprecated(thing: Any) -> bool:
    """Whether the library marks ``thing`` as deprecated, in its docstring or by a decorator (PEP 702)."""
    if "__deprecated__" in getattr(thing, "__dict__", {}):
        return True
    text = getattr(thing, "__doc__", None)
    return isinstance(text, str) and _DEPRECATED.search(text) is not None


def identity(thing: Any) -> Optional[str]:
    """``module:qualified_name`` where that leads back to ``thing`` itself: the same object in every process."""
    module, name = getattr(thing, "__module__", None), getattr(thing, "__qualname__", None)
    found: Any = sys.modules.get(module) if isinstance(module, str) else None
    if found is None or not isinstance(name, str):
        return None
    for part in name.split("."):
        found = getattr(found, part, None)
    return "%s:%s" % (module, name) if found is thing else None
