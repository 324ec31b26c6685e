"""What is tried: the remedies of real comparisons, and the cases that show them."""

from __future__ import annotations

import pytest

from kerasdiff.compare.engine import Comparison, compare
from kerasdiff.compare.explain import _tried
from kerasdiff.knowledge.load import Effect
from kerasdiff.knowledge.rules import Restore
from kerasdiff.verify.trial import Trial, families, told, trials
from tests.conftest import compared, fingerprint
from tests.knowledge.fired import comparison

KERAS_3 = ("releases/tensorflow-2.15.1", "releases/keras-3.15.1+tensorflow-2.21.0")


def keras_3() -> Comparison:
    return compare(*map(fingerprint, KERAS_3))


def of(found: list[Trial], subject: str) -> list[Trial]:
    return [one for one in found if one.subject == subject]


@pytest.fixture(scope="module")
def tried() -> list[Trial]:
    return trials(keras_3(), Effect.RESULTS)


def test_a_changed_default_is_its_own_remedy() -> None:
    found = compared("keras-2.3.1+tensorflow-1.15.5", "tensorflow-2.3.4", api_a="tf.keras", api_b="tf.keras")
    assert found["layers.GRU/parameter.reset_after"].restore == {"arguments": {"reset_after": False}}
    assert found["layers.LSTM/parameter.recurrent_activation"].restore == {
        "arguments": {"recurrent_activation": "hard_sigmoid"}
    }


def test_a_renamed_argument_is_none() -> None:
    found = compared("tensorflow-2.15.1", "keras-3.15.1+tensorflow-2.21.0")
    assert found["layers.LeakyReLU/parameter.alpha"].restore is None


def test_what_both_sides_spell_is_restored_in_b_spelling() -> None:
    found = compared("keras-2.3.1+tensorflow-1.15.5", "tensorflow-2.3.4", api_a="keras", api_b="tf.keras")
    assert found["optimizers.Adadelta/parameter.learning_rate"].restore == {"arguments": {"learning_rate": 1.0}}


def test_code_of_a_rule_is_for_the_subjects_that_it_defines() -> None:
    found = {one.id: one for one in keras_3().divergences}
    code = found["activations.hard_sigmoid/case.default@grid.inference"].restore
    assert code is not None
    assert code["code"].startswith("def hard_sigmoid(x)")
    old = {one.id: one for one in comparison("keras-2.3.1+tensorflow-1.15.5:tf.keras", "tensorflow-2.3.4").divergences}
    assert old["losses.cosine_similarity/case.default@binary.inference"].restore is not None
    assert old["losses.CosineSimilarity/case.default@binary.inference"].restore is not None
    assert (
        _tried(
            Restore(code="def cosine_similarity(x):\n    pass\n"), old["losses.CosineSimilarity/case.default@binary.inference"]
        )
        is None
    )


def test_a_remedy_is_tried_once_for_all_divergences_that_have_it(tried: list[Trial]) -> None:
    (one,) = of(tried, "activations.hard_sigmoid")
    assert len(one.shown) > 1
    assert all([shown.id for shown in found] == [identifier] for identifier, found in one.shown.items())
    assert one.is_in_force


def test_a_default_is_shown_by_the_cases_that_it_explains(tried: list[Trial]) -> None:
    (one,) = of(tried, "layers.ConvLSTM2D")
    assert {"layers.ConvLSTM2D/case.default@sequence5d.inference"} <= {
        shown.id for shown in one.shown["layers.ConvLSTM2D/parameter.recurrent_activation"]
    }


def test_what_is_gone_is_shown_by_all_that_a_does(tried: list[Trial]) -> None:
    (one,) = of(tried, "layers.ThresholdedReLU")
    assert "code" in one.restore
    assert {shown.quantity for shown in one.shown["layers.ThresholdedReLU/presence"]} >= {"inference", "gradient"}


def test_methods_are_called_by_no_case(tried: list[Trial]) -> None:
    (one,) = of(tried, "layers.Layer.add_weight")
    assert one.untestable == "it is a method, which no case calls by itself"
    assert not one.is_in_force


def test_defaults_that_do_less_are_put_in_force_beside() -> None:
    first = compare(
        fingerprint("releases/keras-2.3.1+tensorflow-1.15.5"),
        fingerprint("releases/tensorflow-2.3.4"),
        api_a="tf.keras",
        api_b="tf.keras",
    )
    found = of(trials(first, Effect.RESULTS), "layers.GRU")
    assert [one.name for one in found if one.is_beside] == ["layers.GRU(implementation=1)"]
    assert all(one.shown == {} for one in found if one.is_beside)
    all_of_them = of(trials(first, Effect.REPRODUCIBILITY), "layers.GRU")
    assert not any(one.is_beside for one in all_of_them)
    assert families(first, found) == ["layers"]


def test_the_probe_is_told_the_name_in_b() -> None:
    first = compare(fingerprint("releases/keras-1.2.2+theano-1.0.5"), fingerprint("releases/keras-2.2.4+theano-1.0.5"))
    row = Trial("initializations.glorot_uniform", {"arguments": {"seed": 1}}, {}).row(first.b)
    assert row == {"api": "keras", "subject": "initializers.glorot_uniform", "arguments": {"seed": 1}}
    assert Trial("operations.hard_sigmoid", {"code": "x"}, {}).row(first.b)["subject"] == "operations.hard_sigmoid"


def test_families_hold_what_shows_the_remedies(tried: list[Trial]) -> None:
    assert families(keras_3(), of(tried, "utils.to_categorical")) == ["preprocessing"]
    assert {"activations", "operations"} <= set(families(keras_3(), of(tried, "operations.hard_sigmoid")))
    assert families(keras_3(), of(tried, "layers.ThresholdedReLU")) == ["layers"]


@pytest.mark.parametrize(
    ("restore", "words"),
    [
        ({"arguments": {"l1": 0.01, "name": None}}, "l1=0.01, name=None"),
        ({"code": "def helper(x):\n    pass\n\n\ndef f(x):\n    return x\n"}, "def f(x) …"),
        ({"code": "f = keras.optimizers.legacy.f\n"}, "f = keras.optimizers.legacy.f"),
        ({"code": "from keras import f\n"}, "other code"),
    ],
)
def test_a_remedy_in_a_few_words(restore: dict[str, object], words: str) -> None:
    assert told(restore, "layers.f") == words
