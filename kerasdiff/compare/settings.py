"""Compares settings and environment variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kerasdiff.compare.divergence import Findings, divergence
from kerasdiff.compare.values import brief, same
from kerasdiff.fingerprint.document import HARDWARE, UNKNOWN_STATES, VALUE, Setting
from kerasdiff.knowledge.load import Effect, effects
from kerasdiff.probe import data

if TYPE_CHECKING:
    from kerasdiff.compare.side import Side

_SOURCES = {
    "variable": "an environment variable",
    "file": "keras.json",
    "default": "the default",
    HARDWARE: "derived from the machine",
}


def compare(a: Side, b: Side, findings: Findings) -> None:
    """Compare the settings in force, then the variables."""
    states = [side.fingerprint.family_state("settings", side.api_name) for side in (a, b)]
    if states != ["not run", "not run"]:
        for state, name in zip(states, "AB", strict=True):
            if state not in ("ok", "partial"):
                findings.unknown("settings", f"the family settings is {state} in {name}: capture again")
                break
        else:
            for name in sorted(a.api.settings.keys() | b.api.settings.keys()):
                _setting(name, a.api.settings.get(name), b.api.settings.get(name), a, b, findings)
    _variables(a, b, findings)


def _setting(name: str, one: Setting | None, other: Setting | None, a: Side, b: Side, findings: Findings) -> None:
    subject = f"settings.{name}"
    for setting, side in ((one, "A"), (other, "B")):
        if setting is not None and setting.state in UNKNOWN_STATES:
            findings.unknown(f"{subject}/value", f"{setting.state} in {side}: {setting.message}")
            return
    if one is None or other is None or one.state != VALUE or other.state != VALUE:
        _partly(subject, one, other, findings)
        return
    if same(one.value, other.value):
        return
    effect = effects().setting(name)
    if HARDWARE in (one.source, other.source):
        effect = effect.at_most(Effect.REPRODUCIBILITY)
    title = f"{name} is {_told(one)} in A, {_told(other)} in B"
    findings.add(divergence(subject, "value", effect, title, one.value, other.value, cause=_variable(name, a, b)))


def _partly(subject: str, one: Setting | None, other: Setting | None, findings: Findings) -> None:
    """A setting that one side doesn't have, or doesn't tell."""
    told = [_state(setting) for setting in (one, other)]
    if told[0] != told[1]:
        name = subject.partition(".")[2]
        title = f"{name} is {told[0]} in A, {told[1]} in B"
        # What a user has set where the other side has no word for it may matter; a default of newer releases doesn't.
        is_set = any(part is not None and part.state == VALUE and part.source in ("variable", "file") for part in (one, other))
        effect = effects().setting(name) if is_set and None in (one, other) else Effect.INFO
        findings.add(divergence(subject, "value", effect, title, one and one.value, other and other.value))


def _state(setting: Setting | None) -> str:
    if setting is None:
        return "unknown there"
    return _told(setting) if setting.state == VALUE else f"{setting.state} ({setting.message})"


def _told(setting: Setting) -> str:
    return f"{brief(setting.value)} ({_SOURCES.get(setting.source, setting.source)})"


def _controls(setting: str) -> list[str]:
    row: dict[str, Any] = data.load("settings.json").get(setting, {})
    found: list[str] = row.get("variables", [])
    return found


def _variable(setting: str, a: Side, b: Side) -> str | None:
    """The variable that accounts for a setting's other value."""
    for name in _controls(setting):
        if a.fingerprint.environment.get(name) != b.fingerprint.environment.get(name):
            return f"environment.{name}/value"
    return None


def _variables(a: Side, b: Side, findings: Findings) -> None:
    states = [side.fingerprint.family_state("environment", side.api_name) for side in (a, b)]
    if states == ["not run", "not run"]:
        return
    for state, side in zip(states, "AB", strict=True):
        if state != "ok":
            findings.unknown("environment", f"the family environment is {state} in {side}: capture again")
            return
    one, other = a.fingerprint.environment, b.fingerprint.environment
    for name in sorted(one.keys() | other.keys()):
        if one.get(name) == other.get(name):
            continue
        effect = effects().variable(name)
        if _is_without_effect(name, a, b):
            effect = Effect.INFO
        title = f"{name} is {_value(one.get(name))} in A, {_value(other.get(name))} in B"
        findings.add(divergence(f"environment.{name}", "value", effect, title, one.get(name), other.get(name)))


def _value(text: str | None) -> str:
    return "not set" if text is None else repr(text)


def _is_without_effect(variable: str, a: Side, b: Side) -> bool:
    """Whether every setting that the variable controls has the same value on both sides: the settings are the evidence."""
    if variable not in effects().settled:
        return False
    reached = [name for name in a.api.settings.keys() | b.api.settings.keys() if variable in _controls(name)]
    return bool(reached) and all(
        name in a.api.settings
        and name in b.api.settings
        and a.api.settings[name].state == b.api.settings[name].state == VALUE
        and same(a.api.settings[name].value, b.api.settings[name].value)
        for name in reached
    )
