"""The settings in force, and where each comes from."""

from __future__ import annotations

import json
import sys
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasdiff.probe import data, settings
from kerasdiff.probe.settings import Origins, Unreadable, content, read

if TYPE_CHECKING:
    from pathlib import Path

    from tests.probe.place import Place

TABLE = data.load("settings.json")
ROUTE_KEYS = {"read", "map", "matches", "variables", "file", "hardware", "since"}

# A Keras that takes its settings from where the real one does.
BACKEND = """
_home = os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")
_config = {"backend": "numpy", "image_data_format": "channels_last", "epsilon": 1e-07, "floatx": "float32"}
if os.path.exists(os.path.join(_home, "keras.json")):
    with open(os.path.join(_home, "keras.json")) as stream:
        _config.update(json.load(stream))
if os.environ.get("KERAS_BACKEND"):
    _config["backend"] = os.environ["KERAS_BACKEND"]

def backend():
    return _config["backend"]
def image_data_format():
    return _config["image_data_format"]
def epsilon():
    return _config["epsilon"]
def floatx():
    return _config["floatx"]
"""


def given_file(folder: Path, values: dict[str, Any]) -> None:
    """A ``keras.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "keras.json").write_text(json.dumps(values), encoding="utf-8")


def sources(place: Place, **variables: str) -> dict[str, tuple[Any, str]]:
    """The settings of a planted Keras, with their sources."""
    place.plant(backend=BACKEND)
    found = place.captured(**variables).keras["settings"]
    return {name: (found[name]["value"], found[name]["source"]) for name in DEFAULTS}


DEFAULTS = {
    "backend": ("numpy", "default"),
    "image_data_format": ("channels_last", "default"),
    "epsilon": (1e-07, "default"),
    "floatx": ("float32", "default"),
}


def test_defaults(place: Place) -> None:
    assert sources(place) == DEFAULTS


def test_file(place: Place) -> None:
    given_file(place.home / ".keras", {"floatx": "float64", "epsilon": 1e-4})
    assert sources(place) == {**DEFAULTS, "floatx": ("float64", "file"), "epsilon": (1e-4, "file")}


def test_file_that_says_what_is_so_anyway(place: Place) -> None:
    given_file(place.home / ".keras", {"floatx": "float32", "image_data_format": "channels_last", "backend": "numpy"})
    assert {source for _, source in sources(place).values()} == {"file", "default"}


def test_file_of_keras_home_counts(place: Place) -> None:
    given_file(place.home / ".keras", {"floatx": "float64"})
    given_file(place.root / "own", {"floatx": "float16"})
    found = sources(place, KERAS_HOME=str(place.root / "own"))
    assert found["floatx"] == ("float16", "file")


def test_file_that_the_library_does_not_follow(place: Place) -> None:
    # As a Keras does whose backend lacks the type: what is in force counts, and the file has no part in it.
    given_file(place.home / ".keras", {"floatx": "float64"})
    place.plant(backend=BACKEND + "\ndef floatx():\n    return 'float32'\n")
    assert place.captured().keras["settings"]["floatx"] == {"value": "float32", "source": "default"}


def test_variable(place: Place) -> None:
    assert sources(place, KERAS_BACKEND="jax") == {**DEFAULTS, "backend": ("jax", "variable")}


def test_variable_counts_before_the_file(place: Place) -> None:
    given_file(place.home / ".keras", {"backend": "torch"})
    assert sources(place, KERAS_BACKEND="jax")["backend"] == ("jax", "variable")
    assert sources(place)["backend"] == ("torch", "file")


def test_variables_of_the_library_are_none_of_the_user(place: Place) -> None:
    # TensorFlow sets TF2_BEHAVIOR for itself, and the probe sets THEANO_FLAGS.
    place.plant(
        init="""
        import os, theano
        os.environ["KERAS_BACKEND"] = "numpy"
        """
    )
    place.write("theano.py", "class config:\n    floatX = 'float32'\n    device = 'cpu'\n__version__ = '1.0.5'\n")
    found = place.captured().keras["settings"]
    assert found["backend"] == {"value": "numpy", "source": "default"}
    assert found["theano.floatX"] == {"value": "float32", "source": "default"}
    given = place.captured(THEANO_FLAGS="floatX=float32").keras["settings"]
    assert given["theano.floatX"] == {"value": "float32", "source": "variable"}


def test_hardware(place: Place) -> None:
    place.plant(init="import torch")
    place.write("torch.py", "__version__ = '2.0'\ndef get_num_threads():\n    return 4\n")
    assert place.captured().keras["settings"]["torch.threads"] == {"value": 4, "source": "hardware"}
    assert place.captured(OMP_NUM_THREADS="4").keras["settings"]["torch.threads"]["source"] == "variable"


def test_setting_of_another_backend_is_absent(place: Place) -> None:
    place.plant()
    place.write("theano.py", "raise SystemExit('not to be imported for a look')\n")
    found = place.captured().keras["settings"]
    assert [name for name in found if name.startswith(("theano", "jax", "torch", "eager"))] == []


def test_old_word_for_the_data_format(place: Place) -> None:
    given_file(place.home / ".keras", {"image_dim_ordering": "th"})
    place.plant(
        backend="""
        def image_dim_ordering():
            return {"th": "th"}.get(json.load(open(os.path.expanduser("~/.keras/keras.json")))["image_dim_ordering"])
        """
    )
    assert place.captured().keras["settings"]["image_data_format"] == {"value": "channels_first", "source": "file"}


def test_setting_that_raises(place: Place) -> None:
    place.plant(backend="def epsilon():\n    raise ValueError('not on this device')\n")
    found = place.captured().keras["settings"]
    assert found["epsilon"] == {"state": "error", "type": "ValueError", "message": "not on this device"}
    assert found["floatx"]["value"] == "float32"


def save_format(place: Place, body: str) -> dict[str, Any]:
    """What is found out about saving when a model saves itself like this."""
    place.plant(
        "class Input(Dense):\n    def __init__(self, units, input_shape=None):\n        pass\nDense = Input\n",
        init="from . import models",
    )
    body = "\n        ".join(body.splitlines())
    place.write(
        "keras/models.py",
        f"""\
import os
class Sequential(object):
    def __init__(self, layers):
        self.layers = layers
    def save(self, path):
        {body}
""",
    )
    found: dict[str, Any] = place.captured().keras["settings"]["save_format"]
    return found


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("open(path, 'wb').write(b'\\x89HDF\\r\\n')", "h5"),
        ("os.mkdir(path)", "tf"),
        ("open(path, 'wb').write(b'PK')", "keras"),
        ("raise ValueError('The filename must end in .keras')", "refused"),
        ("raise ValueError('has not been built: input shape is not set')", "tf"),
        ("if not self.layers:\n    raise ValueError('empty')\nopen(path, 'wb').write(b'\\x89HDF')", "h5"),
    ],
)
def test_save_format(place: Place, body: str, expected: str) -> None:
    assert save_format(place, body) == {"value": expected, "source": "default"}


def test_saving_that_needs_a_package(place: Place) -> None:
    found = save_format(place, "raise ImportError('no h5py')")
    assert found == {"state": "unsupported", "type": "ImportError", "message": "no h5py"}


@pytest.mark.parametrize("name", TABLE)
def test_row_of_the_table(name: str) -> None:
    row = TABLE[name]
    assert set(row) <= ROUTE_KEYS
    assert row["read"]
    listed = data.load("variables.json")["names"]
    assert [variable for variable in row.get("variables", []) if variable not in listed] == []  # else nobody sees its value
    for route in row["read"]:
        path = route.rpartition(":")[2]
        assert "".join(step.group(0) for step in settings._STEP.finditer(path)) == path
        for step in settings._STEP.finditer(path):
            json.loads(f"[{step.group(3) or ''}]")


class Holder:
    """Something to read from."""

    rate = 0.5

    def get(self, *arguments: Any) -> Any:
        return SimpleNamespace(name="x", arguments=arguments)

    def fails(self) -> None:
        raise ValueError("refused")


def test_read(monkeypatch: pytest.MonkeyPatch) -> None:
    api = ModuleType("keras")
    vars(api)["backend"] = Holder()
    assert read(api, "backend.rate") == 0.5
    assert read(api, "backend.get().name") == "x"
    assert read(api, 'backend.get("CPU", 2, true).arguments') == ("CPU", 2, True)
    for missing in ("backend.none", "none.rate", "backend.get().none", "jax:config.x", "unheard.of:x"):
        with pytest.raises(Unreadable):
            read(api, missing)
    with pytest.raises(ValueError, match="refused"):
        read(api, "backend.fails()")
    jax = ModuleType("jax")
    vars(jax).update(__version__="0.4", config=Holder())
    monkeypatch.setitem(sys.modules, "jax", jax)
    assert read(api, "jax:config.rate") == 0.5
    with pytest.raises(Unreadable):
        read(api, "jax.missing:config.rate")


def fact(row: dict[str, Any], value: Any, variables: dict[str, str] | None = None, *files: dict[str, Any]) -> dict[str, Any]:
    """The fact of a setting that has this value."""
    api = ModuleType("keras")
    vars(api)["value"] = value
    return settings._fact(api, {"read": ["missing", "value"], **row}, Origins("", variables or {}, list(files)))


def test_fact() -> None:
    assert fact({}, 1) == {"value": 1, "source": "default"}
    assert fact({"read": ["missing"]}, 1) == {"state": "absent"}
    assert fact({"map": {"tf": "channels_last"}}, "tf")["value"] == "channels_last"
    assert fact({"map": {"": False}}, "")["value"] is False
    assert fact({"matches": "^tf_keras"}, "tf_keras.src")["value"] is True
    assert fact({"matches": "^tf_keras"}, "keras.src")["value"] is False
    assert fact({"hardware": True}, 8)["source"] == "hardware"
    assert fact({"hardware": True, "variables": ["A", "B"]}, 8, {"B": ""})["source"] == "variable"
    assert fact({"file": ["a", "b"]}, 8, {}, {}, {"b": 8})["source"] == "file"
    assert fact({"file": ["a"]}, 8, {}, {"a": 9})["source"] == "default"
    assert fact({"since": ["tensorflow", "2.11"]}, 8) == {"state": "absent"}


@pytest.mark.parametrize(
    ("version", "known"), [("2.9", False), ("2.10.1", False), ("2.11rc1", True), ("2.11.0", True), ("3.0", True)]
)
def test_setting_that_older_releases_do_not_tell(monkeypatch: pytest.MonkeyPatch, version: str, known: bool) -> None:
    tensorflow = ModuleType("tensorflow")
    vars(tensorflow)["__version__"] = version
    monkeypatch.setitem(sys.modules, "tensorflow", tensorflow)
    found = fact({"since": ["tensorflow", "2.11"]}, 8)
    assert (found == {"value": 8, "source": "default"}) is known
    assert (found.get("state") == "unsupported") is not known


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "\x00", '{"floatx"', "[" * 100_000])
def test_file_that_is_no_mapping(tmp_path: Path, text: str) -> None:
    (tmp_path / "keras.json").write_text(text, encoding="utf-8")
    assert content(str(tmp_path / "keras.json")) == {}


def test_file_that_is_not_there(tmp_path: Path) -> None:
    assert content(str(tmp_path / "keras.json")) == {}
    assert content(str(tmp_path)) == {}


@given(st.binary(max_size=200))
def test_any_file_is_survived(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "keras.json"
    path.write_bytes(raw)
    assert isinstance(content(str(path)), dict)
