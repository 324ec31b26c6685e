"""Small real fingerprints to mutate: two releases cut down, and pairs of which it is known what the gate must say."""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from kerasdiff.compare.engine import Comparison, compare
from kerasdiff.fingerprint.load import parse
from kerasdiff.gate.baseline import steady
from kerasdiff.knowledge.load import Effect
from tests.conftest import Raw, raw, sealed

if TYPE_CHECKING:
    from collections.abc import Callable

A, B = "releases/tensorflow-2.10.1", "releases/tensorflow-2.11.1"
API = "tf.keras"

#: The symbols that are kept, with the calls of their cases.
SYMBOLS: dict[str, tuple[str, ...]] = {
    "activations": (),
    "activations.elu": ("default@grid",),
    "layers": (),
    "layers.Dense": ("default@2d", "pinned@2d", "historical@config", "mixed_float16@2d"),
    "layers.Dropout": (),
    "layers.GRU": (),
    "layers.Normalization": ("default@2d", "inverted@2d"),
    "losses": (),
    "losses.BinaryCrossentropy": ("default@binary", "masked@masked"),
    "models": (),
    "models.Model": (),
    "models.Model.fit": (),
    "models.Sequential": (),
    "models.Sequential.fit": (),
    "optimizers": (),
    "optimizers.Nadam": ("argument-decay@1d", "default@1d", "pinned@1d"),
    "optimizers.Optimizer": (),
    "optimizers.Optimizer.get_weights": (),
}
#: Elsewhere than in the API that is compared.
OTHER = ("activations", "activations.elu", "layers", "layers.Dense")
GROUPS = {"training": {"evaluate": ("masked_metric_mae",)}, "saving": {"to_json": ("varied",)}, "operations": {}}
LIBRARIES = {"numpy": {"alias.bool": None}, "python": {"hash": None}}
PACKAGES = ("keras", "tensorflow", "numpy", "h5py", "six", "grpcio")
SETTINGS = ("backend", "dtype_policy", "epsilon", "floatx", "image_data_format", "onednn")


def _cut(name: str) -> Raw:
    """A release with a handful of its facts."""
    document = steady(raw(name))
    apis = document["apis"]
    kept = {API: list(SYMBOLS), "keras": list(OTHER)}
    for api, names in kept.items():
        facts = apis[api]
        facts["settings"] = {key: facts["settings"][key] for key in SETTINGS if key in facts["settings"]}
        facts["symbols"] = {key: facts["symbols"][key] for key in names if key in facts["symbols"]}
        for key, symbol in facts["symbols"].items():
            calls = {call: case for call, case in symbol.pop("cases", {}).items() if call in SYMBOLS[key]}
            symbol.update({"cases": calls} if calls else {})
    for group, subjects in GROUPS.items():
        there = apis[API].get(group, {})
        apis[API][group] = {key: {call: there[key][call] for call in calls} for key, calls in subjects.items()}
    around = document["libraries"]
    document["libraries"] = {
        library: {key: around[library][key] for key in subjects if key in around[library]}
        for library, subjects in LIBRARIES.items()
    }
    for key in ("packages", "distributions"):
        document[key] = {package: document[key][package] for package in PACKAGES if package in document[key]}
    document["environment"] = {"TF_ENABLE_ONEDNN_OPTS": "0"}
    sealed(document)
    return document


@cache
def cut(name: str) -> Raw:
    """The same, made once."""
    return _cut(name)


class Pair(NamedTuple):
    """A baseline, what is there now, and what the gate must say of it where nothing is edited."""

    a: Raw
    b: Raw
    comparison: Comparison
    """Of the API that people use."""
    texts: dict[str, bytes]

    @property
    def stopping(self) -> list[Any]:
        """The divergences that stop a gate of defaults."""
        return [found for found in self.comparison.divergences if found.effect.reaches(Effect.RESULTS)]

    def document(self, side: str) -> Raw:
        """A copy of a side, to be edited."""
        found: Raw = json.loads(self.texts[side])
        return found


def _default(b: Raw) -> None:
    symbol = b["apis"][API]["symbols"]["layers.GRU"]
    part = next(part for part in symbol["parameters"] if part["name"] == "activation")
    part["default"] = symbol["config"]["activation"] = "relu"


def _gone(b: Raw) -> None:
    del b["apis"][API]["symbols"]["layers.Dropout"]


def _setting(b: Raw) -> None:
    b["apis"][API]["settings"]["floatx"]["value"] = "float64"


def _measured(b: Raw) -> None:
    for call in ("default@2d", "pinned@2d"):
        values = b["apis"][API]["symbols"]["layers.Dense"]["cases"][call]["inference"]["values"]
        values[:] = [round(1.5 * value, 8) for value in values]


def _caused(b: Raw) -> None:
    symbol = b["apis"][API]["symbols"]["optimizers.Nadam"]
    part = next(part for part in symbol["parameters"] if part["name"] == "learning_rate")
    part["default"] = symbol["config"]["learning_rate"] = 0.002
    values = symbol["cases"]["default@1d"]["training"]["values"]
    values[:] = [value if isinstance(value, str) else round(2 * value, 8) for value in values]


#: What is changed in what is otherwise its own baseline.
PLANTS: dict[str, Callable[[Raw], None]] = {
    "default": _default,
    "gone": _gone,
    "setting": _setting,
    "measured": _measured,
    "caused": _caused,
}
NAMES = ("same", "upgrade", *PLANTS)


@cache
def pair(name: str) -> Pair:
    """``same``: a release and itself; ``upgrade``: two releases; or a release and itself with something planted."""
    a = copy.deepcopy(cut(A))
    b = copy.deepcopy(cut(B if name == "upgrade" else A))
    if name in PLANTS:
        PLANTS[name](b)
    texts = {"a": sealed(a), "b": sealed(b)}
    one, other = (parse(text, side) for side, text in texts.items())
    return Pair(a, b, compare(one, other, api_a=API, api_b=API), texts)
