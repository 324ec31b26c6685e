"""Where reports go: standard output and files, several at once, each in a format of its own."""

from __future__ import annotations

import os
import re
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
#: What looks like a format; a drive of Windows is one letter.
_FORMAT = re.compile(r"[a-z]{2,12}")


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
        if colon and named not in FORMATS and _FORMAT.fullmatch(named):
            message = f"no such format: {named}; there are {', '.join(FORMATS)}."
            raise click.UsageError(message)
        found.append(Target(named, file) if colon and named in FORMATS else Target(form, output))
    is_taken = any(target.file in (STDOUT, output) for target, output in zip(found, given, strict=True))
    if not is_taken:
        found.insert(0, Target(form, STDOUT))
    files = [target.file for target in found]
    if "" in files:
        message = "--output has no file; write --output FILE or --output FORMAT:FILE."
        raise click.UsageError(message)
    places = [file if file == STDOUT else _place(file) for file in files]
    if len(set(places)) < len(places):
        twice = next(file for file, place in zip(files, places, strict=True) if places.count(place) > 1)
        message = f"two reports can't go to {'standard output' if twice == STDOUT else twice}; give each its own --output."
        raise click.UsageError(message)
    return found


def _place(file: str) -> str:
    """A file, however it is named; what is no name of a file stays, to be refused where it is opened."""
    return file if "\0" in file else os.path.realpath(file)


def keep(wanted: Sequence[Target], files: Sequence[Path | str | None]) -> None:
    """Raises `click.UsageError` where a report would replace a file that it is made from."""
    inputs = {_place(str(file)) for file in files if file is not None}
    for target in wanted:
        if target.file != STDOUT and _place(target.file) in inputs:
            message = f"--output {target.file} would replace what the report is made from; give it another name."
            raise click.UsageError(message)


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
