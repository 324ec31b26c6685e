"""What is told of a user's model in real environments: all of it is measured, and twice the same."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from kerasdiff.compare.referenced import Error
from tests.lab.builder import MissingInterpreter, build
from tests.lab.capture import environ
from tests.lab.references import PLACES, ROOT, facts, kerasdiff, record

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.lab

NETS = """
import numpy as np
import tensorflow as tf

class Scale(tf.keras.layers.Layer):
    def __init__(self, factor=2.0, **more):
        super().__init__(**more)
        self.factor = factor

    def call(self, x):
        return x * self.factor

    def get_config(self):
        return dict(super().get_config(), factor=self.factor)

def build():
    return tf.keras.Sequential([tf.keras.layers.Input((4,)), tf.keras.layers.Dense(3), Scale(), tf.keras.layers.Dense(1)])

def train():
    x = np.arange(80, dtype="float32").reshape(20, 4) / 80
    return tf.data.Dataset.from_tensor_slices((x, x[:, :1])).batch(5)
"""
GATED = """
def test_nets(kerasdiff_check):
    kerasdiff_check(python={python!r}, model="nets:build", pipeline="nets:train")
"""

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


SUBCLASSED = """
import numpy as np
import tensorflow as tf
L = tf.keras.layers

class Sub(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.norm = L.BatchNormalization(name="norm")
        self.out = L.Dense(2, name="out")

    def call(self, x):
        return self.out(self.norm(x))

def unbuilt():
    return Sub()

def built():
    model = Sub()
    model(np.zeros((3, 5, 4), "float32"))
    return model

def words():
    split = L.TextVectorization(max_tokens=9, output_sequence_length=4, name="split")
    split.adapt(np.array(["a cat", "a dog"]))
    return tf.keras.Sequential([tf.keras.Input((1,), dtype="string"), split, L.Embedding(9, 3, name="embedding")])
"""


@pytest.mark.parametrize("name", ["tensorflow-2.10.1", "tensorflow-2.15.1", "keras-3.15.1+tensorflow-2.21.0"])
@pytest.mark.parametrize(("model", "why"), [("built", ""), ("unbuilt", "its inputs aren't known"), ("words", "it takes text")])
def test_a_model_is_run_as_far_as_its_inputs_are_known(model: str, why: str, name: str, tmp_path: Path) -> None:
    try:
        built = build(name)
    except MissingInterpreter as missing:
        pytest.skip(str(missing))
    (tmp_path / "subclassed.py").write_text(SUBCLASSED, encoding="utf-8")
    options = ["--python", str(built.python), "--only", "environment", "-o", "found.json"]
    command = [sys.executable, "-m", "kerasdiff", "capture", "--model", f"subclassed:{model}", *options]
    variables = {**environ(built, tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    told = [line for line in done.stderr.splitlines() if "was not run" in line]
    assert len(told) == bool(why)
    found = json.loads((tmp_path / "found.json").read_text("utf-8"))["model"]
    assert "unfinished" not in found
    output = found["cases"][""]["output@formula"]
    if why:
        assert told[0].endswith(f"{output['message']}")
        assert (output["state"], output["message"].startswith(why)) == ("not run", True)
    else:
        assert output["inference"]["parts"][0]["shape"] == [2, 5, 2]
        assert found["cases"]["norm"]["alone@formula"]["inference"]["state"] == "value"
    names = {layer["name"]: [weight["name"] for weight in layer["weights"]] for layer in found["layers"]}
    assert names.get("split", []) == []


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


def test_a_project_gates_on_its_own_model_and_pipeline(tmp_path: Path) -> None:
    """``check`` and pytest's fixture see what changes in the project's own code, and nothing else."""
    try:
        built = build("tensorflow-2.15.1")
    except MissingInterpreter as missing:
        pytest.skip(str(missing))
    (tmp_path / "kerasdiff.toml").write_text('families = ["settings"]\n', encoding="utf-8")
    (tmp_path / "test_nets.py").write_text(GATED.format(python=str(built.python)), encoding="utf-8")
    code = tmp_path / "nets.py"
    code.write_text(NETS, encoding="utf-8")
    own = ("--python", str(built.python), "--model", "nets:build", "--pipeline", "nets:train")

    def checked(*more: str) -> subprocess.CompletedProcess[str]:
        return ran("kerasdiff", "check", *own, *more)

    def ran(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", *arguments]
        variables = {**environ(built, tmp_path), "PYTHONPATH": str(ROOT)}
        return subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=300, check=False)

    assert checked("--update").returncode == 0
    assert checked().stdout.count("\n") == 1
    code.write_text(NETS.replace("factor=2.0", "factor=2.5").replace("/ 80", "/ 160"), encoding="utf-8")
    done = checked("--format", "json")
    assert done.returncode == 1, done.stderr
    found = {one["id"]: one for one in json.loads(done.stdout)["divergences"] if one["effect"] == "results"}
    roots = {name for name, one in found.items() if one["cause"] is None}
    assert roots == {"model.layers.scale/parameter.factor", "pipeline.x/values", "pipeline.y/values"}
    assert found["model/case.output@formula.inference"]["cause"] == "model.layers.scale/parameter.factor"
    tested = ran("pytest", "-q", "-p", "no:cacheprovider", "test_nets.py")
    assert tested.returncode == 1, tested.stderr
    assert "model.layers.scale: factor is 2.0 in A, 2.5 in B" in tested.stdout
    assert "pipeline.x: in B scaled by 1/2, exactly" in tested.stdout
