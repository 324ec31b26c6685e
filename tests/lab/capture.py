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


def run(built: Built, home: Path, *arguments: str, variables: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run ``kerasdiff`` with the variables of an environment."""
    command = [sys.executable, "-m", "kerasdiff", *arguments]
    return subprocess.run(
        command,
        env={**environ(built, home, variables), "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


#: What a measured capture holds besides what is declared.
MEASURED = ["settings", "symbols", *data.load("apis.json")["measured"]]


def capture(name: str, target: Path, *, measured: bool = False) -> None:
    """Capture the environment called ``name``, built if need be, into ``target``; with its measured families on request.

    Raises `RuntimeError` with what the command said.
    """
    environment = find(name)
    built = build(environment.name)
    with tempfile.TemporaryDirectory() as home:
        python = str(built.python)
        what = [f"--only={','.join(MEASURED)}"] if measured else []
        done = run(built, Path(home), "capture", "--force", "--python", python, "-o", str(target), *what)
    if done.returncode:
        message = f"{name}: {done.stderr.strip()}"
        raise RuntimeError(message)
