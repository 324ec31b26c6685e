"""What every report format is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from kerasdiff.compare.engine import Comparison
    from kerasdiff.gate.decide import Gate


class Reporter(Protocol):
    """Writes a comparison in one format."""

    def report(self, comparison: Comparison, gate: Gate) -> str:
        """The whole report, newline at the end."""
        ...
