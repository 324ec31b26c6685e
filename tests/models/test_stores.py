"""Weights by order: which group belongs to which layer, and what is left."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest

from kerasdiff.models.load import load
from kerasdiff.models.stores import snake

if TYPE_CHECKING:
    from pathlib import Path

    from kerasdiff.models.document import SavedModel


def layer(class_name: str, name: str, **config: Any) -> dict[str, Any]:
    return {"module": "keras.layers", "class_name": class_name, "config": {"name": name, **config}, "registered_name": None}


def archive(
    folder: Path, layers: list[dict[str, Any]], arrays: dict[str, list[int]], names: dict[str, str], assets: dict[str, str]
) -> SavedModel:
    """A .keras file of these layers, arrays by path, names of groups, and assets, as it is read."""
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        for path, shape in arrays.items():
            file[path] = np.zeros(shape, "f4")
        for path, name in names.items():
            file[path].attrs["name"] = name
    config = {"class_name": "Functional", "config": {"name": "m", "layers": layers}, "registered_name": "Functional"}
    with zipfile.ZipFile(folder / "a.keras", "w") as target:
        target.writestr("config.json", json.dumps(config))
        target.writestr("metadata.json", json.dumps({"keras_version": "3.15.1", "date_saved": "2026-11-26@18:00:00"}))
        target.writestr("model.weights.h5", stream.getvalue())
        for name, text in assets.items():
            target.writestr(name, text)
    return load(folder / "a.keras")


def shapes(model: SavedModel) -> dict[str, list[list[int]]]:
    return {path: [weight.shape for weight in one.weights] for path, one in model.walk() if one.weights}


def test_groups_are_counted_by_class(tmp_path: Path) -> None:
    layers = [layer("Dense", "b"), layer("Conv2D", "c"), layer("Dense", "a")]
    arrays = {
        "layers/dense/vars/0": [1], "layers/dense_1/vars/0": [2], "layers/dense_1/vars/10": [4], "layers/dense_1/vars/2": [3],
        "layers/conv2d/vars/0": [5],
    }  # fmt: skip
    model = archive(tmp_path, layers, arrays, {"layers/dense/vars": "b", "layers/dense_1/vars": "a"}, {})
    assert shapes(model) == {"b": [[1]], "c": [[5]], "a": [[2], [3], [4]]}
    assert model.notes == []
    assert (model.writer.keras, model.writer.date) == ("3.15.1", "2026-11-26@18:00:00")


def test_a_group_of_another_name_is_noted(tmp_path: Path) -> None:
    model = archive(tmp_path, [layer("Dense", "a")], {"layers/dense/vars/0": [1]}, {"layers/dense/vars": "b"}, {})
    assert model.notes == ["layers/dense says that it is of the layer b, by its order it is of a"]


def test_models_in_models_have_groups_in_groups(tmp_path: Path) -> None:
    inner = layer("Functional", "encoder", layers=[layer("Dense", "x")])
    arrays = {"layers/functional/layers/dense/vars/0": [7], "layers/dense/vars/0": [8]}
    assert shapes(archive(tmp_path, [inner, layer("Dense", "y")], arrays, {}, {})) == {"encoder.x": [[7]], "y": [[8]]}


def test_cells_and_wrapped_layers_are_of_their_layer(tmp_path: Path) -> None:
    cell = layer("LSTM", "lstm")
    both = layer("Bidirectional", "both", layer=layer("LSTM", "inner"))
    arrays = {
        "layers/lstm/cell/vars/0": [1],
        "layers/bidirectional/forward_layer/cell/vars/0": [2],
        "layers/bidirectional/backward_layer/cell/vars/0": [3],
    }
    assert shapes(archive(tmp_path, [cell, both], arrays, {}, {})) == {"lstm": [[1]], "both": [[2], [3]]}


def test_what_belongs_to_no_layer_is_told(tmp_path: Path) -> None:
    arrays = {"layers/dense/vars/0": [1], "layers/mystery/vars/0": [2], "metrics/mean/vars/0": [3], "optimizer/vars/0": [4]}
    model = archive(tmp_path, [layer("Dense", "a")], arrays, {}, {"assets/layers/other/x.txt": "one\n"})
    assert [weight.path for weight in model.unassigned] == ["metrics/mean/vars/0", "layers/mystery/vars/0"]
    assert model.optimizer is not None
    assert [weight.path for weight in model.optimizer.weights] == ["optimizer/vars/0"]
    assert model.notes == ["assets/layers/other/x.txt belongs to no layer"]


def test_assets_are_of_their_layers(tmp_path: Path) -> None:
    layers = [layer("StringLookup", "words"), layer("StringLookup", "more")]
    assets = {
        "assets/layers/string_lookup/vocabulary.txt": "red\ngreen\n",
        "assets/layers/string_lookup_1/vocabulary.txt": "x\n",
    }
    model = archive(tmp_path, layers, {"vars/0": [1]}, {}, assets)
    states = {path: one.state["vocabulary"]["first"] for path, one in model.walk() if one.state}
    assert states == {"words": ["red", "green"], "more": ["x"]}


def test_the_names_of_tensorflow_2_12_are_known(tmp_path: Path) -> None:
    arrays = {"_layer_checkpoint_dependencies/dense/vars/0": [1]}
    assert shapes(archive(tmp_path, [layer("Dense", "a")], arrays, {}, {})) == {"a": [[1]]}


def test_weights_alone_tell_their_groups(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.weights.h5", "w") as file:
        file["layers/dense/vars/0"] = np.zeros((2, 1), "f4")
        file["layers/functional/layers/conv2d/vars/0"] = np.zeros(3, "f4")
        file["layers/dense/vars"].attrs["name"] = "mine"
    model = load(tmp_path / "a.weights.h5")
    assert model.format == "keras weights"
    assert shapes(model) == {"mine": [[2, 1]], "functional.conv2d": [[3]]}


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("Dense", "dense"),
        ("LSTM", "lstm"),
        ("Conv2D", "conv2d"),
        ("BatchNormalization", "batch_normalization"),
        ("MyGRU", "my_gru"),
    ],
)
def test_groups_have_the_names_that_keras_gives(name: str, group: str) -> None:
    assert snake(name) == group
