"""The fingerprint that a project commits: the same facts give the same bytes, whoever captures them and when."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from kerasdiff.probe import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kerasdiff.gate.policy import Policy

Raw = dict[str, Any]

#: Facts of the runtime that change without the environment: the machine that a job happens to get.
_MACHINE = ("memory", "kernel", "platform")
_CPU = ("model", "cores", "usable_cores")

#: Characters of a pattern that is looked at, when a baseline is made slim; a longer one may fit anything.
_PATTERN = 200


def steady(document: Raw) -> Raw:
    """A fingerprint without when it was captured, how long that took, and on which of several like machines."""
    captured = {key: value for key, value in document["captured"].items() if key not in ("at", "seconds")}
    captured["families"] = {name: _untimed(run) for name, run in captured.get("families", {}).items()}
    runtime = {key: value for key, value in document.get("runtime", {}).items() if key not in _MACHINE}
    if isinstance(runtime.get("cpu"), dict):
        runtime["cpu"] = {key: value for key, value in runtime["cpu"].items() if key not in _CPU}
    return sealed({**document, "captured": captured, **({"runtime": runtime} if "runtime" in document else {})})


def _untimed(run: Raw) -> Raw:
    kept = {key: value for key, value in run.items() if key != "seconds"}
    if "apis" in kept:
        kept["apis"] = {api: _untimed(own) for api, own in kept["apis"].items()}
    return kept


def sealed(document: Raw) -> Raw:
    """A fingerprint with digests that fit its content."""
    return {**document, "digests": canonical.digests(document)}


def narrowed(document: Raw, families: Sequence[str]) -> Raw:
    """A fingerprint as if only these families had been captured; all of it where none is named."""
    runs = document["captured"].get("families", {})
    lost = {name for name in runs if name not in families}
    if not families or not lost:
        return document
    captured = {**document["captured"], "families": {name: run for name, run in runs.items() if name not in lost}}
    apis = {name: _without(api, lost) for name, api in document["apis"].items()}
    libraries = {name: cases for name, cases in document.get("libraries", {}).items() if name not in lost}
    kept = {
        key: value for key, value in document.items() if key not in lost and (key != "distributions" or "packages" not in lost)
    }
    return sealed({**kept, "captured": captured, "apis": apis, "libraries": libraries})


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
    """A fingerprint with nothing but what a policy gates on: its families and subjects, in the API that is compared."""
    kept = narrowed(document, policy.families)
    facts = kept["apis"][api]
    symbols = {
        name: _described(kept, symbol)
        for name, symbol in facts.get("symbols", {}).items()
        if _is_wanted((name, *symbol.get("aliases", ())), policy)
    }
    stack = {name: known for name, known in kept.get("distributions", {}).items() if known.get("stack")}
    return sealed({**kept, "apis": {api: {**facts, "symbols": symbols, **_groups(kept, facts)}}, "distributions": stack})


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
    if policy.only and not any(_may_fit(name, pattern) for name in names for pattern in policy.only):
        return False
    return not all(any(fnmatchcase(name, pattern) for pattern in policy.ignore) for name in names)


def _may_fit(name: str, pattern: str) -> bool:
    """Whether a pattern fits a subject, or may fit an id of it: one of its beginnings fits what every such id begins with."""
    if fnmatchcase(name, pattern) or len(pattern) > _PATTERN:
        return True
    return any(fnmatchcase(f"{name}/", pattern[:length]) for length in range(1, len(pattern) + 1))
