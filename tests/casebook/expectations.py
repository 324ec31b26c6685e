"""What of a casebook must come out right today, and what is known not to: ``expectations.yaml``, which explains its keys."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DATA = Path(__file__).with_name("expectations.yaml")
#: Where a capture of both environments is all it takes; other cases need model files, user code or many runs.
NEEDS = {"base", "edge"}


@dataclass(frozen=True)
class Expectations:
    """Cases with the reason why they are not expected."""

    misses: Mapping[str, str]


def load(path: Path = DATA) -> Expectations:
    """Read the data."""
    return Expectations(**yaml.safe_load(path.read_text(encoding="utf-8")))


def surprises(cases: Iterable[Mapping[str, Any]], verdicts: Mapping[str, bool], expected: Expectations) -> list[str]:
    """What came out other than expected, better included: the list of misses must shrink when it can."""
    found, judged = [], set()
    for case in cases:
        name, right = case["id"], verdicts.get(case["id"])
        is_negative = case["polarity"] == "negative"
        if not is_negative and case["needs"] not in NEEDS:
            continue
        if not is_negative:
            judged.add(name)
        if right is None:
            found.append(f"{name}: there is no report of its pair")
        elif is_negative and not right:
            found.append(f"{name}: reported, though nothing that a user computes changes")
        elif right and name in expected.misses:
            found.append(f"{name}: found now; take it off the misses")
        elif not right and not is_negative and name not in expected.misses:
            found.append(f"{name}: missed")
    unknown = sorted(expected.misses.keys() - judged)
    return found + [f"{name}: among the misses, but no positive case that is expected" for name in unknown]
