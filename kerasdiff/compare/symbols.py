"""Aligns the symbols of two APIs through their names and compares each pair."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from kerasdiff.compare import cases, evidence
from kerasdiff.compare.divergence import Findings, divergence
from kerasdiff.compare.parameters import Pair
from kerasdiff.fingerprint.document import UNKNOWN_STATES, VALUE, Symbol
from kerasdiff.knowledge.load import Effect

if TYPE_CHECKING:
    from kerasdiff.compare.side import Side

_MODULE = "module"


class Compared(NamedTuple):
    """How much was compared: ``objects``, ``cases`` of them, and cases ``not_comparable``."""

    objects: int = 0
    cases: int = 0
    not_comparable: int = 0


Pairs = dict[tuple[str, str], "cases.Outcome | None"]
"""What measuring says of each pair of objects that was compared, by their canonical names."""


def compare(a: Side, b: Side, findings: Findings) -> Compared:
    """Compare every symbol of two sides."""
    if not _both_captured(a, b, findings):
        return Compared()
    pairs: Pairs = {}
    for name in sorted(a.api.symbols):
        symbol = a.api.symbols[name]
        if symbol.kind == _MODULE:
            _module(name, a, b, findings)
        elif symbol.state != VALUE:
            _unreachable(name, symbol, b, findings)
        else:
            _aligned(name, a, b, pairs, findings)
    _additions(a, b, findings)
    measured = [outcome for outcome in pairs.values() if outcome is not None]
    return Compared(
        len(pairs), sum(outcome.compared for outcome in measured), sum(len(outcome.unknown) for outcome in measured)
    )


def measured_elsewhere(a: Side, b: Side, findings: Findings) -> Compared:
    """Compare what was measured of what is no symbol: operations, training, saving, and the libraries around Keras."""
    objects = compared = lost = 0
    one, other = a.subjects(), b.subjects()
    for name in sorted(one.keys() & other.keys()):
        a_cases, b_cases = (Symbol(kind="measured", cases=side[name][1]) for side in (one, other))
        outcome = cases.compare(name, a_cases, b_cases, findings.tolerances)
        for found in outcome.divergences:
            findings.add(found)
        for identifier, why in outcome.unknown:
            findings.unknown(identifier, why)
        objects, compared, lost = objects + 1, compared + outcome.compared, lost + len(outcome.unknown)
    return Compared(objects, compared, lost)


def alike(side: Side) -> Compared:
    """What comparing a side with its like would give, without looking into it."""
    reached = [name for name, symbol in side.api.symbols.items() if symbol.kind != _MODULE and symbol.state == VALUE]
    elsewhere = sum(len(measured) for _, measured in side.subjects().values())
    return Compared(len(side.api.symbols), elsewhere + sum(len(side.symbol(name).cases) for name in reached))


def _both_captured(a: Side, b: Side, findings: Findings) -> bool:
    states = [side.fingerprint.family_state("symbols", side.api_name) for side in (a, b)]
    if states == ["not run", "not run"]:
        if any(symbol.cases for side in (a, b) for symbol in side.api.symbols.values()):
            findings.unknown("symbols", "what was measured is compared by symbol: capture the family symbols too")
        return False
    for state, name in zip(states, "AB", strict=True):
        if state not in ("ok", "partial"):
            findings.unknown("symbols", f"the family symbols is {state} in {name}: capture again")
            return False
    return True


def _parent(name: str) -> str:
    return name.rpartition(".")[0]


def _lost_module(name: str, a: Side, b: Side) -> str | None:
    """The outermost module around ``name`` that B lacks."""
    lost = None
    module = _parent(name)
    while module:
        if not b.has_module(module) and a.has_module(module):
            lost = module
        module = _parent(module)
    return lost


def _module(name: str, a: Side, b: Side, findings: Findings) -> None:
    there = b.canonical(name)
    if there is not None and b.symbol(there).state != VALUE:
        _unreached(name, a.symbol(name), b.symbol(there), findings)
        return
    if there is not None:
        return
    if _is_hidden(name, a, b):
        return
    outer, renamed = _lost_module(name, a, b), b.name(name)
    title = f"the module {name} is gone" + (f"; B has it as {renamed}" if renamed else "")
    cause = f"{outer}/presence" if outer else None
    findings.add(divergence(name, "presence", Effect.BREAKS, title, "module", None, cause=cause, remedy=renamed))


def _is_hidden(name: str, a: Side, b: Side) -> bool:
    """Whether ``name`` stands below a module of B that could not be looked into: nothing is known of what is below."""
    module = _lost_module(name, a, b)
    there = b.canonical(module) if module else None
    return there is not None and b.symbol(there).state in (*UNKNOWN_STATES, "unsupported")


def _unreachable(name: str, symbol: Symbol, b: Side, findings: Findings) -> None:
    """A name that A itself can't reach breaks no code that works in A."""
    if symbol.state in UNKNOWN_STATES and b.canonical(name) is not None:
        findings.unknown(f"{name}/presence", f"{symbol.state} in A: {symbol.message}")


def _aligned(name: str, a: Side, b: Side, pairs: Pairs, findings: Findings) -> None:
    """Compare the object ``name`` of A with every object that B has under one of its names."""
    symbol = a.symbol(name)
    there = {known: b.name(known) for known in a.names(name)}
    surviving = [spelling for spelling in there.values() if spelling is not None]
    targets = {known: b.canonical(spelling) if spelling else None for known, spelling in there.items()}
    # A symbol that could not be described has lost its aliases with the rest.
    is_described = all(b.symbol(target).state == VALUE for target in targets.values() if target is not None)
    for known, target in targets.items():
        is_gone = there[known] != known
        if target is not None and (name, target) not in pairs:
            where = a.measured(name) if symbol.cases else None
            alike = where is not None and where == b.measured(target)
            pairs[name, target] = _pair(known, symbol, target, a, b, findings, alike=alike, is_gone=is_gone)
        if not is_gone or not is_described or _is_hidden(known, a, b):
            continue
        if known == name or _lost_module(known, a, b) is None:
            _gone(known, symbol, surviving, a, b, findings)


def _gone(name: str, symbol: Symbol, surviving: list[str], a: Side, b: Side, findings: Findings) -> None:
    lost = _lost_module(name, a, b)
    remedy = min(surviving, key=lambda known: (known.count("."), known)) if surviving else None
    title = f"the {symbol.kind} {name} is gone" + (f"; B has it as {remedy}" if remedy else "")
    cause = f"{lost}/presence" if lost else _lost_class(name, symbol, a, b)
    findings.add(divergence(name, "presence", Effect.BREAKS, title, symbol.kind, None, cause=cause, remedy=remedy))


def _lost_class(name: str, symbol: Symbol, a: Side, b: Side) -> str | None:
    owner = _parent(name)
    is_lost = symbol.kind == "method" and a.canonical(owner) is not None and b.canonical(owner) is None
    return f"{owner}/presence" if is_lost else None


def _pair(
    subject: str, one: Symbol, target: str, a: Side, b: Side, findings: Findings, *, alike: bool, is_gone: bool
) -> cases.Outcome | None:
    """Compare two objects; None where their cases can't be. Where ``is_gone`` the name, calling it breaks anyway."""
    other = b.symbol(target)
    if other.kind == _MODULE:
        findings.add(
            divergence(subject, "kind", Effect.BREAKS, f"{subject} is a {one.kind} in A, a module in B", one.kind, _MODULE)
        )
        return None
    if other.state != VALUE:
        _unreached(subject, one, other, findings)
        return None
    if one.kind != other.kind:
        title = f"{subject} is a {one.kind} in A, a {other.kind} in B"
        findings.add(divergence(subject, "kind", Effect.INFO, title, one.kind, other.kind))
    if other.deprecated and not one.deprecated:
        findings.add(divergence(subject, "deprecated", Effect.INFO, f"{subject} is marked as deprecated in B", a=False, b=True))
    measured = cases.compare(subject, one, other, findings.tolerances, alike=alike)
    for identifier, why in measured.unknown:
        findings.unknown(identifier, why)
    gone = f"{_lost_module(subject, a, b) or subject}/presence" if is_gone else None
    for found in evidence.judge(Pair(subject, one, other, (a, b)).compare(), measured, other):
        breaks_with = gone if found.effect is Effect.BREAKS else None
        findings.add(msgspec.structs.replace(found, cause=breaks_with) if breaks_with else found)
    _instances(subject, one, other, findings)
    return measured


def _unreached(subject: str, one: Symbol, other: Symbol, findings: Findings) -> None:
    if other.state in UNKNOWN_STATES:
        findings.unknown(f"{subject}/presence", f"{other.state} in B: {other.message}")
    elif other.state == "unsupported":
        title = f"{subject} needs something that B lacks: {other.message}"
        findings.add(divergence(subject, "presence", Effect.INFO, title, one.kind, other.state))
    else:
        title = f"{subject} raises {other.type} in B: {other.message}"
        findings.add(divergence(subject, "presence", Effect.BREAKS, title, one.kind, other.type))


def _instances(subject: str, one: Symbol, other: Symbol, findings: Findings) -> None:
    """Whether the default-made instance can be made on both sides."""
    a, b = one.instance, other.instance
    if a is None or b is None:
        return
    for side, instance in (("A", a), ("B", b)):
        if instance.state in UNKNOWN_STATES:
            findings.unknown(f"{subject}/instance", f"{instance.state} in {side}: {instance.message}")
            return
    # What raises ImportError is called unsupported: the same code raises all the same.
    if a.state == VALUE and b.state in ("error", "unsupported") and a.arguments == b.arguments:
        title = f"making it, or get_config of it, raises {b.type} in B: {b.message}"
        findings.add(divergence(subject, "instance", Effect.BREAKS, title, VALUE, b.type))
    elif a.state != b.state and "unstable" in (a.state, b.state):
        title = f"making it is {a.state} in A, {b.state} in B"
        findings.add(divergence(subject, "instance", Effect.REPRODUCIBILITY, title, a.state, b.state))


def _additions(a: Side, b: Side, findings: Findings) -> None:
    for name in sorted(b.api.symbols):
        symbol = b.symbol(name)
        kind = symbol.kind
        there = a.canonical if kind == _MODULE else a.name
        known = next((known for known in b.names(name) if there(known) is not None), None)
        if known == name or (known is not None and kind == _MODULE):
            continue
        outer = _lost_module(name, b, a)
        title = f"the {kind} {name} is new in B" + (f"; A has it as {known}" if known else "")
        cause = f"{outer}/presence" if outer else _lost_class(name, symbol, b, a)
        findings.add(divergence(name, "presence", Effect.INFO, title, None, kind, cause=cause))
