"""The one written form of a fingerprint: same facts, same bytes."""

import hashlib
import json
from typing import Any, Dict, Iterator

#: Levels written one entry a line, so that version control shows which symbol changed; deeper values stay on one line.
OPEN_LEVELS = 5

#: ``captured`` and ``label`` describe the act of capturing; ``digests`` can't contain itself.
OUTSIDE_DIGESTS = ("captured", "digests", "label", "schema")


def compact(value: Any) -> str:
    """``value`` as JSON on one line: keys sorted, floats in shortest round-trip form, ASCII only."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(value: Any) -> str:
    """``sha256:…`` of the compact form."""
    return "sha256:" + hashlib.sha256(compact(value).encode("ascii")).hexdigest()


def document(value: Dict[str, Any]) -> str:
    """The text of a fingerprint file, newline at the end."""
    return "".join(_lines(value, 0)) + "\n"


def _lines(value: Any, level: int) -> Iterator[str]:
    if not isinstance(value, dict) or not value or level >= OPEN_LEVELS:
        yield compact(value)
        return
    indent = " " * (level + 1)
    separator = "{\n"
    for key in sorted(value):
        yield separator + indent + json.dumps(key) + ": "
        for piece in _lines(value[key], level + 1):
            yield piece
        separator = ",\n"
    yield "\n" + " " * level + "}"


def _declared_settings(settings: Dict[str, Any]) -> Dict[str, Any]:
    return {
        name: {key: part for key, part in setting.items() if key != "source"}
        for name, setting in settings.items()
        if setting.get("source") != "hardware"
    }


def _undeclared_api(api: Dict[str, Any]) -> Dict[str, Any]:
    return {key: value for key, value in api.items() if key != "symbols"}


def _measured_api(api: Dict[str, Any]) -> Dict[str, Any]:
    return {
        name: {call: _stable(case) for call, case in symbol["cases"].items()}
        for name, symbol in api.get("symbols", {}).items()
        if "cases" in symbol
    }


def _stable(case: Dict[str, Any]) -> Dict[str, Any]:
    """A case without the scatter of what is unstable: it differs from run to run."""
    return {
        name: {"state": "unstable"} if isinstance(fact, dict) and fact.get("state") == "unstable" else fact
        for name, fact in case.items()
    }


def _declared_api(api: Dict[str, Any]) -> Dict[str, Any]:
    declared = {key: value for key, value in api.items() if key in ("module", "version", "backend", "state", "type")}
    declared["settings"] = _declared_settings(api.get("settings", {}))
    declared["symbols"] = {
        name: {key: value for key, value in symbol.items() if key != "cases"} for name, symbol in api.get("symbols", {}).items()
    }
    return declared


def digests(fingerprint: Dict[str, Any]) -> Dict[str, str]:
    """The digests of a fingerprint's content.

    ``declared`` groups a fleet: symbols, configurations and settings, without what the machine decides. ``all`` covers every
    fact: it is the digest of the other parts' digests, so that nothing is written out twice.
    """
    apis = fingerprint.get("apis", {})
    declared = digest({name: _declared_api(api) for name, api in apis.items()})
    parts = {key: digest(value) for key, value in fingerprint.items() if key not in OUTSIDE_DIGESTS and key != "apis"}
    parts["declared"] = declared
    parts["apis"] = digest({name: _undeclared_api(api) for name, api in apis.items()})
    parts["measured"] = measured = digest({name: _measured_api(api) for name, api in apis.items()})
    return {"all": digest(parts), "declared": declared, "measured": measured}
