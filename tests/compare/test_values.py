"""Whether two values mean the same."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kerasdiff.compare.values import brief, same
from kerasdiff.knowledge.load import equivalents

NAMES = st.sampled_from(["reduction", "dtype", "activation", "data_format", "distribution", "units", "", "name"])
OBJECTS = st.sampled_from(["GlorotUniform", "VarianceScaling", "Zeros", "DTypePolicy", "custom>Thing", "keras.src.Adam"])
WORDS = st.sampled_from(["class_name", "object", "config", "registered_name", "class", "scale", "mode", "distribution", "name"])
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.sampled_from(["glorot_uniform", "zeros", "linear", "auto", "tf", "float32", 0.01, 0.009999999776482582, 1e300, -0.0]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(WORDS | st.text(max_size=3), inner | OBJECTS, max_size=4)
        | st.fixed_dictionaries({"class_name": OBJECTS, "config": st.dictionaries(WORDS, inner, max_size=3)})
    ),
    max_leaves=8,
)


def glorot(**config: Any) -> dict[str, Any]:
    return {"class_name": "GlorotUniform", "config": config}


@pytest.mark.parametrize(
    ("a", "b", "parameter"),
    [
        (0.001, 0.0010000000474974513, ""),  # an optimizer keeps it at float32
        (1e-7, 1.0000000116860974e-07, "epsilon"),
        (1, 1.0, ""),
        (0.0, -0.0, ""),
        (1, [1, 1], "strides"),
        ([2, 2], 2, "pool_size"),
        (0.1, [-0.1, 0.1], "height_factor"),
        (None, [], ""),
        ({}, None, ""),
        ({"a": 1}, {"a": 1, "b": None}, ""),  # releases add keys to configurations
        ("glorot_uniform", glorot(seed=None), ""),
        (glorot(seed=None), glorot(), ""),
        (glorot(), {"object": "keras.src.initializers.GlorotUniform", "config": {}}, ""),
        (glorot(), {"class_name": "GlorotUniform", "module": "keras.initializers", "config": {"seed": None}}, ""),
        (
            {"class_name": "VarianceScaling", "config": {"scale": 1.0, "mode": "fan_avg", "distribution": "uniform"}},
            "glorot_uniform",
            "",
        ),
        ({"class_name": "DTypePolicy", "config": {"name": "float32"}}, "float32", "dtype"),
        ({"object": "tensorflow.float32"}, "float32", ""),
        ("auto", "sum_over_batch_size", "reduction"),
        (None, "linear", "activation"),
        ("tf", "channels_last", "data_format"),
        ("normal", "truncated_normal", "distribution"),
    ],
)
def test_spellings_of_the_same_are_the_same(a: Any, b: Any, parameter: str) -> None:
    assert same(a, b, parameter)
    assert same(b, a, parameter)


@pytest.mark.parametrize(
    ("a", "b", "parameter"),
    [
        (0.001, 0.0011, ""),
        (0.01, 0.001, "learning_rate"),
        (1e-7, 1e-8, "epsilon"),
        (16777216, 16777217, ""),  # whole numbers don't round
        (True, 1, ""),
        (False, 0.0, ""),
        (False, None, ""),
        (0, None, ""),
        (1, [1, 2], "strides"),
        (0.1, [-0.2, 0.1], "factor"),
        (0.1, [-0.1, 0.1], "value_range"),
        ([1, 1], [1, 1, 1], ""),
        ([], [None], ""),
        ("a", "A", ""),
        ("hard_sigmoid", "sigmoid", "recurrent_activation"),
        ("1", 1, ""),
        (glorot(seed=1), glorot(seed=2), ""),
        (glorot(), "glorot_normal", ""),
        ("auto", "sum_over_batch_size", "mode"),  # only of that parameter
        (None, "linear", "units"),
        ("tf", "channels_first", "data_format"),
        (1e39, 2e39, ""),
        (float("inf"), 1e39, ""),
        ({"a": 1}, {"a": 2}, ""),
        ({"a": 1}, {"b": 1}, ""),
    ],
)
def test_other_values_are_other_values(a: Any, b: Any, parameter: str) -> None:
    assert not same(a, b, parameter)
    assert not same(b, a, parameter)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ({"class_name": "RandomNormal", "config": {"mean": 0.0, "stddev": 0.01}}, "random_normal"),  # the name means 0.05
        ({"class_name": "GlorotUniform", "config": {"seed": 5}}, "glorot_uniform"),
    ],
)
def test_a_name_stands_for_the_object_with_its_defaults_only(value: Any, name: str) -> None:
    assert not same(value, name)


@given(VALUES, NAMES)
@example([[None], {}], "")
def test_a_value_is_the_same_as_itself(value: Any, parameter: str) -> None:
    assert same(value, value, parameter)
    assert same(value, deepcopy(value), parameter)


@given(VALUES, VALUES, NAMES)
@example({"class_name": "GlorotUniform", "config": {}}, "glorot_uniform", "")
def test_the_order_of_two_values_does_not_matter(a: Any, b: Any, parameter: str) -> None:
    assert same(a, b, parameter) is same(b, a, parameter)


@given(st.floats(-(2.0**127), 2.0**127, width=32), NAMES)
def test_rounding_to_float32_is_the_same(number: float, parameter: str) -> None:
    assert same(float(f"{number:.9g}"), number, parameter)


def test_rounding_the_largest_float32_is_the_same() -> None:
    assert same(3.40282347e38, 3.4028234663852886e38)


@pytest.mark.parametrize("row", equivalents().values, ids=lambda row: f"{row.parameter}-{row.alike}")
def test_every_row_of_equivalents_is_applied_to_its_parameter_only(row: Any) -> None:
    one, other = row.alike
    assert same(one, other, row.parameter)
    assert same(other, one, row.parameter)
    assert not same(one, other, "another")


@pytest.mark.parametrize("row", equivalents().objects, ids=lambda row: row.name)
def test_every_named_object_is_its_class_with_that_configuration_only(row: Any) -> None:
    value = {"class_name": row.class_name, "config": {**row.config, "seed": None}}
    assert same(value, {"class_name": row.name, "config": {"seed": None}})
    assert same(value, row.name)
    for key in row.config:
        other = {**row.config, key: "other"}
        assert not same({"class_name": row.class_name, "config": other}, row.name)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0010000000474974513, "0.001"),
        (1.0000000116860974e-07, "1e-07"),
        (1e300, "1e+300"),
        (0.1, "0.1"),
        (3, "3"),
        (None, "None"),
        (True, "True"),
        ("sigmoid", "'sigmoid'"),
        ([2, 2], "(2, 2)"),
        ([1], "(1,)"),
        ([], "()"),
        ({"b": 1, "a": "x"}, "{a: 'x', b: 1}"),
        (glorot(seed=None), "GlorotUniform()"),
        (glorot(seed=3), "GlorotUniform(seed=3)"),
        ({"object": "keras.ops.relu"}, "'relu'"),
        ("x" * 100, "'" + "x" * 58 + "…"),
    ],
)
def test_values_are_written_as_in_code(value: Any, text: str) -> None:
    assert brief(value) == text


@given(VALUES)
def test_what_is_written_is_bounded(value: Any) -> None:
    assert 1 <= len(brief(value)) <= 60
