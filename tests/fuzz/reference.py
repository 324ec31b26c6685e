"""What a policy may let pass, said a second time and more simply than the gate does it."""

from __future__ import annotations

import hashlib
import json
import os
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from kerasdiff.fingerprint.document import VALUE
from kerasdiff.knowledge.load import Effect
from tests.fuzz.mutate import at
from tests.fuzz.oracles import wrong
from tests.fuzz.pair import API

if TYPE_CHECKING:
    import datetime as dt

    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.compare.side import Side
    from kerasdiff.drift import Drift
    from tests.fuzz.pair import Pair


def untouched(pair: Pair, a: Any, b: Any) -> list[Divergence]:
    """What stops the gate of a pair, and stands in two edited documents as it did."""
    return [found for found in pair.stopping if all(_is_kept(path, pair, a, b) for path in _rests_on(found.subject))]


def _is_kept(path: list[str], pair: Pair, a: Any, b: Any) -> bool:
    return bool(at(a, path) == at(pair.a, path) and at(b, path) == at(pair.b, path))


def _rests_on(subject: str) -> list[list[str]]:
    """The places that decide a divergence."""
    group, _, name = subject.partition(".")
    api = ["apis", API]
    if group == "settings":
        return [[*api, "settings", name]]
    if group == "training":
        return [[*api, "training", name], [*api, "symbols", "models.Model"]]
    parts = subject.split(".")
    return [[*api, "symbols", ".".join(parts[:length])] for length in range(1, len(parts) + 1)]


def is_asked(drift: Drift, found: Divergence) -> bool:
    """Whether both sides were captured so that a divergence can be found at all."""
    sides = (drift.comparison.a, drift.comparison.b)
    family = "settings" if found.subject.startswith("settings.") else "symbols"
    if found.subject.startswith("training."):
        family = ""  # needs no other family
    if any(side.api_name != API or side.api.state != VALUE for side in sides):
        return False
    states = {side.fingerprint.family_state(family, API) for side in sides} if family else set()
    return states != {"not run"} and not _is_there(found, sides[1])


def _is_there(found: Divergence, b: Side) -> bool:
    """Whether what was gone has come back under its name, in another's place."""
    return found.aspect == "presence" and b.name(found.subject) is not None


def stands(drift: Drift, expected: list[Divergence]) -> None:
    """Raises `WrongError` where the gate passes what it must stop."""
    for found in expected:
        if not is_asked(drift, found) or drift.gate.exit == 3:
            continue
        there = next((one for one in drift.comparison.divergences if one.id == found.id), None)
        if there is None or not there.effect.reaches(Effect.RESULTS):
            wrong(f"{found.id} is no longer found: {there and there.effect}")
        if drift.gate.exit != 1:
            wrong(f"exit status {drift.gate.exit} in spite of {found.id}")


def told(value: Any) -> str:
    """A value as a waiver holds it."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return text if len(text) <= 120 else "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def describes(entry: dict[str, Any], found: Divergence) -> bool:
    """Whether an accepted divergence is this one, as it is."""
    if entry["id"] != found.id or entry["effect"] != found.effect.value:
        return False
    if entry.get("rule") is not None and entry["rule"] != found.rule:
        return False
    if found.size is None or "scaled" not in found.size:
        return entry.get("size") is None and (entry.get("a"), entry.get("b")) == (told(found.a), told(found.b))
    size = entry.get("size")
    return size is not None and _is_near(size, found)


def _is_near(size: Any, found: Divergence) -> bool:
    now, was = _number((found.size or {})["scaled"]), _number(size)
    return now == was or abs(now - was) <= (found.size or {})["tolerance"] + 0.005 * now * (now < float("inf"))


def _number(size: Any) -> float:
    return float("inf") if size == "inf" else float(size or 0.0)


def is_waived(
    found: Divergence, waivers: list[dict[str, Any]], known: dict[str, Divergence], today: dt.date, policy: Any
) -> bool:
    """Whether a waiver in force covers a divergence, by itself or by its cause."""
    serving = [waiver for waiver in waivers if _serves(waiver, today, policy)]
    entries = [entry for waiver in serving for entry in waiver["accepts"]]
    if any(describes(entry, found) for entry in entries):
        return True
    seen = {found.id}
    cause = known.get(found.cause or "")
    while cause is not None and cause.id not in seen:
        seen.add(cause.id)
        for entry in entries:
            extent = entry.get("explains")
            if extent is not None and describes(entry, cause) and _is_within(found, extent):
                return True
        cause = known.get(cause.cause or "")
    return False


def _serves(waiver: dict[str, Any], today: dt.date, policy: dict[str, Any]) -> bool:
    named = waiver.get("baseline") or policy.get("baseline") or "kerasdiff.json"
    if os.path.normpath(named) != "kerasdiff.json":
        return False
    until = waiver.get("until")
    return until is None or str(until)[:10] >= today.isoformat() or policy.get("expired-waivers") == "warn"


def _is_within(found: Divergence, extent: dict[str, Any]) -> bool:
    if found.effect.rank < Effect(extent["effect"]).rank:
        return False
    size = (found.size or {}).get("scaled")
    allowed = _number(extent.get("size"))
    return size is None or _number(size) <= allowed + (found.size or {})["tolerance"] + 0.005 * _number(size)


def lets_pass(policy: dict[str, Any], found: Divergence, known: dict[str, Divergence], today: dt.date) -> bool:
    """Whether a policy lets a divergence pass. What is hard to say simply, it does."""
    if not found.effect.reaches(Effect(policy.get("fail-on", "results"))) or policy.get("api", "") not in ("", API):
        return True
    families = policy.get("families", [])
    if families and not _is_declared_in(found, families):
        return True
    if any(_fits(found, pattern) for pattern in policy.get("ignore", [])):
        return True
    only = policy.get("only", [])
    if only and not any(_fits(found, pattern) for pattern in only):
        return True
    quantity = found.aspect.rpartition(".")[2]
    for row in policy.get("tolerances", []):
        if fnmatchcase(found.subject, row["subject"]) and fnmatchcase(quantity, row.get("quantity", "*")):
            if found.size is not None and _number(found.size["scaled"]) <= row["tolerance"]:
                return True
            break
    waivers = policy.get("waivers", [])
    if waivers and policy.get("tolerances"):  # another tolerance is another size that is near
        return any(entry["id"] == found.id or entry["id"] == found.cause for waiver in waivers for entry in waiver["accepts"])
    return is_waived(found, waivers, known, today, policy)


def _is_declared_in(found: Divergence, families: list[str]) -> bool:
    if found.evidence == "measured":
        return False
    return ("settings" if found.subject.startswith("settings.") else "symbols") in families


def _fits(found: Divergence, pattern: str) -> bool:
    return fnmatchcase(found.id, pattern) or fnmatchcase(found.subject, pattern)
