"""``kerasdiff verify``."""

from __future__ import annotations

from pathlib import Path

import click

from kerasdiff.cli.operand import environment, read
from kerasdiff.cli.options import EFFECTS, apis, names
from kerasdiff.cli.output import put
from kerasdiff.cli.progress import Progress
from kerasdiff.fingerprint.load import write
from kerasdiff.gate.decide import decide
from kerasdiff.knowledge.load import Effect
from kerasdiff.probe.apis import TABLE
from kerasdiff.verify.judge import status
from kerasdiff.verify.run import Choice, verify

_FAMILIES: list[str] = TABLE["measured"]


@click.command()
@click.argument("a")
@click.argument("b")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Format of the report."
)
@click.option("-o", "--output", metavar="FILE", help="File to write instead of standard output.")
@click.option(
    "--min-effect",
    "least",
    type=EFFECTS,
    default="results",
    show_default=True,
    help="Try the remedies of divergences of this effect and worse.",
)
@click.option(
    "--families",
    metavar="FAMILIES",
    multiple=True,
    callback=names,
    help="Measured families to capture, by commas.  [default: those that A has]",
)
@apis
def command(
    a: str,
    b: str,
    form: str,
    output: str | None,
    least: str,
    families: list[str],
    api: str | None,
    api_a: str | None,
    api_b: str | None,
) -> int:
    """Try the remedies in a live environment, and say which restore A.

    A is what compare takes. B is a live environment, env:PATH: it is captured, and once more with every remedy in force
    that kerasdiff knows for it. The same cases tell whether B then gives what A gives, and how much is left.

    Exit status: 0 where all that was tested restores A, 1 where some does not, 3 where nothing could be tested.
    """
    python = environment(b)
    if python is None:
        message = "B is no live environment, and remedies are tried in one: give env:PATH"
        raise click.UsageError(message)
    unknown = sorted(set(families) - set(_FAMILIES))
    if unknown:
        message = f"no such measured family: {', '.join(unknown)}; there are {', '.join(_FAMILIES)}"
        raise click.UsageError(message)
    known = read(a)
    choice = Choice(api_a=api_a or api or known.api, api_b=api_b or api, families=families, least=Effect(least))
    progress = Progress(verbose=False)
    with progress:
        found = verify(known.fingerprint, python, choice, tell=progress.tell, on_event=progress.event)
    if form == "json":
        from kerasdiff.report.json import JsonReporter

        text = JsonReporter().report(found, decide(found, choice.least))
    else:
        from kerasdiff.report.verified import report

        text = report(found)
    if output is None or output == "-":
        put(text)
    else:
        write(text.encode("utf-8"), Path(output))
    return status(found.divergences)
