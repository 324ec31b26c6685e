"""``kerasdiff waive``."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import click

from kerasdiff.cli import options
from kerasdiff.cli.check import facts
from kerasdiff.cli.output import put
from kerasdiff.compare.choose import fits
from kerasdiff.drift import baseline, check
from kerasdiff.errors import KerasdiffError
from kerasdiff.gate import edit
from kerasdiff.gate.policy import Waiver, find
from kerasdiff.gate.waivers import accepted, follow
from kerasdiff.report import words
from kerasdiff.text import inert, listed, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.drift import Drift

#: What stands for no expiry.
NEVER = "never"


class NothingToWaive(KerasdiffError):
    """No divergence is called so."""


def _day(_ctx: click.Context, _parameter: click.Parameter, value: str) -> dt.date | None:
    if value == NEVER:
        return None
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        message = f"{value!r} is no day; write one as 2027-01-31, or {NEVER}"
        raise click.BadParameter(message) from None


@click.command()
@click.argument("wanted", metavar="ID|CODE…", nargs=-1, required=True)
@click.option("--reason", required=True, metavar="TEXT", help="Why it is accepted.")
@click.option("--until", required=True, metavar="DATE", callback=_day, help="Last day on which it is, as 2027-01-31; or never.")
@click.option("--owner", default="", metavar="NAME", help="Who answers for it.")
@click.option("--baseline", "given", metavar="FILE", help="Baseline that it is about.  [default: that of check]")
@options.captured
def command(
    wanted: tuple[str, ...],
    reason: str,
    until: dt.date | None,
    owner: str,
    given: str | None,
    policy: str | None,
    python: str | None,
    fingerprint: str | None,
    timeout: float,
) -> None:
    """Accept divergences from the baseline, with a reason and an expiry.

    Each is named by its id, as a report has it (* is anything), or by the code of a rule, which stands for all that the rule
    explains now. What a waiver accepts is written down as it is: it no longer fits when that moves again. With a cause, what
    the cause explains is accepted too, within its effect and size of now. The waiver goes into the policy's file.
    """
    if not reason.strip():
        message = "--reason is empty; say why it is accepted"
        raise click.UsageError(message)
    source = find(policy)
    against = baseline(source, given)
    against.require()
    now, name = facts(source, python, fingerprint, timeout, verbose=False)
    drift = check(source, against, now, name=name)
    explained = follow(drift.comparison.divergences)
    accepts = [accepted(found, explained.get(found.id, [])) for found in _chosen(drift, explained, wanted)]
    waiver = Waiver(reason=reason, owner=owner, until=until, baseline=against.name if given else "", accepts=accepts)
    changed = edit.add(source, waiver)
    where = f"{changed.file}:{changed.line('waivers', len(changed.policy.waivers) - 1)}"
    ids = listed([entry.id for entry in accepts], words.FEW)
    put(f"kerasdiff: {inert(visible(f'{where}: waived until {until or NEVER}: {ids}'))}\n")


def _chosen(drift: Drift, explained: dict[str, list[Divergence]], wanted: Sequence[str]) -> list[Divergence]:
    """The divergences that are named and that nobody has waived yet; of a pattern or a rule those at the gate.

    What another one of them explains is left out: it is accepted with its cause. Raises `NothingToWaive`.
    """
    every = drift.comparison.divergences
    found: dict[str, Divergence] = {}
    for name in wanted:
        exact = [one for one in every if one.id == name]
        named = exact or [one for one in every if (one.rule == name.upper() or fits(one.id, [name])) and drift.gate.stops(one)]
        if not named:
            message = f"{visible(name, 200)}: no such divergence at the gate; kerasdiff check --format json lists the ids"
            raise NothingToWaive(message)
        found.update({one.id: one for one in named if one.waived is None})
    if not found:
        message = "all of it is waived already; see: kerasdiff check --verbose"
        raise NothingToWaive(message)
    follows = {part.id for cause in found for part in explained.get(cause, [])}
    return [one for one in found.values() if one.id in wanted or one.id not in follows]
