"""What two runs of a measured case say together."""

from typing import Any, Dict


def merge(first: Dict[str, Any], second: Dict[str, Any]) -> Dict[str, Any]:
    """Two runs of a case as one: a quantity that differs is ``unstable``, with how far the runs were apart."""
    merged = dict(first)
    for name, fact in first.items():
        other = second.get(name)
        if fact != other and isinstance(fact, (dict, list)):
            merged[name] = {"state": "unstable", "scatter": _scatter(fact, other)}
    return merged


def _scatter(first: Any, second: Any) -> Any:
    """The largest difference over the largest number; None where there is nothing to subtract."""
    one, other = [fact.get("values") if isinstance(fact, dict) else None for fact in (first, second)]
    if not one or not other or len(one) != len(other):
        return None
    pairs = [pair for pair in zip(one, other) if all(isinstance(number, (int, float)) for number in pair)]
    largest = max([max(abs(x), abs(y)) for x, y in pairs] or [0])
    return float("%.3g" % (max(abs(x - y) for x, y in pairs) / largest)) if largest else 0.0
