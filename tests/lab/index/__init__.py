"""Makes the index of the shipped fingerprints: ``python -m tests.lab index``."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from kerasdiff.compare.engine import compare
from kerasdiff.compare.side import Side
from kerasdiff.fingerprint.document import Symbol
from kerasdiff.fingerprint.load import write
from kerasdiff.releases import outline, shelf
from kerasdiff.releases.index import FOLDER, Change, Contents, Move, Place, Stock, Subject
from kerasdiff.releases.index import Side as IndexSide
from tests.lab.index import behaviours, facts, steps
from tests.lab.index.threads import Thread, threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Files = dict[str, bytes]


def make(say: Callable[[str], None]) -> None:
    """Write the index; files that are no longer of it are deleted."""
    made = files(say)
    folder = Path(FOLDER)
    folder.mkdir(exist_ok=True)
    for stale in {file.name for file in folder.iterdir()} - {f"{name}.json.gz" for name in made}:
        (folder / stale).unlink()
    for name, content in made.items():
        write(gzip.compress(content, mtime=0), folder / f"{name}.json.gz")
    say(f"{len(made)} files, {sum(file.stat().st_size for file in folder.iterdir()) / 1000:.0f} kB in {folder}")


def files(say: Callable[[str], None]) -> Files:
    """The files of the index by name, unpacked."""
    return _Index(say).files()


class _Index:
    """The index while it is made."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._places: list[Place] = []
        self._lines: dict[str, list[int]] = {}
        self._sides: dict[int, Side] = {}
        for line, known in shelf.lines().items():
            for one in known:
                if one.release in shelf.releases():
                    self._lines.setdefault(line, []).append(len(self._places))
                    self._sides[len(self._places)] = side = Side(shelf.release(one.release), one.api)
                    api = side.api
                    released = shelf.releases()[one.release].released
                    self._places.append(
                        Place(line, one.release, one.api, api.version, api.backend, api.backend_version, released)
                    )

    def files(self) -> Files:
        moves, changes = self._steps()
        subjects = sorted(self._subjects(moves, changes), key=lambda subject: subject.name)
        shards: dict[str, list[Subject]] = {}
        where: dict[str, set[str]] = {}
        for subject in subjects:
            shard = _shard(subject.name)
            shards.setdefault(shard, []).append(subject)
            for name in (subject.name, *subject.names):
                where.setdefault(name.partition(".")[0], set()).add(shard)
        contents = Contents(
            tuple(self._places),
            {name: _digest(name) for name in sorted({place.release for place in self._places})},
            {first: tuple(sorted(found)) for first, found in sorted(where.items())},
        )
        encode = msgspec.json.encode
        made = {shard: encode([(one.name, one.names, one) for one in found]) for shard, found in shards.items()}
        stock, holders = _stock()
        tables = {"contents": contents, "moves": moves, "stock": stock, "holders": holders}
        return {**{name: encode(table) for name, table in tables.items()}, **made}

    def _steps(self) -> tuple[list[Move], list[dict[str, list[Change]]]]:
        at = {(place.release, place.api): number for number, place in reversed(list(enumerate(self._places)))}
        pairs = [pair for line in self._lines.values() for pair in pairwise(line)]
        for one, other in shelf.moves():
            if (one.release, one.api) in at and (other.release, other.api) in at:
                pairs.append((at[one.release, one.api], at[other.release, other.api]))
        moves, changes = [], []
        for number, (a, b) in enumerate(pairs):
            older, newer = self._sides[a], self._sides[b]
            compared = compare(older.fingerprint, newer.fingerprint, api_a=older.api_name, api_b=newer.api_name)
            made = steps.step(number, a, b, compared)
            moves.append(made.move)
            changes.append(made.changes)
            self._say(f"[{number + 1}/{len(pairs)}] {self._places[a].release} to {self._places[b].release}")
        return moves, changes

    def _subjects(self, moves: list[Move], changes: list[dict[str, list[Change]]]) -> Iterator[Subject]:
        every = threads(self._lines, self._sides)
        found = self._changes_of(every, moves, changes)
        order = list(self._lines.values())
        for number, thread in enumerate(every):
            symbols = {place: self._sides[place].symbol(name) for place, name in thread.items()}
            newest = thread[max(thread, key=self._age)]
            names = {known for place, name in thread.items() for known in self._sides[place].names(name)}
            yield Subject(
                newest,
                tuple(sorted(names - {newest})),
                facts.of_symbol(newest, thread, self._lines, self._sides),
                behaviours.of(newest, symbols, order),
                tuple(found.get(number, ())),
            )
        named: dict[str, list[Change]] = {}
        for changed in changes:
            for name, rows in changed.items():
                named.setdefault(name, []).extend(rows)
        yield from self._settings(named)
        yield from self._elsewhere(named)

    def _age(self, place: int) -> tuple[str, int]:
        """What orders places by age; of those of a day, those of the first lines are what people use."""
        return self._places[place].released, -place

    def _settings(self, changes: dict[str, list[Change]]) -> Iterator[Subject]:
        places = list(self._sides)
        for name in sorted({name for side in self._sides.values() for name in side.api.settings}):
            subject = f"settings.{name}"
            runs = facts.of_setting(name, places, self._sides)
            yield Subject(subject, (), {"value": runs}, (), tuple(changes.get(subject, ())))

    def _elsewhere(self, changes: dict[str, list[Change]]) -> Iterator[Subject]:
        """What was measured of what is no symbol, as training.fit."""
        known = {place: side.subjects() for place, side in self._sides.items()}
        for name in sorted({name for subjects in known.values() for name in subjects}):
            symbols = {
                place: Symbol(kind="measured", cases=subjects[name][1]) for place, subjects in known.items() if name in subjects
            }
            families = {subjects[name][0] for subjects in known.values() if name in subjects}
            names = tuple(f"data.{name}" for family in families if family == "data")
            measured = behaviours.of(name, symbols, list(self._lines.values()))
            yield Subject(name, names, {}, measured, tuple(changes.get(name, ())))

    def _changes_of(
        self, every: list[Thread], moves: list[Move], changes: list[dict[str, list[Change]]]
    ) -> dict[int, list[Change]]:
        """What the steps changed of each thread."""
        holders: dict[tuple[int, str], list[int]] = {}
        for number, thread in enumerate(every):
            for place, name in thread.items():
                holders.setdefault((place, name), []).append(number)
        found: dict[int, list[Change]] = {}
        for move, changed in zip(moves, changes, strict=True):
            a, b = self._sides[move.a], self._sides[move.b]
            for subject, rows in changed.items():
                one, other = steps.reached(subject, a, b)
                there = set(holders.get((move.b, other or ""), ()))
                here = set(holders.get((move.a, one or ""), ()))
                for number in (here & there) or here or there:
                    found.setdefault(number, []).extend(rows)
        return found


def _stock() -> tuple[Stock, dict[str, dict[str, str]]]:
    """Every API of every release, and which of them have a fact so, by its digest."""
    places: list[tuple[str, str]] = []
    sides, wholes, sizes = [], [], []
    facts: dict[str, dict[str, int]] = {}
    for release in shelf.releases():
        known = outline.outline(zlib.decompress(_file(release).read_bytes(), wbits=31))
        assert known is not None
        for api in known.apis:
            parts = outline.digests(known, api)
            for name, digest in parts.items():
                held = facts.setdefault(name, {})
                held[digest] = held.get(digest, 0) | 1 << len(places)
            places.append((release, api))
            one = known.apis[api]
            sides.append(IndexSide(api, one.version, one.backend, one.backend_version))
            wholes.append(outline.whole(parts))
            sizes.append(len(parts))
    written = {name: {digest: f"{held:x}" for digest, held in facts[name].items()} for name in sorted(facts)}
    return Stock(tuple(places), tuple(sides), tuple(wholes), tuple(sizes)), written


def _shard(name: str) -> str:
    return name.partition(".")[0] if "." in name else "other"


def _digest(release: str) -> str:
    return hashlib.sha256(_file(release).read_bytes()).hexdigest()


def _file(release: str) -> Path:
    return Path(shelf.__file__).parent / f"{release}.json.gz"
