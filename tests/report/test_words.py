"""What reports say, in whatever format."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from kerasdiff.compare.engine import compare
from kerasdiff.report import words
from kerasdiff.report.reasons import reasons
from kerasdiff.scope.engine import scoped
from tests.conftest import fingerprint
from tests.report.runs import alike
from tests.scope.matrix import model


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (["avx", "avx2", "fma"], ["avx", "sse4_2"], "only in A avx2 fma, only in B sse4_2"),
        (["avx", "avx2"], ["avx"], "only in A avx2"),
        (["avx2", "avx"], ["avx", "avx2"], "in another order"),
        ("3.10.1", "3.11.2", "3.10.1 → 3.11.2"),
    ],
)
def test_of_lists_what_one_side_alone_has_is_told(one: Any, other: Any, said: str) -> None:
    comparison = replace(alike(), context={**alike().context, "runtime": [["cpu.instruction_sets", one, other]]})
    assert words.around(comparison) == [f"cpu.instruction_sets: {said}"]


def test_a_headline_beside_a_file_that_fails_in_both_does_not_say_that_nothing_breaks() -> None:
    found = compare(fingerprint("releases/tensorflow-2.15.1"), fingerprint("releases/tensorflow-2.15.1"), api_a="tf.keras")
    told = scoped(found, model("tf.keras-2.15/anonymous.keras"))
    assert "Loading it in B: fails" in words.model(told)[1]
    said = words.headline(told, reasons(told.divergences))
    assert said.startswith("Apart from what loading does in A too, nothing breaks code, ")
