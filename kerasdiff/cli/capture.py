"""``kerasdiff capture``."""

from __future__ import annotations

from pathlib import Path

import click

from kerasdiff.capture.interpreter import find
from kerasdiff.capture.run import CaptureError, Request, probe
from kerasdiff.cli import options
from kerasdiff.cli.options import APIS, names
from kerasdiff.cli.output import put
from kerasdiff.cli.progress import Progress
from kerasdiff.errors import ExitStatus
from kerasdiff.fingerprint.document import VALUE
from kerasdiff.fingerprint.load import parse, save
from kerasdiff.text import visible


@click.command()
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="File to write, packed if it ends in .gz; - is standard output.  [default: <label>.json]",
)
@click.option(
    "--python", metavar="PATH", help="Interpreter or environment to capture.  [default: this one, or the active environment]"
)
@click.option("--label", metavar="NAME", help="Name of the environment in reports.  [default: API, version and backend]")
@click.option("--only", metavar="FAMILIES", multiple=True, callback=names, help="Probe families to capture, by commas.")
@click.option("--skip", metavar="FAMILIES", multiple=True, callback=names, help="Probe families to leave out.")
@click.option("--api", "apis", multiple=True, type=APIS, help="API to capture.  [default: all]")
@click.option(
    "--timeout",
    type=click.FloatRange(min=1),
    default=300.0,
    show_default=True,
    help="Seconds that a family may take in an API.",
)
@options.own_model
@options.own_pipeline
@click.option("--reference", metavar="FILE", help="With --model: .npz with inputs x to run it on, and outputs y to expect.")
@click.option("--force", is_flag=True, help="Replace an existing file that differs.")
@click.option("-v", "--verbose", is_flag=True, help="Show what the framework itself prints.")
@click.help_option("-h", "--help")
def command(
    output: str | None,
    python: str | None,
    label: str | None,
    only: list[str],
    skip: list[str],
    apis: tuple[str, ...],
    timeout: float,
    pipeline: str | None,
    model: str | None,
    path: str | None,
    reference: str | None,
    *,
    force: bool,
    verbose: bool,
) -> None:
    """Write the fingerprint of an environment: versions, settings, defaults, configurations.

    The environment is that of the interpreter given by --python; else of the running one if it holds a Keras; else of the
    active virtual or conda environment. Nothing is installed or changed in it.

    --model and --pipeline run code of yours there. --model builds your own model, and tells its layers, weights, outputs, a
    step of training and what comes back from each format that it is saved in; --pipeline goes through two epochs of batches.
    """
    own = options.own(model, path, reference, pipeline)
    interpreter = find(python)
    progress = Progress(verbose=verbose)
    progress.tell(f"capturing {interpreter.path} ({interpreter.reason})")
    request = Request(only=only, skip=skip, apis=list(apis), label=label, timeout=timeout, **own)
    try:
        with progress:
            text = probe(interpreter, request, progress.event)
    except CaptureError as error:
        if error.status is ExitStatus.UNANSWERED and not verbose:
            progress.chatter(error.chatter)
        raise
    if output == "-":
        put(text)
        return
    fingerprint = parse(text.encode("ascii"), "the capture")
    if fingerprint.model is not None and fingerprint.model.state != VALUE:
        progress.tell(f"the model {model}: {fingerprint.model.failure}; the rest of the capture is kept")
    elif fingerprint.model is not None and fingerprint.model.not_run:
        progress.tell(f"the model {model} was not run: {fingerprint.model.not_run}")
    target = Path(output or f"{fingerprint.label}.json")
    save(text, target, force=force)
    progress.tell(f"{fingerprint.label}: wrote {visible(str(target))} in {fingerprint.captured.seconds:.1f} s")
