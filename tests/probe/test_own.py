"""What goes wrong with code of the user's is told with the line, and the rest of the capture is kept.

The planted ``keras`` has a class of models, and builds none: what is measured of real ones is in the lab.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kerasdiff.probe.own.source import is_callable
from tests.conftest import acting

if TYPE_CHECKING:
    from tests.probe.place import Place

USER = """
import os, sys, time
import keras

def raises():
    found = {}
    return found["missing"]

def asks():
    return keras.layers.Dense()

def leaves():
    sys.exit("enough")

def gone():
    print("not a frame")
    os._exit(4)

def hangs():
    time.sleep(600)

def nothing():
    print("only this")

def text():
    return "model"

number = 3
"""


@pytest.fixture
def user(place: Place) -> Place:
    """A place with a module of the user's own, in the folder of packages."""
    place.plant(init="from . import models")
    place.write("keras/models.py", "class Model(object):\n    pass\n\nclass Sequential(Model):\n    pass\n")
    place.write("nets/__init__.py", "")
    place.write("nets/mine.py", USER)
    return place


def model(user: Place, spec: str, *options: str) -> dict[str, Any]:
    path = ("--path", str(user.packages))
    found: dict[str, Any] = user.captured("--model", spec, *path, *options).fingerprint["model"]
    return found


@pytest.mark.parametrize(
    ("name", "kind", "message", "where"),
    [
        ("raises", "KeyError", "'missing'", "nets/mine.py, line 7 in raises"),
        ("asks", "TypeError", "missing 1 required positional argument: 'units'", "nets/mine.py, line 10 in asks"),
        ("leaves", "SystemExit", "it ends the process, with status enough", "nets/mine.py, line 13 in leaves"),
        ("nothing", "TypeError", "nets.mine:nothing gives nothing (None), no Keras model", "nets/mine.py, line 22 in nothing"),
        ("text", "TypeError", "nets.mine:text gives a str, no Keras model", "nets/mine.py, line 25 in text"),
        ("number", "TypeError", "nets.mine:number is no function but of the type int", None),
        ("missing", "AttributeError", "nets.mine has no missing", "nets/mine.py"),
    ],
)
def test_what_raises_is_told_with_the_line(user: Place, name: str, kind: str, message: str, where: str | None) -> None:
    found = model(user, f"nets.mine:{name}")
    assert (found["state"], found["type"], found.get("where")) == ("error", kind, where)
    assert message in found["message"]
    assert acting(found["message"]) == set()
    assert found["source"] == f"nets.mine:{name}"


def test_what_ends_the_process_costs_the_model_alone(user: Place) -> None:
    outcome = user.captured("--model", "nets.mine:gone", "--path", str(user.packages))
    found = outcome.fingerprint["model"]
    assert (found["state"], found["message"]) == ("crashed", "the process ended with status 4")
    assert found["where"].startswith("nets/mine.py, line 15 in gone")
    assert outcome.keras["version"] == "9.9.9"
    assert "layers.Dense" in outcome.keras["symbols"]


def test_what_hangs_is_told_with_the_line(user: Place) -> None:
    found = model(user, "nets.mine:hangs", "--timeout", "4")
    assert (found["state"], found["where"]) == ("timeout", "nets/mine.py, line 20 in hangs")


def test_a_module_that_is_not_there(user: Place) -> None:
    found = model(user, "nowhere:build")
    assert found["type"] == "ModuleNotFoundError"
    assert "there is no module nowhere in " in found["message"]
    assert "give --path its folder" in found["message"]


def test_a_module_that_can_not_be_read(user: Place) -> None:
    user.write("broken.py", "def build(:\n")
    found = model(user, "broken:build")
    assert (found["type"], found["where"]) == ("SyntaxError", "broken.py, line 1")


def test_a_module_that_lacks_another_one_is_told_as_it_raises(user: Place) -> None:
    user.write("asking.py", "\nimport nowhere_at_all\n")
    found = model(user, "asking:build")
    assert (found["type"], found["where"]) == ("ModuleNotFoundError", "asking.py, line 2")


def test_nothing_of_the_user_is_run_without_a_request(user: Place) -> None:
    user.write("nets/mine.py", "raise SystemExit('run')")
    assert "model" not in user.captured().fingerprint


@pytest.mark.parametrize("spec", ["nets:cnn", "a.b.c:d", "a:b.c", "über:maß"])
def test_a_callable_is_told_by_its_form(spec: str) -> None:
    assert is_callable(spec)


@pytest.mark.parametrize(
    "spec", ["model.h5", "folder/model.keras", "C:\\model.h5", "a:b:c", "nets", ":f", "a:", "1a:b", "a:b c"]
)
def test_anything_else_is_a_file(spec: str) -> None:
    assert not is_callable(spec)
