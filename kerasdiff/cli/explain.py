"""``kerasdiff explain``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kerasdiff.cli.output import put
from kerasdiff.errors import KerasdiffError
from kerasdiff.knowledge.load import Effect
from kerasdiff.knowledge.rules import Rule, rule
from kerasdiff.releases import index, timeline
from kerasdiff.text import listed, visible, visible_lines, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kerasdiff.releases.index import Change, Move, Subject, Told

_WIDTH = 80
#: Names told at most.
_FEW = 4
_EFFECTS = [effect.value for effect in Effect]


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
    known = rule(what.upper())
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
    shown = [
        (move, told) for number, move in enumerate(index.moves()) for told in index.reasons(number) if told.rule == known.code
    ]
    for move, told in shown:
        names = listed(told.named[:_FEW], None) + (f" and {told.subjects - _FEW} more" if told.subjects > _FEW else "")
        yield from _wrapped(f"{_step(move)}: {told.effect} in {names}{told.measured}", "    ")
    if not shown:
        yield "    not from one to the next; it shows between others"


def _subject(what: str) -> Iterator[str]:
    found = timeline.find(what)
    if not found:
        near = timeline.near(what)
        meant = f"; did you mean {listed(near, 3)}?" if near else ""
        message = (
            f"nothing is known of {visible(what, 200)}: no rule has this code, and no shipped release such a symbol{meant}"
        )
        raise NothingKnown(message)
    for one in found if len(found) <= _FEW else []:
        yield from _wrapped(visible(one.name + (f" (also {', '.join(one.names)})" if one.names else "")))
    if len(found) > _FEW:
        yield from _wrapped(visible(", ".join(one.name for one in found)))
    quiet: list[Move] = []
    for number, move in enumerate(index.moves()):
        changes = [change for one in found for change in one.changes if change.step == number]
        if not changes and not any(_knows(one, move) for one in found):
            continue
        if changes or (quiet and quiet[-1].b != move.a):
            yield from _quiet(quiet)
            quiet = []
        if not changes:
            quiet.append(move)
            continue
        yield ""
        yield _step(move)
        yield from _changes(changes, {one.name for one in found})
    yield from _quiet(quiet)


def _quiet(moves: Sequence[Move]) -> Iterator[str]:
    """Steps in a row that change nothing."""
    if moves:
        yield ""
        yield f"{_said(moves[0].a)} → {_said(moves[-1].b)}"
        yield f"    nothing differs{f' in {len(moves)} steps' if len(moves) > 1 else ''}"


def _knows(subject: Subject, move: Move) -> bool:
    """Whether a side of a step has the subject."""
    return any(timeline.is_there(subject, place) for place in (move.a, move.b))


def _changes(changes: Sequence[Change], subjects: set[str]) -> Iterator[str]:
    """What a step changed of these subjects, by reason."""
    by_reason: dict[int, list[Change]] = {}
    for change in changes:
        by_reason.setdefault(change.reason, []).append(change)
    for reason, here in sorted(by_reason.items(), key=lambda item: (item[0] < 0, item[0])):
        serious = [change for change in here if change.effect != Effect.INFO.value]
        if serious:
            yield from _reason(index.reasons(serious[0].step)[reason], serious, subjects)
        elif reason >= 0:
            yield from _info(here)
        else:
            for aspect in dict.fromkeys(change.aspect for change in here):
                yield from _info([change for change in here if change.aspect == aspect])


def _info(changes: Sequence[Change]) -> Iterator[str]:
    yield from _wrapped(f"info: {'; '.join(dict.fromkeys(change.title for change in changes))}", "    ")


def _reason(told: Told, here: Sequence[Change], subjects: set[str]) -> Iterator[str]:
    """What a reason is, as far as it concerns these subjects."""
    effect = min((change.effect for change in here), key=_EFFECTS.index)
    known = rule(told.rule) if told.rule else None
    if known is not None:
        yield from _wrapped(f"{effect}: {known.title} [{known.code}]{told.measured}", "    ")
        yield from _wrapped(known.why, "      ")
    else:
        own = any(change.is_root for change in here)
        said = told.said if own or told.subject in subjects else f"follows from {told.subject}: {told.said}"
        yield from _wrapped(f"{effect}: {said}", "    ")
    remedies = dict.fromkeys(change.remedy for change in here if change.remedy)
    remedy = told.remedy or next(iter(remedies), "")
    for line in visible_lines(remedy):
        yield f"        {line}".rstrip()


def _step(move: Move) -> str:
    return f"{_said(move.a)} → {_said(move.b)}"


def _said(place: int) -> str:
    one = index.contents().places[place]
    return f"{one.api} of {one.release.replace('+', ' on ').replace('-', ' ')}"


def _wrapped(text: str, indent: str = "") -> list[str]:
    return wrapped(visible(text), _WIDTH, indent, None if indent else "")
