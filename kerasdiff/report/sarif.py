"""The report as SARIF 2.1.0, for code scanning."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from kerasdiff import __version__
from kerasdiff.knowledge.rules import rules
from kerasdiff.report import words
from kerasdiff.report.findings import GENERIC, Nowhere, findings
from kerasdiff.report.interface import Shown
from kerasdiff.report.markdown import block, plain
from kerasdiff.report.waived import terms
from kerasdiff.text import inert_json

if TYPE_CHECKING:
    from kerasdiff.compare.engine import Comparison
    from kerasdiff.gate.decide import Gate
    from kerasdiff.gate.locate import Location
    from kerasdiff.knowledge.rules import Rule
    from kerasdiff.report.findings import Finding
    from kerasdiff.report.interface import Places

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"

#: Results that GitHub code scanning accepts of a run; of a file with more it takes none.
MOST = 25_000


class SarifReporter:
    """SARIF: every rule, one result a finding; of waived ones with the waiver as suppression."""

    def __init__(self, shown: Shown | None = None, places: Places | None = None) -> None:
        self._shown = shown or Shown()
        self._places = places or Nowhere()

    def report(self, comparison: Comparison, gate: Gate) -> str:
        """The report as a SARIF log."""
        described = [*map(_generic, GENERIC), *map(_described, rules())]
        index = {one["id"]: number for number, one in enumerate(described)}
        found = findings(comparison, gate, self._shown, self._places)
        invocation: dict[str, Any] = {"executionSuccessful": gate.exit != 3, "exitCode": gate.exit}
        if len(found) > MOST:
            said = f"{words.count(len(found) - MOST, 'finding')} left out: code scanning accepts {MOST} of a run"
            invocation["toolExecutionNotifications"] = [{"level": "warning", "message": {"text": said}}]
        run = {
            "tool": {"driver": {"name": "kerasdiff", "version": __version__, "rules": described}},
            "invocations": [invocation],
            "results": [_result(one, index) for one in found[:MOST]],
        }
        return inert_json(json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1, allow_nan=False)) + "\n"


def uri(file: str) -> str:
    """The path of a file as a relative URI: whatever is in its name, it has no scheme, no host and no query."""
    return quote(file.lstrip("/"), safe="/", errors="replace")


def _generic(identifier: str) -> dict[str, Any]:
    title, why = GENERIC[identifier]
    text = {"text": why, "markdown": plain(why)}
    return _descriptor(identifier, title, text)


def _described(rule: Rule) -> dict[str, Any]:
    why = f"{rule.why} {rule.correction.why}" if rule.correction else rule.why
    lines, marked = [why], [plain(why)]
    if rule.remedy:
        lines += ["", "To keep A's:", rule.remedy]
        marked += ["", "To keep A's:", *block(rule.remedy, "")]
    told = _descriptor(rule.code, rule.title, {"text": "\n".join(lines), "markdown": "\n".join(marked).rstrip()})
    reference = next(iter(rule.references), "")
    return told | ({"helpUri": reference} if reference.startswith("https://") else {})


def _descriptor(identifier: str, title: str, text: dict[str, str]) -> dict[str, Any]:
    name = "".join(word[0].upper() + word[1:] for word in re.findall("[A-Za-z0-9]+", title))
    return {"id": identifier, "name": name, "shortDescription": {"text": title}, "fullDescription": text, "help": text}


def _result(finding: Finding, index: dict[str, int]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "level": finding.level,
        "message": {"text": _message("\n".join([f"{finding.title}.", *finding.body]))},
        "locations": [_location(finding.place)],
        "partialFingerprints": {
            "kerasdiffDivergence/v1": finding.fingerprint,
            "primaryLocationLineHash": f"{finding.fingerprint[:16]}:1",
        },
        "properties": {"id": finding.id},
    }
    found = finding.divergence
    if found is not None:
        facts = {"effect": found.effect.value, "phases": found.phases, "evidence": found.evidence}
        result["properties"] |= {**facts, "size": found.size, "cause": found.cause}
        if found.waived is not None:
            said = terms(found.waived)
            result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": said}]
    return result


def _location(place: Location) -> dict[str, Any]:
    artifact = {"uri": uri(place.file), "uriBaseId": "%SRCROOT%"}
    return {"physicalLocation": {"artifactLocation": artifact, "region": {"startLine": place.line}}}


def _message(text: str) -> str:
    """Text as a message string, in which braces stand for arguments, and brackets before a parenthesis for a link."""
    return text.replace("](", "] (").replace("{", "{{").replace("}", "}}")
