"""JSON of a saved model: bounded in size and depth."""

from __future__ import annotations

import json
from typing import Any

from kerasdiff.models.document import ModelError

#: Bytes of one JSON document, and levels in it. Models in models nest; the deepest ones seen have 30 levels.
MAX_BYTES = 64 << 20
MAX_DEPTH = 200


def parsed(text: str | bytes, what: str) -> dict[str, Any]:
    """The JSON object in ``text``; what is no number of JSON becomes ``"nan"``, ``"inf"`` or ``"-inf"``.

    Raises `ModelError`, in which ``what`` is what is wrong.
    """
    if len(text) > MAX_BYTES:
        message = f"{what} is larger than {MAX_BYTES >> 20} MB, which no configuration of a model is"
        raise ModelError(message)
    try:
        found = json.loads(text, parse_constant=_named)
    except RecursionError:
        message = f"{what} is nested deeper than any configuration of a model"
        raise ModelError(message) from None
    except ValueError as error:
        message = f"{what} is no valid JSON: {error}"
        raise ModelError(message) from None
    if not isinstance(found, dict):
        message = f"{what} is JSON, but no configuration of a model"
        raise ModelError(message)
    if _is_deep(found):
        message = f"{what} is nested deeper than any configuration of a model"
        raise ModelError(message)
    finite: dict[str, Any] = _finite(found)
    return finite


def _named(constant: str) -> str:
    return {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}[constant]


def _is_deep(value: Any) -> bool:
    waiting = [(value, 1)]
    while waiting:
        holder, depth = waiting.pop()
        if depth > MAX_DEPTH:
            return True
        parts = holder.values() if isinstance(holder, dict) else holder
        waiting += [(part, depth + 1) for part in parts if isinstance(part, (dict, list))]
    return False


def _finite(value: Any) -> Any:
    """The same without what JSON reads as infinity (1e999) or can't write (half a character, an integer beyond 64 bits).

    What Keras marks as a tuple becomes a list, as which it writes most of them.
    """
    if isinstance(value, dict):
        if value.get("class_name") == "__tuple__" and isinstance(value.get("items"), list):
            return _finite(value["items"])
        return {_text(key): _finite(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_finite(part) for part in value]
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return "inf" if value > 0 else "-inf"
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return str(value)
    return value


def _text(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
