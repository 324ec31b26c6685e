"""The report as Markdown: all that matters is in it, and nothing in it is markup but the report's own."""

from __future__ import annotations

import re
from typing import Any

import pytest
from msgspec.structs import replace

from kerasdiff.compare.divergence import NotComparable, divergence
from kerasdiff.compare.engine import Comparison, compare
from kerasdiff.gate.decide import decide
from kerasdiff.knowledge.load import Effect
from kerasdiff.report.interface import LIMIT, Shown
from kerasdiff.report.markdown import MarkdownReporter
from kerasdiff.report.reasons import reasons
from tests.conftest import THEANO, fingerprint
from tests.knowledge.fired import comparison as released
from tests.report.test_text import comparison_of, many

HOSTILE = (
    "<script>alert(1)</script>",
    "[x](javascript:a)",
    "![x](http://evil.example/a.png)",
    "@somebody",
    "see #12",
    "a | b",
    "`rm -rf`",
    "**bold** _it_",
    "www.evil.example",
    "&lt;",
    "# heading",
    "a\n\n# heading",
)


def report(found: Comparison, **options: Any) -> str:
    return MarkdownReporter(Shown(**options)).report(found, decide(found, Effect.RESULTS))


def test_each_effect_is_a_heading_and_each_cause_an_item() -> None:
    found = released("tensorflow-2.10.1:tf.keras", "tensorflow-2.11.1:tf.keras")
    text = report(found)
    told = reasons(found.divergences)
    for effect in (Effect.BREAKS, Effect.RESULTS):
        section = text.partition(f"### {effect.value.capitalize()}: ")[2].partition("\n#")[0]
        here = sum(reason.effect is effect for reason in told)
        assert len(re.findall("^- ", section, re.M)) == min(here, LIMIT) + (here > LIMIT)
    assert "### Info" not in text
    assert re.search(r"^\*\d+ more that can't change a model\.\*$", text, re.M)
    assert text.startswith("**")
    assert text.endswith("\n\nGate fails: divergences at or above results (--fail-on); exit status 1.\n")


def test_verbose_names_every_subject() -> None:
    found = released("tensorflow-2.10.1:tf.keras", "tensorflow-2.11.1:tf.keras")
    text = report(found, verbose=True)
    roots = {one.subject for reason in reasons(found.divergences, verbose=True) for one in reason.roots}
    assert [subject for subject in sorted(roots) if f"`{subject}`" not in text] == []


@pytest.mark.parametrize("bad", HOSTILE)
def test_what_comes_from_a_fingerprint_is_no_markup(bad: str) -> None:
    found = comparison_of(divergence(f"layers.{bad}", "parameter.x", Effect.RESULTS, bad, remedy=bad))
    found = replace(found, not_comparable=[NotComparable(id=f"layers.{bad}/presence", why=bad)])
    text = re.sub("`[^`\n]*`", "", report(found))
    plain = re.sub(r"\\[\\`*_{}\[\]<>#|~&]", "", text)
    assert not re.search(r"[<>`\[\]|&]|\*\*bold|://|(?<!\w)[@#]\w|www\.", plain), plain
    assert "\n# " not in text


def test_a_remedy_of_several_lines_is_a_block_that_nothing_ends() -> None:
    remedy = "def f(x):\n    return x\n```\n# more"
    text = report(comparison_of(divergence("layers.X", "parameter.x", Effect.RESULTS, "differs", remedy=remedy)))
    assert "\n      def f(x):\n          return x\n      ```\n      # more\n" in text


def test_causes_past_the_bound_are_counted() -> None:
    text = report(comparison_of(*many(LIMIT + 3, Effect.RESULTS)))
    assert "- … and 3 more causes of 3 findings\n" in text
    assert "more" not in report(comparison_of(*many(LIMIT + 3, Effect.RESULTS)), verbose=True)


def test_nothing_that_differs_is_a_sentence() -> None:
    text = report(compare(fingerprint(THEANO), fingerprint(THEANO)))
    assert re.match(r"\*\*No divergence in \d+ symbols, the settings and the variables\.\*\*\n", text)
    assert "###" not in text
