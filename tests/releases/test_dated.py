"""The history that the fingerprints tell, against what release notes, commits and issues say: found independently."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from kerasdiff.knowledge.load import Effect
from kerasdiff.releases import timeline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kerasdiff.releases.timeline import Line, Range

FACTS: list[dict[str, str]] = yaml.safe_load(Path(__file__).with_name("dated.yaml").read_text(encoding="utf-8"))
#: Effects that show as other numbers, shapes or weights; a call that raises on one side only counts too.
MOVES = {effect.value for effect in Effect if effect is not Effect.INFO}


def is_version(release: str, said: str) -> bool:
    """Whether a release is that of a version, or a patch of it."""
    return release == said or release.startswith(f"{said}.")


def changes(subject: str, line_name: str) -> Iterator[tuple[Line, str, Range | None, Range | None, str]]:
    """The places where anything of a subject changes in a line: its aspect, and the ranges or the release."""
    for found in timeline.find(subject):
        for line in timeline.history(found).lines:
            if line.line != line_name:
                continue
            for row in (*line.rows, *line.constant):
                for one, other in zip((None, *row.ranges), (*row.ranges, None), strict=True):
                    for aspect in row.aspects:
                        yield line, aspect, one, other, ""
            for event in line.events:
                yield line, event.aspect, None, None, event.release


def is_told(fact: dict[str, str]) -> bool:
    """Whether the history has the change, between the very releases that the source says."""
    before, after = fact["before"], fact["after"]
    return any(
        at_that_place(line, one, other, release, before, after) and is_meant(fact, aspect, other, release)
        for line, aspect, one, other, release in changes(fact["subject"], fact["line"])
    ) or (fact["aspect"] != "behaviour" and is_there_from_then(fact))


def at_that_place(line: Line, one: Range | None, other: Range | None, release: str, before: str, after: str) -> bool:
    if release:
        return is_version(release, after)
    start = other.first if other is not None else None
    end = one.last if one is not None else None
    if start is not None and is_version(start, after):
        return end is None or is_version(end, before)
    # What ends is gone in the release after its last.
    places = list(line.releases)
    following = places[places.index(end) + 1 :][:1] if end in places else []
    return start is None and bool(following) and is_version(str(end), before) and is_version(following[0], after)


def is_meant(fact: dict[str, str], aspect: str, now: Range | None, release: str) -> bool:
    if fact["aspect"] == "behaviour":
        is_measured = aspect.startswith("case.") or bool(release)
        return is_measured and (bool(release) or (now is not None and now.changed is not None and now.changed.effect in MOVES))
    new_name = f"parameter.{now.name}" if now is not None and now.name else ""
    return fact["aspect"] in (aspect, new_name)


def is_there_from_then(fact: dict[str, str]) -> bool:
    """Whether a name comes, or goes, at that place."""
    if fact["aspect"] != "presence":
        return False
    for found in timeline.find(fact["subject"]):
        for line in timeline.history(found).lines:
            if line.line != fact["line"]:
                continue
            places = list(line.releases)
            for first, last in line.there:
                following = places[places.index(last) + 1 :][:1]
                if is_version(first, fact["after"]) and first != places[0]:
                    return True
                if is_version(last, fact["before"]) and following and is_version(following[0], fact["after"]):
                    return True
    return False


def name(fact: dict[str, Any]) -> str:
    return f"{fact['line']} {fact['after']} {fact['subject']} {fact['aspect']}"


@pytest.mark.parametrize("fact", FACTS, ids=name)
def test_history_dates_what_its_source_dates(fact: dict[str, str]) -> None:
    assert is_told(fact) == ("missed" not in fact), fact.get("missed", fact["fact"])


def test_most_facts_are_told() -> None:
    told = [fact for fact in FACTS if "missed" not in fact]
    assert len(told) >= 0.9 * len(FACTS)
    assert {fact["line"] for fact in told} == {"keras", "tf.keras", "keras 3"}
    assert all(fact["source"].startswith("https://") and fact["quote"] for fact in FACTS)
