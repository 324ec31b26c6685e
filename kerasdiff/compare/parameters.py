"""Compares what a symbol takes: parameters, their effective defaults, their order, and the default-made configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from kerasdiff.compare.divergence import Divergence, divergence
from kerasdiff.compare.values import brief, same
from kerasdiff.knowledge.load import Effect, effects, equivalents, renames

if TYPE_CHECKING:
    from kerasdiff.compare.side import Side
    from kerasdiff.fingerprint.document import Parameter, Symbol

UNSET = msgspec.UNSET
_VARIADIC = ("var_positional", "var_keyword")

#: The probe marks a value so where two runs of one environment differ.
UNSTABLE = {"state": "unstable"}


class Pair:
    """The same symbol on both sides."""

    def __init__(self, subject: str, a: Symbol, b: Symbol, sides: tuple[Side, Side]) -> None:
        self.subject = subject
        self.a, self.b = a, b
        self._sides = sides
        self._a = {part.name: part for part in a.parameters or [] if part.kind not in _VARIADIC}
        self._b = {part.name: part for part in b.parameters or [] if part.kind not in _VARIADIC}

    def compare(self) -> list[Divergence]:
        """What differs in parameters and configuration."""
        found: list[Divergence] = []
        if self.a.parameters == self.b.parameters:
            for name, parameter in self._a.items():
                found += self._both(parameter, self._b[name])
        elif self.a.parameters is not None and self.b.parameters is not None:
            renamed = self.renamed()
            for name, parameter in self._a.items():
                if name in self._b:
                    found += self._both(parameter, self._b[name])
                elif name in renamed:
                    found += self._rename(parameter, self._b[renamed[name]])
                elif self._b or not self.b.parameters:
                    found += self._only_a(parameter)
            for name, parameter in self._b.items():
                if name not in self._a and name not in renamed.values() and (self._a or not self.a.parameters):
                    found += self._only_b(parameter)
            found += self._positions(renamed)
        return found + self._configuration()

    def renamed(self) -> dict[str, str]:
        """Names in A to names in B of parameters that are known by both, or keep their place and a telling default."""
        lost, new = ({name: one[name] for name in one if name not in other} for one, other in self._both_ways())
        if not lost or not new:
            return {}
        known: dict[str, str] = {}
        for name in lost:
            there = [other for other in renames().parameter(name) if other in new and other not in known.values()]
            known.update({name: there[0]} if there else {})
        if len(_required(lost)) != len(_required(new)):  # rows and columns became one size: they didn't move
            return known
        return known | {
            one: other
            for one, other in zip(_positional(self.a), _positional(self.b), strict=False)
            if one in lost and other in new and one not in known and other not in known.values()
            if _is_telling(lost[one].default, new[other].default, one)
        }

    def _both_ways(self) -> tuple[tuple[dict[str, Parameter], dict[str, Parameter]], ...]:
        return (self._a, self._b), (self._b, self._a)

    def is_same_default(self, name: str, there: str) -> bool:
        """Whether a parameter of A and one of B, both optional, have the same default in force."""
        return same(*self._effective(self._a[name], self._b[there]), there)

    def _rename(self, a: Parameter, b: Parameter) -> list[Divergence]:
        title = f"{a.name} is called {b.name} in B"
        effect = Effect.RESULTS if self._swallows() else Effect.BREAKS
        found = [divergence(self.subject, f"parameter.{a.name}", effect, title, a.name, b.name, remedy=f"{b.name}=…")]
        return found if UNSET in (a.default, b.default) else found + self._defaults(a, b, f"parameter.{b.name}")

    def _swallows(self) -> bool:
        return any(part.kind == "var_keyword" for part in self.b.parameters or [])

    def _config(self, symbol: Symbol, key: str) -> Any:
        value = (symbol.config or {}).get(key, UNSET)
        return UNSET if value == UNSTABLE else value

    def _is_steady(self, name: str) -> bool:
        """Whether both instances have one value of a parameter, and no setting has a part in it."""
        return self._config(self.a, name) == self._config(self.b, name) and name not in equivalents().effective_none

    def _effective(self, a: Parameter, b: Parameter) -> tuple[Any, Any]:
        """The defaults in force: from the default-made instances where both tell, else what the signatures say."""
        one, other = self._config(self.a, a.name), self._config(self.b, b.name)
        if (one is UNSET or other is UNSET) and same(a.default, b.default, a.name):
            return a.default, a.default
        one, other = (a.default if one is UNSET else one), (b.default if other is UNSET else other)
        return self._sides[0].effective(a.name, one), self._sides[1].effective(b.name, other)

    def _both(self, a: Parameter, b: Parameter) -> list[Divergence]:
        aspect, name = f"parameter.{a.name}", a.name
        if (a.default is UNSET and b.default is UNSET) or (a == b and self._is_steady(name)):
            return []
        if a.default is UNSET:
            title = f"{name} is required in A, {brief(b.default)} by default in B"
            return [divergence(self.subject, aspect, Effect.INFO, title, None, b.default)]
        if b.default is UNSET:
            title = f"{name} is {brief(a.default)} by default in A, required in B"
            return [
                divergence(self.subject, aspect, Effect.BREAKS, title, a.default, None, remedy=f"{name}={brief(a.default)}")
            ]
        return self._defaults(a, b, aspect)

    def _defaults(self, a: Parameter, b: Parameter, aspect: str) -> list[Divergence]:
        one, other = self._effective(a, b)
        if same(one, other, b.name):
            if same(a.default, b.default, b.name):
                return []
            title = f"{a.name} is declared as {brief(a.default)} in A and {brief(b.default)} in B, in effect the same"
            return [divergence(self.subject, aspect, Effect.INFO, title, a.default, b.default)]
        effect = effects().parameter(self.subject, b.name)
        title = f"the default of {b.name} is {brief(one)} in A, {brief(other)} in B"
        cause = self._setting(b.name) if same(a.default, b.default, b.name) else None
        remedy, restore = f"{b.name}={brief(one)}", _restore(b.name, one)
        return [divergence(self.subject, aspect, effect, title, one, other, remedy=remedy, restore=restore, cause=cause)]

    def _setting(self, parameter: str) -> str | None:
        """The setting whose other value gives an equally declared default another one in effect."""
        name = equivalents().effective_none.get(parameter, "")
        one, other = (side.api.settings.get(name) for side in self._sides)
        differs = one is not None and other is not None and not same(one.value, other.value)
        return f"settings.{name}/value" if differs else None

    def _only_a(self, parameter: Parameter) -> list[Divergence]:
        aspect, name = f"parameter.{parameter.name}", parameter.name
        one, other = self._config(self.a, name), self._config(self.b, name)
        if not self._swallows():
            title = f"{name} is no longer accepted"
            effect = Effect.BREAKS
        elif one is not UNSET and other is not UNSET:
            alike = same(self._sides[0].effective(name, one), self._sides[1].effective(name, other), name)
            title = f"{name} is taken by B's **kwargs" + (
                "" if alike else f", and is {brief(other)} there instead of {brief(one)}"
            )
            effect = Effect.INFO if alike else effects().parameter(self.subject, name)
        else:
            title = f"{name} is gone; B's **kwargs may take, refuse or ignore it"
            effect = Effect.RESULTS
        declared = None if parameter.default is UNSET else parameter.default
        return [divergence(self.subject, aspect, effect, title, declared, None)]

    def _only_b(self, parameter: Parameter) -> list[Divergence]:
        aspect, name = f"parameter.{parameter.name}", parameter.name
        if parameter.default is UNSET:
            return [divergence(self.subject, aspect, Effect.BREAKS, f"{name} is new and required in B")]
        one, other = self._config(self.a, name), self._config(self.b, name)
        if one is not UNSET and other is not UNSET and not same(one, other, name):
            title = f"{name} is {brief(one)} in A, where it is no parameter, {brief(other)} by default in B"
            effect, remedy = effects().parameter(self.subject, name), f"{name}={brief(one)}"
            restore = _restore(name, one)
            return [divergence(self.subject, aspect, effect, title, one, other, remedy=remedy, restore=restore)]
        return [
            divergence(
                self.subject,
                aspect,
                Effect.INFO,
                f"{name}, {brief(parameter.default)} by default, is new in B",
                None,
                parameter.default,
            )
        ]

    def _positions(self, renamed: dict[str, str]) -> list[Divergence]:
        """Arguments given by position must reach the same parameter."""
        one, other = _positional(self.a), _positional(self.b)
        for position, name in enumerate(one):
            there = other[position] if position < len(other) else None
            if there == name or (name in renamed and there == renamed[name]) or name not in self._b:
                continue
            required = sum(self._a[part].default is UNSET for part in one)
            # People write required arguments and perhaps one more by position; what comes later they name.
            effect = Effect.INFO
            if position <= required:
                effect = Effect.BREAKS if there is None else effects().parameter(self.subject, name).at_most(Effect.RESULTS)
            title = f"by position, argument {position + 1} is {name} in A, {there or 'refused'} in B"
            return [divergence(self.subject, "positions", effect, title, one, other, remedy=f"{name}=…")]
        return []

    def _configuration(self) -> list[Divergence]:
        """The configuration of the default-made instance, where no parameter of both sides accounts for it."""
        a, b = self.a.config, self.b.config
        if a is None or b is None:
            return []
        given = set(self.a.instance.arguments if self.a.instance else ()) | set(
            self.b.instance.arguments if self.b.instance else ()
        )
        found = []
        for key in sorted((a.keys() & b.keys()) - given - (self._a.keys() | self._b.keys())):
            if a[key] == UNSTABLE or b[key] == UNSTABLE:
                continue
            one, other = self._sides[0].effective(key, a[key]), self._sides[1].effective(key, b[key])
            if not same(one, other, key):
                effect = effects().parameter(self.subject, key)
                title = f"{key} of a default-made instance is {brief(one)} in A, {brief(other)} in B"
                found.append(divergence(self.subject, f"config.{key}", effect, title, one, other))
        return found


def _restore(name: str, value: Any) -> dict[str, Any] | None:
    """The argument that gives B the default of A; None where a value is more than plain data or a class and its arguments."""
    plain = value["config"] if isinstance(value, dict) and value.keys() == {"class_name", "config"} else value
    parts = list(plain.values()) if isinstance(plain, dict) and plain is not value else [plain]
    return {"arguments": {name: value}} if all(_is_plain(part) for part in parts) else None


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(_is_plain(part) for part in value)
    return value is None or isinstance(value, (bool, int, float, str))


def _is_telling(a: Any, b: Any, name: str) -> bool:
    """Whether equal defaults say that two parameters are one: that both are None or a flag doesn't."""
    if a is UNSET or b is UNSET:
        return a is b
    return a is not None and not isinstance(a, bool) and same(a, b, name)


def _required(parameters: dict[str, Parameter]) -> list[str]:
    return [name for name, part in parameters.items() if part.default is UNSET]


def _positional(symbol: Symbol) -> list[str]:
    return [part.name for part in symbol.parameters or [] if part.kind in ("positional_only", "positional_or_keyword")]
