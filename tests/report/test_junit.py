"""The report as JUnit XML: valid, the same for the same comparison, and failing where the gate does."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from hypothesis import example, given, settings
from msgspec.structs import replace

from kerasdiff.compare.divergence import divergence
from kerasdiff.gate.decide import decide
from kerasdiff.knowledge.load import Effect
from kerasdiff.report.interface import Shown
from kerasdiff.report.junit import JunitReporter
from kerasdiff.text import visible
from tests.conftest import DATA
from tests.report.runs import EVERYTHING, HOSTILE, NAMES, Run, hostile, run

if TYPE_CHECKING:
    from collections.abc import Iterator


@cache
def schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(str(DATA / "schemas" / "junit-10.xsd"))


def written(of: Run, **shown: Any) -> str:
    return JunitReporter(Shown(**shown)).report(of.comparison, of.gate)


def cases(of: Run, **shown: Any) -> dict[tuple[str, str], ET.Element]:
    root = ET.fromstring(written(of, **shown))
    return {(case.attrib["classname"], case.attrib["name"]): case for case in root.iter("testcase")}


def outcomes(found: dict[tuple[str, str], ET.Element]) -> Iterator[tuple[str, str, str]]:
    for (group, name), case in found.items():
        (outcome,) = case
        yield group, name, outcome.tag


@pytest.mark.parametrize("name", NAMES)
def test_a_report_is_valid_and_counts_its_cases(name: str) -> None:
    text = written(run(name))
    assert text.isascii()
    assert [str(error.reason) for error in schema().iter_errors(text)] == []
    (suite,) = ET.fromstring(text)
    assert int(suite.attrib["tests"]) == len(suite) > 0
    for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(suite.attrib[key]) == len(list(suite.iter(tag)))


def test_the_schema_refuses_what_is_no_junit() -> None:
    text = written(run("clean")).replace("<testcase ", '<testcase colour="red" ', 1)
    assert not schema().is_valid(text)


def test_the_same_comparison_is_written_in_the_same_bytes() -> None:
    assert written(run("failing")) == written(run("failing"))
    assert not set(ET.fromstring(written(run("failing")))[0].attrib) & {"timestamp", "hostname", "time"}


def test_each_finding_is_a_case_that_fails_where_it_stops_the_gate() -> None:
    comparison, gate = run("failing")
    found = cases(run("failing"))
    for one in comparison.divergences:
        (outcome,) = found[f"kerasdiff.{one.subject}", visible(one.id)]
        assert outcome.tag == ("failure" if gate.stops(one) else "system-out")
        said = f"{outcome.get('message')} {outcome.text}"
        assert visible(one.title) in said
        assert visible(one.why) in said
        assert all(line in said for line in (one.remedy or "").splitlines())
    kinds = [name for group, name in found if group == "kerasdiff.compared"]
    assert len(found) == len(comparison.divergences) + len(kinds)


@pytest.mark.parametrize(("name", "failing"), [("clean", set()), ("failing", {"layers", "losses", "optimizers", "training"})])
def test_each_kind_is_a_case_that_fails_where_one_of_it_does(name: str, failing: set[str]) -> None:
    comparison, gate = run(name)
    found = {kind: tag for group, kind, tag in outcomes(cases(run(name))) if group == "kerasdiff.compared"}
    assert list(found) == list(comparison.coverage["b"])
    assert {kind for kind, tag in found.items() if tag == "failure"} == failing
    modules = {one.subject.partition(".")[0] for one in comparison.divergences if gate.stops(one)}
    assert modules & set(found) == failing


@pytest.mark.parametrize(
    ("subject", "kind"),
    [("layers.Dense", "layers"), ("tf.data.Dataset.shuffle", "data"), ("optimizers.Optimizer.get_slot", "optimizers")],
)
def test_a_finding_is_of_the_kind_that_found_it(subject: str, kind: str) -> None:
    comparison = replace(run("clean").comparison, divergences=[divergence(subject, "case.x", Effect.BREAKS, "differs")])
    found = cases(Run(comparison, decide(comparison, Effect.RESULTS)))
    assert [name for group, name, tag in outcomes(found) if group == "kerasdiff.compared" and tag == "failure"] == [kind]


def test_a_clean_run_passes() -> None:
    found = list(outcomes(cases(run("clean"))))
    assert found
    assert {tag for _, _, tag in found} == {"system-out"}


def test_what_is_waived_is_skipped_with_the_reason() -> None:
    comparison, _ = run("waived")
    found = cases(run("waived"))
    skipped = {name for _, name, tag in outcomes(found) if tag == "skipped"}
    assert skipped == {visible(one.id) for one in comparison.divergences if one.waived}
    assert {one.get("message") for case in found.values() for one in case.iter("skipped")} == {
        "checked by hand (ann, until 2026-06-30)"
    }
    assert not [tag for _, _, tag in outcomes(found) if tag in ("failure", "error")]


def test_what_can_not_be_compared_is_an_error() -> None:
    (outcome,) = cases(run("unknown"))["kerasdiff.not_comparable", "settings.floatx/value"]
    assert outcome.tag == "error"
    assert "no answer in 30 s" in str(outcome.text)


@pytest.mark.parametrize(("name", "tag"), [("stale", "failure"), ("warned", "system-out")])
def test_a_waiver_that_no_longer_serves_fails_where_the_policy_says_so(name: str, tag: str) -> None:
    _, gate = run(name)
    found = [(identifier, told) for group, identifier, told in outcomes(cases(run(name))) if group == "kerasdiff.waivers"]
    assert {identifier for identifier, _ in found} == {visible(one.id) for one in gate.waivers}
    assert {told for _, told in found} == {tag}


def test_what_is_milder_than_asked_for_is_left_out() -> None:
    found = cases(run("failing"), min_effect=Effect.BREAKS)
    names = {name for group, name in found if group != "kerasdiff.compared"}
    assert names == {visible(one.id) for one in run("failing").comparison.divergences if one.effect is Effect.BREAKS}


@given(HOSTILE)
@example(EVERYTHING)
@settings(max_examples=60)
def test_whatever_is_told_is_text(evil: str) -> None:
    of = hostile(evil)
    text = written(of)
    root = ET.fromstring(text)
    assert {element.tag for element in root.iter()} == {
        "testsuites", "testsuite", "testcase", "failure", "error", "skipped", "system-out",
    }  # fmt: skip
    kinds = sum(case.attrib["classname"] == "kerasdiff.compared" for case in root.iter("testcase"))
    expected = len(of.comparison.divergences) + len(of.comparison.not_comparable) + len(of.gate.waivers)
    assert len(list(root.iter("testcase"))) == expected + kinds
    assert schema().is_valid(text)
