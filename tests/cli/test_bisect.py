"""``kerasdiff bisect``: in which release between two something changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from kerasdiff.capture import live
from kerasdiff.capture.build import BuildError
from kerasdiff.cli import bisect
from kerasdiff.fingerprint.load import load
from kerasdiff.releases import names, shelf
from kerasdiff.releases.way import way as way_to
from tests.conftest import Ran, path, raw, sealed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Command = Callable[..., Ran]

#: Neighbours between which the optimizers changed.
OLD, NEW = "tensorflow==2.10", "tensorflow==2.11"
NADAM = ("--subject", "optimizers.Nadam")


def report(done: Ran) -> Any:
    return json.loads(done.out)


def test_the_first_release_that_changed_is_told_with_rule_and_remedy(kerasdiff: Command) -> None:
    done = kerasdiff("bisect", OLD, NEW, *NADAM)
    assert (done.status, done.err) == (1, "")
    told = "optimizers.Nadam from tensorflow==2.10.1 to tensorflow==2.11.1, at or above results: 2 releases looked at,"
    assert " ".join(done.out.split()).startswith(f"{told} changes in 1 release. ")
    assert "\nThe first change: tensorflow==2.11.1, after tensorflow==2.10.1\n" in done.out
    assert "Nadam warms its momentum up much faster [KD102]" in done.out
    assert "to keep A's: optimizer = keras.optimizers.legacy.Nadam()" in done.out


def test_every_release_on_the_way_is_looked_at(kerasdiff: Command) -> None:
    done = kerasdiff("bisect", "tensorflow==2.8", "keras==3.0", *NADAM, "--format", "json")
    found = report(done)
    way = [names.name(step) for step in way_to(names.find("tensorflow==2.8"), names.find("keras==3.0"))]
    assert found["looked_at"] == way
    assert {"tensorflow==2.8.4", "tensorflow==2.10.1", "tensorflow==2.11.1", "tensorflow==2.15.1", "keras==3.0.5"} <= set(way)
    assert found["first"] == "tensorflow==2.11.1"
    assert [change["name"] for change in found["changes"]] == ["tensorflow==2.11.1", "keras==3.0.5"]
    assert {"KD102"} <= {one["rule"] for one in found["changes"][0]["came"]}
    assert done.status == 1


def test_where_nothing_changes_the_status_says_so(kerasdiff: Command) -> None:
    done = kerasdiff("bisect", OLD, NEW, "--subject", "layers.Dense", "--subject", "layers.GRU")
    assert done.status == 0
    assert "layers.Dense, layers.GRU from tensorflow==2.10.1" in done.out
    assert done.out.endswith(": 2 releases looked at, nothing changes.\n")


def test_the_gate_says_what_matters(kerasdiff: Command) -> None:
    kept = ("bisect", OLD, NEW, *NADAM, "--format", "json", "--fail-on")
    assert {one["effect"] for one in report(kerasdiff(*kept, "breaks"))["changes"][0]["came"]} == {"breaks"}
    assert {one["effect"] for one in report(kerasdiff(*kept, "info"))["changes"][0]["came"]} == {"breaks", "results", "info"}


def test_the_api_is_that_of_the_names(kerasdiff: Command) -> None:
    done = kerasdiff("bisect", "keras==2.3.1", "tensorflow==1.15", "--subject", "layers.LSTM", "--format", "json")
    ids = {one["id"] for one in report(done)["changes"][0]["came"]}
    compared = kerasdiff("compare", "keras==2.3.1", "tensorflow==1.15", "--only", "layers.LSTM", "--format", "json")
    assert ids == {
        one["id"] for one in report(compared)["divergences"] if one["effect"] in {"breaks", "architecture", "results"}
    }


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ([OLD, NEW], "give --subject PATTERN or --model FILE"),
        ([OLD, NEW, "--subject", "optimizers.Nadan"], "optimizers.Nadan: fits nothing in these releases; is it misspelt?"),
        ([OLD, "tensorflow==2.10.1", *NADAM], "A and B are the same release, tensorflow==2.10.1"),
        ([OLD, "tensorflow==2.10.0", *NADAM], "tensorflow==2.10.0: isn't shipped; nearest are"),
        ([OLD, "tensorflow==2.10.0", *NADAM], "kerasdiff releases lists them; --live builds it"),
        ([OLD, "tensorflow>=2.11", *NADAM, "--live"], "tensorflow>=2.11: is no single release"),
        ([OLD, "caffe==1", *NADAM, "--live"], "caffe==1: names no release"),
        ([OLD, path("releases/tensorflow-2.11.1"), *NADAM], "names no release"),
    ],
)
def test_a_mistake_is_answered_in_one_line(arguments: list[str], why: str, kerasdiff: Command) -> None:
    assert why in kerasdiff("bisect", *arguments).refusal()


def test_what_is_unknown_leaves_it_unanswered(kerasdiff: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = raw("releases/tensorflow-2.11.1")
    cases = document["apis"]["tf.keras"]["symbols"]["optimizers.Nadam"]
    holder = cases if "cases" in cases else document["apis"]["keras"]["symbols"]["optimizers.Nadam"]
    holder["cases"]["default@1d"] = {"revision": "other"}
    (tmp_path / "now.json").write_bytes(sealed(document))
    monkeypatch.setattr(shelf, "file", lambda name: tmp_path / "now.json" if "2.11" in name else path(f"releases/{name}"))
    done = kerasdiff("bisect", OLD, NEW, *NADAM)
    assert done.status == 3
    assert "Not comparable in tensorflow==2.11.1: optimizers.Nadam/case.default@1d" in done.out


# With --live, on fingerprints that are there: what builds them is tested by itself, and in the lab for real.


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked for; TensorFlow 2.10.9 has the optimizers of 2.11, all before it those of 2.10."""
    asked = []

    def captured(release: names.Name, tell: Any, on_event: Any) -> Any:
        asked.append(release.called)
        if release.version == "2.10.8":
            message = "tensorflow==2.10.8: can't be built: no such wheel"
            raise BuildError(message)
        return load(path(f"releases/tensorflow-{'2.11.1' if release.version > '2.10.8' else '2.10.1'}"))

    monkeypatch.setattr(live, "captured", captured)
    monkeypatch.setattr(live, "published", lambda *_: ["2.9.0", "2.10.2", "2.10.9", "2.11.0rc1", "2.11.1", "2.12.0"])
    monkeypatch.setattr(live, "versioned", lambda minor: f"python{minor}")
    return asked


def test_the_first_change_is_looked_at_closer(builds: list[str], kerasdiff: Command) -> None:
    done = kerasdiff("bisect", "tensorflow==2.8", "tensorflow==2.15", *NADAM, "--live", "--format", "json")
    found = report(done)
    assert builds == ["tensorflow==2.10.2", "tensorflow==2.10.9"]
    way = found["looked_at"]
    assert way[way.index("tensorflow==2.10.1") :][:4] == ["tensorflow==2.10.1", *builds, "tensorflow==2.11.1"]
    assert [(one["name"], one["after"]) for one in found["changes"]] == [("tensorflow==2.10.9", "tensorflow==2.10.2")]
    assert done.status == 1


def test_where_nothing_changes_nothing_is_built(builds: list[str], kerasdiff: Command) -> None:
    assert kerasdiff("bisect", OLD, NEW, "--subject", "layers.Dense", "--live").status == 0
    assert builds == []


def test_ends_that_are_not_shipped_are_built(builds: list[str], kerasdiff: Command) -> None:
    done = kerasdiff("bisect", "tensorflow==2.10.0", "tensorflow==2.10.9", *NADAM, "--live", "--format", "json")
    assert report(done)["looked_at"] == ["tensorflow==2.10.0", "tensorflow==2.10.1", "tensorflow==2.10.2", "tensorflow==2.10.9"]
    assert report(done)["first"] == "tensorflow==2.10.9"
    assert builds == ["tensorflow==2.10.0", "tensorflow==2.10.9", "tensorflow==2.10.2"]


@pytest.mark.parametrize(
    ("a", "b", "way"),
    [
        ("tensorflow==2.10.0", "tensorflow==2.11", ["2.10.0", "2.10.1", "2.11.1"]),
        ("tensorflow==2.10.9", "tensorflow==2.11", ["2.10.9", "2.11.1"]),
        ("tensorflow==2.11", "tensorflow==2.10.0", ["2.11.1", "2.10.1", "2.10.0"]),
        ("tensorflow==2.11.0", "tensorflow==2.10.9", ["2.11.0", "2.10.9"]),
        ("tensorflow==2.10.2", "tensorflow==2.10.9", ["2.10.2", "2.10.9"]),
    ],
)
def test_the_release_beside_an_end_is_on_the_way_where_it_lies_between(a: str, b: str, way: list[str]) -> None:
    found = bisect._way(bisect._end(a, live=True), bisect._end(b, live=True))
    assert [one.version for one in found] == way


def test_one_that_can_not_be_built_is_told_and_leaves_it_unanswered(
    builds: list[str], kerasdiff: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "published", lambda *_: ["2.10.8", "2.10.9"])
    done = kerasdiff("bisect", OLD, NEW, *NADAM, "--live")
    assert done.status == 3
    assert "The first change: tensorflow==2.10.9, after tensorflow==2.10.1\n" in done.out
    assert done.out.endswith("Not looked at: tensorflow==2.10.8: can't be built: no such wheel\n")
    assert done.err == "kerasdiff: tensorflow==2.10.8: can't be built: no such wheel\n"
    assert kerasdiff("bisect", "tensorflow==2.10.8", NEW, *NADAM, "--live").refusal(3).endswith("no such wheel")
