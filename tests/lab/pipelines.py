"""Captures pipelines: those with planted faults for the tests, and those of the examples.

``python -m tests.lab.pipelines`` makes their fingerprints again.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tests.conftest import DATA, ROOT
from tests.lab.capture import capture

if TYPE_CHECKING:
    from pathlib import Path

#: Fingerprints of pipelines for the tests, and those of the examples.
FOLDER = DATA / "pipelines"
EXAMPLES = ROOT / "examples" / "pipelines"
OLD, NEW = "tensorflow-2.15.1", "keras-3.15.1+tensorflow-2.21.0"
#: What is right in the old environment, and what has faults in the new one, of `tests.lab.feeds`.
CAPTURES = ((OLD, "usual"), (NEW, "pictures"), (NEW, "sequences"))
#: The functions of the examples, and where each is run.
SHOWN = {"before": OLD, "after": NEW, "mended": NEW}
PROGRAMS = ("pictures", "words")


def make(environment: str, feed: str, folder: Path = FOLDER) -> Path:
    """Capture a feed of `tests.lab.feeds` in an environment; returns the file.

    Raises `RuntimeError` with what the command said.
    """
    return _made(environment, f"tests.lab.feeds:{feed}", folder / f"{feed}-{environment}.json.gz")


def make_example(program: str, function: str, folder: Path = EXAMPLES) -> Path:
    """Capture a function of an example where it belongs; returns the file.

    Raises `RuntimeError` with what the command said.
    """
    return _made(SHOWN[function], f"examples.pipelines.{program}:{function}", folder / f"{program}-{function}.json.gz")


def _made(environment: str, function: str, target: Path) -> Path:
    capture(environment, target, "--only=packages,environment", f"--pipeline={function}")
    return target


if __name__ == "__main__":
    for environment, feed in CAPTURES:
        sys.stdout.write(f"{make(environment, feed)}\n")
    for program in PROGRAMS:
        for function in SHOWN:
            sys.stdout.write(f"{make_example(program, function)}\n")
