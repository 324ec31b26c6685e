"""Pipelines of real environments: what is stored for the tests is what is captured, and all kinds of sources are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from kerasdiff.fingerprint.load import load
from tests.compare.pipelines.fed import found, piped
from tests.lab.capture import capture
from tests.lab.pipelines import CAPTURES, EXAMPLES, FOLDER, PROGRAMS, SHOWN, make, make_example

if TYPE_CHECKING:
    from pathlib import Path

    from kerasdiff.fingerprint.pipeline import Pipeline

pytestmark = pytest.mark.lab

SOURCE = """
import numpy as np

X = np.arange(20 * 12 * 12 * 3).reshape(20, 12, 12, 3) % 251
Y = np.arange(20) % 3


def dataset(change=lambda dataset: dataset):
    import tensorflow as tf
    return change(tf.data.Dataset.from_tensor_slices((X.astype("float32"), Y))).batch(8)


def shuffled():
    return dataset(lambda dataset: dataset.shuffle(20, seed=3))


def keyed():
    return dataset(lambda dataset: dataset.map(lambda x, y: {"image": x / 255.0, "label": y}))


def fails():
    def broken(x, y):
        return x.nothing, y
    return dataset(lambda dataset: dataset.map(broken))


def loader():
    import torch
    return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.tensor(X).float(), torch.tensor(Y)), batch_size=8)


def generator():
    from keras.preprocessing.image import ImageDataGenerator
    return ImageDataGenerator(rescale=1 / 255.0).flow(X.astype("float32"), Y, batch_size=8, shuffle=False)
"""


def captured(environment: str, name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """The pipeline of `SOURCE` with this name, in an environment."""
    (folder / "feeding.py").write_text(SOURCE, encoding="utf-8")
    monkeypatch.chdir(folder)
    capture(environment, folder / "a.json", "--only=packages,environment", f"--pipeline=feeding:{name}")
    facts = load(folder / "a.json").pipeline
    assert facts is not None
    assert sorted(path.name for path in folder.iterdir()) == ["a.json", "feeding.py"]
    return facts


@pytest.mark.parametrize(("environment", "feed"), CAPTURES)
def test_what_is_stored_is_what_is_captured(environment: str, feed: str, tmp_path: Path) -> None:
    stored, fresh = load(FOLDER / f"{feed}-{environment}.json.gz").pipeline, load(make(environment, feed, tmp_path)).pipeline
    assert stored is not None
    assert fresh is not None
    assert [stage.name for stage in stored.stages] == [stage.name for stage in fresh.stages]
    for one, other in zip(stored.stages, fresh.stages, strict=True):
        assert found(*(piped(msgspec.structs.replace(stage, name="")) for stage in (one, other))) == {}, one.name


@pytest.mark.parametrize(
    ("environment", "name", "kind", "parts"),
    [
        ("keras-2.3.1+tensorflow-1.15.5", "dataset", "tf.data.Dataset", {"x", "y"}),
        ("keras-2.3.1+tensorflow-1.15.5", "keyed", "tf.data.Dataset", {"image", "label"}),
        ("keras-2.3.1+tensorflow-1.15.5", "generator", "keras NumpyArrayIterator", {"x", "y"}),
        ("tensorflow-2.15.1", "keyed", "tf.data.Dataset", {"image", "label"}),
        ("keras-3.15.1+torch-2.13", "loader", "torch DataLoader", {"x", "y"}),
    ],
)
def test_sources(
    environment: str, name: str, kind: str, parts: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = captured(environment, name, tmp_path, monkeypatch)
    assert (facts.state, facts.kind) == ("value", kind), facts.message
    (stage,) = facts.stages
    assert stage.parts.keys() == parts
    assert (stage.batches.count, stage.batches.samples, stage.batches.complete) == (3, 20, True)
    assert stage.order.second == "same"


@pytest.mark.parametrize("environment", ["keras-2.3.1+tensorflow-1.15.5", "tensorflow-2.15.1"])
def test_line_of_the_user_within_a_graph(environment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = captured(environment, "fails", tmp_path, monkeypatch)
    assert (facts.state, facts.type) == ("error", "AttributeError")
    assert facts.where.endswith(": return x.nothing, y")


def test_order_across_generations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = (
        captured(environment, "shuffled", tmp_path, monkeypatch)
        for environment in ("keras-2.3.1+tensorflow-1.15.5", "tensorflow-2.15.1")
    )
    # An iterator that is initialized again has the seeds of its first time; eager ones go on with theirs.
    assert (old.stages[0].order.second, new.stages[0].order.second) == ("same", "reshuffled")
    assert found(old, new).keys() == {"pipeline/shuffling"}


@pytest.mark.parametrize(("program", "function"), [(program, function) for program in PROGRAMS for function in SHOWN])
def test_examples_are_what_is_captured(program: str, function: str, tmp_path: Path) -> None:
    stored = load(EXAMPLES / f"{program}-{function}.json.gz").pipeline
    assert found(stored, load(make_example(program, function, tmp_path)).pipeline) == {}
