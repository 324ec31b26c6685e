"""Which divergences between two environments explain that a layer of a user's model gives other numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from kerasdiff.compare import ingredients
from kerasdiff.compare.values import same
from kerasdiff.knowledge.load import Effect, uses

if TYPE_CHECKING:
    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.compare.side import Side

_CASE, _PARAMETER = "case.", "parameter."
#: What a difference in training alone, or of initial values, doesn't show in.
_QUANTITIES = frozenset({"build", "inference", "inference_2", "unsaid", "mask", "result", "weights", "input"})
#: Symbols that code of the user's calls by their last names.
_CALLED = ("activations", "operations", "layers", "initializers", "regularizers", "constraints", "losses", "metrics")
#: Names of attributes that say nothing of what is used.
_COMMON = frozenset({"build", "call", "input", "output", "shape", "dtype", "name", "get"})
#: Settings that reach what any layer gives.
_SETTINGS = ("settings.image_data_format/value", "settings.floatx/value")
#: Explanations that are told at most.
MOST = 3


class Use(NamedTuple):
    """How a layer is used: see `OwnLayer`. ``differing``: its arguments of other values in B; ``rank`` of what it takes."""

    symbols: list[str]
    names: list[str]
    config: dict[str, Any]
    differing: frozenset[str] = frozenset()
    rank: int | None = None


def explaining(use: Use, found: dict[str, Divergence], a: Side) -> list[Divergence]:
    """The causes that explain other numbers of a layer, the likeliest first; ``found``: all divergences by id."""
    ranked: list[tuple[tuple[float, ...], Divergence]] = []
    for one in found.values():
        rank = _rank(one, use, a)
        if rank is not None:
            ranked.append((rank, _root(one, found)))
    best: dict[str, tuple[tuple[float, ...], Divergence]] = {}
    for rank, one in sorted(ranked, key=lambda pair: (pair[0], pair[1].id)):
        best.setdefault(one.rule or one.id, (rank, one))
    told = sorted(best.values(), key=lambda pair: (pair[0], pair[1].id))
    return [one for rank, one in told if rank[0] == told[0][0][0]][:MOST]


def _root(one: Divergence, found: dict[str, Divergence]) -> Divergence:
    while one.cause in found:
        one = found[one.cause or ""]
    return one


def _rank(one: Divergence, use: Use, a: Side) -> tuple[float, ...] | None:
    """How near a divergence is to a use, the nearest first; None where it has nothing to do with it."""
    if one.effect.rank > Effect.RESULTS.rank:
        return None
    own = {a.canonical(name) or name for name in use.symbols}
    if one.aspect.startswith(_PARAMETER):
        is_there = one.subject in own and one.aspect.removeprefix(_PARAMETER) in use.differing
        return (0.0, float(one.effect.rank)) if is_there else None
    if one.id in _SETTINGS:
        return (3.0, 0.0)
    if one.evidence != "measured" or one.aspect.rpartition(".")[2] not in _QUANTITIES or not one.aspect.startswith(_CASE):
        return None
    if one.phases and not {"inference", "construction"} & set(one.phases):
        return None
    if one.subject in _activations(use, a) or _is_named(one.subject, use):
        return (1.0, -_size(one))
    if one.subject in own:
        return (1.0 if use.names else 2.0, *_distance(one, use, a), -_size(one))
    return None


def _size(one: Divergence) -> float:
    scaled = (one.size or {}).get("scaled", 0.0)
    return scaled if isinstance(scaled, float) else 1.0


def _activations(use: Use, a: Side) -> set[str]:
    """What the arguments of a layer name: ``activations.hard_sigmoid``."""
    found = set()
    for key, value in use.config.items():
        family = uses().family(key)
        name = value.get("class_name", value.get("object")) if isinstance(value, dict) else value
        if family == "activations" and isinstance(name, str):
            short = f"{family}.{name.rpartition('.')[2]}"
            found.add(a.canonical(short) or short)
    return found


def _is_named(subject: str, use: Use) -> bool:
    """Whether code of the user's uses a symbol, as far as the names in it tell."""
    root, _, path = subject.partition(".")
    last = path.rpartition(".")[2]
    if last not in use.names or last in _COMMON:
        return False
    return root in _CALLED or all(part in use.names for part in subject.split("."))


def _distance(one: Divergence, use: Use, a: Side) -> tuple[float, float]:
    """How many arguments of a case are others than the layer's, and whether it is called on another rank."""
    case = one.aspect.removeprefix(_CASE).rpartition(".")[0]
    canonical = a.canonical(one.subject)
    symbol = a.symbol(canonical) if canonical else None
    if symbol is None:
        return 0.0, 0.0
    given = symbol.cases.get(case, {}).get("arguments")
    required = {part.name for part in symbol.parameters or [] if part.default is msgspec.UNSET}
    told = {**(symbol.config or {}), **(given if isinstance(given, dict) else {})}
    others = [key for key, value in told.items() if key in use.config and key not in required and _is_other(value, use, key)]
    rank = ingredients.rank(case.partition("@")[2])
    return float(len(others)), float(use.rank is not None and rank is not None and use.rank != rank)


def _is_other(value: Any, use: Use, key: str) -> bool:
    if uses().family(key) in ("initializers", "regularizers", "constraints") or key in ("name", "trainable", "dtype"):
        return False
    return not same(value, use.config[key], key)
