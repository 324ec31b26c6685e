"""A fingerprint as digests of its facts, without looking into them: which of them are bit-equal to those of a release.

The same bytes are the same facts, since fingerprints have one written form; other bytes may still be the same.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from kerasdiff.fingerprint.document import SCHEMA
from kerasdiff.probe import canonical, choice

if TYPE_CHECKING:
    from collections.abc import Iterator

_NONE = msgspec.Raw(b"null")
Subjects = dict[str, msgspec.Raw]


class Symbol(msgspec.Struct, frozen=True):
    """A symbol, undecoded."""

    kind: msgspec.Raw = _NONE
    state: msgspec.Raw = _NONE
    parameters: msgspec.Raw = _NONE
    config: msgspec.Raw = _NONE
    instance: msgspec.Raw = _NONE
    aliases: msgspec.Raw = _NONE
    deprecated: msgspec.Raw = _NONE
    cases: msgspec.Raw = _NONE
    same_as: str | None = None


class Setting(msgspec.Struct, frozen=True):
    """A setting, undecoded."""

    value: msgspec.Raw = _NONE
    state: msgspec.Raw = _NONE
    source: str = "default"


class Api(msgspec.Struct, frozen=True):
    """An API, its facts undecoded."""

    version: str | None = None
    backend: str | None = None
    backend_version: str | None = None
    settings: dict[str, Setting] = {}
    symbols: dict[str, Symbol] = {}
    operations: Subjects = {}
    training: Subjects = {}
    saving: Subjects = {}
    loading: Subjects = {}


class Outline(msgspec.Struct, frozen=True):
    """A fingerprint, its facts undecoded."""

    schema: str
    apis: dict[str, Api]
    libraries: dict[str, Subjects] = {}
    environment: dict[str, str] = {}
    packages: dict[str, str] = {}


def outline(data: bytes) -> Outline | None:
    """The outline of a fingerprint's text; None where it is none that can be read: loading it says why."""
    try:
        found = msgspec.json.decode(data, type=Outline)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    return found if found.schema == SCHEMA and found.apis else None


def default_api(known: Outline) -> str:
    """The API that people use with that environment."""
    installed = known.packages.get("keras")
    versions = {name: {"version": api.version or installed} for name, api in known.apis.items()}
    return choice.preferred(versions, known.environment)


def digests(known: Outline, name: str) -> dict[str, str]:
    """A digest of each fact of an API: by kind (``declared``, ``measured``, ``settings``, ``environment``) and subject."""
    api, found = known.apis[name], {}
    for subject, own in api.symbols.items():
        there = _described(known, own)
        parts = (there.kind, there.state, there.parameters, there.config, there.instance, own.aliases, own.deprecated)
        found[f"declared {subject}"] = _digest(b"\n".join(map(bytes, parts)))
        if there.cases is not _NONE:
            found[f"measured {subject}"] = _digest(_stable(there.cases))
    for subject, cases in _elsewhere(known, api):
        found[f"measured {subject}"] = _digest(_stable(cases))
    for subject, setting in api.settings.items():
        if setting.source != "hardware":
            found[f"settings {subject}"] = _digest(bytes(setting.state) + bytes(setting.value))
    for variable, value in known.environment.items():
        found[f"environment {variable}"] = _digest(value.encode("utf-8", "surrogatepass"))
    return found


def whole(parts: dict[str, str]) -> str:
    """A digest of all of them."""
    written = "\n".join(f"{name} {parts[name]}" for name in sorted(parts))
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()


def _described(known: Outline, symbol: Symbol) -> Symbol:
    if symbol.same_as is None:
        return symbol
    api, _, target = symbol.same_as.partition(":")
    there = known.apis.get(api)
    return symbol if there is None else there.symbols.get(target, symbol)


def _elsewhere(known: Outline, api: Api) -> Iterator[tuple[str, msgspec.Raw]]:
    """The cases of what is no symbol; where two APIs have the same models, one of them holds what these do."""
    model = api.symbols.get("models.Model")
    other = known.apis.get((model.same_as if model and model.same_as else "").partition(":")[0], api)
    for family in canonical.GROUPS:
        own: Subjects = getattr(api, family) or getattr(other, family)
        yield from ((canonical.subject(family, name), cases) for name, cases in own.items())
    for family in canonical.LIBRARIES:
        yield from ((f"{family}.{name}", cases) for name, cases in known.libraries.get(family, {}).items())


def _stable(cases: msgspec.Raw) -> bytes:
    """Cases without the scatter of what is unstable, which is another in every run."""
    written = bytes(cases)
    if b'"unstable"' not in written:
        return written
    decoded = msgspec.json.decode(written)
    return canonical.compact({call: canonical.stable(case) for call, case in decoded.items()}).encode("ascii")


def _digest(written: bytes) -> str:
    return hashlib.sha256(written).hexdigest()[:10]
