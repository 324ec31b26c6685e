"""What of a comparison is open and what is waived."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kerasdiff.text import visible

if TYPE_CHECKING:
    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.compare.engine import Comparison
    from kerasdiff.gate.decide import Gate
    from kerasdiff.gate.waivers import Stale


def left(comparison: Comparison) -> list[Divergence]:
    """The divergences that nobody has waived."""
    return [found for found in comparison.divergences if found.waived is None]


def by_waiver(comparison: Comparison) -> dict[str, list[Divergence]]:
    """The waived divergences, by the terms of their waiver."""
    found: dict[str, list[Divergence]] = {}
    for one in comparison.divergences:
        if one.waived is not None:
            found.setdefault(terms(one.waived), []).append(one)
    return found


def terms(waived: dict[str, Any]) -> str:
    """Why a divergence is waived, by whom and until when."""
    owner, until = waived.get("owner"), waived.get("until")
    who = [visible(str(owner), 100)] if owner else []
    who += [f"until {visible(str(until), 100)}"] if until else []
    return visible(str(waived["reason"]), 1000) + (f" ({', '.join(who)})" if who else "")


def no_longer(gate: Gate) -> list[list[Stale]]:
    """The waivers that no longer serve: of each what has become of it, with all ids that this is said of."""
    found: dict[tuple[int, str], list[Stale]] = {}
    for one in gate.waivers:
        found.setdefault((one.waiver, one.state), []).append(one)
    return list(found.values())


def why(group: list[Stale]) -> str:
    """Why a waiver no longer serves: of several reasons the first, and that there are others."""
    reasons = list(dict.fromkeys(one.why for one in group))
    first = f"{group[0].id}: {reasons[0]}" if len(reasons) > 1 else reasons[0]
    others = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
    return visible(f"{first}{others}; waived for: {group[0].reason}", 1000)
