"""``kerasdiff compare``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from kerasdiff.cli.operand import read
from kerasdiff.cli.options import EFFECTS, apis
from kerasdiff.cli.output import put
from kerasdiff.compare.choose import choose
from kerasdiff.compare.engine import compare
from kerasdiff.fingerprint.load import write
from kerasdiff.gate.decide import decide
from kerasdiff.knowledge.load import Effect
from kerasdiff.report.formats import FORMATS, reporter
from kerasdiff.report.interface import Shown


@click.command()
@click.argument("a")
@click.argument("b")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="Format of the report.",
)
@click.option("-o", "--output", metavar="FILE", help="File to write instead of standard output.")
@click.option("--fail-on", type=EFFECTS, default="results", show_default=True, help="The gate.")
@apis
@click.option("--only", multiple=True, metavar="PATTERN", help="Compare these ids (subject/aspect) alone, as 'layers.*'.")
@click.option("--ignore", multiple=True, metavar="PATTERN", help="Leave out ids (subject/aspect) that match, as 'callbacks.*'.")
@click.option(
    "--min-effect",
    type=EFFECTS,
    default="info",
    show_default=True,
    help="Show nothing milder; the gate counts all.",
)
@click.option("--limit", type=click.IntRange(1), default=15, show_default=True, help="Causes to show of each effect.")
@click.option("-v", "--verbose", is_flag=True, help="List everything, also what can't change a model.")
def command(
    a: str,
    b: str,
    form: str,
    output: str | None,
    fail_on: str,
    api: str | None,
    api_a: str | None,
    api_b: str | None,
    only: tuple[str, ...],
    ignore: tuple[str, ...],
    min_effect: str,
    limit: int,
    *,
    verbose: bool,
) -> int:
    """Report what differs between A, where the code is known to work, and B, where it moves to.

    A and B are each a fingerprint (.json or .json.gz), - for standard input, or env:PATH for an environment, captured on
    the spot.
    """
    if a == b == "-":
        message = "only one of A and B can be standard input"
        raise click.UsageError(message)
    found = choose(compare(read(a), read(b), api_a=api_a or api, api_b=api_b or api), only, ignore)
    gate = decide(found, Effect(fail_on))
    shown = Shown(verbose=verbose, limit=limit, min_effect=Effect(min_effect))
    text = reporter(form, shown, color=_is_coloured(output)).report(found, gate)
    if output is None or output == "-":
        put(text)
    else:
        write(text.encode("utf-8"), Path(output))
    return gate.exit


def _is_coloured(output: str | None) -> bool:
    """Whether the report goes to a terminal that shows colour."""
    is_terminal = output is None and sys.stdout is not None and sys.stdout.isatty()
    return is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
