"""Models of the user's own, as real environments built and measured them, compared on the facts of those environments."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from kerasdiff.compare.engine import compare
from kerasdiff.fingerprint.load import parse
from kerasdiff.knowledge.load import Effect
from tests.conftest import DATA, Raw, raw, sealed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.compare.engine import Comparison
    from tests.conftest import Ran

#: The environment of each model, and the API that built it.
OF = {
    "text-tensorflow-1.15": ("releases/keras-2.3.1+tensorflow-1.15.5", "tf.keras"),
    "text-tensorflow-2.3": ("releases/tensorflow-2.3.4", "tf.keras"),
    "custom-tensorflow-2.15": ("releases/tensorflow-2.15.1", "tf.keras"),
    "drawn-glorot-tensorflow-2.15": ("releases/tensorflow-2.15.1", "tf.keras"),
    "drawn-big-tensorflow-2.15": ("releases/tensorflow-2.15.1", "tf.keras"),
    "mixed-tensorflow-2.15": ("releases/tensorflow-2.15.1", "tf.keras"),
    "mixed-keras-3": ("releases/keras-3.15.1+tensorflow-2.21.0", "keras"),
    "custom-keras-3": ("releases/keras-3.15.1+tensorflow-2.21.0", "keras"),
}
TEXT = ("text-tensorflow-1.15", "text-tensorflow-2.3")
#: A Dense of 64 units on 64 numbers; its kernel is drawn by the default, and normally with a deviation of 1.
DRAWN = ("drawn-glorot-tensorflow-2.15", "drawn-big-tensorflow-2.15")
#: Layers that compute in float16, and a last one in float32.
MIXED = ("mixed-tensorflow-2.15", "mixed-keras-3")
CUSTOM = ("custom-tensorflow-2.15", "custom-keras-3")


@cache
def stored(name: str) -> bytes:
    return (DATA / "own" / f"{name}.model.json").read_bytes()


def model(name: str) -> Raw:
    found: Raw = json.loads(stored(name))
    return found


def fingerprint(name: str, own: Any) -> bytes:
    document = raw(OF[name][0])
    if own is not None:
        document["model"] = own
    return sealed(document)


def compared(a: str, b: str, *own: Any) -> Comparison:
    """Two environments, with their models, or with others."""
    models = own or (model(a), model(b))
    sides = [parse(fingerprint(name, one), name) for name, one in zip((a, b), models, strict=True)]
    return compare(sides[0], sides[1], api_a=OF[a][1], api_b=OF[b][1])


def about_models(comparison: Comparison) -> dict[str, Divergence]:
    return {one.id: one for one in comparison.divergences if one.subject.partition(".")[0] == "model"}


@pytest.fixture(scope="module")
def text() -> Comparison:
    return compared(*TEXT)


@pytest.fixture(scope="module")
def custom() -> Comparison:
    return compared(*CUSTOM)


def test_an_argument_of_another_default_is_the_cause_of_what_a_layer_gives(text: Comparison) -> None:
    found = about_models(text)
    alone = found["model.layers.lstm/case.alone@formula.inference"]
    assert alone.effect is Effect.RESULTS
    assert alone.cause == "layers.LSTM/parameter.recurrent_activation"
    assert found["model.layers.lstm/parameter.recurrent_activation"].cause == alone.cause


def test_weights_of_another_shape_change_the_architecture(text: Comparison) -> None:
    bias = about_models(text)["model.layers.gru/weights.bias"]
    assert bias.effect is Effect.ARCHITECTURE
    assert (bias.a, bias.b) == ([15], [2, 15])
    assert bias.cause == "model.layers.gru/parameter.reset_after"
    assert about_models(text)[bias.cause].cause == "layers.GRU/parameter.reset_after"


def test_what_a_model_gives_comes_of_the_first_layer_that_parts(text: Comparison, custom: Comparison) -> None:
    assert about_models(text)["model/case.output@formula.inference"].cause == "layers.LSTM/parameter.recurrent_activation"
    found = about_models(custom)
    gate = found["model.layers.gate/case.alone@formula.inference"]
    assert found["model/case.output@formula.inference"].cause == gate.cause


def test_code_of_the_users_is_explained_by_what_it_uses(custom: Comparison) -> None:
    found = about_models(custom)
    rules = {one.id: one.rule for one in custom.divergences}
    assert rules[found["model.layers.gate/case.alone@formula.inference"].cause or ""] == "KD347"
    assert {one.subject for one in found.values() if one.effect is Effect.RESULTS} == {"model", "model.layers.gate"}


def test_what_the_users_own_code_gives_another_value_is_the_cause() -> None:
    changed = model(TEXT[1])
    lstm = next(layer for layer in changed["layers"] if layer["name"] == "lstm")
    lstm["config"]["units"], lstm["config"]["activation"] = 7, "linear"
    parts = changed["cases"]["lstm"]["alone@formula"]["inference"]["parts"]
    parts[0]["values"] = [2 * value for value in parts[0]["values"]]
    found = about_models(compared(TEXT[1], TEXT[1], model(TEXT[1]), changed))
    assert found["model.layers.lstm/case.alone@formula.inference"].cause == "model.layers.lstm/parameter.activation"
    assert found["model.layers.lstm/parameter.activation"].cause is None
    assert found["model.layers.lstm/parameter.units"].cause is None


def test_an_argument_of_another_value_in_a_layer_that_gives_the_same_is_info() -> None:
    changed = model(TEXT[1])
    lstm = next(layer for layer in changed["layers"] if layer["name"] == "lstm")
    lstm["config"].update(dropout=0.5, activation="linear", dtype="string")
    found = about_models(compared(TEXT[1], TEXT[1], model(TEXT[1]), changed))
    assert found["model.layers.lstm/parameter.activation"].effect is Effect.INFO
    assert found["model.layers.lstm/parameter.activation"].title.endswith("; the layer gives the same")
    assert found["model.layers.lstm/parameter.dtype"].effect is Effect.INFO
    assert found["model.layers.lstm/parameter.dropout"].effect is Effect.RESULTS  # which training alone shows


@pytest.mark.parametrize("name", OF)
def test_the_same_model_in_the_same_environment_is_the_same(name: str) -> None:
    found = compared(name, name)
    assert about_models(found) == {}
    assert found.not_comparable == []


def test_other_numbers_are_found_with_their_size() -> None:
    changed = model(CUSTOM[1])
    part = changed["cases"]["conv"]["alone@formula"]["inference"]["parts"][0]
    part["values"][0] += 0.5
    found = about_models(compared(CUSTOM[1], CUSTOM[1], model(CUSTOM[1]), changed))
    one = found["model.layers.conv/case.alone@formula.inference"]
    assert one.effect is Effect.RESULTS
    assert one.size is not None
    assert one.size["max_abs"] == pytest.approx(0.5, rel=0.01)
    assert one.is_unexplained


def test_what_is_computed_in_float16_may_be_as_far_apart_as_that_whatever_type_it_is_given_in() -> None:
    a, b = model(MIXED[0]), model(MIXED[1])
    assert {part["dtype"] for part in a["cases"][""]["output@formula"]["inference"]["parts"]} == {"float32"}
    assert {one.effect for one in about_models(compared(*MIXED)).values()} <= {Effect.INFO, Effect.REPRODUCIBILITY}
    for layer in [*a["layers"], *b["layers"]]:
        layer["config"]["dtype"] = "float32"
    assert about_models(compared(*MIXED, a, b))["model/case.output@formula.inference"].effect is Effect.RESULTS


def test_another_draw_is_reproducibility() -> None:
    changed = model(CUSTOM[1])
    changed["cases"]["conv"]["initial@seed"]["draw"]["parts"][0]["values"][0] += 0.5
    found = about_models(compared(CUSTOM[1], CUSTOM[1], model(CUSTOM[1]), changed))
    assert {one.effect for one in found.values()} == {Effect.REPRODUCIBILITY}


def test_weights_that_are_drawn_otherwise_come_of_the_initializer() -> None:
    found = about_models(compared(*DRAWN))
    argument = found["model.layers.d/parameter.kernel_initializer"]
    assert (argument.effect, argument.phases, argument.cause) == (Effect.RESULTS, ["initialization"], None)
    spread = found["model.layers.d/case.initial@seed.distribution"]
    assert (spread.effect, spread.cause) == (Effect.RESULTS, argument.id)
    assert found["model.layers.d/case.initial@seed.draw"].cause == argument.id
    assert set(found) == {argument.id, spread.id, "model.layers.d/case.initial@seed.draw"}


def test_weights_that_are_drawn_otherwise_are_found_where_no_argument_says_so() -> None:
    a, b = model(DRAWN[0]), model(DRAWN[1])
    b["layers"][0]["config"] = a["layers"][0]["config"]
    found = about_models(compared(*DRAWN, a, b))
    spread = found["model.layers.d/case.initial@seed.distribution"]
    assert (spread.effect, spread.cause) == (Effect.RESULTS, None)
    assert found["model.layers.d/case.initial@seed.draw"].cause == spread.id


@pytest.mark.parametrize(("numbers", "is_found"), [(64, True), (8, False)])
def test_few_numbers_are_apart_by_chance(numbers: int, *, is_found: bool) -> None:
    models = [model(DRAWN[0]), model(DRAWN[0])]
    for one, deviation in zip(models, (0.12, 0.135), strict=True):
        kernel = one["layers"][0]["weights"][0]
        kernel["shape"], kernel["spread"] = [64, numbers], {"mean": 0.0, "std": deviation, "min": -0.3, "max": 0.3}
    found = about_models(compared(DRAWN[0], DRAWN[0], *models))
    assert ("model.layers.d/case.initial@seed.distribution" in found) is is_found


@pytest.mark.parametrize("argument", ["kernel_regularizer", "kernel_initializer", "bias_constraint", "trainable"])
def test_what_inference_does_not_show_is_not_calmed_by_it(argument: str) -> None:
    changed = model(DRAWN[0])
    changed["layers"][0]["config"][argument] = "another"
    found = about_models(compared(DRAWN[0], DRAWN[0], model(DRAWN[0]), changed))
    assert found[f"model.layers.d/parameter.{argument}"].effect is Effect.RESULTS


@pytest.mark.parametrize(
    ("axes", "ranks", "same"),
    [
        (([2], -1), (3, 3), True),
        (([-1], 2), (3, 3), True),
        (([1, 2], [-2, -1]), (3, 3), True),
        (([1], -1), (3, 3), False),
        (([2], -1), (3, 4), False),
        (([2], -1), (3, None), False),
        (([2], [1, 2]), (3, 3), False),
    ],
)
def test_axes_are_the_same_from_the_start_and_from_the_end(axes: Any, ranks: Any, *, same: bool) -> None:
    models = [model(DRAWN[0]), model(DRAWN[0])]
    for one, axis, rank in zip(models, axes, ranks, strict=True):
        one["cases"].pop("d")
        one["layers"][0]["config"]["axis"] = axis
        one["layers"][0]["rank"] = rank
    found = about_models(compared(DRAWN[0], DRAWN[0], *models))
    assert ("model.layers.d/parameter.axis" not in found) is same


def test_what_a_layer_in_a_layer_does_in_training_is_not_calmed() -> None:
    models = [model(DRAWN[0]), model(DRAWN[0])]
    for one, dropout in zip(models, (0.0, 0.5), strict=True):
        inner = {"class_name": "LSTM", "config": {"name": "lstm", "units": 3, "dropout": dropout, "seed": None}}
        one["layers"][0]["config"]["layer"] = inner
    found = about_models(compared(DRAWN[0], DRAWN[0], *models))
    assert found["model.layers.d.lstm/parameter.dropout"].effect is Effect.RESULTS


def test_how_far_pictures_are_turned_in_training_is_not_calmed() -> None:
    models = [model(DRAWN[0]), model(DRAWN[0])]
    for one, factor in zip(models, (0.1, 0.3), strict=True):
        one["layers"][0]["config"].update(factor=factor, seed=None)
    found = about_models(compared(DRAWN[0], DRAWN[0], *models))
    assert found["model.layers.d/parameter.factor"].effect is Effect.RESULTS


def test_a_model_that_can_not_be_made_any_more_breaks() -> None:
    broken = {"source": "before:custom", "state": "error", "type": "ValueError", "message": "no", "where": "nets.py, line 3"}
    found = about_models(compared(CUSTOM[0], CUSTOM[1], model(CUSTOM[0]), broken))
    assert set(found) == {"model/build"}
    assert found["model/build"].effect is Effect.BREAKS
    assert found["model/build"].title == "making it raises in B: ValueError: no (nets.py, line 3)"


@pytest.mark.parametrize("other", ["a model", "the same failure"])
def test_a_model_that_can_not_be_made_in_a_is_not_comparable(other: str) -> None:
    broken = {"source": "before:custom", "state": "error", "type": "ValueError", "message": "no", "where": "nets.py, line 3"}
    found = compared(CUSTOM[0], CUSTOM[1], broken, model(CUSTOM[1]) if other == "a model" else broken)
    assert about_models(found) == {}
    alike = "" if other == "a model" else ", as in B"
    told = {one.id: one.why for one in found.not_comparable}
    assert told == {"model": f"making it raises in A{alike}: ValueError: no (nets.py, line 3)"}


@pytest.mark.parametrize("lost", [{"state": "timeout", "message": "took longer"}, {"state": "crashed", "message": "gone"}])
@pytest.mark.parametrize("side", [0, 1])
def test_what_is_lost_is_not_comparable(lost: Raw, side: int) -> None:
    models = [model(CUSTOM[1]), model(CUSTOM[1])]
    models[side] = {"source": "before:custom", **lost}
    found = compared(CUSTOM[1], CUSTOM[1], *models)
    assert about_models(found) == {}
    assert [one.id for one in found.not_comparable] == ["model"]
    assert f"the model is {lost['state']} in {'AB'[side]}: {lost['state']}: {lost['message']}" == found.not_comparable[0].why


def test_what_is_not_finished_is_not_comparable() -> None:
    changed = {**model(CUSTOM[1]), "unfinished": "the process ended with status 5"}
    found = compared(CUSTOM[1], CUSTOM[1], changed, model(CUSTOM[1]))
    assert [one.id for one in found.not_comparable] == ["model/cases"]


@pytest.mark.parametrize("side", [0, 1])
def test_layers_that_were_not_told_are_not_new(side: int) -> None:
    models = [model(CUSTOM[1]), model(CUSTOM[1])]
    models[side].update(unfinished="'VocabWeightHandler' object has no attribute 'name'", layers=[])
    found = compared(CUSTOM[1], CUSTOM[1], *models)
    assert about_models(found) == {}
    assert [one.id for one in found.not_comparable] == ["model/cases"]


@pytest.mark.parametrize("sides", [(0, 1), (0,), (1,)])
def test_a_model_that_was_not_run_is_not_comparable(sides: tuple[int, ...]) -> None:
    models = [model(CUSTOM[1]), model(CUSTOM[1])]
    for side in sides:
        models[side]["cases"][""] = {"output@formula": {"state": "not run", "message": "its inputs aren't known"}}
    found = compared(CUSTOM[1], CUSTOM[1], *models)
    assert about_models(found) == {}
    told = {one.id: one.why for one in found.not_comparable}
    assert told == {"model/case.output@formula": f"the model was not run in {'AB'[sides[0]]}: its inputs aren't known"}


def test_a_model_that_only_a_has_is_not_comparable_and_one_that_only_b_has_is_nothing() -> None:
    found = compared(CUSTOM[1], CUSTOM[1], model(CUSTOM[1]), None)
    assert [one.id for one in found.not_comparable] == ["model"]
    found = compared(CUSTOM[1], CUSTOM[1], None, model(CUSTOM[1]))
    assert (found.not_comparable, about_models(found)) == ([], {})


def test_show_prints_a_model_and_its_layers(kerasdiff: Callable[..., Ran], tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(fingerprint(CUSTOM[1], model(CUSTOM[1])))
    shown = kerasdiff("show", file, "model.layers.gate").out
    assert "model.layers.gate: custom = 'before.Gate'" in shown
    assert "model.layers.gate: initial@seed.draw = (1.0, 1.0, 1.0, 1.0)" in shown
    facts = json.loads(kerasdiff("show", file, "model", "--format", "json").out)
    assert facts["model"]["summary"]["layers"] == 5
    assert "layers" not in facts["model"]
