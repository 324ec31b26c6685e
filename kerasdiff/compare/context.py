"""What differs around Keras: packages, runtime, and requirements that contradict each other. Context, not findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kerasdiff.fingerprint.document import Fingerprint

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
    if not any(known.requires for known in fingerprint.distributions.values()):
        return []
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name
    from packaging.version import Version

    markers = {key: str(value) for key, value in _mapping(fingerprint.runtime.get("markers")).items()}
    found = []
    for name, known in sorted(fingerprint.distributions.items()):
        holder = f"{name} {fingerprint.packages.get(name)}"
        for text in known.requires:
            try:
                requirement = Requirement(text)
                if requirement.marker is not None and not requirement.marker.evaluate({"extra": "", **markers}):
                    continue
                installed = fingerprint.packages.get(canonicalize_name(requirement.name))
                if installed is None:
                    found.append(f"{holder} requires {requirement.name}, which is not installed")
                elif not requirement.specifier.contains(Version(installed), prereleases=True):
                    found.append(f"{holder} requires {requirement.name}{requirement.specifier}, installed is {installed}")
            except (ValueError, KeyError, RecursionError):  # older than PEP 440, or damaged
                continue
    return found


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
