"""Reads and checks ``environments.yaml``."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DATA = Path(__file__).with_name("environments.yaml")
_DESCRIPTIVE = ("name", "alias", "variables", "notes")


class LabError(Exception):
    """An environment can't be provided; the message is one line."""


class DataError(LabError):
    """A row of the data is malformed."""


class UnknownEnvironment(LabError):
    """No row has this name or alias."""


@dataclass(frozen=True)
class System:
    """Shared libraries of Debian packages, unpacked into a folder of the environment."""

    debian: tuple[str, ...]
    folder: str
    links: Mapping[str, str]


@dataclass(frozen=True)
class Environment:
    """One row of the data; ``environments.yaml`` explains its keys."""

    name: str
    python: str
    requirements: tuple[str, ...]
    bootstrap: tuple[tuple[str, ...], ...] = ()
    pip_flags: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    without_dependencies: tuple[str, ...] = ()
    system: System | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    alias: str | None = None
    notes: str = ""

    @property
    def digest(self) -> str:
        """Identifies everything that changes what a build makes."""
        recipe = {key: value for key, value in asdict(self).items() if key not in _DESCRIPTIVE}
        return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()


def load(path: Path = DATA) -> dict[str, Environment]:
    """Read and check the data: every environment by its name."""
    rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {name: _parse(name, row) for name, row in rows.items()}


def find(name: str) -> Environment:
    """Return the environment with this name or alias."""
    environments = load()
    for environment in environments.values():
        if name in (environment.name, environment.alias):
            return environment
    raise UnknownEnvironment(f"no environment is named {name!r}; there are {len(environments)}")


def _parse(name: str, row: Any) -> Environment:
    if not isinstance(row, dict) or not {"python", "requirements"} <= row.keys():
        raise DataError(f"{name}: python and requirements must be given")
    values: dict[str, Any] = {}
    for key, value in row.items():
        if key not in _PARSERS:
            raise DataError(f"{name}: unknown key {key!r}")
        try:
            values[key] = _PARSERS[key](value)
        except TypeError as error:
            raise DataError(f"{name}: {key} {error}") from None
    return Environment(name, **values)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"must hold text, not {value!r}")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"must be a list, not {value!r}")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(_text, _list(value)))


def _groups(value: Any) -> tuple[tuple[str, ...], ...]:
    return tuple(map(_texts, _list(value)))


def _mapping(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise TypeError(f"must be a mapping, not {value!r}")
    return {_text(key): _text(item) for key, item in value.items()}


def _system(value: Any) -> System:
    if not isinstance(value, dict) or value.keys() != {item.name for item in fields(System)}:
        raise TypeError("must be a mapping with the keys debian, folder and links")
    return System(_texts(value["debian"]), _text(value["folder"]), _mapping(value["links"]))


_PARSERS: dict[str, Callable[[Any], object]] = {
    "python": _text,
    "requirements": _texts,
    "bootstrap": _groups,
    "pip_flags": _texts,
    "constraints": _texts,
    "without_dependencies": _texts,
    "system": _system,
    "variables": _mapping,
    "alias": _text,
    "notes": _text,
}
