"""The report as GitLab's code quality JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kerasdiff.knowledge.load import Effect
from kerasdiff.report.findings import Nowhere, findings, is_waived
from kerasdiff.report.interface import Shown
from kerasdiff.text import inert_json, visible

if TYPE_CHECKING:
    from kerasdiff.compare.engine import Comparison
    from kerasdiff.gate.decide import Gate
    from kerasdiff.report.findings import Finding
    from kerasdiff.report.interface import Places

#: Of what stops the gate, by its effect.
_SEVERITY = {
    Effect.BREAKS: "blocker",
    Effect.ARCHITECTURE: "critical",
    Effect.RESULTS: "major",
    Effect.REPRODUCIBILITY: "minor",
    Effect.INFO: "info",
}
#: Of everything else, by its level.
_LEVELS = {"error": "major", "warning": "minor", "note": "info"}


class GitlabReporter:
    """Code quality: an entry a finding, the worst first; what is waived is no entry."""

    def __init__(self, shown: Shown | None = None, places: Places | None = None) -> None:
        self._shown = shown or Shown()
        self._places = places or Nowhere()

    def report(self, comparison: Comparison, gate: Gate) -> str:
        """The report as a JSON array."""
        found = findings(comparison, gate, self._shown, self._places)
        return inert_json(json.dumps([_entry(one) for one in found if not is_waived(one)], indent=1)) + "\n"


def _entry(finding: Finding) -> dict[str, Any]:
    is_stopping = finding.level == "error" and finding.divergence is not None
    return {
        "description": " ".join([f"{finding.title}.", *map(str.strip, finding.body)]),
        "check_name": finding.rule,
        "fingerprint": finding.fingerprint,
        "severity": _SEVERITY[finding.divergence.effect] if is_stopping and finding.divergence else _LEVELS[finding.level],
        "location": {"path": visible(finding.place.file, 1000), "lines": {"begin": finding.place.line}},
    }
