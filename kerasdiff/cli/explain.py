"""``kerasdiff explain``."""

from __future__ import annotations

import fnmatch
from difflib import get_close_matches
from itertools import pairwise
from typing import TYPE_CHECKING

import click

from kerasdiff.cli.output import put
from kerasdiff.cli.progress import Progress
from kerasdiff.compare.engine import Comparison, compare
from kerasdiff.errors import KerasdiffError
from kerasdiff.knowledge.load import Effect, renames
from kerasdiff.knowledge.rules import Rule, rules
from kerasdiff.releases.shelf import lines, release, releases
from kerasdiff.report import words
from kerasdiff.report.reasons import Reason, reasons
from kerasdiff.text import listed, visible, visible_lines, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kerasdiff.compare.side import Side
    from kerasdiff.releases.shelf import Step

_WIDTH = 80


class NothingKnown(KerasdiffError):
    """No rule has this code, and no shipped release this symbol."""


@click.command()
@click.argument("what", metavar="CODE|SUBJECT")
@click.help_option("-h", "--help")
def command(what: str) -> None:
    """Print what is known of a rule or a symbol, as KD301 or layers.LSTM.

    Of a rule: what happened, why, what to write to keep the old behaviour, references, and where it shows in the shipped
    releases. Of a symbol, or of what else is measured (training.fit): its other names, and what changed from release to
    release; * matches anything.
    """
    known = next((one for one in rules() if one.code == what.upper()), None)
    lines = list(_rule(known) if known else _subject(what))
    put("".join(f"{line}\n" for line in lines))


def _rule(known: Rule) -> Iterator[str]:
    yield f"{known.code}  {known.title}"
    yield ""
    yield from _wrapped(known.why)
    if known.correction is not None:
        yield from _wrapped(f"Its effect is {known.correction.effect.value}: {known.correction.why}")
    yield ""
    yield f"Since    {known.releases}"
    if known.remedy:
        yield "To keep A's behaviour"
        yield from (f"    {line}".rstrip() for line in visible_lines(known.remedy))
    yield "References"
    yield from (f"    {visible(reference)}" for reference in known.references)
    yield "In the shipped releases"
    found = False
    for a, b, comparison in _steps():
        here = [one for one in reasons(comparison.divergences) if one.rule == known]
        for one in here:
            found = True
            yield from _wrapped(f"{_step(a, b)}: {_counted(one)}{words.measured(one)}", "    ")
    if not found:
        yield "    not from one to the next; it shows between others"


def _subject(what: str) -> Iterator[str]:
    steps = list(_steps())
    names = sorted({name for _, _, comparison in steps for side in (comparison.a, comparison.b) for name in _named(side, what)})
    if not names:
        every = {name for _, _, comparison in steps for side in (comparison.a, comparison.b) for name in side.api.symbols}
        last = what.rpartition(".")[2].lower()
        same = sorted(
            (name for name in every if name.rpartition(".")[2].lower() == last), key=lambda name: (name.count("."), name)
        )
        near = same or get_close_matches(what, sorted(every), 2, 0.8)
        meant = f"; did you mean {listed(near, 3)}?" if near else ""
        message = (
            f"nothing is known of {visible(what, 200)}: no rule has this code, and no shipped release such a symbol{meant}"
        )
        raise NothingKnown(message)
    wanted = set(names)
    for name in names if len(names) <= words.FEW else []:
        others = {
            other for _, _, comparison in steps for side in (comparison.a, comparison.b) for other in _aliases(side, name)
        }
        others |= set(renames().others(name))
        told = f" (also {', '.join(sorted(others - {name}))})" if others - {name} else ""
        yield from _wrapped(visible(f"{name}{told}"))
    if len(names) > words.FEW:
        yield from _wrapped(visible(", ".join(names)))
    for a, b, comparison in steps:
        here = [one for one in reasons(comparison.divergences) if any(found.subject in wanted for found in one.all)]
        if not any(_named(side, what) for side in (comparison.a, comparison.b)):
            continue
        yield ""
        yield _step(a, b)
        if not here:
            yield "    nothing differs"
        for one in here:
            yield from _reason(one, wanted)


def _reason(one: Reason, wanted: set[str]) -> Iterator[str]:
    """What a reason is, as far as it concerns these subjects."""
    effect = min((found.effect for found in one.all if found.subject in wanted), key=lambda effect: effect.rank)
    if effect is Effect.INFO:
        titles = dict.fromkeys(found.title for found in one.all if found.subject in wanted)
        yield from _wrapped(f"info: {'; '.join(titles)}", "    ")
        return
    known = one.rule
    if known is not None:
        yield from _wrapped(f"{effect.value}: {known.title} [{known.code}]{words.measured(one)}", "    ")
        yield from _wrapped(known.why, "      ")
    else:
        own = [found for found in one.roots if found.subject in wanted]
        told = one.told.said() if own else f"follows from {one.first.subject}: {one.told.said()}"
        yield from _wrapped(f"{effect.value}: {told}", "    ")
    for line in visible_lines(one.remedy or ""):
        yield f"        {line}"


def _steps() -> Iterator[tuple[Step, Step, Comparison]]:
    """Each shipped release compared with the one before."""
    progress = Progress(verbose=False)
    with progress:
        steps = [step for line in ("keras", "tf.keras", "keras 3") for step in lines()[line] if step.release in releases()]
        for number, (a, b) in enumerate(pairwise(steps), 1):
            progress.step(f"comparing {_step(a, b)}, {number} of {len(steps) - 1}")
            yield a, b, compare(release(a.release), release(b.release), api_a=a.api, api_b=b.api)


def _step(a: Step, b: Step) -> str:
    return f"{_said(a)} → {_said(b)}"


def _said(step: Step) -> str:
    return f"{step.api} of {step.release.replace('+', ' on ').replace('-', ' ')}"


def _named(side: Side, pattern: str) -> list[str]:
    """The canonical names of a side's symbols, and its other subjects, that fit a pattern by any of their names."""
    found = [name for name in side.api.symbols if any(fnmatch.fnmatchcase(known, pattern) for known in side.names(name))]
    return found + [name for name in side.subjects() if fnmatch.fnmatchcase(name, pattern)]


def _aliases(side: Side, name: str) -> set[str]:
    canonical = side.canonical(name)
    return set() if canonical is None else set(side.names(canonical))


def _counted(reason: Reason) -> str:
    names = list(dict.fromkeys(found.subject for found in reason.roots))
    return visible(f"{reason.effect.value} in {listed(names, words.FEW)}")


def _wrapped(text: str, indent: str = "") -> list[str]:
    return wrapped(visible(text), _WIDTH, indent, None if indent else "")
