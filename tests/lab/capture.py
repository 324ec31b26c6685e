"""Captures lab environments as a user would: by the command line, in a clean home."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from kerasdiff.probe import data
from tests.lab.builder import Built, build
from tests.lab.data import find

#: What a capture of a lab environment may take, in seconds.
PATIENCE = 600


def environ(built: Built, home: Path, variables: dict[str, str] | None = None) -> dict[str, str]:
    """The variables for a process that uses an environment: none that reaches results but its own and ``variables``."""
    reaching = {*data.load("variables.json")["names"], "VIRTUAL_ENV", "PYTHONPATH", "LD_LIBRARY_PATH"}
    kept = {name: value for name, value in os.environ.items() if name not in reaching}
    return {**kept, **built.variables, "HOME": str(home), **(variables or {})}


def run(
    built: Built, home: Path, *arguments: str, variables: dict[str, str] | None = None, patience: float = PATIENCE
) -> subprocess.CompletedProcess[str]:
    """Run ``kerasdiff`` with the variables of an environment."""
    command = [sys.executable, "-m", "kerasdiff", *arguments]
    return subprocess.run(
        command,
        env={**environ(built, home, variables), "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=patience,
        check=False,
    )


#: What is captured where behaviour isn't needed: in seconds, and small.
DECLARED = "--only=environment,packages,runtime,settings,symbols"


def capture(name: str, target: Path, *options: str) -> None:
    """Capture the environment called ``name``, built if need be, into ``target``.

    Raises `RuntimeError` with what the command said.
    """
    built = build(find(name).name)
    with tempfile.TemporaryDirectory() as home:
        capture_built(built, Path(home), target, *options)


def capture_built(
    built: Built,
    home: Path,
    target: Path,
    *options: str,
    variables: dict[str, str] | None = None,
    patience: float = PATIENCE,
) -> None:
    """Capture an environment into ``target``, with this home, these variables and these options of ``kerasdiff capture``.

    Raises `RuntimeError` with what the command said.
    """
    name = built.root.name
    command = ["capture", "--force", "--python", str(built.python), "-o", str(target), *options]
    try:
        done = run(built, home, *command, variables=variables, patience=patience)
    except subprocess.TimeoutExpired as error:
        message = f"{name}: the capture took more than {error.timeout:.0f} s"
        raise RuntimeError(message) from None
    if done.returncode:
        message = f"{name}: {done.stderr.strip()}"
        raise RuntimeError(message)
