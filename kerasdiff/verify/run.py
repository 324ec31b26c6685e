"""Verifies remedies: compares A with an environment, captures that once more with the remedies in force, and judges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from kerasdiff.capture.run import Request, capture
from kerasdiff.compare.engine import compare
from kerasdiff.compare.side import Side
from kerasdiff.knowledge.load import Effect
from kerasdiff.probe import apis
from kerasdiff.verify.judge import judge
from kerasdiff.verify.trial import families, trials

if TYPE_CHECKING:
    from collections.abc import Callable

    from kerasdiff.capture.run import Event
    from kerasdiff.compare.engine import Comparison
    from kerasdiff.fingerprint.document import Api, Fingerprint, Symbol

#: What is declared; comparing needs it, and rules may ask for it.
DECLARED = ("environment", "packages", "runtime", "settings", "symbols")


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What to verify: APIs as for `compare`, the measured families (none: those that A has), and which effects."""

    api_a: str | None = None
    api_b: str | None = None
    families: list[str] = []
    least: Effect = Effect.RESULTS


def verify(
    a: Fingerprint,
    python: str,
    choice: Choice,
    *,
    tell: Callable[[str], None] = lambda _: None,
    on_event: Callable[[Event], None] | None = None,
) -> Comparison:
    """A compared with the environment of the interpreter ``python``, each remedy tried there and judged in ``verified``.

    ``tell`` gets what is begun, ``on_event`` what the probe says. Raises `InterpreterError`, `CaptureError` or `ApiError`.
    """
    measured = choice.families or [family for family in apis.TABLE["measured"] if _has(a, family)]
    Side(a, choice.api_a)  # what A lacks is told before minutes of captures
    request = Request(only=[*DECLARED, *measured], apis=[choice.api_b] if choice.api_b else [])
    tell(f"capturing env:{python}")
    first = compare(a, capture(python, request, on_event), api_a=choice.api_a, api_b=choice.api_b)
    tried = trials(first, choice.least)
    tested = [trial for trial in tried if trial.is_in_force]
    again = None
    if tested:
        needed = families(first, tested)
        tell(f"capturing env:{python} again with {len(tested)} remedies: {', '.join(needed)}")
        rows = [trial.row(first.b) for trial in tested]
        request = Request(only=[*DECLARED, *needed], apis=[first.b.api_name], remedies=rows)
        remedied = _completed(with_defaults(capture(python, request, on_event), rows), first.b)
        again = compare(a, remedied, api_a=first.a.api_name, api_b=first.b.api_name)
    return judge(first, tried, again, choice.least)


def _has(fingerprint: Fingerprint, family: str) -> bool:
    run = fingerprint.captured.families.get(family)
    return run is not None and run.state != "not run"


def _completed(fingerprint: Fingerprint, before: Side) -> Fingerprint:
    """A fingerprint with the cases of what wasn't measured again: what is left may follow from them."""
    api = fingerprint.apis[before.api_name]
    known = {name: before.symbol(name).cases for name in before.api.symbols}
    symbols = {
        name: symbol if symbol.cases else msgspec.structs.replace(symbol, cases=known.get(name, {}))
        for name, symbol in api.symbols.items()
    }
    whole = msgspec.structs.replace(api, symbols=symbols)
    return msgspec.structs.replace(fingerprint, apis={**fingerprint.apis, before.api_name: whole})


def with_defaults(fingerprint: Fingerprint, rows: list[dict[str, Any]]) -> Fingerprint:
    """A fingerprint in which the arguments that were added are declared as defaults: so a comparison blames others only."""
    changed = dict(fingerprint.apis)
    for row in rows:
        api = changed[row["api"]]
        symbol = api.symbols.get(row["subject"])
        if symbol is not None and "arguments" in row:
            changed[row["api"]] = _replaced(api, row["subject"], _declaring(symbol, row["arguments"]))
    return msgspec.structs.replace(fingerprint, apis=changed)


def _replaced(api: Api, name: str, symbol: Symbol) -> Api:
    return msgspec.structs.replace(api, symbols={**api.symbols, name: symbol})


def _declaring(symbol: Symbol, arguments: dict[str, Any]) -> Symbol:
    parameters = symbol.parameters and [
        msgspec.structs.replace(part, default=arguments[part.name]) if part.name in arguments else part
        for part in symbol.parameters
    ]
    config = symbol.config and {**symbol.config, **{key: arguments[key] for key in symbol.config.keys() & arguments.keys()}}
    return msgspec.structs.replace(symbol, parameters=parameters, config=config)
