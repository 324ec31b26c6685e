"""What is declared of a subject, from release to release."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from kerasdiff.compare.parameters import UNSTABLE as MARK
from kerasdiff.compare.parameters import Pair
from kerasdiff.compare.values import same
from kerasdiff.fingerprint.document import VALUE as PRESENT
from kerasdiff.releases.index import ABSENT, REQUIRED, UNKNOWN, UNSTABLE, VALUE, Run

if TYPE_CHECKING:
    from collections.abc import Callable

    from kerasdiff.compare.side import Side
    from kerasdiff.fingerprint.document import Parameter, Symbol
    from tests.lab.index.threads import Thread

_UNSET = msgspec.UNSET
_VARIADIC = ("var_positional", "var_keyword")


def of_symbol(newest: str, thread: Thread, places: dict[str, list[int]], sides: dict[int, Side]) -> dict[str, tuple[Run, ...]]:
    """The facts of a symbol by aspect: that it is there, its parameters, and the rest of its configuration."""
    symbols = {place: sides[place].symbol(name) for place, name in thread.items()}
    every = [place for line in places.values() for place in line]
    found = {"presence": [_presence(place, thread.get(place), symbols.get(place), newest) for place in every]}
    names = _parameters(symbols, places, sides)
    for key, there in names.items():
        found[f"parameter.{key}"] = [_parameter(place, key, there.get(place), symbols.get(place)) for place in every]
    known = {name for there in names.values() for name in there.values()} | names.keys()
    keys = {key for symbol in symbols.values() for key in (symbol.config or {})} - known
    given = {key for symbol in symbols.values() if symbol.instance for key in symbol.instance.arguments}
    for key in sorted(keys - given):
        found[f"config.{key}"] = [_config(place, key, symbols.get(place)) for place in every]

    def is_same(aspect: str, one: Run, other: Run) -> bool:
        kind, _, key = aspect.partition(".")
        if kind == "parameter" and all(_is_declared(run, key) for run in (one, other)):
            pair = Pair(newest, symbols[one.at], symbols[other.at], (sides[one.at], sides[other.at]))
            return pair.is_same_default(one.name or key, other.name or key)
        values = [sides[run.at].effective(key, run.value) for run in (one, other)]
        return same(values[0], values[1], key)

    return {aspect: merged(aspect, runs, is_same) for aspect, runs in found.items()}


def of_setting(name: str, places: list[int], sides: dict[int, Side]) -> tuple[Run, ...]:
    """The value of a setting at each place, where nobody sets it."""
    runs = []
    for place in places:
        setting = sides[place].api.settings.get(name)
        if setting is None:
            runs.append(Run(place, ABSENT))
        elif setting.state != PRESENT:
            runs.append(Run(place, setting.state))
        else:
            runs.append(Run(place, VALUE, setting.value))
    return merged("value", runs, lambda _aspect, one, other: same(one.value, other.value))


def merged(aspect: str, runs: list[Run], is_same: Callable[[str, Run, Run], bool]) -> tuple[Run, ...]:
    """The runs without those that say what the one before says."""
    kept: list[Run] = []
    last: Run | None = None
    for run in runs:
        alike = last is not None and (last.state, last.name) == (run.state, run.name)
        if last is None or not alike or (run.state == VALUE and not is_same(aspect, last, run)):
            kept.append(run)
        last = run
    return tuple(kept)


def _presence(place: int, name: str | None, symbol: Symbol | None, newest: str) -> Run:
    if symbol is None or name is None:
        return Run(place, ABSENT)
    called = "" if name == newest else name
    return Run(place, VALUE, symbol.kind, called) if symbol.state == PRESENT else Run(place, symbol.state, None, called)


def _parameter(place: int, key: str, name: str | None, symbol: Symbol | None) -> Run:
    if symbol is None or symbol.state != PRESENT:
        return Run(place, ABSENT)
    if symbol.parameters is None:
        return Run(place, UNKNOWN)
    config = symbol.config or {}
    if name is None:  # what **kwargs take shows in the configuration
        run = _config(place, key, symbol)
        return run if run.state == ABSENT else Run(run.at, run.state, run.value, f"config.{key}")
    called = "" if name == key else name
    default = next(part.default for part in symbol.parameters if part.name == name)
    if default is _UNSET:
        return Run(place, REQUIRED, None, called)
    value: Any = config.get(name, default)
    return Run(place, UNSTABLE, None, called) if value == MARK else Run(place, VALUE, value, called)


def _config(place: int, key: str, symbol: Symbol | None) -> Run:
    value = (symbol.config or {}).get(key, _UNSET) if symbol is not None else _UNSET
    if value is _UNSET:
        return Run(place, ABSENT)
    return Run(place, UNSTABLE) if value == MARK else Run(place, VALUE, value)


def _is_declared(run: Run, key: str) -> bool:
    return run.name != f"config.{key}"


def _parameters(symbols: dict[int, Symbol], places: dict[str, list[int]], sides: dict[int, Side]) -> dict[str, dict[int, str]]:
    """By its newest name: what a parameter is called at each place that has it."""
    found: dict[str, dict[int, str]] = {}
    newer: int | None = None
    called: dict[str, str] = {}  # at the newer place: the key of each name
    for line in sorted(places.values(), key=lambda line: -max(line)):
        for place in reversed([place for place in line if place in symbols]):
            own = list(_named(symbols[place]))
            back = {}
            if newer is not None:
                pair = Pair("", symbols[place], symbols[newer], (sides[place], sides[newer]))
                back = pair.renamed() if own and called else {}
            keys: dict[str, str] = {}
            for name in own:
                there = name if name in called else back.get(name, name)
                key = called.get(there, there)
                keys[name] = key if key not in keys.values() else name
            for name, key in keys.items():
                found.setdefault(key, {}).setdefault(place, name)
            if own:
                newer, called = place, keys
    return found


def _named(symbol: Symbol) -> dict[str, Parameter]:
    return {part.name: part for part in symbol.parameters or [] if part.kind not in _VARIADIC}
