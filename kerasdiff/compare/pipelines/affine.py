"""Scales and shifts that make one list of numbers of another, alike for all or by channel."""

from __future__ import annotations

from typing import NamedTuple

from kerasdiff.compare.pipelines.fit import Fit, Pair, Step, are_integers, largest, spread
from kerasdiff.knowledge.load import pipelines

#: Levels that numbers must have at least to be taken for rounded ones.
LEVELS = 64
#: Half a step of types of less precision, over the number; and half their smallest number.
HALF_STEPS = {"float16": 2.0**-11, "bfloat16": 2.0**-9}
SMALLEST = 2.0**-25


class Line(NamedTuple):
    """``y = scale * x + shift``."""

    scale: float
    shift: float

    def rest(self, a: list[float], b: list[float]) -> float:
        """The largest difference from what it gives of A to B."""
        return max((abs(self.scale * x + self.shift - y) for x, y in zip(a, b, strict=True)), default=0.0)

    def holds(self, a: list[float], b: list[float], most: float) -> bool:
        """Whether no difference is larger than ``most``."""
        return all(abs(self.scale * x + self.shift - y) <= most for x, y in zip(a, b, strict=True))


SAME = Line(1.0, 0.0)


def allowed(pair: Pair) -> float:
    """How far B's numbers may be off a fit: a small share of their range, or the one step that rounding either side makes."""
    range_a, range_b = spread(pair.a), spread(pair.b)
    most = pipelines().exact * range_b
    if range_b >= LEVELS and are_integers(pair.b):
        return max(most, 1.0)
    return max(most, range_b / range_a) if range_a >= LEVELS and are_integers(pair.a) else most


def is_same(pair: Pair, tolerance: float) -> bool:
    """Whether all numbers are the same, within a share of the largest; integers differ from each other by less than a half."""
    most = tolerance * max(largest(pair.a), largest(pair.b))
    if are_integers(pair.a) and are_integers(pair.b):
        most = min(most, 0.5)
    return SAME.holds(pair.a, pair.b, most)


def rounding(pair: Pair) -> Fit | None:
    """Integers of which none is off by more than one; or one side's numbers are the other's, rounded."""
    whole = are_integers(pair.a), are_integers(pair.b)
    rest = SAME.rest(pair.a, pair.b)
    if not any(whole) or rest > 1.0 or spread(pair.a) < LEVELS or spread(pair.b) < LEVELS:
        return None
    words = "rounded otherwise" if all(whole) else "rounded to integers" if whole[1] else "not rounded (A: to integers)"
    return Fit((Step("rounding", words),), rest / largest(pair.b))


def narrowed(pair: Pair, a: str, b: str) -> Fit | None:
    """One side's numbers are the other's in a type of less precision, of the data types ``a`` and ``b``."""
    if (a in HALF_STEPS) is (b in HALF_STEPS):
        return None
    wide, name = (pair.a, b) if b in HALF_STEPS else (pair.b, a)
    most = HALF_STEPS[name] * 1.001  # kept numbers are cut to some digits
    if any(abs(x - y) > most * abs(z) + SMALLEST for x, y, z in zip(pair.a, pair.b, wide, strict=True)):
        return None
    words = f"rounded to {name}" if name == b else f"not rounded (A: to {name})"
    return Fit((Step("precision", words),), SAME.rest(pair.a, pair.b) / (largest(pair.b) or 1.0))


def line(pair: Pair) -> Fit | None:
    """One scale and shift for all numbers."""
    found = _fitted(pair, allowed(pair))
    if found is None or found == SAME:
        return None
    scale, shift = _named(found.scale, pipelines().scales), _named(found.shift, pipelines().shifts)
    step = Step("scale", words(scale, shift), _undo(scale, shift))
    return Fit((step,), found.rest(pair.a, pair.b) / largest(pair.b), found)


def _fitted(pair: Pair, most: float) -> Line | None:
    """The line through the points, of the known scales and shifts where these do; None where none does."""
    free = squares(pair.a, pair.b)
    if free is None or free.scale == 0:
        return None
    known = Line(
        _snapped(free.scale, pipelines().scales, 0.01, abs(free.scale)),
        _snapped(free.shift, ("0", *pipelines().shifts), 1.0, max(2 * most, 0.002 * spread(pair.b))),
    )
    partly = Line(known.scale, free.shift), Line(free.scale, known.shift)
    return next((one for one in (known, *partly, free) if one.holds(pair.a, pair.b, most)), None)


def _snapped(number: float, names: tuple[str, ...], share: float, scale: float) -> float:
    """The nearest known number that is near enough."""
    near = min((value(name) for name in ("1", *names)), key=lambda one: abs(one - number))
    return near if abs(near - number) <= share * scale else number


def squares(a: list[float], b: list[float]) -> Line | None:
    """The line of least squares; None where A's numbers are all the same, or B's."""
    count = len(a)
    if count < 2 or spread(a) == 0 or spread(b) == 0:
        return None
    mean_a, mean_b = sum(a) / count, sum(b) / count
    both = sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True))
    own = sum((x - mean_a) ** 2 for x in a)
    scale = both / own if own else 0.0
    return Line(scale, mean_b - scale * mean_a)


def by_channel(pair: Pair) -> Fit | None:
    """A scale and shift for each channel; None where all have the same, or a channel has too few numbers to tell."""
    lines: dict[int, Line] = {}
    rest = 0.0
    known = sorted(set(pair.channels))
    if len(known) < 2:
        return None
    for channel in known:
        places = [place for place, one in enumerate(pair.channels) if one == channel]
        own = Pair([pair.a[place] for place in places], [pair.b[place] for place in places], [])
        found = _fitted(own, max(allowed(pair), pipelines().exact * spread(pair.b))) if len(set(own.a)) > 2 else None
        if found is None:
            return None
        lines[channel] = found
        rest = max(rest, found.rest(own.a, own.b))
    if all(one == SAME for one in lines.values()):
        return None
    return Fit((_step([lines[channel] for channel in known], allowed(pair)),), rest / largest(pair.b))


def _step(lines: list[Line], most: float) -> Step:
    scales, shifts = [one.scale for one in lines], [one.shift for one in lines]
    undo = f"x = (x - {_list(shifts)}) / {_list(scales)}" if len(lines) <= 4 else ""
    for row in pipelines().channels:
        near = [
            abs(one.scale / scale - 1) <= 0.002 and abs(one.shift - shift) <= max(most, 0.002 * abs(shift))
            for one, scale, shift in zip(lines, row.scales, row.shifts, strict=False)
        ]
        if len(lines) == len(row.scales) and all(near):
            return Step("scale", row.name, undo)
    told = words("", "", f"{_range(scales)} by channel", f"{_range(shifts)} by channel" if any(shifts) else "")
    return Step("scale", told, undo)


def _list(numbers: list[float]) -> str:
    return "[" + ", ".join(f"{number:.6g}" for number in numbers) + "]"


def _range(numbers: list[float]) -> str:
    if len(numbers) <= 4:
        return ", ".join(f"{number:.4g}" for number in numbers)
    return f"{min(numbers):.4g} to {max(numbers):.4g}"


def value(name: str) -> float:
    """A known number by its name: ``1/255``."""
    above, slash, below = name.partition("/")
    return float(above) / float(below) if slash else float(name)


def _named(number: float, names: tuple[str, ...]) -> str:
    """A number as people write it."""
    return next((name for name in ("0", "1", *names) if value(name) == number), f"{number:.6g}")


def words(scale: str, shift: str, scales: str = "", shifts: str = "") -> str:
    """What a scale and a shift do."""
    scaled = [f"scaled by {scales or scale}"] if scales or scale != "1" else []
    shifted = [f"shifted by {shifts or shift}"] if shifts or (shift and shift != "0") else []
    return " and ".join(scaled + shifted) or "the same"


def _undo(scale: str, shift: str) -> str:
    moved = "x" if shift == "0" else f"(x + {shift[1:]})" if shift.startswith("-") else f"(x - {shift})"
    if scale == "1":
        return f"x = {moved.strip('()')}"
    return f"x = {moved} * {scale[2:]}" if scale.startswith("1/") else f"x = {moved} / {scale}"
