"""The walk over the public tree of an API."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from kerasdiff.probe import apis, tree
from kerasdiff.probe.tree import walk

if TYPE_CHECKING:
    from tests.probe.place import Place

LAYERS = """
from . import core
from .core import Dropout, Dropout as OldDropout
from helper import Foreign, foreign
import os as operating_system, helper as aid
_private = Layer
Fully = Dense
CONSTANT = 7
instance = Dense(3)
layers = core
class _Hidden(Layer):
    pass
"""
CORE = """
from keras import layers as upwards
class Dropout(object):
    def __init__(self, rate):
        pass
def dropout(x, rate=0.5):
    return x
class ActivityRegularization(Dropout):
    pass
"""


@pytest.fixture
def symbols(place: Place) -> dict[str, Any]:
    """The symbols of a planted package with every kind of name."""
    place.plant(LAYERS, init="from .layers.core import Dropout, dropout")
    layers = place.packages / "keras" / "layers.py"
    place.write("keras/layers/__init__.py", layers.read_text(encoding="utf-8"))
    layers.unlink()
    place.write("keras/layers/core.py", CORE)
    place.write("helper.py", "class Foreign(object):\n    pass\n\ndef foreign():\n    pass\n")
    place.write("keras/applications/__init__.py", "")
    place.write("keras/applications/vgg16.py", "def VGG16(weights='imagenet'):\n    pass\n")
    place.write("keras/applications/broken.py", "raise RuntimeError('no weights here')\n")
    place.write("keras/applications/needs.py", "import missing_package\n")
    for name in ("src", "api", "testing", "layers_test", "theano_backend", "_internal"):
        place.write(f"keras/{name}.py", "class Never(object):\n    pass\n")
    found: dict[str, Any] = place.captured().keras["symbols"]
    return found


def test_walk(symbols: dict[str, Any]) -> None:
    assert {name: facts["kind"] for name, facts in symbols.items()} == {
        "applications": "module",
        "applications.broken": "unknown",
        "applications.needs": "unknown",
        "applications.vgg16": "module",
        "applications.vgg16.VGG16": "function",
        "backend": "module",
        "backend.backend": "function",
        "backend.floatx": "function",
        "dropout": "function",
        "layers": "module",
        "layers.Dense": "class",
        "layers.Dropout": "class",
        "layers.Layer": "class",
        "layers.Layer.get_config": "method",
        "layers.core": "module",
        "layers.core.ActivityRegularization": "class",
        "layers.relu": "function",
    }


def test_canonical_name_is_the_own_one_below_a_module(symbols: dict[str, Any]) -> None:
    assert symbols["layers.Dense"]["aliases"] == ["layers.Fully"]
    assert symbols["layers.Dropout"]["aliases"] == ["Dropout", "layers.OldDropout", "layers.core.Dropout"]
    assert "Dropout" not in symbols


def test_what_cannot_be_reached_is_told(symbols: dict[str, Any]) -> None:
    assert symbols["applications.broken"] == {
        "kind": "unknown",
        "state": "error",
        "type": "RuntimeError",
        "message": "no weights here",
    }
    assert symbols["applications.needs"]["state"] == "unsupported"


def test_modules_that_nobody_imported_are_found(symbols: dict[str, Any]) -> None:
    assert symbols["applications.vgg16.VGG16"]["parameters"] == [{"name": "weights", "default": "imagenet"}]


@pytest.mark.parametrize("name", ["Foreign", "foreign", "Never", "_Hidden", "_private", "CONSTANT", "instance", "path", "aid"])
def test_what_is_no_part_of_the_api(symbols: dict[str, Any], name: str) -> None:
    assert [found for found in symbols if name in found.split(".")] == []


def module(name: str, **members: Any) -> ModuleType:
    """A module that stands in no file."""
    made = ModuleType(name)
    vars(made).update(members)
    return made


def cls(name: str, home: str) -> type:
    """A class that says it was defined in the module ``home``."""
    return type(name, (), {"__module__": home})


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The root of a tree in memory, implemented by itself."""
    made = module("keras", layers=module("keras.layers", Layer=cls("Layer", "keras.layers")))
    monkeypatch.setitem(sys.modules, "keras", made)
    return made


def names(found: tree.Tree) -> dict[str, list[str]]:
    """The objects of a tree: canonical name to all names."""
    return {known[0]: known for _, known in found.objects}


def test_circles_end(root: ModuleType) -> None:
    layers = vars(root)["layers"]
    layers.keras = root
    layers.layers = layers
    layers.inner = module("keras.layers.inner", up=layers, top=root)
    found = walk("keras", root)
    assert found.modules == ["layers", "layers.inner"]
    assert names(found) == {"layers.Layer": ["layers.Layer"]}
    assert found.failures == {}


class Endless(ModuleType):
    """A module that has another one inside."""

    def __dir__(self) -> list[str]:
        return ["inner"]

    def __getattr__(self, name: str) -> Any:
        if name != "inner":
            raise AttributeError(name)
        self.inner = Endless(f"{self.__name__}.inner")
        return self.inner


def test_endless_trees_end(root: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MAX_MODULES", 50)
    vars(root)["endless"] = Endless("keras.endless")
    assert 50 <= len(walk("keras", root).modules) <= 52


class Lazy(ModuleType):
    """A module whose members are made when they are asked for, as TensorFlow's."""

    def __dir__(self) -> list[str]:
        return ["Good", "Broken", "Exits"]

    def __getattr__(self, name: str) -> Any:
        if name == "Good":
            return GOOD
        if name == "Broken":
            raise RuntimeError("can't be made")
        raise AttributeError(name)


GOOD = cls("Good", "keras.layers")


def test_lazy_members(root: ModuleType) -> None:
    vars(root)["lazy"] = Lazy("keras.lazy")
    found = walk("keras", root)
    assert names(found)["lazy.Good"] == ["lazy.Good"]
    assert found.failures["lazy.Broken"]["type"] == "RuntimeError"
    assert found.failures["lazy.Exits"]["type"] == "AttributeError"


def test_shortest_of_equal_names_is_canonical(root: ModuleType) -> None:
    dense = cls("Dense", "keras.layers")
    vars(root)["Dense"] = dense
    vars(root)["activations"] = module("keras.activations", Dense=dense, Other=dense)
    vars(root)["layers"].Dense = dense
    vars(root)["layers"].core = module("keras.layers.core", Dense=dense)
    assert names(walk("keras", root))["layers.Dense"] == [
        *("layers.Dense", "activations.Dense", "Dense", "layers.core.Dense", "activations.Other"),
    ]


def test_order_does_not_depend_on_the_modules(root: ModuleType) -> None:
    vars(root)["zeta"] = module("keras.zeta", B=cls("B", "keras.zeta"), A=cls("A", "keras.zeta"))
    vars(root)["alpha"] = module("keras.alpha", C=cls("C", "keras.alpha"))
    assert list(names(walk("keras", root))) == ["alpha.C", "layers.Layer", "zeta.A", "zeta.B"]
    assert walk("keras", root) == walk("keras", root)


@pytest.mark.parametrize(
    ("api", "home", "expected"),
    [
        ("keras", "keras.layers.core", True),
        ("keras", "keras_preprocessing.image", True),
        ("keras", "keras_applications.vgg16", True),
        ("tf_keras", "tf_keras.src.layers", True),
        ("tf.keras", "tensorflow.python.keras.layers", True),
        ("tf.keras", "tensorflow.python.ops.init_ops", True),
        ("keras", "tensorflow.python.keras.layers", True),
        ("keras", "tensorflow.python.ops.init_ops", False),
        ("keras", "numpy", False),
        ("keras", "kerastuner", False),
        ("keras", None, False),
        ("keras", 7, False),
    ],
)
def test_what_belongs(api: str, home: Any, expected: bool) -> None:
    assert tree._belongs(api, type("X", (), {"__module__": home})) is expected


def test_version_and_backend_of_an_api(root: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    implementing = module("impl", __version__="1.2.3")
    monkeypatch.setitem(sys.modules, "impl", implementing)
    vars(root)["layers"].Layer = cls("Layer", "impl.layers")
    assert apis.implementation(root) is implementing
    assert apis.version(root) == "1.2.3"
    vars(root)["__version__"] = "2.0.0"
    assert apis.version(root) == "2.0.0"
    vars(root)["config"] = module("keras.config", backend=lambda: "jax")
    assert apis.backend(root) == "jax"
    vars(root)["backend"] = module("keras.backend", backend=lambda: "torch")
    assert apis.backend(root) == "torch"
    assert apis.backend_version(None) is None
    assert apis.backend_version("unheard of") is None


def test_version_that_raises(root: ModuleType) -> None:
    class Raises(ModuleType):
        @property
        def __version__(self) -> str:
            raise RuntimeError

    raising = Raises("tf.keras")
    vars(raising)["layers"] = vars(root)["layers"]
    vars(root)["__version__"] = "2.15.0"
    assert apis.version(raising) == "2.15.0"


def test_api_that_is_no_module(root: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", module("tensorflow", keras=7))
    with pytest.raises(ImportError, match=r"tf\.keras is no module but a int"):
        apis.load("tf.keras")
