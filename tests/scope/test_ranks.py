"""How many dimensions inputs of layers have, as the file tells."""

from __future__ import annotations

from typing import Any

from kerasdiff.models.document import Layer
from kerasdiff.scope.ranks import ranks
from tests.scope.matrix import model


def layer(name: str, class_name: str, *inbound: str, **arguments: Any) -> Layer:
    return Layer(name=name, class_name=class_name, arguments=arguments, inbound=[list(inbound)] if inbound else [])


def test_ranks_follow_the_calls_of_a_graph() -> None:
    graph = [
        layer("x", "InputLayer", batch_input_shape=[None, 8]),
        layer("words", "Embedding", "x"),
        layer("norm", "BatchNormalization", "words"),
        layer("lstm", "LSTM", "norm", return_sequences=False),
        layer("both", "Concatenate", "lstm", "x"),
        layer("own", "Strange", "both"),
        layer("after", "BatchNormalization", "own"),
        layer("torn", "Add", "norm", "lstm"),
    ]
    found = ranks(Layer(name="m", class_name="Functional", layers=graph))
    assert found == {"x": 2, "words": 2, "norm": 3, "lstm": 3, "both": 2, "own": 2}


def test_ranks_follow_the_order_of_a_sequential() -> None:
    told = ranks(
        Layer(
            name="m",
            class_name="Sequential",
            layers=[
                layer("conv", "Conv2D", batch_input_shape=[None, 4, 4, 1]),
                layer("pool", "MaxPooling2D"),
                layer("mean", "GlobalAveragePooling2D"),
                layer("deep", "Reshape", target_shape=[2, 2]),
                layer("norm", "BatchNormalization"),
                layer("flat", "Flatten"),
                layer("out", "Dense"),
            ],
        )
    )
    assert list(told.values()) == [4, 4, 4, 2, 3, 3, 2]
    unknown = Layer(
        name="m", class_name="Sequential", layers=[layer("norm", "BatchNormalization"), layer("film", "ConvLSTM2D")]
    )
    assert ranks(unknown) == {"film": 5}


def test_ranks_of_real_files_are_those_of_their_layers() -> None:
    root = model("tf.keras-2.15/sequential.keras").model
    assert root is not None
    found = ranks(root)
    assert set(found) <= {path for path, _ in root.walk()}
    assert found["lstm"] == 3
    assert found["conv"] == 4
