"""One side of a comparison: a fingerprint, seen through one of its APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from kerasdiff.errors import KerasdiffError
from kerasdiff.fingerprint.document import VALUE, Api, Fingerprint, Symbol
from kerasdiff.knowledge.load import equivalents, renames
from kerasdiff.probe import canonical, choice
from kerasdiff.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator


class ApiError(KerasdiffError):
    """The API asked for isn't in the fingerprint."""


def default_api(fingerprint: Fingerprint) -> str:
    """The API that people use with that environment, also where its import fails: that is what they meet."""
    installed = fingerprint.packages.get("keras")
    known = {name: {"version": api.version or installed} for name, api in fingerprint.apis.items()}
    return choice.preferred(known, fingerprint.environment)


class Side:
    """A fingerprint and the API of it that is compared; names are resolved through aliases and other APIs."""

    def __init__(self, fingerprint: Fingerprint, api: str | None = None) -> None:
        self.fingerprint = fingerprint
        self.api_name = api or default_api(fingerprint)
        if self.api_name not in fingerprint.apis:
            there = ", ".join(sorted(fingerprint.apis))
            label, missing = visible(fingerprint.label, 100), visible(self.api_name, 60)
            message = f"{label} has no API {missing}; it has {visible(there, 200)}: write --api NAME"
            raise ApiError(message)
        self.api: Api = fingerprint.apis[self.api_name]
        self._names: dict[str, str] = {}
        for name, symbol in self.api.symbols.items():
            for alias in symbol.aliases:
                self._names.setdefault(alias, name)
        self._names.update({name: name for name in self.api.symbols})

    @property
    def sentence(self) -> str:
        """What it is, in a line: its API, the backend and Python, with versions."""
        backend = f" on {self.api.backend} {self.api.backend_version or ''}".rstrip() if self.api.backend else ""
        python = self.fingerprint.runtime.get("python")
        return f"{self.api_name} {self.api.version or '(version unknown)'}{backend}" + (f", Python {python}" if python else "")

    @property
    def device(self) -> str:
        """What the backend computes on: ``CPU``, unless the fingerprint tells of another device of its."""
        devices = self.fingerprint.runtime.get("devices")
        own = (
            [one for one in devices if isinstance(one, dict) and one.get("library") == self.api.backend]
            if isinstance(devices, list)
            else []
        )
        return next((kind for kind in (str(one.get("type")).upper() for one in own) if kind != "CPU"), "CPU")

    def canonical(self, name: str) -> str | None:
        """The canonical name of the object publicly known as ``name``; None where there is none."""
        return self._names.get(name)

    def name(self, name: str) -> str | None:
        """The public name here of what another release calls ``name``; None where there is none."""
        if name in self._names:
            return name
        return next((other for other in renames().others(name) if other in self._names), None)

    def has_module(self, name: str) -> bool:
        """Whether the public tree has a module of this name, the root included."""
        return not name or (name in self.api.symbols and self.api.symbols[name].kind == "module")

    def place(self, name: str) -> tuple[str, str]:
        """The API that describes a canonical name, and the canonical name there."""
        same_as = self.api.symbols[name].same_as
        if same_as is None:
            return self.api_name, name
        api, _, target = same_as.partition(":")
        return api, target

    def symbol(self, name: str) -> Symbol:
        """The description of a canonical name, found in the API that holds it, with this API's aliases."""
        own = self.api.symbols[name]
        if own.same_as is None:
            return own
        api, target = self.place(name)
        return msgspec.structs.replace(self.fingerprint.apis[api].symbols[target], aliases=own.aliases)

    def measured(self, name: str) -> tuple[str, str, str] | None:
        """Where the cases of a canonical name stand, and the digest of their family; None where the fingerprint has none.

        Where two sides say the same, the cases are bit-equal.
        """
        api, target = self.place(name)
        family = canonical.family((target, *self.fingerprint.apis[api].symbols[target].aliases))
        digest = self.fingerprint.digests.get(family or "")
        return None if family is None or digest is None else (api, target, f"{family} {digest}")

    def subjects(self) -> dict[str, tuple[str, dict[str, dict[str, Any]]]]:
        """The family and the cases of what is no symbol: of ``training.fit``, ``numpy.load``, ``tf.data.Dataset.shuffle``."""
        # Where two APIs have the same models, what these do is measured in one.
        model = self.canonical("models.Model")
        api = self.fingerprint.apis[self.place(model)[0]] if model is not None else self.api
        groups = {family: getattr(self.api, family) or getattr(api, family) for family in canonical.GROUPS}
        around = self.fingerprint.libraries
        groups.update({family: around.get(family, {}) for family in canonical.LIBRARIES})
        return {
            canonical.subject(family, name): (family, cases)
            for family, subjects in groups.items()
            for name, cases in subjects.items()
        }

    def names(self, name: str) -> Iterator[str]:
        """Every public name of the object canonically called ``name``."""
        yield name
        yield from self.api.symbols[name].aliases

    def effective(self, parameter: str, value: Any) -> Any:
        """What a default of None stands for, where a setting of this side decides it."""
        setting = equivalents().effective_none.get(parameter)
        if value is None and setting in self.api.settings and self.api.settings[setting].state == VALUE:
            return self.api.settings[setting].value
        return value
