"""Remedies tried in real environments: what restores A, and what doesn't."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from kerasdiff.errors import ExitStatus
from tests.conftest import path
from tests.lab.capture import run
from tests.lab.test_captures import built

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.lab


def verified(a: str, name: str, home: Path, *options: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit status, and by id what trying each remedy gave."""
    environment = built(name)
    done = run(environment, home, "verify", "--format", "json", *options, path(a), f"env:{environment.root}")
    report = json.loads(done.stdout)
    return done.returncode, {one["id"]: one["verified"] for one in report["divergences"] if one["verified"]}


def restored(found: dict[str, dict[str, Any]], identifier: str) -> bool:
    """Whether a remedy restores A to rounding."""
    told = found[identifier]
    return bool(told["state"] == "restores" and told["restored"] == told["cases"] > 0 and told["left"] < 1e-6)


def test_defaults_of_tensorflow_1_are_restored_in_tensorflow_2(tmp_path: Path) -> None:
    options = ("--families", "layers", "--api", "tf.keras")
    status, found = verified("releases/keras-2.3.1+tensorflow-1.15.5", "tensorflow-2.3.4", tmp_path, *options)
    assert status == ExitStatus.OK
    assert restored(found, "layers.GRU/parameter.reset_after")
    for layer in ("LSTM", "LSTMCell", "GRU", "GRUCell"):
        assert restored(found, f"layers.{layer}/parameter.recurrent_activation")
    assert "layers.GRU(reset_after=False)" in found["layers.GRU/parameter.recurrent_activation"]["beside"]


def test_defaults_and_functions_of_keras_2_are_restored_in_keras_3(tmp_path: Path) -> None:
    options = ("--families", "activations,regularizers,operations")
    status, found = verified("releases/tensorflow-2.15.1", "keras-3.15.1+tensorflow-2.21.0", tmp_path, *options)
    assert status == ExitStatus.OK
    assert restored(found, "regularizers.l1_l2/parameter.l1")
    assert restored(found, "activations.hard_sigmoid/case.default@grid.inference")
    assert restored(found, "operations.hard_sigmoid/case.grid.result")
    assert not any(identifier.startswith("layers.ConvLSTM") for identifier in found)  # layers weren't captured
