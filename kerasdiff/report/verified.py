"""What trying the remedies gave, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kerasdiff.report import words
from kerasdiff.report.grouping import NAME_LENGTH
from kerasdiff.text import visible, wrapped

if TYPE_CHECKING:
    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.compare.engine import Comparison

_WIDTH = 80
_HEADINGS = {
    "restores": "RESTORES A  with the remedy, B gives what A gives",
    "does not": "DOES NOT  with the remedy, B still differs",
    "untested": "CAN'T BE TESTED",
}


def report(comparison: Comparison) -> str:
    """Each remedy of a subject in a line, by outcome, and a summary."""
    lines = [f"{name}  {visible(words.side(side))}" for name, side in (("A", comparison.a), ("B", comparison.b))]
    groups = [(_state(group), group) for group in _groups(comparison)]
    for state, heading in _HEADINGS.items():
        found = [_line(group, state) for known, group in groups if known == state]
        if found:
            lines += ["", heading]
            lines += [part for line in found for part in wrapped(line, _WIDTH, "  ")]
    return "\n".join([*lines, "", *wrapped(_summary([state for state, _ in groups]), _WIDTH, hanging="")]) + "\n"


def _groups(comparison: Comparison) -> list[list[Divergence]]:
    """The divergences of each remedy of a subject."""
    groups: dict[tuple[str, str], list[Divergence]] = {}
    for found in comparison.divergences:
        if found.verified is not None:
            groups.setdefault((found.subject, found.verified["tried"]), []).append(found)
    return list(groups.values())


def _state(group: list[Divergence]) -> str:
    """The outcome of a remedy: where it was tested, whether some of it isn't restored."""
    states = {one.verified["state"] for one in group if one.verified is not None}
    return next(state for state in ("does not", "restores", "untested") if state in states)


def _line(group: list[Divergence], state: str) -> str:
    first, more = group[0], len(group) - 1
    name = visible(first.id, NAME_LENGTH) + (f" and {more} more" if more else "")
    rule = f" ({first.rule})" if first.rule else ""
    verdicts = [one.verified for one in group if one.verified is not None]
    worst = max((one for one in verdicts if one["state"] == state), key=_left)
    told = f"{name}{rule}: {visible(worst['tried'], NAME_LENGTH)}: "
    cases, restored = (sum(one[key] for one in verdicts) for key in ("cases", "restored"))
    if not cases:
        return told + visible(worst["why"])
    result = f"{restored} of {cases} results as in A"
    if worst["left"] is not None:
        result += f", {worst['left']:.2g} left"
    beside, otherwise = (sorted({name for one in verdicts for name in one[key]}) for key in ("beside", "otherwise"))
    if beside:
        result += f", together with {', '.join(map(visible, beside))}"
    if otherwise:
        result += f"; for another reason differs {', '.join(map(visible, otherwise))}"
    return told + result + (f"; {visible(worst['why'])}" if worst["why"] else "")


def _left(verdict: dict[str, Any]) -> float:
    return float(verdict["left"]) if verdict["left"] is not None else float("inf")


def _summary(states: list[str]) -> str:
    if not states:
        return "No divergence has a remedy that could be tried."
    restore, fail, untested = (states.count(state) for state in _HEADINGS)
    total = len(states)
    return (
        f"{restore} of {total} remed{'y' if total == 1 else 'ies'} restore{'s' if restore == 1 else ''} A; "
        f"{fail} {'does' if fail == 1 else 'do'} not; {untested} can't be tested."
    )
