"""What every report format is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from kerasdiff.knowledge.load import Effect

if TYPE_CHECKING:
    from kerasdiff.compare.engine import Comparison
    from kerasdiff.gate.decide import Gate


#: Causes shown of one effect; what is left out is counted.
LIMIT = 15


@dataclass(frozen=True)
class Shown:
    """How much of a comparison a report for people shows: ``limit`` causes of each effect, none milder than ``min_effect``."""

    verbose: bool = False
    limit: int = LIMIT
    min_effect: Effect = Effect.INFO


class Reporter(Protocol):
    """Writes a comparison in one format."""

    def report(self, comparison: Comparison, gate: Gate) -> str:
        """The whole report, newline at the end."""
        ...
