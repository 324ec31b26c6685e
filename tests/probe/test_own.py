"""What goes wrong with code of the user's is told with the line, and the rest of the capture is kept.

The planted ``keras`` has a class of models, and builds none: what is measured of real ones is in the lab.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kerasdiff.probe.source import is_callable
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

def twice():
    raise ValueError("ValueError: no such breed")

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
        ("raises", "KeyError", "'missing'", 'nets/mine.py:7: return found["missing"]'),
        (
            "asks",
            "TypeError",
            "missing 1 required positional argument: 'units'",
            "nets/mine.py:10: return keras.layers.Dense()",
        ),
        ("twice", "ValueError", "no such breed", 'nets/mine.py:29: raise ValueError("ValueError: no such breed")'),
        ("leaves", "SystemExit", "exits with status enough", 'nets/mine.py:13: sys.exit("enough")'),
        ("nothing", "TypeError", "nets.mine:nothing gives nothing, no Keras model", "nets/mine.py:22: def nothing():"),
        ("text", "TypeError", "nets.mine:text gives a str, no Keras model", "nets/mine.py:25: def text():"),
        ("number", "TypeError", "nets.mine:number is no function but an int", None),
        ("missing", "AttributeError", "nets.mine has no missing", "nets/mine.py"),
    ],
)
def test_what_raises_is_told_with_the_line(user: Place, name: str, kind: str, message: str, where: str | None) -> None:
    found = model(user, f"nets.mine:{name}")
    assert (found["state"], found["type"], found.get("where")) == ("error", kind, where)
    assert message in found["message"]
    assert not found["message"].startswith(kind)
    assert acting(found["message"]) == set()
    assert found["source"] == f"nets.mine:{name}"


def test_what_ends_the_process_costs_the_model_alone(user: Place) -> None:
    outcome = user.captured("--model", "nets.mine:gone", "--path", str(user.packages))
    found = outcome.fingerprint["model"]
    assert (found["state"], found["message"]) == ("crashed", "the process ended with status 4")
    assert found["where"] == "nets/mine.py:15: def gone():"
    assert outcome.keras["version"] == "9.9.9"
    assert "layers.Dense" in outcome.keras["symbols"]


def test_what_hangs_is_told_with_the_line(user: Place) -> None:
    found = model(user, "nets.mine:hangs", "--timeout", "4")
    assert (found["state"], found["where"]) == ("timeout", "nets/mine.py:20: time.sleep(600)")


def test_a_module_that_is_not_there(user: Place) -> None:
    found = model(user, "nowhere:build")
    assert found["type"] == "ModuleNotFoundError"
    assert "there is no module nowhere in " in found["message"]
    assert "give --path its folder" in found["message"]


def test_a_module_named_as_a_file(user: Place) -> None:
    user.write("plain.py", "def build():\n    pass\n")
    assert model(user, "plain.py:build")["message"] == "a module is named without .py: write plain:build"


def test_a_module_that_can_not_be_read(user: Place) -> None:
    user.write("broken.py", "def build(:\n")
    found = model(user, "broken:build")
    assert (found["type"], found["where"]) == ("SyntaxError", "broken.py:1: def build(:")


def test_a_module_that_lacks_another_one_is_told_as_it_raises(user: Place) -> None:
    user.write("asking.py", "\nimport nowhere_at_all\n")
    found = model(user, "asking:build")
    assert (found["type"], found["where"]) == ("ModuleNotFoundError", "asking.py:2: import nowhere_at_all")


def test_a_package_of_the_user_may_be_installed(user: Place) -> None:
    user.write("site-packages/fitted/__init__.py", "from .nets import build")
    user.write("site-packages/fitted/nets.py", "\ndef build():\n    raise ValueError('too deep')\n")
    user.write("site-packages/asking.py", "import absent\n\ndef build():\n    absent.build()\n")
    user.write("site-packages/absent.py", "raise OSError('not here')\n")
    path = ("--path", str(user.packages / "site-packages"))
    found = user.captured("--model", "fitted:build", *path).fingerprint["model"]
    assert found["where"] == "fitted/nets.py:3: raise ValueError('too deep')"
    user.write("site-packages/fitted/nets.py", "\ndef build():\n    while True:\n        pass\n")
    found = user.captured("--model", "fitted:build", *path, "--timeout", "4").fingerprint["model"]
    assert found["where"] in ("fitted/nets.py:3: while True:", "fitted/nets.py:4: pass")
    found = user.captured("--model", "asking:build", *path).fingerprint["model"]
    assert found["where"] == "asking.py:1: import absent"


def test_files_of_the_user_are_read_from_home(user: Place) -> None:
    (user.home / "units").write_text("three", encoding="utf-8")
    user.write("reading.py", "import os\n\ndef build():\n    return open(os.path.expanduser('~/units')).read()\n")
    assert model(user, "reading:build")["message"] == "reading:build gives a str, no Keras model"
    (user.home / "units").unlink()


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
