"""The fingerprint that a project commits: the same facts give the same bytes, whoever captures them and when."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import msgspec

from kerasdiff.compare.choose import overlap
from kerasdiff.fingerprint.document import HARDWARE
from kerasdiff.gate.policy import CONTEXT
from kerasdiff.probe import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kerasdiff.fingerprint.document import Api, Fingerprint, Setting
    from kerasdiff.gate.policy import Policy

Raw = dict[str, Any]

#: Facts of the runtime that change without the environment: the machine that a job happens to get.
_MACHINE = ("memory", "kernel", "platform")
_CPU = ("model", "cores", "usable_cores")
#: Besides these what is the same for all like machines.
_PLACE = (*_MACHINE, "machine", "libc", "driver", "devices", "cpu")


def steady(document: Raw) -> Raw:
    """A fingerprint without when it was captured, how long that took, and on which of several like machines."""
    captured = {key: value for key, value in document["captured"].items() if key not in ("at", "seconds")}
    captured["families"] = {name: _untimed(run) for name, run in captured.get("families", {}).items()}
    runtime = {key: value for key, value in document.get("runtime", {}).items() if key not in _MACHINE}
    if isinstance(runtime.get("cpu"), dict):
        runtime["cpu"] = {key: value for key, value in runtime["cpu"].items() if key not in _CPU}
    apis = {name: _calm_api(api) for name, api in document["apis"].items()}
    libraries = {name: _calm(subjects) for name, subjects in document.get("libraries", {}).items()}
    told = {key: value for key, value in (("runtime", runtime), ("libraries", libraries)) if key in document}
    return sealed({**document, "captured": captured, "apis": apis, **told})


def moved(fingerprint: Fingerprint, to: Fingerprint) -> Fingerprint:
    """A fingerprint that was captured elsewhere, as if on the machine of another: what that one's machine decides is the same.

    So a release says which Keras there is, and nothing of the machine.
    """
    runtime = {key: value for key, value in fingerprint.runtime.items() if key not in _PLACE}
    runtime |= {key: value for key, value in to.runtime.items() if key in _PLACE}
    derived = {name: one for api in to.apis.values() for name, one in api.settings.items() if one.source == HARDWARE}
    apis = {name: _settled(api, derived) for name, api in fingerprint.apis.items()}
    return msgspec.structs.replace(fingerprint, runtime=runtime, apis=apis)


def _settled(api: Api, derived: dict[str, Setting]) -> Api:
    """An API with the settings that another machine decides."""
    own = {name: one for name, one in derived.items() if name in api.settings and api.settings[name].source == HARDWARE}
    return msgspec.structs.replace(api, settings={**api.settings, **own})


def _calm_api(api: Raw) -> Raw:
    """The facts of an API, of what is unstable only that it is: its scatter differs from run to run."""
    calm = {**api, **{group: _calm(api[group]) for group in canonical.GROUPS if group in api}}
    if "symbols" in api:
        calm["symbols"] = {
            name: {**symbol, "cases": _calm({"": symbol["cases"]})[""]} if "cases" in symbol else symbol
            for name, symbol in api["symbols"].items()
        }
    return calm


def _calm(subjects: Raw) -> Raw:
    return {name: {call: canonical.stable(case) for call, case in cases.items()} for name, cases in subjects.items()}


def _untimed(run: Raw) -> Raw:
    kept = {key: value for key, value in run.items() if key != "seconds"}
    if "apis" in kept:
        kept["apis"] = {api: _untimed(own) for api, own in kept["apis"].items()}
    return kept


def sealed(document: Raw) -> Raw:
    """A fingerprint with digests that fit its content."""
    return {**document, "digests": canonical.digests(document)}


def narrowed(document: Raw, families: Sequence[str]) -> Raw:
    """A fingerprint as if only these families had been captured; all of it where none is named.

    Packages, the runtime and variables stay: they say which environment it is, and which API people use there.
    """
    runs = document["captured"].get("families", {})
    lost = {name for name in runs if name not in families and name not in CONTEXT}
    if not families or not lost:
        return document
    captured = {**document["captured"], "families": {name: run for name, run in runs.items() if name not in lost}}
    apis = {name: _without(api, lost) for name, api in document["apis"].items()}
    libraries = {name: cases for name, cases in document.get("libraries", {}).items() if name not in lost}
    return sealed({**document, "captured": captured, "apis": apis, "libraries": libraries})


def _without(api: Raw, lost: set[str]) -> Raw:
    """The facts of an API but those of some families."""
    kept = {key: value for key, value in api.items() if key not in lost}
    if "symbols" in kept:
        kept["symbols"] = {name: _unmeasured(name, symbol, lost) for name, symbol in kept["symbols"].items()}
    return kept


def _unmeasured(name: str, symbol: Raw, lost: set[str]) -> Raw:
    """A symbol without its cases, where they belong to a family that is lost."""
    if canonical.family((name, *symbol.get("aliases", ()))) not in lost:
        return symbol
    return {key: value for key, value in symbol.items() if key not in canonical.MEASURED}


def slim(document: Raw, policy: Policy, api: str) -> Raw:
    """A fingerprint with nothing but what a policy gates on: its families and subjects, in the API that is compared.

    It says under ``captured.slim`` for which scope it was made: of anything else it knows nothing.
    """
    kept = narrowed(document, policy.captured)
    facts = kept["apis"][api]
    symbols = {
        name: _described(kept, symbol)
        for name, symbol in facts.get("symbols", {}).items()
        if symbol.get("kind") == "module" or _is_wanted((name, *symbol.get("aliases", ())), policy)
    }
    stack = {name: known for name, known in kept.get("distributions", {}).items() if known.get("stack")}
    apis = {api: {**facts, "symbols": symbols, **_groups(kept, facts)}}
    captured = {**kept["captured"], "slim": scope(policy)}
    return sealed({**kept, "captured": captured, "apis": apis, "distributions": stack})


def scope(policy: Policy) -> Raw:
    """What a policy gates on, as a slim baseline holds it."""
    return {"api": policy.api, "families": policy.families, "only": policy.only, "ignore": policy.ignore}


def covers(slimmed: Raw, policy: Policy) -> bool:
    """Whether a baseline that was made for a scope knows all that a policy asks for."""
    wanted = scope(policy)
    ignored = slimmed.get("ignore")
    is_ignored = isinstance(ignored, list) and all(pattern in policy.ignore for pattern in ignored)
    return is_ignored and all(slimmed.get(key) == wanted[key] for key in ("api", "families", "only"))


def _described(document: Raw, symbol: Raw) -> Raw:
    """A symbol with its description, wherever that stands."""
    same_as = symbol.get("same_as")
    if same_as is None:
        return symbol
    api, _, target = same_as.partition(":")
    described: Raw = document["apis"][api]["symbols"][target]
    return {**described, "aliases": symbol.get("aliases", [])}


def _groups(document: Raw, facts: Raw) -> Raw:
    """What was measured of models: where two APIs have the same ones, in one of them."""
    same_as = facts.get("symbols", {}).get("models.Model", {}).get("same_as") or ":"
    other = document["apis"].get(same_as.partition(":")[0], {})
    return {group: found for group in canonical.GROUPS if (found := facts.get(group) or other.get(group))}


def _is_wanted(names: Sequence[str], policy: Policy) -> bool:
    """Whether an id of a subject of these names may be in scope."""
    if policy.only and not any(overlap(name, pattern) for name in names for pattern in policy.only):
        return False
    return not all(any(fnmatchcase(name, pattern) for pattern in policy.ignore) for name in names)
