"""Parts of which no sample of A can be found in B: values that are drawn anew each time, or in an order that is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kerasdiff.compare.pipelines import affine
from kerasdiff.compare.pipelines.fit import SAME, Compared, Fit, Pair, Step
from kerasdiff.fingerprint.pipeline import number

if TYPE_CHECKING:
    from kerasdiff.fingerprint.pipeline import Part

#: Standard errors within which means of draws are the same, and the share within which deviations are.
ERRORS, SHARE = 5.0, 0.15


def sorted_means(a: Part, b: Part) -> Fit | None:
    """One scale and shift for the means of all samples, each side's sorted: whichever sample is which."""
    one, other = (sorted(number(mean) for mean in part.samples.means) for part in (a, b))
    if len(one) != len(other) or len(one) < 8 or not all(map(math.isfinite, one + other)):
        return None
    for pair in (Pair(one, other, []), Pair(one[::-1], other, [])):
        found = affine.line(pair)
        if found is not None:
            return found
    return None


def compare(a: Part, b: Part) -> Compared:
    """Compares values that are random: by their means and deviations, as far as these hold still."""
    scatter, one, other = _scatter(a) + _scatter(b), _moments(a), _moments(b)
    if not all(map(math.isfinite, (scatter, *one, *other))) or not one[1] or not other[1]:
        return Compared(None, 0.0, "random in each run, and of no deviation")
    if _agrees(affine.SAME, one, other, scatter):
        return SAME
    ends = [[number(part.statistics.get(key)) for key in ("min", "max")] for part in (a, b)]
    most = max(map(abs, ends[0] + ends[1]))
    size = abs(one[0] - other[0]) / most if most else 0.0
    by_ends = affine.line(Pair(ends[0], ends[1], []))
    free = affine.squares(*ends)
    if by_ends is not None and free is not None and _agrees(free, one, other, scatter):
        words = f"{by_ends.words}, by range, mean and deviation (values are random in each run)"
        return Compared(Fit((Step("scale", words),), scatter), size)
    return Compared(None, size, "by mean and deviation: values are random in each run")


def _moments(part: Part) -> tuple[float, float]:
    return number(part.statistics.get("mean")), number(part.statistics.get("std"))


def _scatter(part: Part) -> float:
    """How far a mean is from that of another run: as was seen, and by the error of the samples' means, over the deviation."""
    means = [number(mean) for mean in part.samples.means]
    mean, std = _moments(part)
    if not std or not means:
        return 0.0
    other = number((part.unstable or {}).get("mean", mean))
    middle = sum(means) / len(means)
    deviation = math.sqrt(sum((one - middle) ** 2 for one in means) / len(means))
    return (abs(other - mean) + deviation / math.sqrt(len(means))) / std


def _agrees(line: affine.Line, a: tuple[float, float], b: tuple[float, float], scatter: float) -> bool:
    """Whether B's mean and deviation are what a line makes of A's, within ``scatter`` of the deviation."""
    mean, std = line.scale * a[0] + line.shift, abs(line.scale) * a[1]
    largest = max(std, b[1])
    return abs(mean - b[0]) <= ERRORS * max(scatter, 1e-3) * largest and abs(std - b[1]) <= SHARE * largest
