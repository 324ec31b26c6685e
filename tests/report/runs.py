"""Runs of the gate on real fingerprints that every format has to tell, and hostile ones."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from hypothesis import strategies as st
from msgspec.structs import replace

from kerasdiff.compare.divergence import NotComparable, divergence
from kerasdiff.compare.engine import Comparison, compare
from kerasdiff.gate.decide import Gate, decide, judge
from kerasdiff.gate.locate import Location
from kerasdiff.gate.policy import Action, Policy, Waiver
from kerasdiff.gate.waivers import Stale, accepted, follow
from kerasdiff.knowledge.load import Effect
from tests.conftest import THEANO, api_of, edited, fingerprint, raw

if TYPE_CHECKING:
    from kerasdiff.compare.divergence import Divergence

A, B = "releases/tensorflow-2.10.1", "releases/tensorflow-2.11.1"
TODAY = dt.date(2026, 1, 1)
NAMES = ("clean", "failing", "waived", "stale", "warned", "unknown")


class Run(NamedTuple):
    """A comparison, and the gate's word on it."""

    comparison: Comparison
    gate: Gate


def waiver(found: list[Divergence], explained: dict[str, list[Divergence]], until: dt.date | None = None) -> Waiver:
    accepts = [accepted(one, explained.get(one.id, [])) for one in found]
    return Waiver(reason="checked by hand", accepts=accepts, owner="ann", until=until)


def _policy(name: str) -> Policy:
    if name not in ("waived", "stale", "warned"):
        return Policy()
    found = run("failing").comparison.divergences
    explained = follow(found)
    serious = [one for one in found if one.effect.reaches(Effect.RESULTS)]
    if name == "waived":
        return Policy(waivers=[waiver(serious, explained, dt.date(2026, 6, 30))])
    first, second, *rest = serious
    gone = replace(accepted(first, []), id="layers.Gone/presence")
    moved = replace(accepted(second, []), rule="KD999")
    over = waiver([first], explained, dt.date(2025, 12, 31))
    stale = [over, over, Waiver(reason="looked at", accepts=[gone, moved])]
    if name == "stale":
        return Policy(waivers=[waiver(rest, explained), *stale])
    only = Action.WARN
    return Policy(waivers=[waiver(serious, explained), *stale], expired_waivers=only, unused_waivers=only)


@cache
def run(name: str) -> Run:
    """``waived``: all that differs in ``failing`` is; ``stale``, ``warned``: waivers no longer serve, and fail or don't."""
    if name == "unknown":
        document = raw(THEANO)
        api_of(document)["settings"]["floatx"] = {"state": "timeout", "message": "no answer in 30 s"}
        return Run(*judge(fingerprint(THEANO), edited(document), Policy(), today=TODAY))
    now = fingerprint(A if name == "clean" else B)
    return Run(*judge(fingerprint(A), now, _policy(name), today=TODAY))


def alike() -> Comparison:
    """A real comparison in which nothing differs."""
    return compare(fingerprint(THEANO), fingerprint(THEANO))


#: What ends a command, a property, a link, an element, an attribute or a line; and any other text.
SHARP = (
    "::error::x", "::", ",", ":", "%0A", "%", "\r\n", "\n::set-output name=a::b", "##[error]x", "](http://x)", "[a](1)",
    "{0}", "}", "]]>", "</failure>", '"', "&lt;", "<!--", "\x00", "\x1b[31m", "\ufffe", "\uffff", "\ud800", "\u202e",
    "\u2028", "../", "//host/", "http://x/?a#b", "javascript:", "é", "🦊",
)  # fmt: skip
HOSTILE = st.lists(st.one_of(st.sampled_from(SHARP), st.text(max_size=6)), max_size=5).map("".join)
#: All of it at once.
EVERYTHING = "x".join(SHARP)


class Somewhere:
    """Places with a hostile name."""

    def __init__(self, file: str, line: int = 7) -> None:
        self.place = Location(file, line)

    def divergence(self, found: Divergence) -> Location:  # noqa: ARG002
        return self.place

    def waiver(self, stale: Stale) -> Location:  # noqa: ARG002
        return self.place

    def unknown(self) -> Location:
        return self.place


def hostile(evil: str) -> Run:
    """A run in which everything that is told says ``evil``."""
    cause = divergence(f"layers.{evil}", f"case.{evil}.value", Effect.BREAKS, evil, evil, remedy=evil, why=evil)
    ruled = divergence(f"optimizers.{evil}", "parameter.decay", Effect.BREAKS, evil, rule="KD100", why=evil, remedy=evil)
    found = [
        cause,
        ruled,
        divergence(f"layers.a{evil}", "presence", Effect.BREAKS, evil, cause=cause.id),
        divergence(f"losses.{evil}", "parameter.x", Effect.REPRODUCIBILITY, f"x {evil}", remedy=f"a\n{evil}"),
        divergence("metrics.X", evil, Effect.RESULTS, evil, waived={"reason": f"r {evil}", "owner": evil, "until": None}),
    ]
    unknown = [NotComparable(id=f"settings.{evil}", why=evil)]
    comparison = replace(alike(), divergences=found, not_comparable=unknown)
    stale = [Stale(state="expired", id=f"layers.{evil}", why=evil, waiver=0)]
    return Run(comparison, decide(comparison, Effect.RESULTS, stale))
