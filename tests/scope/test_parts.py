"""What a saved model is made of: its layers, and what their arguments and ``compile`` name."""

from __future__ import annotations

import pytest

from kerasdiff.models.document import Layer, Optimizer, SavedModel
from kerasdiff.scope.parts import Part, parts, subject
from tests.scope.matrix import model


def made(*layers: Layer, **more: object) -> SavedModel:
    root = Layer(name="m", class_name="Sequential", layers=list(layers))
    return SavedModel(**{"file": "m.h5", "format": "h5", "bytes": 1, "model": root, **more})  # type: ignore[arg-type]


def named(found: list[Part]) -> dict[str, Part]:
    return {f"{part.subject}/{part.at}/{part.full_name}": part for part in found}


def test_layers_come_with_the_objects_in_their_arguments() -> None:
    found = named(parts(model("tf.keras-2.15/sequential.h5")))
    lstm = found["saved_model.layers.lstm//layers.LSTM"]
    assert lstm.label == "lstm (LSTM)"
    assert (lstm.arguments or {})["time_major"] is False
    assert lstm.weights == [[4, 8], [2, 8], [8]]
    gate = found["saved_model.layers.lstm/recurrent_activation/activations.sigmoid"]
    assert (gate.label, gate.arguments) == ("lstm (LSTM recurrent_activation=sigmoid)", None)
    start = found["saved_model.layers.lstm/recurrent_initializer/initializers.Orthogonal"]
    assert start.arguments == {"gain": 1.0, "seed": None}
    assert found["saved_model//layers.Sequential"].is_model
    assert [part.name for part in found.values() if part.place == "first"] == ["InputLayer"]


@pytest.mark.parametrize(
    "file", ["keras-1.2.2/sequential.h5", "tf.keras-2.15/sequential.keras", "tf.keras-2.3/functional.saved_model.zip"]
)
def test_what_was_compiled_are_parts_by_their_names(file: str) -> None:
    found = [part for part in parts(model(file)) if part.subject in ("saved_model.compile", "saved_model.optimizer")]
    told = {part.family: (part.name, part.label) for part in found if not part.at.startswith("learning_rate")}
    if "sequential" in file:
        assert told["losses"] == ("mse", "loss (mse)")
        assert told["metrics"][0] in ("mae", "mean_absolute_error")
        assert "optimizers" not in told or told["optimizers"] == ("Adam", "optimizer (Adam)")
    else:
        assert told == {
            "optimizers": ("SGD", "optimizer (SGD)"),
            "losses": ("binary_crossentropy", "loss (binary_crossentropy)"),
        }


def test_losses_are_found_however_compile_was_given_them() -> None:
    wrapped = {"class_name": "MeanMetricWrapper", "config": {"fn": "mean_absolute_error", "name": "mae"}}
    function = {"module": "builtins", "class_name": "function", "config": "hinge", "registered_name": "function"}
    made_loss = {"class_name": "Huber", "config": {"delta": 2.0}}
    found = parts(
        made(compile={"loss": {"a": "mse", "b": function}, "metrics": [[wrapped], None], "weighted_metrics": made_loss})
    )
    assert [(part.family, part.name) for part in found if part.family != "layers"] == [
        ("losses", "mse"),
        ("losses", "hinge"),
        ("metrics", "mean_absolute_error"),
        ("metrics", "Huber"),
    ]


def test_schedules_policies_and_layers_in_layers_are_parts() -> None:
    schedule = {"class_name": "ExponentialDecay", "config": {"initial_learning_rate": 0.1}}
    policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": None}
    inner = Layer(name="cell", class_name="LSTM", arguments={"dtype": policy})
    outer = Layer(name="both", class_name="Bidirectional", layers=[inner])
    optimizer = Optimizer(class_name="Adam", arguments={"learning_rate": schedule, "epsilon": 1e-7})
    found = [(part.subject, part.full_name) for part in parts(made(outer, optimizer=optimizer))]
    assert found[1:] == [
        ("saved_model.layers.both", "layers.Bidirectional"),
        ("saved_model.layers.both.cell", "layers.LSTM"),
        ("saved_model.layers.both.cell", "dtype_policies.DTypePolicy"),
        ("saved_model.optimizer", "optimizers.Adam"),
        ("saved_model.optimizer", "optimizers.schedules.ExponentialDecay"),
    ]


def test_a_registered_class_is_the_users_own_and_code_is_told() -> None:
    own = {"class_name": "Ours>Noise", "config": {}}
    found = parts(made(Layer(name="dense", class_name="Dense", arguments={"kernel_initializer": own})))
    assert [(part.name, part.is_custom) for part in found][1:] == [("Dense", False), ("Noise", True)]
    anonymous = next(part for part in parts(model("keras-2.2.4/anonymous.h5")) if part.name == "Lambda")
    assert anonymous.code is not None
    assert anonymous.code.python == "3.0 to 3.7"


def test_a_path_is_no_subject_by_itself() -> None:
    assert subject("a/b%") == "saved_model.layers.a%2Fb%25"
    assert subject("") == "saved_model"


def test_objects_in_one_another_end_somewhere() -> None:
    value: object = "relu"
    for _ in range(100):
        value = {"class_name": "Wrapped", "config": {"activation": value}}
    found = parts(made(Layer(name="dense", class_name="Dense", arguments={"activation": value})))
    assert 10 < len(found) < 40
