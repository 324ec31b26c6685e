"""Whether drawn weights are spread alike: by the mean and the standard deviation of each, as far as its numbers are many."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from kerasdiff.compare.divergence import divergence
from kerasdiff.fingerprint.pipeline import number
from kerasdiff.knowledge.load import Effect
from kerasdiff.probe.weights import roles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.fingerprint.document import OwnLayer
    from kerasdiff.knowledge.load import Tolerances

CASE = "initial@seed"
ASPECT = f"case.{CASE}.distribution"
#: The numbers from which on the tolerance holds: four standard errors of a normal distribution's standard deviation. Of
#: fewer, chance is larger by the root.
MANY = 10000


def compare(subject: str, a: OwnLayer, b: OwnLayer, tolerances: Tolerances) -> Iterator[Divergence]:
    """The weights of a layer that are drawn from another distribution in B; one divergence, of that which is furthest apart."""
    allowed = tolerances.of(subject, "distribution")
    found = [
        (apart / allowed, name, one, other)
        for name, shape, one, other in _pairs(a, b)
        if (apart := _apart(one, other) / _chance(shape)) > allowed
    ]
    if not found:
        return
    times, name, one, other = max(found, key=lambda part: part[0])
    figures = {"case": CASE, "weight": name, "times": float(f"{times:.3g}"), "tolerance": allowed}
    title = f"{CASE}: {name} is drawn with {_told(one)} in A, {_told(other)} in B"
    more = {"evidence": "measured", "phases": ["initialization"], "size": figures}
    yield divergence(subject, ASPECT, Effect.RESULTS, title, one, other, **more)


def _pairs(a: OwnLayer, b: OwnLayer) -> Iterator[tuple[str, list[int], dict[str, float], dict[str, float]]]:
    """The name, the shape and both spreads of each weight that is drawn on both sides."""
    one, other = (roles([str(weight.get("name")) for weight in layer.weights]) for layer in (a, b))
    by_name = set(one) == set(other)
    for position, (name, weight) in enumerate(zip(one, a.weights, strict=True)):
        place = other.index(name) if by_name else position
        if place >= len(b.weights) or weight.get("shape") != b.weights[place].get("shape"):
            continue
        sides = [_spread(found.get("spread")) for found in (weight, b.weights[place])]
        shape = [extent for extent in weight.get("shape") or [] if isinstance(extent, int)]
        if sides[0] is not None and sides[1] is not None:
            yield name, shape, sides[0], sides[1]


def _spread(told: Any) -> dict[str, float] | None:
    """The spread of a weight whose numbers differ; of one number over and over, what it is says all."""
    if not isinstance(told, dict):
        return None
    mean, std = number(told.get("mean")), number(told.get("std"))
    return {"mean": mean, "std": std} if math.isfinite(mean) and math.isfinite(std) and std > 0 else None


def _apart(a: dict[str, float], b: dict[str, float]) -> float:
    """How far two spreads are apart over the wider: of the means the half, which chance moves further than the widths."""
    widest = max(a["std"], b["std"])
    return max(abs(a["std"] - b["std"]), abs(a["mean"] - b["mean"]) / 2) / widest


def _chance(shape: list[int]) -> float:
    """How much further than `MANY` numbers those of a weight are apart by chance."""
    return math.sqrt(MANY / min(max(math.prod(shape), 1), MANY))


def _told(spread: dict[str, float]) -> str:
    return f"mean {spread['mean']:.2g} and deviation {spread['std']:.3g}"
