"""``kerasdiff history``: in which release a fact changed."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Ran


@pytest.mark.parametrize(
    "pattern", ["layers.LSTM", "optimizers.*", "training.fit", "initializers.glorot_uniform", "settings.*"]
)
def test_the_table_fits_80_columns(pattern: str, kerasdiff: Callable[..., Ran]) -> None:
    ran = kerasdiff("history", pattern)
    assert ran.status == 0
    lines = ran.out.splitlines()
    code = {line for line in lines if line.startswith("         ")}  # remedies of several lines are code
    assert [line for line in lines if len(line) > 80 and line not in code] == []


def test_changes_are_marked_with_their_rule_and_its_remedy(kerasdiff: Callable[..., Ran]) -> None:
    out = kerasdiff("history", "layers.LSTM", "recurrent_activation").out
    assert re.search(r"^  recurrent_activation +\S+ +'hard_sigmoid'$", out, re.M)
    assert re.search(r"^ +> 2\.3\.1 +'sigmoid'  results 0\.056 KD122$", out, re.M)
    assert re.search(r"^KD122  .*\n +to keep A's: recurrent_activation='hard_sigmoid'$", out, re.M)


def test_what_never_changes_is_one_sentence(kerasdiff: Callable[..., Ran]) -> None:
    out = " ".join(kerasdiff("history", "settings.floatx").out.split())
    assert "Never changes: value='float32'" in out
    assert "Nothing changes in keras 2" in out or "Nothing changes in keras 1" in out


def test_subjects_in_which_nothing_changes_are_listed(kerasdiff: Callable[..., Ran]) -> None:
    out = kerasdiff("history", "activations.hard_*").out
    assert re.search(r"^Nothing changes in .*activations\.hard_tanh", out.replace("\n  ", " "), re.M)
    assert out.startswith("activations.hard_sigmoid\n")


def test_json_has_all_of_it(kerasdiff: Callable[..., Ran]) -> None:
    told = json.loads(kerasdiff("history", "layers.LSTM", "--format", "json").out)
    assert told["schema"] == "kerasdiff.history/1"
    (subject,) = told["subjects"]
    line = next(one for one in subject["lines"] if one["line"] == "keras")
    row = next(one for one in line["rows"] if one["aspects"] == ["parameter.recurrent_activation"])
    assert row["ranges"][-1] == {
        "first": "2.3.1",
        "last": "2.3.1",
        "state": "value",
        "value": "sigmoid",
        "name": None,
        "changed": {
            "effect": "results",
            "title": "the default of recurrent_activation is 'hard_sigmoid' in A, 'sigmoid' in B",
            "scaled": 0.0559,
            "rules": ["KD122"],
            "remedy": "recurrent_activation='hard_sigmoid'",
            "aspects": 1,
        },
    }
    assert "KD122" in told["rules"]


def test_markdown_has_a_table_a_line(kerasdiff: Callable[..., Ran]) -> None:
    out = kerasdiff("history", "layers.LSTM", "recurrent_activation", "--format", "markdown").out
    assert "\n| recurrent_activation |" in out
    assert all(line.count(" | ") == 3 for line in out.splitlines() if line.startswith("| "))


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("LSTM", "no shipped release has anything called LSTM; did you mean layers.LSTM, "),
        ("layers.LTSM", "no shipped release has anything called layers.LTSM; did you mean layers.LSTM"),
        ("no.such*", "no shipped release has anything called no.such*"),
        ("\x1b[2J", "no shipped release has anything called \\x1b[2J"),
        ("", "no shipped release has anything called "),
    ],
)
def test_what_nobody_knows_is_said_in_a_line(pattern: str, said: str, kerasdiff: Callable[..., Ran]) -> None:
    assert kerasdiff("history", pattern).refusal().startswith(f"kerasdiff: {said}")


def test_an_unknown_fact_is_said_in_a_line(kerasdiff: Callable[..., Ran]) -> None:
    line = kerasdiff("history", "layers.LSTM", "recurent_activation").refusal()
    assert line.startswith("kerasdiff: layers.LSTM has no fact called recurent_activation; did you mean recurrent_activation")
