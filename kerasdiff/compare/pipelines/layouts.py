"""Axes in another order, flipped, or with channels the other way round: where each of A's kept numbers would stand in B."""

from __future__ import annotations

from itertools import permutations, product
from typing import TYPE_CHECKING, NamedTuple

from kerasdiff.compare.pipelines.fit import Step
from kerasdiff.probe.pipeline import grid

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Axes of a sample up to which they are tried in every order.
MAX_AXES = 3


class Layout(NamedTuple):
    """How B's sample lies: axis ``k`` of B is axis ``order[k]`` of A, and runs backwards where it is among ``backwards``."""

    order: tuple[int, ...]
    backwards: frozenset[int]
    steps: tuple[Step, ...]

    def places(self, lengths: Sequence[int]) -> list[int]:
        """For each number of B, in its order, the place of A's in a list of a sample with these ``lengths`` of axes."""
        strides = [grid.size(lengths[axis + 1 :]) for axis in range(len(lengths))]
        axes = []
        for own, axis in enumerate(self.order):
            run = range(lengths[axis])
            axes.append([place * strides[axis] for place in (reversed(run) if own in self.backwards else run)])
        found = [0]
        for steps in axes:
            found = [start + step for start in found for step in steps]
        return found


def layouts(a: Sequence[int], b: Sequence[int]) -> Iterator[Layout]:
    """The layouts by which samples of shape A have shape B, the simplest first."""
    found = [_layout(order, backwards, a, b) for order in _orders(a, b) for backwards in map(frozenset, _backwards(b))]
    yield from sorted(found, key=lambda one: (len(one.steps), len(one.backwards)))


def _orders(a: Sequence[int], b: Sequence[int]) -> Iterator[tuple[int, ...]]:
    if len(a) == len(b) and len(a) <= MAX_AXES:
        yield from (order for order in permutations(range(len(a))) if [a[axis] for axis in order] == list(b))
    elif list(a) == list(b):
        yield tuple(range(len(a)))


def _backwards(shape: Sequence[int]) -> Iterator[set[int]]:
    """Which axes of B may run backwards: those of an image, its channels included; the only one of a sequence."""
    there = grid.image(shape)
    if there is None:
        axes: list[int] = [0] if len(shape) == 1 else []
    else:
        axes = [there.rows, there.columns, *([there.channels] if there.channels is not None else [])]
    for chosen in product((False, True), repeat=len(axes)):
        yield {axis for axis, is_chosen in zip(axes, chosen, strict=True) if is_chosen}


def _layout(order: tuple[int, ...], backwards: frozenset[int], a: Sequence[int], b: Sequence[int]) -> Layout:
    steps = [*_moved(order, a, b), *_flipped(backwards, b)]
    return Layout(order, backwards, tuple(steps))


def _moved(order: tuple[int, ...], a: Sequence[int], b: Sequence[int]) -> Iterator[Step]:
    if order == tuple(range(len(order))):
        return
    one, other = grid.image(a), grid.image(b)
    if one is None or other is None:
        yield Step("transposed", f"transposed (axes {', '.join(map(str, order))})", _transposed(order))
        return
    if one.channels != other.channels and one.channels is not None and other.channels is not None:
        first, second = ("channels_last" if there.channels == len(a) - 1 else "channels_first" for there in (one, other))
        moved = [axis for axis in range(len(a)) if axis != one.channels]
        moved.insert(other.channels, one.channels)
        yield Step("transposed", f"transposed ({first} to {second})", _transposed(moved))
    if order.index(one.rows) > order.index(one.columns):
        swapped = list(range(len(b)))
        swapped[other.rows], swapped[other.columns] = other.columns, other.rows
        yield Step("rows", "transposed (rows and columns swapped)", _transposed(swapped))


def _transposed(order: Sequence[int]) -> str:
    """What takes back that axis ``k`` is ``order[k]`` of before, on a batch of samples."""
    back = sorted(range(len(order)), key=order.__getitem__)
    return f"x = x.transpose(0, {', '.join(str(axis + 1) for axis in back)})"


def _flipped(backwards: frozenset[int], b: Sequence[int]) -> Iterator[Step]:
    there = grid.image(b)
    if there is None:
        if backwards:
            yield Step("flipped", "reversed", "x = x[:, ::-1]")
        return
    rows, columns = there.rows in backwards, there.columns in backwards
    if rows or columns:
        words = "turned upside down" if rows and columns else "flipped upside down" if rows else "flipped left to right"
        yield Step("flipped", words, _reversed(len(b), [axis for axis in (there.rows, there.columns) if axis in backwards]))
    if there.channels is not None and there.channels in backwards:
        words = "channels swapped (RGB/BGR)" if b[there.channels] == 3 else "channels in reverse"
        yield Step("channels", words, _reversed(len(b), [there.channels]))


def _reversed(rank: int, axes: list[int]) -> str:
    inside = ", ".join("::-1" if axis in axes else ":" for axis in range(rank))
    return f"x = x[:, {inside}]"


def channels(shape: Sequence[int], lengths: Sequence[int]) -> list[int]:
    """For each number of a sample's list with these ``lengths`` of axes, which channel it is of, or which feature."""
    there = grid.image(shape)
    axis = (there.channels if there else None) if len(shape) != 1 else 0
    if axis is None and len(shape) > 1:
        axis = len(shape) - 1
    if axis is None:
        return [0] * grid.size(lengths)
    stride = grid.size(lengths[axis + 1 :])
    return [place // stride % lengths[axis] for place in range(grid.size(lengths))]
