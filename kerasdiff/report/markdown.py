"""The report as Markdown, for pull requests and notes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kerasdiff.knowledge.load import Effect
from kerasdiff.report import words
from kerasdiff.report.grouping import NAME_LENGTH, NAMES, goal
from kerasdiff.report.interface import Shown
from kerasdiff.report.reasons import Reason, reasons
from kerasdiff.report.waived import by_waiver, left, no_longer, why
from kerasdiff.text import inert, listed, visible, visible_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.compare.engine import Comparison
    from kerasdiff.gate.decide import Gate

#: Bytes of a report at most: what GitHub takes as the summary of a job.
LARGEST = 1 << 20

_ACTIVE = re.compile(r"([\\`*_{}\[\]<>#|~&])")
#: What hosts turn into links: a person, an issue, an address.
_LINK = re.compile(r"(?<!\w)[@#](?=\w)|:(?=//)|(?<!\w)www(?=\.)", re.IGNORECASE)


def plain(text: str) -> str:
    """Text in which nothing is markup, a link or a mention."""
    return _ACTIVE.sub(r"\\\1", _LINK.sub("\\g<0>\u200b", visible(text)))


def code(text: str) -> str:
    """Text as code on one line; a backtick in it would end it."""
    return f"`{inert(visible(text, NAME_LENGTH)).replace('`', chr(39))}`"


def _codes(divergences: list[Divergence]) -> list[str]:
    """The subjects as code, each once."""
    return [code(name) for name in dict.fromkeys(found.subject for found in divergences)]


def block(text: str, indent: str) -> Iterator[str]:
    """Lines of code; indented, they can't be ended by what is in them."""
    yield ""
    for line in visible_lines(text):
        yield f"{indent}    {inert(line)}".rstrip()
    yield ""


class MarkdownReporter:
    """Markdown: a heading an effect, a list item a cause; what comes from the fingerprints is plain text or code."""

    def __init__(self, shown: Shown | None = None) -> None:
        self._shown = shown or Shown()

    def report(self, comparison: Comparison, gate: Gate) -> str:
        """The report as Markdown, `LARGEST` bytes of UTF-8 at most: items for which there is no room are counted."""
        found = reasons(left(comparison), verbose=self._shown.verbose)
        start = [f"## kerasdiff: gate {words.VERDICTS[gate.exit]}", "", f"**{plain(words.headline(comparison, found))}**", ""]
        a, b = ("A, the baseline", "B, now") if self._shown.is_check else ("A", "B")
        start += [f"- {name}: {plain(words.side(side))}" for name, side in ((a, comparison.a), (b, comparison.b))]
        start += [f"- {plain(line)}" for line in words.model(comparison)]
        packages = words.packages(comparison, None if self._shown.verbose else NAMES)
        start += [f"- Packages: {plain(packages)}"] if packages else []
        end = ["", words.gate(gate, comparison)]
        if self._shown.is_check and gate.exit:
            end += ["", words.advice(gate, self._shown.release)]
        items = _fitting(self._items(comparison, gate, found), LARGEST - _bytes(start) - _bytes(end))
        return re.sub("\n{3,}", "\n\n", "\n".join([*start, *items, *end])) + "\n"

    def _items(self, comparison: Comparison, gate: Gate, found: list[Reason]) -> Iterator[str]:
        """Headings and items, each whole in itself; first what leaves the gate without an answer."""
        unknown = [f"- {code(one.id)}: {plain(one.why)}" for one in comparison.not_comparable]
        yield from self._listed("Not comparable", unknown)
        for effect in Effect:
            yield from self._effect(effect, [one for one in found if one.effect is effect])
        stale = [f"- {listed([code(one.id) for one in group], words.FEW)}: {plain(why(group))}" for group in no_longer(gate)]
        yield from self._listed("Waivers that no longer serve", stale)
        waived = by_waiver(comparison)
        if waived:
            yield "\n### Waived\n"
        for terms, divergences in waived.items():
            ids = [f"  - {code(one.id)}" for one in divergences if self._shown.verbose]
            yield "\n".join([f"- {words.count(len(divergences), 'finding')}: {plain(terms)}", *ids])
        yield from self._listed("Context, no findings by themselves", [f"- {plain(line)}" for line in words.around(comparison)])

    def _listed(self, heading: str, items: list[str]) -> Iterator[str]:
        """A section of items, the first ones where not all are asked for."""
        if not items:
            return
        yield f"\n### {heading}\n"
        shown = items[: None if self._shown.verbose else self._shown.limit]
        yield from shown
        if len(items) > len(shown):
            yield f"- … and {len(items) - len(shown)} more"

    def _effect(self, effect: Effect, here: list[Reason]) -> Iterator[str]:
        if not here or effect.rank > self._shown.min_effect.rank:
            return
        heading, meaning = words.HEADINGS[effect]
        if effect is Effect.INFO and not self._shown.verbose:
            yield f"\n*{sum(len(one.all) for one in here)} more that can't change a model.*"
            return
        yield f"\n### {heading.capitalize()}: {meaning}\n"
        shown = here if self._shown.verbose else here[: self._shown.limit]
        for one in shown:
            yield "\n".join(self._reason(one))
        rest = here[len(shown) :]
        if rest:
            found = words.count(sum(len(one.all) for one in rest), "finding")
            yield f"- … and {words.count(len(rest), 'more cause')} of {found}"

    def _reason(self, reason: Reason) -> Iterator[str]:
        known = reason.rule
        told = listed(_codes(reason.roots), None if self._shown.verbose else words.FEW)
        if known is None:
            mark = "*Unexplained.* " if reason.is_unexplained else ""
            lines = [f"- {mark}{told}: {plain(reason.told.said())}", *self._layers(reason)]
            lines += [f"  {plain(reason.first.why)}"] if reason.first.why else []
        else:
            lines = [f"- **{plain(known.title)}** ({known.code})", f"  in {told}{words.measured(reason)}"]
            lines += [*self._layers(reason), f"  {plain(known.why)}"]
        remedy = reason.remedy
        if remedy and (known is not None or reason.first.aspect != "presence"):
            if "\n" in remedy:
                yield _broken([*lines, f"  {goal(reason.first)}:"])
                yield from block(remedy, "  ")
                lines = []
            else:
                lines.append(f"  {goal(reason.first)}: {code(remedy) if known is None else plain(remedy)}")
        if reason.follow:
            lines.append(f"  {len(reason.follow)} more from this: {listed(_codes(reason.follow), words.FEW)}")
        if lines:
            yield _broken(lines)

    def _layers(self, reason: Reason) -> list[str]:
        """The layers of the saved model that a cause concerns."""
        named = [code(name) for name in words.layers(reason)]
        return [f"  Layers: {listed(named, None if self._shown.verbose else words.FEW)}"] if named else []


def _broken(lines: list[str]) -> str:
    """Lines of one paragraph that stay lines: some hosts take a plain end of a line for a space."""
    return "\\\n".join(lines)


def _fitting(items: Iterable[str], room: int) -> Iterator[str]:
    """The items for which there is room; the others are counted."""
    room -= 200  # for that count
    out = 0
    for item in items:
        size = _bytes([item])
        if size <= room:
            room -= size
            yield item
        else:
            out += 1
    if out:
        yield f"\n**… {words.count(out, 'item')} left out: the report holds {LARGEST >> 20} MiB at most.**"


def _bytes(lines: list[str]) -> int:
    """The size of lines with their ends."""
    return sum(len(line.encode()) + 1 for line in lines)
