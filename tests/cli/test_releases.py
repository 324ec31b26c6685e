"""``kerasdiff releases``, and the names of releases where a fingerprint is read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from kerasdiff.releases import shelf
from kerasdiff.releases.names import find, name, names, steps
from tests.conftest import RELEASES, Ran, path, raw, sealed
from tests.gate.project import project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Command = Callable[..., Ran]

OLD, NEW = "tensorflow==2.10", "tensorflow==2.11"
FILES = {OLD: path("releases/tensorflow-2.10.1"), NEW: path("releases/tensorflow-2.11.1")}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project without a baseline."""
    monkeypatch.chdir(project(tmp_path, baseline=""))
    return tmp_path


def test_every_release_is_listed_with_what_is_in_it(kerasdiff: Command) -> None:
    listed = json.loads(kerasdiff("releases", "--format", "json").out)
    assert [row["name"] for row in listed["releases"]] == [name(step) for step in steps()]
    assert listed["unavailable"] == shelf.unavailable()
    for row in listed["releases"]:
        known = shelf.releases()[row["release"]]
        assert row["python"] == known.python
        assert row["released"] in {None, known.released}
        assert [row["name"], *row["also"]] == names(find(row["name"]))
    assert {row["release"] for row in listed["releases"] if row["released"]} == set(shelf.releases())


def test_a_day_of_release_is_that_of_the_keras_it_stands_beside(kerasdiff: Command) -> None:
    lines = kerasdiff("releases").out.splitlines()
    assert ["keras==2.3.1", "2.3.1", "tensorflow", "1.15.5", "3.7.16", "2019-10-07"] in [line.split() for line in lines]
    (inner,) = [line for line in lines if line.startswith("tensorflow==1.15.5")]
    assert inner.split() == ["tensorflow==1.15.5", "2.2.4-tf", "tensorflow", "1.15.5", "3.7.16"]


@pytest.mark.parametrize("pattern", ["*theano*", "KERAS==2.2.4+*", "keras on theano", "keras-2.2.4+theano-1.0.5"])
@pytest.mark.parametrize("form", ["text", "markdown"])
def test_a_pattern_fits_names_lines_and_files(pattern: str, form: str, kerasdiff: Command) -> None:
    out = kerasdiff("releases", pattern, "--format", form).out
    assert "keras==2.2.4+theano" in out
    assert "2.11" not in out
    assert all(len(line) <= 80 for line in out.splitlines())


def test_what_can_not_be_had_is_listed_with_the_reason(kerasdiff: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kerasdiff.cli.releases.unavailable", lambda: {"keras==0.3": "needs Python 2.7 " * 9})
    out = kerasdiff("releases", "keras==0*").out
    assert out.partition("Not shipped\n")[2].startswith("  keras==0.3: needs Python 2.7 needs")
    assert max(map(len, out.splitlines())) <= 80
    assert "- `keras==0.3`: needs" in kerasdiff("releases", "keras==0*", "--format", "markdown").out


def test_a_pattern_that_fits_nothing_is_told(kerasdiff: Command) -> None:
    assert kerasdiff("releases", "pytorch\x1b").refusal().endswith("no release matches pytorch\\x1b; try '*pytorch\\x1b*'")


@pytest.mark.parametrize(
    "arguments",
    [
        ["compare", OLD, NEW, "--only", "optimizers.Adam", "--format", "json"],
        ["show", NEW, "optimizers.Adam"],
        ["show", OLD, "--coverage"],
    ],
)
def test_a_name_gives_what_its_file_gives(arguments: list[str], kerasdiff: Command) -> None:
    files = [FILES.get(argument, argument) for argument in arguments]
    done = kerasdiff(*arguments)
    assert done.out
    assert done == kerasdiff(*files)


def test_the_api_is_the_one_that_the_name_implies_unless_said(kerasdiff: Command) -> None:
    def chosen(*arguments: str) -> list[str]:
        report = json.loads(kerasdiff("compare", *arguments, "--only", "layers.Dense", "--format", "json").out)
        return [report[side]["api"] for side in "ab"]

    both = ("keras==2.3.1", "tensorflow==1.15")
    assert chosen(*both) == ["keras", "tf.keras"]
    assert chosen(*both, "--api-b", "keras") == ["keras", "keras"]
    assert chosen(*both, "--api", "tf.keras") == ["tf.keras", "tf.keras"]
    assert kerasdiff("show", "tensorflow==1.15", "settings.backend") == kerasdiff(
        "show", path("releases/keras-2.3.1+tensorflow-1.15.5"), "settings.backend", "--api", "tf.keras"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["compare", "env:nowhere", "keras==99"],
        ["compare", "keras==99", FILES[OLD]],
        ["show", "keras==99"],
        ["check", "keras==99", "--fingerprint", FILES[OLD]],
        ["check", "keras==99", "--update", "--fingerprint", FILES[OLD]],
        ["verify", "keras==99", "env:nowhere"],
        ["waive", "*", "--baseline", "keras==99", "--reason", "x", "--until", "never", "--fingerprint", FILES[OLD]],
    ],
)
def test_a_name_of_nothing_is_told_before_anything_is_captured(arguments: list[str], here: Path, kerasdiff: Command) -> None:
    assert "keras==99: isn't shipped; nearest is keras==3" in kerasdiff(*arguments).refusal()


def test_two_equal_signs_mark_a_release_and_a_folder_a_file(here: Path, kerasdiff: Command) -> None:
    (here / "tensorflow==2.10").write_bytes(b"{}")
    assert kerasdiff("show", "tensorflow==2.10").out.startswith("tf.keras-2.10.0")
    assert "is JSON, but not a fingerprint" in kerasdiff("show", "./tensorflow==2.10").refusal()


# As the baseline of check


def elsewhere(folder: Path) -> str:
    """TensorFlow 2.11 as it would have been captured on another machine."""
    document = raw("releases/tensorflow-2.11.1")
    machine = {
        "machine": "arm64",
        "libc": "",
        "memory": 1,
        "kernel": "0",
        "platform": "other",
        "cpu": {"model": "M9", "cores": 1},
    }
    document["runtime"] |= machine | {"devices": [{"type": "GPU", "library": "tensorflow"}]}
    for api in document["apis"].values():
        api["settings"]["onednn"] = {"source": "hardware", "value": False}
    file = folder / "elsewhere.json"
    file.write_bytes(sealed(document))
    return str(file)


def test_a_release_is_a_baseline_and_nothing_is_written(here: Path, kerasdiff: Command) -> None:
    before = {file: file.stat().st_mtime_ns for file in RELEASES.iterdir()}
    done = kerasdiff("check", OLD, "--fingerprint", FILES[OLD])
    told = "tf.keras 2.10.0 on tensorflow 2.10.1, Python 3.10.13: nothing at or above results differs"
    assert done == (0, f"kerasdiff: {told} from tensorflow==2.10.1 in 2,188 cases\n", "")
    drifted = kerasdiff("check", OLD, "--fingerprint", FILES[NEW])
    assert drifted.status == 1
    assert "The optimizers refuse decay [KD100]" in drifted.out
    assert " --baseline tensorflow==2.10.1" in drifted.out
    assert {file: file.stat().st_mtime_ns for file in RELEASES.iterdir()} == before
    assert [file.name for file in here.iterdir()] == [".git"]


def test_a_machine_is_no_finding(here: Path, kerasdiff: Command) -> None:
    (here / "kerasdiff.toml").write_text('fail-on = "info"\n[effects]\n"runtime.*" = "breaks"\n', encoding="utf-8")
    file = elsewhere(here)
    report = json.loads(kerasdiff("check", NEW, "--fingerprint", file, "--format", "json").out)
    assert (report["divergences"], report["context"]["runtime"]) == ([], [])
    committed = json.loads(kerasdiff("check", FILES[NEW], "--fingerprint", file, "--format", "json").out)
    assert {one["subject"] for one in committed["divergences"]} >= {"settings.onednn", "runtime.machine", "runtime.devices"}


def test_another_python_is_told(here: Path, kerasdiff: Command) -> None:
    document = raw("releases/tensorflow-2.10.1")
    document["runtime"]["python"] = "3.9.1"
    (here / "now.json").write_bytes(sealed(document))
    report = json.loads(kerasdiff("check", OLD, "--fingerprint", "now.json", "--format", "json").out)
    assert report["context"]["runtime"] == [["python", "3.10.13", "3.9.1"]]


def test_a_waiver_about_a_release_serves_by_any_of_its_names(here: Path, kerasdiff: Command) -> None:
    now = ("--fingerprint", FILES[NEW])
    done = kerasdiff("waive", "*", "--reason", "moving", "--until", "never", "--baseline", OLD, *now)
    assert done.status == 0
    for called in (OLD, "tensorflow==2.10.1", "Tensorflow-cpu==2.10", "keras==2.10"):
        assert kerasdiff("check", called, *now).status == 0
    assert kerasdiff("check", "tensorflow==2.8", *now).status == 1  # another release
    policy = (here / "kerasdiff.toml").read_text(encoding="utf-8")
    assert f'baseline = "{OLD}"' in policy
    assert kerasdiff("check", OLD, "--fingerprint", FILES[OLD]).status == 1  # nothing is left to waive, and that is told
    assert kerasdiff("check", "--update", *now).status == 0  # a baseline of its own
    assert (here / "kerasdiff.toml").read_text(encoding="utf-8") == policy  # no waiver is lost by it
    assert kerasdiff("check", *now).status == 0


def test_the_policy_can_name_a_release(here: Path, kerasdiff: Command) -> None:
    (here / "kerasdiff.toml").write_text(f'baseline = "{OLD}"\n', encoding="utf-8")
    assert "differs from tensorflow==2.10.1 in" in kerasdiff("check", "--fingerprint", FILES[OLD]).out
    assert f'baseline = "{OLD}"  # line 1' in kerasdiff("policy").out
    assert kerasdiff("waive", "KD100", "--reason", "x", "--until", "never", "--fingerprint", FILES[NEW]).status == 0
    report = json.loads(kerasdiff("check", "tensorflow==2.10.1", "--fingerprint", FILES[NEW], "--format", "json").out)
    assert report["summary"]["waived"] > 0
    refused = kerasdiff("check", "--update", "--fingerprint", FILES[OLD]).refusal()
    assert refused.startswith("kerasdiff: tensorflow==2.10.1: is a shipped release, and stays as it is")


def test_an_update_of_a_release_is_refused(here: Path, kerasdiff: Command) -> None:
    told = "kerasdiff: tensorflow==2.10.1: is a shipped release, and stays as it is; name a file: kerasdiff check FILE --update"
    assert kerasdiff("check", OLD, "--update", "--python", "nowhere").refusal() == told


def test_what_is_checked_against_an_api_that_few_use_is_seen_through_it(here: Path, kerasdiff: Command) -> None:
    both = path("releases/keras-2.3.1+tensorflow-1.15.5")

    def chosen(release: str, now: str, *options: str) -> Any:
        report = json.loads(kerasdiff("check", release, "--fingerprint", now, "--format", "json", *options).out)
        return [report[side]["api"] for side in "ab"], report["gate"]["exit"]

    assert chosen("tensorflow==1.15", both) == (["tf.keras", "tf.keras"], 0)
    assert chosen("keras==2.3.1", both) == (["keras", "keras"], 0)
    assert chosen("tensorflow==2.15", path("releases/keras-3.15.1+tensorflow-2.21.0"))[0] == ["tf.keras", "keras"]
    (here / "kerasdiff.toml").write_text('api = "keras"\n', encoding="utf-8")
    assert chosen("tensorflow==1.15", both) == (["keras", "keras"], 0)
