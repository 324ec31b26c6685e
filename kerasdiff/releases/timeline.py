"""The timeline of a subject, read from the index: in each line of Keras, what its facts are from which release to which."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import msgspec

from kerasdiff.knowledge.load import Effect
from kerasdiff.releases import index
from kerasdiff.releases.index import ABSENT, NOT_MEASURED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kerasdiff.releases.index import Change, Run, Subject

SCHEMA = "kerasdiff.history/1"

_EFFECTS = [effect.value for effect in Effect]


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """What a range does otherwise than the one before."""

    effect: str
    title: str
    """Of the worst divergence."""
    scaled: float | str | None = None
    """The largest size, over the largest number of the tensor."""
    rules: tuple[str, ...] = ()
    remedy: str | None = None
    """What to write in the newer release, where no rule says it."""
    aspects: int = 1


class Range(msgspec.Struct, frozen=True, kw_only=True):
    """Neighbouring releases in which a fact is the same."""

    first: str
    last: str
    state: str = "value"
    """``value``, ``class`` of behaviour, or why there is none: ``absent``, ``not measured``, ``unstable``, ``required``, …"""
    value: Any = None
    name: str | None = None
    """What it is called there, where that is another name."""
    changed: Changed | None = None


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Facts with one timeline: a declared one, or measured ones that changed together."""

    aspects: tuple[str, ...]
    ranges: tuple[Range, ...]

    @property
    def is_constant(self) -> bool:
        """Whether it is the same wherever it is known."""
        known = [part for part in self.ranges if part.state not in (ABSENT, NOT_MEASURED)]
        return len({(part.state, repr(part.value), part.name) for part in known}) <= 1 and not self.matters

    @property
    def matters(self) -> bool:
        """Whether a change of it is more than ``info``."""
        return any(part.changed is not None and part.changed.effect != Effect.INFO.value for part in self.ranges)

    @property
    def is_measured(self) -> bool:
        """Whether it is of cases."""
        return self.aspects[0].startswith("case.")


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A change of something that has no value of its own, as a spelling that is gone."""

    release: str
    aspect: str
    changed: Changed


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A subject in one line of Keras."""

    line: str
    releases: tuple[str, ...]
    """Versions of the releases that are shipped, those of TensorFlow where Keras is part of it."""
    there: tuple[tuple[str, str], ...]
    """From which release to which it is there."""
    kind: str
    rows: tuple[Row, ...]
    """What changed."""
    constant: tuple[Row, ...]
    """What never did."""
    events: tuple[Event, ...]


class Crossing(msgspec.Struct, frozen=True, kw_only=True):
    """What moving from one line to another changes of a subject."""

    a: str
    b: str
    changes: tuple[Changed, ...]


class History(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a subject."""

    subject: str
    names: tuple[str, ...]
    lines: tuple[Line, ...]
    missing: tuple[str, ...]
    """Lines without it."""
    crossings: tuple[Crossing, ...]


def files(pattern: str) -> list[str]:
    """The files of the index that may hold what fits a pattern."""
    known = index.contents().files
    first = pattern.partition(".")[0]
    if not any(sign in first for sign in "*?["):
        return list(known.get(first, ()))
    return sorted({file for name, found in known.items() if fnmatchcase(name, first) for file in found})


def find(pattern: str) -> list[Subject]:
    """The subjects that fit a pattern by any of their names, those that have it first; ``*`` is anything, dots included."""
    found = [
        entry
        for file in (files(pattern) if "." in pattern else every_file())
        for entry in index.entries(file)
        if any(fnmatchcase(name, pattern) for name in (entry.name, *entry.names))
    ]
    found.sort(key=lambda entry: (not fnmatchcase(entry.name, pattern), entry.name))
    if not any(sign in pattern for sign in "*?[") and any(entry.name == pattern for entry in found):
        found = [entry for entry in found if entry.name == pattern]
    return [entry.read() for entry in found]


def every_file() -> list[str]:
    """All files with subjects."""
    return sorted({file for found in index.contents().files.values() for file in found})


def near(name: str) -> list[str]:
    """Subjects that are nearly called so."""
    from difflib import get_close_matches

    every = {known for file in every_file() for entry in index.entries(file) for known in (entry.name, *entry.names)}
    last = name.rpartition(".")[2].lower()
    same = sorted((one for one in every if one.rpartition(".")[2].lower() == last), key=lambda one: (one.count("."), one))
    return same or get_close_matches(name, sorted(every), 2, 0.8)


def history(subject: Subject, aspect: str | None = None) -> History:
    """The timeline of a subject: of all its facts, or of those that fit ``aspect``."""
    return _Teller(subject, aspect).history()


def aspects(subject: Subject) -> list[str]:
    """What a subject's facts are called, as they may be asked for."""
    return [*(short(name) for name in subject.facts), *(short(one) for row in subject.behaviours for one in row.aspects)]


def short(aspect: str) -> str:
    """An aspect as people say it: of ``parameter.units`` and ``case.default@3d.inference`` what follows the first dot."""
    return aspect.partition(".")[2] if aspect.startswith(("parameter.", "config.", "case.")) else aspect


def label(place: int) -> str:
    """The version by which people know a release: TensorFlow's, where Keras is part of it."""
    one = index.contents().places[place]
    return str(one.backend_version if one.api == "tf.keras" else one.version)


def told(place: int) -> str:
    """An API of a release in words: ``keras 3.15.1 on jax 0.12``."""
    one = index.contents().places[place]
    on = "" if one.api == "tf.keras" else f" on {one.backend} {one.backend_version}"
    return f"{one.api} {label(place)}{on}" if one.api != "tf.keras" else f"tf.keras of TensorFlow {label(place)}"


def is_there(subject: Subject, place: int) -> bool:
    """Whether a release has a subject."""
    runs = subject.facts.get("presence") or subject.facts.get("value")
    if runs is not None:
        return _at(runs, place).state != ABSENT
    return any(_letter(one.runs, place) != ABSENT for one in subject.behaviours)


class _Teller:
    """Tells what became of one subject."""

    def __init__(self, subject: Subject, aspect: str | None) -> None:
        self._subject = subject
        self._asked = aspect
        self._places = index.contents().places
        self._moves = index.moves()
        self._changes: dict[tuple[int, int], list[Change]] = {}
        for change in subject.changes:
            move = self._moves[change.step]
            self._changes.setdefault((move.a, move.b), []).append(change)

    def history(self) -> History:
        lines: dict[str, list[int]] = {}
        for number, place in enumerate(self._places):
            lines.setdefault(place.line, []).append(number)
        found = {line: self._line(line, places) for line, places in lines.items()}
        return History(
            subject=self._subject.name,
            names=self._subject.names,
            lines=tuple(one for one in found.values() if one is not None),
            missing=tuple(line for line, one in found.items() if one is None),
            crossings=tuple(self._crossings()),
        )

    def _line(self, line: str, places: list[int]) -> Line | None:
        there = [place for place in places if is_there(self._subject, place)]
        if not there:
            return None
        rows = [Row(aspects=(aspect,), ranges=self._declared(aspect, runs, there)) for aspect, runs in self._facts()]
        rows += self._behaviours(there)
        rows = [row for row in rows if any(part.state not in (ABSENT, NOT_MEASURED) for part in row.ranges)]
        presence = self._subject.facts.get("presence", ())
        return Line(
            line=line,
            releases=tuple(label(place) for place in places),
            there=tuple((label(one), label(last)) for one, last in _stretches(there, places)),
            kind=str(_at(presence, there[-1]).value) if presence else "",
            rows=tuple(row for row in rows if not row.is_constant),
            constant=tuple(row for row in rows if row.is_constant),
            events=tuple(self._events(places)),
        )

    def _behaviours(self, there: list[int]) -> Iterator[Row]:
        """What was measured; facts that differ from others in other lines only stand together here."""
        together: dict[tuple[str, ...], list[str]] = {}
        for known in self._subject.behaviours:
            told = tuple(_letter(known.runs, place) for place in there)
            together.setdefault(told, []).extend(aspect for aspect in known.aspects if self._wanted(aspect))
        for told, kept in together.items():
            if kept:
                yield Row(aspects=tuple(sorted(kept)), ranges=self._measured(set(kept), list(zip(there, told, strict=True))))

    def _facts(self) -> Iterator[tuple[str, tuple[Run, ...]]]:
        for aspect, runs in self._subject.facts.items():
            names = {short(aspect), *(run.name for run in runs)}
            if aspect != "presence" and any(self._wanted(aspect, name) for name in names):
                yield aspect, runs

    def _wanted(self, aspect: str, name: str | None = None) -> bool:
        if self._asked is None:
            return True
        names = {aspect, short(aspect), name or aspect}
        if aspect.startswith("case."):
            case, _, quantity = short(aspect).rpartition(".")
            names |= {case, case.partition("@")[0], quantity}
        return any(fnmatchcase(known, self._asked) for known in names)

    def _declared(self, aspect: str, runs: tuple[Run, ...], there: list[int]) -> tuple[Range, ...]:
        called = {short(aspect), *(run.name for run in runs)}
        kind = aspect.partition(".")[0]
        wanted = {f"{kind}.{name}" for name in called} | {aspect}
        facts = [(place, _at(runs, place)) for place in there]
        return tuple(
            Range(
                first=label(first),
                last=label(last),
                state=run.state or "value",
                value=run.value,
                name=run.name or None,
                changed=self._changed(before, first, wanted),
            )
            for before, first, last, run in _ranges(facts)
        )

    def _measured(self, aspects: set[str], facts: list[tuple[int, str]]) -> tuple[Range, ...]:
        return tuple(
            Range(
                first=label(first),
                last=label(last),
                state="class" if _is_class(fact) else fact if fact in _STATES else "value",
                value=None if fact in _STATES else fact,
                changed=self._changed(before, first, aspects),
            )
            for before, first, last, fact in _ranges(facts)
        )

    def _changed(self, before: int | None, place: int, aspects: set[str]) -> Changed | None:
        if before is None:
            return None
        found = [change for change in self._changes.get((before, place), ()) if change.aspect in aspects]
        return _sum(found)

    def _events(self, places: list[int]) -> Iterator[Event]:
        """What no row tells: spellings, order of parameters, names of weights."""
        told = {aspect for aspect, _ in self._facts()} | {one for known in self._subject.behaviours for one in known.aspects}
        told |= {f"{aspect.partition('.')[0]}.{run.name}" for aspect, runs in self._facts() for run in runs if run.name}
        for place, before in zip(places[1:], places, strict=False):
            for change in self._changes.get((before, place), ()):
                if change.aspect not in told and self._wanted(change.aspect):
                    changed = _sum([change])
                    assert changed is not None
                    yield Event(release=label(place), aspect=change.aspect, changed=changed)

    def _crossings(self) -> Iterator[Crossing]:
        for (a, b), changes in self._changes.items():
            if self._places[a].line == self._places[b].line:
                continue
            wanted = [change for change in changes if self._wanted(change.aspect)]
            rows: dict[object, list[Change]] = {}
            for change in wanted:
                rows.setdefault(change.reason if change.reason >= 0 else change.aspect, []).append(change)
            known = [one for found in rows.values() if (one := _sum(found)) is not None]
            if known:
                ordered = sorted(known, key=lambda one: _EFFECTS.index(one.effect))
                yield Crossing(a=told(a), b=told(b), changes=tuple(ordered))


def _sum(found: Sequence[Change]) -> Changed | None:
    """Changes as one: the worst of them, the largest size, and the rules about them."""
    if not found:
        return None
    worst = min(found, key=lambda change: (_EFFECTS.index(change.effect), -_size(change)))
    largest = max(found, key=_size)
    serious = [change for change in found if change.effect != Effect.INFO.value] or found
    rules = dict.fromkeys(index.reasons(change.step)[change.reason].rule for change in serious if change.reason >= 0)
    return Changed(
        effect=worst.effect,
        title=worst.title,
        scaled=largest.scaled,
        rules=tuple(rule for rule in rules if rule is not None),
        remedy=next((change.remedy for change in serious if change.remedy), None),
        aspects=len(found),
    )


_STATES = (ABSENT, NOT_MEASURED, index.UNSTABLE, index.UNKNOWN, "unsupported", "not run")


def _is_class(fact: str) -> bool:
    return fact[:1].isupper() and fact[:1].isascii() and (len(fact) == 1 or fact[1:].isdigit())


def _size(change: Change) -> float:
    return float(change.scaled or 0.0)


def _at(runs: tuple[Run, ...], place: int) -> Run:
    return [run for run in runs if run.at <= place][-1]


def _letter(runs: tuple[tuple[int, str], ...], place: int) -> str:
    return [fact for at, fact in runs if at <= place][-1]


def _ranges(facts: Iterable[tuple[int, Any]]) -> Iterator[tuple[int | None, int, int, Any]]:
    """Neighbours with one fact as one: the place before, the first place, the last, and the fact."""
    before: int | None = None
    first: int | None = None
    last, known = 0, None
    for place, fact in facts:
        if first is not None and fact == known:
            last = place
            continue
        if first is not None:
            yield before, first, last, known
            before = last
        first, last, known = place, place, fact
    if first is not None:
        yield before, first, last, known


def _stretches(there: list[int], places: list[int]) -> Iterator[tuple[int, int]]:
    """The places that hold a subject, as stretches of neighbours."""
    for _, first, last, is_there in _ranges((place, place in there) for place in places):
        if is_there:
            yield first, last
