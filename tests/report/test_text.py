"""The report for people: everything that matters is named or counted, at 80 columns, without colour where nobody sees it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from kerasdiff.compare import coverage
from kerasdiff.compare.divergence import NotComparable, divergence
from kerasdiff.compare.engine import Comparison, compare
from kerasdiff.compare.side import Side
from kerasdiff.gate.decide import decide
from kerasdiff.knowledge.load import Effect
from kerasdiff.report.grouping import NAMES, group
from kerasdiff.report.interface import LIMIT, Shown
from kerasdiff.report.reasons import reasons
from kerasdiff.report.text import UNKNOWN, WIDTH, TextReporter
from kerasdiff.report.waived import no_longer
from tests.conftest import ENVIRONMENTS, ROOT, SMALL, THEANO, edited, fingerprint, path, raw
from tests.report.runs import run
from tests.report.test_json import PAIRS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.fingerprint.document import Fingerprint

ABOVE = (Effect.BREAKS, Effect.ARCHITECTURE, Effect.RESULTS)


def report(comparison: Comparison, **options: Any) -> str:
    return TextReporter(Shown(**options)).report(comparison, decide(comparison, Effect.RESULTS))


def sections(text: str) -> dict[str, list[str]]:
    """The entries of each section, each joined to one line, by the section's first word."""
    found: dict[str, list[str]] = {}
    entries: list[str] = []
    for line in text.splitlines():
        if line.startswith("    "):
            entries[-1] += " " + line.strip()
        elif line.startswith("  "):
            entries.append(line.strip())
        elif line:
            entries = found.setdefault(line.split()[0], [])
    return found


def comparison_of(*found: Divergence) -> Comparison:
    """A real comparison with other divergences in it."""
    return replace(compare(fingerprint(THEANO), fingerprint(THEANO)), divergences=list(found))


@pytest.mark.parametrize("pair", PAIRS, ids="->".join)
@pytest.mark.parametrize("verbose", [False, True])
def test_every_divergence_is_in_one_reason_and_none_is_worse_than_it(pair: tuple[str, str], verbose: bool) -> None:
    found = compare(*map(fingerprint, pair)).divergences
    told = reasons(found, verbose=verbose)
    assert sorted(one.id for reason in told for one in reason.all) == sorted(one.id for one in found)
    assert all(reason.first.effect is reason.effect for reason in told if not reason.first.subject.startswith("settings."))


@pytest.mark.parametrize("pair", PAIRS, ids="->".join)
@pytest.mark.parametrize("limit", [1, 3])
def test_causes_that_are_left_out_are_counted_with_their_findings(pair: tuple[str, str], limit: int) -> None:
    found = compare(*map(fingerprint, pair))
    entries = sections(report(found, limit=limit))
    for effect in ABOVE:
        here = [reason for reason in reasons(found.divergences) if reason.effect is effect]
        rest = here[limit:]
        counted = re.fullmatch(r"… and (\d+) more causes? of (\d+) findings? \(.*", (entries.get(effect.name) or [""])[-1])
        assert (counted is not None) == bool(rest)
        if counted:
            assert (int(counted[1]), int(counted[2])) == (len(rest), sum(len(reason.all) for reason in rest))


@pytest.mark.parametrize("pair", PAIRS, ids="->".join)
def test_verbose_names_everything(pair: tuple[str, str]) -> None:
    found = compare(*map(fingerprint, pair))
    text = " ".join(report(found, verbose=True).split())
    missing = [one.id for one in found.divergences if one.subject not in text]
    assert missing == []
    assert not re.search(r"\b(?:and|…) \d+ more\b|\d+ more from this", text)
    for name, *_ in found.context["packages"]:
        assert f"{name} " in text


@pytest.mark.parametrize("pair", PAIRS, ids="->".join)
def test_a_default_that_reaches_results_is_told_with_both_values_and_the_remedy(pair: tuple[str, str]) -> None:
    found = compare(*map(fingerprint, pair))
    text = " ".join(report(found, verbose=True).split())
    for one in found.divergences:
        if one.effect in ABOVE and one.cause is None and one.title.startswith("the default of "):
            assert " ".join(one.title.split()) in text
            assert " ".join(str(one.remedy).split()) in text


@pytest.mark.parametrize("a", ENVIRONMENTS)
def test_lines_keep_to_80_columns(a: str) -> None:
    for b in ENVIRONMENTS:
        found = compare(fingerprint(a), fingerprint(b))
        code = {f"      {line}" for one in found.divergences for line in (one.remedy or "").splitlines()}  # is not wrapped
        text = report(found, verbose=b == THEANO)
        lines = [line for line in text.splitlines() if len(line) > WIDTH and len(line.split()) > 1]
        assert [line for line in lines if line not in code] == []


def test_lines_that_hold_one_long_word_keep_it_whole() -> None:
    word = "layers." + "x" * 150
    text = report(comparison_of(divergence(word, "kind", Effect.BREAKS, "is another")))
    assert re.search(f"^  {word}:$", text, re.M)


def test_the_headline_counts_findings_and_causes() -> None:
    found = compare(fingerprint("keras-2.3.1+tensorflow-1.15.5"), fingerprint("tensorflow-2.3.4"), api_a="tf.keras")
    serious = sum(one.effect in ABOVE for one in found.divergences)
    causes = [reason.effect for reason in reasons(found.divergences) if reason.effect in ABOVE]
    text = " ".join(report(found).split())
    assert f"{serious} findings from {len(causes)} causes: {causes.count(Effect.BREAKS)} break, " in text
    assert re.search(rf" {causes.count(Effect.RESULTS)} changes? results; also \d+ ", text)


def test_the_headline_says_that_nothing_serious_differs() -> None:
    text = report(comparison_of(divergence("layers.X", "kind", Effect.INFO, "is another")))
    assert "Nothing breaks code, changes the architecture or changes results; 1 info\n" in text


def test_nothing_that_differs_is_said_in_one_sentence() -> None:
    text = report(compare(fingerprint(THEANO), fingerprint(THEANO)))
    count = len(fingerprint(THEANO).apis["keras"].symbols)
    assert f"No divergence in {count} symbols, the settings and the variables.\n" in text
    assert sections(text).keys() == {"A", "B", "No", "Behaviour", "Gate"}


def behaviour(a: Fingerprint, b: Fingerprint, **apis: Any) -> str:
    """What a report says of behaviour, joined to one line."""
    text = report(compare(a, b, **apis))
    found = re.findall(r"^(?:Behaviour|Probed).*\n(?:  .*\n)*", text, re.M)
    assert len(found) == 1
    assert text.index(found[0]) < text.find("BREAKS") or "BREAKS" not in text
    return " ".join(found[0].split())


def test_behaviour_that_was_not_measured_is_told() -> None:
    declared, measured = fingerprint("tensorflow-2.10.1"), fingerprint("releases/tensorflow-2.11.1")
    assert behaviour(declared, declared) == "Behaviour was not measured in A and B."
    assert behaviour(measured, declared) == "Behaviour was not measured in B."
    assert behaviour(declared, measured) == "Behaviour was not measured in A."


def figures(whole: Fingerprint, *left_out: str) -> tuple[str, int]:
    """What a report says of each kind, and the number of cases."""
    kinds = coverage.of(Side(whole))
    told = [f"{known.probed} of {known.symbols} {kind}" for kind, known in kinds.items() if kind not in left_out]
    return ", ".join(told), coverage.total(kinds).cases


def test_behaviour_that_was_measured_is_told_of_the_side_with_less() -> None:
    b, document = fingerprint("releases/tensorflow-2.11.1"), raw("releases/tensorflow-2.10.1")
    del document["apis"]["tf.keras"]["symbols"]["layers.Dense"]["cases"]
    document["apis"]["tf.keras"]["symbols"].update({f"layers.Made{number}": {"kind": "class"} for number in range(100)})
    a = edited(document)
    told, cases = figures(a)
    assert told.count(" of ") == len(coverage.KINDS)
    found = coverage.besides(Side(a))
    besides = f"Besides: {', '.join(found)}, in {sum(known.cases for known in found.values()):,} cases."
    assert {"training", "saving", "data"} <= found.keys()
    assert behaviour(a, b) == f"Probed in A: {told}, in {cases:,} cases. {besides}"
    assert behaviour(b, a) == f"Probed in B: {told}, in {cases:,} cases. {besides}"


def test_families_that_were_not_run_are_told_apart() -> None:
    document = raw("releases/tensorflow-2.10.1")
    for family in ("layers", "metrics"):
        document["captured"]["families"][family] = {"state": "not run"}
    for name, symbol in document["apis"]["tf.keras"]["symbols"].items():
        if name.startswith(("layers.", "metrics.")):
            symbol.pop("cases", None)
    told, cases = figures(edited(document), "layers", "metrics")
    said = behaviour(edited(document), edited(document))
    assert said.startswith(f"Probed in A: {told}, in {cases:,} cases; not layers, metrics. Besides: ")


def test_thousands_of_cases_are_readable() -> None:
    document = raw("releases/tensorflow-2.10.1")
    cases = document["apis"]["tf.keras"]["symbols"]["layers.Dense"]["cases"]
    before = figures(edited(document))[1]
    cases.update({f"more@{number}d": cases["default@2d"] for number in range(100_000 - before)})
    assert behaviour(edited(document), edited(document)).count(", in 100,000 cases. Besides: ") == 1


def told(name: str, **options: Any) -> str:
    comparison, gate = run(name)
    return TextReporter(Shown(**options)).report(comparison, gate)


def test_what_is_waived_is_counted_by_waiver_and_no_longer_open() -> None:
    waived = [one for one in run("waived").comparison.divergences if one.waived]
    text, whole = told("waived"), told("waived", verbose=True)
    assert not sections(text).keys() & {effect.name for effect in ABOVE}
    assert sections(text)["WAIVED"] == [f"{len(waived)} findings: checked by hand (ann, until 2026-06-30)"]
    assert f"Nothing open breaks code, changes the architecture or changes results; 133 info; {len(waived)} waived" in " ".join(
        text.split()
    )
    listed = " ".join(sections(whole)["WAIVED"])
    assert all(one.id in listed for one in waived)
    assert sections(whole).keys() & {effect.name for effect in ABOVE} == set()
    assert "WAIVED" not in told("failing")


def test_the_headline_counts_what_is_open() -> None:
    divergences = run("stale").comparison.divergences
    is_open = [one for one in divergences if one.waived is None]
    serious = sum(one.effect in ABOVE for one in is_open)
    assert 0 < serious < sum(one.effect in ABOVE for one in divergences)
    text = " ".join(told("stale").split())
    assert f"{serious} findings from 1 cause: 1 breaks; also 133 info; {len(divergences) - len(is_open)} waived " in text
    everything = replace(comparison_of(), divergences=[replace(one, waived={"reason": "r"}) for one in divergences], ignored=2)
    assert f"variables, but 2 ignored (--ignore), {len(divergences)} waived." in " ".join(report(everything).split())


@pytest.mark.parametrize("name", ["stale", "warned"])
def test_waivers_that_no_longer_serve_are_told_with_the_reason(name: str) -> None:
    found = sections(told(name))["WAIVERS"]
    groups = no_longer(run(name).gate)
    assert [entry.split(": ")[0].split(",")[0] for entry in found[:-1]] == [group[0].id for group in groups]
    assert found[0].endswith(": expired on 2025-12-31; waived for: checked by hand")
    assert found[-1] == "kerasdiff waive renews them, or take them out of the policy"


def test_what_has_become_of_a_waiver_is_told_once_with_its_ids() -> None:
    comparison, gate = run("stale")
    alike = [replace(gate.waivers[0], id=f"layers.L{number}/presence") for number in range(10)]
    found = sections(TextReporter(Shown()).report(comparison, replace(gate, waivers=alike)))["WAIVERS"]
    assert len(found) == 2
    assert "layers.L3/presence and 6 more: expired on" in found[0]
    every = sections(TextReporter(Shown(verbose=True)).report(comparison, replace(gate, waivers=alike)))["WAIVERS"]
    assert sum("layers.L9/presence" in line for line in every) == 1


def test_the_gate_says_what_fails_it() -> None:
    divergences, stale = "divergences at or above results (--fail-on)", "waivers no longer serve"
    assert last(told("failing")) == f"Gate fails: {divergences}; exit status 1."
    assert last(told("stale")) == f"Gate fails: {divergences}; {stale}; exit status 1."
    assert last(told("warned")) == "Gate passes: nothing at or above results; exit status 0."
    comparison = run("waived").comparison
    gate = decide(comparison, Effect.RESULTS, run("stale").gate.waivers)
    assert last(TextReporter(Shown()).report(comparison, gate)) == f"Gate fails: {stale}; exit status 1."


def last(text: str) -> str:
    return " ".join(text[text.rindex("\nGate ") :].split())


@pytest.mark.parametrize("evil", ["::error::x", " ::stop-commands::x", "##[error]x", "y ##[group]z"])
def test_no_line_is_a_command_to_the_log_of_a_job(evil: str) -> None:
    padding = "w" * (WIDTH - 10)  # so that lines break before it
    found = comparison_of(divergence("layers.X", "kind", Effect.BREAKS, f"{padding} {evil}", remedy=f"a\n{evil}"))
    text = report(found)
    assert "x" in text
    assert not [line for line in text.splitlines() if line.lstrip().startswith("::") or "##[" in line]


def test_what_was_ignored_is_counted() -> None:
    found = compare(fingerprint("tensorflow-2.10.1"), fingerprint("tensorflow-2.11.1"))
    assert "ignored" not in report(found)
    told = " ".join(report(replace(found, ignored=3)).split())
    assert re.search(r"\d info; 3 ignored \(--ignore\) ", told)
    told = " ".join(report(replace(found, divergences=[], ignored=3)).split())
    assert re.search(r"No divergence in \d+ symbols, the settings and the variables, but 3 ignored \(--ignore\)\. ", told)


def test_the_worst_section_comes_first() -> None:
    pair = fingerprint("keras-2.3.1+tensorflow-1.15.5"), fingerprint("tensorflow-2.3.4")
    text = report(compare(*pair, api_a="tf.keras"), verbose=True)
    headings = [name for name in sections(text) if name in {effect.name for effect in Effect}]
    assert headings == [effect.name for effect in Effect if effect.name in headings]
    assert len(headings) == 5


def test_information_is_counted_and_listed_on_request() -> None:
    found = compare(fingerprint("tensorflow-2.10.1"), fingerprint("tensorflow-2.11.1"))
    count = sum(len(reason.all) for reason in reasons(found.divergences) if reason.effect is Effect.INFO)
    assert count
    assert f"INFO  {count} that can't change a model (--verbose lists them)" in report(found)
    entries = " ".join(sections(report(found, verbose=True))["INFO"])
    assert all(one.subject in entries for one in found.divergences if one.effect is Effect.INFO)


@pytest.mark.parametrize("least", [Effect.RESULTS, Effect.BREAKS])
def test_nothing_milder_than_asked_for_is_shown_and_all_is_counted(least: Effect) -> None:
    found = compare(fingerprint("tensorflow-2.10.1"), fingerprint("releases/tensorflow-2.11.1"))
    whole, text = report(found), report(found, min_effect=least)
    shown = {effect.name for effect in Effect if effect.reaches(least)}
    assert sections(text).keys() & {effect.name for effect in Effect} == sections(whole).keys() & shown
    assert text.splitlines()[3:5] == whole.splitlines()[3:5]
    assert text.splitlines()[-1] == whole.splitlines()[-1]


def many(count: int, effect: Effect) -> Iterator[Divergence]:
    for number in range(count):
        yield divergence(f"layers.Layer{number:03}", f"parameter.p{number}", effect, f"title {number}", 1, 2)


@pytest.mark.parametrize("count", [1, LIMIT, LIMIT + 1, LIMIT + 40])
def test_groups_past_the_bound_are_counted(count: int) -> None:
    text = report(comparison_of(*many(count, Effect.RESULTS)))
    named = len(re.findall(r"^  layers\.Layer\d+: title", text, re.M))
    assert named == min(count, LIMIT)
    rest = re.search(r"… and (\d+) more causes? of \1 findings? \(--limit, --verbose\)", text)
    assert (int(rest[1]) if rest else 0) == count - named


def test_names_past_the_bound_are_counted() -> None:
    same = [divergence(f"layers.L{number}", "parameter.x", Effect.RESULTS, "the same title") for number in range(NAMES + 5)]
    text = " ".join(report(comparison_of(*same)).split())
    assert f"layers.L{NAMES - 1} and 5 more: the same title" in text
    assert f"layers.L{NAMES + 4}: the same title" in " ".join(report(comparison_of(*same), verbose=True).split())


def test_a_thousand_names_are_all_listed_on_request() -> None:
    same = [
        divergence(f"layers.AVeryLongName{number:04}", "parameter.x", Effect.RESULTS, "the title") for number in range(1000)
    ]
    text = report(comparison_of(*same), verbose=True)
    assert all(one.subject in text for one in same)
    assert "the title" in text


def test_what_follows_from_a_cause_of_the_same_effect_is_folded() -> None:
    cause = divergence("mod", "presence", Effect.BREAKS, "the module mod is gone", "module")
    follows = [
        divergence(f"mod.f{n}", "presence", Effect.BREAKS, f"f{n} is gone", "function", cause=cause.id) for n in range(3)
    ]
    text = report(comparison_of(cause, *follows))
    assert "the module mod is gone\n    3 more from this: mod.f0, mod.f1, mod.f2\n" in text
    assert "follows: mod.f2/presence: f2 is gone" in report(comparison_of(cause, *follows), verbose=True)


@pytest.mark.parametrize("effect", [Effect.REPRODUCIBILITY, Effect.INFO])
def test_what_is_worse_than_its_cause_is_named(effect: Effect) -> None:
    cause = divergence("environment.X", "value", effect, "X is not set in A, '1' in B")
    setting = divergence("settings.x", "value", Effect.RESULTS, "x is 1 in A, 2 in B", cause=cause.id)
    assert "settings.x: x is 1 in A, 2 in B" in report(comparison_of(setting, cause))


def test_what_is_not_comparable_is_named_or_counted() -> None:
    unknown = [
        NotComparable(id=f"layers.L{number:02}/presence", why="crashed in B: signal 11") for number in range(UNKNOWN + 7)
    ]
    found = replace(comparison_of(), not_comparable=unknown)
    text = report(found)
    assert len(re.findall(r"^  layers\.L\d+/presence: crashed in B: signal 11$", text, re.M)) == UNKNOWN
    assert "  … and 7 more (--verbose lists them)" in text
    assert "layers.L31/presence" in report(found, verbose=True)
    assert "Gate can't be answered" in text


def test_every_divergence_is_in_one_group() -> None:
    for pair in PAIRS:
        found = compare(*map(fingerprint, pair)).divergences
        grouped = [subject for one in group(found) for subject in one.subjects]
        assert sorted(grouped) == sorted(one.subject for one in found)


def test_what_models_are_made_of_comes_first() -> None:
    found = [
        divergence("utils.x", "kind", Effect.BREAKS, "u"),
        divergence("optimizers.x", "kind", Effect.BREAKS, "o"),
        divergence("layers.x", "kind", Effect.BREAKS, "l"),
        divergence("settings.x", "value", Effect.BREAKS, "s"),
    ]
    assert [one.first.subject for one in group(found)] == ["settings.x", "layers.x", "optimizers.x", "utils.x"]


def test_context_is_told_as_such() -> None:
    text = report(compare(fingerprint("tensorflow-2.10.1"), fingerprint("tensorflow-2.11.1")))
    context = text[text.index("Context, no findings by themselves") :]
    assert "keras 2.10.0 → 2.11.0" in " ".join(context.split())


def test_contradictions_between_requirements_are_told_with_their_side() -> None:
    document = raw(THEANO)
    document["distributions"]["keras"]["requires"] = ["numpy<1"]
    text = " ".join(report(compare(fingerprint(THEANO), edited(document))).split())
    assert "conflict in B: keras 2.2.4 requires numpy<1, installed is" in text
    assert "conflict in A: keras" not in text


def printed(*options: str, **environment: str) -> str:
    """What a process prints into a pipe."""
    command = [sys.executable, "-m", "kerasdiff", "compare", path(SMALL), path(THEANO), *options]
    variables = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR", "TERM")}
    done = subprocess.run(command, cwd=ROOT, env={**variables, **environment}, capture_output=True, check=False, timeout=120)
    assert done.returncode == 1
    return done.stdout.decode("utf-8")


@pytest.mark.parametrize("environment", [{}, {"TERM": "xterm-256color"}, {"FORCE_COLOR": "1"}, {"COLUMNS": "200"}])
def test_a_pipe_gets_no_colour_and_80_columns(environment: dict[str, str]) -> None:
    text = printed(**environment)
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= WIDTH


def on_terminal(columns: int = 100, **environment: str) -> str:
    """What a process prints on a terminal."""
    import pty
    import struct

    fcntl, termios = pytest.importorskip("fcntl"), pytest.importorskip("termios")
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    command = [sys.executable, "-m", "kerasdiff", "compare", path(SMALL), path(THEANO)]
    variables = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES")}
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**variables, "TERM": "xterm", **environment},
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
    ) as process:
        os.close(theirs)
        pieces = []
        try:
            while piece := os.read(ours, 65536):
                pieces.append(piece)
        except OSError:  # how Linux says that the other end was closed
            pass
        os.close(ours)
        assert process.wait(120) == 1
    return b"".join(pieces).decode("utf-8").replace("\r\n", "\n")


@pytest.mark.skipif(sys.platform == "win32", reason="terminals are POSIX")
def test_a_terminal_gets_colour_and_its_own_width() -> None:
    text = on_terminal(100)
    assert "\x1b[1;31mBREAKS" in text
    plain = re.sub("\x1b\\[[0-9;]*m", "", text)
    assert WIDTH < max(map(len, plain.splitlines())) <= 100


@pytest.mark.skipif(sys.platform == "win32", reason="terminals are POSIX")
@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_that_wants_no_colour_gets_none(environment: dict[str, str]) -> None:
    text = on_terminal(100, **environment)
    assert "\x1b" not in text
    assert "BREAKS" in text
