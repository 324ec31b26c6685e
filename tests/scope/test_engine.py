"""A comparison as it concerns one model: what the file decides is left out, what it leaves open is kept, and the verdict."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from kerasdiff.compare.engine import Comparison, compare
from kerasdiff.knowledge.load import Effect
from kerasdiff.models.document import Layer, Optimizer, SavedModel, Weight, Writer
from kerasdiff.releases.shelf import release
from kerasdiff.scope.engine import FAILS, LOADS, OTHERWISE, scoped
from tests.conftest import by_id
from tests.scope.matrix import model

if TYPE_CHECKING:
    from kerasdiff.compare.divergence import Divergence

TF_1, TF_23, TF_210, TF_215 = ("keras-2.3.1+tensorflow-1.15.5", "tensorflow-2.3.4", "tensorflow-2.10.1", "tensorflow-2.15.1")
KERAS_2, KERAS_3 = "keras-2.2.4+tensorflow-1.12.3", "keras-3.15.1+tensorflow-2.21.0"


@cache
def pair(a: str, b: str) -> Comparison:
    return compare(release(a), release(b), api_a=api(a), api_b=api(b))


def api(name: str) -> str:
    return "tf.keras" if name.startswith("tensorflow") else "keras"


def found(a: str, b: str, saved: SavedModel) -> dict[str, Divergence]:
    return by_id(scoped(pair(a, b), saved))


def verdict(a: str, b: str, saved: SavedModel) -> str:
    told = scoped(pair(a, b), saved).model
    assert told is not None
    return told.verdict


def made(*layers: Layer, **more: Any) -> SavedModel:
    root = Layer(name="m", class_name="Functional", layers=list(layers))
    return SavedModel(**{"file": "m.h5", "format": "h5", "bytes": 1, "model": root, "writer": Writer(keras="2.3.1"), **more})


def gru(**arguments: Any) -> Layer:
    shapes = [[3, 12], [4, 12], [12]]
    weights = [Weight(name="", path=f"gru/{number}", shape=shape, dtype="float32") for number, shape in enumerate(shapes)]
    return Layer(name="gru", class_name="GRU", arguments={"units": 4, **arguments}, weights=weights)


def test_what_the_file_leaves_open_b_decides() -> None:
    told = found(KERAS_2, TF_23, made(gru()))
    assert told["layers.GRU/parameter.reset_after"].layers == ["gru (GRU)"]
    assert told["layers.GRU/parameter.recurrent_activation"].effect is Effect.RESULTS
    weights = told["saved_model.layers.gru/weights"]
    assert weights.effect is Effect.BREAKS
    assert weights.cause == "layers.GRU/parameter.reset_after"
    assert "reset_after is False in A, True in B" in weights.title


def test_what_the_file_writes_no_default_decides() -> None:
    said = {"reset_after": False, "recurrent_activation": "hard_sigmoid", "implementation": 1, "dtype": "float32"}
    told = found(KERAS_2, TF_23, made(gru(**said)))
    assert [one for one in told if one.startswith(("layers.GRU/parameter.re", "saved_model.layers.gru"))] == []
    assert not any(one.effect in (Effect.ARCHITECTURE, Effect.RESULTS) and one.layers for one in told.values())


def test_an_argument_by_its_older_name_is_said_as_well() -> None:
    old = Layer(name="leaky", class_name="LeakyReLU", arguments={"alpha": 0.2})
    assert "layers.LeakyReLU/parameter.negative_slope" not in found(TF_215, KERAS_3, made(old))


def test_a_function_that_means_something_else_is_found_in_the_layers_that_name_it() -> None:
    gates = Layer(name="gates", class_name="Dense", arguments={"units": 2, "activation": "hard_sigmoid"})
    told = scoped(pair(TF_215, KERAS_3), made(gates, Layer(name="plain", class_name="Dense", arguments={"activation": "tanh"})))
    sigmoid = [one for one in told.divergences if one.subject == "activations.hard_sigmoid" and one.effect is Effect.RESULTS]
    assert sigmoid
    assert all(one.layers == ["gates (Dense activation=hard_sigmoid)"] for one in sigmoid)
    assert told.model is not None
    assert told.model.verdict == OTHERWISE
    assert {one.id for one in sigmoid} <= set(told.model.reasons)


def test_what_the_model_does_not_use_is_left_out() -> None:
    told = scoped(pair(TF_215, KERAS_3), model("tf.keras-2.15/functional.h5"))
    subjects = {one.subject for one in told.divergences}
    assert not any(name.startswith(("layers.LSTM", "callbacks", "datasets", "numpy", "preprocessing")) for name in subjects)
    assert told.model is not None
    assert len(told.divergences) < told.model.of / 20
    assert told.not_comparable == []


@pytest.mark.parametrize(
    ("a", "b", "file", "expected"),
    [
        (TF_215, KERAS_3, "tf.keras-2.15/sequential.h5", FAILS),
        (TF_215, KERAS_3, "tf.keras-2.15/functional.h5", LOADS),
        (TF_215, "keras-3.5.0+tensorflow-2.17.1", "tf.keras-2.15/normalized.h5", OTHERWISE),
        (TF_23, TF_215, "tf.keras-2.3/sequential.h5", LOADS),
        ("keras-1.2.2+theano-1.0.5", KERAS_2, "keras-1.2.2/sequential.h5", OTHERWISE),
        (TF_215, TF_215, "tf.keras-2.15/sequential.keras", LOADS),
    ],
)
def test_the_verdict_is_that_of_the_worst_reason(a: str, b: str, file: str, expected: str) -> None:
    assert verdict(a, b, model(file)) == expected


def test_a_reason_that_holds_in_a_too_is_no_divergence() -> None:
    saved = model("tf.keras-2.15/anonymous.keras")
    told = scoped(pair(TF_215, TF_215), saved)
    assert told.model is not None
    assert (told.model.verdict, told.model.reasons) == (FAILS, ["saved_model.layers.double/class"])
    one = by_id(told)["saved_model.layers.double/class"]
    assert one.effect is Effect.INFO
    assert one.title.endswith("; so in A")


@pytest.mark.parametrize(
    ("a", "b", "file", "expected"),
    [
        (TF_23, TF_215, "mixed/tf.keras-2.3.h5", []),
        (TF_23, TF_210, "mixed/tf.keras-2.3.h5", []),
        (TF_210, TF_215, "mixed/tf.keras-2.3.h5", []),
        (TF_23, KERAS_3, "mixed/tf.keras-2.3.h5", ["d1/argument.dtype.class", "optimizer/class"]),
        (TF_215, TF_215, "mixed/tf.keras-2.15.h5", []),
        (TF_215, TF_210, "mixed/tf.keras-2.15.h5", ["optimizer/argument.inner_optimizer.weight_decay"]),
        (TF_215, TF_23, "mixed/tf.keras-2.15.h5", ["optimizer/class"]),
        (TF_215, KERAS_3, "mixed/tf.keras-2.15.h5", ["d1/argument.dtype.class", "optimizer/class"]),
        (TF_215, KERAS_3, "mixed/tf.keras-2.15.keras", ["dense_1/argument.dtype.class"]),
    ],
)
def test_policies_and_wrapped_optimizers_are_looked_up_as_each_generation_does(
    a: str, b: str, file: str, expected: list[str]
) -> None:
    """As it happened in environments of these releases."""
    told = scoped(pair(a, b), model(file)).model
    assert told is not None
    assert told.verdict == (FAILS if expected else LOADS)
    assert set(expected) <= {one.removeprefix("saved_model.").removeprefix("layers.") for one in told.reasons}


@pytest.mark.parametrize(
    ("a", "writer", "expected"),
    [
        (TF_215, "2.15.0", LOADS),
        (TF_215, "2.4.0", LOADS),
        (TF_215, None, LOADS),
        (TF_215, "3.99.0", FAILS),
        (KERAS_2, "2.2.4-tf", FAILS),
    ],
)
def test_what_is_missing_where_the_model_works_is_not_why_it_fails(a: str, writer: str | None, expected: str) -> None:
    strange = Layer(name="x", class_name="Dense", arguments={"units": 2, "activation": "unheard", "unheard_of": 1})
    assert verdict(a, TF_210, made(strange, writer=Writer(keras=writer))) == expected


def test_who_wrote_the_file_is_told_where_it_was_not_a() -> None:
    told = found(TF_215, KERAS_3, model("keras-2.2.4/sequential.h5"))["saved_model/writer"]
    assert (told.effect, told.title) == (Effect.INFO, "Keras 2.2.4 wrote the file, A is Keras 2.15.0")
    refused = found(TF_215, KERAS_3, model("keras-3.15.1/functional.h5"))["saved_model/writer"]
    assert refused.title.endswith(", which is predicted to refuse it")
    assert "saved_model/writer" not in found(TF_215, KERAS_3, model("tf.keras-2.15/sequential.h5"))


def test_what_a_rule_says_of_an_argument_is_said_of_the_file() -> None:
    told = found(TF_215, KERAS_3, model("tf.keras-2.15/sequential.h5"))["saved_model.layers.lstm/argument.time_major"]
    assert told.why.endswith("[KD334]")
    assert told.references


def test_the_optimizer_that_the_file_names_is_compared_and_no_other() -> None:
    old = made(optimizer=Optimizer(class_name="Nadam", arguments={"learning_rate": 0.1, "decay": 0.0}))
    assert not any(one.startswith("optimizers.Nadam/case") for one in found(TF_210, "tensorflow-2.11.1", old))
    new = made(optimizer=Optimizer(class_name="Nadam", arguments={"learning_rate": 0.1, "is_legacy_optimizer": False}))
    told = found("tensorflow-2.11.1", TF_215, new)
    assert not any(one.effect is Effect.BREAKS for one in told.values())


def test_a_setting_reaches_only_what_the_file_leaves_open() -> None:
    first = release(TF_215)
    settings = dict(first.apis["tf.keras"].settings)
    settings["image_data_format"] = msgspec.structs.replace(settings["image_data_format"], value="channels_first")
    api = msgspec.structs.replace(first.apis["tf.keras"], settings=settings)
    other = msgspec.structs.replace(first, apis={**first.apis, "tf.keras": api}, digests={})
    compared = compare(first, other, api_a="tf.keras", api_b="tf.keras")

    def reached(**arguments: Any) -> list[str] | None:
        conv = Layer(name="conv", class_name="Conv2D", arguments={"filters": 2, "kernel_size": [3, 3], **arguments})
        known = by_id(scoped(compared, made(conv, Layer(name="dense", class_name="Dense", arguments={"units": 1}))))
        one = known.get("settings.image_data_format/value")
        return None if one is None else one.layers

    assert reached() == ["conv (Conv2D)"]
    assert reached(data_format=None) == ["conv (Conv2D)"]
    assert reached(data_format="channels_last") is None


def test_masks_matter_to_models_that_have_them() -> None:
    assert any("mask" in one for one in found(TF_23, TF_215, made(*_normalized(mask_zero=True))))
    assert not any("mask" in one for one in found(TF_23, TF_215, made(*_normalized(mask_zero=False))))


def _normalized(*, mask_zero: bool) -> list[Layer]:
    words = Layer(name="words", class_name="Embedding", arguments={"input_dim": 3, "output_dim": 2, "mask_zero": mask_zero})
    return [words, Layer(name="norm", class_name="BatchNormalization", arguments={"momentum": 0.9})]


def test_cases_on_inputs_of_another_rank_are_not_of_the_model() -> None:
    def reached(*shape: int) -> set[str]:
        first = Layer(name="x", class_name="InputLayer", arguments={"batch_input_shape": [None, *shape]})
        norm = Layer(name="norm", class_name="BatchNormalization", arguments={"momentum": 0.9}, inbound=[["x"]])
        told = found(TF_215, KERAS_3, made(first, norm, writer=Writer(keras="2.15.0")))
        return {
            one.rule or ""
            for one in told.values()
            if one.layers == ["norm (BatchNormalization)"] and one.effect is Effect.RESULTS
        }

    assert reached(4, 4, 2) == {"KD348"}
    assert reached(4) == set()
    unknown = Layer(name="norm", class_name="BatchNormalization", arguments={"momentum": 0.9})
    assert any(one.rule == "KD348" for one in found(TF_215, KERAS_3, made(unknown)).values())


@pytest.mark.parametrize(("arguments", "is_told"), [({}, False), ({"use_ema": False}, False), ({"use_ema": True}, True)])
def test_an_argument_that_another_makes_idle_is_no_divergence(arguments: dict[str, Any], is_told: bool) -> None:
    saved = made(optimizer=Optimizer(class_name="rmsprop", arguments=arguments), format="keras")
    assert ("optimizers.RMSprop/parameter.ema_overwrite_frequency" in found(TF_215, KERAS_3, saved)) is is_told


def test_what_no_file_tells_of_training_is_below_the_gate() -> None:
    saved = made(optimizer=Optimizer(class_name="rmsprop"), format="keras")
    told = found(TF_215, KERAS_3, saved)["training.train_on_batch/case.frozen_after_compile.updated"]
    assert told.effect is Effect.INFO
    assert told.title.endswith("; only where trainable is set after compile, which no file tells")
