"""Which API of an environment people use, and what the environment is called after it."""

import re
from typing import Any, Dict, Optional, Tuple


def _version(text: Optional[str]) -> Tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d{1,9}", (text or "")[:100])[:2])


def is_independent(version: Optional[str]) -> bool:
    """Whether a standalone ``keras`` is a Keras of its own: 1 to 2.3, and 3; in between it is a part of TensorFlow."""
    number = _version(version)
    return bool(number) and (number < (2, 4) or number >= (3,))


def preferred(apis: Dict[str, Dict[str, Any]], variables: Dict[str, str]) -> str:
    """The API that people use with an environment that holds ``apis`` (name to facts, at least one)."""
    legacy = variables.get("TF_USE_LEGACY_KERAS", "").lower() in ("1", "true")
    if legacy and "tf_keras" in apis:
        return "tf_keras"
    if "keras" in apis and is_independent(apis["keras"].get("version")):
        return "keras"
    return next(name for name in ("tf.keras", "keras", "tf_keras") + tuple(apis) if name in apis)


def label(fingerprint: Dict[str, Any]) -> str:
    """API, version, backend and its version, as ``keras-2.2.4-theano-1.0.5``; fit for a file name."""
    usable = {name: facts for name, facts in fingerprint["apis"].items() if "state" not in facts} or fingerprint["apis"]
    name = preferred(usable, fingerprint["environment"])
    facts = usable[name]
    # OpenVINO's version carries its build: 2026.4.1-22982-e213a147257
    release = (facts.get("backend_version") or "").partition("-")[0]
    parts = [name, facts.get("version"), facts.get("backend"), release]
    return re.sub(r"[^A-Za-z0-9._+-]+", "-", "-".join(part for part in parts if part))
