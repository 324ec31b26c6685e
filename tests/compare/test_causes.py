"""Causes across symbols: found by what a case is made of, on captured fingerprints."""

from __future__ import annotations

import pytest

from kerasdiff.compare import causes
from kerasdiff.compare.divergence import Divergence, divergence
from kerasdiff.compare.side import Side
from kerasdiff.knowledge.load import Effect
from tests.conftest import fingerprint
from tests.knowledge.fired import PAIRS, comparison

RESULTS, BREAKS, INFO = Effect.RESULTS, Effect.BREAKS, Effect.INFO


def found(identifier: str, effect: Effect = RESULTS, phase: str = "inference", scaled: float = 0.1) -> Divergence:
    """A divergence in a measured case, or of a default that was measured to matter."""
    subject, _, aspect = identifier.partition("/")
    size = {"case": "default@2d", "scaled": scaled, "max_abs": scaled, "tolerance": 1e-6}
    return divergence(subject, aspect, effect, "differs", evidence="measured", size=size, phases=[phase])


def traced(*divergences: Divergence) -> dict[str, str | None]:
    """The cause of each divergence, in TensorFlow 2.15."""
    side = Side(fingerprint("releases/tensorflow-2.15.1"))
    return {one.id: one.cause for one in causes.trace({one.id: one for one in divergences}, side).values()}


ACTIVATION = "activations.hard_sigmoid/case.default@grid.inference"
LSTM = "layers.LSTM/case.default@3d.inference"


@pytest.mark.parametrize(
    ("cause", "effect"),
    [
        # by the argument that the case gives, and by a default
        (ACTIVATION, "layers.LSTMCell/case.hard@3d.inference"),
        (ACTIVATION, "layers.ConvLSTM2D/case.default@sequence5d.inference"),
        ("activations.tanh/case.default@small.inference", LSTM),
        # by the object that it wraps
        (LSTM, "layers.Bidirectional/case.lstm@3d.inference"),
        ("layers.LSTM/parameter.use_bias", "layers.Bidirectional/case.lstm@3d.training"),
        # by the function of the same name, and by the cell
        ("losses.huber/case.default@ranks.inference", "losses.Huber/case.default@ranks.inference"),
        ("operations.hard_sigmoid/case.grid.result", ACTIVATION),
        ("layers.GRUCell/case.hard@3d.inference", "layers.GRU/case.hard@3d.inference"),
        # by what an end-to-end model is made of
        ("layers.BatchNormalization/case.default@2d.state", "training.train_on_batch/case.batch_normalization.updated"),
        ("optimizers.SGD/case.clipnorm@1d.training", "training.train_on_batch/case.clipnorm.updated"),
        ("layers.LSTM/parameter.activation", "training.evaluate/case.masked_metric_mae.result"),
        ("losses.mse/case.default@regression.inference", "training.train_on_batch/case.three_calls.result"),
    ],
)
def test_a_case_is_explained_by_what_it_is_made_of(cause: str, effect: str) -> None:
    phase = "training" if effect.endswith((".training", ".updated", ".result")) else "inference"
    early = phase if cause.endswith((".state", "@1d.training")) else "inference"
    cause = cause.replace("losses.mse", "losses.mean_squared_error")
    assert traced(found(cause, phase=early), found(effect, phase=phase)) == {cause: None, effect: cause}


@pytest.mark.parametrize(
    ("cause", "effect"),
    [
        # the case gives another activation; a pinned one names its own
        (ACTIVATION, LSTM),
        ("activations.softsign/case.default@grid.inference", LSTM),
        # infinities are no usual input, and neither are wrong ranks
        ("activations.tanh/case.default@infinite.inference", LSTM),
        ("losses.mean_squared_error/case.default@ranks.inference", "training.evaluate/case.sample_weight.result"),
        # the same name, but another input
        ("losses.huber/case.default@edges.inference", "losses.Huber/case.default@ranks.inference"),
        # an argument that the model doesn't leave to its default, a call that it doesn't make, a rank that it doesn't have
        ("layers.LSTM/parameter.recurrent_activation", "training.evaluate/case.masked_metric_mae.result"),
        ("optimizers.SGD/case.clipnorm@1d.training", "training.train_on_batch/case.clipvalue.updated"),
        ("optimizers.SGD/case.argument-lr@1d.outcome", "training.train_on_batch/case.masked.updated"),
        ("layers.BatchNormalization/case.default@4d.state", "training.train_on_batch/case.batch_normalization.updated"),
        ("layers.Dense/case.float64_input@2d.inference", "training.evaluate/case.sample_weight.result"),
        # initial weights are overwritten before anything else is measured
        ("initializers.GlorotUniform/case.default@2d.draw", LSTM),
        # what isn't a number that comes out
        ("layers.Conv2D/case.default@4d.inference", "training.fit/case.cnn.history"),
    ],
)
def test_what_a_case_is_not_made_of_does_not_explain_it(cause: str, effect: str) -> None:
    assert traced(found(cause), found(effect)) == {cause: None, effect: None}


SETTING = divergence(
    "settings.image_data_format", "value", Effect.ARCHITECTURE, "is another", "channels_last", "channels_first"
)


@pytest.mark.parametrize(
    ("effect", "is_reached"),
    [
        ("layers.Conv2D/case.default@4d.inference", True),
        ("layers.SpatialDropout2D/case.chance@ones4d.shared", True),
        ("operations.conv2d/case.default.result", True),
        ("preprocessing.image.img_to_array/case.default.result", True),
        # the case gives the data format; the layer has none; an argument's fate is no setting's
        ("layers.Conv2D/case.pinned@4d.inference", False),
        ("layers.Dense/case.default@2d.inference", False),
        ("operations.relu/case.default.result", False),
        ("layers.Conv2D/case.argument-dim_ordering@config.outcome", False),
    ],
)
@pytest.mark.parametrize("worst", [BREAKS, RESULTS])
def test_a_setting_explains_what_is_left_to_it(effect: str, is_reached: bool, worst: Effect) -> None:
    assert traced(SETTING, found(effect, worst))[effect] == (SETTING.id if is_reached else None)
    assert traced(found(effect, worst))[effect] is None


def test_a_cause_is_as_bad_and_as_early_as_what_it_explains() -> None:
    inner, outer = LSTM, "layers.Bidirectional/case.lstm@3d.inference"
    assert traced(found(inner), found(outer))[outer] == inner
    assert traced(found(inner, Effect.REPRODUCIBILITY), found(outer))[outer] is None
    assert traced(found(inner), found(outer, BREAKS))[outer] is None
    assert traced(found(inner, BREAKS), found(outer))[outer] is None
    assert traced(found(inner, INFO), found(outer, INFO))[outer] is None
    assert traced(found(inner, phase="training"), found(outer))[outer] is None
    assert traced(found(inner, phase="construction"), found(outer))[outer] == inner


def test_the_first_cause_is_told_and_the_largest_of_several() -> None:
    operation, small = "operations.hard_sigmoid/case.grid.result", "activations.hard_sigmoid/case.default@small.inference"
    cell = "layers.LSTMCell/case.hard@3d.inference"
    causes_of = traced(found(cell), found(ACTIVATION), found(operation))
    assert causes_of == {cell: operation, ACTIVATION: operation, operation: None}
    assert traced(found(cell), found(small, scaled=0.2), found(ACTIVATION, scaled=0.1))[cell] == small


@pytest.mark.parametrize("pair", PAIRS, ids=" -> ".join)
def test_every_cause_is_there_and_none_goes_in_a_circle(pair: tuple[str, str]) -> None:
    known = {one.id: one for one in comparison(*pair).divergences}
    for one in known.values():
        seen = [one.id]
        while (cause := known[seen[-1]].cause) is not None:
            assert cause in known, seen
            assert cause not in seen, seen
            seen.append(cause)
