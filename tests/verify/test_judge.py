"""Whether remedies restore A: judged on facts that were really captured, B's or A's."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kerasdiff.errors import ExitStatus
from kerasdiff.knowledge.load import Effect
from kerasdiff.verify.judge import judge, status
from tests.verify.remedied import Again, of, verdict

LSTM = "layers.LSTM/parameter.recurrent_activation"
GRU = "layers.GRU/parameter.reset_after"
GATES = "layers.GRU/parameter.recurrent_activation"


def test_what_gives_the_facts_of_a_restores_it() -> None:
    again = Again("layers.LSTM")
    again.restore("layers.LSTM")
    found = again.judged()
    told = verdict(found, LSTM)
    assert (told["state"], told["tried"], told["left"], told["why"]) == (
        "restores",
        "recurrent_activation='hard_sigmoid'",
        0,
        "",
    )
    assert told["cases"] == told["restored"] > 10
    assert status(found.divergences) is ExitStatus.OK


def test_what_changes_nothing_does_not() -> None:
    again = Again("layers.LSTM")
    for case in again.symbols["layers.LSTM"]["cases"]:
        again.case("layers.LSTM", case)
    found = again.judged()
    told = verdict(found, LSTM)
    assert (told["state"], told["restored"]) == ("does not", 0)
    assert told["left"] > 0.001
    assert "differs by" in told["why"]
    assert status(found.divergences) is ExitStatus.DIVERGENCES


def test_shapes_of_weights_come_back() -> None:
    again = Again("layers.GRU")
    again.restore("layers.GRU")
    found = again.judged()
    assert of(found, GRU).effect is Effect.ARCHITECTURE
    assert "layers.GRU/case.default@3d.weights" in of(found, GRU).explains
    assert verdict(found, GRU)["state"] == "restores"


def test_a_default_that_explains_no_case_is_restored_together_with_the_one_that_does() -> None:
    again = Again("layers.GRU")
    again.restore("layers.GRU")
    told = verdict(again.judged(), GATES)
    assert told["state"] == "restores"
    assert "layers.GRU(reset_after=False)" in told["beside"]
    assert "layers.GRU(implementation=1)" in told["beside"]


def test_a_default_beside_another_reason_is_no_wrong_remedy() -> None:
    again = Again("layers.GRU")
    again.restore("layers.GRU", "default@3d")
    found = again.judged()
    assert verdict(found, GRU)["state"] == "does not"
    told = verdict(found, GATES)
    assert told["state"] == "untested"
    assert told["why"].startswith("its cases differ for another reason too: default@3d: ")


def test_what_is_left_where_a_case_gives_arguments_has_another_reason() -> None:
    left = "layers.LSTM/case.sequences@3d.inference"
    again = Again("layers.LSTM")
    assert of(again.first, left).cause == LSTM
    again.restore("layers.LSTM", "sequences@3d")
    found = again.judged()
    told = verdict(found, LSTM)
    assert told["state"] == "restores"
    assert told["restored"] < told["cases"]
    assert left in told["otherwise"]
    assert of(found, left).cause is None
    assert of(found, left).is_unexplained or of(found, left).rule is not None
    assert left not in of(found, LSTM).explains


def test_a_difference_that_a_remedy_brings_about_counts() -> None:
    again = Again("layers.LSTM")
    again.restore("layers.LSTM")
    facts = again.case("layers.LSTM", "default@3d")
    facts["trainable"] = [False for _ in facts["trainable"]]
    told = verdict(again.judged(), LSTM)
    assert (told["state"], told["why"]) == ("does not", "default@3d: which weights are trainable differs")
    assert told["left"] is None  # no number differs


def test_a_difference_in_a_case_that_agreed_counts_too() -> None:
    again = Again("layers.LSTM")
    again.restore("layers.LSTM")
    agreed = "layers.LSTM/case.pinned@3d.inference"
    assert agreed not in {one.id for one in again.first.divergences}
    facts = again.case("layers.LSTM", "pinned@3d")
    facts["inference"] = {**facts["inference"], "values": [0.5 for _ in facts["inference"]["values"]]}
    told = verdict(again.judged(), LSTM)
    assert (told["state"], told["otherwise"]) == ("does not", [])
    assert told["why"].startswith("pinned@3d: inference differs by ")


def break_off(facts: dict[str, Any]) -> None:
    facts.clear()
    facts.update(state="crashed", message="killed by SIGSEGV")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (break_off, "its cases are crashed with it"),
        (lambda facts: facts.update(revision="another"), "its cases are measured in another way in A: capture A again"),
        (
            lambda facts: facts.pop("remedied"),
            "its cases give the argument themselves, or make the object where it isn't reached",
        ),
    ],
)
def test_what_says_nothing_of_a_remedy_is_no_test_of_it(change: Any, why: str) -> None:
    again = Again("layers.LSTM")
    again.restore("layers.LSTM")
    for case in list(again.symbols["layers.LSTM"]["cases"]):
        change(again.case("layers.LSTM", case))
    found = again.judged()
    told = verdict(found, LSTM)
    assert (told["state"], told["cases"], told["left"], told["why"]) == ("untested", 0, None, why)
    assert status(found.divergences) is ExitStatus.UNANSWERED


def test_cases_that_are_gone_or_unstable_with_it_say_nothing() -> None:
    again = Again("layers.LSTM")
    again.restore("layers.LSTM")
    again.symbols["layers.LSTM"]["cases"] = {}
    assert verdict(again.judged(), LSTM)["why"] == "its cases weren't measured with it"
    again = Again("layers.LSTM")
    again.restore("layers.LSTM")
    for case in again.symbols["layers.LSTM"]["cases"]:
        facts = again.case("layers.LSTM", case)
        facts.update((key, {"state": "unstable", "scatter": None}) for key in facts if isinstance(facts[key], dict))
    assert verdict(again.judged(), LSTM)["why"] == "its cases are unstable with it"


@pytest.mark.parametrize(("kind", "state"), [("TypeError", "does not"), ("LookupError", "untested")])
def test_a_remedy_that_raises_is_told_with_the_exception(kind: str, state: str) -> None:
    again = Again("layers.LSTM")
    for fact in again.remedies.values():
        fact.update(state="error", type=kind, message="no such thing")
    told = verdict(again.judged(), LSTM)
    assert (told["state"], told["why"]) == (state, f"it raises {kind}: no such thing")


def test_what_has_no_case_is_not_tested() -> None:
    again = Again("layers.Layer.add_weight", "experimental.LinearModel")
    found = judge(again.first, again.tried, None, Effect.RESULTS)
    told = verdict(found, "experimental.LinearModel/parameter.kernel_initializer")
    assert (told["state"], told["why"]) == ("untested", "no case was measured to differ by it alone")
    assert status(found.divergences) is ExitStatus.UNANSWERED


def test_without_a_remedy_nothing_is_said() -> None:
    first = Again().first
    found = judge(first, [], None, Effect.RESULTS)
    assert msgspec.to_builtins(found.divergences) == msgspec.to_builtins(first.divergences)
    assert status(found.divergences) is ExitStatus.OK
