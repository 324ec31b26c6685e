"""Which arguments of a layer mean something else than those recorded."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from kerasdiff.probe.own import arguments

RENAMES = [["alpha", "negative_slope"], ["init", "kernel_initializer"]]
DEEP: list[Any] = []
for _ in range(900):
    DEEP = [DEEP]
POLICY = {"class_name": "Policy", "config": {"name": "mixed_float16"}}


class Layer:
    def __init__(self, axis: int = -1, epsilon: float = 1e-3, activation: Any = None, negative_slope: float = 0.3) -> None:
        pass


@pytest.mark.parametrize(
    ("recorded", "here", "differing"),
    [
        ({"axis": [3]}, {"axis": -1}, {}),
        ({"axis": [3], "epsilon": 0.001}, {"axis": -1, "epsilon": 1e-5}, {"epsilon": [0.001, 1e-5]}),
        ({"axis": [1]}, {"axis": -1}, {"axis": [[1], -1]}),
        ({"axis": [1, 2]}, {"axis": [-3, -2]}, {}),
        ({"kernel_size": [3, 3]}, {"kernel_size": 3}, {}),
        ({"factor": 0.1}, {"factor": [-0.1, 0.1]}, {}),
        ({"factor": [-0.1, 0.1]}, {"factor": 0.2}, {"factor": [[-0.1, 0.1], 0.2]}),
        ({"factor": None}, {"factor": [-0.1, 0.1]}, {"factor": [None, [-0.1, 0.1]]}),
        ({"factor": ["a", "b"]}, {"factor": 0.1}, {"factor": [["a", "b"], 0.1]}),
        ({"size": []}, {"size": 3}, {"size": [[], 3]}),
        ({"size": DEEP}, {"size": 3}, {"size": [DEEP, 3]}),
        ({"size": 10**400}, {"size": 3}, {"size": [10**400, 3]}),
        ({"alpha": 0.30000001192092896}, {"negative_slope": 0.3}, {}),
        ({"alpha": 0.3}, {"negative_slope": 0.1}, {"alpha": [0.3, 0.1]}),
        ({"alpha": 0.3, "negative_slope": 0.1}, {"negative_slope": 0.1}, {}),
        ({"init": "zero"}, {"kernel_initializer": "uniform"}, {}),
        ({"kernel_initializer": "zero", "seed": 1}, {"kernel_initializer": "uniform", "seed": 2}, {}),
        ({"mask_zero": True}, {"mask_zero": False}, {"mask_zero": [True, False]}),
        ({"mask_zero": True}, {}, {}),
        ({"dtype": "float32"}, {"dtype": {"class_name": "DTypePolicy", "config": {"name": "float32"}}}, {}),
        ({"dtype": "int32"}, {"dtype": "float32"}, {}),
        ({"dtype": POLICY}, {"dtype": {"class_name": "DTypePolicy", "config": {"name": "mixed_float16"}}}, {}),
        ({"dtype": POLICY}, {"dtype": "float32"}, {"dtype": [POLICY, "float32"]}),
        ({"act": {"class_name": "function", "config": "relu"}}, {"act": "relu"}, {}),
        ({"act": None}, {"act": "relu"}, {"act": [None, "relu"]}),
        (
            {"layer": {"class_name": "GRUV2", "config": {"units": 1}}},
            {"layer": {"class_name": "GRU", "config": {"units": 1}}},
            {},
        ),
        (
            {"layer": {"class_name": "GRU", "config": {"units": 1, "name": "gru"}}},
            {"layer": {"class_name": "GRU", "config": {"units": 2, "name": "forward_gru"}}},
            {"layer.units": [1, 2]},
        ),
        (
            {"layer": {"class_name": "GRU", "config": {"units": 1}}},
            {"layer": {"class_name": "LSTM", "config": {"units": 1}}},
            {"layer": [{"class_name": "GRU", "config": {"units": 1}}, {"class_name": "LSTM", "config": {"units": 1}}]},
        ),
    ],
)
def test_what_differs_in_meaning(recorded: dict[str, Any], here: dict[str, Any], differing: dict[str, Any]) -> None:
    assert arguments.differing(Layer(), recorded, here, RENAMES, 4).values == differing


def test_what_is_renamed_and_what_is_given_here() -> None:
    recorded = {"alpha": 0.2, "epsilon": 1e-5, "activation": "relu", "other": 1}
    here = {"negative_slope": 0.1, "epsilon": 1e-3, "activation": "elu", "other": 2}
    found = arguments.differing(Layer(), recorded, here, RENAMES, 4)
    assert found.renamed == {"alpha": "negative_slope"}
    assert found.given == ["alpha"]  # of a default that is None, and of what the class takes otherwise, nothing is known


def test_the_arguments_of_a_layer_in_a_layer() -> None:
    around = SimpleNamespace(layer=Layer())
    recorded = {"layer": {"class_name": "Layer", "config": {"alpha": 0.2, "epsilon": 1e-5}}}
    here: dict[str, Any] = {
        "layer": {"class_name": "Layer", "config": {"negative_slope": 0.1, "epsilon": 1e-3}, "module": "mine"},
        "name": "b",
    }
    found = arguments.differing(around, recorded, here, RENAMES, 4)
    assert found.values == {"layer.alpha": [0.2, 0.1], "layer.epsilon": [1e-5, 1e-3]}
    assert found.renamed == {"layer.alpha": "layer.negative_slope"}
    assert found.given == ["layer.alpha"]
    assert arguments.changed(here, {"layer.negative_slope": 0.2, "name": "a"}) == {
        "layer": {"class_name": "Layer", "config": {"negative_slope": 0.2, "epsilon": 1e-3}, "module": "mine"},
        "name": "a",
    }
    assert here["layer"]["config"]["negative_slope"] == 0.1


def test_an_argument_of_a_layer_that_goes_both_ways_is_of_both() -> None:
    config = {name: {"class_name": "GRU", "config": {"units": 1}} for name in ("layer", "backward_layer")}
    both = arguments.changed(config, {"layer.units": 2})
    assert [both[name]["config"]["units"] for name in ("layer", "backward_layer")] == [2, 2]
    each = arguments.changed(config, {"layer.units": 2, "backward_layer.units": 3})
    assert [each[name]["config"]["units"] for name in ("layer", "backward_layer")] == [2, 3]
