"""The family ``environment``: the variables that reach results, by an allow-list of exact names, and nothing else."""

import os
from typing import Dict

from . import data


def facts() -> Dict[str, str]:
    """The allow-listed variables that are set, as the user has them.

    Exact names and no patterns: ``TF_*`` would let out whatever somebody chose to call ``TF_SECRET``.
    """
    return {name: os.environ[name] for name in data.load("variables.json")["names"] if name in os.environ}
