"""What trying the remedies gave, for people."""

from __future__ import annotations

import json
import re

from kerasdiff.gate.decide import decide
from kerasdiff.knowledge.load import Effect
from kerasdiff.report.json import JsonReporter
from kerasdiff.report.verified import report
from kerasdiff.verify.judge import judge
from tests.verify.remedied import Again


def told(again: Again) -> str:
    return " ".join(report(again.judged()).split())


def test_each_remedy_is_told_by_its_outcome() -> None:
    again = Again("layers.LSTM", "layers.LSTMCell", "experimental.LinearModel")
    again.restore("layers.LSTM")
    again.restore("layers.LSTMCell", "default@3d")
    text = told(again)
    restored, failed, untested = (text.index(word) for word in ("RESTORES A", "DOES NOT", "CAN'T BE TESTED"))
    tried = r"layers\.LSTM/parameter\.recurrent_activation \(KD122\): recurrent_activation='hard_sigmoid': "
    outcome = r"(\d+) of \1 results as in A, 0 left, together with layers\.LSTM\(implementation=1\) "
    line = re.search(tried + outcome, text)
    assert line
    assert restored < line.start() < failed
    assert failed < text.index("layers.LSTMCell/parameter.recurrent_activation") < untested
    assert untested < text.index("experimental.LinearModel/parameter.kernel_initializer")
    assert text.endswith("1 of 3 remedies restores A; 1 does not; 1 can't be tested.")


def test_what_differs_for_another_reason_is_named() -> None:
    again = Again("layers.LSTM")
    again.restore("layers.LSTM", "sequences@3d")
    text = told(again)
    assert "; for another reason differs layers.LSTM/case.sequences@3d.gradient, layers.LSTM/case." in text
    assert text.endswith("1 of 1 remedy restores A; 0 do not; 0 can't be tested.")


def test_lines_fit_a_terminal() -> None:
    again = Again("layers.LSTM", "layers.GRU", "experimental.LinearModel")
    again.restore("layers.LSTM")
    assert max(map(len, report(again.judged()).splitlines())) <= 80


def test_nothing_to_try_is_told() -> None:
    again = Again()
    assert report(judge(again.first, [], None, Effect.RESULTS)).endswith(
        "\n\nNo divergence has a remedy that could be tried.\n"
    )


def test_the_report_for_scripts_holds_it() -> None:
    again = Again("layers.LSTM")
    again.restore("layers.LSTM")
    for comparison, counts in ((again.judged(), {"restores": 1, "does not": 0, "untested": 0}), (again.first, None)):
        document = json.loads(JsonReporter().report(comparison, decide(comparison, Effect.RESULTS)))
        assert document["verified"] == counts
        states = {one["id"]: one["verified"] and one["verified"]["state"] for one in document["divergences"]}
        assert states["layers.LSTM/parameter.recurrent_activation"] == (counts and "restores")
