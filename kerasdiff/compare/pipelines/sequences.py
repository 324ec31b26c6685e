"""Sequences of integers: which side is padded or cut, with what, and by which numbers the same tokens go."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from kerasdiff.compare.pipelines.fit import Fit, Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Row = tuple[int, ...]

#: Tokens that two cut sequences must have in common at least.
OVERLAP = 5
#: Tokens more than there are different ones, to tell that others stand for the same.
SEEN_AGAIN = 8


class Padded(NamedTuple):
    """A side's sequences without what pads them."""

    rows: list[Row]
    pad: int | None
    side: str | None
    """``before`` or ``after``; None where nothing is padded, or both sides are."""


def fit(a: Sequence[Sequence[float]], b: Sequence[Sequence[float]]) -> Fit | None:
    """What makes B's sequences of A's; each of A stands at the place of its own in B."""
    one, other = [tuple(map(int, row)) for row in a], [tuple(map(int, row)) for row in b]
    if [row[::-1] for row in one] == other:
        return Fit((Step("flipped", "each sequence reversed", "x = x[:, ::-1]"),), 0.0)
    for pad_a in _pads(one):
        for pad_b in _pads(other):
            steps = _steps(stripped(one, pad_a), stripped(other, pad_b), _length(one), _length(other))
            if steps:
                return Fit(tuple(steps), 0.0)
    return None


def _length(rows: list[Row]) -> int:
    return max(map(len, rows), default=0)


def _pads(rows: list[Row]) -> list[int | None]:
    """What may pad: what stands at the ends of several sequences, zero first; at last nothing."""
    ends = Counter(row[place] for row in rows if row for place in (0, -1) if row[0] != row[-1] or len(set(row)) == 1)
    repeated = [
        token for row in rows if len(row) > 1 for token, next_ in ((row[0], row[1]), (row[-1], row[-2])) if token == next_
    ]
    likely = sorted(
        {token for token, count in ends.items() if count > 1} | set(repeated), key=lambda token: (token != 0, abs(token))
    )
    return [*likely[:2], None]


def stripped(rows: list[Row], pad: int | None) -> Padded:
    """The sequences without what pads them."""
    found, before, after = [], 0, 0
    for row in rows:
        start, stop = 0, len(row)
        while pad is not None and start < stop and row[start] == pad:
            start += 1
        while pad is not None and stop > start and row[stop - 1] == pad:
            stop -= 1
        found.append(row[start:stop])
        before += start if stop > start else 0
        after += len(row) - stop
    side = None if bool(before) == bool(after) else "before" if before else "after"
    return Padded(found, pad, side)


def _steps(a: Padded, b: Padded, length_a: int, length_b: int) -> list[Step]:
    """What differs between two sides, one of which is made of the other; nothing where it isn't."""
    if not any(a.rows) or not any(b.rows):
        return []
    found = _tokens(a, b, length_a, length_b)
    return (
        []
        if found is None
        else [*found, *_padding(a, b, length_a, length_b, is_cut=any(s.kind == "truncation" for s in found))]
    )


def _tokens(a: Padded, b: Padded, length_a: int, length_b: int) -> list[Step] | None:
    """What differs in the sequences themselves; None where they are others."""
    for shift in _shifts(a.rows, b.rows):
        cut = _cut(a.rows, [tuple(token - shift for token in row) for row in b.rows], length_a, length_b)
        if cut is not None:
            steps = [Step("truncation", cut)] if cut else []
            undo = f"x = x - {shift}" if b.pad is None else f"x = numpy.where(x == {b.pad}, x, x - {shift})"
            return [*steps, *([Step("ids", f"token ids shifted by {shift}", undo)] if shift else [])]
    again = _numbered(a.rows, b.rows)
    return [again] if again else None


def _padding(a: Padded, b: Padded, length_a: int, length_b: int, *, is_cut: bool) -> Iterator[Step]:
    """What differs in what is put around the sequences."""
    if a.side and b.side and a.side != b.side:
        yield Step("padding", f"padded {b.side} the sequence, {_keras(b.side)} (A: {a.side}, {_keras(a.side)})")
    if a.pad != b.pad and a.side and b.side:
        yield Step("pad", f"padded with {b.pad} (A: {a.pad})")
    if length_a != length_b and not is_cut:
        yield Step("length", f"padded to {length_b} tokens (A: {length_a})")


def _keras(side: str) -> str:
    return f"padding={'pre' if side == 'before' else 'post'!r}"


def _shifts(a: list[Row], b: list[Row]) -> list[int]:
    """By how much the tokens may be shifted: not at all, else as the first ones and the last ones are."""
    pairs = [(one, other) for one, other in zip(a, b, strict=True) if one and other]
    likely = Counter(other[place] - one[place] for one, other in pairs for place in (0, -1))
    return [0, *(shift for shift, _ in likely.most_common(3) if shift)]


def _cut(a: list[Row], b: list[Row], length_a: int, length_b: int) -> str | None:
    """How sequences that are the same otherwise are cut; empty where they are the same, None where they aren't."""
    others = [(one, other) for one, other in zip(a, b, strict=True) if one != other]
    if not others:
        return ""
    if any(len(one) < min(length_a, len(other)) or len(other) < min(length_b, len(one)) for one, other in others):
        return None  # one that has room to spare isn't cut
    found = [_kept(one, other) for one, other in others]
    kept = {ends for ends in found if ends is not None}
    seen = len(a) - found.count(None)  # the others are cut so far apart that nothing is in both
    if len(kept) != 1 or 2 * seen < len(a):
        return None
    ((end_a, end_b),) = kept
    if end_a == end_b:
        return f"cut to {length_b} tokens (A: {length_a}), the {end_a} is kept in both"
    return f"cut to keep the {end_b}, {_truncating(end_b)} (A: the {end_a}, {_truncating(end_a)})"


def _truncating(end: str) -> str:
    return f"truncating={'post' if end == 'start' else 'pre'!r}"


def _kept(a: Row, b: Row) -> tuple[str, str] | None:
    """Which end of a sequence A and B keep; None where they aren't of one sequence."""
    short, long = sorted((a, b), key=len)
    if len(short) >= OVERLAP and len(short) < len(long):
        if long[: len(short)] == short:
            return ("start", "start")
        if long[-len(short) :] == short:
            return ("end", "end")
    for common in range(min(len(a), len(b)) - 1, OVERLAP - 1, -1):
        if a[:common] == b[-common:]:
            return ("end", "start")
        if a[-common:] == b[:common]:
            return ("start", "end")
    return None


def _numbered(a: list[Row], b: list[Row]) -> Step | None:
    """Whether other numbers stand for the same tokens, one for one."""
    if [len(row) for row in a] != [len(row) for row in b]:
        return None
    return numbered([token for row in a for token in row], [token for row in b for token in row], "token ids")


def numbered(a: Sequence[float], b: Sequence[float], what: str) -> Step | None:
    """Whether B's integers stand one for one for A's, seen often enough to tell."""
    there = dict(zip(a, b, strict=True))
    back = dict(zip(b, a, strict=True))
    if len(there) < 2 or len(there) != len(back) or len(a) < len(there) + SEEN_AGAIN:
        return None
    if any(there[one] != other for one, other in zip(a, b, strict=True)) or all(one == other for one, other in there.items()):
        return None
    some = ", ".join(f"{int(one)} is {int(other)}" for one, other in sorted(there.items()) if one != other)
    return Step(
        "numbering",
        f"{what} numbered otherwise ({some[:60].rpartition(', ')[0] or some[:60]}…)"
        if len(some) > 60
        else f"{what} numbered otherwise ({some})",
    )
