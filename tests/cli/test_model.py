"""``--model``: a comparison, and a way through releases, as they concern a saved model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.lab.models import MODELS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Ran

RECURRENT = MODELS / "tf.keras-2.15" / "sequential.h5"
A, B = "tensorflow==2.15", "keras==3.15"


def test_the_verdict_stands_first_and_layers_by_their_names(kerasdiff: Callable[..., Ran]) -> None:
    ran = kerasdiff("compare", A, B, "--model", RECURRENT, "--min-effect", "breaks")
    head, _, rest = ran.out.partition("\n\n")
    plain = " ".join(head.split())
    assert ran.status == 1
    assert f"Model {RECURRENT}: 6 layers, written by Keras 2.15.0" in plain
    assert "Loading it in B: fails. lstm (LSTM): LSTM refuses time_major, which the file has as False" in plain
    assert "divergences between A and B reach it" in plain
    assert "      layers: lstm (LSTM)\n" in rest
    assert "      to load it: make the model by its code there" in rest


def test_json_has_the_prediction_and_the_layers(kerasdiff: Callable[..., Ran]) -> None:
    document = json.loads(kerasdiff("compare", A, B, "--model", RECURRENT, "--format", "json").out)
    told = document["model"]
    assert {key: told[key] for key in ("file", "format", "writer", "layers", "verdict")} == {
        "file": str(RECURRENT),
        "format": "h5",
        "writer": "2.15.0",
        "layers": 6,
        "verdict": "fails",
    }
    found = {one["id"]: one for one in document["divergences"]}
    assert set(told["reasons"]) == {identifier for identifier, one in found.items() if one["effect"] == "breaks"}
    assert found["saved_model.layers.lstm/argument.time_major"]["layers"] == ["lstm (LSTM)"]
    assert told["of"] > 10 * len(found)


def test_without_a_model_there_is_no_prediction(kerasdiff: Callable[..., Ran]) -> None:
    document = json.loads(kerasdiff("compare", A, A, "--format", "json").out)
    assert document["model"] is None


@pytest.mark.parametrize("form", ["markdown", "sarif", "junit", "github", "gitlab"])
def test_every_format_names_the_layers(form: str, kerasdiff: Callable[..., Ran]) -> None:
    ran = kerasdiff("compare", A, B, "--model", RECURRENT, "--format", form)
    assert "lstm (LSTM)" in ran.out
    assert "to load it" in ran.out.lower()


def test_what_is_shown_can_be_chosen_as_ever(kerasdiff: Callable[..., Ran]) -> None:
    left_out = ["--ignore", "saved_model*", "--ignore", "training.*"]
    ran = kerasdiff("compare", A, B, "--model", RECURRENT, *left_out, "--format", "json")
    subjects = {one["subject"] for one in json.loads(ran.out)["divergences"]}
    assert subjects
    assert not any(subject.startswith(("saved_model", "training")) for subject in subjects)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["compare", A, B, "--model", "nowhere.h5"], "no such file"),
        (["compare", RECURRENT, RECURRENT, "--model", RECURRENT], "narrows a comparison of environments"),
        (["compare", A, B, "--model", RECURRENT, "-o", RECURRENT], "would replace what the report is made from"),
        (["bisect", A, B, "--model", "nowhere.h5"], "no such file"),
    ],
)
def test_a_mistake_is_answered_in_one_line(arguments: list[str], why: str, kerasdiff: Callable[..., Ran]) -> None:
    assert why in kerasdiff(*arguments).refusal()


def test_bisect_tells_the_first_release_that_fails(kerasdiff: Callable[..., Ran]) -> None:
    ran = kerasdiff("bisect", "tensorflow==2.14", "keras==3.1", "--model", RECURRENT, "--fail-on", "breaks", "--format", "json")
    document = json.loads(ran.out)
    assert ran.status == 1
    assert document["model"] == str(RECURRENT)
    assert document["first"] == "keras==3.0.5"
    verdicts = document["loading"]
    assert verdicts == {"tensorflow==2.15.1": "loads", "keras==3.0.5": "fails", "keras==3.1.1": "fails"}
    came = {one["id"]: one for change in document["changes"] for one in change["came"]}
    assert came["saved_model.layers.lstm/argument.time_major"]["layers"] == ["lstm (LSTM)"]


def test_bisect_says_in_words_where_it_loads(kerasdiff: Callable[..., Ran]) -> None:
    ran = kerasdiff("bisect", "tensorflow==2.12", "tensorflow==2.15", "--model", RECURRENT, "--fail-on", "breaks")
    assert "Loading it in tensorflow==2.13.1 to tensorflow==2.15.1: loads." in ran.out
    assert "nothing changes" in " ".join(ran.out.split())
    assert ran.status == 0
