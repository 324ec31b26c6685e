"""Pipelines of the user's are run by the probe: whatever they do, the rest of the capture is kept."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.probe.place import Outcome, Place, snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = """
    import numpy as np

    X = np.arange(20 * 9 * 9 * 3).reshape(20, 9, 9, 3).astype("float32")
    Y = np.arange(20) % 3

    def feed(x, y, order=range(20)):
        order = np.array(order)
        for at in range(0, 20, 8):
            yield x[order[at:at + 8]], y[order[at:at + 8]]

    def usual():
        print("a line of the user's")
        return feed(X, Y)

    def one_batch():
        return X, Y

    def arrays():
        return [X[:10], X[10:]]

    def mapping():
        return iter([{"image": X, "label": Y}])

    def inputs():
        return iter([({"left": X, "right": [X, Y]}, Y)])

    def text():
        return iter([np.array(["one", "two"]), np.array([b"three"])])

    def endless():
        while True:
            yield X[:4]

    def shuffled():
        return feed(X, Y, np.random.permutation(20))

    def random():
        return iter([np.random.rand(20, 4)])

    class Sequence:
        epoch = 0
        def __len__(self):
            return 5
        def __getitem__(self, number):
            at = (number + self.epoch) % 5 * 4
            return X[at:at + 4], Y[at:at + 4]
        def on_epoch_end(self):
            self.epoch += 1

    def sequence():
        return Sequence()

    def stages():
        return [("read", usual), ("scale", lambda x, y: (x / 255, y)), ("only x", lambda batch: batch[0]), ("other", [Y])]

    def reads():
        import os
        with open(os.path.expanduser("~/data/numbers")) as stream:
            return iter([np.array([[float(stream.read())]])])

    def writes():
        import os
        with open(os.path.expanduser("~/written"), "w") as stream:
            stream.write("x")
        return iter([X])

    def half_float():
        lost = np.full((2, 9, 9, 3), np.nan, "float16")
        lost[1] = np.inf
        return iter([X.astype("float16"), lost])
"""
FAULTS = """
    import os, sys, threading, time
    import numpy as np

    def raises():
        yield np.zeros((2, 3))
        raise ValueError("no file 7")

    def exits():
        sys.exit("enough")

    def vanishes():
        yield np.zeros((2, 3))
        os._exit(3)

    def hangs():
        yield np.zeros((2, 3))
        threading.Event().wait()

    def nothing():
        pass

    def objects():
        yield np.zeros((2, 3))
        yield object()

    def ragged():
        return iter([np.array([[1], [2, 3]], object)])

    def number():
        return 7

    def no_batch():
        return iter([(), ()])

    def within_numpy():
        return iter([np.concatenate([])])

    def bad_stage():
        def halve(x):
            return x / "2"
        return [("read", lambda: iter([np.zeros((2, 3))])), ("halve", halve)]

    def same_names():
        return [("read", [np.zeros((2, 3))]), ("read", [np.zeros((2, 3))])]

    def needy(path):
        return path

    def floods():
        os.write(1, b'\\x1ekerasdiff 00 {"fact": "pipeline", "value": {}}\\n' + b"x" * 100000)
        sys.stdout.close()
        return iter([np.zeros((2, 3))])

    value = 7
"""


@pytest.fixture
def here(tmp_path: Path, pyz: Path) -> Iterator[Place]:
    """A place whose interpreter has NumPy, with pipelines in the working folder."""
    place = Place(tmp_path / "place", pyz, Path(sys.executable))
    place.plant()
    for name, source in (("data.py", DATA), ("faults.py", FAULTS), ("broken.py", "import data\nx = = 1\n")):
        target = place.write(name, source)
        target.rename(place.root / name)
    before = snapshot(place.root)
    yield place
    place.check_left_nothing()
    assert snapshot(place.root).keys() == before.keys()


def ran(place: Place, name: str, *options: str) -> dict[str, Any]:
    """The facts of a pipeline; the rest of the capture must be there."""
    outcome: Outcome = place.captured("--pipeline", name, "--only", "settings,symbols", *options)
    assert outcome.config("layers.Dense") == {"units": 4}
    facts: dict[str, Any] = outcome.fingerprint["pipeline"]
    assert facts.pop("name") == name
    return facts


def stage(facts: dict[str, Any], number: int = 0) -> dict[str, Any]:
    assert facts["state"] == "value", facts
    found: dict[str, Any] = facts["stages"][number]
    return found


def test_generator(here: Place) -> None:
    facts = ran(here, "data:usual")
    found = stage(facts)
    assert facts["kind"] == "generator"
    assert found["batches"] == {"count": 3, "size": 8, "last": 4, "samples": 20, "complete": True}
    x, y = found["parts"]["x"], found["parts"]["y"]
    assert (x["dtype"], x["shape"], y["dtype"], y["shape"]) == ("float32", [9, 9, 3], "int64", [])
    assert {key: x["statistics"][key] for key in ("min", "max", "mean", "nan", "zeros")} == {
        "min": 0,
        "max": 4859,
        "mean": 2429.5,
        "nan": 0,
        "zeros": 1,
    }
    assert x["channels"]["last"]["mean"] == [2428.5, 2429.5, 2430.5]
    assert x["kept"][0]["values"][:4] == [0, 1, 2, 3]
    assert found["order"]["second"] == "same"
    assert "unstable" not in found["order"]
    assert "unstable" not in x


@pytest.mark.parametrize(
    ("name", "parts", "count"),
    [
        ("one_batch", {"x", "y"}, 1),
        ("arrays", {"x"}, 2),
        ("mapping", {"image", "label"}, 1),
        ("inputs", {"x.left", "x.right.0", "x.right.1", "y"}, 1),
        ("text", {"x"}, 2),
    ],
)
def test_what_batches_are(here: Place, name: str, parts: set[str], count: int) -> None:
    found = stage(ran(here, f"data:{name}"))
    assert found["parts"].keys() == parts
    assert found["batches"]["count"] == count
    assert found["order"]["second"] == "same"


def test_without_end(here: Place) -> None:
    found = stage(ran(here, "data:endless"))
    assert found["batches"] == {"count": 512, "size": 4, "last": 4, "samples": 2048, "complete": False}


def test_another_order_in_each_run(here: Place) -> None:
    found = stage(ran(here, "data:shuffled"))
    assert found["order"]["unstable"] is True
    assert (found["order"]["second"], found["order"]["moves"]) == ("reshuffled", "across batches")
    assert all("unstable" not in part for part in found["parts"].values())


def test_other_values_in_each_run(here: Place) -> None:
    found = stage(ran(here, "data:random"))
    assert found["parts"]["x"]["unstable"]["max"] < 1
    assert found["order"]["second"] == "other samples"


def test_sequence_of_keras(here: Place) -> None:
    found = stage(ran(here, "data:sequence"))
    assert found["batches"]["count"] == 5
    assert (found["order"]["second"], found["order"]["moves"]) == ("reshuffled", "batches")


def test_stages(here: Place) -> None:
    facts = ran(here, "data:stages")
    assert facts["kind"] == "stages"
    assert [one["name"] for one in facts["stages"]] == ["read", "scale", "only x", "other"]
    assert stage(facts, 1)["parts"]["x"]["statistics"]["max"] == pytest.approx(4859 / 255)
    assert stage(facts, 2)["parts"].keys() == {"x"}
    assert stage(facts, 3)["batches"] == {"count": 1, "size": 20, "last": 20, "samples": 20, "complete": True}


def test_not_a_number(here: Place) -> None:
    x = stage(ran(here, "data:half_float"))["parts"]["x"]
    assert x["dtype"] == "float16"
    assert (x["statistics"]["nan"], x["statistics"]["infinite"]) == (243, 243)


def test_files_of_the_user_are_read_from_home_and_none_is_written_there(here: Place) -> None:
    (here.home / "data").mkdir()
    (here.home / "data" / "numbers").write_text("7.5", encoding="utf-8")
    assert stage(ran(here, "data:reads"))["parts"]["x"]["kept"][0]["values"] == [7.5]
    assert stage(ran(here, "data:writes"))["batches"]["samples"] == 20
    assert sorted(path.name for path in here.home.iterdir()) == ["data"]
    (here.home / "data" / "numbers").unlink()
    (here.home / "data").rmdir()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "faults:raises",
            {"type": "ValueError", "message": "no file 7", "where": 'faults.py:7: raise ValueError("no file 7")'},
        ),
        (
            "faults:exits",
            {"type": "SystemExit", "message": "exits with status enough", "where": 'faults.py:10: sys.exit("enough")'},
        ),
        (
            "faults:vanishes",
            {"state": "crashed", "message": "the process ended with status 3", "where": "faults.py:12: def vanishes():"},
        ),
        ("faults:nothing", {"message": "gives nothing, not batches", "where": "faults.py:20: def nothing():"}),
        ("faults:objects", {"message": "gives as batch 1 an object, no arrays", "where": "faults.py:25: yield object()"}),
        ("faults:ragged", {"message": "gives list objects, no arrays", "where": "faults.py:27: def ragged():"}),
        ("faults:number", {"message": "gives an int, not batches", "where": "faults.py:30: def number():"}),
        ("faults:no_batch", {"message": "gives no samples", "where": "faults.py:33: def no_batch():"}),
        ("faults:within_numpy", {"type": "ValueError", "where": "faults.py:37: return iter([np.concatenate([])])"}),
        ("faults:bad_stage", {"where": 'faults.py:41: return x / "2"'}),
        ("faults:same_names", {"message": "two stages have one name", "where": "faults.py:44: def same_names():"}),
        ("faults:needy", {"type": "TypeError"}),
        ("faults:missing", {"message": "faults has no missing", "where": "faults.py"}),
        ("faults:value", {"message": "faults:value is no function but an int"}),
        ("broken:train", {"type": "SyntaxError", "where": "broken.py:2: x = = 1"}),
        ("absent:train", {"type": "ModuleNotFoundError"}),
    ],
)
def test_what_fails_says_where(here: Place, name: str, expected: dict[str, str]) -> None:
    facts = ran(here, name)
    assert "stages" not in facts
    assert {"state": "error", **facts} == {**facts, "state": "error", **expected}


def test_capture_says_what_failed(here: Place) -> None:
    outcome = here.captured("--pipeline", "faults:raises", "--only", "settings")
    told = 'kerasdiff probe: pipeline: faults:raises error: ValueError: no file 7 (faults.py:7: raise ValueError("no file 7"))'
    assert told in outcome.err.splitlines()


def test_hanging_pipeline_says_where(here: Place) -> None:
    facts = ran(here, "faults:hangs", "--timeout", "4")
    assert facts == {"state": "timeout", "message": "took longer than 4 s", "where": "faults.py:18: threading.Event().wait()"}


def test_what_is_printed_is_no_fact(here: Place) -> None:
    assert stage(ran(here, "faults:floods"))["batches"]["samples"] == 2


def test_without_numpy(place: Place) -> None:
    place.plant()
    place.write("data.py", DATA).rename(place.root / "data.py")
    outcome = place.captured("--pipeline", "data:usual")
    assert outcome.fingerprint["pipeline"]["state"] == "unsupported"
