"""Options that several commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from kerasdiff.knowledge.load import Effect
from kerasdiff.report.formats import FORMATS
from kerasdiff.text import visible

if TYPE_CHECKING:
    from collections.abc import Callable

APIS = click.Choice(["keras", "tf.keras", "tf_keras"])
EFFECTS = click.Choice([effect.value for effect in Effect])

_Command = TypeVar("_Command", bound="Callable[..., Any]")


def apis(command: _Command) -> _Command:
    """``--api`` for both sides, or one for each."""
    for option in (
        click.option("--api-b", type=APIS, help="API of B."),
        click.option("--api-a", type=APIS, help="API of A."),
        click.option("--api", type=APIS, help="API to compare on both sides.  [default: the one that people use there]"),
    ):
        command = option(command)
    return command


def names(_ctx: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> list[str]:
    """The names in all that was given, by commas: said twice, an option means both."""
    return [name.strip() for value in given for name in value.split(",") if name.strip()]


def callables(_ctx: click.Context, _parameter: click.Parameter, given: str | None) -> str | None:
    """What is named as ``package.module:function``."""
    from kerasdiff.probe.source import is_callable

    if given is None or is_callable(given):
        return given
    message = f"{visible(given, 100)!r} names no function; write package.module:function"
    raise click.BadParameter(message)


def reports(command: _Command) -> _Command:
    """Which reports are made, and where they go: see `kerasdiff.cli.targets`."""
    for option in (
        click.option(
            "-o",
            "--output",
            "outputs",
            multiple=True,
            metavar="[FORMAT:]FILE",
            help="File to write instead of standard output; with a format, besides it. Can be given several times.",
        ),
        click.option(
            "--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="Format of the report."
        ),
    ):
        command = option(command)
    return command


def own_model(command: _Command) -> _Command:
    """The user's own model, and where their code is found."""
    for option in (
        click.option("--path", metavar="FOLDER", help="Folder that your code is imported from.  [default: this one]"),
        click.option(
            "--model", metavar="SPEC", help="Your own model: package.module:function that returns it, or a saved model's file."
        ),
    ):
        command = option(command)
    return command


def own_pipeline(command: _Command) -> _Command:
    """The user's own pipeline."""
    option = click.option(
        "--pipeline",
        metavar="SPEC",
        callback=callables,
        help="Your own batches: package.module:function that gives them.",
    )
    return option(command)


def captured(command: _Command) -> _Command:
    """What is there now: an environment that is captured, or a fingerprint; and the policy that says what of it."""
    for option in (
        own_pipeline,
        own_model,
        click.option(
            "--timeout",
            type=click.FloatRange(min=1),
            default=300.0,
            show_default=True,
            help="Seconds that a family may take in an API.",
        ),
        click.option(
            "--fingerprint", metavar="FILE", help="Fingerprint captured elsewhere, or a release, instead of capturing here."
        ),
        click.option(
            "--python",
            metavar="PATH",
            help="Interpreter or environment to capture.  [default: this one, or the active environment]",
        ),
        click.option(
            "--policy", metavar="FILE", help="File of the policy.  [default: the nearest kerasdiff.toml or pyproject.toml]"
        ),
    ):
        command = option(command)
    return command


def shown(command: _Command) -> _Command:
    """How much of a comparison a report shows."""
    for option in (
        click.option("-v", "--verbose", is_flag=True, help="List everything, also what can't change a model."),
        click.option("--limit", type=click.IntRange(1), default=15, show_default=True, help="Causes to show of each effect."),
        click.option(
            "--min-effect", type=EFFECTS, default="info", show_default=True, help="Show nothing milder; the gate counts all."
        ),
    ):
        command = option(command)
    return command


def own(model: str | None, path: str | None, reference: str | None = None, pipeline: str | None = None) -> dict[str, Any]:
    """What the user has made, as `Request` has it: names of files are made absolute, what is no name of one is left.

    Raises `click.UsageError`, or `ReferenceError` where the reference can't be read.
    """
    from pathlib import Path

    from kerasdiff.probe.source import is_callable
    from kerasdiff.verify.archive import check

    if model is None and reference is not None:
        message = "--reference is about a model: give --model"
        raise click.UsageError(message)
    if model is None and pipeline is None:
        if path is not None:
            message = "--path is about code of yours: give --model or --pipeline"
            raise click.UsageError(message)
        return {}
    folder = Path(path or ".")
    if not folder.is_dir():
        message = f"{folder}: no such folder"
        raise click.UsageError(message)
    made = {"path": str(folder.absolute())}
    if pipeline is not None:
        made["pipeline"] = pipeline
    if model is None:
        return made
    if not is_callable(model) and not Path(model).exists():
        message = f"{model}: no such file; name a saved model, or a function as package.module:function"
        raise click.UsageError(message)
    made["model"] = model if is_callable(model) else str(Path(model).absolute())
    if reference is not None:
        check(reference)
        made["reference"] = str(Path(reference).absolute())
    return made
