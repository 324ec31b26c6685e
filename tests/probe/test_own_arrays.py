"""How arrays are told apart, by which names weights are the same, and which layers are."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from kerasdiff.probe.own import arrays, compiled, units
from kerasdiff.probe.own.apart import apart, digest
from kerasdiff.probe.own.verify import is_off
from kerasdiff.probe.pairing import pairs
from kerasdiff.probe.weights import own_name, roles

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("one", "other", "scaled", "max_abs"),
    [
        ([1.0, -2.0], [1.0, -2.0], 0.0, 0.0),
        ([1.0, -2.0], [1.0, -1.5], 0.25, 0.5),
        ([0.0, 0.0], [0.0, 0.0], 0.0, 0.0),
        ([NAN, 1.0], [NAN, 1.0], 0.0, 0.0),
        ([INF, 2.0], [INF, 1.0], 0.5, 1.0),
        ([NAN, 1.0], [1.0, 1.0], "inf", "inf"),
        ([INF, 1.0], [-INF, 1.0], "inf", "inf"),
        ([], [], 0.0, 0.0),
        ([True, False], [True, True], 1.0, 1.0),
        ([b"a"], [b"a"], 0.0, None),
        ([b"a"], [b"b"], "inf", None),
    ],
)
def test_how_far_arrays_are_apart(one: list[Any], other: list[Any], scaled: Any, max_abs: Any) -> None:
    assert apart(np.array(one), np.array(other)) == {"scaled": scaled, "max_abs": max_abs}


def test_other_shapes_are_said() -> None:
    assert apart(np.zeros((2, 3)), np.zeros(6)) == {"shapes": [[2, 3], [6]]}


def test_a_digest_tells_shape_and_numbers_apart_and_no_order_in_memory() -> None:
    square = np.arange(4.0).reshape(2, 2)
    assert digest(square) == digest(np.asfortranarray(square))
    assert len({digest(square), digest(square.T), digest(square.reshape(4)), digest(square.astype(int))}) == 4


@pytest.mark.parametrize(
    ("error", "off"),
    [
        (None, False),
        ({"scaled": 1e-6}, False),
        ({"scaled": 1e-4}, True),
        ({"scaled": "inf"}, True),
        ({"shapes": [[1], [2]]}, True),
        ({"state": "error", "type": "ValueError"}, True),
        ({"state": "unsupported"}, False),
    ],
)
def test_what_is_beyond_a_tolerance(error: Any, off: bool) -> None:
    assert is_off(error, 1e-5) is off


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["dense_1/kernel:0", "dense_1/bias:0"], ["kernel", "bias"]),
        (["dense_1_W", "dense_1_b"], ["kernel", "bias"]),
        (["gamma", "beta", "moving_mean", "moving_variance"], ["gamma", "beta", "moving_mean", "moving_variance"]),
        (["forward_lstm/kernel", "backward_lstm/kernel"], ["0", "1"]),
        (["0", "1"], ["0", "1"]),
        ([], []),
    ],
)
def test_weights_are_known_by_the_part_they_play(names: list[str], told: list[str]) -> None:
    assert roles([own_name(name) for name in names]) == told


def test_layers_pair_by_name_then_by_class_and_order() -> None:
    a = [("first", "Dense"), ("dense_7", "Dense"), ("gate", "Gate"), ("lost", "Dense")]
    b = [("dense", "Dense"), ("gate", "OldGate"), ("first", "Dense"), ("more", "LSTM")]
    assert pairs(a, b) == [(0, 2), (1, 0), (2, None), (3, None), (None, 1), (None, 3)]
    assert pairs(a, b, by_name=True) == [(0, 2), (1, 0), (2, 1), (3, None), (None, 3)]


class Layer:
    """What is asked of a layer with weights."""

    def __init__(self, **weights: Any) -> None:
        self.weights = [SimpleNamespace(name=name) for name in weights]
        self.arrays = list(weights.values())

    def get_weights(self) -> list[Any]:
        return self.arrays

    def set_weights(self, arrays: list[Any]) -> None:
        self.arrays = arrays


def test_weights_by_the_formula_keep_what_deep_models_give_near_one() -> None:
    given = np.linspace(-1, 1, 4 * 512).reshape(4, 512)
    for depth in range(30):
        layer = Layer(kernel=np.zeros((512, 512), "float32"), bias=np.zeros(512, "float32"), count=np.zeros(1, "int64"))
        units.fill(layer, depth)
        kernel, bias, count = layer.arrays
        assert (kernel.dtype, bias.dtype, count.tolist()) == ("float32", "float32", [0])
        given = np.maximum(given @ kernel + bias, 0)
        assert 0.1 < np.abs(given).max() < 10


def test_weights_of_layers_in_a_row_are_not_the_same() -> None:
    layers = [Layer(kernel=np.zeros((8, 8), "float32")) for _ in range(2)]
    for number, layer in enumerate(layers):
        units.fill(layer, number)
    assert (layers[0].arrays[0] != layers[1].arrays[0]).any()


@pytest.mark.parametrize(
    ("loss", "wanted"),
    [
        ("mse", (2, 3)),
        ("sparse_categorical_crossentropy", (2,)),
        (SimpleNamespace(__name__="SparseCategoricalCrossentropy"), (2,)),
        ("categorical_crossentropy", (2, 3)),
        ("binary_crossentropy", (2, 3)),
        (["mse", "mae"], (2, 3)),
        (None, (2, 3)),
    ],
)
def test_targets_fit_the_loss(loss: Any, wanted: tuple[int, ...]) -> None:
    found = compiled.target(np.zeros((2, 3), "float32"), SimpleNamespace(loss=loss))
    assert found.shape == wanted
    if loss == "categorical_crossentropy":
        assert found.sum(axis=1).tolist() == [1, 1]
    if loss == "binary_crossentropy":
        assert set(found.reshape(-1).tolist()) <= {0.0, 1.0}


class Table:
    """A lookup table as TensorFlow lists it among the weights of a layer: without a name."""


class Held:
    """A variable."""

    def __init__(self, name: str, value: Any) -> None:
        self.name = name
        self._value = np.array(value)

    def numpy(self) -> Any:
        return self._value

    def assign(self, value: Any) -> None:
        self._value = value


def test_a_lookup_table_is_no_weight() -> None:
    layer = SimpleNamespace(weights=[Table(), Held("layer/kernel:0", [[1.0]]), Held("layer/bias:0", [2.0])])
    assert units.weight_names(layer) == ["kernel", "bias"]
    assert [array.tolist() for array in units.values(layer)] == [[[1.0]], [2.0]]
    units.put(layer, [np.array([[3.0]]), np.array([4.0])])
    assert [array.tolist() for array in units.values(layer)] == [[[3.0]], [4.0]]


@pytest.mark.parametrize(
    ("known", "rank"),
    [
        ({"_build_input_shape": (None, 4)}, 2),
        ({"_build_input_shape": [SimpleNamespace(value=None), SimpleNamespace(value=4), SimpleNamespace(value=4)]}, 3),
        ({"_build_input_shape": [(None, 4), (None, 5)]}, None),
        ({"_build_input_shape": [SimpleNamespace(dims=()), SimpleNamespace(dims=())]}, None),
        ({"_build_input_shape": None}, None),
        ({"_build_shapes_dict": {"input_shape": (2, 12, 3)}}, 3),
        ({"_build_shapes_dict": {"a_shape": (2, 3), "b_shape": (2, 3)}}, None),
        ({"_build_shapes_dict": {"input_shape": [(2, 3), (2, 3)]}}, None),
        ({}, None),
    ],
)
def test_how_many_axes_a_layer_was_built_for(known: dict[str, Any], rank: int | None) -> None:
    assert units.rank(SimpleNamespace(**known)) == rank


def tensor(*shape: int | None, dtype: str = "float32") -> Any:
    return SimpleNamespace(shape=shape, dtype=dtype)


EMBEDDING = type("Embedding", (), {"input_dim": 5})


@pytest.mark.parametrize(
    ("known", "shapes", "dtype"),
    [
        ({"inputs": [tensor(None, 4)]}, [(2, 4)], "float32"),
        ({"inputs": None, "_saved_model_inputs_spec": tensor(3, 12, 3)}, [(2, 12, 3)], "float32"),
        ({"inputs": None, "_saved_model_inputs_spec": [tensor(None, 4), tensor(None, 5)]}, [(2, 4), (2, 5)], "float32"),
        ({"inputs": None, "_saved_model_inputs_spec": tensor(3, 9, dtype="int32"), "layers": [EMBEDDING()]}, [(2, 9)], "int32"),
        ({"_build_shapes_dict": {"input_shape": (3, 12, 3)}}, [(2, 12, 3)], "float32"),
        ({"_build_shapes_dict": {"input_shape": [(3, 4), (None, 5)]}}, [(2, 4), (2, 5)], "float32"),
        ({"_build_shapes_dict": {"x_shape": (3, 9)}, "layers": [EMBEDDING()]}, [(2, 9)], "int32"),
    ],
)
def test_inputs_are_made_as_a_model_takes_or_was_called_with(
    known: dict[str, Any], shapes: list[tuple[int, ...]], dtype: str
) -> None:
    made = arrays.formula(SimpleNamespace(**{"layers": [], **known}))
    assert [array.shape for array in made] == shapes
    assert {str(array.dtype) for array in made} == {dtype}


@pytest.mark.parametrize(
    "known",
    [
        {"inputs": None},
        {"inputs": None, "_saved_model_inputs_spec": {"a": tensor(3, 4)}},
        {"_build_shapes_dict": {"a_shape": (3, 4), "b_shape": (3, 4)}},
        {"_build_shapes_dict": {"input_shape": {"a": (3, 4)}}},
        {"_build_shapes_dict": {"input_shape": ()}},
    ],
)
def test_what_a_model_takes_may_be_unknown(known: dict[str, Any]) -> None:
    with pytest.raises(arrays.NoInput, match="its inputs aren't known before it is called"):
        arrays.formula(SimpleNamespace(**{"layers": [], **known}))
