"""What differs around Keras: packages, runtime, and requirements that contradict each other. Context, not findings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from kerasdiff.compare import markers
from kerasdiff.probe.names import normalized

if TYPE_CHECKING:
    from kerasdiff.fingerprint.document import Fingerprint

#: The name in a requirement of PEP 508, with its extras.
_NAME = re.compile(r"\s*([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*")
#: What a marker speaks of that holds for those alone who asked for more than the package.
_EXTRA = "extra"

#: Facts of the runtime that say what an environment is; the rest can be read with ``kerasdiff show``.
_RUNTIME = ("python", "implementation", "platform", "machine", "libc", "driver")


def packages(a: Fingerprint, b: Fingerprint) -> list[list[str | None]]:
    """``[name, version in A, version in B]`` of what differs, the Keras stack first."""
    if not _both_have("packages", a, b):
        return []
    names = sorted(a.packages.keys() | b.packages.keys(), key=lambda name: (not _in_stack(name, a, b), name))
    return [
        [name, a.packages.get(name), b.packages.get(name)] for name in names if a.packages.get(name) != b.packages.get(name)
    ]


def _both_have(family: str, *fingerprints: Fingerprint) -> bool:
    return all(one.family_state(family, "") != "not run" for one in fingerprints)


def _in_stack(name: str, *fingerprints: Fingerprint) -> bool:
    return any(name in one.distributions and one.distributions[name].stack for one in fingerprints)


def runtime(a: Fingerprint, b: Fingerprint) -> list[list[Any]]:
    """``[fact, value in A, value in B]`` of what differs; a baseline leaves out what the machine is called."""
    return [row for row in differing(a, b) if None not in row or row[0] == "driver"]


def differing(a: Fingerprint, b: Fingerprint) -> list[list[Any]]:
    """The same with what one side alone knows."""
    if not _both_have("runtime", a, b):
        return []
    one, other = _flat(a.runtime), _flat(b.runtime)
    return [[key, one.get(key), other.get(key)] for key in sorted(one.keys() | other.keys()) if one.get(key) != other.get(key)]


def _flat(facts: dict[str, Any]) -> dict[str, Any]:
    flat = {key: facts.get(key) for key in _RUNTIME}
    cpu = facts.get("cpu")
    if isinstance(cpu, dict):
        flat.update({f"cpu.{key}": cpu.get(key) for key in ("model", "instruction_sets", "usable_cores")})
    devices = facts.get("devices")
    if isinstance(devices, list):
        flat["devices"] = sorted(str(device.get("type")) for device in devices if isinstance(device, dict))
    return {key: value for key, value in flat.items() if value is not None}


def conflicts(fingerprint: Fingerprint) -> list[str]:
    """Where the Keras stack's installed versions contradict each other's declared requirements, as ``pip check`` says it."""
    values = {key: str(value) for key, value in _mapping(fingerprint.runtime.get("markers")).items()}
    found = []
    for name, known in sorted(fingerprint.distributions.items()):
        for text in known.requires:
            broken = _broken(text, fingerprint.packages, values)
            if broken is not None:
                found.append(f"{name} {fingerprint.packages.get(name)} requires {broken}")
    return found


def _broken(requirement: str, packages: dict[str, str], values: dict[str, str]) -> str | None:
    """What a requirement asks for, and what is there instead; None where it is met, not meant here, or can't be read."""
    text, _, marker = requirement.partition(";")
    written = _NAME.match(text)
    if written is None or _EXTRA in marker:
        return None
    # Imported here: it costs much, and where no requirements are known it isn't needed.
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

    name, versions = written[1], text[written.end() :].strip()
    if versions.startswith("("):  # as older metadata has it
        versions = versions[1:].removesuffix(")")
    installed = packages.get(normalized(name))
    try:
        asked = SpecifierSet("" if versions.startswith("@") else versions)  # what comes from an address may be any version
        if installed is not None and asked.contains(Version(installed), prereleases=True):
            return None
        if marker and not markers.holds(marker, values):
            return None
    except (ValueError, KeyError, RecursionError):  # older than PEP 440, or damaged
        return None
    return f"{name}{asked}, installed is {installed}" if installed is not None else f"{name}, which is not installed"


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
