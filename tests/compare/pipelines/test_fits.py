"""Random data with random faults: they are named rightly, or the data is called different, and never by a wrong name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given

from kerasdiff.compare.pipelines import parts
from kerasdiff.knowledge.load import Effect
from tests.compare.pipelines.fed import batches, fed, found, stage

if TYPE_CHECKING:
    from kerasdiff.compare.pipelines.fit import Fit

Array = np.ndarray[Any, Any]

seeds = st.integers(0, 2**32 - 1)


def pictures(seed: int, rows: int, columns: int, *, texture: float = 0.03, count: int = 6) -> Array:
    """Pictures with smooth grounds, an edge, and some texture, of 0 to 255."""
    random = np.random.RandomState(seed)
    y, x = np.mgrid[0:rows, 0:columns] / max(rows, columns)
    found = []
    for _ in range(count):
        a, b = random.uniform(1, 9, 2)
        ground = np.stack([np.sin(x * a + y * b + random.uniform(0, 6)) for _ in range(3)], -1)
        edge = (x * random.normal() + y * random.normal() > random.uniform(-0.2, 0.4))[..., None] * random.uniform(-1, 1, 3)
        found.append(
            np.clip(0.5 + 0.25 * ground + 0.2 * edge, 0.05, 0.95) + texture * random.uniform(-1, 1, (rows, columns, 3))
        )
    return (np.array(found) * 255).astype("float32")


def fit(a: Array, b: Array) -> Fit | None:
    """What is said to make B's numbers of A's."""
    one, other = (stage([batches(each)]).parts["x"] for each in (a, b))
    return parts.compare(one, other).fit


LAYOUTS = {
    "channels": lambda x: x[..., ::-1],
    "flipped": lambda x: x[:, :, ::-1],
    "rows": lambda x: x.transpose(0, 2, 1, 3),
    "transposed": lambda x: np.moveaxis(x, -1, 1),
}
SCALES = [
    (1 / 255, 0.0),
    (1 / 127.5, -1.0),
    (1 / 128, -1.0),
    (1 / 256, 0.0),
    (2.0, 0.0),
    (1.0, -127.5),
    (0.0173, 3.3),
    (-1.0, 255.0),
]
sizes = st.tuples(st.integers(12, 44), st.integers(12, 44))


@given(
    seed=seeds, size=sizes, kinds=st.sets(st.sampled_from(sorted(LAYOUTS)), max_size=2), scale=st.sampled_from([None, *SCALES])
)
def test_layouts_and_scales(seed: int, size: tuple[int, int], kinds: set[str], scale: tuple[float, float] | None) -> None:
    a = b = pictures(seed, *size)
    for kind in sorted(kinds):  # transposed comes last: the others are about channels_last
        b = LAYOUTS[kind](b)
    if scale is not None:
        b = (b * scale[0] + scale[1]).astype("float32")
    planted = kinds | ({"scale"} if scale else set())
    told = fit(a, b)
    assert told is not None
    assert set(told.kinds) == planted
    assert told.error < 1e-4


@given(seed=seeds, scale=st.sampled_from(SCALES))
def test_scales_are_named_exactly(seed: int, scale: tuple[float, float]) -> None:
    told = fit(a := pictures(seed, 20, 20), (a.astype("float64") * scale[0] + scale[1]).astype("float32"))
    assert told is not None
    names = {1 / 255: "1/255", 1 / 127.5: "1/127.5", 1 / 128: "1/128", 1 / 256: "1/256"}
    if scale[0] in names:
        assert told.words.startswith(f"scaled by {names[scale[0]]}")
    restored: dict[str, Any] = {"x": a.astype("float64") * scale[0] + scale[1]}
    assert told.remedy is not None
    exec(told.remedy, {"numpy": np}, restored)
    assert np.abs(restored["x"] - a).max() < 2e-3 * 255


@given(seed=seeds, size=sizes, kinds=st.sets(st.sampled_from(sorted(LAYOUTS)), min_size=1, max_size=2))
def test_remedy_of_layouts_gives_back_the_numbers(seed: int, size: tuple[int, int], kinds: set[str]) -> None:
    a = b = pictures(seed, *size, count=3)
    for kind in sorted(kinds):
        b = LAYOUTS[kind](b)
    told = fit(a, b)
    assert told is not None
    assert told.remedy is not None
    restored = {"x": b}
    exec(told.remedy, {}, restored)
    assert np.array_equal(restored["x"], a)


@given(seed=seeds, size=sizes, noise=st.floats(0.5, 30))
def test_noise_has_no_name(seed: int, size: tuple[int, int], noise: float) -> None:
    a = pictures(seed, *size)
    told = fit(a, a + np.random.RandomState(seed ^ 1).normal(0, noise, a.shape))
    assert told is None


@given(seed=seeds, size=sizes, power=st.floats(0.6, 1.6))
def test_another_brightness_has_no_name(seed: int, size: tuple[int, int], power: float) -> None:
    assume(abs(power - 1) > 0.05)
    a = np.clip(pictures(seed, *size), 0, 255)
    assert fit(a, 255 * (a / 255) ** np.float32(power)) is None


@given(seed=seeds, size=sizes)
def test_other_pictures_have_no_name(seed: int, size: tuple[int, int]) -> None:
    assert fit(pictures(seed, *size), pictures(seed ^ 1, *size)) is None


@given(seed=seeds, size=sizes, level=st.floats(1e-9, 1e-6))
def test_noise_within_tolerance_is_none(seed: int, size: tuple[int, int], level: float) -> None:
    a = pictures(seed, *size)
    b = (a + level * 255 * np.random.RandomState(seed ^ 1).uniform(-1, 1, a.shape)).astype("float32")
    assert found(fed(a), fed(b)) == {}


def resized(x: Array, rows: int, columns: int, way: str) -> Array:
    """Images resized as libraries do it: at pixels' centers, at their corners, the nearest one, or the mean of an area."""
    for axis, length in ((1, rows), (2, columns)):
        before = x.shape[axis]
        at = (
            (np.arange(length) + 0.5) * before / length - 0.5
            if way != "corners"
            else np.arange(length) * (before - 1) / (length - 1)
        )
        if way == "nearest":
            x = x.take(np.floor((np.arange(length) + 0.5) * before / length).astype(int), axis)
            continue
        at = at.clip(0, before - 1)
        low = np.minimum(at.astype(int), before - 2)
        share = (at - low).reshape([-1 if one == axis else 1 for one in range(4)])
        x = x.take(low, axis) * (1 - share) + x.take(low + 1, axis) * share
    return x.astype("float32")


@given(
    seed=seeds,
    size=st.tuples(st.integers(40, 64), st.integers(40, 64)),
    target=st.integers(24, 36),
    ways=st.permutations(["centers", "corners", "nearest"]),
)
def test_another_way_to_resize(seed: int, size: tuple[int, int], target: int, ways: list[str]) -> None:
    source = pictures(seed, *size)
    told = fit(resized(source, target, target, ways[0]), resized(source, target, target, ways[1]))
    assert told is None or told.kinds == {"resized"}


@given(seed=seeds, size=st.tuples(st.integers(40, 64), st.integers(40, 64)), target=st.integers(20, 30))
def test_another_size(seed: int, size: tuple[int, int], target: int) -> None:
    source = pictures(seed, *size)
    told = fit(resized(source, 32, 32, "centers"), resized(source, target, target, "centers"))
    assert told is None or told.kinds == {"resized"}


@given(seed=seeds, cut=st.tuples(st.integers(0, 12), st.integers(0, 12)), at=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_a_piece_is_not_called_resized(seed: int, cut: tuple[int, int], at: tuple[float, float]) -> None:
    assume(cut != (0, 0))
    a = pictures(seed, 40, 40)
    rows, columns = (round(share * by) for share, by in zip(at, cut, strict=True))
    told = fit(a, a[:, rows : 40 - cut[0] + rows, columns : 40 - cut[1] + columns])
    assert told is None or told.kinds == {"moved"}


@given(seed=seeds, by=st.tuples(st.integers(-3, 3), st.integers(-3, 3)))
def test_moved_pictures(seed: int, by: tuple[int, int]) -> None:
    assume(by != (0, 0))
    a = pictures(seed, 40, 40)
    told = fit(a, np.roll(a, by, (1, 2)))
    assert told is not None
    assert told.kinds == {"moved"}


# Sequences

rows = st.lists(st.lists(st.integers(1, 60), min_size=3, max_size=40), min_size=12, max_size=24)


def padded(given: list[list[int]], length: int, *, after: bool = False, keeps_start: bool = False, pad: int = 0) -> Array:
    """As pad_sequences does it."""
    found = np.full((len(given), length), pad, "int32")
    for place, row in enumerate(given):
        kept = row[:length] if keeps_start else row[-length:]
        found[place, : len(kept)] = kept if after else found[place, : len(kept)]
        if not after:
            found[place, length - len(kept) :] = kept
    return found


@given(
    given=rows,
    after=st.booleans(),
    keeps_start=st.booleans(),
    pad=st.sampled_from([0, 0, -1]),
    shift=st.sampled_from([0, 0, 2]),
)
def test_sequences(given: list[list[int]], after: bool, keeps_start: bool, pad: int, shift: int) -> None:
    a = padded(given, 16)
    b = padded([[token + shift for token in row] for row in given], 16, after=after, keeps_start=keeps_start, pad=pad)
    assume(not np.array_equal(a, b))
    planted = {
        kind
        for kind, is_planted in zip(("padding", "truncation", "pad", "ids"), (after, keeps_start, pad, shift), strict=True)
        if is_planted
    }
    told = fit(a, b)
    assert told is None or set(told.kinds) <= planted


@given(given=rows, after=st.booleans(), shift=st.sampled_from([0, 2]))
def test_sequences_that_fit_are_named(given: list[list[int]], after: bool, shift: int) -> None:
    short = [row[:15] for row in given]
    assume(len({token for row in short for token in row}) > 3)
    a, b = padded(short, 16), padded([[token + shift for token in row] for row in short], 16, after=after)
    told = fit(a, b)
    assert told is not None
    assert set(told.kinds) == {kind for kind, is_planted in (("padding", after), ("ids", shift)) if is_planted}


@given(one=rows, other=rows)
def test_other_sequences_have_no_name(one: list[list[int]], other: list[list[int]]) -> None:
    count = min(len(one), len(other))
    assume(all(x != y for x, y in zip(one[:8], other[:8], strict=False)))
    told = fit(padded(one[:count], 16), padded(other[:count], 16))
    assert told is None


# Labels


@given(seed=seeds, classes=st.integers(3, 10))
def test_labels(seed: int, classes: int) -> None:
    random = np.random.RandomState(seed)
    y = random.randint(0, classes, 60)
    assume(len(set(y.tolist())) == classes)
    order = random.permutation(classes)
    told = fit(y, order[y])
    if not np.array_equal(order, np.arange(classes)):
        assert told is not None
        assert told.kinds <= {"numbering", "scale"}
    hot, cold = fit(y, np.eye(classes)[y]), fit(np.eye(classes)[y], y)
    assert hot is not None
    assert cold is not None
    assert hot.kinds == cold.kinds == {"one-hot"}
    assert hot.remedy == "x = x.argmax(-1)"
    assert cold.remedy == f"x = numpy.eye({classes})[x.astype(int)]"
    others = random.randint(0, classes, 60)
    assume(np.bincount(y).tolist() != np.bincount(others).tolist())  # as many of each: y in another order
    assert fit(y, others) is None


@given(seed=seeds, largest=st.sampled_from([1e-3, 1.0, 255.0]))
def test_less_precision(seed: int, largest: float) -> None:
    x = (largest * np.random.RandomState(seed).rand(20, 6)).astype("float32")
    told, back = fit(x, x.astype("float16")), fit(x.astype("float16"), x)
    assert told is not None
    assert back is not None
    assert (told.words, back.words) == ("rounded to float16", "not rounded (A: to float16)")
    coarser = (x.astype("float16") * np.float16(1.01)).astype("float16")
    assert (other := fit(x, coarser)) is None or other.kinds != {"precision"}


def test_less_precision_is_no_other_result() -> None:
    x = np.random.RandomState(7).rand(20, 6).astype("float32")
    effects = {name: one.effect for name, one in found(fed(x), fed(x.astype("float16"))).items()}
    assert effects == {"pipeline.x/dtype": Effect.INFO, "pipeline.x/values": Effect.REPRODUCIBILITY}


@pytest.mark.parametrize("scale", SCALES)
@given(seed=seeds)
def test_features_by_column(scale: tuple[float, float], seed: int) -> None:
    a = np.random.RandomState(seed).normal(0, 5, (30, 6))
    told = fit(a, a * scale[0] + scale[1])
    assert told is not None
    assert told.kinds == {"scale"}
    by_column = fit(a, (a - a.mean(0)) / a.std(0))
    assert by_column is not None
    assert by_column.kinds == {"scale"}
    assert fit(a, np.random.RandomState(seed ^ 1).normal(0, 5, (30, 6))) is None
