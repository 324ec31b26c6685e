"""References that real environments recorded and verified: where they part, and what explains it, judged anew."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from kerasdiff.compare.referenced import Answer, Error, Verification, first
from kerasdiff.releases.shelf import Step
from kerasdiff.report.referenced import as_json, as_text
from kerasdiff.verify.reference import nearest
from tests.conftest import ROOT
from tests.lab.references import DATA, EXAMPLE, MOVES, Move, again

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


@parting
def test_the_report_beside_the_example(move: Move) -> None:
    """If this was meant: python -m tests.lab references."""
    assert as_text(again(stored(move)), verbose=False) == (EXAMPLE / f"{move.name}.txt").read_text("utf-8")


def test_the_manual_shows_a_report_as_it_is() -> None:
    report = (EXAMPLE / "text-tensorflow-1.15-tensorflow-2.3.txt").read_text("utf-8")
    assert f"```text\n{report}```" in (ROOT / "README.md").read_text("utf-8")


@parting
def test_the_report_in_json_is_the_same_again(move: Move) -> None:
    report = stored(move)
    told = json.loads(as_json(again(report), 1))
    assert {key: told[key] for key in ("first", "layers", "calls", "outputs", "passed", "exit")} == {
        key: report[key] for key in ("first", "layers", "calls", "outputs", "passed", "exit")
    }
    assert [one["id"] for one in told["explained_by"]] == [one["id"] for one in report["explained_by"]]


def test_the_arguments_that_were_recorded_are_tried_on_the_layer() -> None:
    found = again(stored(next(move for move in PARTING if move.name == "text-tensorflow-1.15-tensorflow-2.3"))).first
    assert found is not None
    assert found.layer.trial is not None
    assert found.layer.trial.arguments == {"recurrent_activation": "hard_sigmoid"}
    assert not found.layer.trial.error.beyond(1e-6)


# Where two models part first


def answer(**changed: Any) -> Answer:
    """A model of three layers that all give what was recorded, but for what is changed: by layer, its call's errors."""
    layers = [{"name": name, "here": name, "class": "Dense", "class_here": "Dense", "weights": "set"} for name in "abc"]
    calls = [{"name": name, "here": name, "model": {"scaled": 0.0}, "alone": {"scaled": 0.0}} for name in "abc"]
    for layer, call in zip(layers, calls, strict=True):
        told = changed.get(layer["name"], {})
        layer.update({key: part for key, part in told.items() if key in layer})
        call.update({key: part for key, part in told.items() if key in ("model", "alone")})
    outputs = [{"scaled": changed.get("off", 0.0)}]
    return msgspec.convert(
        {"reference": {}, "outputs": outputs, "counts": changed.get("counts", [1, 1]), "layers": layers, "calls": calls}, Answer
    )


OFF, HERE = {"scaled": 0.5}, {"here": None, "weights": "not here"}


@pytest.mark.parametrize(
    ("changed", "layer", "how"),
    [
        ({}, None, None),
        ({"b": {"alone": OFF}, "off": 0.5}, "b", "alone"),
        ({"b": {"alone": OFF}}, "b", "alone"),  # it doesn't show in the outputs
        ({"b": {"model": OFF}, "c": {"model": OFF}, "off": 0.5}, "b", "between"),
        ({"b": {"model": OFF}}, None, None),  # what adds up and doesn't reach the outputs
        ({"a": {"weights": "bias is [3] recorded, [4] here"}, "b": {"alone": OFF}, "off": 0.5}, "a", "weights"),
        ({"b": {**HERE, "model": None, "alone": None}, "c": {"model": OFF}, "off": 0.5}, "b", "missing"),
        ({"b": {**HERE, "model": None, "alone": None}, "c": {"alone": OFF}, "off": 0.5}, "c", "alone"),
        ({"b": {**HERE, "model": None, "alone": None}}, None, None),
        ({"a": {"alone": {"state": "error", "type": "ValueError", "message": "no"}}, "off": 0.5}, "a", "alone"),
        ({"a": {"alone": {"shapes": [[1], [2]]}}, "off": 0.5}, "a", "alone"),
        ({"a": {"alone": {"scaled": "inf"}}, "off": 0.5}, "a", "alone"),
        ({"a": {"alone": {"scaled": 9e-6}, "model": {"scaled": 9e-6}}}, None, None),
    ],
)
def test_where_two_models_part_first(changed: dict[str, Any], layer: str | None, how: str | None) -> None:
    found = first(answer(**changed), 1e-5)
    assert (found and found.layer.name, found and found.how) == (layer, how)


def verification(found: Answer) -> Verification:
    where = {"api": "keras", "version": "3.0"}
    return Verification(file="a.npz", environment=where, found=found, tolerance=1e-5, first=first(found, 1e-5))


def test_a_layer_that_parts_is_told_where_the_outputs_hold() -> None:
    found = verification(answer(b={"alone": OFF}))
    assert (found.passed, found.outputs_hold) == (False, True)


def test_another_number_of_outputs_does_not_hold() -> None:
    found = verification(answer(counts=[1, 2]))
    assert not found.passed
    assert "1 outputs were recorded, the model here has 2." in as_text(found, verbose=False)


def test_what_holds_is_told_in_a_line() -> None:
    text = as_text(verification(answer()), verbose=False)
    assert text.endswith("outputs_0 is as recorded: equal (tolerance 1e-05)\n\nThe reference holds; exit status 0.\n")
    assert "layer  class  alone  in the model\na      Dense  0" in as_text(verification(answer()), verbose=True)


def test_what_is_not_known_is_not_beyond_a_tolerance() -> None:
    assert not Error().beyond(0)
    assert Error(scaled=1e-9).beyond(0)


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
