"""One part of two pipelines, as ``x``: whether the numbers are the same, what makes B's of A's, or how far they are apart."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kerasdiff.compare.pipelines import affine, images, sequences, unsteady
from kerasdiff.compare.pipelines.fit import SAME, Compared, Fit, Pair, Step, are_integers, largest
from kerasdiff.compare.pipelines.layouts import channels, layouts
from kerasdiff.fingerprint.pipeline import number
from kerasdiff.knowledge.load import pipelines
from kerasdiff.probe.pipeline import grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kerasdiff.fingerprint.pipeline import Kept, Part

#: Axes of a sample at most.
MAX_AXES = 8

Pairs = list[tuple["Kept", "Kept"]]


def compare(a: Part, b: Part, *, is_steady: bool = True) -> Compared:
    """Compares a part of A with that of B. ``is_steady``: samples at the same places may be the same on both sides."""
    if a.set == b.set or (a.samples.digests == b.samples.digests and a.dtype == b.dtype == "string"):
        return SAME
    if "string" in (a.dtype, b.dtype):
        return _texts(a, b)
    if a.unstable is not None or b.unstable is not None:
        return unsteady.compare(a, b)
    here, there = ({kept.role: kept for kept in _usable(part)} for part in (a, b))
    common = [(kept, there[role]) for role, kept in here.items() if role in there]
    by_place = [pair for pair in common if pair[0].index == pair[1].index] if is_steady else []
    by_content = [pair for pair in common if not pair[0].role.startswith("first")]
    others = [pair for pair in by_place if not _are_same([pair])]
    if by_place and not others and a.shape == b.shape:
        return _rest(a, b, others)
    if by_content and _are_same(by_content) and _is_permuted(a, b, affine.SAME):
        return Compared(Fit((), 0.0), is_moved=not is_steady or by_content != by_place)
    for pairs, is_moved in ((by_place, False), (by_content, True)):
        found = _fit(a, b, pairs) if pairs else None
        if found is not None:
            return Compared(found, _size(a, b, pairs), _exceptions(a, b, found, is_moved=is_moved), is_moved)
    is_mostly_same = 2 * len(others) < len(by_place) or (is_steady and 2 * _others(a, b) < len(a.samples.digests))
    if is_mostly_same and a.shape == b.shape:
        return _rest(a, b, others)
    found = unsteady.sorted_means(a, b)
    if found is not None:
        return Compared(found, _size(a, b, []), is_moved=True)
    return Compared(None, _size(a, b, by_place))


def _usable(part: Part) -> list[Kept]:
    """The kept samples whose numbers are as many as their shape says."""
    return [kept for kept in part.kept if len(kept.shape) <= MAX_AXES and len(kept.values) == grid.size(_lengths(kept.shape))]


def _lengths(shape: Sequence[int]) -> list[int]:
    return [len(places) for places in grid.axes(shape)]


def _numbers(values: Sequence[float | str]) -> list[float]:
    return [number(value) for value in values]


def _plain(pairs: Pairs) -> Pair | None:
    """The numbers of pairs of samples as they stand; None where shapes differ, or only one side is finite somewhere."""
    if any(one.shape != other.shape for one, other in pairs):
        return None
    of = [channel for one, _ in pairs for channel in channels(one.shape, _lengths(one.shape))]
    return _finite(
        [x for one, _ in pairs for x in _numbers(one.values)], [y for _, other in pairs for y in _numbers(other.values)], of
    )


def _finite(a: list[float], b: list[float], of: list[int]) -> Pair | None:
    """The numbers of both sides, without the places where both are the same and not finite."""
    if all(map(math.isfinite, a)) and all(map(math.isfinite, b)):
        return Pair(a, b, of)
    rows = [row for row in zip(a, b, of, strict=True) if math.isfinite(row[0]) or math.isfinite(row[1])]
    if not all(math.isfinite(x) and math.isfinite(y) for x, y, _ in rows):
        return None
    return Pair([x for x, _, _ in rows], [y for _, y, _ in rows], [channel for _, _, channel in rows])


def _are_same(pairs: Pairs) -> bool:
    pair = _plain(pairs)
    return pair is not None and affine.is_same(pair, pipelines().tolerance)


def _means(part: Part) -> list[float]:
    return _numbers(part.samples.means)


def _others(a: Part, b: Part) -> int:
    """How many samples have other bits at the same place."""
    return sum(x != y for x, y in zip(a.samples.digests, b.samples.digests, strict=False))


def _rest(a: Part, b: Part, kept: Pairs) -> Compared:
    """What all samples say, where those kept are the same but for some."""
    most = _most(a, b)
    others = [pair[0].index for pair in kept] + [
        place
        for one, other in ((_means(a), _means(b)), (_numbers(a.samples.stds), _numbers(b.samples.stds)))
        for place, (x, y) in enumerate(zip(one, other, strict=False))
        if abs(x - y) > pipelines().tolerance * most or math.isfinite(x) != math.isfinite(y)
    ]
    seen = min(len(a.samples.digests), len(b.samples.digests))
    if others:
        worst = max((abs(x - y) for x, y in zip(_means(a), _means(b), strict=False)), default=0.0) / most if most else 0.0
        return Compared(None, max(worst, _size(a, b, kept) if kept else 0.0), f"{len(set(others))} of {seen} samples differ")
    numbers = [(number(a.statistics.get(key)), number(b.statistics.get(key))) for key in ("min", "max", "mean", "std")]
    if a.statistics.get("numbers") == b.statistics.get("numbers"):
        rest = max((abs(x - y) for x, y in numbers if math.isfinite(x) and math.isfinite(y)), default=0.0)
        if rest > pipelines().tolerance * most:
            return Compared(None, rest / most, f"the first {seen} samples are the same, later ones are not")
    return SAME


def _most(a: Part, b: Part) -> float:
    return largest([x for part in (a, b) for key in ("min", "max") if math.isfinite(x := number(part.statistics.get(key)))])


def _is_permuted(a: Part, b: Part, line: affine.Line) -> bool:
    """Whether the samples' means, sorted, are the same after scaling: the same samples in another order."""
    one, other = sorted(line.scale * x + line.shift for x in _means(a)), sorted(_means(b))
    most = pipelines().tolerance * _most(a, b)
    return bool(one) and len(one) == len(other) and all(abs(x - y) <= most for x, y in zip(one, other, strict=True))


def _size(a: Part, b: Part, pairs: Pairs) -> float:
    """The largest difference of kept numbers over the largest number; of the statistics where nothing else compares."""
    most = _most(a, b)
    pair = _plain(pairs) if pairs else None
    if pair is None:
        keys = ("min", "max", "mean", "std")
        apart = [abs(number(a.statistics.get(key)) - number(b.statistics.get(key))) for key in keys]
        apart = [one for one in apart if math.isfinite(one)]
    else:
        apart = [affine.SAME.rest(pair.a, pair.b)]
    return max(apart, default=0.0) / most if most else 0.0


def _exceptions(a: Part, b: Part, found: Fit, *, is_moved: bool) -> str:
    """How many samples the fit doesn't reach, by their means, where it keeps these or has one scale for all."""
    if is_moved or found.line is None or len(a.shape) == 0:
        return ""
    scale, shift = found.line
    ends = [number(b.statistics.get(key)) for key in ("min", "max")]
    most = max(pipelines().exact, found.error) * max(map(abs, ends))
    others = sum(abs(scale * x + shift - y) > most for x, y in zip(_means(a), _means(b), strict=False))
    return f"{others} of {len(_means(a))} samples differ besides" if others else ""


# Fits


def _fit(a: Part, b: Part, pairs: Pairs) -> Fit | None:
    """What makes B's samples of A's, the simplest that does."""
    if not a.kept or not b.kept:
        return None
    if len(a.shape) == 0 or len(b.shape) == 0 or _are_labels(pairs):
        found = _labels(a, b, pairs)
        if found is not None:
            return found
    if _are_sequences(pairs):
        found = sequences.fit(*([_numbers(kept.values) for kept in side] for side in zip(*pairs, strict=True)))
        if found is not None:
            return found
    plain = _plain(pairs)
    if plain is not None:
        found = affine.narrowed(plain, a.dtype, b.dtype) or affine.rounding(plain)
        if found is not None:
            return found
    both = images.rasters(pairs)
    return _laid(pairs) or images.grey(both) or images.moved(both) or images.resized(pairs, both)


def _are_sequences(pairs: Pairs) -> bool:
    numbers = [number(value) for pair in pairs for kept in pair for value in kept.values]
    is_flat = all(len(kept.shape) == 1 and grid.is_whole(kept.shape) and kept.shape[0] > 1 for pair in pairs for kept in pair)
    return is_flat and all(map(math.isfinite, numbers)) and are_integers(numbers)


def _laid(pairs: Pairs) -> Fit | None:
    """Axes in another order, and scales: the fewest steps, of those the nearest."""
    found: list[Fit] = []
    shapes = {(tuple(one.shape), tuple(other.shape)) for one, other in pairs}
    if len(shapes) != 1:
        return None
    (a, b) = shapes.pop()
    lists = [(_numbers(one.values), _numbers(other.values)) for one, other in pairs]
    for layout in layouts(a, b):
        if found and len(layout.steps) >= min(len(fit.steps) for fit in found):
            break
        places, of = layout.places(_lengths(a)), channels(b, _lengths(b))
        pair = _finite(
            [one[place] for one, _ in lists for place in places], [y for _, other in lists for y in other], of * len(lists)
        )
        if pair is None or not pair.a:
            continue
        if layout.steps and affine.SAME.holds(pair.a, pair.b, affine.allowed(pair)):
            found.append(Fit(layout.steps, affine.SAME.rest(pair.a, pair.b) / (largest(pair.b) or 1.0), affine.SAME))
            continue
        scaled = affine.line(pair) or affine.by_channel(pair)
        if scaled is not None:
            found.append(Fit((*layout.steps, *scaled.steps), scaled.error, scaled.line))
    return min(found, key=lambda fit: (len(fit.steps), fit.error), default=None)


def _are_labels(pairs: Pairs) -> bool:
    return all(grid.size(kept.shape) == 1 for pair in pairs for kept in pair)


def _labels(a: Part, b: Part, pairs: Pairs) -> Fit | None:
    """Numbers of which each sample has one: scaled, numbered otherwise, or one-hot on one side."""
    one, other = _means(a), _means(b)
    if grid.size(a.shape) == grid.size(b.shape) == 1:
        if len(one) != len(other) or not all(map(math.isfinite, one + other)):
            return None
        pair = Pair(one, other, [])
        found = affine.line(pair)
        if found is not None or not (are_integers(one) and are_integers(other)):
            return found
        again = sequences.numbered(one, other, "labels")
        return Fit((again,), 0.0) if again else None
    for classes, rows, words in ((0, 1, "one-hot"), (1, 0, "numbers of classes (A: one-hot)")):
        hot = [(number(pair[classes].values[0]), _numbers(pair[rows].values)) for pair in pairs if pair[classes].values]
        if hot and all(_is_hot(row) == label for label, row in hot) and len({label for label, _ in hot}) > 1:
            undo = f"x = numpy.eye({len(hot[0][1])})[x.astype(int)]" if classes else "x = x.argmax(-1)"
            return Fit((Step("one-hot", words, undo),), 0.0)
    return None


def _is_hot(row: list[float]) -> int | None:
    """The place of the only one among zeros."""
    return row.index(1.0) if sorted(row) == [0.0] * (len(row) - 1) + [1.0] else None


def _texts(a: Part, b: Part) -> Compared:
    if a.dtype != b.dtype:
        return Compared(None, 1.0, "text on one side only")
    one, other = a.samples.digests, b.samples.digests
    others = _others(a, b)
    if not others and min(len(one), len(other)) > 0:
        return SAME
    return Compared(None, 1.0, f"{others} of the first {min(len(one), len(other))} texts differ")
