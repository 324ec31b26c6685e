"""The report as Markdown, for pull requests and notes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kerasdiff.knowledge.load import Effect
from kerasdiff.report import words
from kerasdiff.report.grouping import NAME_LENGTH
from kerasdiff.report.interface import Shown
from kerasdiff.report.reasons import Reason, reasons
from kerasdiff.text import listed, visible, visible_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.compare.engine import Comparison
    from kerasdiff.gate.decide import Gate

_ACTIVE = re.compile(r"([\\`*_{}\[\]<>#|~&])")
#: What hosts turn into links: a person, an issue, an address.
_LINK = re.compile(r"(?<!\w)[@#](?=\w)|:(?=//)|(?<!\w)www(?=\.)", re.IGNORECASE)


def _plain(text: str) -> str:
    """Text in which nothing is markup, a link or a mention."""
    return _ACTIVE.sub(r"\\\1", _LINK.sub("\\g<0>\u200b", visible(text)))


def _code(text: str) -> str:
    """Text as code on one line; a backtick in it would end it."""
    return f"`{visible(text, NAME_LENGTH).replace('`', chr(39))}`"


def _codes(divergences: list[Divergence]) -> list[str]:
    """The subjects as code, each once."""
    return [_code(name) for name in dict.fromkeys(found.subject for found in divergences)]


def _block(text: str, indent: str) -> Iterator[str]:
    """Lines of code; indented, they can't be ended by what is in them."""
    yield ""
    for line in visible_lines(text):
        yield f"{indent}    {line}".rstrip()
    yield ""


class MarkdownReporter:
    """Markdown: a heading an effect, a list item a cause; what comes from the fingerprints is plain text or code."""

    def __init__(self, shown: Shown | None = None) -> None:
        self._shown = shown or Shown()

    def report(self, comparison: Comparison, gate: Gate) -> str:
        """The report as Markdown."""
        found = reasons(comparison.divergences, verbose=self._shown.verbose)
        lines = [f"**{_plain(words.headline(comparison, found))}**", ""]
        lines += [f"- {name}: {_plain(words.side(side))}" for name, side in (("A", comparison.a), ("B", comparison.b))]
        for effect in Effect:
            lines += self._effect(effect, [one for one in found if one.effect is effect])
        if comparison.not_comparable:
            lines += ["", "### Not comparable", ""]
            shown = comparison.not_comparable[: None if self._shown.verbose else self._shown.limit]
            lines += [f"- {_code(unknown.id)}: {_plain(unknown.why)}" for unknown in shown]
            rest = len(comparison.not_comparable) - len(shown)
            lines += [f"- … and {rest} more"] if rest else []
        lines += ["", words.gate(gate)]
        return re.sub("\n{3,}", "\n\n", "\n".join(lines)) + "\n"

    def _effect(self, effect: Effect, here: list[Reason]) -> Iterator[str]:
        if not here or effect.rank > self._shown.min_effect.rank:
            return
        heading, meaning = words.HEADINGS[effect]
        if effect is Effect.INFO and not self._shown.verbose:
            yield ""
            yield f"*{sum(len(one.all) for one in here)} more that can't change a model.*"
            return
        yield ""
        yield f"### {heading.capitalize()}: {meaning}"
        yield ""
        shown = here if self._shown.verbose else here[: self._shown.limit]
        for one in shown:
            yield from self._reason(one)
        rest = here[len(shown) :]
        if rest:
            found = words.count(sum(len(one.all) for one in rest), "finding")
            yield f"- … and {words.count(len(rest), 'more cause')} of {found}"

    def _reason(self, reason: Reason) -> Iterator[str]:
        known = reason.rule
        told = listed(_codes(reason.roots), None if self._shown.verbose else words.FEW)
        if known is None:
            mark = "*Unexplained.* " if reason.is_unexplained else ""
            yield f"- {mark}{told}: {_plain(reason.told.said())}"
        else:
            yield f"- **{_plain(known.title)}** ({known.code}) in {told}{words.measured(reason)}"
            yield f"  {_plain(known.why)}"
        remedy = reason.remedy
        if remedy and reason.first.aspect != "presence":
            if "\n" in remedy:
                yield "  To keep A's:"
                yield from _block(remedy, "  ")
            else:
                yield f"  To keep A's: {_code(remedy)}" if known is None else f"  To keep A's: {_plain(remedy)}"
        if reason.follow:
            yield f"  {len(reason.follow)} more from this: {listed(_codes(reason.follow), words.FEW)}"
