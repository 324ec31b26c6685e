"""Loads the probe's data files; works from a folder and from inside the exported zip."""

import json
import pkgutil
from typing import Any, Dict


def load(name: str) -> Dict[str, Any]:
    """The JSON object in the data file ``name`` beside this module, as ``settings.json``."""
    data = pkgutil.get_data(__package__, name)
    if data is None:
        raise FileNotFoundError(name)
    content = json.loads(data.decode("utf-8"))
    if not isinstance(content, dict):
        raise ValueError("%s: not a JSON object" % name)
    return content
