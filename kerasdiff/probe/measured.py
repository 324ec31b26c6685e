"""What two runs of a measured case say together."""

from typing import Any, Dict, Set


def merge(first: Dict[str, Any], second: Dict[str, Any]) -> Dict[str, Any]:
    """Two runs of a case as one: a quantity that differs is ``unstable``, with how far the runs were apart."""
    merged = dict(second, **first)
    for name, fact in list(merged.items()):
        if name == "remedied":  # what is kept from one case to another is remedied once
            continue
        one, other = first.get(name), second.get(name)
        if one != other and isinstance(fact, (dict, list)) and not _are_errors(one, other):
            merged[name] = {"state": "unstable", "scatter": _scatter(one, other)}
    return merged


def _are_errors(one: Any, other: Any) -> bool:
    """Whether both runs failed alike: messages tell of addresses, or of what ran before."""
    return (
        all(isinstance(fact, dict) and fact.get("state") == "error" for fact in (one, other)) and one["type"] == other["type"]
    )


#: Arguments that decide how far a step goes, not how it is made.
_SIZES = ("learning_rate", "lr", "epsilon", "beta_1", "beta_2", "rho", "initial_accumulator_value")


def spread(cases: Dict[str, Dict[str, Any]]) -> Dict[str, Dict[str, Any]]:
    """The cases of an optimizer, with all marked ``unstable`` that take the way of one that is.

    A race isn't lost each time: where runs of ``Adam()`` differ, those of ``Adam(clipnorm=1)`` only happen to agree.
    """
    racing = [_way(case) for case in cases.values() if any(_is_unstable(fact) for fact in case.values())]
    return {call: _marked(case) if any(way <= _way(case) for way in racing) else case for call, case in cases.items()}


def _marked(case: Dict[str, Any]) -> Dict[str, Any]:
    return {
        name: {"state": "unstable", "scatter": None} if name in ("training", "outcome") and _ran(fact) else fact
        for name, fact in case.items()
    }


def _way(case: Dict[str, Any]) -> Set[str]:
    return set(case.get("arguments", {})) - set(_SIZES)


def _is_unstable(fact: Any) -> bool:
    return isinstance(fact, dict) and fact.get("state") == "unstable"


def _ran(fact: Dict[str, Any]) -> bool:
    return fact.get("state") in ("value", "unstable") and fact.get("value") != "refused"


def _scatter(first: Any, second: Any) -> Any:
    """The largest difference over the largest number; None where there is nothing to subtract."""
    one, other = [fact.get("values") if isinstance(fact, dict) else None for fact in (first, second)]
    if not one or not other or len(one) != len(other):
        return None
    pairs = [pair for pair in zip(one, other) if all(isinstance(number, (int, float)) for number in pair)]
    if any(x != y for x, y in zip(one, other) if (x, y) not in pairs):  # NaN in one run only
        return None
    largest = max([max(abs(x), abs(y)) for x, y in pairs] or [0])
    return float("%.3g" % (max(abs(x - y) for x, y in pairs) / largest)) if largest else 0.0
