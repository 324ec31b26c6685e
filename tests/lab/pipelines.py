"""Captures pipelines with planted faults for the tests: ``python -m tests.lab.pipelines`` makes their fingerprints again."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.lab.capture import capture

#: Fingerprints of pipelines, for the tests.
FOLDER = Path(__file__).parents[1] / "data" / "pipelines"
#: What is right in the old environment, and what has faults in the new one.
CAPTURES = (
    ("tensorflow-2.15.1", "usual"),
    ("keras-3.15.1+tensorflow-2.21.0", "pictures"),
    ("keras-3.15.1+tensorflow-2.21.0", "sequences"),
)


def make(environment: str, feed: str, folder: Path = FOLDER) -> Path:
    """Capture a feed of `tests.lab.feeds` in an environment; returns the file.

    Raises `RuntimeError` with what the command said.
    """
    target = folder / f"{feed}-{environment}.json.gz"
    capture(environment, target, "--only=packages,environment,runtime", f"--pipeline=tests.lab.feeds:{feed}")
    return target


if __name__ == "__main__":
    for environment, feed in CAPTURES:
        sys.stdout.write(f"{make(environment, feed)}\n")
