"""What a person reads at once: divergences that say the same, put together."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kerasdiff.knowledge.load import Effect
from kerasdiff.probe import apis
from kerasdiff.text import listed, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kerasdiff.compare.divergence import Divergence

#: Names shown of one group without ``--verbose``.
NAMES = 8
#: The first part of the subjects of what stands in a saved model, where a comparison is narrowed to one.
SAVED_MODEL = "saved_model"
#: Characters shown of a name.
NAME_LENGTH = 200


class Group:
    """Divergences that say the same, of several subjects or in several cases."""

    def __init__(self, first: Divergence) -> None:
        self.first = first
        self.subjects: list[str] = []
        self.divergences: list[Divergence] = []
        self._now: dict[str, str] = {}

    def add(self, found: list[Divergence]) -> None:
        """More of which the same is said."""
        self.divergences += found
        for one in found:
            self.subjects.append(one.subject)
            if one.aspect == "presence" and one.remedy:
                self._now[one.subject] = f" (now {visible(one.remedy, NAME_LENGTH)})"

    def said(self) -> str:
        """What is said of the subjects."""
        if self.first.aspect != "presence" or len(self.subjects) == 1:
            is_one = len({found.aspect for found in self.divergences}) == 1
            return visible(self.first.title if is_one else f"in {len(self.divergences)} cases: {_of_any_case(self.first)}")
        what = "are gone" if self.first.b is None else "are new in B" if self.first.a is None else "differ"
        kind = "modules" if "module" in (self.first.a, self.first.b) else "names"
        return f"{len(self.subjects)} {kind} of {_module(self.first)} {what}"

    def lines(self, *, verbose: bool) -> Iterator[str]:
        """What is said, and of which subjects."""
        subjects = [visible(name, NAME_LENGTH) + self._now.get(name, "") for name in dict.fromkeys(self.subjects)]
        names = listed(subjects, None if verbose else NAMES)
        if self.first.aspect == "presence":
            yield f"{self.said()}: {names}" if len(self.subjects) > 1 else self.said()
            return
        yield f"{names}: {self.said()}"
        if self.first.remedy:
            yield f"    {goal(self.first)}: {self.first.remedy}".replace("    To", "    to", 1)


class Measured:
    """Numbers that differ: one quantity in the same cases of one subject or of several."""

    def __init__(self, quantity: str) -> None:
        self._quantity = quantity
        self.subjects: list[str] = []
        self.divergences: list[Divergence] = []

    @property
    def first(self) -> Divergence:
        """The divergence that was found first."""
        return self.divergences[0]

    def add(self, found: list[Divergence]) -> None:
        """Another subject, with its divergences."""
        self.divergences += found
        self.subjects += [one.subject for one in found]

    def said(self) -> str:
        """What is said of the subjects."""
        cases = sorted({_case(found) for found in self.divergences})
        worst = max(self.divergences, key=_scaled)
        number = len(self.divergences) if worst.effect is Effect.REPRODUCIBILITY else len(cases)
        many = f" in {number} cases" if number > 1 else ""
        where = "" if many else f"{visible(cases[0])}: "
        if worst.effect is Effect.REPRODUCIBILITY:
            return f"{where}{visible(self._quantity)} comes of another stream{many}"
        if not math.isfinite(_scaled(worst)):
            return f"{where}{visible(self._quantity)} differs{many}, where it is NaN or infinite"
        most = (
            f"{many}, most in {visible(_case(worst))}, by" if many else ", by up to" if len(set(self.subjects)) > 1 else " by"
        )
        return f"{where}{visible(self._quantity)} differs{most} {_scaled(worst):.2g} of its largest number"

    def lines(self, *, verbose: bool) -> Iterator[str]:
        """What is said, and of which subjects."""
        names = [visible(name, NAME_LENGTH) for name in dict.fromkeys(self.subjects)]
        yield f"{listed(names, None if verbose else NAMES)}: {self.said()}"


def _case(found: Divergence) -> str:
    return found.aspect.removeprefix("case.").rpartition(".")[0]


def _of_any_case(found: Divergence) -> str:
    """The title without the case that it begins with."""
    return found.title.removeprefix(f"{_case(found)}: ") if found.aspect.startswith("case.") else found.title


def _scaled(found: Divergence) -> float:
    return float((found.size or {}).get("scaled", 0.0))


def _module(found: Divergence) -> str:
    return found.subject.rpartition(".")[0] or "the API itself"


def _key(found: Divergence, *, verbose: bool) -> tuple[object, ...]:
    if found.aspect == "presence":
        return ("presence", _module(found), found.b is None, found.a is None, found.a == "module")
    if found.aspect.startswith("case.") and not verbose:
        return ("case", found.aspect.rpartition(".")[2], _of_any_case(found), found.remedy)
    return (found.aspect, found.title, found.remedy)


def goal(found: Divergence) -> str:
    """What a remedy is for."""
    return "To load it" if found.subject.partition(".")[0] == SAVED_MODEL else "To keep A's"


def place(found: Divergence) -> int:
    """Where it comes in a report: settings first, then what models are made of, internals last."""
    module, _, rest = found.subject.partition(".")
    if module in ("import", "settings", "environment", SAVED_MODEL):
        return -1
    first: list[str] = apis.TABLE["first"]
    return first.index(module) if module in first and rest else len(first)


def group(divergences: Iterable[Divergence], *, verbose: bool = False) -> list[Group | Measured]:
    """Divergences as groups, in the order of their first; ``verbose``: what was measured case by case."""
    buckets: dict[tuple[object, ...], list[Divergence]] = {}
    for found in sorted(divergences, key=place):
        is_number = found.size is not None and found.aspect.startswith("case.") and not verbose
        key = ("measured", found.subject, found.aspect.rpartition(".")[2]) if is_number else _key(found, verbose=verbose)
        buckets.setdefault((found.effect, *key), []).append(found)
    groups: dict[tuple[object, ...], Group | Measured] = {}
    for key, bucket in buckets.items():
        if key[1] == "measured":  # several subjects may differ in the same cases; of another stream there is no size to tell
            cases = () if key[0] is Effect.REPRODUCIBILITY else sorted(found.aspect for found in bucket)
            alike = (key[0], "measured", key[3], *cases)
            groups.setdefault(alike, Measured(str(key[3]))).add(bucket)
        else:
            groups.setdefault(key, Group(bucket[0])).add(bucket)
    return list(groups.values())
