"""Whether two values of a fact are the same, by kind of value.

float32 compares at float32, lists and tuples alike, module paths of the same class alike, and spellings that the tables of
equivalents call the same.
"""

from __future__ import annotations

import math
import re
import struct
from typing import Any

from kerasdiff.knowledge.load import equivalents

#: How the names of arguments end for which a number means all from its opposite to it.
_SYMMETRIC = "factor"


def same(a: Any, b: Any, parameter: str = "") -> bool:
    """Whether ``a`` and ``b``, values of ``parameter``, mean the same."""
    if a is b or (_is_nothing(a) and _is_nothing(b)):
        return True
    a, b = _plain(a), _plain(b)
    if _same_plain(a, b) or (parameter.endswith(_SYMMETRIC) and (_is_around(a, b) or _is_around(b, a))):
        return True
    return any(
        _is_one_of(a, row.alike) and _is_one_of(b, row.alike) for row in equivalents().values if row.parameter == parameter
    )


def _is_one_of(value: Any, alike: list[Any]) -> bool:
    return any(_same_plain(value, one) for one in alike)


def _same_plain(a: Any, b: Any) -> bool:
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return _same_number(a, b)
    if isinstance(a, str) and isinstance(b, str):
        return a == b
    if isinstance(a, dict) and isinstance(b, dict):
        return _same_mapping(a, b)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, list) or isinstance(b, list):
        return _is_repeated(a, b) if isinstance(a, list) else _is_repeated(b, a)
    if isinstance(a, dict) or isinstance(b, dict):
        return _is_named(a, b) if isinstance(a, dict) else _is_named(b, a)
    return bool(a == b)


def _same_number(a: float, b: float) -> bool:
    if a == b:
        return True
    if isinstance(a, int) and isinstance(b, int):
        return False
    return _at_float32(a) == _at_float32(b)


def _at_float32(number: float) -> float:
    try:
        single = float(struct.unpack("f", struct.pack("f", number))[0])
    except (OverflowError, struct.error):  # an integer beyond all floats
        return number
    return number if math.isinf(single) else single


def _is_repeated(values: list[Any], one: Any) -> bool:
    """``strides=1`` and ``strides=(1, 1)``."""
    return isinstance(one, (int, float)) and bool(values) and all(same(value, one) for value in values)


def _is_around(ends: Any, one: Any) -> bool:
    """``factor=0.1`` and ``factor=(-0.1, 0.1)``."""
    return isinstance(one, float) and isinstance(ends, list) and _same_plain(ends, [-one, one])


def _same_mapping(a: dict[str, Any], b: dict[str, Any]) -> bool:
    """A key that one side lacks counts as None: releases add keys to configurations."""
    return all(same(a.get(key), b.get(key), key) for key in a.keys() | b.keys())


def _is_nothing(value: Any) -> bool:
    """None, and an empty collection as older signatures write it."""
    return value is None or value in ({}, [])


def _plain(value: Any) -> Any:
    """A serialized object as ``{"class": name, config…}``; an object without configuration as its bare name."""
    if not isinstance(value, dict):
        return value
    if "class_name" in value:
        name, config = value.get("registered_name") or value["class_name"], value.get("config")
    elif "object" in value:
        name, config = value["object"], value.get("config")
    else:
        return value
    name = re.split(r"[.>]", str(name))[-1]
    if not isinstance(config, dict):
        return str(config) if isinstance(config, str) and "object" not in value else name
    if name in ("DTypePolicy", "Policy", "FloatDTypePolicy"):
        return config.get("name")
    config = {key: part for key, part in config.items() if part is not None}
    for known in equivalents().objects:
        if name == known.class_name and all(same(config.get(key), part, key) for key, part in known.config.items()):
            return {"class": known.name, **{key: part for key, part in config.items() if key not in known.config}}
    return {"class": name, **config}


def _is_named(value: dict[str, Any], other: Any) -> bool:
    """``glorot_uniform`` and an instance of GlorotUniform with nothing but defaults said."""
    if not isinstance(other, str) or "class" not in value:
        return False
    return len(value) == 1 and _key(str(value["class"])) == _key(other)


def _key(name: str) -> str:
    return name.replace("_", "").lower()


def brief(value: Any, limit: int = 60) -> str:
    """``value`` as people write it in code, shortened; not yet safe to show."""
    value = _plain(value)
    if isinstance(value, dict) and "class" in value:
        arguments = ", ".join(
            f"{key}={brief(part, 20)}" for key, part in sorted(value.items()) if key != "class" and part is not None
        )
        text = f"{value['class']}({arguments})"
    elif isinstance(value, dict):
        text = "{" + ", ".join(f"{key}: {brief(part, 20)}" for key, part in sorted(value.items())) + "}"
    elif isinstance(value, list):
        text = "(" + ", ".join(brief(part, 20) for part in value) + ("," if len(value) == 1 else "") + ")"
    elif isinstance(value, float):
        text = f"{_shortest(value)!r}"
    else:
        text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _shortest(number: float) -> float:
    """The shortest number that is the same at float32: 0.0010000000474974513 is 0.001."""
    shortest = float(f"{number:.7g}")
    return shortest if _at_float32(shortest) == _at_float32(number) else number
