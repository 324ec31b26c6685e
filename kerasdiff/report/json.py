"""The report as JSON: the stable contract for scripts, schema ``kerasdiff.report/1``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from kerasdiff.knowledge.load import Effect
from kerasdiff.text import inert_json

if TYPE_CHECKING:
    from kerasdiff.compare.engine import Comparison
    from kerasdiff.compare.side import Side
    from kerasdiff.gate.decide import Gate

SCHEMA = "kerasdiff.report/1"


def summary(comparison: Comparison) -> dict[str, int]:
    """How many divergences there are of each effect, and what else is counted."""
    counts = {effect.value: 0 for effect in Effect}
    for found in comparison.divergences:
        counts[found.effect.value] += 1
    return {
        **counts,
        "unexplained": sum(found.is_unexplained for found in comparison.divergences),
        "not_comparable": len(comparison.not_comparable),
        "waived": sum(found.waived is not None for found in comparison.divergences),
        "ignored": comparison.ignored,
    }


def verified(comparison: Comparison) -> dict[str, int] | None:
    """How many divergences have a remedy that restores A, does not, or is untested; None where none was tried."""
    states = [found.verified["state"] for found in comparison.divergences if found.verified is not None]
    return {state: states.count(state) for state in ("restores", "does not", "untested")} if states else None


def _side(side: Side) -> dict[str, Any]:
    return {
        "label": side.fingerprint.label,
        "api": side.api_name,
        "version": side.api.version,
        "backend": side.api.backend,
        "backend_version": side.api.backend_version,
    }


class JsonReporter:
    """JSON, one divergence a line, safe to cut with line tools."""

    def report(self, comparison: Comparison, gate: Gate) -> str:
        """The report as a JSON document."""
        document = {
            "schema": SCHEMA,
            "a": _side(comparison.a),
            "b": _side(comparison.b),
            "gate": msgspec.to_builtins(gate),
            "summary": summary(comparison),
            "verified": verified(comparison),
            "model": msgspec.to_builtins(comparison.model),
            "coverage": comparison.coverage,
            "context": comparison.context,
            "divergences": msgspec.to_builtins(comparison.divergences),
            "not_comparable": msgspec.to_builtins(comparison.not_comparable),
        }
        lines = []
        for key, value in document.items():
            if isinstance(value, list) and value:
                parts = ",\n".join("  " + json.dumps(part, allow_nan=False) for part in value)
                lines.append(f' "{key}": [\n{parts}\n ]')
            else:
                lines.append(f' "{key}": {json.dumps(value, allow_nan=False)}')
        return inert_json("{\n" + ",\n".join(lines) + "\n}\n")
