"""What is no symbol is compared as well: training, saving, operations, and libraries around Keras; on the shipped releases."""

from __future__ import annotations

import functools
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from kerasdiff.compare.engine import compare
from kerasdiff.compare.side import Side
from kerasdiff.fingerprint.load import check
from kerasdiff.knowledge.load import Effect
from kerasdiff.probe import canonical
from tests.conftest import COMPLETE, fingerprint, raw

if TYPE_CHECKING:
    from kerasdiff.compare.divergence import Divergence

THEANO = "keras-2.2.4+theano-1.0.5"
KERAS_2_2 = "keras-2.2.4+tensorflow-1.12.3"
KERAS_2_3 = "keras-2.3.1+tensorflow-1.15.5"
KERAS_3 = "keras-3.15.1+tensorflow-2.21.0"


@functools.cache
def found(a: str, b: str, api_a: str | None = None, api_b: str | None = None) -> dict[str, Divergence]:
    comparison = compare(fingerprint(f"releases/{a}"), fingerprint(f"releases/{b}"), api_a=api_a, api_b=api_b)
    return {one.id: one for one in comparison.divergences}


def size(one: Divergence) -> float:
    assert one.size is not None
    scaled = one.size["scaled"]
    assert isinstance(scaled, float)
    return scaled


@pytest.mark.parametrize("call", ["default_up", "default_down", "bicubic"])
def test_pixels_have_their_centre_at_a_half_since_tensorflow_2(call: str) -> None:
    one = found(KERAS_2_3, "tensorflow-2.3.4")[f"tf.image.resize/case.{call}.result"]
    assert one.effect is Effect.RESULTS
    assert size(one) > 0.1


def test_the_history_calls_accuracy_by_its_whole_name_since_2_3() -> None:
    one = found(KERAS_2_2, KERAS_2_3, "keras", "keras")["training.fit/case.cnn.history"]
    assert one.effect is Effect.BREAKS
    assert one.title == "cnn: the keys of the history are acc, loss in A, accuracy, loss in B"


def test_a_masked_loss_is_the_mean_of_what_counts_since_2_11() -> None:
    differing = found("tensorflow-2.10.1", "tensorflow-2.11.1")
    for name in ("training.evaluate/case.masked_metric_mae.result", "training.train_on_batch/case.masked.updated"):
        assert differing[name].effect is Effect.RESULTS
        assert size(differing[name]) > 0.01


def test_fit_visits_the_samples_in_another_order_by_generation() -> None:
    one = found(KERAS_2_3, "tensorflow-2.3.4", "keras")["training.fit/case.shuffled.order"]
    assert one.effect is Effect.REPRODUCIBILITY
    assert "training.fit/case.shuffled.order" not in found("tensorflow-2.8.4", "tensorflow-2.10.1")


def test_a_frozen_batch_normalization_infers_since_tensorflow_2() -> None:
    one = found(KERAS_2_3, "tensorflow-2.3.4", "tf.keras")["training.train_on_batch/case.frozen_batch_normalization.result"]
    assert one.effect is Effect.RESULTS
    assert size(one) > 0.01


def test_what_is_saved_without_an_extension_differs_by_generation() -> None:
    folder = found(KERAS_2_3, "tensorflow-2.3.4", "tf.keras")["saving.save/case.without_extension.files"]
    assert folder.effect is Effect.INFO
    assert "model: HDF5" in folder.a
    assert "model/saved_model.pb" in folder.b
    refused = found("tensorflow-2.15.1", KERAS_3)["saving.save/case.without_extension.restored"]
    assert (refused.effect, refused.b) == (Effect.BREAKS, "ValueError")


def test_a_model_compiled_by_the_name_of_its_loss_does_not_come_back_from_h5_in_keras_3() -> None:
    one = found("tensorflow-2.15.1", KERAS_3)["saving.save/case.h5_compiled_with_mse.restored"]
    assert one.effect is Effect.BREAKS


def test_names_of_layers_and_weights_are_told() -> None:
    one = found("tensorflow-2.15.1", KERAS_3)["saving.model/case.names.layer_names"]
    assert one.effect is Effect.INFO
    assert "conv2d/kernel:0" in one.a
    assert "kernel" in one.b


def test_numpy_2_promotes_by_type_alone() -> None:
    differing = found("tensorflow-2.15.1", KERAS_3)
    one = differing["numpy.promotion/case.float32_scalar_and_float.result"]
    assert (one.effect, one.a, one.b) == (Effect.RESULTS, ["float64"], ["float32"])
    assert differing["numpy.promotion/case.uint8_out_of_range.result"].effect is Effect.BREAKS


def test_an_alias_of_numpy_that_came_back_breaks_nothing() -> None:
    gone = found("tensorflow-2.3.4", "tensorflow-2.15.1")["numpy.alias.bool/case.presence.presence"]
    back = found("tensorflow-2.15.1", KERAS_3)["numpy.alias.bool/case.presence.presence"]
    assert (gone.effect, back.effect) == (Effect.BREAKS, Effect.INFO)


def test_what_only_a_refuses_is_told_and_breaks_nothing() -> None:
    """Later releases take datasets that aren't in a tuple."""
    one = found("tensorflow-2.8.4", "tensorflow-2.15.1")["tf.data.Dataset.zip/case.separate_arguments.result"]
    assert (one.effect, one.a, one.b) == (Effect.INFO, "AttributeError", "value")
    assert one.title == "separate_arguments: result raises AttributeError in A, not in B"


def test_operations_of_the_backend_tell_that_theano_flips_kernels() -> None:
    one = found(THEANO, KERAS_2_2, "keras", "keras")
    assert any(name.startswith("operations.conv2d/") and part.effect is Effect.RESULTS for name, part in one.items())


def curves(document: dict[str, Any], factor: float) -> dict[str, Any]:
    """A fingerprint whose curves go another way."""
    changed = deepcopy(document)
    for api in changed["apis"].values():
        for cases in api.get("training", {}).values():
            for case in cases.values():
                for part in case.get("curve", {}).get("parts", []):
                    part["values"] = [value * factor for value in part["values"]]
    changed["digests"] = canonical.digests(changed)
    return changed


@pytest.mark.parametrize(("factor", "effects"), [(1 + 1e-5, set()), (1.5, {Effect.INFO})])
def test_curves_never_decide(factor: float, effects: set[Effect]) -> None:
    document = raw("releases/tensorflow-2.15.1")
    comparison = compare(check(document, "a"), check(curves(document, factor), "b"))
    assert {one.effect for one in comparison.divergences} == effects
    assert comparison.not_comparable == []


@pytest.mark.parametrize("name", COMPLETE)
def test_what_an_api_shares_with_another_is_compared_for_both(name: str) -> None:
    """TensorFlow 2.8's ``keras`` has the models of ``tf.keras``, and is measured with them."""
    known = fingerprint(name)
    for api, facts in known.apis.items():
        side = Side(known, api)
        if side.canonical("models.Model") is not None and facts.state == "value":
            assert "training.fit" in side.subjects(), api
            assert "saving.save" in side.subjects(), api
            assert "numpy.promotion" in side.subjects()


def test_a_subject_that_one_side_lacks_is_no_finding() -> None:
    document = raw("releases/tensorflow-2.15.1")
    without = deepcopy(document)
    without["libraries"].pop("data")
    for api in without["apis"].values():
        api.get("training", {}).pop("fit", None)
    without["digests"] = canonical.digests(without)
    assert compare(check(document, "a"), check(without, "b")).divergences == []
    assert compare(check(without, "a"), check(document, "b")).divergences == []
