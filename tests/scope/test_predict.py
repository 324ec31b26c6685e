"""What loading does is predicted from the reader's fingerprint: formats, classes, arguments, byte-code, and what rows tell."""

from __future__ import annotations

from pathlib import PurePath

import msgspec
import pytest

from kerasdiff.compare.side import Side
from kerasdiff.knowledge.load import Effect
from kerasdiff.knowledge.loading import File
from kerasdiff.models.document import Layer, SavedModel
from kerasdiff.releases.shelf import release
from kerasdiff.scope.predict import reasons
from kerasdiff.scope.reader import Loader
from tests.scope.matrix import model

KERAS_3 = ("keras-3.15.1+tensorflow-2.21.0", "keras")
TORCH = ("keras-3.15.1+torch-2.13", "keras")
LATEST_2 = ("tensorflow-2.15.1", "tf.keras")
TENSORFLOW_2 = ("tensorflow-2.10.1", "tf.keras")
KERAS_2 = ("keras-2.2.4+tensorflow-1.12.3", "keras")
BY_CODE = "make the model by its code there, then model.load_weights(path)"
BY_H5 = 'in A: model.save("model.h5"); in B: make the model by its code, then model.load_weights("model.h5")'


def loader(reader: tuple[str, str], saved: SavedModel, **packages: str) -> Loader:
    fingerprint = release(reader[0])
    fingerprint = msgspec.structs.replace(fingerprint, packages={**fingerprint.packages, **packages})
    roots = frozenset(weight.path.partition("/")[0] for weight in saved.weights)
    return Loader(Side(fingerprint, reader[1]), File(PurePath(saved.file).name, saved.format, saved.writer.keras, roots))


def told(file: str, reader: tuple[str, str], **packages: str) -> dict[str, str]:
    """What stops the loading of a sample file, by id."""
    found = reasons(model(file), loader(reader, model(file), **packages))
    return {one.found.id: one.found.title for one in found if one.found.effect is Effect.BREAKS}


@pytest.mark.parametrize(
    ("file", "reader", "identifier", "title"),
    [
        ("keras-3.15.1/functional.keras", KERAS_2, "saved_model/format", "no Keras before 3 outside of TensorFlow"),
        ("keras-3.15.1/functional.keras", TENSORFLOW_2, "saved_model/format", "TensorFlow reads .keras archives since 2.12"),
        ("tf.keras-2.15/words.saved_model.zip", KERAS_3, "saved_model/format", "refuses SavedModel folders"),
        ("tf.keras-2.15/sequential.weights.h5", TENSORFLOW_2, "saved_model/format", "no release before Keras 2.12"),
        ("tf.keras-2.10/sequential.weights.h5", KERAS_3, "saved_model/format", "has the older one"),
        ("tf.keras-2.15/sequential.h5", KERAS_3, "saved_model.layers.lstm/argument.time_major", "LSTM refuses time_major"),
        ("tf.keras-2.15/sequential.h5", KERAS_3, "saved_model.compile/argument.loss.class", "mse in an .h5 file"),
        ("keras-3.15.1/functional.h5", LATEST_2, "saved_model.layers.one/argument.batch_shape", "refuses batch_shape"),
        ("tf.keras-2.15/functional.h5", KERAS_2, "saved_model/class", "layers.Functional isn't there"),
        ("tf.keras-1.15/sequential.h5", KERAS_2, "saved_model.layers.conv/argument.kernel_initializer.class", "GlorotUniform"),
        ("tf.keras-1.15/functional.h5", KERAS_3, "saved_model.layers.told/argument.bias_initializer.dtype", "refuses dtype"),
        ("tf.keras-2.15/functional.h5", TENSORFLOW_2, "saved_model.optimizer/argument.weight_decay", "SGD refuses"),
        ("tf.keras-2.15/functional.keras", KERAS_3, "saved_model/class", "keras.src.engine.functional can't be imported"),
        ("keras-2.2.4/anonymous.h5", TENSORFLOW_2, "saved_model.layers.double/code", "byte-code is of Python 3.0 to 3.7"),
        ("tf.keras-2.15/anonymous.h5", KERAS_3, "saved_model.layers.double/class", "refused in safe mode"),
        ("keras-3.15.1/words.keras", TORCH, "saved_model.layers.lookup/instance", "StringLookup raises ImportError"),
        ("keras-2.2.4/sequential.h5", KERAS_3, "saved_model.layers.conv/argument.batch_input_shape", "a dimension too many"),
    ],
)  # fmt: skip
def test_what_is_refused_is_known_before(file: str, reader: tuple[str, str], identifier: str, title: str) -> None:
    assert title in told(file, reader)[identifier]


@pytest.mark.parametrize(
    ("file", "reader"),
    [
        ("keras-1.2.2/sequential.h5", KERAS_2),
        ("keras-2.2.4/sequential.h5", LATEST_2),
        ("tf.keras-1.15/functional.saved_model.zip", LATEST_2),
        ("tf.keras-2.15/functional.h5", KERAS_3),
        ("tf.keras-2.12/functional.keras", LATEST_2),
        ("keras-3.15.1/sequential.keras", KERAS_3),
        ("keras-3.0.5/sequential.weights.h5", LATEST_2),
    ],
)
def test_what_loads_has_nothing_against_it(file: str, reader: tuple[str, str]) -> None:
    assert told(file, reader) == {}


def test_a_class_of_the_users_own_is_said_and_stops_nothing() -> None:
    found = reasons(model("tf.keras-2.15/custom.h5"), loader(LATEST_2, model("tf.keras-2.15/custom.h5")))
    assert [(one.found.id, one.found.effect) for one in found] == [("saved_model.layers.scale/class", Effect.INFO)]
    assert found[0].found.remedy == 'load_model(path, custom_objects={"Scale": Scale})'


def test_h5py_3_is_known_by_the_packages() -> None:
    file = "keras-2.2.4/functional.h5"
    assert told(file, KERAS_2) == {}
    assert "has no attribute 'decode'" in told(file, KERAS_2, h5py="3.1.0")["saved_model/reading"]


def test_a_reason_says_why_and_what_to_do_and_where_it_is_said() -> None:
    for one in reasons(model("tf.keras-2.15/sequential.h5"), loader(KERAS_3, model("tf.keras-2.15/sequential.h5"))):
        found = one.found
        assert found.why.endswith(".")
        assert found.remedy
        assert found.phases
        assert found.layers in (["loss (mse)"], ["lstm (LSTM)"], ["optimizer (Adam)"])


def test_an_argument_that_was_measured_to_be_taken_is_not_refused() -> None:
    leaky = Layer(name="leaky", class_name="LeakyReLU", arguments={"alpha": 0.3, "beta": 1.0})
    root = Layer(name="m", class_name="Functional", layers=[leaky])
    saved = SavedModel(file="m.h5", format="h5", bytes=1, model=root)
    found = [one.found.id for one in reasons(saved, loader(KERAS_3, saved))]
    assert found == ["saved_model.layers.leaky/argument.beta"]


@pytest.mark.parametrize(
    ("file", "reader", "expected"),
    [
        ("tf.keras-2.15/functional.keras", KERAS_3, [f"{BY_CODE}; or save as .h5 where the model was made"]),
        ("tf.keras-2.15/texts.keras", KERAS_3, [BY_CODE]),
        ("keras-3.15.1/functional.keras", TENSORFLOW_2, [BY_H5]),
        ("tf.keras-2.15/texts.keras", TENSORFLOW_2, [f'{BY_H5}; or load_model("model.h5") at once']),
    ],
)
def test_an_h5_file_is_advised_only_where_it_is_predicted_to_load(
    file: str, reader: tuple[str, str], expected: list[str]
) -> None:
    found = reasons(model(file), loader(reader, model(file)))
    told = [one.found.remedy for one in found if one.found.id in ("saved_model/class", "saved_model/format")]
    assert told == expected
