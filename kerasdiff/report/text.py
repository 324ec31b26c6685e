"""The report for people, at a terminal or in a log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerasdiff.compare import coverage
from kerasdiff.knowledge.load import Effect
from kerasdiff.report import words
from kerasdiff.report.grouping import NAME_LENGTH, NAMES
from kerasdiff.report.interface import Shown
from kerasdiff.report.reasons import Reason, reasons
from kerasdiff.report.waived import by_waiver, left, no_longer, why
from kerasdiff.text import inert, listed, visible, visible_lines, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.compare.engine import Comparison
    from kerasdiff.gate.decide import Gate

#: Facts shown that can't be compared, without ``--verbose``.
UNKNOWN = 25
#: Columns where the output is no terminal.
WIDTH = 80

_STYLES = {
    Effect.BREAKS: "bold red",
    Effect.ARCHITECTURE: "bold magenta",
    Effect.RESULTS: "bold yellow",
    Effect.REPRODUCIBILITY: "bold cyan",
    Effect.INFO: "bold",
}


class TextReporter:
    """Text: what matters first, the rest counted; readable at 80 columns, without colour where the output is no terminal."""

    def __init__(self, shown: Shown | None = None, *, color: bool = False, width: int | None = None) -> None:
        self._shown = shown or Shown()
        self._verbose = self._shown.verbose
        self._color = color
        self._width = width or (_columns() if color else WIDTH)
        self._reasons: list[Reason] = []

    def report(self, comparison: Comparison, gate: Gate) -> str:
        """The report as text."""
        self._reasons = reasons(left(comparison), verbose=self._verbose)
        return self._printed(self._lines(comparison, gate))

    def causes(self, found: Iterable[Divergence]) -> str:
        """The causes of these divergences, as a report has them, without what stands around them."""
        self._reasons = reasons(found, verbose=self._verbose)
        return self._printed(line for effect in Effect for line in self._effect(effect))

    def _printed(self, told: Iterable[tuple[str, str]]) -> str:
        lines = [(inert(text), style) for text, style in told]
        written = self._colored(lines) if self._color else [text for text, _ in lines]
        return "".join(f"{line.rstrip()}\n" for line in written)

    def _colored(self, lines: list[tuple[str, str]]) -> list[str]:
        import io

        from rich.console import Console
        from rich.text import Text

        buffer = io.StringIO()
        console = Console(file=buffer, width=self._width, force_terminal=True, color_system="standard", soft_wrap=True)
        for text, style in lines:
            console.print(Text(text, style=style))
        return buffer.getvalue().split("\n")[:-1]

    def _wrapped(self, text: str, indent: str = "  ", style: str = "") -> Iterator[tuple[str, str]]:
        safe = visible(text, len(text))  # bounded by who wrote it: a list of all names may be long
        lead = len(safe) - len(safe.lstrip())
        start = indent + safe[:lead]
        for line in wrapped(safe.lstrip(), self._width, start):
            yield line, style

    def _lines(self, comparison: Comparison, gate: Gate) -> Iterator[tuple[str, str]]:
        for name, side in (("A", comparison.a), ("B", comparison.b)):
            yield from self._wrapped(visible(f"{name}  {words.side(side)}"), "", "bold")
        for line in words.model(comparison):
            yield from self._wrapped(line, "", "bold")
        yield "", ""
        yield from self._wrapped(words.headline(comparison, self._reasons), "", "bold")
        yield from self._wrapped(_behaviour(comparison), "")
        for effect in Effect:
            yield from self._effect(effect)
        yield from self._not_comparable(comparison)
        yield from self._stale(gate)
        yield from self._waived(comparison)
        yield from self._context(comparison)
        yield "", ""
        yield from self._wrapped(words.gate(gate, comparison), "", "bold red" if gate.exit else "bold green")
        if self._shown.is_check and gate.exit:
            yield "", ""
            yield from (
                (line, "")
                for line in wrapped(words.advice(gate, self._shown.release).replace("`", ""), self._width, hanging="")
            )

    def _effect(self, effect: Effect) -> Iterator[tuple[str, str]]:
        here = [one for one in self._reasons if one.effect is effect]
        if not here or effect.rank > self._shown.min_effect.rank:
            return
        (heading, meaning), style = words.HEADINGS[effect], _STYLES[effect]
        yield "", ""
        if effect is Effect.INFO and not self._verbose:
            yield f"{heading}  {sum(len(one.all) for one in here)} that can't change a model (--verbose lists them)", style
            return
        yield f"{heading}  {meaning}", style
        shown = here if self._verbose else here[: self._shown.limit]
        for one in shown:
            yield from self._ruled(one) if one.rule else self._bare(one)
        rest = here[len(shown) :]
        if rest:
            found = sum(len(one.all) for one in rest)
            yield f"  … and {words.count(len(rest), 'more cause')} of {words.count(found, 'finding')} (--limit, --verbose)", ""

    def _bare(self, reason: Reason) -> Iterator[tuple[str, str]]:
        """What differs, where no rule says why."""
        mark = "unexplained: " if reason.is_unexplained else ""
        for number, line in enumerate(reason.told.lines(verbose=self._verbose)):
            yield from self._wrapped(line if number else mark + line)
            if not number:
                yield from self._layers(reason, "    ")
                yield from self._wrapped(f"    {visible(reason.first.why)}") if reason.first.why else ()
        if self._verbose and reason.effect is not Effect.INFO:
            for found in reason.roots:
                yield from self._wrapped(visible(f"    id: {found.id}"))
        yield from self._follow(reason)

    def _ruled(self, reason: Reason) -> Iterator[tuple[str, str]]:
        """What happened, in what it shows, why, and what to write."""
        known = reason.rule
        if known is None:
            return
        yield from self._wrapped(f"{known.title} [{known.code}]", style="bold")
        names = [visible(name, NAME_LENGTH) for name in words.names(reason)]
        yield from self._wrapped(f"  in {listed(names, None if self._verbose else words.FEW)}{words.measured(reason)}")
        yield from self._layers(reason)
        if self._verbose:
            for found in reason.roots:
                yield from self._wrapped(visible(f"    {found.id}: {found.title}"))
        yield from self._wrapped(f"  {known.why}")
        remedy = reason.remedy
        if remedy:
            lines = visible_lines(remedy)
            yield from self._wrapped("  to keep A's: " + (lines[0] if len(lines) == 1 else ""))
            for line in lines if len(lines) > 1 else []:
                yield f"      {line}", ""
        elif not any(found.remedy for found in reason.roots):
            yield from self._wrapped("  to keep A's: no way is known")
        yield from self._follow(reason)

    def _layers(self, reason: Reason, indent: str = "  ") -> Iterator[tuple[str, str]]:
        """The layers of the saved model that it concerns."""
        named = [visible(name, NAME_LENGTH) for name in words.layers(reason)]
        if named:
            yield from self._wrapped(f"{indent}layers: {listed(named, None if self._verbose else words.FEW)}")

    def _follow(self, reason: Reason) -> Iterator[tuple[str, str]]:
        """What else a reason explains."""
        if not reason.follow:
            return
        if self._verbose:
            for found in reason.follow:
                yield from self._wrapped(visible(f"    follows: {found.id}: {found.title}"))
            return
        names = [visible(name, NAME_LENGTH) for name in dict.fromkeys(found.subject for found in reason.follow)]
        yield from self._wrapped(f"  {len(reason.follow)} more from this: {listed(names, words.FEW)}")

    def _not_comparable(self, comparison: Comparison) -> Iterator[tuple[str, str]]:
        if not comparison.not_comparable:
            return
        yield "", ""
        yield "NOT COMPARABLE  unknown on a side", "bold red"
        shown = comparison.not_comparable[: None if self._verbose else UNKNOWN]
        for unknown in shown:
            yield from self._wrapped(visible(f"{unknown.id}: {unknown.why}"))
        rest = len(comparison.not_comparable) - len(shown)
        if rest:
            yield f"  … and {rest} more (--verbose lists them)", ""

    def _stale(self, gate: Gate) -> Iterator[tuple[str, str]]:
        if not gate.waivers:
            return
        yield "", ""
        yield "WAIVERS THAT NO LONGER SERVE", "bold red" if any(one.fails for one in gate.waivers) else "bold yellow"
        for group in no_longer(gate):
            ids = listed([visible(one.id, NAME_LENGTH) for one in group], words.FEW)
            yield from self._wrapped(f"{ids}: {why(group)}")
            for one in group if self._verbose else []:
                yield from self._wrapped(visible(f"  {one.id}: {one.why}"))
        yield from self._wrapped("kerasdiff waive renews them, or take them out of the policy")

    def _waived(self, comparison: Comparison) -> Iterator[tuple[str, str]]:
        found = by_waiver(comparison)
        if not found:
            return
        yield "", ""
        yield "WAIVED  accepted by the policy", "bold"
        for terms, waived in found.items():
            yield from self._wrapped(f"{words.count(len(waived), 'finding')}: {terms}")
            for one in waived if self._verbose else []:
                yield from self._wrapped(visible(f"  {one.id}"))

    def _context(self, comparison: Comparison) -> Iterator[tuple[str, str]]:
        packages = words.packages(comparison, None if self._verbose else NAMES)
        lines = [*([f"packages: {packages}"] if packages else []), *words.around(comparison)]
        if not lines:
            return
        yield "", ""
        yield "Context, no findings by themselves", "bold"
        for line in lines:
            yield from self._wrapped(line)


def _columns() -> int:
    """How wide the terminal is."""
    import shutil

    return max(60, shutil.get_terminal_size((WIDTH, 24)).columns)


def _behaviour(comparison: Comparison) -> str:
    """How much behaviour was measured, on the side that has less of it."""
    if comparison.of == "models" or comparison.model is not None:
        return ""
    sides = {"A": comparison.a, "B": comparison.b}
    without = [name for name, side in sides.items() if not coverage.families(side)]
    if without:
        figures = comparison.coverage[without[0].lower()].items()
        besides = {kind: part["cases"] for kind, part in figures if kind not in coverage.KINDS}
        but = f", but for {', '.join(besides)} in {sum(besides.values()):,} cases" if besides else ""
        own = " and ".join(words.own(comparison))
        return f"Behaviour was not measured in {' and '.join(without)}{but}." + (f" Compared besides: {own}." if own else "")
    every = {name: {kind: coverage.Kind(**part) for kind, part in comparison.coverage[name.lower()].items()} for name in sides}
    known = {name: {kind: part for kind, part in found.items() if kind in coverage.KINDS} for name, found in every.items()}
    least = min(known, key=lambda name: coverage.total(known[name]).share)
    families = coverage.families(sides[least])
    probed = [f"{part.probed} of {part.symbols} {kind}" for kind, part in known[least].items() if kind in families]
    rest = [kind for kind in known[least] if kind not in families]
    besides = {kind: part.cases for kind, part in every[least].items() if kind not in coverage.KINDS}
    told = f"Probed in {least}: {', '.join(probed)}, in {coverage.total(known[least]).cases:,} cases"
    told += f"; not {', '.join(rest)}." if rest else "."
    return told + (f" Besides: {', '.join(besides)}, in {sum(besides.values()):,} cases." if besides else "")
