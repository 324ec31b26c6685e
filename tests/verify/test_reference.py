"""References that real environments recorded and verified: where they part, and what explains it, judged anew."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from kerasdiff.compare.side import Side
from kerasdiff.releases.shelf import Step, release
from kerasdiff.verify.reference import by_code, nearest
from tests.compare.test_referenced import OFF, answer, verification
from tests.lab.references import DATA, MOVES, Move, again

if TYPE_CHECKING:
    from kerasdiff.compare.referenced import Verification

PARTING = [move for move in MOVES if move.first]


def stored(move: Move) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((DATA / f"{move.name}.json").read_text("utf-8"))
    return report


parting = pytest.mark.parametrize("move", PARTING, ids=lambda move: move.name)


@parting
def test_the_first_layer_and_the_cause(move: Move) -> None:
    found = again(stored(move))
    assert not found.passed
    assert found.first is not None
    assert found.first.layer.name == move.first
    assert found.explained_by[0].rule == move.rule


def test_the_arguments_that_were_recorded_are_tried_on_the_layer() -> None:
    found = again(stored(next(move for move in PARTING if move.name == "text-tensorflow-1.15-tensorflow-2.3"))).first
    assert found is not None
    assert found.layer.trial is not None
    assert found.layer.trial.arguments == {"recurrent_activation": "hard_sigmoid"}
    assert not found.layer.trial.error.beyond(1e-6)


# Arguments that the code gives


def denses(key: str, values: list[Any], **layer: Any) -> Verification:
    """A Dense layer that gives what was recorded with the recorded value of an argument, and not with that here."""
    trial = {"arguments": {key: values[0]}, "error": {"scaled": 0.0}}
    told = {"differing": {key: values}, "trial": trial, "config": [{key: values[0]}, {key: values[1]}], **layer}
    return verification(answer(b={"uses": {"symbols": ["layers.Dense"]}, "alone": OFF, **told}, off=0.5))


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (denses("activation", ["elu", "relu"]), ["activation"]),  # A's default is linear
        (denses("activation", ["linear", "relu"]), []),  # a default may have changed
        (denses("activation", ["linear", "relu"], given=["activation"]), ["activation"]),
        (denses("nothing_known", [1, 2]), []),
        (denses("act", [1, 2], custom=True), ["act"]),
        (denses("activation", ["linear", "relu"], custom=True), []),
        (denses("activation", ["elu", "relu"], trial=None), []),
    ],
)
def test_an_argument_that_the_code_gives_is_no_difference_of_environments(found: Verification, code: list[str]) -> None:
    assert by_code(found, Side(release("tensorflow-2.15.1"), "tf.keras")) == code
    assert msgspec.structs.replace(found, code=code).is_of_environments == (not code)


# Which release an environment is taken to be


@pytest.mark.parametrize(
    ("told", "step"),
    [
        (("keras", "2.3.1", "tensorflow", "1.15.5"), Step("keras-2.3.1+tensorflow-1.15.5", "keras")),
        (("tf.keras", "2.2.4-tf", "tensorflow", "1.15.5"), Step("keras-2.3.1+tensorflow-1.15.5", "tf.keras")),
        (("tf.keras", "2.15.0", "tensorflow", "2.15.1"), Step("tensorflow-2.15.1", "tf.keras")),
        (("keras", "3.15.1", "jax", "0.12.0"), Step("keras-3.15.1+jax-0.12", "keras")),
        (("keras", "3.12.0", "tensorflow", "2.20.0"), Step("keras-3.12.4+tensorflow-2.20.0", "keras")),
        (("keras", "9.9", "nothing", "1"), None),
        (("keras", None, "tensorflow", None), None),
        ((None, "3.0", "tensorflow", None), None),
    ],
)
def test_the_release_that_was_recorded_or_the_nearest(told: tuple[Any, ...], step: Step | None) -> None:
    keys = ("api", "version", "backend", "backend_version")
    assert nearest(dict(zip(keys, told, strict=True))) == step
