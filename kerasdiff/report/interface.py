"""What every report format is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from kerasdiff.knowledge.load import Effect

if TYPE_CHECKING:
    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.compare.engine import Comparison
    from kerasdiff.gate.decide import Gate
    from kerasdiff.gate.locate import Location
    from kerasdiff.gate.waivers import Stale


#: Causes shown of one effect; what is left out is counted.
LIMIT = 15


class Shown(msgspec.Struct, frozen=True):
    """How much of a comparison a report for people shows: ``limit`` causes of each effect, none milder than ``min_effect``."""

    verbose: bool = False
    limit: int = LIMIT
    min_effect: Effect = Effect.INFO
    is_check: bool = False
    """A is what a project is checked against: of a gate that doesn't pass is told what to do about it."""
    release: str = ""
    """The shipped release that has the place of the baseline, as it is named."""


class Places(Protocol):
    """Knows the line of a file that decides a finding, as `kerasdiff.gate.locate.Locator` does."""

    def divergence(self, found: Divergence) -> Location:
        """Where a divergence is decided."""
        ...

    def waiver(self, stale: Stale) -> Location:
        """Where a waiver stands."""
        ...

    def unknown(self) -> Location:
        """Where it is decided what must be known."""
        ...


class Reporter(Protocol):
    """Writes a comparison in one format."""

    def report(self, comparison: Comparison, gate: Gate) -> str:
        """The whole report, newline at the end."""
        ...
