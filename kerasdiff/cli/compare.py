"""``kerasdiff compare``."""

from __future__ import annotations

import fnmatch
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from kerasdiff.cli.operand import read
from kerasdiff.cli.output import put
from kerasdiff.compare.engine import Comparison, compare
from kerasdiff.fingerprint.load import write
from kerasdiff.gate.decide import decide
from kerasdiff.knowledge.load import Effect

if TYPE_CHECKING:
    from kerasdiff.report.interface import Reporter

_APIS = click.Choice(["keras", "tf.keras", "tf_keras"])


@click.command()
@click.argument("a")
@click.argument("b")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Format of the report."
)
@click.option("-o", "--output", metavar="FILE", help="File to write instead of standard output.")
@click.option(
    "--fail-on", type=click.Choice([effect.value for effect in Effect]), default="results", show_default=True, help="The gate."
)
@click.option("--api", type=_APIS, help="API to compare on both sides.  [default: the one that people use there]")
@click.option("--api-a", type=_APIS, help="API of A.")
@click.option("--api-b", type=_APIS, help="API of B.")
@click.option("--ignore", multiple=True, metavar="PATTERN", help="Leave out ids (subject/aspect) that match, as 'callbacks.*'.")
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
    ignore: tuple[str, ...],
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
    found = _without(compare(read(a), read(b), api_a=api_a or api, api_b=api_b or api), ignore)
    gate = decide(found, Effect(fail_on))
    text = _reporter(form, verbose=verbose, to_terminal=output is None).report(found, gate)
    if output is None or output == "-":
        put(text)
    else:
        write(text.encode("utf-8"), Path(output))
    return gate.exit


def _reporter(form: str, *, verbose: bool, to_terminal: bool) -> Reporter:
    """The reporter for a format; imported here, since text needs more than JSON."""
    if form == "json":
        from kerasdiff.report.json import JsonReporter

        return JsonReporter()
    from kerasdiff.report.text import TextReporter

    is_terminal = to_terminal and sys.stdout is not None and sys.stdout.isatty()
    color = is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return TextReporter(verbose=verbose, color=color)


def _without(comparison: Comparison, patterns: tuple[str, ...]) -> Comparison:
    """The comparison without the ids that match; ``*`` crosses the dots, and a subject stands for all its aspects."""
    if not patterns:
        return comparison

    def ignored(identifier: str) -> bool:
        subject = identifier.partition("/")[0]
        return any(fnmatch.fnmatchcase(identifier, pattern) or fnmatch.fnmatchcase(subject, pattern) for pattern in patterns)

    ids = {found.id for found in comparison.divergences} | {unknown.id for unknown in comparison.not_comparable}
    kept = {identifier for identifier in ids if not ignored(identifier)}
    return msgspec.structs.replace(
        comparison,
        divergences=[
            msgspec.structs.replace(
                found,
                cause=found.cause if found.cause in kept else None,
                explains=[identifier for identifier in found.explains if identifier in kept],
            )
            for found in comparison.divergences
            if found.id in kept
        ],
        not_comparable=[unknown for unknown in comparison.not_comparable if unknown.id in kept],
        ignored=len(ids) - len(kept),
    )
