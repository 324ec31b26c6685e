"""Comparisons of saved models: layers, arguments, weights, and what was compiled, in the words of every comparison."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import h5py
import msgspec
import pytest

from kerasdiff.compare.models import compare
from kerasdiff.compare.pairing import kind, pairs
from kerasdiff.knowledge.load import Effect
from kerasdiff.models.document import Layer, Optimizer, SavedModel, Weight
from kerasdiff.models.load import load
from kerasdiff.report.formats import FORMATS
from tests.conftest import SMALL, by_id, path
from tests.lab.models import MODELS
from tests.models.saved import plain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kerasdiff.compare.divergence import Divergence
    from tests.conftest import Ran

BEFORE, AFTER = "keras-1.2.2/sequential.h5", "keras-2.2.4/sequential.h5"


def weight(name: str, *shape: int, digest: str | None = "sha256:1") -> Weight:
    return Weight(name=name, path=name, shape=list(shape), dtype="float32", digest=digest)


def model(*layers: Layer, **more: Any) -> SavedModel:
    root = Layer(name="m", class_name="Model", layers=list(layers))
    return SavedModel(file="m.h5", format="h5", bytes=1, model=root, **more)


def dense(name: str = "dense", **more: Any) -> Layer:
    weights = [weight("kernel", 3, 2), weight("bias", 2)]
    return Layer(**{"name": name, "class_name": "Dense", "arguments": {"units": 2}, "weights": weights, **more})


def differs(a: SavedModel, b: SavedModel) -> dict[str, Divergence]:
    return by_id(compare(a, b))


@pytest.mark.parametrize(
    "name", [BEFORE, AFTER, "keras-2.2.4/functional.h5", "keras-2.2.4/anonymous.h5", "keras-1.2.2/custom.h5"]
)
def test_a_model_equals_itself(name: str) -> None:
    found = compare(plain(name), plain(name))
    assert found.divergences == []
    assert found.not_comparable == []


def test_two_generations_differ_where_they_do() -> None:
    found = compare(plain(BEFORE), plain(AFTER))
    known = by_id(found)
    assert known["lstm/weights"].effect is Effect.ARCHITECTURE
    assert known["lstm/weights"].title == "12 weights in A, 3 in B"
    serious = {one.subject for one in found.divergences if one.effect is not Effect.INFO}
    # Weights were filled by their number in the model: behind one with more of them others stand.
    assert serious == {"lstm", "dense", "saved_model.optimizer"}
    assert "conv/config.class" in known  # Convolution2D and Conv2D are one
    assert known["conv/config.class"].effect is Effect.INFO
    assert not [
        name
        for name in known
        if name.startswith(("conv/parameter.kernel_size", "conv/parameter.nb_", "conv/parameter.padding"))
    ]
    assert found.context["packages"] == [["keras", "1.2.2", "2.2.4"]]


#: Of a change: the id, the effect and the title of what is found.
CHANGES: list[tuple[dict[str, Any], str, str, str]] = [
    ({"arguments": {"units": 3}}, "dense/parameter.units", "architecture", "units is 2 in A, 3 in B"),
    (
        {"arguments": {"units": 2, "activation": "relu"}},
        "dense/parameter.activation",
        "info",
        "activation stands in B's file alone: 'relu'",
    ),
    ({"class_name": "Embedding"}, "dense/presence", "architecture", "the layer dense (Dense) is only in A"),
    (
        {"weights": [weight("kernel", 3, 3), weight("bias", 2)]},
        "dense/weights.kernel",
        "architecture",
        "kernel is [3, 2] in A, [3, 3] in B",
    ),
    ({"weights": [weight("kernel", 3, 2)]}, "dense/weights", "architecture", "2 weights in A, 1 in B"),
    (
        {"weights": [weight("kernel", 3, 2, digest="sha256:2"), weight("bias", 2)]},
        "dense/weights.kernel",
        "results",
        "kernel holds other numbers",
    ),
    (
        {"weights": [weight("bias", 2), weight("kernel", 3, 2)]},
        "dense/weights.order",
        "architecture",
        "its weights are in another order: kernel, bias in A, bias, kernel in B",
    ),
    ({"name": "mine"}, "dense/config.name", "info", "is called mine in B, which counts where weights are loaded by name"),
    (
        {"inbound": [["x", "y"]]},
        "dense/config.inbound",
        "architecture",
        "takes 1 inputs in 1 call in A, 2 inputs in 1 call in B",
    ),
]


@pytest.mark.parametrize(("changed", "identifier", "effect", "title"), CHANGES)
def test_what_differs_is_found(changed: dict[str, Any], identifier: str, effect: str, title: str) -> None:
    found = differs(model(dense(inbound=[["x"]])), model(dense(**{"inbound": [["x"]], **changed})))
    assert identifier in found
    assert (found[identifier].effect.value, found[identifier].title) == (effect, title)


def test_an_argument_explains_the_weights_that_it_changes() -> None:
    other = dense(arguments={"units": 3}, weights=[weight("kernel", 3, 3), weight("bias", 3)])
    found = differs(model(dense()), model(other))
    assert found["dense/parameter.units"].explains == ["dense/weights.bias", "dense/weights.kernel"]
    assert found["dense/weights.kernel"].cause == "dense/parameter.units"


def test_a_weight_that_was_not_read_is_not_comparable() -> None:
    other = dense(weights=[weight("kernel", 3, 2, digest=None), weight("bias", 2)])
    found = compare(model(dense()), model(other))
    assert [(one.id, one.why) for one in found.not_comparable] == [("dense/weights.kernel", "kernel wasn't read in B")]


def test_a_subject_holds_no_slash() -> None:
    found = differs(model(dense("conv1/conv")), model(dense("conv1/conv", arguments={"units": 3})))
    assert list(found) == ["conv1%2Fconv/parameter.units"]


def test_layers_in_layers_are_compared() -> None:
    inner = Layer(name="encoder", class_name="Functional", layers=[dense()])
    other = msgspec.structs.replace(inner, layers=[dense(arguments={"units": 5})])
    assert list(differs(model(inner), model(other))) == ["encoder.dense/parameter.units"]


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ({"loss": "mse"}, {"loss": "mean_squared_error"}, True),
        ({"loss": "mse"}, {"loss": {"class_name": "MeanSquaredError", "config": {}}}, True),
        ({"loss": "mse"}, {"loss": "mae"}, False),
        ({"metrics": ["mae"]}, {"metrics": [[{"class_name": "MeanMetricWrapper", "config": {"fn": "mae"}}]]}, True),
        ({"metrics": ["mae"]}, {"metrics": []}, False),
        ({"metrics": ["mae"]}, {}, True),
    ],
)
def test_losses_and_metrics_are_known_by_all_their_names(a: dict[str, Any], b: dict[str, Any], same: bool) -> None:
    assert (differs(model(dense(), compile=a), model(dense(), compile=b)) == {}) is same


def test_optimizers_differ_in_training() -> None:
    a = model(dense(), optimizer=Optimizer(class_name="SGD", arguments={"lr": 0.1}))
    b = model(dense(), optimizer=Optimizer(class_name="SGD", arguments={"learning_rate": 0.2}))
    (found,) = differs(a, b).values()
    assert (found.id, found.phases) == ("saved_model.optimizer/parameter.learning_rate", ["training"])
    assert list(differs(a, model(dense()))) == ["saved_model.optimizer/presence"]
    adam = model(dense(), optimizer=Optimizer(class_name="Adam"))
    assert list(differs(a, adam)) == ["saved_model.optimizer/config.class"]


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (["dense_1", "dense_2"], ["dense", "dense_1"], [("dense_1", "dense"), ("dense_2", "dense_1")]),
        (["mine", "dense_1"], ["dense_7", "mine"], [("mine", "mine"), ("dense_1", "dense_7")]),
        (["mine"], ["yours"], [("mine", "yours")]),
        (["dense_1", "dense_2"], ["dense"], [("dense_1", "dense"), ("dense_2", None)]),
        (["dense"], ["dense", "more"], [("dense", "dense"), (None, "more")]),
    ],
)
def test_layers_find_each_other(a: list[str], b: list[str], expected: list[tuple[str | None, str | None]]) -> None:
    found = pairs([dense(name) for name in a], [dense(name) for name in b])
    assert [(one and one.name, other and other.name) for one, other in found] == expected


def test_a_name_that_stands_twice_is_told_apart_by_class() -> None:
    twice = [Layer(name="given", class_name="InputLayer"), Layer(name="given", class_name="Lambda")]
    assert pairs(twice, twice) == [(one, one) for one in twice]


@pytest.mark.parametrize(
    ("former", "now"),
    [("Convolution2D", "Conv2D"), ("Deconvolution2D", "Conv2DTranspose"), ("Dense", "Dense"), ("Functional", "Model")],
)
def test_classes_are_known_by_former_names(former: str, now: str) -> None:
    assert kind(former) == now


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_reports_a_comparison_of_models(form: str, kerasdiff: Callable[..., Ran]) -> None:
    done = kerasdiff("compare", MODELS / BEFORE, MODELS / AFTER, "--format", form)
    assert (done.status, done.err) == (1, "")
    assert "lstm" in done.out
    if form == "json":
        document = json.loads(done.out)
        assert document["a"] == {
            "label": str(MODELS / BEFORE),
            "api": "keras",
            "version": "1.2.2",
            "backend": None,
            "backend_version": None,
        }


def test_options_choose_ids_as_in_every_comparison(kerasdiff: Callable[..., Ran]) -> None:
    assert kerasdiff("compare", MODELS / BEFORE, MODELS / AFTER, "--only", "conv").status == 0
    ignored = ["--ignore", "lstm", "--ignore", "dense", "--ignore", "saved_model.*"]
    assert kerasdiff("compare", MODELS / BEFORE, MODELS / AFTER, *ignored).status == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([MODELS / AFTER, path(SMALL)], "is a saved model, the other is none"),
        ([path(SMALL), MODELS / AFTER], "is a saved model, the other is none"),
        ([MODELS / BEFORE, MODELS / AFTER, "--api", "keras"], "saved models have none"),
        ([MODELS / AFTER, "no/such.keras"], "no/such.keras: no such file"),
    ],
)
def test_what_can_t_be_compared_is_refused(arguments: list[object], said: str, kerasdiff: Callable[..., Ran]) -> None:
    assert said in kerasdiff("compare", *arguments).refusal()


def test_a_changed_weight_in_a_real_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "b.h5").write_bytes((MODELS / AFTER).read_bytes())
    with h5py.File(tmp_path / "b.h5", "r+") as file:
        file["model_weights/dense/dense/kernel:0"][0, 0] = 7.0
    found = compare(plain(AFTER), load(tmp_path / "b.h5"))
    assert [one.id for one in found.divergences] == ["dense/weights.kernel"]
