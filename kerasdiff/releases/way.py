"""The way from one shipped release to another: along a line of Keras, and from line to line where people move."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerasdiff.releases.names import steps
from kerasdiff.releases.shelf import Step, lines, moves, releases

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Way = tuple[Step, ...]


def way(a: Step, b: Step) -> Way:
    """The shipped releases from ``a`` to ``b``, both included.

    Through as few lines as possible, in one direction where that can be, past as many releases; where two lines offer several
    places to change, the last one. Where no way leads, the two alone.
    """
    shipped = set(steps())
    known = {name: tuple(step for step in line if step in shipped) for name, line in lines().items()}
    place = {step: name for name, line in known.items() for step in line}
    found = [parts for route in _routes(place[a], place[b], known) for parts in _ways(a, [known[name] for name in route], b)]

    def cost(parts: list[Way]) -> tuple[int, int, list[int]]:
        is_back = [_is_back(part, known[place[part[0]]]) for part in parts if len(part) > 1]
        return min(is_back.count(True), is_back.count(False)), -sum(map(len, parts)), [-len(part) for part in parts]

    best = min(found, key=cost, default=[(a, b)])
    return tuple(step for part in best for step in part)


def _is_back(part: Way, line: Way) -> bool:
    return line.index(part[0]) > line.index(part[-1])


def _routes(start: str, end: str, known: dict[str, Way]) -> list[list[str]]:
    """The shortest sequences of lines from one to another, in each of which people can change to the next."""
    found = [[start]]
    while found and not any(route[-1] == end for route in found):
        found = [
            [*route, name]
            for route in found
            for name, line in known.items()
            if name not in route and any(_crossings(known[route[-1]], line))
        ]
    return [route for route in found if route[-1] == end]


def _ways(at: Step, route: Sequence[Way], b: Step) -> Iterator[list[Way]]:
    """Every way through these lines, as its part in each."""
    if len(route) == 1:
        yield [_along(route[0], at, b)]
        return
    for leave, arrive in _crossings(route[0], route[1]):
        for rest in _ways(arrive, route[1:], b):
            yield [_along(route[0], at, leave), *rest]


def _along(line: Way, a: Step, b: Step) -> Way:
    start, end = line.index(a), line.index(b)
    return line[start : end + 1] if start <= end else line[end : start + 1][::-1]


def _crossings(one: Way, other: Way) -> Iterator[tuple[Step, Step]]:
    """Where people change from a line to another: to another API of an environment, to another backend, or as the data say."""
    known = {pair for move in moves() for pair in (move, move[::-1])}
    for a in one:
        for b in other:
            if a.release == b.release or _keras(a) == _keras(b) or (a, b) in known:
                yield a, b


def _keras(step: Step) -> tuple[str, str | None]:
    return step.api, releases()[step.release].apis[step.api].version
