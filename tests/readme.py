"""The README's commands and their output, kept true: ``python -m tests.readme`` writes the output again.

A block that starts with ``$ kerasdiff …`` shows a command and what it prints. Tests compare the two.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import sys
from pathlib import Path

from kerasdiff import cli

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"

_BLOCK = re.compile(r"^```console\n\$ kerasdiff (?P<command>[^\n]+)\n(?P<output>.*?)^```$", re.M | re.S)


def run(command: str) -> str:
    """What ``kerasdiff`` prints, run at the root of the project."""
    printed = io.StringIO()
    here = Path.cwd()
    os.chdir(ROOT)  # contextlib.chdir came with Python 3.11
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        before = os.environ.get("COLUMNS")
        os.environ["COLUMNS"] = "80"
        try:
            cli.run(shlex.split(command))
        finally:
            os.chdir(here)
            os.environ.pop("COLUMNS")
            if before is not None:
                os.environ["COLUMNS"] = before
    return printed.getvalue()


def blocks(text: str) -> list[tuple[str, str]]:
    """Every command in ``text`` with the output that stands there."""
    return [(found["command"], found["output"]) for found in _BLOCK.finditer(text)]


def written_again(text: str) -> str:
    """``text`` with the output of every command as it is now."""
    return _BLOCK.sub(lambda found: f"```console\n$ kerasdiff {found['command']}\n{run(found['command'])}```", text)


if __name__ == "__main__":
    README.write_text(written_again(README.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{README}: {len(blocks(README.read_text(encoding='utf-8')))} outputs written\n")
