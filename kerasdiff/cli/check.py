"""``kerasdiff check``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from kerasdiff.capture.run import Request
from kerasdiff.cli import options
from kerasdiff.cli.operand import is_file
from kerasdiff.cli.output import put
from kerasdiff.cli.progress import Progress
from kerasdiff.cli.targets import STDOUT, Target, keep, send, targets
from kerasdiff.compare.side import ApiError
from kerasdiff.drift import Baseline, BaselineError, Drift, Now, baseline, capture, check, elsewhere, is_about, update
from kerasdiff.errors import ExitStatus
from kerasdiff.fingerprint.load import FingerprintError
from kerasdiff.gate.policy import Source, find
from kerasdiff.knowledge.load import Effect
from kerasdiff.report import words
from kerasdiff.report.interface import Shown
from kerasdiff.report.reasons import reasons
from kerasdiff.report.waived import no_longer, why
from kerasdiff.text import inert, listed, visible

if TYPE_CHECKING:
    from kerasdiff.compare.engine import Comparison


@click.command()
@click.argument("given", metavar="[BASELINE]", required=False)
@options.captured
@click.option("--fail-on", type=options.EFFECTS, help="The gate.  [default: the policy's, else results]")
@options.reports
@options.shown
@click.option("--update", "is_update", is_flag=True, help="Make what is there now the baseline, and say what that accepts.")
@click.option("--slim", is_flag=True, help="With --update: keep only what the policy gates on.")
@click.help_option("-h", "--help")
def command(
    given: str | None,
    policy: str | None,
    python: str | None,
    fingerprint: str | None,
    timeout: float,
    model: str | None,
    path: str | None,
    pipeline: str | None,
    fail_on: str | None,
    form: str,
    outputs: tuple[str, ...],
    min_effect: str,
    limit: int,
    *,
    verbose: bool,
    is_update: bool,
    slim: bool,
) -> int:
    """Fail where an environment is no longer what the baseline says.

    Captures the environment, compares it with the BASELINE that the project has committed (by default that of the policy, else
    kerasdiff.json or kerasdiff.json.gz beside it), and exits with what the gate says. BASELINE may be a shipped release too, as
    tensorflow==2.15, see: kerasdiff releases. --model and --pipeline run code of yours, and check that too: the baseline must
    have been written with them. The policy stands in pyproject.toml or kerasdiff.toml, see: kerasdiff policy --help
    """
    if slim and not is_update:
        message = "--slim is about the baseline that is written; add --update."
        raise click.UsageError(message)
    if is_update and (outputs or form != "text"):
        message = "--update writes no report; check first, with --output, then --update."
        raise click.UsageError(message)
    asked = Request(timeout=timeout, **options.own(model, path, pipeline=pipeline))
    wanted = targets(outputs, form)
    source = find(policy)
    if fail_on is not None:
        gated = msgspec.structs.replace(source.policy, fail_on=Effect(fail_on))
        source = msgspec.structs.replace(source, policy=gated)
    against = baseline(source, given)
    if is_update:
        against.require_own()
    keep(wanted, [against.file, source.file, *([fingerprint] if fingerprint is not None and is_file(fingerprint) else [])])
    named = against.name if against.release is not None else ""
    shown = Shown(verbose=verbose, limit=limit, min_effect=Effect(min_effect), is_check=True, release=named)
    if is_update:
        return _update(source, against, facts(source, python, fingerprint, asked, verbose=verbose), slim=slim, limit=limit)
    against.require()
    drift = check(source, against, facts(source, python, fingerprint, asked, verbose=verbose))
    if drift.gate.exit == ExitStatus.OK and not verbose and Target("text", STDOUT) in wanted:
        wanted.remove(Target("text", STDOUT))
        send(wanted, drift.comparison, drift.gate, shown, drift.locator)
        put(_passed(drift, against))
    else:
        send(wanted, drift.comparison, drift.gate, shown, drift.locator)
    return drift.gate.exit


def facts(source: Source, python: str | None, fingerprint: str | None, asked: Request, *, verbose: bool) -> Now:
    """The environment there is, or the fingerprint or release that is given.

    Raises `KerasdiffError`.
    """
    if fingerprint is not None:
        if python is not None:
            message = "--python and --fingerprint are two answers to what is there now; give one"
            raise click.UsageError(message)
        if asked.path is not None:
            message = "--fingerprint runs no code of yours: what --model and --pipeline gave is in it, if captured with them"
            raise click.UsageError(message)
        return elsewhere(fingerprint)
    progress = Progress(verbose=verbose)
    with progress:
        return capture(source.policy, python, asked, progress.event)


def _passed(drift: Drift, against: Baseline) -> str:
    """A run that passes, in a line; below it the waivers that no longer serve, where the policy only warns of them."""
    effects = [found.effect for found in drift.comparison.divergences if found.waived is None]
    rest = [f"{effects.count(effect)} {effect.value}" for effect in Effect if effect in effects]
    waived = len(drift.comparison.divergences) - len(effects)
    rest += [f"{waived} waived"] if waived else []
    figures = drift.comparison.coverage["b"]
    cases = sum(known["cases"] for known in figures.values())
    what = f"nothing at or above {drift.gate.fail_on.value} differs from {against.name} in {cases:,} cases"
    what += "".join(f", nor in {own}" for own in words.own(drift.comparison))
    told = f"kerasdiff: {words.side(drift.comparison.b)}: {what}"
    stale = [
        f"kerasdiff: waiver of {listed([one.id for one in group], words.FEW)}: {why(group)}" for group in no_longer(drift.gate)
    ]
    lines = (told + (f" ({', '.join(rest)}; --verbose lists them)" if rest else ""), *stale)
    return "".join(f"{inert(visible(line))}\n" for line in lines)


def _update(source: Source, against: Baseline, now: Now, *, slim: bool, limit: int) -> int:
    """Accept what is there now; what that is, is said first."""
    from kerasdiff.gate import edit

    lines = []
    if against.file.is_file():
        try:
            lines = _accepted(check(source, against, now).comparison, limit)
        except (FingerprintError, BaselineError, ApiError) as error:  # damaged, of another schema, or of another scope
            lines = [f"kerasdiff: what this accepts can't be told: {error}"]
    text = update(source, against, now, slim=slim)
    kept = edit.remove(source, lambda waiver: is_about(waiver, against, source)).policy.waivers
    dropped = len(source.policy.waivers) - len(kept)
    lines.append(f"kerasdiff: wrote {against.name}, {len(text) / 1000:.0f} kB of JSON")
    if dropped:
        lines.append(f"kerasdiff: removed {words.count(dropped, 'waiver')} that it makes needless from {source.file}")
    put("".join(f"{inert(visible(line))}\n" for line in lines))
    return ExitStatus.OK


def _accepted(comparison: Comparison, limit: int) -> list[str]:
    """What a new baseline accepts: the causes of what differs from the old one, the worst first."""
    every = [msgspec.structs.replace(found, waived=None) for found in comparison.divergences]
    found = [one for one in reasons(every) if one.effect is not Effect.INFO]
    lines = [f"kerasdiff: accepted: {words.headline(msgspec.structs.replace(comparison, divergences=every), found)}"]
    for one in found[:limit]:
        told = f"{one.rule.title} [{one.rule.code}]" if one.rule else one.told.said()
        lines.append(f"  {one.effect.value}: {listed(words.names(one), words.FEW)}: {told}")
    rest = len(found) - limit
    return lines + ([f"  and {words.count(rest, 'more cause')}"] if rest > 0 else [])
