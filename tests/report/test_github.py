"""Annotations of GitHub Actions: read as the runner reads them, nothing that is told becomes a command or a property."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import example, given
from msgspec.structs import replace

from kerasdiff.compare.divergence import divergence
from kerasdiff.gate.decide import decide
from kerasdiff.knowledge.load import Effect
from kerasdiff.report.github import MESSAGE, MOST, GithubReporter
from kerasdiff.report.interface import Shown
from kerasdiff.report.reasons import reasons
from kerasdiff.report.waived import no_longer
from kerasdiff.text import visible
from tests.cli.test_escapes import unsafe
from tests.report.runs import EVERYTHING, HOSTILE, Run, Somewhere, alike, hostile, run
from tests.report.test_text import many

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.report.interface import Places


class Command(NamedTuple):
    """A command as the runner takes it."""

    kind: str
    properties: dict[str, str]
    message: str


def unescaped(text: str, *codes: str) -> str:
    for code, character in {"%3A": ":", "%2C": ",", "%0D": "\r", "%0A": "\n", "%25": "%"}.items():
        if code in codes:
            text = text.replace(code, character)
    return text


def parsed(line: str) -> Command:
    """A line, up to the second ``::`` the command with its properties, as the runner splits it."""
    assert line.startswith("::")
    head, _, message = line[2:].partition("::")
    kind, _, rest = head.partition(" ")
    pairs = [part.partition("=") for part in rest.split(",")]
    every = ("%3A", "%2C", "%0D", "%0A", "%25")
    return Command(kind, {key: unescaped(value, *every) for key, _, value in pairs}, unescaped(message, *every[2:]))


def commands(of: Run, places: Places | None = None, **shown: Any) -> list[Command]:
    text = GithubReporter(Shown(**shown), places).report(of.comparison, of.gate)
    assert text.endswith("\n")
    return [parsed(line) for line in text.splitlines()]


def of_kind(found: list[Command], kind: str) -> list[Command]:
    return [one for one in found if one.kind == kind]


def with_(divergences: Iterable[Divergence], fail_on: Effect = Effect.RESULTS) -> Run:
    comparison = replace(alike(), divergences=list(divergences))
    return Run(comparison, decide(comparison, fail_on))


def test_each_reason_that_stops_the_gate_is_an_error() -> None:
    comparison, gate = run("failing")
    found = commands(run("failing"))
    stopping = [one for one in reasons(comparison.divergences) if gate.stops(one.first)]
    errors = of_kind(found, "error")
    assert [one.kind for one in found] == ["error"] * min(len(stopping), MOST) + ["notice"]
    for reason, error in zip(stopping, errors, strict=False):
        assert reason.rule is not None
        assert error.properties["title"] == f"{reason.rule.title} [{reason.rule.code}]"
        assert reason.rule.why in error.message
        assert all(line in error.message for line in (reason.remedy or "").splitlines())
        assert reason.first.subject in error.message or " more" in error.message
    assert errors[-1].message.endswith(f"\n… and {len(stopping) - MOST} more error")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("clean", r"No divergence in \d+ symbols.*\nGate passes: .*exit status 0\."),
        ("failing", r"\d+ findings from \d+ causes: .*\nGate fails: .*exit status 1\."),
        ("waived", r".*; \d+ waived\nGate passes: .*exit status 0\."),
        ("unknown", r".*\nGate can't be answered: .*exit status 3\."),
    ],
)
def test_a_notice_sums_up(name: str, said: str) -> None:
    (notice,) = of_kind(commands(run(name)), "notice")
    assert notice.properties == {"title": "kerasdiff"}
    assert re.fullmatch(said, notice.message)


@pytest.mark.parametrize("name", ["clean", "waived"])
def test_a_run_that_passes_has_nothing_but_the_notice(name: str) -> None:
    assert [one.kind for one in commands(run(name))] == ["notice"]


def test_what_does_not_stop_the_gate_is_a_warning_and_information_is_nothing() -> None:
    found = [divergence(f"layers.{effect.value}", "kind", effect, f"is {effect.value}") for effect in Effect]
    told = [(one.kind, one.properties.get("title")) for one in commands(with_(found))]
    assert told[:-1] == [
        ("error", "layers.breaks: is breaks"),
        ("error", "layers.architecture: is architecture"),
        ("error", "layers.results: is results"),
        ("warning", "layers.reproducibility: is reproducibility"),
    ]


def test_facts_that_can_not_be_compared_are_one_error_that_comes_first() -> None:
    (error,) = of_kind(commands(run("unknown")), "error")
    assert error.properties["title"] == "1 fact can't be compared"
    assert error.message == "settings.floatx/value: timeout in B: no answer in 30 s"
    unknown = [replace(run("unknown").comparison.not_comparable[0], id=f"settings.s{number}") for number in range(MOST + 3)]
    comparison = replace(run("failing").comparison, not_comparable=unknown)
    first = commands(Run(comparison, decide(comparison, Effect.RESULTS)))[0]
    assert first.properties["title"] == f"{MOST + 3} facts can't be compared"
    assert first.message.endswith("\nand 3 more")


@pytest.mark.parametrize(("name", "kind"), [("stale", "error"), ("warned", "warning")])
def test_waivers_that_no_longer_serve_are_told(name: str, kind: str) -> None:
    found = commands(run(name))
    _, gate = run(name)
    told = [(one.kind, one.properties["title"], one.message) for one in found if "waiver" in one.properties["title"]]
    groups = no_longer(gate)
    assert [(group[0], group[1]) for group in told] == [(kind, f"A waiver no longer serves: {one[0].state}") for one in groups]
    assert all(visible(group[0].id) in message for group, (_, _, message) in zip(groups, told, strict=True)), told
    assert all("waived for: " in message for _, _, message in told)


@pytest.mark.parametrize("effect", [Effect.BREAKS, Effect.REPRODUCIBILITY])
@pytest.mark.parametrize("count", [MOST, MOST + 1, MOST + 25])
def test_past_what_is_shown_of_a_step_the_rest_is_counted(effect: Effect, count: int) -> None:
    kind = "error" if effect is Effect.BREAKS else "warning"
    found = of_kind(commands(with_(many(count, effect))), kind)
    assert len(found) == MOST
    rest = re.search(rf"… and (\d+) more {kind}s?$", found[-1].message)
    assert (int(rest[1]) if rest else 0) == count - MOST
    assert not any("… and" in one.message for one in found[:-1])


def test_what_is_milder_than_asked_for_is_left_out() -> None:
    found = [divergence(f"layers.{effect.value}", "kind", effect, "differs") for effect in Effect]
    assert len(of_kind(commands(with_(found), min_effect=Effect.BREAKS), "error")) == 1


def test_a_message_is_bounded() -> None:
    remedy = "\n".join(["é" * 1500] * 9)
    (error,) = of_kind(commands(with_([divergence("layers.X", "kind", Effect.BREAKS, "é" * 9000, remedy=remedy)])), "error")
    assert MESSAGE - 10 < len(error.message.encode()) <= MESSAGE + 3
    assert len(error.properties["title"]) <= 201


@given(HOSTILE)
@example(EVERYTHING)
def test_whatever_is_told_is_neither_command_nor_property(evil: str) -> None:
    text = GithubReporter(Shown(), Somewhere(f"x{evil}", 3)).report(*hostile(evil))
    assert unsafe(text) == set()
    found = [parsed(line) for line in text.split("\n")[:-1]]
    assert [one.kind for one in found] == ["error", "error", "error", "error", "warning", "notice"]
    for one in found[:-1]:
        assert list(one.properties) == ["file", "line", "title"]
        assert one.properties["file"] == visible(f"x{evil}")
        assert one.properties["line"] == "3"
    assert visible(f"layers.{evil}") in found[3].message
    assert visible(evil[:100]) in found[0].message
