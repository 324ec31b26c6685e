"""The classes that releases have are those in the shipped fingerprints."""

from __future__ import annotations

import json

from tests.models.classes import FILE, found


def test_the_file_is_what_the_releases_say() -> None:
    assert json.loads(FILE.read_text("utf-8")) == found(), "run python -m tests.models.classes"
