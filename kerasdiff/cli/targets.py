"""Where reports go: standard output and files, several at once, each in a format of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from kerasdiff.cli.output import put
from kerasdiff.fingerprint.load import write
from kerasdiff.report.formats import FORMATS, reporter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kerasdiff.compare.engine import Comparison
    from kerasdiff.gate.decide import Gate
    from kerasdiff.gate.locate import Locator
    from kerasdiff.report.interface import Shown

STDOUT = "-"


class Target(NamedTuple):
    """A format, and the file that it is written to; ``-`` is standard output."""

    form: str
    file: str


def targets(given: Sequence[str], form: str) -> list[Target]:
    """What ``--output`` and ``--format`` ask for.

    ``FILE`` takes the report in ``form`` instead of standard output, ``FORMAT:FILE`` one in another format besides. Raises
    `click.UsageError` where two go to one place.
    """
    found = []
    for output in given:
        named, colon, file = output.partition(":")
        found.append(Target(named, file) if colon and named in FORMATS else Target(form, output))
    is_taken = any(target.file in (STDOUT, output) for target, output in zip(found, given, strict=True))
    if not is_taken:
        found.insert(0, Target(form, STDOUT))
    files = [target.file for target in found]
    if "" in files:
        message = "--output has no file; write --output FILE or --output FORMAT:FILE"
        raise click.UsageError(message)
    if len(set(files)) < len(files):
        twice = next(file for file in files if files.count(file) > 1)
        message = f"two reports can't go to {'standard output' if twice == STDOUT else twice}; give each its own --output"
        raise click.UsageError(message)
    return found


def send(wanted: Sequence[Target], comparison: Comparison, gate: Gate, shown: Shown, locator: Locator | None = None) -> None:
    """Write a comparison to every target: files first, so that a broken pipe loses none.

    Raises `OutputError`.
    """
    for target in sorted(wanted, key=lambda target: target.file == STDOUT):
        to_terminal = target.file == STDOUT and is_terminal()
        text = reporter(target.form, shown, locator, color=to_terminal).report(comparison, gate)
        if target.file == STDOUT:
            put(text)
        else:
            write(text.encode("utf-8"), Path(target.file))


def is_terminal() -> bool:
    """Whether standard output is a terminal that shows colours."""
    there = sys.stdout is not None and sys.stdout.isatty()
    return there and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
