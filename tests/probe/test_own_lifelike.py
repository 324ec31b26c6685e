"""Inputs that are near what people feed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from kerasdiff.probe.behaviour import numbers
from kerasdiff.probe.own import lifelike

PLAIN = numbers.data((2, 4, 4, 3))


def test_rows_of_tokens_end_in_padding_and_hold_no_other_zero() -> None:
    tokens = (np.arange(40, dtype="int32") * 7 + 3).reshape(2, 20) % 5
    found = lifelike.padded(tokens, 5)
    assert [np.flatnonzero(row == 0).tolist() for row in found] == [list(range(10, 20)), list(range(15, 20))]
    assert found.dtype == tokens.dtype
    assert found.max() < 5


@pytest.mark.parametrize(("shape", "vocabulary"), [((2, 1), 9), ((2,), 9), ((2, 3, 4), 9), ((2, 8), 1)])
def test_what_is_no_row_of_tokens_stays(shape: tuple[int, ...], vocabulary: int) -> None:
    tokens = np.zeros(shape, "int32")
    assert lifelike.padded(tokens, vocabulary) is tokens


@pytest.mark.parametrize(
    ("told", "least", "most"),
    [
        ({"scale": 1 / 255, "offset": 0.0}, 0, 255),
        ({"scale": 1 / 127.5, "offset": -1.0}, 0, 255),
        ({"scale": [1 / 255] * 3, "offset": 0}, 0, 255),
        ({"scale": 2.0, "offset": 0.0}, 0, 0.5),
        ({"mean": [10.0, 20.0, 30.0], "variance": [4.0, 4.0, 4.0]}, 6, 34),
    ],
)
def test_what_is_scaled_first_tells_the_range(told: dict[str, Any], least: float, most: float) -> None:
    found = lifelike.scaled(SimpleNamespace(**told), PLAIN)
    assert found is not None
    assert least <= found.min() < found.max() <= most
    assert found.max() - found.min() > 0.9 * (most - least)
    assert (found == np.rint(found)).all() == (most == 255)


class Variable:
    """NumPy takes it for an object, as TensorFlow's variables of old."""

    def __init__(self, value: list[float]) -> None:
        self._value = value

    def numpy(self) -> Any:
        return np.array(self._value)


def test_variables_are_read() -> None:
    found = lifelike.scaled(SimpleNamespace(mean=Variable([9.0] * 3), variance=Variable([1.0] * 3)), PLAIN)
    assert found is not None
    assert 7 < found.min() < found.max() < 11


@pytest.mark.parametrize(
    "told",
    [{"scale": 0.0, "offset": 0.0}, {"mean": None, "variance": None}, {"mean": [0.0] * 7, "variance": [1.0] * 7}, {}],
)
@pytest.mark.filterwarnings("ignore:.* encountered in:RuntimeWarning")
def test_what_tells_no_range(told: dict[str, Any]) -> None:
    assert lifelike.scaled(SimpleNamespace(**told), PLAIN) is None


class InputLayer:
    pass


class RandomFlip:
    pass


class Dense:
    pass


class Rescaling:
    scale = 1 / 255
    offset = 0.0


class Tensor:
    def __init__(self, dtype: str) -> None:
        self.shape = (None, 4, 4, 3)
        self.dtype = dtype


@pytest.mark.parametrize(
    ("layers", "dtype", "most"),
    [
        ([InputLayer(), RandomFlip(), Rescaling(), Dense()], "float32", 255),
        ([InputLayer(), SimpleNamespace(layers=[RandomFlip(), Rescaling()]), Dense()], "float32", 255),
        ([InputLayer(), Rescaling(), Dense()], "uint8", 255),
        ([InputLayer(), Dense(), Rescaling()], "float32", 1),
        ([InputLayer(), Dense()], "float32", 1),
    ],
)
def test_the_first_layer_that_counts_tells_the_range(layers: list[Any], dtype: str, most: float) -> None:
    made = lifelike.inputs(SimpleNamespace(inputs=[Tensor(dtype)], layers=layers))[0]
    assert made.dtype == dtype
    assert most / 2 < made.max() <= most
