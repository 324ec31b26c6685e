"""How much of an API was probed, as a table and as JSON."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from kerasdiff.compare import coverage
from kerasdiff.text import visible, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kerasdiff.compare.coverage import Kind
    from kerasdiff.compare.side import Side

#: Columns, as of a report that goes to no terminal.
WIDTH = 80
#: Characters shown of a name, and of a reason.
NAME_LENGTH = 200
REASON_LENGTH = 500


def as_json(side: Side) -> str:
    """The figures and the reasons of every kind."""
    return json.dumps(msgspec.to_builtins(coverage.of(side) | coverage.besides(side)), indent=1, sort_keys=True) + "\n"


def as_text(side: Side) -> str:
    """A table of the figures; below it what wasn't probed, with the reasons."""
    kinds = coverage.of(side)
    lines = [visible(f"{side.api_name} of {side.fingerprint.label}", NAME_LENGTH), "", *_table(kinds, coverage.besides(side))]
    lacking = [line for kind, known in kinds.items() for line in _reasons(kind, known.not_probed, known.symbols)]
    outside = [line for kind, known in kinds.items() for line in _reasons(kind, known.out_of_scope, 0)]
    for heading, found in (("Not probed", lacking), ("Out of scope, not counted above", outside)):
        if found:
            lines += ["", heading, *found]
    return "".join(f"{line}\n" for line in lines)


def _table(kinds: dict[str, Kind], besides: dict[str, Kind]) -> list[str]:
    table = Table(box=None, pad_edge=False)
    table.add_column("kind")
    for column in ("symbols", "probed", "%", "cases"):
        table.add_column(column, justify="right")
    # What was measured besides has no whole to be a part of.
    for name, known in [*kinds.items(), ("all", coverage.total(kinds)), *besides.items()]:
        # Rounded down: 100 is all of them.
        part = f"{int(100 * known.share)}" if known.symbols and name not in besides else ""
        table.add_row(*map(Text, (name, f"{known.symbols:,}", f"{known.probed:,}", part, f"{known.cases:,}")))
    buffer = io.StringIO()
    Console(file=buffer, width=WIDTH, color_system=None, force_terminal=False).print(table)
    return [line.rstrip() for line in buffer.getvalue().splitlines()]


def _reasons(kind: str, found: dict[str, str], symbols: int) -> Iterator[str]:
    """The names of a kind by reason; one that holds for the whole kind is said of the kind."""
    by_reason: dict[str, list[str]] = {}
    for name, why in found.items():
        by_reason.setdefault(why, []).append(visible(name, NAME_LENGTH))
    for why, names in by_reason.items():
        told = f"all {kind}" if len(names) == symbols else ", ".join(names)
        yield from wrapped(f"{told}: {visible(why, REASON_LENGTH)}", WIDTH, "  ")
