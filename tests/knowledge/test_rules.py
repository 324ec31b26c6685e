"""Rules: every file is one, every one fires on a real pair, no two explain the same, and what they explain is kept in sight."""

from __future__ import annotations

import ast
import json
import re
from fnmatch import fnmatchcase
from importlib import resources

import msgspec
import pytest

from kerasdiff.compare.divergence import divergence
from kerasdiff.compare.explain import _holds
from kerasdiff.knowledge.load import Effect
from kerasdiff.knowledge.rules import Index, Pattern, Rule, Where, _says, rule, rules
from tests.knowledge.fired import FILE, MOVES, PAIRS, comparison, fired

SERIOUS = (Effect.BREAKS, Effect.ARCHITECTURE, Effect.RESULTS)
by_code = pytest.mark.parametrize("known", rules(), ids=lambda known: known.code)


def test_a_file_is_called_by_its_code_and_codes_are_unique() -> None:
    files = [file.name for file in resources.files("kerasdiff.knowledge").joinpath("rules").iterdir()]
    assert len(files) == len(rules()) > 50
    codes = [known.code for known in rules()]
    assert sorted(name[:5] for name in files) == sorted(codes)
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"KD\d{3}(-[a-z0-9]+)+\.json", name) for name in files)


@by_code
def test_a_rule_says_what_happened_why_and_where_that_is_said(known: Rule) -> None:
    assert rule(known.code) is known
    assert known.matches
    assert 10 < len(known.title) <= 100
    assert not known.title.endswith(".")
    assert known.why.endswith(".")
    assert known.releases
    assert known.references
    assert all(re.match(r"https://\S+$", reference) for reference in known.references)
    assert "—" not in known.title + known.why + (known.remedy or "")


@by_code
def test_what_a_rule_tries_can_be_tried(known: Rule) -> None:
    if known.restore is None:
        return
    assert bool(known.restore.arguments) != bool(known.restore.code)
    if known.restore.code:
        defined = set()
        for node in ast.parse(known.restore.code).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                defined.add(node.name)
            elif isinstance(node, ast.Assign):
                defined |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        names = [subject.rpartition(".")[2] for pattern in known.matches for subject in pattern.subject]
        assert any(fnmatchcase(name, pattern) for name in defined for pattern in names)


@by_code
def test_a_rule_fires_on_a_real_pair(known: Rule) -> None:
    assert any(known.code in counts for counts in fired().values())


@pytest.mark.parametrize("pair", MOVES, ids=" -> ".join)
def test_no_two_rules_explain_the_same(pair: tuple[str, str]) -> None:
    found = comparison(*pair)
    known = [one for one in rules() if _holds(one.a, found.a) and _holds(one.b, found.b)]
    twice = {one.id: codes for one in found.divergences if len(codes := [kd.code for kd in known if kd.matching(one)]) > 1}
    assert twice == {}


@pytest.mark.parametrize("pair", PAIRS, ids=" -> ".join)
def test_the_index_finds_the_first_rule_that_matches(pair: tuple[str, str]) -> None:
    index = Index(rules())
    for one in comparison(*pair).divergences:
        assert index.first(one) is next((known for known in rules() if known.matching(one)), None)


def test_what_the_rules_explain_is_what_it_was() -> None:
    """If this was meant: python -m tests.knowledge.fired."""
    assert json.loads(FILE.read_text(encoding="utf-8")) == fired()


@pytest.mark.parametrize("pair", MOVES, ids=" -> ".join)
def test_nine_tenths_of_what_matters_have_a_cause_or_a_rule(pair: tuple[str, str]) -> None:
    serious = [one for one in comparison(*pair).divergences if one.effect in SERIOUS]
    bare = [one.id for one in serious if one.cause is None and one.rule is None]
    assert len(bare) <= 0.1 * len(serious), bare


@pytest.mark.parametrize("pair", PAIRS, ids=" -> ".join)
def test_a_divergence_with_a_rule_carries_what_the_rule_says(pair: tuple[str, str]) -> None:
    for one in comparison(*pair).divergences:
        known = rule(one.rule) if one.rule else None
        if known is None:
            assert one.why == ""
            continue
        assert one.why.startswith(known.why)
        assert one.references == known.references
        assert known.remedy in (None, one.remedy)
        assert known.correction is None or one.effect is known.correction.effect


FOUND = divergence("layers.LSTM", "parameter.units", Effect.RESULTS, "the default of units is 1 in A, 2 in B", 1, 2)


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ({}, True),
        ({"subject": ["layers.*"]}, True),
        ({"subject": ["layers"]}, False),
        ({"subject": ["losses.*", "*.LSTM"]}, True),
        ({"not_subject": ["*.LSTM"]}, False),
        ({"not_subject": ["*.GRU"]}, True),
        ({"aspect": ["parameter.*"]}, True),
        ({"aspect": ["case.*"]}, False),
        ({"effect": ["results", "breaks"]}, True),
        ({"effect": ["breaks"]}, False),
        ({"a": [1]}, True),
        ({"a": [1.0, True]}, False),
        ({"b": [3, 2]}, True),
        ({"b": [None]}, False),
        ({"title": "^the default of"}, True),
        ({"title": "^default"}, False),
    ],
)
def test_a_pattern_fits_where_all_that_it_says_does(pattern: dict[str, object], fits: bool) -> None:
    assert msgspec.convert(pattern, Pattern).fits(FOUND) is fits


@pytest.mark.parametrize(
    ("where", "fits"),
    [
        ({}, True),
        ({"api": ["keras"]}, True),
        ({"api": ["tf.keras"]}, False),
        ({"backend": ["jax", "torch"]}, True),
        ({"backend": ["tensorflow"]}, False),
        ({"version": ">=3"}, True),
        ({"version": "<3"}, False),
        ({"packages": {"numpy": ">=2"}}, True),
        ({"packages": {"numpy": "<2"}}, False),
        ({"packages": {"scipy": ">=0"}}, False),
        ({"device": ["CPU"]}, True),
        ({"device": ["GPU", "TPU"]}, False),
    ],
)
def test_an_environment_is_one_where_all_that_is_said_holds(where: dict[str, object], fits: bool) -> None:
    assert msgspec.convert(where, Where).fits("keras", "torch", "3.15.1", {"numpy": "2.1.0"}) is fits


@pytest.mark.parametrize("version", [None, "", "of today", "1\n2"])
def test_a_version_that_is_none_is_in_no_range(version: str | None) -> None:
    assert not Where(version=">=0").fits("keras", None, version, {})
    assert Where().fits("keras", None, version, {})


@pytest.mark.parametrize("missing", ["code", "title", "matches", "why", "references", "releases"])
def test_a_rule_without_something_that_it_must_say_is_refused(missing: str) -> None:
    whole = msgspec.to_builtins(rules()[0])
    del whole[missing]
    with pytest.raises(msgspec.ValidationError, match=missing):
        msgspec.convert(whole, Rule)


@pytest.mark.parametrize("known", [pattern.title for known in rules() for pattern in known.matches if pattern.title])
def test_plain_titles_are_found_as_their_regular_expressions_are(known: str) -> None:
    for text in (known, *known.split("|"), known[1:], "differs by 0.5 of its largest number"):
        assert _says(text, known) is (re.search(known, text) is not None)
