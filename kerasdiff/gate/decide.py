"""Whether a comparison passes: the gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from kerasdiff.errors import ExitStatus
from kerasdiff.knowledge.load import Effect

if TYPE_CHECKING:
    from kerasdiff.compare.engine import Comparison


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """A gate and what it decided."""

    fail_on: Effect
    failed: bool
    exit: int


def decide(comparison: Comparison, fail_on: Effect) -> Gate:
    """The gate's word on ``comparison``: divergences at or above ``fail_on`` fail it, unknown facts leave it unanswered."""
    failed = any(found.effect.reaches(fail_on) and found.waived is None for found in comparison.divergences)
    if comparison.not_comparable:
        status = ExitStatus.UNANSWERED
    else:
        status = ExitStatus.DIVERGENCES if failed else ExitStatus.OK
    return Gate(fail_on=fail_on, failed=failed, exit=int(status))
