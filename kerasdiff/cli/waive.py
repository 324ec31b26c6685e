"""``kerasdiff waive``."""

from __future__ import annotations

import datetime as dt
from difflib import get_close_matches
from typing import TYPE_CHECKING

import click

from kerasdiff.capture.run import Request
from kerasdiff.cli import options
from kerasdiff.cli.check import facts
from kerasdiff.cli.output import put
from kerasdiff.compare.choose import fits
from kerasdiff.drift import baseline, check, is_about
from kerasdiff.errors import KerasdiffError
from kerasdiff.gate import edit
from kerasdiff.gate.policy import Waiver, find
from kerasdiff.gate.waivers import accepted, follow
from kerasdiff.knowledge.rules import rule
from kerasdiff.report import words
from kerasdiff.text import inert, is_text, listed, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.drift import Drift
    from kerasdiff.gate.policy import Accepted

#: What stands for no expiry.
NEVER = "never"


class NothingToWaive(KerasdiffError):
    """No divergence is called so."""


def _day(_ctx: click.Context, _parameter: click.Parameter, value: str) -> dt.date | None:
    if value == NEVER:
        return None
    try:
        day = dt.date.fromisoformat(value)
    except ValueError:
        message = f"{value!r} is no day; write one as 2027-01-31, or {NEVER}."
        raise click.BadParameter(message) from None
    if day < dt.datetime.now(tz=dt.timezone.utc).date():
        message = f"{value} is over; write a day to come, or {NEVER}."
        raise click.BadParameter(message)
    return day


@click.command()
@click.argument("wanted", metavar="ID|CODE…", nargs=-1, required=True)
@click.option("--reason", required=True, metavar="TEXT", help="Why it is accepted.")
@click.option("--until", required=True, metavar="DATE", callback=_day, help="Last day on which it is, as 2027-01-31; or never.")
@click.option("--owner", default="", metavar="NAME", help="Who answers for it.")
@click.option("--baseline", "given", metavar="BASELINE", help="Baseline that it is about.  [default: that of check]")
@options.captured
@click.help_option("-h", "--help")
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
    model: str | None,
    path: str | None,
    pipeline: str | None,
) -> None:
    """Accept divergences from the baseline, with a reason and an expiry.

    Each is named by its id, as a report has it (* is anything), or by the code of a rule, which stands for all that the rule
    explains now. What a waiver accepts is written down as it is: it no longer fits when that moves again. With a cause, what
    the cause explains is accepted too, within its effect and size of now. The waiver goes into the policy's file.
    """
    if not reason.strip():
        message = "--reason is empty; say why it is accepted."
        raise click.UsageError(message)
    for text in (reason, owner, given or ""):
        if not is_text(text):
            message = f"{visible(text, 100)}: is no UTF-8 text."
            raise click.UsageError(message)
    source = find(policy)
    against = baseline(source, given)
    against.require()
    asked = Request(timeout=timeout, **options.own(model, path, pipeline=pipeline))
    drift = check(source, against, facts(source, python, fingerprint, asked, verbose=False))
    explained = follow(drift.comparison.divergences)
    accepts = [accepted(found, explained.get(found.id, [])) for found in _chosen(drift, explained, wanted)]
    waiver = Waiver(reason=reason, owner=owner, until=until, baseline=given or "", accepts=accepts)
    changed = edit.add(source, waiver, lambda other: is_about(other, against, source))
    where = f"{changed.file}:{changed.line('waivers', len(changed.policy.waivers) - 1)}"
    made = " (made)" if source.file is None else ""
    lines = [f"kerasdiff: {where}{made}: waived until {until or NEVER}: {words.count(len(accepts), 'finding')}"]
    for (effect, code), ids in _grouped(accepts).items():
        lines.append(f"  {effect}{f' [{code}]' if code else ''}: {listed(ids, words.FEW)}")
    put("".join(f"{inert(visible(line))}\n" for line in lines))


def _grouped(accepts: list[Accepted]) -> dict[tuple[str, str | None], list[str]]:
    """The ids by effect and rule, the worst first."""
    found: dict[tuple[str, str | None], list[str]] = {}
    for entry in sorted(accepts, key=lambda entry: (entry.effect.rank, entry.rule or "", entry.id)):
        found.setdefault((entry.effect.value, entry.rule), []).append(entry.id)
    return found


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
            raise NothingToWaive(_lacking(name, drift))
        found.update({one.id: one for one in named})
    follows = {part.id for cause in found for part in explained.get(cause, [])}
    return [one for one in found.values() if one.id in wanted or one.id not in follows]


def _lacking(name: str, drift: Drift) -> str:
    """Why nothing is waived by a name."""
    shown, code = visible(name, 200), name.upper()
    every = drift.comparison.divergences
    there = [one for one in every if one.rule == code or fits(one.id, [name])]
    if any(one.waived is not None for one in there):
        return f"{shown}: is waived already; to renew it, name its ids"
    if there:
        worst = min((one.effect for one in there), key=lambda effect: effect.rank)
        return f"{shown}: is {worst.value}, below the gate; nothing to waive"
    if rule(code) is not None:
        return f"{shown}: the rule explains nothing that differs here; see: kerasdiff explain {code}"
    near = get_close_matches(name, [one.id for one in every if drift.gate.stops(one)], 1, 0.4)
    return f"{shown}: no such divergence or rule" + (
        f"; did you mean {visible(near[0], 200)}?" if near else "; kerasdiff check -v lists them"
    )
