"""The report as workflow commands of GitHub Actions: annotations on the lines that decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kerasdiff.knowledge.load import Effect
from kerasdiff.report import words
from kerasdiff.report.findings import Nowhere
from kerasdiff.report.interface import Shown
from kerasdiff.report.reasons import reasons
from kerasdiff.report.waived import left, no_longer, why
from kerasdiff.text import listed, visible, visible_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kerasdiff.compare.divergence import NotComparable
    from kerasdiff.compare.engine import Comparison
    from kerasdiff.gate.decide import Gate
    from kerasdiff.gate.locate import Location
    from kerasdiff.gate.waivers import Stale
    from kerasdiff.report.interface import Places
    from kerasdiff.report.reasons import Reason

#: Annotations of a kind that GitHub shows of one step.
MOST = 10
#: Characters of a title, and bytes of a message, at most.
TITLE = 200
MESSAGE = 4000


class Annotation(NamedTuple):
    """What is said of a line."""

    place: Location
    title: str
    lines: list[str]


class GithubReporter:
    """Workflow commands: an annotation a reason, the worst first, within the numbers that GitHub shows."""

    def __init__(self, shown: Shown | None = None, places: Places | None = None) -> None:
        self._shown = shown or Shown()
        self._places = places or Nowhere()
        self._sides = ""

    def report(self, comparison: Comparison, gate: Gate) -> str:
        """The commands: errors for what stops the gate, warnings for what comes close, and one notice that sums up."""
        self._sides = f"{words.side(comparison.a)} → {words.side(comparison.b)}"
        found = reasons(left(comparison))
        shown = [one for one in found if one.effect.reaches(self._shown.min_effect)]
        stopping = [one for one in shown if one.effect.reaches(gate.fail_on)]
        milder = [one for one in shown if one not in stopping and one.effect is not Effect.INFO]
        errors = [*self._unknown(comparison.not_comparable), *map(self._reason, stopping)]
        stale = no_longer(gate)
        errors += [self._stale(group) for group in stale if group[0].fails]
        warnings = [self._stale(group) for group in stale if not group[0].fails] + [*map(self._reason, milder)]
        said = f"{words.headline(comparison, found)}\n{words.gate(gate, comparison)}"
        if self._shown.is_check and gate.exit:
            said += f"\n{words.advice(gate, self._shown.release).replace('`', '')}"
        commands = [*_commands("error", errors), *_commands("warning", warnings), f"::notice title=kerasdiff::{data(said)}"]
        return "".join(f"{command}\n" for command in commands)

    def _unknown(self, facts: Sequence[NotComparable]) -> Iterator[Annotation]:
        """All facts that can't be compared, as one: they stop the gate together."""
        if facts:
            lines = [visible(f"{one.id}: {one.why}", 300) for one in facts[:MOST]]
            lines += [f"and {len(facts) - MOST} more"] if len(facts) > MOST else []
            yield Annotation(self._places.unknown(), f"{words.count(len(facts), 'fact')} can't be compared", lines)

    def _stale(self, group: list[Stale]) -> Annotation:
        title = f"A waiver no longer serves: {group[0].state}"
        return Annotation(
            self._places.waiver(group[0]), title, [why(group), listed([visible(one.id) for one in group], words.FEW)]
        )

    def _reason(self, reason: Reason) -> Annotation:
        known = reason.rule
        if known is None:
            first, *lines = reason.told.lines(verbose=False)
            title = f"unexplained: {first}" if reason.is_unexplained else first
            lines = [first, *(line.strip() for text in lines for line in visible_lines(text))]
        else:
            title = f"{known.title} [{known.code}]"
            lines = [f"in {listed(words.names(reason), words.FEW)}{words.measured(reason)}", known.why]
            remedy = visible_lines(reason.remedy or "")
            lines += [f"To keep A's: {remedy[0]}"] if len(remedy) == 1 else ["To keep A's:", *remedy] if remedy else []
        if words.layers(reason):
            lines.insert(1, f"layers: {listed(words.layers(reason), words.FEW)}")
        if reason.follow:
            names = list(dict.fromkeys(found.subject for found in reason.follow))
            lines.append(f"{len(reason.follow)} more from this: {listed(names, words.FEW)}")
        return Annotation(self._places.divergence(reason.first), title, [visible(line) for line in (*lines, self._sides)])


def data(text: str) -> str:
    """Text as the message of a command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def value(text: str, limit: int = TITLE) -> str:
    """Text as a property of a command: bounded, on one line, and nothing in it begins another property or the message."""
    return data(visible(text, limit)).replace(":", "%3A").replace(",", "%2C")


def _commands(kind: str, annotations: Sequence[Annotation]) -> Iterator[str]:
    rest = len(annotations) - MOST
    for number, one in enumerate(annotations[:MOST], 1):
        more = f"\n… and {words.count(rest, f'more {kind}')}" if number == MOST and rest > 0 else ""
        where = f"file={value(one.place.file, MESSAGE)},line={one.place.line}"
        yield f"::{kind} {where},title={value(one.title)}::{data(_cut(one.lines) + more)}"


def _cut(lines: Iterable[str]) -> str:
    """Lines as one text, bounded in bytes."""
    text = "\n".join(lines).encode()
    return text.decode() if len(text) <= MESSAGE else text[:MESSAGE].decode(errors="ignore") + "…"
