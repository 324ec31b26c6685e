"""Names of distributions."""

import re


def normalized(name: str) -> str:
    """A distribution's name in its normalized form (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
