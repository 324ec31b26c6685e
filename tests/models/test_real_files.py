"""Files that real environments saved, of every generation and format: what is read is what was saved."""

from __future__ import annotations

import hashlib
import json
import zipfile
from typing import TYPE_CHECKING

import pytest

from kerasdiff.models.kind import is_saved_model
from kerasdiff.models.load import load
from kerasdiff.report.model import peculiar
from tests.lab.models import MODELS
from tests.models.saved import FILES, formula, place, plain

if TYPE_CHECKING:
    from pathlib import Path

    from kerasdiff.models.document import SavedModel, Weight

#: What the formats of the manifest are called in documents.
FORMATS = {"h5": {"h5"}, "keras": {"keras"}, "saved_model": {"saved_model"}, "checkpoint": {"checkpoint"}}
#: The layers of the models, without those that only say an input.
LAYERS = {
    "sequential": ["conv", "norm", "rows", "lstm", "dense"],
    "functional": ["shared", "joined", "told"],
    "anonymous": ["double", "dense"],
    "custom": ["scale", "dense"],
    "normalized": ["normal", "dense"],
    "words": ["lookup", "colours"],
    "gates": ["gru", "hard", "leaky", "dense"],
    "images": ["padded", "conv", "larger", "pooled", "flat", "dense"],
    "texts": ["words", "both", "dense"],
    "attention": ["attention", "norm", "pooled", "dense"],
}
#: What a file holds beside the layers that the program called: operations on masks.
BESIDE = ("NotEqual", "Any", "Not", "Cast", "Equal", "Where")
#: Their weights' shapes since Keras 2, in order.
SHAPES = {
    "sequential": [[3, 3, 1, 2], [2], [2], [2], [2], [2], [4, 8], [2, 8], [8], [2, 1], [1]],
    "functional": [[3, 2], [2], [4, 1], [1]],
    "anonymous": [[3, 1], [1]],
    "custom": [[3], [3, 1], [1]],
}


def read(name: str, folder: Path) -> SavedModel:
    """The model in a file, whichever it is."""
    path = place(name, folder)
    return plain(name) if path == MODELS / name else load(path)


def weights(model: SavedModel) -> list[Weight]:
    return [weight for _, layer in model.walk() for weight in layer.weights]


@pytest.mark.parametrize("name", FILES)
def test_writer_and_format_are_told(name: str, tmp_path: Path) -> None:
    facts, model = FILES[name], read(name, tmp_path)
    told = {"weights.h5": {"h5 weights", "keras weights"}, **FORMATS}
    assert model.format in told[facts["format"]]
    assert model.notes == []
    if facts["format"] in ("h5", "keras", "saved_model"):
        assert model.writer.keras == facts["keras"]
    if facts["format"] == "h5" and facts["writer"] != "keras-1.2.2":  # Keras 1 doesn't say its backend
        assert model.writer.backend == facts["backend"]


@pytest.mark.parametrize("name", [name for name in FILES if FILES[name]["format"] in ("h5", "keras", "saved_model")])
def test_architecture_is_told(name: str, tmp_path: Path) -> None:
    facts, model = FILES[name], read(name, tmp_path)
    assert model.model is not None
    found = [layer for layer in model.model.layers if layer.class_name not in ("InputLayer", *BESIDE)]
    expected = LAYERS[facts["model"]]
    if name == "keras-1.2.2/functional.h5":
        expected = ["shared", "merge_1", "told"]
    assert [layer.name for layer in found] == expected
    assert [layer.name for layer in found if layer.is_custom] == (["scale"] if facts["model"] == "custom" else [])
    assert [layer.name for layer in found if layer.code] == (["double"] if facts["model"] == "anonymous" else [])
    if facts["model"] == "functional":
        assert found[0].inbound == [["one"], ["other"]]
        assert found[1].inbound == [["shared", "shared:1:0"]]


def digest(shape: list[int], number: int, fill: int) -> str:
    """Of what the weight ``number`` of a model was filled with."""
    return f"sha256:{hashlib.sha256(formula(tuple(shape), number, fill).tobytes()).hexdigest()}"


def in_order(model: SavedModel) -> list[Weight]:
    """The weights of a model in the order in which they were filled, where the format keeps another one."""
    if model.format in ("saved_model", "checkpoint"):  # by name
        roles = ["gamma", "beta", "kernel", "recurrent_kernel", "bias", "moving_mean", "moving_variance"]
        return [
            weight
            for _, layer in model.walk()
            for weight in sorted(layer.weights, key=lambda one: roles.index(one.name.split("/")[-1].removesuffix(":0")))
        ]
    if model.format == "keras weights":  # groups by the names of classes, and newer ones by those of layers
        names = {"conv": 0, "conv2d": 0, "norm": 1, "batch_normalization": 1, "lstm": 3, "dense": 4}
        layers = sorted(model.walk(), key=lambda one: names.get(one[0], 2))
        return [weight for _, layer in layers for weight in layer.weights]
    return weights(model)


@pytest.mark.parametrize("name", [name for name in FILES if FILES[name]["model"] in SHAPES])
def test_weights_are_those_that_were_saved(name: str, tmp_path: Path) -> None:
    facts = FILES[name]
    found = in_order(read(name, tmp_path))
    if facts["writer"] == "keras-1.2.2" and facts["model"] == "sequential":
        assert len(found) == 20  # a kernel for each gate
    else:
        assert [weight.shape for weight in found] == SHAPES[facts["model"]]
    told = [digest(weight.shape, number, facts["fill"]) for number, weight in enumerate(found)]
    assert [weight.digest for weight in found] == told


@pytest.mark.parametrize(
    "name", [name for name in FILES if FILES[name]["model"] == "sequential" and FILES[name]["format"] in ("h5", "keras")]
)
def test_the_optimizer_and_its_state_are_told(name: str) -> None:
    model = plain(name)
    assert model.optimizer is not None
    assert len(model.optimizer.weights) > 2 * 9
    assert "mse" in str(model.compile["loss"]) or "MeanSquaredError" in str(model.compile["loss"])
    assert model.optimizer.class_name == "Adam"
    rate = model.optimizer.arguments.get("learning_rate", model.optimizer.arguments.get("lr"))
    assert rate == pytest.approx(0.01)


def test_an_optimizer_whose_name_is_lost_is_told(tmp_path: Path) -> None:
    """Keras 3 leaves it out of a .keras file where the model was saved as .h5 before."""
    file = tmp_path / "model.keras"
    with zipfile.ZipFile(MODELS / "keras-3.15.1" / "sequential.keras") as before, zipfile.ZipFile(file, "w") as after:
        for name in before.namelist():
            content = before.read(name)
            if name == "config.json":
                content = json.dumps({**json.loads(content), "compile_config": None}).encode()
            after.writestr(name, content)
    model = load(file)
    assert model.optimizer is not None
    assert model.optimizer.class_name == ""
    assert "holds the state of an optimizer, and not which one: who loads it takes a default" in peculiar(model)


#: TensorFlow 2.3 keeps a vocabulary in the table that its graph fills from the variables, as no asset.
IN_VARIABLES = ("tf.keras-2.3/words.saved_model.zip",)


@pytest.mark.parametrize("name", [name for name in FILES if FILES[name]["model"] == "words" and name not in IN_VARIABLES])
def test_a_vocabulary_is_told(name: str, tmp_path: Path) -> None:
    model = read(name, tmp_path)
    states = [layer.state for _, layer in model.walk() if layer.state]
    assert any("red" in str(state) and "blue" in str(state) for state in states)


@pytest.mark.parametrize("name", [name for name in FILES if not name.endswith(".zip")])
def test_a_saved_model_is_known_as_one(name: str) -> None:
    assert is_saved_model(str(MODELS / name))


def test_a_fingerprint_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    assert not is_saved_model(str(tmp_path / "a.json"))
    assert not is_saved_model(str(tmp_path / "nothing.json"))
