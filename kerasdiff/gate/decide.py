"""Whether a comparison passes: the gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from kerasdiff.compare.choose import choose
from kerasdiff.compare.engine import compare
from kerasdiff.errors import ExitStatus
from kerasdiff.gate import scope, waivers
from kerasdiff.gate.policy import Action, Policy, Waiver
from kerasdiff.gate.waivers import Stale
from kerasdiff.knowledge.load import Effect

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.compare.engine import Comparison
    from kerasdiff.fingerprint.document import Fingerprint


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """A gate and what it decided."""

    fail_on: Effect
    failed: bool
    exit: int
    waivers: list[Stale] = []
    """Those that no longer serve."""

    def stops(self, found: Divergence) -> bool:
        """Whether a divergence fails the gate."""
        return found.effect.reaches(self.fail_on) and found.waived is None


def decide(comparison: Comparison, fail_on: Effect, stale: list[Stale] | None = None, policy: Policy | None = None) -> Gate:
    """The gate's word on ``comparison``.

    Divergences at or above ``fail_on`` that nobody has waived fail it, and so do ``stale`` waivers, unless the policy says to
    warn of them only. Unknown facts leave it unanswered.
    """
    rules = policy or Policy()
    actions = {"expired": rules.expired_waivers, "moved": rules.unused_waivers, "unused": rules.unused_waivers}
    told = [msgspec.structs.replace(one, fails=actions[one.state] is Action.FAIL) for one in stale or []]
    failed = any(found.effect.reaches(fail_on) and found.waived is None for found in comparison.divergences)
    failed = failed or any(one.fails for one in told)
    if comparison.not_comparable:
        status = ExitStatus.UNANSWERED
    else:
        status = ExitStatus.DIVERGENCES if failed else ExitStatus.OK
    return Gate(fail_on=fail_on, failed=failed, exit=int(status), waivers=told)


def judge(
    baseline: Fingerprint,
    now: Fingerprint,
    policy: Policy,
    *,
    today: dt.date,
    apis: tuple[str | None, str | None] = (None, None),
    is_about: Callable[[Waiver], bool] = lambda _: True,
) -> tuple[Comparison, Gate]:
    """What differs between a baseline and what is there now, as far as a policy asks, and the gate's word on it.

    ``apis`` are compared where the policy names none. ``is_about`` says whether a waiver is about this baseline. Raises
    `ApiError` where a side lacks its API.
    """
    allowances = tuple(tolerance.allowance() for tolerance in policy.tolerances)
    api_a, api_b = (policy.api or api for api in apis)
    found = compare(baseline, now, api_a=api_a, api_b=api_b, allowances=allowances)
    found = scope.require(scope.count(found, policy), policy)
    only = [*policy.only, *policy.effects] if policy.only else []
    found = choose(found, only, policy.ignore)
    found, stale = waivers.apply(found, policy, today=today, is_about=is_about)
    return found, decide(found, policy.fail_on, stale, policy)
