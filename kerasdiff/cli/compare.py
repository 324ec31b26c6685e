"""``kerasdiff compare``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kerasdiff.cli import options
from kerasdiff.cli.operand import is_file, read_all
from kerasdiff.cli.targets import keep, send, targets
from kerasdiff.compare.choose import choose
from kerasdiff.compare.engine import compare
from kerasdiff.gate.decide import decide
from kerasdiff.knowledge.load import Effect
from kerasdiff.models.kind import is_saved_model
from kerasdiff.report.interface import Shown

if TYPE_CHECKING:
    from kerasdiff.compare.engine import Comparison


@click.command()
@click.argument("a")
@click.argument("b")
@options.reports
@click.option("--fail-on", type=options.EFFECTS, default="results", show_default=True, help="The gate.")
@options.apis
@click.option("--only", multiple=True, metavar="PATTERN", help="Compare these ids (subject/aspect) alone, as 'layers.*'.")
@click.option("--ignore", multiple=True, metavar="PATTERN", help="Leave out ids (subject/aspect) that match, as 'callbacks.*'.")
@click.option("--model", metavar="FILE", help="Saved model: tell what it uses alone, and what loading it in B does.")
@options.shown
@click.help_option("-h", "--help")
def command(
    a: str,
    b: str,
    form: str,
    outputs: tuple[str, ...],
    fail_on: str,
    api: str | None,
    api_a: str | None,
    api_b: str | None,
    only: tuple[str, ...],
    ignore: tuple[str, ...],
    model: str | None,
    min_effect: str,
    limit: int,
    *,
    verbose: bool,
) -> int:
    """Report what differs between A, where the code is known to work, and B, where it moves to.

    A and B are each a fingerprint (.json or .json.gz), - for standard input, a shipped release as tensorflow==2.15 (see:
    kerasdiff releases), or env:PATH for an environment, captured on the spot; or both are saved models, see kerasdiff inspect.

    With --model, it tells what of it concerns a saved model, by its layers, and predicts whether B loads the file.
    """
    if a == b == "-":
        message = "only one of A and B can be standard input"
        raise click.UsageError(message)
    wanted = targets(outputs, form)
    keep(wanted, [*(operand for operand in (a, b) if is_file(operand)), model])
    found = _models(a, b, apis=[api, api_a, api_b], model=model) or _compared(a, b, api_a or api, api_b or api, model)
    found = choose(found, only, ignore)
    gate = decide(found, Effect(fail_on))
    shown = Shown(verbose=verbose, limit=limit, min_effect=Effect(min_effect))
    send(wanted, found, gate, shown)
    return gate.exit


def _compared(a: str, b: str, api_a: str | None, api_b: str | None, model: str | None) -> Comparison:
    """The comparison of two environments, as it concerns a saved model where one is given."""
    saved = None
    if model is not None:  # first: what is wrong with it is told before minutes of captures
        from kerasdiff.models.load import load

        saved = load(model)
    one, other = read_all(a, b)
    compared = compare(one.fingerprint, other.fingerprint, api_a=api_a or one.api, api_b=api_b or other.api)
    if saved is None:
        return compared
    from kerasdiff.scope.engine import scoped

    return scoped(compared, saved)


def _models(a: str, b: str, apis: list[str | None], model: str | None) -> Comparison | None:
    """The comparison of two saved models; None where neither is one."""
    models = [operand != "-" and is_file(operand) and is_saved_model(operand) for operand in (a, b)]
    if not any(models):
        return None
    if not all(models):
        message = f"{a if models[0] else b} is a saved model, the other is none; compare two models, or two environments."
        raise click.UsageError(message)
    if model is not None:
        message = "--model narrows a comparison of environments; A and B are saved models."
        raise click.UsageError(message)
    if any(apis):
        message = "--api chooses among the APIs of an environment; saved models have none."
        raise click.UsageError(message)
    from kerasdiff.compare import models as saved
    from kerasdiff.models.load import load

    return saved.compare(load(a), load(b))
