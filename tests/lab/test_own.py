"""What is told of a user's model in real environments: all of it is measured, and twice the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from kerasdiff.compare.referenced import Error
from tests.lab.builder import MissingInterpreter
from tests.lab.references import PLACES, facts, kerasdiff, record

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.lab


#: Keras 3 can't load a functional model with a mask from HDF5: "Unknown layer: 'NotEqual'".
UNLOADED = {("text", "keras 3"): {"save-h5@formula"}, ("text", "jax"): {"save-h5@formula"}}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("model", ["cnn", "text", "custom"])
def test_all_of_a_model_is_measured_and_twice_the_same(model: str, place: str, tmp_path: Path) -> None:
    try:
        found = facts(model, place, tmp_path)
    except MissingInterpreter as missing:
        pytest.skip(str(missing))
    assert "state" not in found
    assert "unfinished" not in found
    assert {layer["name"] for layer in found["layers"] if layer["weights"]} <= found["cases"].keys()
    for way in UNLOADED.get((model, place), ()):
        assert "NotEqual" in found["cases"][""].pop(way)["restored"]["message"]
    cases = [(path, name, case) for path, some in found["cases"].items() for name, case in some.items()]
    states = {(path, name): part["state"] for path, name, case in cases for part in case.values() if isinstance(part, dict)}
    assert set(states.values()) == {"value"}
    trained = {name for path, name, _ in cases if not path and name.startswith("step")}
    assert trained == (set() if model == "cnn" else {"step@formula"})
    before = found["cases"][""]["output@formula"]["inference"]["parts"]
    restored = {name: case["restored"]["parts"] for name, case in found["cases"][""].items() if "restored" in case}
    assert {"save-weights@formula"} < restored.keys()
    for parts in restored.values():
        assert parts[0]["values"] == pytest.approx(before[0]["values"], rel=1e-5, abs=1e-6)
    again = facts(model, place, tmp_path)
    for way in UNLOADED.get((model, place), ()):
        del again["cases"][""][way]
    assert again == found


def test_outputs_that_are_expected_are_held_against_those_there(tmp_path: Path) -> None:
    reference = tmp_path / "text.npz"
    try:
        record("text", "tensorflow 2.15", reference, tmp_path)
    except MissingInterpreter as missing:
        pytest.skip(str(missing))
    target = tmp_path / "captured.json"
    options = ("--reference", str(reference), "--only", "environment", "-o", str(target))
    done = kerasdiff("tensorflow 2.15", tmp_path, "capture", *options, model="before:text")
    assert done.returncode == 0, done.stderr
    told = json.loads(target.read_text("utf-8"))["model"]
    assert told["reference"]["inputs"] == [[2, 10]]
    assert told["reference"]["errors"] == [{"scaled": 0.0, "max_abs": 0.0}]  # the same draw for the same seed
    assert "output@reference" in told["cases"][""]
    assert not Error(**told["reference"]["errors"][0]).beyond(0)
