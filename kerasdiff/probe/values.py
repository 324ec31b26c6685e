"""Python objects as JSON values, bounded in size and depth."""

import enum
import inspect
import math
import re
import sys
from typing import Any, Dict, List, Union

#: At most so many entries of one list or mapping, characters of one string, and levels of nesting.
MAX_ENTRIES = 512
MAX_TEXT = 2000
MAX_DEPTH = 12
#: Characters of an exception's message.
MAX_MESSAGE = 300
#: Integers beyond are given as text: JSON readers lose their last digits.
MAX_INTEGER = 2**63


def failure(error: BaseException) -> Dict[str, Any]:
    """The fact that a library raised: known, and compared by the exception's type."""
    text = message(error).strip().splitlines()
    missing = isinstance(error, ImportError) and not isinstance(error, AttributeError)
    return {
        "state": "unsupported" if missing or isinstance(error, NotImplementedError) else "error",
        "type": type(error).__name__,
        "message": _cut(text[0]) if text else "",
    }


def message(error: BaseException) -> str:
    """An exception's own text; empty where asking for it raises."""
    try:
        return str(error)
    except Exception:
        return ""


def repeatable(error: BaseException) -> Dict[str, Any]:
    """`failure`, without what counts runs and instances in its message."""
    fact = failure(error)
    message = re.split(r" \(defined at|: time = ", fact["message"])[0]
    message = re.sub(r"(?<=[a-zA-Z\d])_\d+\b", "", message)  # ``dense_3`` is a ``dense``
    fact["message"] = re.sub(r"\d+", "#", message)[:120]
    return fact


def _cut(text: str) -> str:
    """The start of a message, up to the end of a word: the redactor knows no half address or token."""
    return text if len(text) <= MAX_MESSAGE else text[:MAX_MESSAGE].rpartition(" ")[0] or text[:MAX_MESSAGE]


def number(value: float) -> Any:
    """A number as JSON has it; the ones JSON lacks as strings."""
    if isinstance(value, float):
        if math.isnan(value):
            return "nan"
        if math.isinf(value):
            return "inf" if value > 0 else "-inf"
        return float(value)
    value = int(value)
    return value if abs(value) < MAX_INTEGER else str(value)


def path_of(thing: Any) -> str:
    """``module.qualified_name`` of a class or function."""
    name = getattr(thing, "__qualname__", None) or getattr(thing, "__name__", None) or type(thing).__qualname__
    module = getattr(thing, "__module__", None)
    return "%s.%s" % (module, name) if isinstance(module, str) else str(name)


def encode(value: Any, depth: int = 0) -> Any:
    """``value`` as a JSON value.

    Tuples become lists, arrays nested lists, data types their names, other objects ``{"object": "module.Class"}`` with
    their ``config`` where they have one. Never raises because of what ``value`` is.
    """
    try:
        return _encode(value, depth)
    except Exception:  # a library's own __getattr__, __iter__ or __str__ may raise anything
        return {"object": path_of(type(value))}


def _encode(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, enum.Enum):
        return value.name
    if type(value) in (int, float):
        return number(value)
    if isinstance(value, str):
        return value if len(value) <= MAX_TEXT else "%s… (%d characters)" % (value[:MAX_TEXT], len(value))
    if depth >= MAX_DEPTH:
        return {"object": path_of(type(value))}
    if isinstance(value, dict):
        return _mapping(value, depth)
    if isinstance(value, (list, tuple)):
        return [encode(part, depth + 1) for part in value[:MAX_ENTRIES]]
    if isinstance(value, (set, frozenset)):
        return sorted((encode(part, depth + 1) for part in list(value)[:MAX_ENTRIES]), key=repr)
    return _object(value, depth)


def _mapping(value: Dict[Any, Any], depth: int) -> Dict[str, Any]:
    pairs = [(str(key), part) for key, part in value.items()]
    return {key[:MAX_TEXT]: encode(part, depth + 1) for key, part in sorted(pairs, key=lambda pair: pair[0])[:MAX_ENTRIES]}


def _is_dtype(value: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return (numpy is not None and isinstance(value, numpy.dtype)) or type(value).__name__ == "DType"


def _object(value: Any, depth: int) -> Any:
    if isinstance(value, bytes):
        return value[:MAX_TEXT].decode("latin-1")
    if isinstance(value, (int, float)):  # subclasses: NumPy's float64, flags
        return number(value)
    if _is_dtype(value):
        return str(value.name)
    if inspect.isclass(value) or inspect.isroutine(value):
        if getattr(value, "__module__", None) == "numpy" and inspect.isclass(value):
            return value.__name__  # numpy.float32 as a data type
        return {"object": path_of(value)}
    if hasattr(value, "tolist") and hasattr(value, "shape"):
        return _array(value, depth)
    return _instance(value, depth)


def _array(value: Any, depth: int) -> Any:
    size = 1
    for length in value.shape:
        size *= int(length)
    if size > MAX_ENTRIES:
        return {"object": path_of(type(value)), "shape": [int(length) for length in value.shape]}
    plain: Union[List[Any], int, float] = value.tolist()
    return encode(plain, depth + 1)


def _instance(value: Any, depth: int) -> Dict[str, Any]:
    described: Dict[str, Any] = {"object": path_of(type(value))}
    if callable(getattr(value, "get_config", None)):
        try:
            described["config"] = encode(value.get_config(), depth + 1)
        except Exception:  # abstract classes raise NotImplementedError here
            pass
    return described
