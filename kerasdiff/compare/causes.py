"""Causes across symbols: what a case is made of explains it, where that was itself measured to differ."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from kerasdiff.compare import ingredients
from kerasdiff.knowledge.load import Effect, equivalents, uses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.compare.side import Side
    from kerasdiff.fingerprint.document import Symbol

_CASE = "case."
_PARAMETER = "parameter."

#: The calls that show what an object does in a usual model.
_USUAL = ("default", "pinned")
#: Quantities of initial weights: all others are measured with weights of their own.
_INITIAL = ("initial", "draw", "second")

#: In which phases a cause must show, by the phase of what it explains: what differs in training alone changes no inference.
_EARLIER = {
    "initialization": {"construction", "initialization"},
    "inference": {"construction", "inference", "preprocessing"},
    "preprocessing": {"construction", "inference", "preprocessing"},
    "training": {"construction", "initialization", "inference", "training", "evaluation"},
}


class _Case(NamedTuple):
    """The parts of ``case.default@2d.inference``."""

    call: str
    input: str
    quantity: str

    @staticmethod
    def of(aspect: str) -> _Case:
        case, _, quantity = aspect.removeprefix(_CASE).rpartition(".")
        call, _, given = case.partition("@")
        return _Case(call, given, quantity)


class _Use(NamedTuple):
    """A symbol that a case rests on, which arguments it gives to it, and whether a case of it is the same use."""

    name: str
    given: frozenset[str]
    is_same: Callable[[_Case], bool]


def trace(divergences: dict[str, Divergence], a: Side) -> dict[str, Divergence]:
    """The divergences by id, each that another symbol explains with its cause."""
    return _Tracer(divergences, a).traced()


class _Tracer:
    """Finds what explains a measured divergence in what its case uses."""

    def __init__(self, divergences: dict[str, Divergence], a: Side) -> None:
        self._found = dict(divergences)
        self._a = a
        self._seen: set[str] = set()
        self._measured: dict[str, list[Divergence]] = {}
        self._namesakes: dict[tuple[str, str], list[str]] = {}
        for one in divergences.values():
            if one.evidence == "measured" and one.effect is not Effect.INFO:
                self._measured.setdefault(one.subject, []).append(one)
        for subject in self._measured:
            self._namesakes.setdefault((subject.partition(".")[0], _plain(subject)), []).append(subject)

    def traced(self) -> dict[str, Divergence]:
        for found in self._measured.values():
            for one in found:
                self._trace(one)
        return self._found

    def _trace(self, found: Divergence) -> None:
        """Find the cause of a divergence, after the causes of what it may come of."""
        if found.id in self._seen:
            return
        self._seen.add(found.id)
        case = _Case.of(found.aspect)
        if found.cause is not None or not found.aspect.startswith(_CASE) or case.quantity == "outcome":
            return
        for use in self._used(found.subject, case) if case.quantity in uses().traced else ():
            candidates = [other for other in self._measured.get(use.name, []) if self._explains(other, found, use)]
            for other in sorted(candidates, key=lambda other: (other.effect.rank, -_size(other), other.id)):
                self._trace(other)
                root = self._root(other)
                if root is not None and root != found.id:
                    self._found[found.id] = msgspec.structs.replace(found, cause=root)
                    return
        setting = self._setting(found.subject, case)
        if setting is not None:
            self._found[found.id] = msgspec.structs.replace(found, cause=setting)

    def _setting(self, subject: str, case: _Case) -> str | None:
        """The setting of another value that reaches a case: by a parameter left to it, or, of what is no symbol, by name."""
        symbol = self._symbol(subject)
        parameters = {part.name for part in (symbol.parameters if symbol else None) or []}
        left = parameters - self._given(subject, f"{_CASE}{case.call}@{case.input}.x")
        for parameter, setting in equivalents().effective_none.items():
            identifier = f"settings.{setting}/value"
            patterns = uses().settings.get(setting, [])
            if identifier in self._found and (parameter in left or any(fnmatchcase(subject, known) for known in patterns)):
                return identifier
        return None

    def _explains(self, cause: Divergence, found: Divergence, use: _Use) -> bool:
        if use.name == found.subject or not _reaches(cause, found):
            return False
        if cause.aspect.startswith(_PARAMETER):
            return cause.aspect.removeprefix(_PARAMETER) not in use.given
        case = _Case.of(cause.aspect)
        if not cause.aspect.startswith(_CASE) or case.quantity not in uses().traced or not use.is_same(case):
            return False
        if (case.quantity in _INITIAL) != (_Case.of(found.aspect).quantity in _INITIAL):
            return False
        # Only what the use gives too: a difference under clipnorm explains nothing that clips nothing.
        return self._given(use.name, cause.aspect) - self._required(use.name) <= use.given

    def _given(self, name: str, aspect: str) -> set[str]:
        symbol = self._symbol(name)
        case = symbol.cases.get(aspect.removeprefix(_CASE).rpartition(".")[0], {}) if symbol else {}
        arguments = case.get("arguments")
        return set(arguments) if isinstance(arguments, dict) else set()

    def _required(self, name: str) -> set[str]:
        symbol = self._symbol(name)
        return {part.name for part in (symbol.parameters if symbol else None) or [] if part.default is msgspec.UNSET}

    def _symbol(self, name: str) -> Symbol | None:
        canonical = self._a.canonical(name)
        return None if canonical is None else self._a.symbol(canonical)

    def _root(self, found: Divergence) -> str | None:
        """The first cause; None where the causes go in a circle."""
        seen: set[str] = set()
        identifier = found.id
        while identifier not in seen:
            seen.add(identifier)
            cause = self._found[identifier].cause
            if cause is None or cause not in self._found:
                return identifier
            identifier = cause
        return None

    def _used(self, subject: str, case: _Case) -> Iterator[_Use]:
        """What a case rests on, the plainest first."""
        module = subject.partition(".")[0]
        if module in ingredients.FAMILIES:
            for part in ingredients.of(module, subject.partition(".")[2], case.call):
                yield from self._plainly(part.name, part.given, case.quantity, part.rank)
            return
        yield from self._alike(subject, case)
        yield from self._arguments(subject, case)
        for ending in uses().parts:
            given = frozenset(self._given(subject, f"{_CASE}{case.call}@{case.input}.x"))
            yield _Use(subject + ending, given, lambda other: (other.call, other.input) == (case.call, case.input))

    def _plainly(self, name: str, given: Iterable[str], quantity: str, rank: int | None) -> Iterator[_Use]:
        """The use of an object by its name, in the usual way."""
        family = name.partition(".")[0]
        if quantity not in uses().only.get(family, [quantity]):
            return
        inputs = uses().plain.get(family)

        def is_same(other: _Case) -> bool:
            more = self._given(name, f"{_CASE}{other.call}@{other.input}.x") - self._required(name)
            usual = other.call in _USUAL or more & set(given)
            is_plain = other.input in inputs if inputs is not None else rank is None or ingredients.rank(other.input) == rank
            return bool(usual) and is_plain

        yield _Use(self._a.canonical(name) or name, frozenset(given), is_same)

    def _arguments(self, subject: str, case: _Case) -> Iterator[_Use]:
        """What the arguments of a case name, those given and those left to their defaults."""
        symbol = self._symbol(subject)
        if symbol is None:
            return
        given = symbol.cases.get(f"{case.call}@{case.input}", {}).get("arguments")
        values = {part.name: part.default for part in symbol.parameters or [] if part.default is not msgspec.UNSET}
        values.update({name: value for name, value in (symbol.config or {}).items() if name in values})
        values.update(given if isinstance(given, dict) else {})
        for name, value in values.items():
            for made, arguments in _made(value):
                yield from self._plainly(made, arguments, case.quantity, ingredients.rank(case.input))
            family, called = uses().family(name), _called(value)
            if family and called:
                yield from self._plainly(f"{family}.{called}", (), case.quantity, None)

    def _alike(self, subject: str, case: _Case) -> Iterator[_Use]:
        """Symbols of the same name that this one rests on, where the same input shows it."""
        module = subject.partition(".")[0]
        for user, used in uses().alike:
            if user != module or not (used != module or _is_class(subject)):
                continue
            for name in self._namesakes.get((used, _plain(subject)), []):
                if used != module or not _is_class(name):  # a class rests on the function, not the other way about
                    is_same = _any_input if used == "operations" else lambda other: other.input == case.input
                    yield _Use(name, frozenset(self._given(subject, f"{_CASE}{case.call}@{case.input}.x")), is_same)


def _any_input(_: _Case) -> bool:
    return True


def _reaches(cause: Divergence, found: Divergence) -> bool:
    """Whether one divergence is bad enough, and shows early enough, to explain another one."""
    if cause.effect.rank > found.effect.rank or (found.effect is Effect.BREAKS) != (cause.effect is Effect.BREAKS):
        return False
    return not cause.phases or all(set(cause.phases) & _EARLIER.get(phase, set(cause.phases)) for phase in found.phases)


def _size(found: Divergence) -> float:
    scaled = (found.size or {}).get("scaled", 0.0)
    return scaled if isinstance(scaled, float) else 1.0


def _plain(name: str) -> str:
    """A name however it is written: ``CategoricalHinge`` and ``categorical_hinge``."""
    return name.rpartition(".")[2].replace("_", "").lower()


def _is_class(name: str) -> bool:
    return name.rpartition(".")[2][:1].isupper()


def _made(value: Any) -> Iterator[tuple[str, set[str]]]:
    """The symbols that an argument has objects of, with the names of their arguments."""
    if isinstance(value, dict):
        made = value.get("make")
        if isinstance(made, list) and made and isinstance(made[0], str):
            yield made[0], set(made[1]) if len(made) > 1 and isinstance(made[1], dict) else set()
        for part in value.values():
            yield from _made(part)
    elif isinstance(value, list):
        for part in value:
            yield from _made(part)


def _called(value: Any) -> str | None:
    """The name of the object that a value stands for."""
    if isinstance(value, dict):
        value = value.get("class_name")
    return value if isinstance(value, str) else None
