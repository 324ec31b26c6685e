"""What was measured decides: on the releases that the package ships."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pytest

from kerasdiff.compare.cases import compare as compare_cases
from kerasdiff.compare.engine import Comparison, compare
from kerasdiff.fingerprint.document import Symbol
from kerasdiff.knowledge.load import Effect
from tests.conftest import COMPLETE, fingerprint

if TYPE_CHECKING:
    from kerasdiff.compare.divergence import Divergence


@functools.cache
def pair(a: str, b: str, api_a: str | None = None, api_b: str | None = None) -> Comparison:
    return compare(fingerprint(f"releases/{a}"), fingerprint(f"releases/{b}"), api_a=api_a, api_b=api_b)


def measured(found: Comparison, family: str) -> dict[str, Divergence]:
    return {one.id: one for one in found.divergences if one.evidence == "measured" and one.subject.startswith(f"{family}.")}


def subjects(divergences: dict[str, Divergence], *effects: Effect) -> set[str]:
    return {one.subject for one in divergences.values() if one.effect in effects}


def test_the_new_optimizers_of_2_11_differ_where_they_were_rewritten_only() -> None:
    found = measured(pair("tensorflow-2.10.1", "tensorflow-2.11.1"), "optimizers")
    trajectories = {name: one for name, one in found.items() if name.endswith(".training")}
    dense = {name: one for name, one in trajectories.items() if "case.default@" in name or "case.momentum@" in name}
    assert subjects(dense, Effect.RESULTS) == {
        "optimizers.Nadam",
        "optimizers.RMSprop",
        "optimizers.experimental.RMSprop",
    }
    # The pinned epsilon of Adagrad moved into the root, and Ftrl leaves alone what a sparse gradient doesn't touch.
    assert "optimizers.Adagrad/case.pinned@1d.training" in trajectories
    assert "optimizers.Ftrl/case.sparse@1d.training" in trajectories
    nadam = trajectories["optimizers.Nadam/case.default@1d.training"]
    assert nadam.size is not None
    assert nadam.size["scaled"] == pytest.approx(0.0844, abs=1e-3)


def test_lr_is_ignored_in_silence_from_2_11_on() -> None:
    found = measured(pair("tensorflow-2.10.1", "tensorflow-2.11.1"), "optimizers")
    outcome = found["optimizers.SGD/case.argument-lr@1d.outcome"]
    assert (outcome.a, outcome.b, outcome.effect) == ("honoured", "ignored", Effect.RESULTS)


def test_losses_know_masks_from_2_11_on() -> None:
    found = measured(pair("tensorflow-2.10.1", "tensorflow-2.11.1"), "losses")
    assert {one.aspect for one in found.values()} == {"case.masked@masked.inference"}


@pytest.mark.parametrize("family", ["layers", "activations", "metrics", "regularizers", "constraints"])
def test_nothing_else_changed_its_numbers_from_2_10_to_2_11(family: str) -> None:
    found = measured(pair("tensorflow-2.10.1", "tensorflow-2.11.1"), family)
    found = {identifier: one for identifier, one in found.items() if one.subject != "layers.Normalization"}
    assert subjects(found, Effect.BREAKS, Effect.ARCHITECTURE, Effect.RESULTS) == set()


def test_an_inverted_normalization_was_mended_in_2_11() -> None:
    found = measured(pair("tensorflow-2.10.1", "tensorflow-2.11.1"), "layers")
    assert [(one.id, one.effect) for one in found.values() if one.subject == "layers.Normalization"] == [
        ("layers.Normalization/case.inverted@2d.inference", Effect.RESULTS)
    ]


def test_hard_sigmoid_has_another_slope_in_keras_3() -> None:
    found = measured(pair("tensorflow-2.15.1", "keras-3.15.1+tensorflow-2.21.0"), "activations")
    assert "activations.hard_sigmoid" in subjects(found, Effect.RESULTS)
    layers = measured(pair("tensorflow-2.15.1", "keras-3.15.1+tensorflow-2.21.0"), "layers")
    assert layers["layers.LSTM/case.hard@3d.inference"].effect is Effect.RESULTS
    assert "layers.LSTM/case.default@3d.inference" not in layers


def test_batch_normalization_keeps_its_defaults_and_changes_its_variance_on_4d_input_only() -> None:
    found = measured(pair("tensorflow-2.15.1", "keras-3.15.1+tensorflow-2.21.0"), "layers")
    moved = {
        one.aspect for one in found.values() if one.subject == "layers.BatchNormalization" and one.effect is Effect.RESULTS
    }
    assert "case.momentum_0@small4d.state" in moved
    assert not any("@2d" in aspect or "@3d" in aspect for aspect in moved)


def test_the_bias_of_gru_has_another_shape_since_it_resets_after() -> None:
    found = measured(pair("keras-2.3.1+tensorflow-1.15.5", "tensorflow-2.3.4", "keras", "tf.keras"), "layers")
    weights = found["layers.GRU/case.default@3d.weights"]
    assert weights.effect is Effect.ARCHITECTURE
    assert [shape for _, shape in weights.a] == [[3, 12], [4, 12], [12]]
    assert [shape for _, shape in weights.b] == [[3, 12], [4, 12], [2, 12]]


@pytest.mark.parametrize(
    ("subject", "quantity", "effect"),
    [
        ("layers.Conv2D", "inference", Effect.ARCHITECTURE),
        ("utils.to_categorical", "result", Effect.RESULTS),
        ("operations.conv2d", "result", Effect.RESULTS),
        ("training.fit", "curve", Effect.INFO),
    ],
)
def test_another_shape_of_what_a_layer_gives_is_another_architecture(subject: str, quantity: str, effect: Effect) -> None:
    sides = [
        Symbol(
            kind="class",
            cases={"same": {"revision": "1", quantity: {"state": "value", "shape": [size], "values": [0.5] * size}}},
        )
        for size in (2, 3)
    ]
    (one,) = compare_cases(subject, sides[0], sides[1]).divergences
    assert one.effect is effect


def test_lstm_drops_other_inputs_at_each_step_or_the_same_at_all() -> None:
    found = measured(pair("tensorflow-2.15.1", "keras-3.15.1+tensorflow-2.21.0"), "layers")
    shared = found["layers.LSTM/case.dropout@steps3d.shared"]
    assert (shared.effect, shared.a, shared.b) == (Effect.RESULTS, [0, 0, 0], [0, 1, 0])


def test_theano_flips_kernels() -> None:
    found = measured(pair("keras-2.2.4+theano-1.0.5", "keras-2.2.4+tensorflow-1.12.3", "keras", "keras"), "layers")
    for layer in ("Conv1D", "Conv2D", "Conv3D"):
        flipped = [one for one in found.values() if one.subject == f"layers.{layer}" and one.aspect.endswith(".inference")]
        assert any(one.effect is Effect.RESULTS and "case.default@" in one.aspect for one in flipped), layer
    assert not any(one.subject == "layers.Dense" and one.effect is Effect.RESULTS for one in found.values())


def test_the_default_of_l1_l2_is_nothing_in_keras_3() -> None:
    found = measured(pair("tensorflow-2.15.1", "keras-3.15.1+tensorflow-2.21.0"), "regularizers")
    changed = found["regularizers.l1_l2/parameter.l1"]
    assert (changed.effect, changed.a, changed.b) == (Effect.RESULTS, 0.01, 0.0)
    assert found["regularizers.l1_l2/case.default@weights.inference"].cause == changed.id


@pytest.mark.parametrize(("a", "b"), [("tensorflow-2.3.4", "tensorflow-2.8.4"), ("tensorflow-2.8.4", "tensorflow-2.10.1")])
def test_tensorflow_2_8_alone_draws_other_seeded_weights(a: str, b: str) -> None:
    draw = "initializers.GlorotUniform/case.seeded@2d.draw"
    found = measured(pair(a, b), "initializers")
    assert found[draw].effect is Effect.REPRODUCIBILITY
    assert not any(one.aspect.endswith(".distribution") for one in found.values())
    assert draw not in measured(pair("tensorflow-2.3.4", "tensorflow-2.10.1"), "initializers")


def test_bilinear_upsampling_samples_elsewhere_since_tensorflow_2() -> None:
    found = measured(pair("keras-2.3.1+tensorflow-1.15.5", "tensorflow-2.3.4", "keras", "tf.keras"), "layers")
    moved = found["layers.UpSampling2D/case.bilinear@4d.inference"]
    assert moved.effect is Effect.RESULTS
    assert moved.size is not None
    assert moved.size["scaled"] > 0.1


def test_a_fingerprint_agrees_with_itself() -> None:
    for release in COMPLETE:
        for api in fingerprint(release).apis.values():
            for name, symbol in api.symbols.items():
                outcome = compare_cases(name, symbol, symbol)
                assert (outcome.divergences, outcome.unknown) == ([], [])


def found(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Divergence]:
    a, b = (Symbol(kind="class", cases={"default@2d": case}) for case in (one, other))
    return {part.aspect: part for part in compare_cases("layers.X", a, b).divergences}


def test_what_becomes_of_an_argument_in_some_runs_only_is_no_break() -> None:
    stable: dict[str, Any] = {"outcome": {"state": "value", "value": "honoured"}}
    unstable = {"outcome": {"state": "unstable"}}
    for one, other in ((stable, unstable), (unstable, stable)):
        assert found(one, other)["case.default@2d.outcome"].effect is Effect.REPRODUCIBILITY
    assert found(unstable, unstable) == {}


def test_integers_beyond_all_floats_are_compared() -> None:
    huge, small = ({"inference": {"state": "value", "values": [number, 0.5]}} for number in (10**400, 1))
    assert found(huge, huge) == {}
    size = found(huge, small)["case.default@2d.inference"].size
    assert size == {"case": "default@2d", "scaled": "inf", "max_abs": "inf", "tolerance": 1e-6}


def test_a_case_measured_in_another_way_is_not_comparable() -> None:
    one = Symbol(kind="class", cases={"default@2d": {"revision": "a"}})
    other = Symbol(kind="class", cases={"default@2d": {"revision": "b"}})
    assert [identifier for identifier, _ in compare_cases("layers.X", one, other).unknown] == ["layers.X/case.default@2d"]


def test_initializers_of_keras_1_are_compared_with_those_of_keras_2() -> None:
    found = {one.id: one for one in pair("keras-1.2.2+theano-1.0.5", "keras-2.2.4+theano-1.0.5").divergences}
    gain = found["initializations.orthogonal/case.seeded@2d.distribution"]
    assert gain.effect is Effect.RESULTS
    assert gain.size is not None
    assert gain.size["scaled"] == pytest.approx(0.0909, abs=1e-3)  # 1.1 became 1
    assert found["initializations.he_normal/case.seeded@2d.kurtosis"].effect is Effect.RESULTS  # truncated
    assert found["initializations.he_normal/case.seeded@2d.draw"].effect is Effect.REPRODUCIBILITY
    assert found["initializations/presence"].remedy == "initializers"
    assert found["initializations.orthogonal/parameter.scale"].cause == "initializations/presence"


def test_what_becomes_of_an_old_name_decides_what_its_renaming_does() -> None:
    keras_2 = {one.id: one for one in pair("keras-1.2.2+theano-1.0.5", "keras-2.2.4+theano-1.0.5").divergences}
    honoured = keras_2["layers.Dense/parameter.output_dim"]
    assert (honoured.effect, honoured.evidence) == (Effect.INFO, "measured")
    assert honoured.title == "output_dim is called units in B; by its old name it is honoured"
    tensorflow = {one.id: one for one in pair("keras-1.2.2+theano-1.0.5", "tensorflow-2.3.4").divergences}
    refused = tensorflow["layers.Dense/parameter.output_dim"]
    assert (refused.effect, refused.evidence) == (Effect.BREAKS, "measured")
    keras_3 = {one.id: one for one in pair("tensorflow-2.15.1", "keras-3.15.1+tensorflow-2.21.0").divergences}
    assert keras_3["layers.LeakyReLU/parameter.alpha"].effect is Effect.INFO


def test_a_parameter_that_only_b_has_may_be_why_results_differ() -> None:
    found = {
        one.id: one
        for one in pair("keras-2.3.1+tensorflow-1.15.5", "keras-2.3.1+tensorflow-1.15.5", "keras", "tf.keras").divergences
    }
    new = found["optimizers.Adagrad/parameter.initial_accumulator_value"]
    assert (new.effect, new.evidence, new.b) == (Effect.RESULTS, "declared", 0.1)
    assert new.title.endswith("is new in B, and may be why results differ")
    assert found["optimizers.Adagrad/case.large@1d.training"].effect is Effect.RESULTS


def test_a_changed_default_explains_every_call_that_leaves_it_to_itself() -> None:
    found = {one.id: one for one in pair("keras-2.3.1+tensorflow-1.15.5", "tensorflow-2.3.4", "tf.keras").divergences}
    cause = found["layers.GRU/parameter.reset_after"]
    assert (cause.effect, cause.evidence) == (Effect.ARCHITECTURE, "measured")
    caused = {name for name, one in found.items() if one.cause == cause.id}
    assert {"layers.GRU/case.default@3d.weights", "layers.GRU/case.sequences@3d.weights"} <= caused


def test_what_raises_agrees_with_nothing() -> None:
    """A default changed, and A's cases raise: nothing says that it does nothing."""
    number = {"state": "value", "shape": [1], "dtype": "float32", "values": [0.5]}
    raised = {"state": "error", "type": "AttributeError", "message": "no"}
    cases = [{"default@1d": {"revision": "0a", "training": fact}} for fact in (raised, number)]
    a, b = (Symbol(kind="class", cases=one) for one in cases)
    outcome = compare_cases("optimizers.Muon", a, b)
    assert outcome.agree == {}
    assert [one.effect for one in outcome.divergences] == [Effect.INFO]
    assert compare_cases("optimizers.Muon", b, b).agree == {"default": True}


def test_a_case_with_an_argument_that_the_other_side_lacks_is_another_case() -> None:
    """Keras 1 has no threshold of relu, which the pinned case of Keras 2 sets; the default of what is only in B is the same."""
    comparison = pair("keras-1.2.2+tensorflow-1.4.1", "keras-2.2.4+tensorflow-1.12.3")
    found = {one.id for one in comparison.divergences}
    assert "threshold" in comparison.b.api.symbols["activations.relu"].cases["pinned@grid"]["arguments"]
    assert not any(one.startswith("activations.relu/case.pinned") for one in found)
    assert "layers.ConvLSTM2D/case.pinned@sequence5d.inference" in found
