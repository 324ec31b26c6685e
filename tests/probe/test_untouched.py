"""A capture changes nothing: no bytecode, nothing in the home directory, nothing in the environment."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from kerasdiff.probe.supervisor import OVERRIDES
from tests.probe.place import snapshot

if TYPE_CHECKING:
    from tests.probe.place import Place

# What Keras and Theano do when they are imported.
WRITES = """
import os
for home in (os.environ.get("KERAS_HOME"), os.path.join(os.path.expanduser("~"), ".keras")):
    if home:
        if not os.path.isdir(home):
            os.makedirs(home)
        with open(os.path.join(home, "keras.json"), "w") as stream:
            stream.write("overwritten")
        open(os.path.join(home, "dataset.npz"), "w").close()
flags = dict(part.split("=") for part in os.environ["THEANO_FLAGS"].split(",") if "=" in part)
os.makedirs(flags["base_compiledir"])
os.makedirs(os.path.join(os.path.expanduser("~"), ".cache"))
"""
# The environment of the process in which the library is imported.
TELLS = """
class Told(Layer):
    def get_config(self):
        return {"variables": dict(os.environ)}
"""
SETTINGS = '{\n    "floatx":"float64", "epsilon": 1e-4,\n "unknown": []\n}'


@pytest.mark.parametrize("arguments", [[], ["-B"]], ids=["plain", "-B"])
def test_no_bytecode(place: Place, arguments: list[str]) -> None:
    place.plant(init="import subprocess, sys; subprocess.check_call([sys.executable, '-c', 'import helper'])")
    place.write("helper.py", "")
    shutil.copy(argparse.__file__, place.packages)  # a module of the standard library, as if it had no bytecode yet
    shutil.copy(json.__file__, place.packages / "json_copy.py")
    before = snapshot(place.packages)
    command = [str(place.python), *arguments, *place.command()[1:]]
    subprocess.run(command, env=place.variables(), cwd=place.root, check=True, capture_output=True)
    assert snapshot(place.packages) == before


def test_home_stays_empty(place: Place) -> None:
    place.plant(init=WRITES)
    place.captured()
    assert list(place.home.iterdir()) == []


@pytest.mark.parametrize("theano", ["", "floatX=float64,device=cpu"])
def test_files_of_the_user_stay_as_they_are(place: Place, theano: str) -> None:
    place.plant(init=WRITES)
    own = place.root / "own"
    for folder in (place.home / ".keras", own):
        folder.mkdir()
        (folder / "keras.json").write_text(SETTINGS, encoding="utf-8")
    (place.home / ".theanorc").write_text("[global]\nfloatX = float64\n", encoding="utf-8")
    before = snapshot(place.home), snapshot(own)
    place.captured(KERAS_HOME=str(own), THEANO_FLAGS=theano)
    assert (snapshot(place.home), snapshot(own)) == before


def test_working_folder_stays_empty(place: Place) -> None:
    place.plant(init="open('born.txt', 'w').close()")
    before = {path.name for path in place.root.iterdir()}
    place.captured()
    # A library's own doing where it is run: it is told here because no probe could prevent it.
    assert {path.name for path in place.root.iterdir()} - before == {"born.txt"}


def test_variables_of_the_library(place: Place) -> None:
    place.plant(TELLS)
    given = place.variables(KERAS_HOME=str(place.home), KERAS_BACKEND="numpy")
    told = place.captured(KERAS_HOME=str(place.home), KERAS_BACKEND="numpy").config("layers.Told")["variables"]
    assert {name for name in told if told[name] != given.get(name)} - set(OVERRIDES) <= {
        *("LC_CTYPE", "__CF_USER_TEXT_ENCODING", "__PYVENV_LAUNCHER__"),  # Python's own
        *("KERASDIFF_TEST_PLACE", "PATH", "PYTHONPATH", "TMPDIR"),  # shortened in the document
    }
    assert set(given) <= set(told)
    for name in OVERRIDES:
        assert told[name] != given.get(name), name


@pytest.mark.parametrize("name", ["TF_FORCE_GPU_ALLOW_GROWTH", "XLA_PYTHON_CLIENT_PREALLOCATE"])
def test_choice_of_the_user_stands(place: Place, name: str) -> None:
    place.plant(TELLS)
    assert place.captured(**{name: "mine-x"}).config("layers.Told")["variables"][name] == "mine-x"


def test_flags_of_theano_are_kept(place: Place) -> None:
    place.plant(TELLS)
    flags = place.captured(THEANO_FLAGS="floatX=float64").config("layers.Told")["variables"]["THEANO_FLAGS"]
    assert flags.startswith("floatX=float64,base_compiledir=")
    assert "cxx=" in flags.split(",")


@pytest.mark.parametrize(("own", "expected"), [(None, "~/.theanorc"), ("/etc/other.rc", "other.rc")])
def test_file_of_theano_is_found(place: Place, own: str | None, expected: str) -> None:
    place.plant(TELLS)
    (place.home / ".theanorc").write_text("[global]\n", encoding="utf-8")
    variables = {"THEANORC": own} if own else {}
    told = place.captured(**variables).config("layers.Told")["variables"]
    assert told["THEANORC"].endswith(expected)


def test_same_with_and_without_a_home(place: Place) -> None:
    place.plant()
    shutil.rmtree(place.home)
    assert place.captured().config("layers.Dense") == {"units": 4}
    assert not place.home.exists()
    place.home.mkdir()


@pytest.mark.parametrize("kind", ["folder", "unreadable"])
def test_settings_that_cannot_be_read(place: Place, kind: str) -> None:
    # The library meets the same obstacle; the planted one goes on without.
    path = place.home / ".keras" / "keras.json"
    path.parent.mkdir()
    if kind == "folder":
        path.mkdir()
    elif os.geteuid() == 0:
        pytest.skip("permissions don't hold for the superuser")
    else:
        path.write_text(SETTINGS, encoding="utf-8")
        path.chmod(0)
    place.plant()
    before = snapshot(place.home)
    outcome = place.captured()
    assert outcome.keras["settings"]["floatx"] == {"value": "float32", "source": "default"}
    assert snapshot(place.home) == before
