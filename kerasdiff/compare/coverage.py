"""How much of an API was probed: by kind, its public symbols, those whose behaviour was measured, and why others weren't."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from kerasdiff.compare import quantities
from kerasdiff.fingerprint.document import VALUE, Symbol
from kerasdiff.knowledge.load import coverage
from kerasdiff.probe import canonical

if TYPE_CHECKING:
    from kerasdiff.compare.side import Side

#: The kinds of symbols of which every one should be measured: each is a probe family, too. Of preprocessing some are.
KINDS = tuple(family for family in canonical.FAMILIES if family != "preprocessing")

NOT_RUN = "not run"
_NO_CASE = "no case"
_HELPER = "helper"
#: What has no behaviour of its own to measure.
_NO_SYMBOLS = ("module", "method")


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the behaviour of one kind of symbols."""

    symbols: int = 0
    """Public symbols, each object once, without those out of scope."""
    probed: int = 0
    """Those with at least one measured value."""
    cases: int = 0
    """Cases of these symbols, those that failed included."""
    not_probed: dict[str, str] = {}
    """Why the others have no measured value, by canonical name."""
    out_of_scope: dict[str, str] = {}
    """What has no behaviour to measure, as an abstract base, with the reason."""

    @property
    def figures(self) -> dict[str, int]:
        """The numbers alone."""
        return {"symbols": self.symbols, "probed": self.probed, "cases": self.cases}

    @property
    def share(self) -> float:
        """The part that was probed, from 0 to 1; of nothing, all was."""
        return self.probed / self.symbols if self.symbols else 1.0


def of(side: Side) -> dict[str, Kind]:
    """The coverage of every kind."""
    names: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for name, symbol in side.api.symbols.items():
        kind = None if symbol.kind in _NO_SYMBOLS else _kind_of((name, *symbol.aliases))
        if kind in names:
            names[kind].append(name)
    return {kind: _kind(kind, found, side) for kind, found in names.items()}


def besides(side: Side) -> dict[str, Kind]:
    """What was measured besides: of preprocessing and of what is no symbol, by family, with its subjects as symbols."""
    found: dict[str, list[bool]] = {}
    cases: dict[str, int] = {}

    def count(family: str, measured: dict[str, dict[str, Any]]) -> None:
        found.setdefault(family, []).append(any(quantities.is_measured(case) for case in measured.values()))
        cases[family] = cases.get(family, 0) + len(measured)

    for name in side.api.symbols:
        symbol = side.symbol(name)
        if symbol.cases and _kind_of((name, *symbol.aliases)) not in KINDS:
            count("preprocessing", symbol.cases)
    for family, measured in side.subjects().values():
        count(family, measured)
    return {
        family: Kind(symbols=len(probed), probed=sum(probed), cases=cases[family]) for family, probed in sorted(found.items())
    }


def total(kinds: dict[str, Kind]) -> Kind:
    """All kinds as one, without the reasons."""
    return Kind(
        symbols=sum(kind.symbols for kind in kinds.values()),
        probed=sum(kind.probed for kind in kinds.values()),
        cases=sum(kind.cases for kind in kinds.values()),
    )


def families(side: Side) -> list[str]:
    """The kinds whose probe family was captured, however it ended."""
    return [kind for kind in KINDS if side.fingerprint.family_state(kind, side.api_name) != NOT_RUN]


@cache
def _kind_of(names: tuple[str, ...]) -> str | None:
    return canonical.family(names) or next(filter(None, map(coverage().kind, names)), None)


def _kind(kind: str, names: list[str], side: Side) -> Kind:
    table = coverage()
    probed = measured = 0
    lacking: dict[str, str] = {}
    outside: dict[str, str] = {}
    for name in sorted(names):
        symbol = side.symbol(name)
        measured += len(symbol.cases)
        if name.rpartition(".")[2] in table.helpers:  # also where it was tried which names `get` knows
            outside[name] = _HELPER
            continue
        if any(quantities.is_measured(case) for case in symbol.cases.values()):
            probed += 1
            continue
        why = _why(kind, name, symbol, side)
        (outside if why in table.out_of_scope else lacking)[name] = why
    return Kind(symbols=probed + len(lacking), probed=probed, cases=measured, not_probed=lacking, out_of_scope=outside)


def _why(kind: str, name: str, symbol: Symbol, side: Side) -> str:
    """Why a symbol has no measured value."""
    if symbol.cases:
        # What goes wrong with the defaults says more than what goes wrong with an argument.
        first = min(symbol.cases, key=lambda case: (not case.startswith("default@"), case))
        return quantities.failure(symbol.cases[first])
    told = symbol.not_probed or side.api.symbols[name].not_probed
    if told is not None:
        return told
    if symbol.state != VALUE:
        kind = symbol.type or symbol.state
        return f"{kind}: {symbol.message}" if symbol.message else kind
    api, _ = side.place(name)
    state = side.fingerprint.family_state(kind, api)
    if state == NOT_RUN:
        return NOT_RUN
    return _NO_CASE if state in ("ok", "partial") else f"{kind} ended early: {state}"
