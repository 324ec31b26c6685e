"""What a project gates on: the policy in ``pyproject.toml`` or ``kerasdiff.toml``."""

from __future__ import annotations

import datetime as dt
import math
import re
from enum import Enum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import msgspec

from kerasdiff.errors import KerasdiffError
from kerasdiff.gate import toml
from kerasdiff.knowledge.load import Allowance, Effect
from kerasdiff.probe import canonical
from kerasdiff.probe.apis import FAMILIES, TABLE
from kerasdiff.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The file of its own, and the table in the project's one.
OWN = "kerasdiff.toml"
PYPROJECT = "pyproject.toml"
TABLE_PATH: toml.Place = ("tool", "kerasdiff")

#: Families whose facts are context, unless a policy gives them an effect.
CONTEXT = ("packages", "runtime", "environment")
#: Facts of the runtime that a baseline holds: what a machine is called changes without the environment.
RUNTIME = ("python", "implementation", "machine", "libc", "driver", "devices", "cpu.instruction_sets")

#: Where a baseline is looked for when nobody says.
BASELINES = ("kerasdiff.json", "kerasdiff.json.gz")


class PolicyError(KerasdiffError):
    """The policy says something that it can't mean."""


class Action(str, Enum):
    """What is done about a waiver that no longer serves."""

    FAIL = "fail"
    WARN = "warn"


class Accepted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A divergence as it was when it was accepted, see `kerasdiff.gate.waivers.accepted`."""

    id: str
    effect: Effect
    rule: str | None = None
    a: str | None = None
    """A's value, as JSON; a digest where that is long. None where it was measured with a size."""
    b: str | None = None
    size: float | Literal["inf"] | None = None
    explains: Extent | None = None


class Extent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The worst of what a cause explains: its effect, and the largest size."""

    effect: Effect
    size: float | Literal["inf"] | None = None


class Waiver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Divergences that somebody has accepted: why, who, and until when."""

    reason: str
    accepts: list[Accepted]
    owner: str = ""
    until: dt.date | None = None
    """The last day on which it waives; None: for ever."""
    baseline: str = ""
    """The baseline that it is about, as the command line names it; the policy's where it isn't said."""


class Tolerance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another tolerance than the measured one, and why."""

    subject: str
    tolerance: float
    reason: str
    quantity: str = "*"

    def allowance(self) -> Allowance:
        """What a comparison takes."""
        return Allowance(subject=self.subject, tolerance=self.tolerance, quantity=self.quantity)


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """What is gated. Every key may be left out.

    ``baseline`` is a path beside the policy's file. ``families``: what is captured and compared; each must be known on both
    sides. ``only`` and ``ignore`` are patterns of ids or subjects. ``effects``: what another version of a package, another
    value of the runtime or a variable counts as, by a pattern of its subject: what isn't named is context.
    """

    baseline: str = ""
    fail_on: Effect = Effect.RESULTS
    api: Literal["", "keras", "tf.keras", "tf_keras"] = ""
    families: list[str] = []
    only: list[str] = []
    ignore: list[str] = []
    effects: dict[str, Effect] = {}
    tolerances: list[Tolerance] = []
    waivers: list[Waiver] = []
    expired_waivers: Action = Action.FAIL
    unused_waivers: Action = Action.FAIL

    @property
    def captured(self) -> list[str]:
        """The families to capture: those that are named, and what they rest on; all where none is named.

        What was measured of a symbol stands with it, and variables and packages decide which API people use.
        """
        return list(dict.fromkeys([*CONTEXT, *self.required])) if self.families else []

    @property
    def required(self) -> list[str]:
        """The families that must be known on both sides, whatever the baseline holds."""
        measured = {*canonical.FAMILIES, *canonical.GROUPS} & set(self.families)
        counted = [group for group in CONTEXT if any(pattern.startswith(f"{group}.") for pattern in self.effects)]
        return list(dict.fromkeys([*counted, *(["symbols"] if measured else []), *self.families]))


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A policy, and where it stands."""

    policy: Policy
    root: Path
    """The project's folder: paths of the policy start there."""
    file: Path | None = None
    """None where nothing but defaults is in force."""
    table: toml.Place = ()
    text: str = ""

    def line(self, *path: str | int) -> int:
        """The line of the file on which a value begins."""
        return toml.line(self.text, (*self.table, *path))

    def refuse(self, what: str, *path: str | int) -> NoReturn:
        """Raises `PolicyError` for what a value says."""
        _refuse(self.file or Path(), self.text, (*self.table, *path), what)

    def says(self, key: str) -> bool:
        """Whether the file gives a key a value, be it the default."""
        said: Any = toml.parsed(self.text)
        for part in self.table:
            said = said.get(part, {})
        return key in said

    def baseline(self) -> Path:
        """The file of the baseline: the policy's, else the usual one that is there, else the first of the usual names."""
        if self.policy.baseline:
            return self.root / self.policy.baseline
        usual = [self.root / name for name in BASELINES]
        return next((file for file in usual if file.is_file()), usual[0])


def find(given: str | None = None, start: Path | None = None) -> Source:
    """The policy in force: that of the file ``given``, else of the first folder from ``start`` upwards that has one.

    The search ends at the root of a repository. Raises `PolicyError` or `TomlError` where there is one that can't be used.
    """
    if given is not None:
        file = Path(given)
        try:
            text, document = toml.read(file)
        except FileNotFoundError:
            message = f"{visible(given, 1000)}: no such file; give --policy a kerasdiff.toml or a pyproject.toml"
            raise PolicyError(message) from None
        table = TABLE_PATH if file.name == PYPROJECT else ()
        if table and not _has_table(document):
            message = f"{visible(given, 1000)}: has no table [tool.kerasdiff]; write one, or give --policy another file"
            raise PolicyError(message)
        return parse(file, text, document, table)
    here = (start or Path.cwd()).absolute()
    for folder in (here, *here.parents):
        found = _inside(folder)
        if found is not None:
            return found
        if (folder / ".git").exists():
            return Source(policy=Policy(), root=folder)
    return Source(policy=Policy(), root=here)


def _inside(folder: Path) -> Source | None:
    """The policy of a folder; None where it has none."""
    found = []
    for name, table in ((OWN, ()), (PYPROJECT, TABLE_PATH)):
        try:
            text, document = toml.read(folder / name)
        except (FileNotFoundError, NotADirectoryError):
            continue
        is_said = bool(text.strip()) if name == OWN else _has_table(document)  # an empty file says nothing
        if is_said:
            found.append((folder / name, text, document, table))
    if len(found) > 1:
        message = (
            f"{visible(str(folder / OWN), 1000)}: the policy stands in {PYPROJECT} too, as [tool.kerasdiff]; keep one of them"
        )
        raise PolicyError(message)
    return parse(*found[0]) if found else None


def _has_table(document: dict[str, Any]) -> bool:
    return isinstance(document.get("tool"), dict) and "kerasdiff" in document["tool"]


def parse(file: Path, text: str, document: dict[str, Any], table: toml.Place) -> Source:
    """The policy in the ``table`` of a file that says ``document``.

    Raises `PolicyError` with the file and the line of what is wrong.
    """
    said: Any = document
    for part in table:
        said = said.get(part, {}) if isinstance(said, dict) else said
    try:
        policy = msgspec.convert(said, Policy)
    except msgspec.ValidationError as error:
        what, place = _place(str(error))
        _refuse(file, text, (*table, *place), what)
    source = Source(policy=policy, root=file.absolute().parent, file=file, table=table, text=text)
    _check(source)
    return source


#: How msgspec says where a value is wrong: ``Expected `str`, got `int` - at `$.waivers[0].reason` ``.
_AT = re.compile(r" - at `(?P<path>\$.*)`$")
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<key>.*)`", re.S)
_PART = re.compile(r"\.(?P<key>[\w-]+)|\[(?P<index>\d+|\.\.\.)\]")


def _place(error: str) -> tuple[str, toml.Place]:
    """What is wrong, in a person's words, and where."""
    at = _AT.search(error)
    what = error[: at.start()] if at else error
    place: list[str | int] = []
    for part in _PART.finditer(at.group("path")) if at else ():
        if part["key"]:
            place.append(part["key"])
        elif part["index"] != "...":
            place.append(int(part["index"]))
    unknown = _UNKNOWN.match(what)
    if unknown:
        place.append(unknown["key"])
        return f"unknown key {unknown['key']!r}", tuple(place)
    if "enum value" in what:
        what += f"; there are {', '.join(_choices(place))}"
    where = _dotted(tuple(place))
    return f"{where}: {what[0].lower()}{what[1:]}" if where else what, tuple(place)


def _choices(place: list[str | int]) -> list[str]:
    if place == ["api"]:
        return list(TABLE["apis"])
    kind: type[Enum] = Action if place and str(place[-1]).endswith("-waivers") else Effect
    return [choice.value for choice in kind]


def _dotted(place: toml.Place) -> str:
    return "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")


def _refuse(file: Path, text: str, place: toml.Place, what: str) -> NoReturn:
    where = f"{visible(str(file), 1000)}:{toml.line(text, place)}"
    message = f"{where}: {visible(what, 300)}; see: kerasdiff policy --help"
    raise PolicyError(message)


def _check(source: Source) -> None:
    """Raises `PolicyError` for what types alone can't say."""
    for what, place in _wrong(source.policy):
        source.refuse(what, *place)


def _wrong(policy: Policy) -> Iterator[tuple[str, toml.Place]]:
    """What a policy can't mean, and where it says so."""
    if "\0" in policy.baseline:
        yield "baseline: no file has such a name", ("baseline",)
    path = Path(policy.baseline)
    if path.is_absolute() or ".." in path.parts:
        yield f"baseline: {policy.baseline!r} leaves the project; write a path below it", ("baseline",)
    for number, family in enumerate(policy.families):
        if family not in FAMILIES:
            yield f"families: no such family {family!r}; there are {', '.join(FAMILIES)}", ("families", number)
    for pattern in policy.effects:
        group, _, name = pattern.partition(".")
        if group not in CONTEXT or not name:
            yield f"effects: {pattern!r} can't be gated; write {', '.join(f'{one}.*' for one in CONTEXT)}", ("effects", pattern)
        elif group == "runtime" and not any(fnmatchcase(fact, name) for fact in RUNTIME):
            yield f"effects: no baseline holds {pattern!r}; there are {', '.join(RUNTIME)}", ("effects", pattern)
    yield from _wrong_tables(policy)


def _wrong_tables(policy: Policy) -> Iterator[tuple[str, toml.Place]]:
    for number, tolerance in enumerate(policy.tolerances):
        name, place = f"tolerances[{number + 1}]", ("tolerances", number)
        if not (math.isfinite(tolerance.tolerance) and tolerance.tolerance >= 0):
            yield f"{name}.tolerance: {tolerance.tolerance} is none; write a number from 0", (*place, "tolerance")
        if not tolerance.reason.strip():
            yield f"{name}.reason: is empty; say why", (*place, "reason")
    for number, waiver in enumerate(policy.waivers):
        name, place = f"waivers[{number + 1}]", ("waivers", number)
        if not waiver.reason.strip():
            yield f"{name}.reason: is empty; say why", (*place, "reason")
        if "\0" in waiver.baseline:
            yield f"{name}.baseline: no file has such a name", (*place, "baseline")
        if not waiver.accepts:
            yield f"{name}.accepts: is empty; write it with: kerasdiff waive", (*place, "accepts")
