"""What was measured of a subject, from release to release, as classes of behaviour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kerasdiff.compare import cases, quantities
from kerasdiff.compare.values import brief
from kerasdiff.fingerprint.document import UNKNOWN_STATES, VALUE
from kerasdiff.knowledge.load import Quantity
from kerasdiff.knowledge.load import quantities as known_quantities
from kerasdiff.releases.index import ABSENT, NOT_MEASURED, UNKNOWN, Behaviour

if TYPE_CHECKING:
    from kerasdiff.fingerprint.document import Symbol

#: Characters of a value that is told as it is; of what is longer only the class.
_SHORT = 30
#: What is told of the making only where it changed.
_MADE = (".weights", ".trainable", ".input")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def of(subject: str, symbols: dict[int, Symbol], lines: list[list[int]]) -> tuple[Behaviour, ...]:
    """The measured aspects of a subject, those that changed together in one."""
    return _Classes(subject, symbols, lines).behaviours()


class _Classes:
    """Puts what was measured at each place into classes, by the comparison's own code."""

    def __init__(self, subject: str, symbols: dict[int, Symbol], lines: list[list[int]]) -> None:
        self._subject = subject
        self._symbols = symbols
        self._lines = lines
        self._compared: dict[tuple[int, int], tuple[set[str], set[str]]] = {}
        self._facts: dict[str, dict[int, Any]] = {}
        for place, symbol in symbols.items():
            for case, known in symbol.cases.items():
                for aspect, fact in _facts(case, known).items():
                    self._facts.setdefault(aspect, {})[place] = fact

    def behaviours(self) -> tuple[Behaviour, ...]:
        together: dict[tuple[tuple[int, str], ...], list[str]] = {}
        for aspect in sorted(self._facts):
            runs = self._runs(aspect)
            if not aspect.endswith(_MADE) or len({fact for _, fact in runs if fact in _LETTERS}) > 1:
                together.setdefault(runs, []).append(aspect)
        return tuple(Behaviour(tuple(aspects), runs) for runs, aspects in together.items())

    def _runs(self, aspect: str) -> tuple[tuple[int, str], ...]:
        told = self._told(aspect)
        runs: list[tuple[int, str]] = []
        for place, fact in ((place, told[place]) for line in self._lines for place in line):
            if not runs or runs[-1][1] != fact:
                runs.append((place, fact))
        return tuple(runs)

    def _told(self, aspect: str) -> dict[int, str]:
        """What stands for the fact at each place."""
        facts, told = self._facts[aspect], {}
        values = {place: fact for place, fact in facts.items() if not isinstance(fact, str)}
        as_text = _is_text(aspect) and all(len(_words(fact[0])) <= _SHORT for fact in values.values())
        latest: dict[str, int] = {}
        for line in self._lines:
            before: int | None = None
            for place in line:
                if place not in self._symbols:
                    told[place] = ABSENT
                elif place not in facts:
                    case = aspect.rpartition(".")[0].removeprefix("case.")
                    told[place] = _state(self._symbols[place].cases.get(case))
                elif place not in values:
                    told[place] = facts[place]
                elif as_text:
                    told[place] = _words(values[place][0])
                else:
                    letter = self._letter(aspect, place, before, told, latest)
                    told[place] = letter
                    latest[letter] = before = place
        return told

    def _letter(self, aspect: str, place: int, before: int | None, told: dict[int, str], latest: dict[str, int]) -> str:
        """The class that a place is in: that of the release before, else of the latest which agrees, else a new one."""
        if before is not None and self._agree(aspect, before, place):
            return told[before]
        others = sorted(latest, key=lambda letter: (-latest[letter], letter))
        return next((letter for letter in others if self._agree(aspect, latest[letter], place)), _name(len(latest)))

    def _agree(self, aspect: str, one: int, other: int) -> bool:
        key = (one, other)
        if key not in self._compared:
            self._compared[key] = self._differing(one, other)
        aspects, whole = self._compared[key]
        return aspect not in aspects and aspect.rpartition(".")[0] not in whole

    def _differing(self, one: int, other: int) -> tuple[set[str], set[str]]:
        """The aspects that differ between two places, and the cases that differ in the making or can't be compared."""
        a, b = self._symbols[one], self._symbols[other]
        if a.cases == b.cases:
            return set(), set()
        outcome = cases.compare(self._subject, a, b)
        aspects = {found.aspect for found in outcome.divergences}
        whole = {aspect.rpartition(".")[0] for aspect in aspects if aspect.endswith((".input", ".build"))}
        return aspects, whole | {identifier.partition("/")[2] for identifier, _ in outcome.unknown}


def _facts(name: str, case: dict[str, Any]) -> dict[str, Any]:
    """By aspect: a state or an outcome as text, a value as a list of it."""
    if quantities.is_lost(case) or quantities.made(case) != VALUE:
        return {}
    found: dict[str, Any] = {}
    found.update({f"case.{name}{key}": [case[key[1:]]] for key in _MADE if key[1:] in case})
    if "outcome" in case:
        outcome = quantities.mapping(case["outcome"])
        found[f"case.{name}.outcome"] = str(outcome.get("value", outcome.get("state", UNKNOWN)))
    for argument, outcome in quantities.mapping(case.get("outcomes")).items():
        found[f"case.argument-{argument}@config.outcome"] = str(outcome)
    for quantity in quantities.names(case):
        parts = quantities.parts(case, quantity)
        state = quantities.state(parts)
        if state == VALUE:
            values = [part.get("values") for part in parts]
            found[f"case.{name}.{quantity}"] = [values[0] if len(values) == 1 else values]
        elif state in UNKNOWN_STATES:
            found[f"case.{name}.{quantity}"] = UNKNOWN
        else:
            failed = next(part for part in parts if part.get("state", VALUE) == state)
            found[f"case.{name}.{quantity}"] = f"raises {failed.get('type')}" if state == "error" else str(state)
    return found


def _state(case: dict[str, Any] | None) -> str:
    """Why a case has no such fact."""
    if case is None:
        return NOT_MEASURED
    if quantities.is_lost(case):
        return UNKNOWN
    made = quantities.made(case)
    if made == "error":
        return f"raises {case['build'].get('type')}"
    return NOT_MEASURED if made == VALUE else str(made)


def _words(value: Any) -> str:
    """A value that is compared as text, as people read it."""
    parts = value if isinstance(value, list) else [value]
    return ", ".join(part if isinstance(part, str) else brief(part) for part in parts)


def _is_text(aspect: str) -> bool:
    return bool(known_quantities().get(aspect.rpartition(".")[2], Quantity()).words)


def _name(number: int) -> str:
    """``A`` to ``Z``, then ``A2`` and so on."""
    turn, letter = divmod(number, 26)
    return _LETTERS[letter] + (str(turn + 1) if turn else "")
