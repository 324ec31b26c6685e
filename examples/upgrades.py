"""Writes upgrades.md: neighbouring releases and what the step from one to the next changes, by effect.

    python examples/upgrades.py > examples/upgrades.md

Read from the index of the shipped fingerprints: nothing in the page is written by hand.
"""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING

from kerasdiff.knowledge.load import Effect
from kerasdiff.knowledge.rules import rule
from kerasdiff.releases.index import contents, moves, reasons
from kerasdiff.releases.timeline import label, told
from kerasdiff.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kerasdiff.releases.index import Move, Told

#: Effects after which the same code may build or compute something else.
SERIOUS = (Effect.BREAKS, Effect.ARCHITECTURE, Effect.RESULTS)
COLUMNS = (*SERIOUS, Effect.REPRODUCIBILITY)
#: Causes told of a step.
FEW = 3


def main() -> None:
    """Print the page."""
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # it is a text stream
    sys.stdout.write("\n".join(page()) + "\n")


def page() -> Iterator[str]:
    """The lines of the page."""
    yield "# Upgrades, measured"
    yield ""
    yield "Each shipped release and the next: how many causes change what, and the worst of them. *Safe*: nothing was found"
    yield "that breaks code, changes the architecture or changes results. Made by [upgrades.py](upgrades.py); nothing here is"
    yield "written by hand. `kerasdiff compare` tells all of it, `kerasdiff explain KD…` what is known of a cause."
    sections: dict[str, list[tuple[Move, tuple[Told, ...]]]] = {}
    for number, move in enumerate(moves()):
        a, b = (contents().places[place].line for place in (move.a, move.b))
        sections.setdefault(a if a == b else "From one line to another", []).append((move, reasons(number)))
    for name, steps in sections.items():
        yield ""
        yield f"## {name}"
        yield ""
        yield f"| step | {' | '.join(effect.value for effect in COLUMNS)} | the worst of it |"
        yield f"| --- |{' ---: |' * len(COLUMNS)} --- |"
        is_line = name in {place.line for place in contents().places}
        yield from (row(move, why, is_line=is_line) for move, why in steps)


def row(move: Move, why: tuple[Told, ...], *, is_line: bool) -> str:
    """A step: its causes by effect, and the worst of them."""
    counts = Counter(reason.effect for reason in why)
    step = " → ".join(label(place) if is_line else told(place) for place in (move.a, move.b))
    numbers = [str(counts[effect.value] or "") for effect in COLUMNS]
    serious = [reason for reason in why if Effect(reason.effect) in SERIOUS]
    worst = "; ".join(said(reason) for reason in serious[:FEW]) or "*safe*"
    more = f"; and {len(serious) - FEW} more" if len(serious) > FEW else ""
    return f"| {step} | {' | '.join(numbers)} | {worst}{more} |"


def said(reason: Told) -> str:
    """A cause in a few words."""
    known = rule(reason.rule) if reason.rule else None
    text = f"{known.title} ({known.code})" if known is not None else f"{listed(reason.named[:2], None)}: {reason.said}"
    text = text if len(text) <= 140 else f"{text[:140]}…"
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


if __name__ == "__main__":
    main()
