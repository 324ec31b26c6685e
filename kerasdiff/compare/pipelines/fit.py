"""What makes B's numbers of A's: named steps, each with what undoes it in B."""

from __future__ import annotations

from typing import NamedTuple


class Step(NamedTuple):
    """One thing that B does to what A feeds. ``undo``: code that takes it back on a batch ``x``; empty where none does."""

    kind: str
    words: str
    undo: str = ""


class Fit(NamedTuple):
    """The steps from A's numbers to B's; none where they are the same. ``error``: the largest rest over B's largest number."""

    steps: tuple[Step, ...]
    error: float
    line: tuple[float, float] | None = None
    """The scale and the shift, where all numbers have one."""

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of its steps."""
        return frozenset(step.kind for step in self.steps)

    @property
    def words(self) -> str:
        """The steps, as they follow each other."""
        return ", ".join(step.words for step in self.steps)

    @property
    def remedy(self) -> str | None:
        """What to write in B to get A's numbers; None where a step can't be taken back by what is known."""
        if not self.steps or not all(step.undo for step in self.steps):
            return None
        return "; ".join(step.undo for step in reversed(self.steps))


class Compared(NamedTuple):
    """What comparing a part gave."""

    fit: Fit | None
    """What makes B's of A's; without steps where both are the same, None where nothing does that is known."""
    size: float = 0.0
    """The largest difference seen, over the largest number."""
    note: str = ""
    is_moved: bool = False
    """Whether the samples were found to be in another order."""


SAME = Compared(Fit((), 0.0))


class Pair(NamedTuple):
    """Numbers of A and of B that stand at the same places; ``channels`` says for each which channel it is of."""

    a: list[float]
    b: list[float]
    channels: list[int]


def largest(numbers: list[float]) -> float:
    """The largest absolute value; 0 of none."""
    return max(map(abs, numbers), default=0.0)


def spread(numbers: list[float]) -> float:
    """From the smallest to the largest."""
    return max(numbers) - min(numbers) if numbers else 0.0


def are_integers(numbers: list[float]) -> bool:
    """Whether no number has a fraction."""
    return all(number.is_integer() for number in numbers)
