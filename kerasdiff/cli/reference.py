"""``kerasdiff reference``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from kerasdiff.cli.options import own, own_model
from kerasdiff.cli.output import put
from kerasdiff.cli.progress import Progress

_PYTHON = click.option(
    "--python", metavar="PATH", help="Interpreter or environment to run the model in.  [default: as capture]"
)
_TIMEOUT = click.option(
    "--timeout", type=click.FloatRange(min=1), default=300.0, show_default=True, help="Seconds that the model may take."
)


@click.group()
@click.help_option("-h", "--help")
def command() -> None:
    """Record what a model gives, and verify it in another environment.

    Both run code of yours: the function that builds the model.
    """


@command.command(short_help="Write what a model takes, holds and gives.")
@own_model
@click.option("-o", "--output", metavar="REF.npz", required=True, help="File to write.")
@click.option("--input", "given", metavar="FILE.npz", help="Inputs: x, or inputs_0, inputs_1….  [default: by a fixed formula]")
@_PYTHON
@_TIMEOUT
@click.option("--force", is_flag=True, help="Replace an existing file.")
@click.help_option("-h", "--help")
def record(
    model: str | None, path: str | None, output: str, given: str | None, python: str | None, timeout: float, *, force: bool
) -> None:
    """Write the inputs, the weights, what each layer makes of them, and the outputs of a model.

    The file holds your weights. It is read by kerasdiff reference verify, and as inputs and outputs by capture --reference.
    """
    from kerasdiff.verify.reference import Place, record

    place = Place(python=python, timeout=timeout, **_needed(model, path))
    progress = Progress(verbose=False)
    with progress:
        told = record(place, given, Path(output), force=force, on_event=progress.event)
    where = told["environment"]
    progress.tell(
        f"{where['api']} {where['version']}: wrote {output}: {told['calls']} calls of {told['layers']} layers, "
        f"{told['weights']} weights, inputs {told['inputs']}, outputs {told['outputs']}"
    )
    if told["left_out"]:
        progress.tell(f"left out, being too large: what {', '.join(told['left_out'][:5])} takes or gives")


@command.command(short_help="Run it in the new environment, and say where it parts, and why.")
@click.argument("reference")
@own_model
@_PYTHON
@click.option(
    "--tolerance",
    type=click.FloatRange(min=0),
    default=1e-5,
    show_default=True,
    help="How far a tensor may be off, over its largest number.",
)
@click.option("--a", "a", metavar="A", help="What the old environment is.  [default: the shipped release that was recorded]")
@click.option("--b", "b", metavar="B", help="What the new environment is.  [default: it is captured]")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Format.")
@click.option("-o", "--output", metavar="FILE", help="File to write instead of standard output.")
@_TIMEOUT
@click.option("-v", "--verbose", is_flag=True, help="List every layer.")
@click.help_option("-h", "--help")
def verify(
    reference: str,
    model: str | None,
    path: str | None,
    python: str | None,
    tolerance: float,
    a: str | None,
    b: str | None,
    form: str,
    output: str | None,
    timeout: float,
    *,
    verbose: bool,
) -> int:
    """Build the model in the new environment, with the recorded weights, and run it on the recorded inputs.

    Each layer is also run alone on what it was given when it was recorded, so that none is blamed for one before it. Where
    something parts, the divergences between the two environments tell why. A and B are what compare takes.

    Exit status: 0 where the outputs are as recorded, 1 where they or what a layer gives alone are not, 2 where the reference
    or the model is bad, 3 where there is no answer.
    """
    from kerasdiff.cli.operand import read_all
    from kerasdiff.fingerprint.load import write
    from kerasdiff.report import referenced
    from kerasdiff.verify.reference import Place, verify

    place = Place(python=python, timeout=timeout, **_needed(model, path))
    given = [name for name in (a, b) if name is not None]
    known = dict(zip(given, read_all(*given), strict=True))
    progress = Progress(verbose=False)
    with progress:
        sides = (known.get(a or ""), known.get(b or ""))
        fingerprints = [side and side.fingerprint for side in sides]
        found = verify(place, reference, tolerance, fingerprints[0], fingerprints[1], progress.event)
    status = 0 if found.passed else 1
    text = referenced.as_json(found, status) if form == "json" else referenced.as_text(found, verbose=verbose)
    if output is None or output == "-":
        put(text)
    else:
        write(text.encode("utf-8"), Path(output))
    return status


def _needed(model: str | None, path: str | None) -> dict[str, Any]:
    if model is None:
        message = "which model? give --model package.module:function, or a saved model's file"
        raise click.UsageError(message)
    return own(model, path)
