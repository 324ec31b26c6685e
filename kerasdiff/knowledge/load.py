"""What is known about Keras beyond the fingerprints: data files, and their loader."""

from __future__ import annotations

import enum
from fnmatch import fnmatchcase
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


class Effect(str, enum.Enum):
    """What a divergence does to code or a model, the worst first."""

    BREAKS = "breaks"
    """The same code or saved model raises."""
    ARCHITECTURE = "architecture"
    """Other output shapes, or another number, shape or order of weights."""
    RESULTS = "results"
    """Same weights and inputs, other numbers beyond tolerance."""
    REPRODUCIBILITY = "reproducibility"
    """The same up to a seeded draw or floating-point rounding."""
    INFO = "info"
    """Visible, but can't change a model."""

    @cached_property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Effect).index(self)

    def reaches(self, gate: Effect) -> bool:
        """Whether this effect is at or above ``gate``."""
        return self.rank <= gate.rank

    def at_most(self, limit: Effect) -> Effect:
        """The milder of this effect and ``limit``."""
        return max(self, limit, key=lambda effect: effect.rank)


class Effects(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a changed declaration can do where nothing measures it: ``effects.json``.

    ``parameters`` and ``variables``: names by effect. ``modules``: where every parameter has that effect at most.
    ``settings``: the effect of each.
    ``settled``: variables that do nothing but what settings show. ``defaults``: the effect of what isn't listed.
    """

    parameters: dict[Effect, list[str]]
    modules: dict[Effect, list[str]]
    settings: dict[str, Effect]
    variables: dict[Effect, list[str]]
    settled: list[str]
    defaults: dict[str, Effect]

    def parameter(self, subject: str, name: str) -> Effect:
        """The effect of another default of the parameter ``name`` of the symbol ``subject``."""
        found = _by_name(self.parameters, name, self.defaults["parameters"])
        module = subject.partition(".")[0]
        for limit, modules in self.modules.items():
            if module in modules:
                found = found.at_most(limit)
        return found

    def setting(self, name: str) -> Effect:
        """The effect of another value of the setting ``name``."""
        return self.settings.get(name, self.defaults["settings"])

    def variable(self, name: str) -> Effect:
        """The effect of another value of the environment variable ``name``."""
        return _by_name(self.variables, name, self.defaults["variables"])


def _by_name(groups: dict[Effect, list[str]], name: str, default: Effect) -> Effect:
    return next((effect for effect, names in groups.items() if name in names), default)


class Alike(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Values of a parameter that mean the same."""

    parameter: str
    alike: list[Any]
    why: str
    reference: str


class NamedObject(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"class_name": "class"}):
    """An object that older releases write as another class with a certain configuration."""

    name: str
    class_name: str
    config: dict[str, Any]


class Equivalents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Spellings that mean the same: ``equivalents.json``.

    ``effective_none``: the setting that a default of None takes its value from, by parameter.
    """

    effective_none: dict[str, str]
    values: list[Alike]
    objects: list[NamedObject]


class Renamed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The older and the newer name of a module or a parameter, and where that is said."""

    old: str
    new: str
    reference: str


class Renames(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """What later releases call by another name: ``renames.json``."""

    modules: list[Renamed]
    parameters: list[Renamed]

    def parameter(self, name: str) -> Iterator[str]:
        """The names that a parameter may have in other releases."""
        for row in self.parameters:
            if name in (row.old, row.new):
                yield row.new if name == row.old else row.old

    def others(self, name: str) -> Iterator[str]:
        """The names that a public object has in other releases."""
        rows = [*self._by_module.get(name, ())]
        end = name.find(".")
        while end >= 0:
            rows += self._by_module.get(name[:end], ())
            end = name.find(".", end + 1)
        for _, here, there in sorted(rows):
            yield there + name[len(here) :]

    @cached_property
    def _by_module(self) -> dict[str, list[tuple[int, str, str]]]:
        """The place of each row, the name by which it is found, and the other name."""
        found: dict[str, list[tuple[int, str, str]]] = {}
        for place, row in enumerate(self.modules):
            found.setdefault(row.old, []).append((2 * place, row.old, row.new))
            found.setdefault(row.new, []).append((2 * place + 1, row.new, row.old))
        return found


class Allowance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another tolerance than the table's, for what fits two patterns: ``*`` is anything."""

    subject: str
    tolerance: float
    quantity: str = "*"


class Tolerances(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far measured numbers may be apart, relative to the largest number of the tensor: ``tolerances.json``.

    By the first part of a subject, by quantity, or by data type; the widest counts. ``not_exercised``: words
    in the names of parameters that no case exercises, since weights are overwritten and nothing is trained;
    ``not_exercised_parameters``: names of those whose changed default some symbol's cases were shown not to see.
    """

    families: dict[str, float]
    quantities: dict[str, float]
    dtypes: dict[str, float]
    default: float
    not_exercised: list[str]
    not_exercised_parameters: list[str]
    allowances: tuple[Allowance, ...] = ()
    """What a user sets instead; the first that fits counts."""

    def of(self, subject: str, quantity: str, dtypes: Collection[str] = ()) -> float:
        """The tolerance for a quantity of a subject, measured in tensors of these types."""
        for other in self.allowances:
            if fnmatchcase(subject, other.subject) and fnmatchcase(quantity, other.quantity):
                return other.tolerance
        own = self.families.get(subject.partition(".")[0], self.default)
        return max(own, self.quantities.get(quantity, 0.0), *(self.dtypes.get(dtype, 0.0) for dtype in dtypes))

    def exercises(self, parameter: str) -> bool:
        """Whether cases show what a parameter does."""
        named = parameter in self.not_exercised_parameters
        return not named and not any(word in parameter.split("_") for word in self.not_exercised)


class Uses(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """What rests on what: ``uses.json``.

    ``parameters``: the family of the objects that arguments name, by patterns of the parameters' names. ``only``: the
    quantities that objects of a family reach, where it isn't all. ``plain``: the inputs on which an object of a family shows
    what it does in a usual model. ``traced``: the quantities that what is used explains. ``alike``: pairs of modules; a symbol
    of the first rests on that of the second which has the same name. ``parts``: endings of the names of what a symbol is
    made of, after its own. ``settings``: the subjects that a setting reaches without a parameter that says so.
    ``only_with``: parameters that matter only where others have these values. ``untold``: divergences, by patterns of their
    ids, that reach a saved model only if it is used in a way that no file tells, and which.
    """

    parameters: dict[str, str]
    only: dict[str, list[str]]
    plain: dict[str, list[str]]
    traced: list[str]
    alike: list[tuple[str, str]]
    parts: list[str]
    settings: dict[str, list[str]]
    only_with: dict[str, dict[str, Any]]
    untold: dict[str, str]

    def family(self, parameter: str) -> str | None:
        """The family of the objects that a parameter's values name."""
        if parameter not in self._families:
            fitting = (family for pattern, family in self.parameters.items() if fnmatchcase(parameter, pattern))
            self._families[parameter] = next(fitting, None)
        return self._families[parameter]

    @cached_property
    def _families(self) -> dict[str, str | None]:
        """What was asked for: few names, often."""
        return {}


class Quantity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What another value of a measured quantity means: ``quantities.json``."""

    phases: list[str] = []
    """The phases of a model's life in which it shows."""
    effect: Effect = Effect.RESULTS
    """The worst that it does."""
    words: str = ""
    """What is said before the values, which are compared exactly; empty where they are numbers with a size."""
    random: bool = False
    """Whether in a random case the numbers are a seeded draw: another stream, not another result."""
    count: bool = False
    """Whether it counts the outcomes of a draw: below twice as many, that is another stream."""
    cast: bool = False
    """Whether what uses it casts it to a data type of its own."""


class Coverage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What counts in the figure of what was probed, and what doesn't: ``coverage.json``.

    ``modules`` and ``names``: symbols of a kind besides those that the digest of its family covers. ``helpers``: names that
    are no symbols of their module's kind. ``out_of_scope``: reasons to probe nothing that are none to miss something.
    """

    modules: dict[str, str]
    names: dict[str, str]
    helpers: list[str]
    out_of_scope: list[str]

    def kind(self, name: str) -> str | None:
        """The kind of a symbol by one of its names."""
        return self.names.get(name) or self.modules.get(name.rpartition(".")[0])


class Locations(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which files and packages of a project decide what its Keras is: ``locations.json``.

    ``files``: patterns of those that choose packages, the most decisive first. ``apis``, ``backends`` and ``groups`` (by the
    first part of a subject): the distributions that bring each, the nearest first.
    """

    files: list[str]
    apis: dict[str, list[str]]
    backends: dict[str, list[str]]
    groups: dict[str, list[str]]


class ByChannel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A scale and a shift for each channel that have a name."""

    name: str
    scales: list[float]
    shifts: list[float]


class Grey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much of each channel, red first, a grey value has."""

    name: str
    weights: list[float]


class Pipelines(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What people do to their data, and how near numbers must come to be taken for that: ``pipelines.json``.

    ``tolerance``: numbers that differ by less, over the largest, are the same. ``exact``: what a fit may leave, over the range
    of B's numbers. ``afar``: what may be left of an image seen from afar that was resized otherwise, over its deviation.
    """

    tolerance: float
    exact: float
    afar: float
    scales: tuple[str, ...]
    shifts: tuple[str, ...]
    channels: tuple[ByChannel, ...]
    grey: tuple[Grey, ...]


@cache
def pipelines() -> Pipelines:
    """The table of what people do to their data."""
    return msgspec.json.decode(_read("pipelines.json"), type=Pipelines)


@cache
def locations() -> Locations:
    """The table of what decides which Keras a project has."""
    return msgspec.json.decode(_read("locations.json"), type=Locations)


@cache
def coverage() -> Coverage:
    """The table of what is out of scope."""
    return msgspec.json.decode(_read("coverage.json"), type=Coverage)


@cache
def quantities() -> dict[str, Quantity]:
    """The table of measured quantities."""
    return msgspec.json.decode(_read("quantities.json"), type=dict[str, Quantity])


@cache
def uses() -> Uses:
    """The table of what rests on what."""
    return msgspec.json.decode(_read("uses.json"), type=Uses)


@cache
def renames() -> Renames:
    """The table of what later releases call by another name."""
    return msgspec.json.decode(_read("renames.json"), type=Renames)


@cache
def tolerances() -> Tolerances:
    """The table of tolerances."""
    return msgspec.json.decode(_read("tolerances.json"), type=Tolerances)


@cache
def effects() -> Effects:
    """The table of effects."""
    return msgspec.json.decode(_read("effects.json"), type=Effects)


@cache
def equivalents() -> Equivalents:
    """The table of equivalent spellings."""
    return msgspec.json.decode(_read("equivalents.json"), type=Equivalents)


def _read(name: str) -> bytes:
    return Path(__file__).with_name(name).read_bytes()
