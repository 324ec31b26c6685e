"""The report as GitLab's code quality JSON. The fields are those of GitLab's documentation, which has no schema of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from kerasdiff.compare.divergence import divergence
from kerasdiff.gate.decide import decide
from kerasdiff.knowledge.load import Effect
from kerasdiff.report.gitlab import GitlabReporter
from kerasdiff.report.interface import Shown
from tests.report.runs import EVERYTHING, HOSTILE, NAMES, Run, Somewhere, alike, hostile, run

if TYPE_CHECKING:
    from kerasdiff.report.interface import Places

TEXT = {"type": "string", "minLength": 1}
ENTRY = {
    "type": "object",
    "required": ["description", "check_name", "fingerprint", "severity", "location"],
    "additionalProperties": False,
    "properties": {
        "description": TEXT,
        "check_name": TEXT,
        "fingerprint": TEXT,
        "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
        "location": {
            "type": "object",
            "required": ["path", "lines"],
            "additionalProperties": False,
            "properties": {
                "path": {"type": "string", "pattern": "^(?!/|\\./)."},
                "lines": {"type": "object", "required": ["begin"], "properties": {"begin": {"type": "integer", "minimum": 1}}},
            },
        },
    },
}
VALIDATOR = Draft202012Validator({"type": "array", "items": ENTRY})


def written(of: Run, places: Places | None = None, **shown: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(GitlabReporter(Shown(**shown), places).report(of.comparison, of.gate))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_report_has_the_documented_fields(name: str) -> None:
    found = written(run(name))
    assert [error.message for error in VALIDATOR.iter_errors(found)] == []
    assert len({one["fingerprint"] for one in found}) == len(found)


def test_a_clean_run_is_an_empty_array() -> None:
    assert written(run("clean")) == []


def test_each_open_finding_is_an_entry() -> None:
    comparison, _ = run("failing")
    found = written(run("failing"))
    assert len(found) == len(comparison.divergences)
    for one in comparison.divergences:
        assert any(one.rule in (entry["check_name"], None) and one.title[:200] in entry["description"] for entry in found)
    assert [entry["severity"] for entry in found] == sorted(
        (entry["severity"] for entry in found), key=["blocker", "critical", "major", "minor", "info"].index
    )


@pytest.mark.parametrize(
    ("fail_on", "severities"),
    [
        (Effect.INFO, ["blocker", "critical", "major", "minor", "info"]),
        (Effect.RESULTS, ["blocker", "critical", "major", "minor", "info"]),
        (Effect.BREAKS, ["blocker", "minor", "minor", "minor", "info"]),
    ],
)
def test_the_severity_is_that_of_the_effect_where_it_stops_the_gate(fail_on: Effect, severities: list[str]) -> None:
    found = [divergence(f"layers.{effect.value}", "kind", effect, "differs") for effect in Effect]
    comparison = replace(alike(), divergences=found)
    told = written(Run(comparison, decide(comparison, fail_on)))
    assert [(one["check_name"], one["severity"]) for one in told] == [
        (effect.value, severity) for effect, severity in zip(Effect, severities, strict=True)
    ]


def test_what_is_waived_is_left_out() -> None:
    found = written(run("waived"))
    assert {one["severity"] for one in found} == {"info"}
    assert len(found) == sum(one.waived is None for one in run("waived").comparison.divergences)


def test_what_can_not_be_compared_is_major() -> None:
    (one,) = written(run("unknown"))
    assert (one["check_name"], one["severity"]) == ("not-comparable", "major")
    assert "no answer in 30 s" in one["description"]


@pytest.mark.parametrize(("name", "severity"), [("stale", "major"), ("warned", "minor")])
def test_waivers_that_no_longer_serve_are_entries(name: str, severity: str) -> None:
    stale = [one for one in written(run(name)) if one["check_name"].startswith("waiver-")]
    assert len(stale) == 4
    assert {one["severity"] for one in stale} == {severity}


@given(HOSTILE)
@example(EVERYTHING)
@settings(max_examples=60)
def test_whatever_is_told_is_one_line_of_text(evil: str) -> None:
    found = written(hostile(evil), Somewhere(f"x{evil}", 3))
    assert VALIDATOR.is_valid(found)
    assert len(found) == 6
    for one in found:
        for text in (one["description"], one["check_name"], one["location"]["path"]):
            assert not any(ord(character) < 32 or 0xD800 <= ord(character) < 0xE000 for character in text)
        assert one["location"]["lines"] == {"begin": 3}
