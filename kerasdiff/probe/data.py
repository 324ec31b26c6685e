"""Loads the probe's data files; works from a folder and from inside the exported zip."""

import json
import pkgutil
from typing import Any, Dict


def read(name: str) -> bytes:
    """The content of the data file ``name`` beside this module."""
    content = pkgutil.get_data(__package__, name)
    if content is None:
        raise FileNotFoundError(name)
    return content


def load(name: str) -> Dict[str, Any]:
    """The JSON object in the data file ``name``, as ``settings.json``."""
    content = json.loads(read(name).decode("utf-8"))
    if not isinstance(content, dict):
        raise ValueError("%s: not a JSON object" % name)
    return content
