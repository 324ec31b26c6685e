"""The report as SARIF: valid by the schema and by what code scanning asks for, and nothing in it is a link but our own."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import example, given, settings
from jsonschema import Draft4Validator
from msgspec.structs import replace

from kerasdiff import __version__
from kerasdiff.compare.divergence import divergence
from kerasdiff.gate.decide import decide
from kerasdiff.gate.locate import Locator
from kerasdiff.gate.policy import find
from kerasdiff.knowledge.load import Effect
from kerasdiff.knowledge.rules import rules
from kerasdiff.report import sarif
from kerasdiff.report.interface import Shown
from kerasdiff.report.sarif import SarifReporter, uri
from tests.conftest import DATA
from tests.report.runs import EVERYTHING, HOSTILE, NAMES, Run, Somewhere, alike, hostile, run

if TYPE_CHECKING:
    from pathlib import Path

    from kerasdiff.report.interface import Places

GENERIC = {
    *("breaks", "architecture", "results", "reproducibility", "info"),
    *("not-comparable", "waiver-expired", "waiver-moved", "waiver-unused"),
}


@cache
def validator() -> Draft4Validator:
    return Draft4Validator(json.loads((DATA / "schemas" / "sarif-2.1.0-rtm.5.json").read_bytes()))


def written(of: Run, places: Places | None = None, **shown: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(SarifReporter(Shown(**shown), places).report(of.comparison, of.gate))
    return document


def results(document: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document["runs"][0]["results"]
    return found


def ids(document: dict[str, Any], level: str) -> list[str]:
    return [one["properties"]["id"] for one in results(document) if one["level"] == level and "suppressions" not in one]


@pytest.mark.parametrize("name", NAMES)
def test_a_report_is_valid(name: str) -> None:
    document = written(run(name))
    assert sorted(error.message for error in validator().iter_errors(document)) == []
    for result in results(document):
        (place,) = result["locations"]
        assert place["physicalLocation"]["region"]["startLine"] >= 1
        assert result["message"]["text"].strip()


def test_the_schema_refuses_what_is_no_sarif() -> None:
    document = written(run("clean"))
    document["runs"][0]["tool"]["driver"]["colour"] = "red"
    assert not validator().is_valid(document)


@pytest.mark.parametrize("name", ["clean", "failing"])
def test_every_rule_is_described_also_where_nothing_differs(name: str) -> None:
    (one,) = written(run(name))["runs"]
    driver = one["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("kerasdiff", __version__)
    described = [rule["id"] for rule in driver["rules"]]
    assert len(described) == len(set(described))
    assert set(described) == GENERIC | {rule.code for rule in rules()}
    for result in one["results"]:
        assert described[result["ruleIndex"]] == result["ruleId"]


def test_a_rule_says_why_and_what_to_write_within_what_code_scanning_takes() -> None:
    described = {rule["id"]: rule for rule in written(run("clean"))["runs"][0]["tool"]["driver"]["rules"]}
    for one in described.values():
        assert re.fullmatch(r"[A-Za-z0-9]{1,255}", one["name"])
        assert 0 < len(one["shortDescription"]["text"]) <= 1024
        assert 0 < len(one["fullDescription"]["text"]) <= 1024
        assert one["help"]["text"]
        assert one["help"]["markdown"]
    for rule in rules():
        told = described[rule.code]
        assert told["shortDescription"]["text"] == rule.title
        assert rule.why in told["help"]["text"]
        assert (rule.remedy or "") in told["help"]["text"]
        assert told["helpUri"] == rule.references[0]


def test_each_finding_is_one_result_with_its_id_and_facts() -> None:
    comparison, gate = run("failing")
    by_id = {result["properties"]["id"]: result for result in results(written(run("failing")))}
    assert set(by_id) == {one.id for one in comparison.divergences}
    assert len(results(written(run("failing")))) == len(by_id)
    for found in comparison.divergences:
        result = by_id[found.id]
        assert result["ruleId"] == (found.rule or found.effect.value)
        assert result["level"] == ("error" if gate.stops(found) else "note")
        told = result["properties"]
        assert (told["effect"], told["phases"], told["evidence"]) == (found.effect.value, found.phases, found.evidence)
        assert (told["size"], told["cause"]) == (found.size, found.cause)
        said = result["message"]["text"].replace("{{", "{").replace("}}", "}").replace("] (", "](")
        assert found.title.replace("] (", "](")[:1000] in said
        assert found.why.replace("] (", "](") in said
        assert all(line.replace("] (", "](") in said for line in (found.remedy or "").splitlines())


def test_the_worst_comes_first() -> None:
    ranks = [Effect(one["properties"]["effect"]).rank for one in results(written(run("failing")))]
    assert ranks == sorted(ranks)


@pytest.mark.parametrize(("name", "successful", "status"), [("clean", True, 0), ("failing", True, 1), ("unknown", False, 3)])
def test_the_invocation_says_what_the_gate_said(name: str, successful: bool, status: int) -> None:
    assert written(run(name))["runs"][0]["invocations"] == [{"executionSuccessful": successful, "exitCode": status}]


def test_what_is_milder_than_asked_for_is_left_out() -> None:
    document = written(run("failing"), min_effect=Effect.BREAKS)
    assert {one["properties"]["effect"] for one in results(document)} == {"breaks"}


def test_what_does_not_stop_the_gate_is_a_warning_or_a_note() -> None:
    found = [divergence(f"layers.{effect.value}", "kind", effect, "differs") for effect in Effect]
    comparison = replace(alike(), divergences=found)
    document = written(Run(comparison, decide(comparison, Effect.BREAKS)))
    levels = ["error", "warning", "warning", "warning", "note"]
    assert [one["level"] for one in results(document)] == levels
    assert [one["ruleId"] for one in results(document)] == [effect.value for effect in Effect]


def test_what_is_waived_is_suppressed_with_the_reason() -> None:
    comparison, gate = run("waived")
    assert gate.exit == 0
    waived = {one.id for one in comparison.divergences if one.waived is not None}
    assert waived
    suppressed = {one["properties"]["id"]: one for one in results(written(run("waived"))) if "suppressions" in one}
    assert set(suppressed) == waived
    accepted = {"kind": "external", "status": "accepted", "justification": "checked by hand (ann, until 2026-06-30)"}
    for one in suppressed.values():
        assert one["suppressions"] == [accepted]
        assert one["level"] == "warning"


@pytest.mark.parametrize(("name", "level"), [("stale", "error"), ("warned", "warning")])
def test_waivers_that_no_longer_serve_are_results(name: str, level: str) -> None:
    stale = [one for one in results(written(run(name))) if one["ruleId"].startswith("waiver-")]
    assert sorted(one["ruleId"] for one in stale) == ["waiver-expired", "waiver-expired", "waiver-moved", "waiver-unused"]
    assert {one["level"] for one in stale} == {level}
    assert len({one["partialFingerprints"]["primaryLocationLineHash"] for one in stale}) == len(stale)
    assert "expired on 2025-12-31" in next(one["message"]["text"] for one in stale if one["ruleId"] == "waiver-expired")


def test_what_can_not_be_compared_is_an_error() -> None:
    (result,) = [one for one in results(written(run("unknown"))) if one["ruleId"] == "not-comparable"]
    assert (result["level"], result["properties"]) == ("error", {"id": "settings.floatx/value"})
    assert "no answer in 30 s" in result["message"]["text"]


def fingerprints(found: Run) -> dict[str, dict[str, str]]:
    return {one["properties"]["id"]: one["partialFingerprints"] for one in results(written(found))}


def test_a_fingerprint_is_of_the_id_alone() -> None:
    comparison, gate = run("failing")
    before = fingerprints(run("failing"))
    for key in ("kerasdiffDivergence/v1", "primaryLocationLineHash"):
        assert len({marks[key] for marks in before.values()}) == len(before)
    other = [
        replace(
            one, title="other", a=1, b=2, size={"scaled": 3.0}, why="", rule=None, waived={"reason": "x"}, effect=Effect.INFO
        )
        for one in comparison.divergences
    ]
    assert fingerprints(Run(replace(comparison, divergences=other), gate)) == before


def test_past_what_code_scanning_accepts_the_rest_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sarif.MOST == 25_000
    comparison, _ = run("failing")
    worst = [one.id for one in comparison.divergences if one.effect is Effect.BREAKS]
    monkeypatch.setattr(sarif, "MOST", len(worst))
    document = written(run("failing"))
    assert sorted(ids(document, "error")) == sorted(worst)
    assert validator().is_valid(document)
    (said,) = document["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    rest = len(comparison.divergences) - len(worst)
    assert said["message"]["text"].startswith(f"{rest} findings left out")
    monkeypatch.setattr(sarif, "MOST", len(comparison.divergences))
    assert "toolExecutionNotifications" not in written(run("failing"))["runs"][0]["invocations"][0]


def test_a_result_stands_where_the_project_decides(tmp_path: Path) -> None:
    (tmp_path / "kerasdiff.toml").write_text("# the gate\n", encoding="utf-8")
    (tmp_path / "requirements ü.txt").write_text("numpy\nnothing\ntensorflow==2.11.1\n", encoding="utf-8")
    comparison, gate = run("failing")
    document = written(Run(comparison, gate), Locator(find(str(tmp_path / "kerasdiff.toml")), comparison))
    places = {one["properties"]["id"]: one["locations"][0]["physicalLocation"] for one in results(document)}
    place = places["layers.Normalization/case.inverted@2d.inference"]
    assert place["artifactLocation"] == {"uri": "requirements%20%C3%BC.txt", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 3}


def test_without_a_project_the_usual_baseline_is_the_place() -> None:
    for name in ("failing", "unknown", "stale"):
        for one in results(written(run(name))):
            place = one["locations"][0]["physicalLocation"]
            assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("kerasdiff.json", 1)


@given(HOSTILE)
@example(EVERYTHING)
@example("//host/x")
def test_a_file_is_a_relative_uri_whatever_its_name(file: str) -> None:
    told = uri(file)
    assert re.fullmatch(r"(?:[A-Za-z0-9/._~-]|%[0-9A-F]{2})*", told)
    parts = urlsplit(told)
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("", "", "", "")
    assert not told.startswith("/")
    if "\ud800" not in file:
        assert unquote(told) == file.lstrip("/").encode(errors="replace").decode()


@given(HOSTILE)
@example(EVERYTHING)
@settings(max_examples=30)
def test_whatever_is_told_is_no_link_and_no_argument(evil: str) -> None:
    found = hostile(evil)
    document = written(found, Somewhere(evil or "x"))
    for result in results(document):
        text = result["message"]["text"]
        assert "](" not in text
        assert re.sub(r"\{\{|\}\}", "", text).count("{") == re.sub(r"\{\{|\}\}", "", text).count("}") == 0
        assert not any(ord(character) < 32 and character != "\n" for character in text)
    told = [one["properties"]["id"] for one in results(document)]
    stale = [one.id for one in found.gate.waivers]
    unknown = [one.id for one in found.comparison.not_comparable]
    assert sorted(told) == sorted([*(one.id for one in found.comparison.divergences), *stale, *unknown])
