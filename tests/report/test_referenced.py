"""What people and scripts read of a reference that was verified."""

from __future__ import annotations

import json

import msgspec

from kerasdiff.compare.referenced import Layer
from kerasdiff.report.referenced import as_json, as_text
from tests.compare.test_referenced import OFF, answer, verification
from tests.conftest import ROOT
from tests.lab.references import EXAMPLE, Move, again
from tests.verify.test_reference import parting, stored


@parting
def test_the_report_beside_the_example(move: Move) -> None:
    """If this was meant: python -m tests.lab references."""
    assert as_text(again(stored(move)), verbose=False) == (EXAMPLE / f"{move.name}.txt").read_text("utf-8")


def test_the_manual_shows_a_report_as_it_is() -> None:
    report = (EXAMPLE / "text-tensorflow-1.15-tensorflow-2.3.txt").read_text("utf-8")
    assert f"```text\n{report}```" in (ROOT / "README.md").read_text("utf-8")


@parting
def test_the_report_in_json_is_the_same_again(move: Move) -> None:
    report = stored(move)
    told = json.loads(as_json(again(report), 1))
    assert {key: told[key] for key in ("first", "calls", "outputs", "passed", "exit")} == {
        key: report[key] for key in ("first", "calls", "outputs", "passed", "exit")
    }
    assert msgspec.convert(told["layers"], list[Layer]) == msgspec.convert(report["layers"], list[Layer])
    assert [one["id"] for one in told["explained_by"]] == [one["id"] for one in report["explained_by"]]


def test_what_holds_is_told_in_a_line() -> None:
    text = as_text(verification(answer()), verbose=False)
    assert text.endswith("outputs_0 is as recorded: equal (tolerance 1e-05)\n\nThe reference holds; exit status 0.\n")
    assert "layer  class  alone  in the model\na      Dense  0" in as_text(verification(answer()), verbose=True)


def test_another_number_of_outputs_is_told() -> None:
    text = as_text(verification(answer(counts=[1, 2])), verbose=False)
    assert "1 outputs were recorded, the model here has 2." in text
    assert text.endswith("The reference does not hold; exit status 1.\n")


def test_what_nothing_explains_is_said() -> None:
    text = as_text(verification(answer(b={"alone": OFF}, off=0.5)), verbose=False)
    assert "Nothing is known that explains it: give --a a fingerprint of the old environment." in text


def test_what_a_stranger_wrote_is_shown_not_obeyed() -> None:
    layer = {"weights": "\x1b[2J::error::"}
    text = as_text(verification(answer(a=layer)), verbose=True)
    assert "\\x1b[2J" in text
    assert not any(line.startswith("::") for line in text.splitlines())


def test_where_each_layer_alone_gives_what_was_recorded_the_wiring_is_told() -> None:
    text = as_text(verification(answer(b={"model": OFF}, off=0.5)), verbose=False)
    assert "each layer alone gives what was recorded; in the model, off by 0.5" in text
    assert "What b is given differs" in text
    assert "rounding" not in text


def test_rounding_that_adds_up_is_told() -> None:
    text = as_text(verification(answer(b={"model": {"scaled": 2e-5}}, off=2e-5)), verbose=False)
    assert "each layer alone gives what was recorded: rounding adds up" in text
    assert "No layer is the reason: give --tolerance more" in text


def test_an_argument_that_the_code_gives_is_told_by_its_name_here() -> None:
    trial = {"arguments": {"alpha": 0.3}, "error": {"scaled": 0.0}}
    layer = {"differing": {"alpha": [0.3, 0.1]}, "renamed": {"alpha": "negative_slope"}, "trial": trial}
    found = msgspec.structs.replace(verification(answer(b={"alone": OFF, **layer}, off=0.5)), code=["alpha"])
    text = " ".join(as_text(found, verbose=False).split())
    assert "alpha is 0.3 recorded, negative_slope 0.1 here" in text
    assert "tried here: with negative_slope=0.3 it gives what was recorded" in text
    assert "The code that makes the model gives b negative_slope=0.1; it gave negative_slope=0.3 when" in text


def test_an_argument_that_differs_without_effect_is_told() -> None:
    masking = {"differing": {"mask_zero": [True, False]}}
    text = as_text(verification(answer(a=masking)), verbose=False)
    assert "a: mask_zero is True recorded, False here: differs, without effect on these inputs" in " ".join(text.split())
    assert text.endswith("The reference holds; exit status 0.\n")


def test_an_argument_before_the_layer_that_is_given_something_else_is_told() -> None:
    masking = {"differing": {"mask_zero": [True, False]}}
    text = as_text(verification(answer(a=masking, b={"model": OFF}, off=0.5)), verbose=False)
    assert "  before it, a: mask_zero is True recorded, False here\n" in text
    assert "only here" not in text
    assert "without effect" not in text


def test_a_layer_that_was_added_is_told_where_another_one_is_given_something_else() -> None:
    found = answer(b={"model": OFF}, off=0.5)
    added = Layer(name=None, here="drop", class_name="Dropout", weights="only here")
    text = as_text(verification(msgspec.structs.replace(found, layers=[*found.layers, added])), verbose=False)
    assert "  only here: drop (Dropout)\n" in text
