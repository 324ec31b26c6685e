"""``kerasdiff explain``: all that is known of a rule or a subject, from the shipped releases."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from kerasdiff.cli import run
from kerasdiff.knowledge.rules import rules
from kerasdiff.releases import index
from kerasdiff.releases.shelf import lines, moves, release, releases

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Ran


def explained(what: str, capfd: pytest.CaptureFixture[str], status: int = 0) -> str:
    assert run(["explain", what]) == status
    out = capfd.readouterr()
    return out.out if status == 0 else out.err


@pytest.mark.parametrize("letters", [str.upper, str.lower])
def test_a_rule_is_told_whole(letters: Callable[[str], str], capfd: pytest.CaptureFixture[str]) -> None:
    known = next(one for one in rules() if one.remedy and "hard_sigmoid" in one.title and one.code.startswith("KD3"))
    text = explained(letters(known.code), capfd)
    assert text.startswith(f"{known.code}  {known.title}\n")
    joined = " ".join(text.split())
    assert " ".join(known.why.split()) in joined
    assert all(line.strip() in text for line in str(known.remedy).splitlines())
    assert all(f"    {reference}\n" in text for reference in known.references)
    shown = text.partition("In the shipped releases\n")[2]
    assert "tf.keras of tensorflow 2.15.1 → keras of keras 3.0.5 on tensorflow 2.16.2: results in" in " ".join(shown.split())


def test_every_step_that_knows_a_subject_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    text = explained("layers.BatchNormalization", capfd)
    assert text.startswith("layers.BatchNormalization")
    steps = re.findall(r"^(\S.*) → (\S.*)\n    (?:nothing differs in (\d+))?", text, re.M)
    assert sum(int(many or 1) for _, _, many in steps) == len(index.moves())


def test_steps_in_a_row_that_change_nothing_are_one(capfd: pytest.CaptureFixture[str]) -> None:
    text = explained("layers.LSTM", capfd)
    assert re.search(r"^tf.keras of \S+ 2\.\d+.* → tf.keras of .*\n    nothing differs in \d+ steps$", text, re.M)


def test_a_new_subject_is_in_the_steps_since_it_is_there(capfd: pytest.CaptureFixture[str]) -> None:
    text = explained("layers.GroupNormalization", capfd)
    (first, *_) = re.findall(r"^tf.keras of (\S+ \S+).* → (.*)\n    info: the class (\S+) is new in B", text, re.M)
    assert (first[1], first[2]) == ("tf.keras of tensorflow 2.11.1", "layers.GroupNormalization")
    assert not re.search(r"^keras of keras [12]\..* → keras of keras [12]\.", text, re.M)


def test_what_nobody_knows_is_said_in_a_line(capfd: pytest.CaptureFixture[str]) -> None:
    text = explained("layers.NoSuchThing", capfd, 2)
    assert text.splitlines()[-1] == (
        "kerasdiff: nothing is known of layers.NoSuchThing: no rule has this code, and no shipped release such a symbol"
    )


def test_every_place_of_the_lines_and_moves_is_shipped() -> None:
    steps = [step for line in lines().values() for step in line] + [step for move in moves() for step in move]
    assert all(step.api in release(step.release).apis for step in steps if step.release in releases())


@pytest.mark.parametrize(
    ("what", "meant"), [("Adam", "optimizers.Adam, "), ("layers.LTSM", "layers.LSTM"), ("LAYERS.gru", "layers.GRU")]
)
def test_what_is_nearly_a_name_is_said(what: str, meant: str, kerasdiff: Callable[..., Ran]) -> None:
    assert f"did you mean {meant}" in kerasdiff("explain", what).refusal()
