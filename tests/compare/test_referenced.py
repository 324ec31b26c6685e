"""Where a recorded model and the one here part first, by how far each layer is off."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kerasdiff.compare.referenced import Answer, Error, Verification, first


def answer(**changed: Any) -> Answer:
    """A model of three layers that all give what was recorded, but for what is changed: by layer, its call's errors."""
    layers = [{"name": name, "here": name, "class": "Dense", "class_here": "Dense", "weights": "set"} for name in "abc"]
    calls = [{"name": name, "here": name, "model": {"scaled": 0.0}, "alone": {"scaled": 0.0}} for name in "abc"]
    for layer, call in zip(layers, calls, strict=True):
        told = changed.get(layer["name"], {})
        layer.update({key: part for key, part in told.items() if key not in ("model", "alone")})
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
        ({"b": {"model": {"scaled": 2e-5}}, "off": 0.5}, "b", "rounding"),
        ({"b": {"model": OFF, "alone": None}, "off": 0.5}, "b", "unseen"),
        ({"a": {"model": None, "alone": None}, "b": {"model": OFF}, "off": 0.5}, "a", "unseen"),
        ({"a": {"model": OFF, "alone": None}, "b": {"model": OFF, "alone": None}, "off": 0.5}, "a", "unseen"),
        ({"a": {"model": None, "alone": None}, "c": {"model": OFF}, "off": 0.5}, "c", "between"),
        ({"b": {"model": OFF}}, None, None),  # what adds up and doesn't reach the outputs
        ({"a": {"weights": "bias is [3] recorded, [4] here"}, "b": {"alone": OFF}, "off": 0.5}, "a", "weights"),
        ({"a": {"weights": "bias is [3] recorded, [4] here"}}, "a", "weights"),
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
    assert not verification(answer(counts=[1, 2])).passed


def test_what_is_not_known_is_not_beyond_a_tolerance() -> None:
    assert not Error().beyond(0)
    assert Error(scaled=1e-9).beyond(0)


def test_no_environment_is_the_reason_where_each_layer_alone_gives_what_was_recorded() -> None:
    assert not verification(answer(b={"model": OFF}, off=0.5)).is_of_environments
    assert verification(answer(b={"alone": OFF}, off=0.5)).is_of_environments


MIXED = {"class_name": "Policy", "config": {"name": "mixed_float16"}}


@pytest.mark.parametrize(
    ("types", "off", "holds"),
    [
        ((MIXED, "float16"), 0.00075, True),
        (("mixed_bfloat16", "bfloat16"), 0.00075, True),
        ((MIXED, MIXED), 0.003, False),
        ((MIXED, "float32"), 0.00075, False),  # here it rounds less: that is a difference
        (("float32", None), 0.00075, False),
    ],
)
def test_a_layer_that_computes_in_16_bits_may_be_off_by_their_steps(types: tuple[Any, Any], off: float, holds: bool) -> None:
    layer = {"config": [{"dtype": one} for one in types], "alone": {"scaled": off}, "model": {"scaled": off}}
    assert verification(answer(b=layer, off=off)).passed is holds


def test_rounding_of_16_bits_adds_up() -> None:
    layer = {"config": [{"dtype": MIXED}, {"dtype": MIXED}], "model": {"scaled": 0.0025}}
    assert not verification(answer(b=layer, off=0.0025)).passed  # of one layer: 0.002
    assert verification(answer(a={**layer, "model": None}, b=layer, off=0.0025)).passed
