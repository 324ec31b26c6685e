"""The one written form of a fingerprint: same facts, same bytes."""

import hashlib
import json
from typing import Any, Dict, Iterable, Iterator, Optional

#: Levels written one entry a line, so that version control shows which symbol changed; deeper values stay on one line.
OPEN_LEVELS = 5

#: ``captured`` and ``label`` describe the act of capturing; ``digests`` can't contain itself.
OUTSIDE_DIGESTS = ("captured", "digests", "label", "schema")

#: The measured families, and the modules whose symbols each is about; Keras 1 has older names for two of them. Part of the
#: schema: another table is another digest, and every file that was captured before would be refused.
FAMILIES = {
    "layers": ("layers", "layers.experimental.preprocessing"),
    "activations": ("activations",),
    "constraints": ("constraints",),
    "initializers": ("initializers", "initializations"),
    "losses": ("losses", "objectives"),
    "metrics": ("metrics",),
    "optimizers": ("optimizers", "optimizers.schedules", "optimizers.legacy", "optimizers.experimental"),
    "regularizers": ("regularizers",),
    "preprocessing": ("preprocessing", "preprocessing.image", "preprocessing.sequence", "preprocessing.text", "utils"),
}
#: The measured families whose cases belong to no symbol: of an API, and of the libraries around it.
GROUPS = ("operations", "training", "saving", "loading")
LIBRARIES = ("data", "numpy", "python")
_FAMILY_OF = {module: family for family, modules in FAMILIES.items() for module in modules}

#: What of a symbol was measured, or says why nothing was; the rest is declared.
MEASURED = ("cases", "not_probed")


def compact(value: Any) -> str:
    """``value`` as JSON on one line: keys sorted, floats in shortest round-trip form, ASCII only."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(value: Any) -> str:
    """``sha256:…`` of the compact form."""
    return _digest_of(compact(value))


def _digest_of(written: str) -> str:
    return "sha256:" + hashlib.sha256(written.encode("ascii")).hexdigest()


def family(names: Iterable[str]) -> Optional[str]:
    """The measured family of a symbol, given its names: that of the first which is directly in one of its modules."""
    for name in names:
        found = _FAMILY_OF.get(name.rpartition(".")[0])
        if found is not None:
            return found
    return None


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
    return {key: value for key, value in api.items() if key != "symbols" and key not in GROUPS}


def _measured_api(api: Dict[str, Any]) -> Dict[str, str]:
    """The cases of each symbol, written out once for all digests: they are most of a fingerprint."""
    return {
        name: compact({call: stable(case) for call, case in symbol["cases"].items()})
        for name, symbol in api.get("symbols", {}).items()
        if "cases" in symbol
    }


def _group(subjects: Dict[str, Any]) -> str:
    """The cases of a family whose subjects are no symbols, written out."""
    return compact({name: {call: stable(case) for call, case in cases.items()} for name, cases in subjects.items()})


def _groups(fingerprint: Dict[str, Any]) -> Dict[str, str]:
    """The digest of each family whose subjects are no symbols."""
    apis, around = fingerprint.get("apis", {}), fingerprint.get("libraries", {})
    found = {
        family: _digest_of(_joined({name: _group(api[family]) for name, api in apis.items() if family in api}))
        for family in GROUPS
        if any(family in api for api in apis.values())
    }
    found.update({family: _digest_of(_group(around[family])) for family in LIBRARIES if family in around})
    return found


def _joined(written: Dict[str, str]) -> str:
    """An object as `compact` writes it, of values that are written out already."""
    return "{" + ",".join(json.dumps(key) + ":" + written[key] for key in sorted(written)) + "}"


def _families(apis: Dict[str, Any], measured: Dict[str, Dict[str, str]]) -> Dict[str, str]:
    """The digest of each family that has cases, over all APIs that have some of it."""
    parts: Dict[str, Dict[str, Dict[str, str]]] = {}
    for api, symbols in measured.items():
        for name, written in symbols.items():
            aliases = apis[api]["symbols"][name].get("aliases", ())
            found = family((name,) + tuple(aliases))
            if found is not None:
                parts.setdefault(found, {}).setdefault(api, {})[name] = written
    return {
        found: _digest_of(_joined({api: _joined(symbols) for api, symbols in part.items()})) for found, part in parts.items()
    }


def subject(family: str, name: str) -> str:
    """What a subject that is no symbol is called in reports: what loads a model is about saving, as in Keras itself."""
    if family == "data":  # has TensorFlow's own names
        return name
    return "%s.%s" % ("saving" if family == "loading" else family, name)


def stable(case: Dict[str, Any]) -> Dict[str, Any]:
    """A case without the scatter of what is unstable: it differs from run to run."""
    return {
        name: {"state": "unstable"} if isinstance(fact, dict) and fact.get("state") == "unstable" else fact
        for name, fact in case.items()
    }


def _declared_api(api: Dict[str, Any]) -> Dict[str, Any]:
    declared = {key: value for key, value in api.items() if key in ("module", "version", "backend", "state", "type")}
    declared["settings"] = _declared_settings(api.get("settings", {}))
    declared["symbols"] = {
        name: {key: value for key, value in symbol.items() if key not in MEASURED}
        for name, symbol in api.get("symbols", {}).items()
    }
    return declared


def _reasons(api: Dict[str, Any]) -> Dict[str, Any]:
    return {name: symbol["not_probed"] for name, symbol in api.get("symbols", {}).items() if "not_probed" in symbol}


def digests(fingerprint: Dict[str, Any]) -> Dict[str, str]:
    """The digests of a fingerprint's content.

    ``declared`` groups a fleet: symbols, configurations and settings, without what the machine decides. ``all`` covers every
    fact: it is the digest of the other parts' digests, so that nothing is written out twice. ``measured`` covers all cases
    of symbols, and each family that has some has a digest of its own.
    """
    apis = fingerprint.get("apis", {})
    declared = digest({name: _declared_api(api) for name, api in apis.items()})
    outside = OUTSIDE_DIGESTS + ("apis", "libraries")
    parts = {key: digest(value) for key, value in fingerprint.items() if key not in outside}
    parts["declared"] = declared
    parts["apis"] = digest({name: _undeclared_api(api) for name, api in apis.items()})
    cases = {name: _measured_api(api) for name, api in apis.items()}
    parts["measured"] = measured = _digest_of(_joined({name: _joined(symbols) for name, symbols in cases.items()}))
    groups = _groups(fingerprint)
    parts.update(groups)
    reasons = {name: _reasons(api) for name, api in apis.items()}
    if any(reasons.values()):  # else what was captured before they were told has the digest it had
        parts["not_probed"] = digest(reasons)
    return dict(_families(apis, cases), **groups, all=digest(parts), declared=declared, measured=measured)
