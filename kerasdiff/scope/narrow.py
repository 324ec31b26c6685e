"""Narrows a comparison of environments to what a saved model uses and leaves open."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import msgspec

from kerasdiff.compare import quantities
from kerasdiff.compare.divergence import divergence
from kerasdiff.compare.values import same
from kerasdiff.knowledge.load import Effect, equivalents, renames
from kerasdiff.knowledge.load import uses as known_uses
from kerasdiff.scope.reader import default

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from kerasdiff.compare.divergence import Divergence, NotComparable
    from kerasdiff.compare.engine import Comparison
    from kerasdiff.compare.side import Side
    from kerasdiff.fingerprint.document import Symbol
    from kerasdiff.scope.parts import Part
    from kerasdiff.scope.reader import Loader

_PARAMETER, _CASE, _CONFIG = "parameter.", "case.", "config."
#: Aspects of a symbol that don't reach who loads a file: arguments are given by name, and what can't be made is told of the
#: layer that it is.
_OUTSIDE = ("positions", "deprecated", "kind", "presence", "instance")
#: The calls that show what an object does in a usual model, whatever their other arguments.
_USUAL = ("default", "pinned")
#: Quantities of initial weights, which a file replaces; and of a draw alone.
_INITIAL = ("initial", "draw", "second")
#: The calls that show how arguments are written, not what they do.
_SPELLED = ("argument-", "historical", "positional")
#: What the names of cases have that are about masks, which not every model has.
_MASK = "mask"
#: The families that decide what a model predicts.
_PREDICTING = ("layers", "activations")
#: The modules of what parts of models are; what of them a model doesn't use, it doesn't rest on.
_FAMILIES = ("layers", "activations", "initializers", "regularizers", "constraints", "losses", "metrics", "optimizers")
#: What reaches every model.
_EVERYWHERE = ("import", "environment.", "settings.")
#: Subjects of which a model that was compiled makes use.
_COMPILED = ("training.",)


class Uses:
    """Which symbols of A a model uses, and in which parts; B tells which arguments it still takes."""

    def __init__(self, parts: Iterable[Part], a: Loader, b: Loader) -> None:
        self._a = a
        self._b = b
        self._masks = False
        self.by_symbol: dict[str, list[Part]] = {}
        self._is_compiled = False
        for part in parts:
            self._is_compiled = self._is_compiled or part.family in ("optimizers", "losses")
            self._masks = self._masks or part.name == "Masking" or (part.arguments or {}).get("mask_zero") is True
            name = a.symbol(part)
            if name is not None:
                self.by_symbol.setdefault(name, []).append(part)

    def of(self, subject: str) -> list[Part]:
        """The parts that are what a finding is about."""
        name = self._a.side.canonical(subject)
        return self.by_symbol.get(name, []) if name is not None else []

    def concerned(self, found: Divergence) -> list[Part] | None:
        """The parts that a finding concerns, none where it reaches the model as a whole; None where it doesn't reach it."""
        subject, aspect = found.subject, found.aspect
        if subject.startswith("settings."):
            return self._set(subject.removeprefix("settings."))
        if _MASK in aspect and not self._masks:
            return None
        if subject.startswith(_EVERYWHERE) or (self._is_compiled and subject.startswith(_COMPILED)):
            return []
        parts = [part for part in self.of(subject) if self._b.symbol(part) in (None, self._there(subject))]
        if aspect in _OUTSIDE or not parts:
            return None
        name = self._a.side.canonical(subject)
        symbol = self._a.side.symbol(name) if name is not None else None
        if symbol is None or name is None:
            return None
        if aspect.startswith((_PARAMETER, _CONFIG)):
            parameter = aspect.partition(".")[2]
            if not self._is_left_to_b(subject, parameter):
                return None
            parts = [
                part
                for part in parts
                if part.arguments is not None
                and not self._decides(part, name, parameter)
                and all(
                    same(_value(part, one, symbol), value, one)
                    for one, value in known_uses().only_with.get(parameter, {}).items()
                )
            ]
        elif aspect.startswith(_CASE):
            parts = [part for part in parts if _is_like(part, aspect.removeprefix(_CASE), symbol, self._a.side)]
        return parts or None

    def _decides(self, part: Part, name: str, parameter: str) -> bool:
        """Whether a part's arguments decide a parameter, which may be called as in B."""
        given = part.arguments or {}
        return parameter in given or parameter in self._a.recorded(part, name) or bool(given.keys() & set(_called(parameter)))

    def _there(self, subject: str) -> str | None:
        """The symbol of B that one of A is compared with."""
        name = self._b.side.name(subject)
        return self._b.side.canonical(name) if name is not None else None

    def _is_left_to_b(self, subject: str, parameter: str) -> bool:
        """Whether B decides a parameter that nobody gives; one that it doesn't have it can't."""
        name = self._there(subject)
        symbol = self._b.side.symbol(name) if name is not None else None
        return symbol is not None and (parameter in (symbol.config or {}) or default(symbol, parameter) is not msgspec.UNSET)

    def _set(self, setting: str) -> list[Part] | None:
        """The parts that a setting reaches through an argument that the file leaves open; all, where no argument takes it."""
        taking = [parameter for parameter, name in equivalents().effective_none.items() if name == setting]
        if not taking:
            return []
        reached = []
        for name, parts in self.by_symbol.items():
            symbol = self._a.side.symbol(name)
            known = {one.name for one in symbol.parameters or []} | set(symbol.config or {})
            for part in parts:
                given = part.arguments
                if given is None:
                    continue
                left = [one for one in taking if one in known and not self._decides(part, name, one)]
                if left or any(one in given and given[one] is None for one in taking):
                    reached.append(part)
        return reached or None


def narrowed(comparison: Comparison, uses: Uses) -> tuple[list[Divergence], list[NotComparable]]:
    """The divergences of a comparison that concern a model, each with the layers; and what of it can't be compared."""
    every = {found.id: found for found in comparison.divergences}
    concerned = {identifier: uses.concerned(found) for identifier, found in every.items()}
    kept: dict[str, Divergence] = {}
    for found in every.values():
        parts = concerned[found.id]
        if parts is None or not _rests(found, every, concerned):
            continue
        labels = list(dict.fromkeys(part.label for part in parts if part.label))
        kept[found.id] = msgspec.structs.replace(found, layers=labels, **_untold(found))
    for found in list(kept.values()):  # what explains them belongs to them
        cause = found.cause
        while cause in every and cause not in kept:
            kept[cause] = every[cause]
            cause = every[cause].cause
    told = [
        msgspec.structs.replace(found, explains=[identifier for identifier in found.explains if identifier in kept])
        for found in comparison.divergences
        if found.id in kept
        for found in [kept[found.id]]
    ]
    unknown = [one for one in comparison.not_comparable if _hides(one.id, uses)]
    return told, unknown


def _untold(found: Divergence) -> dict[str, Any]:
    """What becomes of a divergence of training that reaches a model only by what no file tells."""
    why = next((why for pattern, why in known_uses().untold.items() if fnmatchcase(found.id, pattern)), None)
    return {} if why is None else {"effect": Effect.INFO, "title": f"{found.title}; {why}"}


def _rests(found: Divergence, every: dict[str, Divergence], concerned: dict[str, list[Part] | None]) -> bool:
    """Whether what explains a divergence reaches the model too; an argument that its file decides explains nothing in it."""
    cause = found.cause
    seen: set[str] = set()
    while cause in every and cause not in seen:
        seen.add(cause)
        one = every[cause]
        is_part = one.subject.partition(".")[0] in _FAMILIES or one.subject.startswith("settings.")
        if is_part and concerned[cause] is None and not _is_made_of(found, one):
            return False
        cause = one.cause
    return True


def _is_made_of(found: Divergence, cause: Divergence) -> bool:
    """Whether the cause is a symbol that the model uses through another one: the cell of a layer, the layer in a wrapper."""
    is_layer = all(one.subject.startswith("layers.") for one in (found, cause))
    return is_layer and found.subject != cause.subject and cause.aspect.startswith(_CASE)


def _hides(unknown: str, uses: Uses) -> bool:
    """Whether what can't be compared may hide something that concerns a model."""
    subject, slash, aspect = unknown.partition("/")
    if not slash or subject.startswith(_EVERYWHERE):
        return subject in ("import", "symbols", "settings") or subject in _FAMILIES
    call = aspect.removeprefix(_CASE).partition("@")[0]
    return bool(uses.of(subject)) and (not aspect.startswith(_CASE) or call in _USUAL)


def _called(parameter: str) -> list[str]:
    return list(renames().parameter(parameter))


def _is_like(part: Part, aspect: str, symbol: Symbol, side: Side) -> bool:
    """Whether a case uses a symbol as a part of the model does."""
    case, _, quantity = aspect.rpartition(".")
    call = case.partition("@")[0]
    if quantity in _INITIAL or call.startswith(_SPELLED) or part.family == "initializers":
        return False
    if not _is_plain(part.family, case.partition("@")[2]) or not _is_as_deep(part, case, symbol):
        return False
    given = _optional(symbol, case).items()
    if call in _USUAL or _MASK in call:
        return True
    # Without an argument of its own a case is about an input that only it has: of another type, or a single sample.
    return bool(given) and all(same(value, side.effective(name, _value(part, name, symbol)), name) for name, value in given)


def _is_plain(family: str, given: str) -> bool:
    """Whether an input is one on which objects of a family show what they do in a usual model."""
    plain = known_uses().plain.get(family)
    return plain is None or given in plain


def _is_as_deep(part: Part, case: str, symbol: Symbol) -> bool:
    """Whether a case has an input of as many dimensions as the part's, unless no case has."""
    rank = _rank(case)
    if part.rank is None or rank in (part.rank, None):
        return True
    return all(_rank(other) != part.rank for other in symbol.cases)


def _rank(case: str) -> int | None:
    """The dimensions of a case's input, as its name tells: 3 of ``padded3d``."""
    told = re.search(r"(\d)d", case.partition("@")[2])
    return int(told[1]) if told is not None else None


def _optional(symbol: Symbol, case: str) -> dict[str, Any]:
    """The arguments of a case that it needn't give."""
    given = quantities.mapping(symbol.cases.get(case, {}).get("arguments"))
    required = {one.name for one in symbol.parameters or [] if one.default is msgspec.UNSET}
    return {name: value for name, value in given.items() if name not in required}


def _value(part: Part, name: str, symbol: Symbol) -> Any:
    """What an argument of a part is: as the file has it, else as A takes it."""
    given = part.arguments or {}
    return next((given[one] for one in (name, *_called(name)) if one in given), default(symbol, name))


def fitting(kept: Iterable[Divergence], uses: Uses, b: Side) -> list[Divergence]:
    """Layers whose weights in the file don't fit what B makes, since it takes another default for what the file leaves open."""
    found: dict[str, Divergence] = {}
    for one in kept:
        if one.effect is not Effect.ARCHITECTURE or not one.aspect.startswith(_PARAMETER) or not one.layers:
            continue
        there = b.name(one.subject)
        name = None if there is None else b.canonical(there)
        shapes = _shapes(b.symbol(name)) if name is not None else None
        for part in uses.of(one.subject):
            if shapes is None or part.label not in one.layers or part.weights is None or part.at:
                continue
            ranks = [len(shape) for shape in part.weights]
            if ranks != [len(shape) for shape in shapes]:
                title = f"its weights in the file don't fit the layer that B makes: {one.title}"
                more = {"cause": one.id, "layers": [part.label], "phases": ["saving"], "remedy": one.remedy, "why": one.why}
                new = divergence(part.subject, "weights", Effect.BREAKS, title, part.weights, shapes, **more)
                found.setdefault(new.id, new)
    return list(found.values())


def _shapes(symbol: Symbol) -> list[list[int]] | None:
    """The shapes of the weights of a layer by default, as it was measured."""
    for name, case in symbol.cases.items():
        told = case.get("weights") if name.startswith("default@") else None
        if isinstance(told, list) and told:
            return [one[1] for one in told if isinstance(one, list) and len(one) == 2 and isinstance(one[1], list)]
    return None


def is_serious(found: Divergence, every: Collection[str]) -> bool:
    """Whether a divergence, one of ``every``, gives a loaded model other predictions."""
    if found.effect not in (Effect.ARCHITECTURE, Effect.RESULTS) or not found.layers:
        return False
    if f"{found.subject}/{found.aspect.rpartition('.')[0]}.weights" in every:  # which loading converts, and the probe couldn't
        return False
    if found.subject.partition(".")[0] not in (*_PREDICTING, "settings", "saved_model"):
        return False
    return not found.phases or any(phase in found.phases for phase in ("inference", "preprocessing"))
