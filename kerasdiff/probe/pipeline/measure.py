"""What a pipeline feeds, in numbers: shapes, ranges, statistics by channel, order of the samples, and some of the values."""

import hashlib
from typing import Any, Dict, List, Optional, Tuple

from ..values import number
from . import grid
from .elements import Part
from .order import LETTERS, MOST, Epoch, facts, of_set, of_text

#: Samples, batches, and numbers of the largest part that are measured of an epoch.
MAX_SAMPLES = 2048
MAX_BATCHES = 2048
MAX_NUMBERS = 1 << 26
#: Samples kept from the start, where they are large and where they are small.
FIRST, FIRST_SMALL = 1, 8
#: Digits of single numbers: a little less than float32 has.
DIGITS = 7
#: Entries of an axis up to which it may be channels.
MAX_CHANNELS = 64

#: Up to here floats without a fraction are written as integers.
WHOLE = 1e15

Fact = Dict[str, Any]


def rounded(values: Any, digits: int = 9) -> List[Any]:
    """Numbers as JSON has them; the ones JSON lacks as strings."""
    found = []
    for value in values:
        kept = float("%.*g" % (digits, value))
        found.append(number(int(kept) if kept.is_integer() and abs(kept) < WHOLE else kept))
    return found


class Sums:
    """Count, mean and squared deviations of numbers that come in pieces, along all but one axis."""

    def __init__(self) -> None:
        self._count = 0
        self._mean: Any = 0.0
        self._squares: Any = 0.0

    def add(self, count: int, mean: Any, squares: Any) -> None:
        """A piece more, by its own count, mean and squared deviations."""
        total = self._count + count
        step = mean - self._mean
        self._mean = self._mean + step * (count / total)
        self._squares = self._squares + squares + step * step * (self._count * count / total)
        self._count = total

    @property
    def mean(self) -> Any:
        """The mean of all."""
        return self._mean

    @property
    def std(self) -> Any:
        """The standard deviation of all."""
        return (self._squares / max(1, self._count)) ** 0.5


class Measured:
    """One part of what a stage gives, as it comes in batches."""

    def __init__(self, numpy: Any) -> None:
        self._numpy = numpy
        self._dtypes: Dict[str, None] = {}
        self._shapes: Dict[Tuple[int, ...], None] = {}
        self._sums: Dict[str, Sums] = {}
        self._least, self._most = float("inf"), float("-inf")
        self._counts = {"numbers": 0, "zeros": 0, "nan": 0, "infinite": 0, "fractions": 0}
        self._digests: List[str] = []
        self._means: List[float] = []
        self._stds: List[float] = []

    def add(self, part: Part) -> List[str]:
        """A batch more; returns the digests of its samples."""
        self._dtypes.setdefault(part.dtype)
        self._shapes.setdefault(tuple(part.values.shape[1:]))
        if part.dtype == "string":
            digests = [self._text(sample) for sample in part.values]
        else:
            values = part.values.astype(self._numpy.float64)
            self._number(values)
            digests = [self._digest(sample, part.values.dtype.kind) for sample in values]
        self._digests += digests
        return digests

    @staticmethod
    def _text(sample: Any) -> str:
        flat = sample.ravel().tolist() if hasattr(sample, "ravel") else [sample]
        encoded = [text.encode("utf-8", "replace") if isinstance(text, str) else text for text in flat]
        return hashlib.sha256(b"\0".join(encoded)).hexdigest()[:LETTERS]

    def _digest(self, sample: Any, kind: str) -> str:
        """The same for a sample whatever its data type: numbers are what float32 makes of them, where they are no integers."""
        numpy = self._numpy
        with numpy.errstate(over="ignore"):
            same = sample.astype(numpy.float32).astype(numpy.float64) if kind == "f" else sample
        data = numpy.ascontiguousarray(same + 0.0)  # no minus zero
        return hashlib.sha256(repr(sample.shape).encode("ascii") + data.tobytes()).hexdigest()[:LETTERS]

    def _number(self, values: Any) -> None:
        numpy = self._numpy
        finite = numpy.isfinite(values)
        self._counts["numbers"] += int(values.size)
        self._counts["nan"] += int(numpy.isnan(values).sum())
        self._counts["infinite"] += int(values.size - finite.sum()) - int(numpy.isnan(values).sum())
        self._counts["zeros"] += int((values == 0).sum())
        if not finite.all():
            values = numpy.where(finite, values, 0.0)
        if not values.size:
            return
        self._counts["fractions"] += int((values != numpy.floor(values)).sum())
        self._least, self._most = min(self._least, float(values.min())), max(self._most, float(values.max()))
        self._add("all", values, tuple(range(values.ndim)))
        if values.ndim > 1:
            for name, axis in (("first", 1), ("last", values.ndim - 1)):
                if values.shape[axis] <= MAX_CHANNELS and len(self._shapes) == 1:
                    self._add(name, values, tuple(other for other in range(values.ndim) if other != axis))
        left = MOST - len(self._means)
        if left > 0:
            flat = values[:left].reshape(len(values[:left]), -1)
            self._means += flat.mean(axis=1).tolist()
            self._stds += flat.std(axis=1).tolist()

    def _add(self, name: str, values: Any, axes: Tuple[int, ...]) -> None:
        mean = values.mean(axis=axes, keepdims=True)
        squares = ((values - mean) ** 2).sum(axis=axes)
        count = int(values.size // max(1, mean.size))
        self._sums.setdefault(name, Sums()).add(count, mean.reshape(squares.shape), squares)

    def facts(self) -> Fact:
        """All of it as a JSON object."""
        shapes = sorted(self._shapes)
        found: Fact = {
            "dtype": " and ".join(sorted(self._dtypes)),
            "shape": [int(length) for length in shapes[0]],
            "shapes": len(shapes),
            "set": of_set(self._digests),
            "samples": {"digests": self._digests[:MOST]},
        }
        if "all" not in self._sums:
            return found
        whole = self._sums.pop("all")
        found["statistics"] = dict(
            zip(("min", "max", "mean", "std"), rounded([self._least, self._most, whole.mean, whole.std])), **self._counts
        )
        found["samples"].update(means=rounded(self._means, DIGITS), stds=rounded(self._stds, DIGITS))
        if len(shapes) == 1:
            found["channels"] = {
                name: {"mean": rounded(sums.mean), "std": rounded(sums.std)} for name, sums in self._sums.items()
            }
        return found


class Kept:
    """The samples whose values are kept: the first ones, and those of the smallest and the largest deviation.

    The last two are the same samples whatever their order.
    """

    def __init__(self, numpy: Any) -> None:
        self._numpy = numpy
        self._seen = 0
        self._samples: Dict[str, Tuple[int, Dict[str, Any]]] = {}
        self._marks: Dict[str, float] = {}

    def add(self, parts: List[Part]) -> None:
        """A batch more."""
        parts = [part for part in parts if part.dtype != "string"]
        if not parts:
            return
        numpy = self._numpy
        leading = max(parts, key=lambda part: (part.values[:1].size, part.name)).values
        first = FIRST if leading.ndim > 2 else FIRST_SMALL
        with numpy.errstate(all="ignore"):
            deviations = leading.reshape(len(leading), -1).astype(numpy.float64).std(axis=1) if leading.size else numpy.zeros(0)
        for place, deviation in enumerate(deviations.tolist()):
            index = self._seen + place
            if index < first:
                self._samples["first %d" % index] = (index, self._taken(parts, place))
            for role, mark in (("steadiest", -deviation), ("liveliest", deviation)):
                if mark > self._marks.get(role, float("-inf")):
                    self._marks[role] = mark
                    self._samples[role] = (index, self._taken(parts, place))
        self._seen += len(deviations)

    @staticmethod
    def _taken(parts: List[Part], place: int) -> Dict[str, Any]:
        return {part.name: part.values[place].copy() for part in parts if place < len(part.values)}

    def facts(self, name: str) -> List[Fact]:
        """What is kept of a part."""
        return [
            dict(self._values(taken[name]), role=role, index=index)
            for role, (index, taken) in sorted(self._samples.items())
            if name in taken
        ]

    def _values(self, sample: Any) -> Fact:
        numpy = self._numpy
        sample = numpy.asarray(sample).astype(numpy.float64)
        shape = tuple(int(length) for length in sample.shape)
        found: Fact = {"shape": list(shape)}
        there = grid.image(shape)
        found["values"] = rounded(sample[numpy.ix_(*grid.axes(shape))].ravel().tolist() if shape else [float(sample)], DIGITS)
        if there is not None:
            found["blocks"] = rounded(self._blocks(sample, there).ravel().tolist(), DIGITS)
            if not grid.is_whole(shape):
                found["patch"] = rounded(self._patch(sample, there).ravel().tolist(), DIGITS)
        return found

    def _blocks(self, sample: Any, there: grid.Image) -> Any:
        """The means of an image's blocks, with their exact share of the pixels at the edges."""
        numpy = self._numpy
        for axis in (there.rows, there.columns):
            length = sample.shape[axis]
            sums = numpy.concatenate([numpy.zeros_like(sample.take([0], axis)), sample.cumsum(axis)], axis)
            edges = numpy.arange(grid.BLOCKS + 1) * (length / float(grid.BLOCKS))
            low = numpy.minimum(edges.astype(int), length - 1)
            share = (edges - low).reshape([-1 if other == axis else 1 for other in range(sample.ndim)])
            at = sums.take(low, axis) * (1 - share) + sums.take(low + 1, axis) * share
            sample = numpy.diff(at, axis=axis) / (length / float(grid.BLOCKS))
        return sample

    @staticmethod
    def _patch(sample: Any, there: grid.Image) -> Any:
        edge = grid.patch(sample.shape)
        cut = [slice(None)] * sample.ndim
        for axis in (there.rows, there.columns):
            start = (sample.shape[axis] - edge) // 2
            cut[axis] = slice(start, start + edge)
        return sample[tuple(cut)]


class Stage:
    """What a stage gives, as it comes: one epoch in full, of a second one the order."""

    def __init__(self, name: str, numpy: Any) -> None:
        self.name = name
        self._numpy = numpy
        self._parts: Dict[str, Measured] = {}
        self._kept = Kept(numpy)
        self._sizes: List[int] = []
        self._epochs: List[Epoch] = []

    @property
    def samples(self) -> int:
        """How many samples the first epoch had."""
        return len(self._epochs[0].samples)

    def begin(self) -> None:
        """An epoch begins."""
        self._epochs.append(Epoch())

    def end(self) -> None:
        """It was seen to its end."""
        self._epochs[-1].is_complete = True

    def add(self, parts: List[Part]) -> bool:
        """A batch more; False when no more are wanted."""
        epoch = self._epochs[-1]
        seen = sum(map(len, epoch.batches))
        size = min(len(part.values) for part in parts)
        largest = max(part.values.size // max(1, len(part.values)) for part in parts)
        left = min(MAX_SAMPLES, max(1, MAX_NUMBERS // max(1, largest))) - seen
        cut = [part._replace(values=part.values[:left]) for part in parts]
        if len(self._epochs) == 1:
            self._sizes.append(size)
            self._kept.add(cut)
            digests = [self._parts.setdefault(part.name, Measured(self._numpy)).add(part) for part in cut]
        else:
            digests = [Measured(self._numpy).add(part) for part in cut]
        whole = digests[0] if len(digests) == 1 else [of_text(" ".join(some))[:LETTERS] for some in zip(*digests)]
        epoch.batches.append(whole)
        return size < left and len(epoch.batches) < MAX_BATCHES

    def facts(self) -> Fact:
        """All of it as a JSON object."""
        first = self._epochs[0]
        second: Optional[Epoch] = self._epochs[1] if len(self._epochs) > 1 else None
        sizes = self._sizes
        return {
            "name": self.name,
            "batches": {
                "count": len(sizes),
                "size": max(sizes) if sizes else 0,
                "last": sizes[-1] if sizes else 0,
                "samples": sum(map(len, first.batches)),
                "complete": first.is_complete,
            },
            "order": facts(first, second),
            "parts": {name: dict(part.facts(), kept=self._kept.facts(name)) for name, part in self._parts.items()},
        }
