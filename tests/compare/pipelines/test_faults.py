"""Faults that were planted in real environments are named rightly, and nothing is where there is none.

``python -m tests.lab.pipelines`` captures them again.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import msgspec
import pytest

from kerasdiff.fingerprint.load import load
from kerasdiff.knowledge.load import Effect
from tests.compare.pipelines.fed import found, piped
from tests.lab.pipelines import FOLDER, NEW, OLD

if TYPE_CHECKING:
    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.fingerprint.pipeline import Stage

RESULTS, ARCHITECTURE, REPRODUCIBILITY, INFO = Effect.RESULTS, Effect.ARCHITECTURE, Effect.REPRODUCIBILITY, Effect.INFO
RESIZED = "in B resized otherwise (interpolation, antialiasing or decoding)"
DIFFERENT = "different, by"
SHUFFLED = "another order in each epoch in B, the same order in each epoch in A"

#: What each stage of `tests.lab.feeds` has, by the ids of the findings.
PICTURES: dict[str, dict[str, tuple[Effect, str]]] = {
    "usual": {},
    "within tolerance": {},
    "255": {"pipeline.x/values": (RESULTS, "in B scaled by 1/255, to within ")},
    "127.5": {"pipeline.x/values": (RESULTS, "in B scaled by 1/127.5 and shifted by -1, to within ")},
    "caffe": {
        "pipeline.x/values": (
            RESULTS,
            "in B channels swapped (RGB/BGR), ImageNet's means subtracted (preprocess_input, mode caffe)",
        )
    },
    "torch": {
        "pipeline.x/values": (
            RESULTS,
            "in B scaled by 1/255 and standardized by ImageNet's statistics (preprocess_input, mode torch)",
        )
    },
    "bgr": {"pipeline.x/values": (RESULTS, "in B channels swapped (RGB/BGR), exactly")},
    "channels first": {
        "pipeline.x/shape": (ARCHITECTURE, "in B transposed (channels_last to channels_first) (3, 32, 32 in B, 32, 32, 3 in A)")
    },
    "rows": {"pipeline.x/values": (RESULTS, "in B transposed (rows and columns swapped), exactly")},
    "left to right": {"pipeline.x/values": (RESULTS, "in B flipped left to right, exactly")},
    "upside down": {"pipeline.x/values": (RESULTS, "in B flipped upside down, exactly")},
    "bgr and 255": {"pipeline.x/values": (RESULTS, "in B channels swapped (RGB/BGR), scaled by 1/255, to within ")},
    "nearest": {"pipeline.x/values": (RESULTS, RESIZED)},
    "antialias": {"pipeline.x/values": (RESULTS, RESIZED)},
    "bicubic": {"pipeline.x/values": (RESULTS, RESIZED)},
    "corners": {"pipeline.x/values": (RESULTS, RESIZED)},
    "nearest and 255": {"pipeline.x/values": (RESULTS, f"{RESIZED}, scaled by 1/255")},
    "smaller": {"pipeline.x/shape": (ARCHITECTURE, "in B resized to another size (24, 24, 3 in B, 32, 32, 3 in A)")},
    "cropped": {"pipeline.x/shape": (ARCHITECTURE, "in B cut out, not resized (28, 28, 3 in B, 32, 32, 3 in A), exactly")},
    "grey": {"pipeline.x/shape": (ARCHITECTURE, "in B made grey (luminance) (32, 32, 1 in B, 32, 32, 3 in A)")},
    "moved": {"pipeline.x/values": (RESULTS, "in B moved by 1 right (pixels), exactly")},
    "uint8": {
        "pipeline.x/dtype": (RESULTS, "uint8 in B, float32 in A"),
        "pipeline.x/values": (RESULTS, "in B rounded to integers"),
    },
    "grains": {"pipeline.x/values": (RESULTS, DIFFERENT)},
    "gamma": {"pipeline.x/values": (RESULTS, DIFFERENT)},
    "contrast": {"pipeline.x/values": (RESULTS, DIFFERENT)},
    "others": {"pipeline.x/values": (RESULTS, DIFFERENT)},
    "one-hot": {
        "pipeline.y/dtype": (RESULTS, "float32 in B, int64 in A"),
        "pipeline.y/shape": (ARCHITECTURE, "in B one-hot (10 in B, one number in A)"),
    },
    "order": {"pipeline/order": (RESULTS, "the same samples in another order across the batches, in each epoch")},
    "order and 255": {
        "pipeline.x/values": (RESULTS, "in B scaled by 1/255, to within "),
        "pipeline/order": (RESULTS, "the same samples in another order, in each epoch"),
    },
    "order within batches": {
        "pipeline/order": (RESULTS, "the same samples in another order within the batches, in each epoch")
    },
    "labels in another order": {"pipeline/pairs": (RESULTS, "x and y have the samples of A, but go together otherwise")},
    "smaller batches": {"pipeline/batches": (RESULTS, "batches of 5 in B, of 8 in A")},
    "last batch dropped": {"pipeline/samples": (RESULTS, "16 samples in B, 20 in A (the last, smaller batch is dropped)")},
    "shuffled": {"pipeline/shuffling": (RESULTS, SHUFFLED)},
    "shuffled by another seed": {"pipeline/shuffling": (RESULTS, SHUFFLED)},
    "shuffled without a seed": {"pipeline/shuffling": (RESULTS, SHUFFLED)},
    "shuffled by batch": {"pipeline/shuffling": (RESULTS, SHUFFLED)},
    "without end": {"pipeline/samples": (RESULTS, "an epoch goes on and on in B, ends after 20 samples in A")},
}
SEQUENCES: dict[str, dict[str, tuple[Effect, str]]] = {
    "usual": {},
    "255": {"pipeline.x/dtype": (RESULTS, "float64 in B, int32 in A"), "pipeline.x/values": (RESULTS, "in B scaled by 1/255")},
    "padded after": {
        "pipeline.x/values": (RESULTS, "in B padded after the sequence, padding='post' (A: before, padding='pre'), exactly")
    },
    "cut at the end": {
        "pipeline.x/values": (RESULTS, "in B cut to keep the start, truncating='post' (A: the end, truncating='pre'), exactly")
    },
    "padded after, cut at the end": {
        "pipeline.x/values": (
            RESULTS,
            "in B cut to keep the start, truncating='post' (A: the end, truncating='pre'), padded after the sequence",
        )
    },
    "another pad": {"pipeline.x/values": (RESULTS, "in B padded with -1 (A: 0), exactly")},
    "ids from 3": {"pipeline.x/values": (RESULTS, "in B token ids shifted by 2, exactly")},
    "ids from 3, padded after": {
        "pipeline.x/values": (RESULTS, "in B token ids shifted by 2, padded after the sequence, padding='post' (A: before")
    },
    "other ids": {"pipeline.x/values": (RESULTS, "in B token ids numbered otherwise (1 is ")},
    "longer": {
        "pipeline.x/shape": (ARCHITECTURE, "in B cut to 32 tokens (A: 24), the end is kept in both (32 in B, 24 in A), exactly")
    },
    "int64": {"pipeline.x/dtype": (INFO, "int64 in B, int32 in A")},
    "reversed": {"pipeline.x/values": (RESULTS, "in B each sequence reversed, exactly")},
    "others": {"pipeline.x/values": (RESULTS, DIFFERENT)},
    "order": {"pipeline/order": (RESULTS, "the same samples in another order across the batches, in each epoch")},
}
EXPECTED = {"pictures": PICTURES, "sequences": SEQUENCES}


@cache
def stages(environment: str, feed: str) -> dict[str, Stage]:
    """What was captured, by the names of the stages."""
    fingerprint = load(FOLDER / f"{feed}-{environment}.json.gz")
    assert fingerprint.pipeline is not None
    return {stage.name: stage for stage in fingerprint.pipeline.stages}


def alone(stage: Stage) -> Stage:
    """A stage as a pipeline without named ones has it."""
    return msgspec.structs.replace(stage, name="")


def told(divergences: dict[str, Divergence]) -> dict[str, tuple[Effect, str]]:
    return {one.id: (one.effect, one.title) for one in divergences.values()}


@pytest.mark.parametrize(("feed", "fault"), [(feed, fault) for feed, faults in EXPECTED.items() for fault in faults])
def test_planted_fault_is_named(feed: str, fault: str) -> None:
    a, b = stages(OLD, "usual")[feed], stages(NEW, feed)[fault]
    expected = EXPECTED[feed][fault]
    was_told = told(found(piped(alone(a)), piped(alone(b))))
    assert was_told.keys() == expected.keys(), was_told
    for identifier, (effect, start) in expected.items():
        assert was_told[identifier][0] is effect
        assert was_told[identifier][1].startswith(start)


@pytest.mark.parametrize("feed", EXPECTED)
def test_every_captured_stage_is_expected(feed: str) -> None:
    assert stages(NEW, feed).keys() == EXPECTED[feed].keys()


@pytest.mark.parametrize(("feed", "stage"), [(feed, stage) for feed, faults in EXPECTED.items() for stage in faults])
def test_nothing_is_named_where_both_are_equal(feed: str, stage: str) -> None:
    same = piped(alone(stages(NEW, feed)[stage]))
    assert found(same, same) == {}


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("shuffled", "shuffled by another seed", {"pipeline/order": REPRODUCIBILITY}),
        ("shuffled", "shuffled without a seed", {"pipeline/order": REPRODUCIBILITY}),
        ("shuffled", "shuffled by batch", {"pipeline/shuffling": RESULTS}),
        ("shuffled", "order", {"pipeline/shuffling": RESULTS}),
    ],
)
def test_ways_to_shuffle(a: str, b: str, expected: dict[str, Effect]) -> None:
    one, other = (piped(alone(stages(NEW, "pictures")[name])) for name in (a, b))
    assert {identifier: effect for identifier, (effect, _) in told(found(one, other)).items()} == expected
