"""The report as Markdown: all that matters is in it, and nothing in it is markup but the report's own."""

from __future__ import annotations

import re
from typing import Any

import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace

from kerasdiff.compare.divergence import NotComparable, divergence
from kerasdiff.compare.engine import Comparison, compare
from kerasdiff.gate.decide import decide
from kerasdiff.knowledge.load import Effect
from kerasdiff.report.interface import LIMIT, Shown
from kerasdiff.report.markdown import LARGEST, MarkdownReporter
from kerasdiff.report.reasons import reasons
from kerasdiff.report.waived import no_longer
from tests.conftest import THEANO, fingerprint
from tests.knowledge.fired import comparison as released
from tests.report.runs import hostile, run
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
    assert re.match(
        r"## kerasdiff: gate fails\n\n\*\*\d+ findings from \d+ causes: .*\*\*\n\n- A: .*\n- B: .*\n- Packages: k", text
    )
    assert text.endswith("\n\nGate fails: divergences at or above results (--fail-on); exit status 1.\n")


@pytest.mark.parametrize(
    ("name", "what"), [("failing", "kerasdiff waive"), ("unknown", "--timeout"), ("clean", ""), ("waived", "")]
)
def test_of_a_project_it_says_what_to_do(name: str, what: str) -> None:
    text = MarkdownReporter(Shown(is_check=True)).report(*run(name))
    assert "\n- A, the baseline: " in text
    told = text.partition("\nGate ")[2].partition("\n")[2]
    assert what in told
    assert bool(told) is bool(what)


def test_what_leaves_the_gate_without_an_answer_comes_first() -> None:
    unknown = NotComparable(id="training", why="the family training is not run in B")
    comparison = replace(run("failing").comparison, not_comparable=[unknown])
    text = MarkdownReporter(Shown()).report(comparison, decide(comparison, Effect.RESULTS))
    assert re.findall("^##+ (.*)", text, re.M)[:3] == [
        "kerasdiff: gate can't be answered",
        "Not comparable",
        "Breaks: the same code raises",
    ]


def test_lines_stay_lines_where_a_host_takes_their_end_for_a_space() -> None:
    html = MarkdownIt("commonmark").render(report(run("failing").comparison))
    (item,) = re.findall(r"<li>\s*(?:<p>)?<strong>The optimizers ignore lr.*?</li>", html, re.S)
    assert re.findall(r"(?<=<br />\n)\S+ \S+", item) == ["in <code>optimizers.Adadelta</code>,", "The new", "To keep"]
    assert "\\\n" not in re.sub("<[^>]*>", "", html)


def test_verbose_names_every_subject() -> None:
    found = released("tensorflow-2.10.1:tf.keras", "tensorflow-2.11.1:tf.keras")
    text = report(found, verbose=True)
    roots = {one.subject for reason in reasons(found.divergences, verbose=True) for one in reason.roots}
    assert [subject for subject in sorted(roots) if f"`{subject}`" not in text] == []


@pytest.mark.parametrize("bad", HOSTILE)
def test_what_comes_from_a_fingerprint_is_no_markup(bad: str) -> None:
    found = comparison_of(divergence(f"layers.{bad}", "parameter.x", Effect.RESULTS, bad, remedy=bad))
    found = replace(found, not_comparable=[NotComparable(id=f"layers.{bad}/presence", why=bad)])
    assert_plain(report(found))
    assert_plain(MarkdownReporter(Shown(verbose=True)).report(*hostile(bad)))


def assert_plain(written: str) -> None:
    text = re.sub("`[^`\n]*`", "", re.sub("^ {6}.*$", "", written, flags=re.M))
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
    assert re.search(r"^\*\*No divergence in \d+ symbols, the settings and the variables\.\*\*\n", text, re.M)
    assert "###" not in text


def section(text: str, heading: str) -> list[str]:
    return re.findall("^- .*(?:\n {2}.*)*", text.partition(f"### {heading}\n")[2].partition("\n#")[0], re.M)


def test_what_is_waived_is_counted_by_waiver_and_no_longer_open() -> None:
    comparison, gate = run("waived")
    waived = [one.id for one in comparison.divergences if one.waived]
    text = MarkdownReporter(Shown()).report(comparison, gate)
    assert "### Breaks" not in text
    assert section(text, "Waived") == [f"- {len(waived)} findings: checked by hand (ann, until 2026-06-30)"]
    (whole,) = section(MarkdownReporter(Shown(verbose=True)).report(comparison, gate), "Waived")
    assert re.findall("^  - `(.*)`$", whole, re.M) == waived
    assert "### Waived" not in MarkdownReporter(Shown()).report(*run("failing"))


@pytest.mark.parametrize("name", ["stale", "warned"])
def test_waivers_that_no_longer_serve_are_told_with_the_reason(name: str) -> None:
    comparison, gate = run(name)
    found = section(MarkdownReporter(Shown()).report(comparison, gate), "Waivers that no longer serve")
    groups = no_longer(gate)
    assert [entry.split("`")[1] for entry in found] == [group[0].id for group in groups]
    assert found[0].endswith(": expired on 2025-12-31; waived for: checked by hand")
    shorter = section(MarkdownReporter(Shown(limit=1)).report(comparison, gate), "Waivers that no longer serve")
    assert shorter == [found[0], f"- … and {len(groups) - 1} more"]


def test_a_report_fits_what_github_takes_and_counts_what_is_left_out() -> None:
    assert LARGEST == 1024 * 1024
    found = [divergence(f"layers.L{number}", "kind", Effect.BREAKS, f"{number} " + "é~" * 900) for number in range(800)]
    huge = [divergence("backend." + "y" * 180 + str(number), "kind", Effect.BREAKS, "one title") for number in range(6000)]
    text = report(comparison_of(*huge, *found), verbose=True)
    size = len(text.encode())
    assert LARGEST - 10_000 < size <= LARGEST
    shown = re.findall("^- `layers\\.L", text, re.M)
    out = re.search(r"\n\n\*\*… (\d+) items left out: the report holds 1 MiB at most\.\*\*\n\n", text)
    assert out
    assert "yyy" not in text
    assert len(shown) + int(out[1]) == len(found) + 1
    assert text.endswith("exit status 1.\n")


def test_a_report_that_fits_is_whole() -> None:
    text = report(comparison_of(*many(1000, Effect.BREAKS)), verbose=True)
    assert len(re.findall("^- `layers", text, re.M)) == 1000
    assert "left out" not in text
