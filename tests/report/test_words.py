"""What reports say, in whatever format."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from kerasdiff.report import words
from tests.report.runs import alike


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
