"""The data of models, training and saving: every row is well-formed, known to the code, and names what there is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kerasdiff.knowledge.load import Effect, quantities
from kerasdiff.probe import data
from kerasdiff.probe.behaviour import numbers
from tests.conftest import COMPLETE, fingerprint

Row = dict[str, Any]

MODELS: dict[str, Row] = data.load("cases/models.json")["models"]
TRAINING = data.load("cases/training.json")
SAVING = data.load("cases/saving.json")
TABLES = {"training": TRAINING, "saving": SAVING}
ROWS = [
    pytest.param(family, row, id=f"{family} {row['subject']} {row['call']}")
    for family, table in TABLES.items()
    for row in table["rows"]
]
KEYS = {
    "training": {
        *("subject", "call", "model", "compile", "do", "x", "y", "sample_weight", "validation", "with", "times", "measure"),
        *("seeded", "random", "freeze", "attributes"),
    },
    "saving": {"subject", "call", "model", "compile", "do", "file", "with"},
}
DOES = {
    "training": {"fit", "evaluate", "predict", "train_on_batch", "attributes"},
    "saving": {"layer_names", "save", "save_weights", "export", "to_json", "to_yaml", "clone"},
}


@pytest.fixture(scope="module")
def public() -> set[str]:
    return {
        known
        for environment in COMPLETE
        for api in fingerprint(environment).apis.values()
        for name, symbol in api.symbols.items()
        for known in (name, *symbol.aliases)
    }


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_made_of_real_layers(name: str, public: set[str]) -> None:
    row = MODELS[name]
    assert {"inputs", "layers"} <= row.keys() <= {"inputs", "layers", "weights", "frozen"}
    for names, arguments in row["layers"]:
        assert {f"layers.{part}" for part in names.split("|")} <= public
        assert isinstance(arguments, dict)
    assert all(position < len(row["layers"]) for position in row.get("frozen", []))


@pytest.mark.parametrize("name", MODELS)
def test_every_model_is_used(name: str) -> None:
    assert any(row["model"] == name for table in TABLES.values() for row in table["rows"])


@pytest.mark.parametrize(("family", "row"), ROWS)
def test_the_code_knows_every_key(family: str, row: Row) -> None:
    assert row.keys() <= KEYS[family]
    assert row["do"] in DOES[family]
    assert row["model"] in MODELS


@pytest.mark.parametrize("family", TABLES)
def test_no_two_rows_have_the_same_id(family: str) -> None:
    rows = TABLES[family]["rows"]
    assert len({(row["subject"], row["call"]) for row in rows}) == len(rows)


@pytest.mark.parametrize("row", TRAINING["rows"], ids=lambda row: f"{row['subject']} {row['call']}")
def test_what_is_measured_of_training_is_a_known_quantity(row: Row) -> None:
    known = set(quantities()) | {"settings"}
    assert row["measure"] if row["do"] != "attributes" else row["attributes"]
    assert set(row["measure"] if row["do"] != "attributes" else ["settings"]) <= known


@pytest.mark.parametrize("row", TRAINING["rows"], ids=lambda row: f"{row['subject']} {row['call']}")
def test_inputs_of_training_are_there_and_fit_each_other(row: Row) -> None:
    given = {key: row[key] for key in ("x", "y", "sample_weight") if key in row}
    made = {key: _array(TRAINING["inputs"][name]) for key, name in given.items()}
    assert len({len(array) for array in made.values()}) <= 1
    if "x" in made:
        assert list(made["x"].shape[1:]) == MODELS[row["model"]]["inputs"]


def _array(row: Row) -> Any:
    return np.eye(row["identity"]) if "identity" in row else numbers.array(row)


def test_a_curve_decides_nothing() -> None:
    """Noise grows in training as real changes do."""
    assert quantities()["curve"].effect is Effect.INFO
    for row in TRAINING["rows"]:
        epochs = row.get("with", {}).get("epochs", 1)
        if row["do"] == "fit" and epochs > 1:
            assert set(row["measure"]) <= {"curve", "history", "order"}


@pytest.mark.parametrize("row", SAVING["rows"], ids=lambda row: f"{row['subject']} {row['call']}")
def test_what_is_saved_has_a_place_and_an_input_to_try_it(row: Row) -> None:
    assert ("file" in row) == (row["do"] in ("save", "save_weights", "export"))
    if row["do"] not in ("layer_names", "export"):
        name = row["model"] if row["model"] in SAVING["inputs"] else "mlp"
        assert list(numbers.array(SAVING["inputs"][name]).shape[1:]) == MODELS[row["model"]]["inputs"]
