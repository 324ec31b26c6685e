"""Reads a case: the quantities in it, and whether they were measured. A case is untrusted: any value may stand anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kerasdiff.fingerprint.document import UNKNOWN_STATES, VALUE

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What a case says besides its quantities.
_ABOUT = frozenset(
    {
        "revision",
        "arguments",
        "input",
        "random",
        "weights",
        "trainable",
        "build",
        "outcome",
        "outcomes",
        "names",
        "name",
        "remedied",
    }
)
#: What becomes of an argument that was taken: the numbers tell.
_TAKEN = ("honoured", "ignored", "accepted")


def names(case: dict[str, Any]) -> set[str]:
    """The quantities of a case, as ``inference``."""
    return case.keys() - _ABOUT


def is_lost(case: dict[str, Any]) -> bool:
    """Whether nothing is known of a case: the process died of it."""
    state = case.get("state")
    return isinstance(state, str) and state in UNKNOWN_STATES


def mapping(fact: Any) -> dict[str, Any]:
    """A fact that should be an object."""
    return fact if isinstance(fact, dict) else {}


def made(case: dict[str, Any]) -> Any:
    """The state in which making what the case measures ended."""
    return mapping(case.get("build")).get("state", VALUE)


def parts(case: dict[str, Any], quantity: str) -> list[dict[str, Any]]:
    """The tensors of a quantity; those of another one that is said to be the same."""
    fact = case[quantity]
    if isinstance(fact, dict) and isinstance(fact.get("same_as"), str):
        fact = case.get(fact["same_as"], fact)
    found = fact.get("parts", [fact]) if isinstance(fact, dict) else fact
    return [part for part in found if isinstance(part, dict)] if isinstance(found, list) else []


def state(tensors: list[dict[str, Any]]) -> Any:
    """The state of a quantity: that of its first tensor that is no value."""
    for part in tensors:
        if part.get("state", VALUE) != VALUE:
            return part["state"]
    return VALUE


def is_measured(case: dict[str, Any]) -> bool:
    """Whether a case holds a measured value: errors alone, and a refused argument, say nothing of the numbers."""
    if is_lost(case) or made(case) != VALUE:
        return False
    if mapping(case.get("outcome")).get("value") in _TAKEN:
        return True
    for quantity in names(case):
        tensors = parts(case, quantity)
        if tensors and state(tensors) == VALUE:
            return True
    return False


def failure(case: dict[str, Any]) -> str:
    """What a case says that holds no measured value."""
    fact = next(_failures(case), None)
    if fact is None:
        return "no value"
    message, failed = fact.get("message"), fact.get("state", VALUE)
    if failed == "not run" and message:
        return str(message)
    kind = fact.get("type") or (fact.get("value") if failed == VALUE else failed) or "no value"
    return f"{kind}: {message}" if message else str(kind)


def _failures(case: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if is_lost(case):
        yield case
    if made(case) != VALUE:
        yield mapping(case["build"])
    for quantity in sorted(names(case)):
        yield from (part for part in parts(case, quantity) if part.get("state", VALUE) != VALUE)
    if isinstance(case.get("outcome"), dict):
        yield case["outcome"]
