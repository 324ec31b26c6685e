"""Which of a sample's numbers are kept, by its shape alone: so the one who reads them knows where each stands.

Positions are symmetric and go by the lengths of axes only: a sample that is transposed, flipped or swaps its channels keeps the
same numbers in other places.
"""

from typing import List, NamedTuple, Optional, Sequence

#: Numbers kept of a sample in one list.
MOST = 512
#: Rows and columns of the means that stand for an image from afar.
BLOCKS = 8
#: Channels of an image at most.
CHANNELS = 4


class Image(NamedTuple):
    """Which axes of a sample are rows, columns and channels; None where it has no channels."""

    rows: int
    columns: int
    channels: Optional[int]


def positions(length: int, most: int) -> List[int]:
    """At most ``most`` places along an axis, symmetric, each in the middle of what it stands for."""
    if length <= most:
        return list(range(length))
    count = most - most % 2
    if count < 2:
        return [length // 2]
    half = [(2 * place + 1) * length // (2 * count) for place in range(count // 2)]
    return half + [length - 1 - place for place in reversed(half)]


def size(shape: Sequence[int]) -> int:
    """How many numbers a shape holds."""
    product = 1
    for length in shape:
        product *= length
    return product


def axes(shape: Sequence[int]) -> List[List[int]]:
    """The places kept along each axis of a sample, so that all together are at most `MOST`; none of an empty sample."""
    if size(shape) <= 0:
        return [[] for _ in shape]
    if len(shape) == 1 and shape[0] > MOST:  # a long sequence: its two ends
        return [list(range(MOST // 2)) + list(range(shape[0] - MOST // 2, shape[0]))]
    most = min(MOST, max(shape, default=0))
    while True:
        found = [positions(length, most) for length in shape]
        if size([len(places) for places in found]) <= MOST or most == 1:
            return found
        most -= 1


def is_whole(shape: Sequence[int]) -> bool:
    """Whether every number of a sample is kept."""
    return size(shape) <= MOST


def image(shape: Sequence[int]) -> Optional[Image]:
    """How a sample is an image; None where it is none."""
    if len(shape) == 2:
        found = Image(0, 1, None)
    elif len(shape) == 3 and shape[2] <= CHANNELS:
        found = Image(0, 1, 2)
    elif len(shape) == 3 and shape[0] <= CHANNELS:
        found = Image(1, 2, 0)
    else:
        return None
    return found if min(shape[found.rows], shape[found.columns]) >= BLOCKS and size(shape) > 0 else None


def patch(shape: Sequence[int]) -> int:
    """Rows and columns of the middle of an image that is kept as it is."""
    there = image(shape)
    if there is None:
        return 0
    channels = 1 if there.channels is None else shape[there.channels]
    edge = min(shape[there.rows], shape[there.columns], MOST)
    while edge * edge * channels > MOST:
        edge -= 1
    return edge
