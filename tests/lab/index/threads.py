"""Which objects of the shipped releases are one thing under changing names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kerasdiff.compare.side import Side

Thread = dict[int, str]
"""The canonical name of an object at each place that has it."""


def threads(lines: dict[str, list[int]], sides: dict[int, Side]) -> list[Thread]:
    """Every object of every place, with what it is at the other places; the newest lines decide."""
    found: list[Thread] = []
    for line in sorted(lines, key=lambda line: -max(len(sides[place].api.symbols) for place in lines[line])):
        joined = {id(thread): thread for thread in found}
        by_name = _by_name(found, sides)
        for thread in _of_line(lines[line], sides):
            there = next((by_name[name] for name in _all_names(thread, sides) if name in by_name), None)
            if there is not None and id(there) in joined:
                there.update(joined.pop(id(there)) | thread)
            else:
                found.append(thread)
    return found


def _of_line(places: list[int], sides: dict[int, Side]) -> list[Thread]:
    """From the newest release back: an object is what one of its names reaches in the release before."""
    found: list[Thread] = []
    for place in reversed(places):
        side, claimed = sides[place], set()
        for thread in found:
            newest = min(thread)
            name = _reached(sides[newest], thread[newest], side)
            if name is not None:
                thread[place] = name
                claimed.add(name)
        found += [{place: name} for name in side.api.symbols if name not in claimed]
    return found


def _reached(newer: Side, name: str, older: Side) -> str | None:
    """The object of an older release that an object of a newer one was; a module keeps its name."""
    is_module = newer.api.symbols[name].kind == "module"
    for known in newer.names(name):
        there = known if is_module else older.name(known)
        canonical = None if there is None else older.canonical(there)
        if canonical is not None and (older.api.symbols[canonical].kind == "module") == is_module:
            return canonical
    return None


def _by_name(found: list[Thread], sides: dict[int, Side]) -> dict[str, Thread]:
    """Threads by all names they ever had; the newest name of one wins over an alias of another."""
    known: dict[str, Thread] = {}
    for thread in found:
        known.setdefault(thread[max(thread)], thread)
    for thread in found:
        for name in _all_names(thread, sides):
            known.setdefault(name, thread)
    return known


def _all_names(thread: Thread, sides: dict[int, Side]) -> Iterator[str]:
    """Every name that an object ever had, the newest first."""
    for place in sorted(thread, reverse=True):
        yield thread[place]
    for place in sorted(thread, reverse=True):
        yield from sides[place].names(thread[place])
