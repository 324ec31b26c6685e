"""Images that are cut, moved, made grey or resized otherwise: what neighbouring pixels tell, and what is seen from afar."""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from kerasdiff.compare.pipelines import affine
from kerasdiff.compare.pipelines.fit import Fit, Pair, Step, are_integers, largest, spread
from kerasdiff.compare.pipelines.layouts import channels, layouts
from kerasdiff.fingerprint.pipeline import number
from kerasdiff.knowledge.load import pipelines
from kerasdiff.probe.pipeline import grid

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kerasdiff.fingerprint.pipeline import Kept

#: Pixels by which an image is moved at most, and those that must be in both to tell.
MOST, COMMON = 3, 32
#: How much more must differ where neighbours differ more, for it to come of resizing and not of noise.
ROUGHNESS = 1.5
#: How far the differences may be all up, or all down.
BIAS = 0.5
#: How much worse the second best way to lay an image must be.
CLEAR = 2.0

Place = tuple[int, int]


class Raster(NamedTuple):
    """Neighbouring pixels of an image, each by its row and column in it, with its channels."""

    pixels: dict[Place, tuple[float, ...]]
    rows: int
    columns: int


def raster(kept: Kept) -> Raster | None:
    """The pixels that are kept of the middle of an image, or all of it; None where it is no image."""
    there = grid.image(kept.shape)
    if there is None:
        return None
    edge = grid.patch(kept.shape)
    whole = grid.is_whole(kept.shape)
    lengths = list(kept.shape)
    if not whole:
        lengths[there.rows] = lengths[there.columns] = edge
    numbers = [number(one) for one in (kept.values if whole else kept.patch)]
    if len(numbers) != grid.size(lengths):
        return None
    start = [0 if whole else (kept.shape[axis] - edge) // 2 for axis in (there.rows, there.columns)]
    depth = 1 if there.channels is None else kept.shape[there.channels]
    strides = [grid.size(lengths[axis + 1 :]) for axis in range(len(lengths))]
    step = 1 if there.channels is None else strides[there.channels]
    pixels = {}
    for row, column in product(range(lengths[there.rows]), range(lengths[there.columns])):
        first = row * strides[there.rows] + column * strides[there.columns]
        pixels[start[0] + row, start[1] + column] = tuple(numbers[first + channel * step] for channel in range(depth))
    return Raster(pixels, kept.shape[there.rows], kept.shape[there.columns])


Rasters = list[tuple[Raster, Raster]]


def rasters(pairs: Sequence[tuple[Kept, Kept]]) -> Rasters:
    """The pixels of pairs of samples; none where one is no image."""
    found = [(raster(one), raster(other)) for one, other in pairs]
    return [(one, other) for one, other in found if one is not None and other is not None]


def _overlap(both: Rasters, move: Place) -> Pair | None:
    """The numbers of A's pixels and those of B's that lie ``move`` further up and left; None where too few are in both."""
    a: list[float] = []
    b: list[float] = []
    depth = {len(next(iter(one.pixels.values()), ())) for pair in both for one in pair}
    if len(depth) != 1:
        return None
    for one, other in both:
        for (row, column), pixel in other.pixels.items():
            there = one.pixels.get((row + move[0], column + move[1]))
            if there is not None:
                a.extend(there)
                b.extend(pixel)
    count = depth.pop()
    return Pair(a, b, [place % count for place in range(len(a))]) if len(a) >= COMMON * count * len(both) else None


def moved(both: Rasters) -> Fit | None:
    """The same pixels at other places: moved a little, or cut out of the middle or a corner, or with a border around."""
    if not both:
        return None
    one, other = first = max(both, key=lambda pair: spread([value for pixel in pair[0].pixels.values() for value in pixel]))
    is_same_size = (one.rows, one.columns) == (other.rows, other.columns)
    for move in sorted(_moves(one, other), key=lambda move: (abs(move[0]) + abs(move[1]), move)):
        if is_same_size and move == (0, 0):
            continue
        found = _moved_by([first], move) and _moved_by(both, move)  # most moves fail at once
        if found:
            return Fit((Step("moved", _where(one, other, move)), *found.steps), found.error)
    return None


def _moved_by(both: Rasters, move: Place) -> Fit | None:
    """What is left to do where B's pixels are A's at this move; None where they aren't."""
    pair = _overlap(both, move)
    if pair is None or spread(pair.b) == 0:
        return None
    if affine.SAME.holds(pair.a, pair.b, pipelines().exact * spread(pair.b)):
        return Fit((), affine.SAME.rest(pair.a, pair.b) / largest(pair.b))
    return affine.line(pair)


def _moves(a: Raster, b: Raster) -> set[Place]:
    """How far B's pixels may lie from A's: a little, counted from the middle, or from a corner."""
    return {*product(_along(a.rows, b.rows), _along(a.columns, b.columns))}


def _along(a: int, b: int) -> set[int]:
    """By how much they may lie apart along an axis."""
    more = a - b
    if more == 0:
        return set(range(-MOST, MOST + 1))
    if abs(more) <= 2 * MOST:
        return set(range(min(0, more), max(0, more) + 1))
    return {0, more // 2, -(-more // 2), more}


def _where(a: Raster, b: Raster, move: Place) -> str:
    if (a.rows, a.columns) == (b.rows, b.columns):
        directions = (("down", "up"), ("right", "left"))
        parts = [f"{abs(by)} {words[by > 0]}" for by, words in zip(move, directions, strict=True) if by]
        return f"moved by {' and '.join(parts)} (pixels)"
    larger = b.rows > a.rows or b.columns > a.columns
    return "with a border around" if larger else "cut out, not resized"


def grey(both: Rasters) -> Fit | None:
    """Three channels in A, of which B has made one."""
    a = [pixel for one, other in both for place, pixel in one.pixels.items() if place in other.pixels]
    b = [other.pixels[place] for one, other in both for place in one.pixels if place in other.pixels]
    if len(a) < COMMON or {len(pixel) for pixel in a} != {3} or {len(pixel) for pixel in b} != {1}:
        return None
    numbers = [pixel[0] for pixel in b]
    if any(spread([pixel[channel] for pixel in a]) == 0 for channel in range(3)) or spread(numbers) == 0:
        return None
    most = 1.0 if are_integers(numbers) and spread(numbers) >= affine.LEVELS else 0.002 * spread(numbers)
    for row in pipelines().grey:
        for weights, name in ((row.weights, row.name), (row.weights[::-1], f"{row.name}, of channels in the order of BGR")):
            rest = max(abs(sum(map(_product, pixel, weights)) - value) for pixel, value in zip(a, numbers, strict=True))
            if rest <= most:
                return Fit((Step("grey", f"made grey ({name})"),), rest / largest(numbers))
    return None


def _product(one: float, other: float) -> float:
    return one * other


# From afar


def resized(pairs: Sequence[tuple[Kept, Kept]], both: Rasters) -> Fit | None:
    """The same picture from afar, with other details: resized by another method, from or to another size."""
    first = pairs[0] if pairs else None
    if first is None or not both:
        return None
    one, other = (grid.image(kept.shape) for kept in first)
    if one is None or other is None:
        return None
    best = _from_afar(pairs)
    if best is None:
        return None
    steps, scaled = best
    error = affine.SAME.rest(scaled.a, scaled.b) / largest(scaled.b)
    a, b = both[0]
    if (a.rows, a.columns) != (b.rows, b.columns):
        if any(_afar(cut) < _afar(scaled) for cut in _cuts(scaled, _blocks(first[1].shape), (a, b))):
            return None  # rather a piece of it, in its size
        return Fit((Step("resized", "resized to another size"), *steps), error)
    if any(step.kind in ("transposed", "rows", "flipped", "channels") for step in steps) or not _is_rough(both, steps):
        return None
    return Fit((Step("resized", "resized otherwise (interpolation, antialiasing or decoding)"), *steps), error)


def _from_afar(pairs: Sequence[tuple[Kept, Kept]]) -> tuple[tuple[Step, ...], Pair] | None:
    """How B's blocks are made of A's, and both as they are then; None where they are others."""
    found: list[tuple[float, tuple[Step, ...], Pair]] = []
    shapes = [_blocks(kept.shape) for kept in pairs[0]]
    for layout in layouts(*shapes):
        pair = _laid(
            [(one.blocks, other.blocks) for one, other in pairs], layout.places(shapes[0]), channels(shapes[1], shapes[1])
        )
        if pair is None or spread(pair.a) == 0 or spread(pair.b) == 0:
            return None
        for steps, same in _scaled(pair):
            found.append((_afar(same), (*layout.steps, *steps), same))
    found.sort(key=lambda one: (one[0] > pipelines().afar, len(one[1]), one[0]))
    if not found or found[0][0] > pipelines().afar:
        return None
    rest, steps, pair = found[0]
    kinds = {step.kind for step in steps}
    others = [other for other, more, _ in found[1:] if not kinds <= {step.kind for step in more}]
    is_clear = all(other >= CLEAR * rest for other in others)
    return (steps, pair) if is_clear else None


def _cuts(pair: Pair, lengths: list[int], sizes: tuple[Raster, Raster]) -> Iterator[Pair]:
    """The pair if B were cut out of A without resizing it: in the middle, or at an end; or A out of B."""
    a, b = sizes
    for row, column in product((0.0, 0.5, 1.0), repeat=2):
        for rows, columns, is_turned in (
            (b.rows / a.rows, b.columns / a.columns, False),
            (a.rows / b.rows, a.columns / b.columns, True),
        ):
            if rows <= 1 and columns <= 1:
                one, other = (pair.b, pair.a) if is_turned else (pair.a, pair.b)
                seen = _seen(one, lengths, ((1 - rows) * row, rows), ((1 - columns) * column, columns))
                yield Pair(seen, other, pair.channels)


def _seen(numbers: list[float], lengths: list[int], rows: tuple[float, float], columns: tuple[float, float]) -> list[float]:
    """The blocks of a piece of a picture, interpolated from the picture's: where it begins, and its share of the whole."""
    there = grid.image(lengths)
    if there is None:
        return numbers
    for axis, (start, share) in ((there.rows, rows), (there.columns, columns)):
        stride, size = grid.size(lengths[axis + 1 :]), grid.BLOCKS
        found = []
        for place in range(len(numbers)):
            here = place // stride % size
            at = min(max((start + (here + 0.5) / size * share) * size - 0.5, 0.0), size - 1.0)
            low = min(int(at), size - 2)
            first = numbers[place + (low - here) * stride]
            found.append(first + (numbers[place + (low + 1 - here) * stride] - first) * (at - low))
        numbers = found
    return numbers


def _scaled(pair: Pair) -> Iterator[tuple[tuple[Step, ...], Pair]]:
    """The pair as it is, and with what scales A's numbers taken into account."""
    yield (), pair
    free = affine.squares(pair.a, pair.b)
    if free is None:
        return
    for name in pipelines().scales:
        for shift in ("0", *pipelines().shifts):
            scale, by = affine.value(name), affine.value(shift)
            if abs(free.scale / scale - 1) <= 0.05 and abs(free.shift - by) <= 0.05 * spread(pair.b):
                told = Step("scale", affine.words(name, shift))
                yield (told,), Pair([scale * one + by for one in pair.a], pair.b, pair.channels)


def _blocks(shape: Sequence[int]) -> list[int]:
    there = grid.image(shape)
    return [grid.BLOCKS if there and axis in (there.rows, there.columns) else length for axis, length in enumerate(shape)]


def _laid(
    lists: Sequence[tuple[Sequence[float | str], Sequence[float | str]]], places: list[int], of: list[int]
) -> Pair | None:
    a: list[float] = []
    b: list[float] = []
    for one, other in lists:
        if len(one) != len(places) or len(other) != len(places):
            return None
        a += [number(one[place]) for place in places]
        b += [number(value) for value in other]
    return Pair(a, b, of * len(lists)) if all(map(math.isfinite, a + b)) else None


def _afar(pair: Pair) -> float:
    """How far two lists are apart, over the deviation of the second."""
    mean = sum(pair.b) / len(pair.b)
    deviation = sum((y - mean) ** 2 for y in pair.b)
    return math.sqrt(sum((x - y) ** 2 for x, y in zip(pair.a, pair.b, strict=True)) / deviation) if deviation else math.inf


def _is_rough(both: Rasters, steps: tuple[Step, ...]) -> bool:
    """Whether pixels differ more where neighbours do, up as well as down: so resizing does it, noise and brightness don't."""
    found = [pair for one, other in both for pair in _rests(one, other, is_scaled=bool(steps))]
    found.sort()
    half = len(found) // 2
    if half < COMMON:
        return False
    smooth, rough = (sum(abs(rest) for _, rest in part) for part in (found[:half], found[-half:]))
    bias = abs(sum(rest for _, rest in found))
    return rough >= ROUGHNESS * smooth and rough > 0 and bias <= BIAS * (smooth + rough)


def _rests(a: Raster, b: Raster, *, is_scaled: bool) -> Iterator[tuple[float, float]]:
    """For each number of A's pixels how far it is from its neighbours, and from B's number, after scaling."""
    inside = [place for place in a.pixels if place in b.pixels]
    pair = Pair([one for place in inside for one in a.pixels[place]], [one for place in inside for one in b.pixels[place]], [])
    line = affine.squares(pair.a, pair.b) if is_scaled and len(pair.a) == len(pair.b) else affine.SAME
    for row, column in inside if line is not None else ():
        around = [a.pixels.get(place) for place in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1))]
        near = [pixel for pixel in around if pixel is not None]
        if line is not None and len(near) == len(around):
            for channel, (x, y) in enumerate(zip(a.pixels[row, column], b.pixels[row, column], strict=False)):
                yield max(abs(x - pixel[channel]) for pixel in near), line.scale * x + line.shift - y
