"""The probe's own command line."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import kerasdiff
from kerasdiff.fingerprint.load import parse
from kerasdiff.probe import VERSION
from kerasdiff.probe.apis import FAMILIES
from kerasdiff.probe.canonical import digests, document
from kerasdiff.probe.supervisor import OVERRIDES
from tests.probe.place import PATIENCE

if TYPE_CHECKING:
    from tests.probe.place import Place


def test_document(place: Place) -> None:
    place.plant()
    outcome = place.captured()
    fingerprint = outcome.fingerprint
    assert outcome.out == document(fingerprint).encode("ascii")
    assert fingerprint["digests"] == digests(fingerprint)
    assert fingerprint["schema"] == "kerasdiff.fingerprint/1"
    assert fingerprint["label"] == "keras-9.9.9-numpy"
    assert fingerprint["captured"]["kerasdiff"] == VERSION == kerasdiff.__version__
    assert fingerprint["captured"]["overrides"] == OVERRIDES
    parse(outcome.out, "planted")


def test_two_captures_have_the_same_facts(place: Place) -> None:
    place.plant()
    one, two = place.captured().fingerprint, place.captured().fingerprint
    assert one["digests"] == two["digests"]
    del one["captured"], two["captured"]
    assert one == two


def test_order_of_names_changes_nothing(place: Place) -> None:
    # Sets of strings have another order in every process.
    place.plant("class Sets(Layer):\n    def get_config(self):\n        return {'names': set(map(str, range(50)))}\n")
    found = {place.captured(PYTHONHASHSEED=seed).out.count(b'"0","1","10"') for seed in ("1", "2")}
    assert found == {1}


def test_output_is_a_file(place: Place) -> None:
    place.plant()
    target = place.root / "out.json"
    before = os.umask(0o027)
    try:
        outcome = place.captured("-o", str(target))
    finally:
        os.umask(before)
    assert outcome.out == b""
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    parse(target.read_bytes(), "planted")
    assert {path.name for path in place.root.iterdir()} == {"out.json", "home", "temporary", "packages"}


def test_minus_is_standard_output(place: Place) -> None:
    place.plant()
    parse(place.captured("-o", "-").out, "planted")
    assert not (place.root / "-").exists()


@pytest.mark.parametrize("target", ["", "missing/out.json", "/dev/full"])
def test_output_that_cannot_be_written(place: Place, target: str) -> None:
    place.plant()
    if target.startswith("/") and not Path(target).exists():
        pytest.skip(f"there is no {target}")
    outcome = place.probe("-o", str(place.root / target))
    assert outcome.status == 3
    assert outcome.out == b""
    assert outcome.err.splitlines()[-1].startswith(f"kerasdiff probe: can't write {place.root / target}: ")
    assert "Traceback" not in outcome.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_standard_output_that_is_full(place: Place) -> None:
    place.plant()
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            place.command(), env=place.variables(), cwd=place.root, stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1] == b"kerasdiff probe: can't write standard output: No space left on device"


def test_reader_that_has_gone(place: Place) -> None:
    place.plant()
    with subprocess.Popen(
        place.command(), env=place.variables(), cwd=place.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 3
    assert b"can't write standard output: Broken pipe" in err
    assert b"Traceback" not in err


@pytest.mark.parametrize("option", ["--only", "--skip"])
def test_unknown_family(place: Place, option: str) -> None:
    place.plant()
    outcome = place.probe(option, "settings,layerz,optimizerz")
    assert (outcome.status, outcome.out) == (2, b"")
    assert outcome.err == f"kerasdiff probe: no such family: layerz, optimizerz; there are {', '.join(FAMILIES)}\n"


@pytest.mark.parametrize("arguments", [["--unheard-of"], ["--timeout", "soon"], ["file.json"]])
def test_bad_usage(place: Place, arguments: list[str]) -> None:
    outcome = place.probe(*arguments)
    assert (outcome.status, outcome.out) == (2, b"")
    assert "Traceback" not in outcome.err


def test_version(place: Place) -> None:
    assert place.captured("--version").out.decode().strip() == VERSION


def test_help_shows_what_people_use(place: Place) -> None:
    text = place.captured("--help").out.decode()
    assert "--only" in text
    assert "--frames" not in text


def test_only(place: Place) -> None:
    place.plant()
    twice = place.captured("--only", "packages", "--only", "settings").fingerprint["captured"]["families"]
    assert {name for name, family in twice.items() if family["state"] != "not run"} == {"packages", "settings"}
    fingerprint = place.captured("--only", "settings").fingerprint
    assert fingerprint["apis"]["keras"]["settings"]["floatx"]["value"] == "float32"
    assert fingerprint["apis"]["keras"]["symbols"] == {}
    assert fingerprint["packages"] == fingerprint["environment"] == fingerprint["runtime"] == {}
    states = {name: run["state"] for name, run in fingerprint["captured"]["families"].items()}
    assert states == {name: "ok" if name == "settings" else "not run" for name in FAMILIES}
    parse(document(fingerprint).encode("ascii"), "planted")


def test_skip(place: Place) -> None:
    place.plant()
    others = [name for name in FAMILIES if name not in {"environment", "packages"}]
    fingerprint = place.captured("--skip", ",".join(others), "--only", ",".join(FAMILIES)).fingerprint
    states = {name: run["state"] for name, run in fingerprint["captured"]["families"].items()}
    assert states == {name: "not run" if name in others else "ok" for name in FAMILIES}
    assert fingerprint["apis"]["keras"]["version"] == "9.9.9"


def test_label(place: Place) -> None:
    place.plant()
    labelled, plain = place.captured("--label", "Ünser Büro").fingerprint, place.captured().fingerprint
    assert labelled["label"] == "Ünser Büro"
    assert labelled["digests"] == plain["digests"]


def test_api(place: Place) -> None:
    place.plant()
    place.plant(name="tf_keras")
    both = place.captured().fingerprint["apis"]
    one = place.captured("--api", "keras").fingerprint["apis"]
    assert set(both) == {"keras", "tf_keras"}
    assert one == {"keras": both["keras"]}
    assert place.captured("--api", "keras", "--api", "tf_keras").fingerprint["apis"] == both


def test_progress_is_on_standard_error(place: Place) -> None:
    place.plant()
    lines = place.captured().err.splitlines()
    assert all(line.startswith("kerasdiff probe: keras: ") for line in lines)
    assert [line.split()[3] for line in lines] == ["imported", "runtime", "settings", "symbols"]


@pytest.mark.parametrize("switch", ["-O", "-OO", "-s", "-E", "-Wdefault", "-Xfaulthandler"])
def test_switches_of_the_interpreter_are_kept(place: Place, switch: str) -> None:
    place.plant(
        """
        class Switches(Layer):
            def get_config(self):
                return {"flags": list(sys.flags), "warnings": sys.warnoptions, "options": sorted(sys._xoptions)}
        """
    )
    python, *rest = place.command()
    variables = place.variables(LC_ALL="C.UTF-8")  # Python changes its mode and its variables in other locales
    if switch == "-E":  # nothing planted can be found then
        done = subprocess.run([python, switch, *rest], env=variables, capture_output=True, check=False)
        assert done.returncode == 2
        return
    done = subprocess.run([python, switch, *rest], env=variables, capture_output=True, check=True)
    asked = "import json, sys; print(json.dumps([list(sys.flags), sys.warnoptions, sorted(sys._xoptions)]))"
    told = subprocess.run([python, "-B", switch, "-c", asked], env=variables, capture_output=True, check=True)
    config = json.loads(done.stdout)["apis"]["keras"]["symbols"]["layers.Switches"]["config"]
    assert [config["flags"], config["warnings"], config["options"]] == json.loads(told.stdout)


def test_started_from_another_folder(place: Place) -> None:
    place.plant()
    relative = os.path.relpath(place.pyz, place.home)
    done = subprocess.run(
        [place.python, relative, *place.command()[2:]], env=place.variables(), cwd=place.home, capture_output=True, check=True
    )
    parse(done.stdout, "planted")


def test_package_of_that_name_beside_it_is_not_used(place: Place) -> None:
    # kerasdiff itself may be installed in the captured environment, in another version.
    place.plant()
    place.write("kerasdiff/__init__.py", "raise RuntimeError('another kerasdiff')")
    place.write("json5.py", "")
    assert place.captured().config("layers.Dense") == {"units": 4}
