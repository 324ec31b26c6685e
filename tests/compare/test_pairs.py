"""What is found between real environments: facts of Keras, each known from its sources or release notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kerasdiff.compare.engine import compare
from kerasdiff.compare.side import Side
from kerasdiff.knowledge.load import Effect
from kerasdiff.knowledge.rules import rule
from tests.conftest import ENVIRONMENTS, compared, fingerprint

if TYPE_CHECKING:
    from kerasdiff.compare.divergence import Divergence

TF1 = "keras-2.3.1+tensorflow-1.15.5"
TF23 = "tensorflow-2.3.4"
TF28 = "tensorflow-2.8.4"
TF210 = "tensorflow-2.10.1"
TF211 = "tensorflow-2.11.1"
TF215 = "tensorflow-2.15.1"
KERAS1 = "keras-1.2.2+theano-1.0.5"
KERAS224 = "keras-2.2.4+tensorflow-1.12.3"
KERAS224_THEANO = "keras-2.2.4+theano-1.0.5"
KERAS311 = "keras-3.11.3+tensorflow-2.20.0"
KERAS315 = "keras-3.15.1+tensorflow-2.21.0"
JAX = "keras-3.15.1+jax-0.12"
TORCH = "keras-3.15.1+torch-2.13"

#: Layers that raise ImportError where TensorFlow isn't installed, on any backend.
NEEDS_TENSORFLOW = ("HashedCrossing", "Hashing", "IntegerLookup", "StringLookup", "TextVectorization")

MEASURABLE = (Effect.BREAKS, Effect.ARCHITECTURE, Effect.RESULTS)


def check_default(found: Divergence, effect: Effect, a: object, b: object) -> None:
    """``found`` says that a default went from ``a`` to ``b``, and how to keep ``a``."""
    name = found.aspect.partition(".")[2]
    assert (found.effect, found.a, found.b) == (effect, a, b)
    assert found.title == f"the default of {name} is {a!r} in A, {b!r} in B"
    known = rule(found.rule) if found.rule else None
    assert found.remedy == (known.remedy if known is not None and known.remedy else f"{name}={a!r}")
    assert name in str(found.remedy)


@pytest.mark.parametrize("symbol", ["layers.LSTM", "layers.LSTMCell", "layers.GRU", "layers.GRUCell"])
def test_recurrent_activation_from_tensorflow_1_to_2_and_back(symbol: str) -> None:
    subject = f"{symbol}/parameter.recurrent_activation"
    there = compared(TF1, TF23, api_a="tf.keras", api_b="tf.keras")
    back = compared(TF23, TF1, api_a="tf.keras", api_b="tf.keras")
    check_default(there[subject], Effect.RESULTS, "hard_sigmoid", "sigmoid")
    check_default(back[subject], Effect.RESULTS, "sigmoid", "hard_sigmoid")


@pytest.mark.parametrize("symbol", ["layers.GRU", "layers.GRUCell"])
def test_reset_after_changes_the_weights_of_gru(symbol: str) -> None:
    subject = f"{symbol}/parameter.reset_after"
    there = compared(TF1, TF23, api_a="tf.keras", api_b="tf.keras")
    back = compared(TF23, TF1, api_a="tf.keras", api_b="tf.keras")
    check_default(there[subject], Effect.ARCHITECTURE, False, True)
    check_default(back[subject], Effect.ARCHITECTURE, True, False)


def test_how_lstm_computes_is_reproducibility_only() -> None:
    found = compared(TF1, TF23, api_a="tf.keras", api_b="tf.keras")["layers.LSTM/parameter.implementation"]
    check_default(found, Effect.REPRODUCIBILITY, 1, 2)


@pytest.mark.parametrize(
    ("optimizer", "keras", "tf_keras"),
    [("Adagrad", 0.01, 0.001), ("Adadelta", 1.0, 0.001), ("Adamax", 0.002, 0.001), ("Nadam", 0.002, 0.001)],
)
def test_learning_rates_of_keras_and_tf_keras_in_one_environment(optimizer: str, keras: float, tf_keras: float) -> None:
    found = compared(TF1, TF1, api_a="keras", api_b="tf.keras")[f"optimizers.{optimizer}/parameter.learning_rate"]
    assert found.effect is Effect.RESULTS
    assert found.title == f"the default of learning_rate is {keras} in A, {tf_keras} in B"
    assert found.remedy == f"learning_rate={keras}"


@pytest.mark.parametrize("optimizer", ["Adam", "RMSprop", "SGD"])
def test_equal_learning_rates_of_keras_and_tf_keras_are_no_finding(optimizer: str) -> None:
    assert f"optimizers.{optimizer}/parameter.learning_rate" not in compared(TF1, TF1, api_a="keras", api_b="tf.keras")


def test_lstm_of_keras_and_of_tf_keras_in_one_environment() -> None:
    found = compared(TF1, TF1, api_a="keras", api_b="tf.keras")["layers.LSTM/parameter.recurrent_activation"]
    check_default(found, Effect.RESULTS, "sigmoid", "hard_sigmoid")


@pytest.mark.parametrize("symbol", ["layers.ConvLSTM1D", "layers.ConvLSTM2D", "layers.ConvLSTM3D"])
def test_recurrent_activation_of_convolutional_lstm_in_keras_3(symbol: str) -> None:
    check_default(
        compared(TF215, KERAS311)[f"{symbol}/parameter.recurrent_activation"], Effect.RESULTS, "hard_sigmoid", "sigmoid"
    )


def test_learning_rate_of_lion_in_keras_3() -> None:
    found = compared(TF215, KERAS311)["optimizers.Lion/parameter.learning_rate"]
    assert found.effect is Effect.RESULTS
    assert found.title == "the default of learning_rate is 0.0001 in A, 0.001 in B"


@pytest.mark.parametrize("name", ["l1", "l2"])
def test_l1_l2_regularizes_nothing_by_default_in_keras_3(name: str) -> None:
    check_default(compared(TF215, KERAS311)[f"regularizers.l1_l2/parameter.{name}"], Effect.RESULTS, 0.01, 0.0)


def test_alpha_of_leaky_relu_has_another_name_in_keras_3() -> None:
    found = compared(TF215, KERAS311)
    assert found["layers.LeakyReLU/parameter.alpha"].effect is Effect.RESULTS  # **kwargs takes the old name
    assert found["layers.LeakyReLU/parameter.alpha"].b == "negative_slope"
    assert found["layers.LeakyReLU/parameter.alpha"].remedy == "negative_slope=…"
    assert found["activations.relu/parameter.alpha"].effect is Effect.BREAKS  # nothing takes the old name
    assert "layers.LeakyReLU/parameter.negative_slope" not in found


@pytest.mark.parametrize("optimizer", ["SGD", "Adam", "RMSprop", "Adagrad"])
def test_lr_has_another_name_in_keras_2_3(optimizer: str) -> None:
    found = compared(KERAS224, TF1)[f"optimizers.{optimizer}/parameter.lr"]
    assert (found.a, found.b) == ("lr", "learning_rate")
    assert "learning_rate=…" in str(found.remedy)
    assert found.effect is Effect.INFO  # the old name is taken, as KD rules know where nothing measures it


@pytest.mark.parametrize("layer", ["Dense", "LSTM", "GRU"])
def test_output_dim_is_called_units_in_keras_2(layer: str) -> None:
    found = compared(KERAS1, KERAS224_THEANO)[f"layers.{layer}/parameter.output_dim"]
    assert (found.a, found.b) == ("output_dim", "units")


def test_what_dense_does_by_default_stayed_through_all_releases() -> None:
    for a, b in ((KERAS224, TF1), (TF1, TF215), (TF23, TF215), (TF215, KERAS311), (KERAS311, TORCH)):
        worse = [
            found.id for found in compared(a, b).values() if found.subject == "layers.Dense" and found.effect in MEASURABLE
        ]
        assert worse == []


@pytest.mark.parametrize("method", ["get_weights", "add_slot", "get_updates"])
def test_the_new_optimizers_of_tensorflow_2_11_lack_methods(method: str) -> None:
    found = compared(TF210, TF211)[f"optimizers.Optimizer.{method}/presence"]
    assert (found.effect, found.b) == (Effect.BREAKS, None)


def test_layers_that_keras_3_lacks_break() -> None:
    found = compared(TF215, KERAS311)
    for layer in ("LocallyConnected1D", "ThresholdedReLU", "DenseFeatures"):
        assert found[f"layers.{layer}/presence"].effect is Effect.BREAKS
    assert found["estimator/presence"].effect is Effect.BREAKS


def test_what_only_b_has_is_information() -> None:
    found = compared(TF28, KERAS315)
    assert "optimizers.Lion/presence" in found
    new = [one for one in found.values() if one.aspect == "presence" and one.a is None]
    assert len(new) > 100
    assert {one.effect for one in new} == {Effect.INFO}


@pytest.mark.parametrize(
    "alias", ["layers.MaxPool2D", "layers.Conv2DTranspose", "layers.AvgPool2D", "metrics.mse", "losses.MSE"]
)
def test_aliases_are_no_findings(alias: str) -> None:
    assert Side(fingerprint(TF215)).canonical(alias)
    for b in (TF28, KERAS311):
        there = Side(fingerprint(b)).canonical(alias)
        found = [one for one in compared(TF215, b).values() if one.subject == alias and one.effect in MEASURABLE]
        assert (there is None) == bool(found), alias


def test_an_alias_points_to_one_comparison_only() -> None:
    for pair in ((TF215, KERAS311), (TF1, TF23), (TF28, TF210)):
        found = compared(*pair)
        canonical = Side(fingerprint(pair[0])).canonical
        doubled = [
            one for one in found.values() if one.aspect != "presence" and canonical(one.subject) not in (None, one.subject)
        ]
        # An alias is named itself only where B has split the object into several.
        for one in doubled:
            side = Side(fingerprint(pair[1]))
            assert side.canonical(one.subject) != side.canonical(str(canonical(one.subject)))


def test_rounding_to_float32_is_no_finding() -> None:
    a, b = Side(fingerprint(TF210)), Side(fingerprint(TF211))
    rounded = set()
    for name in ("Adam", "Adagrad", "SGD", "Nadam", "RMSprop"):
        one, other = a.symbol(f"optimizers.{name}").config, b.symbol(f"optimizers.{name}").config
        assert one
        assert other
        if one["learning_rate"] != other["learning_rate"]:  # the same number, once as a double and once at float32
            rounded.add(f"optimizers.{name}/parameter.learning_rate")
    assert rounded
    assert rounded.isdisjoint(compared(TF210, TF211))


@pytest.mark.parametrize(("b", "backend"), [(JAX, "jax"), (TORCH, "torch")])
def test_another_backend_is_explained_by_its_variable(b: str, backend: str) -> None:
    found = compared(KERAS315, b)
    setting, variable = found["settings.backend/value"], found["environment.KERAS_BACKEND/value"]
    assert (setting.a, setting.b, setting.effect) == ("tensorflow", backend, Effect.RESULTS)
    assert (variable.a, variable.b, variable.effect) == (None, backend, Effect.RESULTS)
    assert setting.cause == variable.id
    assert setting.id in variable.explains
    breaks = {one.id for one in found.values() if one.effect is Effect.BREAKS and one.subject.startswith("layers.")}
    assert breaks == {f"layers.{name}/instance" for name in NEEDS_TENSORFLOW}


@pytest.mark.parametrize(
    ("a", "b", "lost"),
    [
        (KERAS224_THEANO, KERAS224, set()),
        (KERAS224, KERAS224_THEANO, {"layers.CuDNNGRU/instance", "layers.CuDNNLSTM/instance"}),  # of TensorFlow only
        (KERAS315, JAX, {f"layers.{name}/instance" for name in NEEDS_TENSORFLOW}),
        (JAX, TORCH, set()),
        (TORCH, KERAS315, set()),
    ],
)
def test_layers_take_the_same_on_every_backend(a: str, b: str, lost: set[str]) -> None:
    found = [one for one in compared(a, b).values() if one.effect in MEASURABLE]
    # Methods of the base class aside: on Torch it is a torch.nn.Module too.
    assert {
        one.id for one in found if one.subject.startswith("layers.") and not one.subject.startswith("layers.Layer.")
    } == lost


def test_the_api_that_people_use_is_compared() -> None:
    apis = {name: Side(fingerprint(name)).api_name for name in ENVIRONMENTS}
    assert {name for name, api in apis.items() if api == "tf.keras"} == {
        name for name in ENVIRONMENTS if name.startswith("tensorflow-2.")
    }
    assert {name for name, api in apis.items() if api == "keras"} == {
        name for name in ENVIRONMENTS if name.startswith("keras-")
    }


def test_methods_that_are_passed_on_are_found_once() -> None:
    found = compared(KERAS315, JAX)
    first, passed_on = found["models.Model.train_step/positions"], found["models.Sequential.train_step/positions"]
    assert passed_on.cause == first.id
    assert first.explains == [passed_on.id]


def test_the_order_of_positions_matters_where_people_use_it() -> None:
    found = compared(KERAS315, JAX)["models.Model.train_step/positions"]
    assert found.effect is Effect.RESULTS
    assert found.title == "by position, argument 1 is data in A, state in B"
    late = compared(TF1, TF23, api_a="tf.keras", api_b="tf.keras")["layers.LSTM/positions"]
    assert late.effect is Effect.INFO  # nobody writes 23 arguments without names


def test_versions_are_context_and_no_findings() -> None:
    found = compare(fingerprint(TF210), fingerprint(TF211))
    packages = {name: (a, b) for name, a, b in found.context["packages"]}
    assert packages["keras"] == ("2.10.0", "2.11.0")
    assert not any(one.subject.startswith(("packages.", "runtime.")) for one in found.divergences)


def test_the_stack_is_told_before_other_packages() -> None:
    a, b = fingerprint(TF1), fingerprint(KERAS315)
    names = [name for name, _, _ in compare(a, b).context["packages"]]
    in_stack = [any(name in one.distributions and one.distributions[name].stack for one in (a, b)) for name in names]
    assert in_stack == sorted(in_stack, reverse=True)
    assert "keras" in names[: sum(in_stack)]


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_does_not_differ_from_itself(name: str) -> None:
    whole = fingerprint(name)
    for api in whole.apis:
        found = compare(whole, whole, api_a=api, api_b=api)
        assert found.divergences == []
        assert found.not_comparable == []
        assert found.context["packages"] == found.context["runtime"] == []
        assert found.coverage["symbols"] == found.coverage["compared"] == len(whole.apis[api].symbols)
