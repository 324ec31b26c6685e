"""The report as JSON: the contract for scripts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from kerasdiff.compare.coverage import KINDS, besides, of
from kerasdiff.compare.engine import compare
from kerasdiff.compare.side import Side
from kerasdiff.gate.decide import decide
from kerasdiff.knowledge.load import Effect
from kerasdiff.report.json import JsonReporter
from tests.conftest import ENVIRONMENTS, THEANO, api_of, edited, fingerprint, raw

if TYPE_CHECKING:
    from kerasdiff.compare.engine import Comparison

PAIRS = [
    ("keras-1.2.2+theano-1.0.5", "keras-2.2.4+theano-1.0.5"),
    ("keras-2.2.4+tensorflow-1.12.3", "keras-2.3.1+tensorflow-1.15.5"),
    ("tensorflow-2.3.4", "tensorflow-2.8.4"),
    ("tensorflow-2.8.4", "tensorflow-2.10.1"),
    ("tensorflow-2.10.1", "tensorflow-2.11.1"),
    ("tensorflow-2.15.1", "keras-3.11.3+tensorflow-2.20.0"),
    ("keras-3.15.1+tensorflow-2.21.0", "keras-3.15.1+jax-0.12"),
    ("keras-3.15.1+torch-2.13", "keras-1.2.2+theano-1.0.5"),
    ("tensorflow-2.15.1", "tensorflow-2.15.1"),
]

RELEASE_PAIR = {"a": "tensorflow-2.10.1", "b": "keras-3.15.1+tensorflow-2.21.0"}

SIDE = {"label", "api", "version"}
DOCUMENT = {"schema", "a", "b", "gate", "summary", "verified", "coverage", "context", "divergences", "not_comparable"}
SUMMARY = {"breaks", "architecture", "results", "reproducibility", "info", "unexplained", "not_comparable", "waived", "ignored"}
DIVERGENCE = {
    "id", "rule", "subject", "aspect", "effect", "phases", "evidence", "a", "b", "size", "cause", "explains", "title", "why",
    "remedy", "restore", "verified", "references", "waived",
}  # fmt: skip
PHASES = {"construction", "initialization", "inference", "training", "evaluation", "preprocessing", "saving"}


def written(comparison: Comparison, fail_on: Effect = Effect.RESULTS) -> str:
    return JsonReporter().report(comparison, decide(comparison, fail_on))


def report_of(a: str, b: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(written(compare(fingerprint(a), fingerprint(b))))
    return document


@pytest.fixture(scope="module", params=PAIRS, ids="->".join)
def report(request: pytest.FixtureRequest) -> dict[str, Any]:
    return report_of(*request.param)


def test_all_keys_of_the_contract_are_there(report: dict[str, Any]) -> None:
    assert report["schema"] == "kerasdiff.report/1"
    assert set(report) >= DOCUMENT
    assert set(report["a"]) >= SIDE
    assert set(report["b"]) >= SIDE
    assert set(report["gate"]) == {"fail_on", "failed", "exit", "waivers"}
    assert set(report["summary"]) >= SUMMARY
    assert set(report["coverage"]) == {"symbols", "compared", "cases", "a", "b"}
    assert set(report["coverage"]["cases"]) == {"compared", "not_comparable"}
    for side in "ab":
        assert list(report["coverage"][side]) == list(KINDS)
        assert all(set(figures) == {"symbols", "probed", "cases"} for figures in report["coverage"][side].values())
    assert {"packages", "runtime"} <= set(report["context"])


def test_every_divergence_has_all_keys_and_known_words(report: dict[str, Any]) -> None:
    for found in report["divergences"]:
        assert set(found) >= DIVERGENCE
        assert found["id"] == f"{found['subject']}/{found['aspect']}"
        assert found["effect"] in {effect.value for effect in Effect}
        assert found["evidence"] in {"measured", "declared"}
        assert set(found["phases"]) <= PHASES
        assert isinstance(found["title"], str)
        assert isinstance(found["explains"], list)
        assert found["remedy"] is None or isinstance(found["remedy"], str)


def test_the_summary_counts_the_divergences(report: dict[str, Any]) -> None:
    effects = [found["effect"] for found in report["divergences"]]
    for effect in Effect:
        assert report["summary"][effect.value] == effects.count(effect.value)
    assert report["summary"]["not_comparable"] == len(report["not_comparable"])
    assert report["summary"]["waived"] == sum(found["waived"] is not None for found in report["divergences"])
    unexplained = [
        found for found in report["divergences"] if found["evidence"] == "measured" and found["cause"] is found["rule"] is None
    ]
    assert report["summary"]["unexplained"] <= len(unexplained)


def test_the_gate_says_what_the_divergences_say(report: dict[str, Any]) -> None:
    failed = any(report["summary"][effect] for effect in ("breaks", "architecture", "results"))
    assert report["gate"]["failed"] is failed
    assert report["gate"]["exit"] == (3 if report["not_comparable"] else int(failed))


def test_packages_and_runtime_stand_as_name_a_b(report: dict[str, Any]) -> None:
    for name, a, b in report["context"]["packages"]:
        assert isinstance(name, str)
        assert a != b
        assert {type(a), type(b)} <= {str, type(None)}
    for fact, a, b in report["context"]["runtime"]:
        assert isinstance(fact, str)
        assert a != b


def test_both_sides_are_named() -> None:
    report = report_of("tensorflow-2.15.1", "keras-3.15.1+jax-0.12")
    assert {key: report["a"][key] for key in ("api", "version", "backend")} == {
        "api": "tf.keras",
        "version": "2.15.0",
        "backend": "tensorflow",
    }
    assert {key: report["b"][key] for key in ("api", "version", "backend")} == {
        "api": "keras",
        "version": "3.15.1",
        "backend": "jax",
    }
    assert report["a"]["label"] == fingerprint("tensorflow-2.15.1").label


def test_what_is_not_comparable_is_listed_with_the_reason() -> None:
    document = raw(THEANO)
    api_of(document)["settings"]["floatx"] = {"state": "timeout", "message": "no answer in 30 s"}
    report = json.loads(written(compare(fingerprint(THEANO), edited(document))))
    assert report["not_comparable"] == [{"id": "settings.floatx/value", "why": "timeout in B: no answer in 30 s"}]
    assert report["summary"]["not_comparable"] == 1
    assert report["gate"] == {"fail_on": "results", "failed": False, "exit": 3, "waivers": []}


def test_coverage_says_what_was_probed_and_compared() -> None:
    report = report_of(*(f"releases/{RELEASE_PAIR[side]}" for side in "ab"))
    coverage = report["coverage"]
    for side in "ab":
        assert coverage[side] == {
            kind: {"symbols": known.symbols, "probed": known.probed, "cases": known.cases}
            for way in (of, besides)
            for kind, known in way(Side(fingerprint(f"releases/{RELEASE_PAIR[side]}"))).items()
        }
        assert all(figures["probed"] > 0 for figures in coverage[side].values())
    assert coverage["cases"]["compared"] > 0
    unknown = [one for one in report["not_comparable"] if "/case." in one["id"]]
    assert coverage["cases"]["not_comparable"] == len(unknown)
    assert 0 < coverage["compared"] <= coverage["symbols"]


@pytest.mark.parametrize("fail_on", list(Effect))
def test_the_gate_in_force_is_told(fail_on: Effect) -> None:
    found = compare(fingerprint("tensorflow-2.10.1"), fingerprint("tensorflow-2.11.1"))
    assert json.loads(written(found, fail_on))["gate"]["fail_on"] == fail_on.value


def test_a_divergence_takes_one_line() -> None:
    found = compare(fingerprint("tensorflow-2.10.1"), fingerprint("tensorflow-2.11.1"))
    lines = written(found).splitlines()
    ids = [json.loads(line.rstrip(","))["id"] for line in lines if line.startswith('  {"id"')]
    assert ids == [one.id for one in found.divergences]


def test_the_same_comparison_is_written_in_the_same_bytes() -> None:
    a, b = fingerprint("tensorflow-2.10.1"), fingerprint("tensorflow-2.11.1")
    assert written(compare(a, b)) == written(compare(a, b))


def test_a_report_is_ascii_with_one_newline_at_the_end() -> None:
    for name in ENVIRONMENTS:
        text = written(compare(fingerprint(THEANO), fingerprint(name)))
        assert text.isascii()
        assert text.endswith("}\n")
        assert not text.endswith("\n\n")


def test_an_empty_report_is_json_too() -> None:
    report = report_of(THEANO, THEANO)
    assert report["divergences"] == report["not_comparable"] == report["context"]["packages"] == []
    assert {report["summary"][effect.value] for effect in Effect} == {0}
