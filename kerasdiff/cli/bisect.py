"""``kerasdiff bisect``."""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click
import msgspec

from kerasdiff.cli.options import EFFECTS
from kerasdiff.cli.output import put
from kerasdiff.cli.progress import Progress
from kerasdiff.cli.targets import is_terminal
from kerasdiff.errors import ExitStatus, KerasdiffError
from kerasdiff.fingerprint.load import load
from kerasdiff.knowledge.load import Effect
from kerasdiff.releases import names, shelf
from kerasdiff.releases.bisect import Change, Look, Matters, changes, look
from kerasdiff.releases.names import Name, ReleaseError
from kerasdiff.releases.way import way
from kerasdiff.report import words
from kerasdiff.report.interface import Shown
from kerasdiff.report.text import TextReporter
from kerasdiff.text import listed, visible, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kerasdiff.fingerprint.document import Fingerprint
    from kerasdiff.models.document import SavedModel

SCHEMA = "kerasdiff.bisect/1"

_WIDTH = 80


class SubjectError(KerasdiffError):
    """A pattern fits nothing in any of the releases."""


@click.command()
@click.argument("a")
@click.argument("b")
@click.option(
    "--subject", "subjects", multiple=True, metavar="PATTERN", help="What it is about, as 'layers.LSTM'; all, with a model."
)
@click.option("--model", metavar="FILE", help="Saved model: what concerns it, and whether it loads.")
@click.option("--fail-on", type=EFFECTS, default="results", show_default=True, help="What matters: this effect and worse.")
@click.option("--live", is_flag=True, help="Build what isn't shipped, with venv and pip, capture it, and remove it.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Format of the report."
)
@click.option("-v", "--verbose", is_flag=True, help="List everything that changed.")
@click.help_option("-h", "--help")
def command(
    a: str, b: str, subjects: tuple[str, ...], model: str | None, fail_on: str, form: str, *, live: bool, verbose: bool
) -> int:
    """Tell in which release between A and B something changed, of what matters to a subject or to a saved model.

    A and B are names of releases, as tensorflow==2.8 (see: kerasdiff releases). Every shipped release on the way from A to B
    is compared with A: a behaviour can change and come back. The way goes along a line of Keras, and from keras to tf.keras,
    to Keras 3 and to its backends, where people move.

    With --live, A and B may be releases that aren't shipped, and the first change is looked at closer: what was published
    between the two releases that it stands between is built with the pins of the nearest shipped one, and captured. Between
    shipped releases that are alike nothing is built.

    Exit status: 0 where nothing changes, 1 where something does, 3 where something is unknown.
    """
    if not subjects and model is None:
        message = "nothing to look for; give --subject PATTERN or --model FILE."
        raise click.UsageError(message)
    way_there = _way(_end(a, live=live), _end(b, live=live))
    matters = Matters(subjects, Effect(fail_on), None if model is None else _saved(model))
    progress = Progress(verbose=False)
    with progress:
        seen = _Seen(way_there[0], matters, progress)
        for number, release in enumerate(way_there[1:], 1):
            progress.step(f"{release.called}, {number} of {len(way_there) - 1}")
            seen.look(release)
        seen.refuse_strangers()
        if live:
            seen.closer()
        found = seen.changes()
    unknown = [one for one in seen.looks if one.unknown]
    if form == "json":
        put(json.dumps(_document(way_there, matters, seen, found), indent=1) + "\n")
    else:
        put("".join(_text(way_there, matters, seen, found, verbose=verbose)))
    if unknown or seen.failed:
        return ExitStatus.UNANSWERED
    return ExitStatus.DIVERGENCES if found else ExitStatus.OK


def _saved(file: str) -> SavedModel:
    from kerasdiff.models.load import load as load_model

    return load_model(file)


def _end(text: str, *, live: bool) -> Name:
    """The release that an end names; with ``live`` also one that must be built."""
    try:
        return names.own(names.find(text))
    except ReleaseError as error:
        there = names.unshipped(text)
        if there is None:
            raise
        if not live:
            message = f"{error}; --live builds it"
            raise ReleaseError(message) from None
        return there


def _is_shipped(release: Name) -> bool:
    return release == names.own(release.step)


def _way(a: Name, b: Name) -> list[Name]:
    """The releases from A to B, both included.

    Raises `click.UsageError` where they are one.
    """
    if a == b:
        message = f"A and B are the same release, {a.called}"
        raise click.UsageError(message)
    between = [names.own(step) for step in way(a.step, b.step)]
    # The step beside an end that isn't shipped is on the way where it lies between the two, and not behind the end.
    is_up = a.package != b.package or a.number < b.number
    if not _is_shipped(a) and (between[0].number > a.number) is not is_up:
        between = between[1:]
    if not _is_shipped(b) and between and (between[-1].number < b.number) is not is_up:
        between = between[:-1]
    return [a, *(one for one in between if one not in {a, b}), b]


class _Seen:
    """What was looked at, each release compared with the first one."""

    def __init__(self, start: Name, matters: Matters, progress: Progress) -> None:
        self._start = start
        self._matters = matters
        self._progress = progress
        self._built: dict[Name, Fingerprint] = {}
        self._first = self._fingerprint(start)
        self._order: list[Name] = []
        self._known: dict[Name, Look] = {}
        self.failed: dict[str, str] = {}
        """Why a release between couldn't be built."""

    @property
    def looks(self) -> list[Look]:
        """In the order of the way."""
        return [self._known[one] for one in self._order]

    def look(self, release: Name, before: Name | None = None) -> None:
        """Compare a release with the first one; its place is the last, or that before another one."""
        sides = (self._first, self._start.step.api), (self._fingerprint(release), release.step.api)
        self._known[release] = look(release.called, *sides, self._matters)
        self._order.insert(len(self._order) if before is None else self._order.index(before), release)

    def changes(self) -> list[Change]:
        """Where something changes."""
        return changes(self._start.called, self.looks, self._differing)

    def _differing(self, a: str, b: str) -> set[str]:
        """The ids that matter in which two releases on the way differ."""
        known = {one.called: one for one in (self._start, *self._order)}
        one, other = ((self._fingerprint(known[name]), known[name].step.api) for name in (a, b))
        return {found.id for found in look(b, one, other, self._matters).found}

    def refuse_strangers(self) -> None:
        """Raises `SubjectError` for a pattern that nothing fits anywhere: misspelt, it would find no change for ever."""
        lost = set(self._matters.subjects).intersection(*(one.strangers for one in self.looks))
        if lost:
            message = f"{visible(min(lost), 200)}: fits nothing in these releases; is it misspelt?"
            raise SubjectError(message)

    def closer(self) -> None:
        """Look at what was published between the first release that changed and the one before it."""
        found = self.changes()
        if not found:
            return
        q = next(one for one in self._order if one.called == found[0].name)
        place = self._order.index(q)
        p = self._order[place - 1] if place else self._start
        from kerasdiff.capture.live import between

        for release in between(p, q):
            self._try(release, q)

    def _try(self, release: Name, before: Name) -> None:
        try:
            self.look(release, before)
        except KerasdiffError as error:
            self.failed[release.called] = str(error)
            self._progress.tell(str(error))

    def _fingerprint(self, release: Name) -> Fingerprint:
        if _is_shipped(release):
            return load(shelf.file(release.step.release), shelf.shipped())
        if release not in self._built:
            from kerasdiff.capture.live import captured

            self._built[release] = captured(release, self._progress.tell, self._progress.event)
        return self._built[release]


def _about(matters: Matters) -> str:
    """What is looked for."""
    told = ", ".join(matters.subjects)
    return told if matters.model is None else f"{matters.model.file}{', ' if told else ''}{told}"


def _text(way_there: list[Name], matters: Matters, seen: _Seen, found: list[Change], *, verbose: bool) -> Iterator[str]:
    looked = words.count(len(seen.looks) + 1, "release")
    about = f"{_about(matters)} from {way_there[0].called} to {way_there[-1].called}, at or above {matters.fail_on.value}"
    told = f"changes in {words.count(len(found), 'release')}" if found else "nothing changes"
    yield from _lines(f"{about}: {looked} looked at, {told}.")
    yield from _verdicts(seen.looks)
    shown = Shown(verbose=verbose)
    for number, change in enumerate(found):
        yield "\n"
        which = "The first change" if not number else "Another one"
        yield from _lines(f"{which}: {change.name}, after {change.after}")
        if change.came:
            yield TextReporter(shown, color=is_terminal()).causes(change.came).lstrip("\n")
        if change.gone:
            gone = listed(change.gone, None if verbose else words.FEW)
            yield from _lines(f"{'All' if change.is_as_first else 'Some'} of it is as in A again: {gone}")
    unknown = {one.name: [part.id for part in one.unknown] for one in seen.looks if one.unknown}
    for name, ids in unknown.items():
        yield from _lines(f"Not comparable in {name}: {listed(ids, words.FEW)}")
    for why in seen.failed.values():
        yield from _lines(f"Not looked at: {why}")


def _verdicts(looks: list[Look]) -> Iterator[str]:
    """What loading the model does, from where to where."""
    for verdict, one in groupby((one for one in looks if one.verdict is not None), key=lambda one: one.verdict):
        names = [look.name for look in one]
        where = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
        yield from _lines(f"Loading it in {where}: {verdict}.")


def _lines(text: str) -> Iterator[str]:
    for line in wrapped(visible(text), _WIDTH, "", "  "):
        yield f"{line}\n"


def _document(way_there: list[Name], matters: Matters, seen: _Seen, found: list[Change]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "a": way_there[0].called,
        "b": way_there[-1].called,
        "subjects": list(matters.subjects),
        "model": None if matters.model is None else matters.model.file,
        "fail_on": matters.fail_on.value,
        "looked_at": [way_there[0].called, *(one.name for one in seen.looks)],
        "loading": {one.name: one.verdict for one in seen.looks if one.verdict is not None},
        "first": found[0].name if found else None,
        "changes": [msgspec.to_builtins(change) for change in found],
        "not_comparable": {one.name: msgspec.to_builtins(one.unknown) for one in seen.looks if one.unknown},
        "not_built": seen.failed,
    }
