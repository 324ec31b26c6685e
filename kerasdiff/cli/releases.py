"""``kerasdiff releases``."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import click
import msgspec

from kerasdiff.cli.output import put
from kerasdiff.errors import KerasdiffError
from kerasdiff.releases import names
from kerasdiff.releases.shelf import Step, lines, releases, unavailable
from kerasdiff.text import visible, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = "kerasdiff.releases/1"

_WIDTH = 80
_HEADER = ("name", "Keras", "backend", "Python", "released")


class Row(msgspec.Struct, frozen=True):
    """A shipped release through one of its APIs."""

    name: str
    """What to write for it."""
    also: list[str]
    line: str
    release: str
    api: str
    version: str | None
    backend: str | None
    backend_version: str | None
    python: str
    released: str | None
    """The day on which this Keras came out; None where the release is named for another one."""

    def cells(self) -> list[str]:
        """What tables show."""
        backend = f"{self.backend} {names.plain(self.backend_version)}" if self.backend else ""
        return [self.name, self.version or "", backend, self.python, self.released or ""]


class NothingMatches(KerasdiffError):
    """No release matches the pattern."""


@click.command()
@click.argument("pattern", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="Format of the list.",
)
def command(pattern: str | None, form: str) -> None:
    """List the releases that are shipped: their names for compare, check and show, what is in them, and when it came out.

    With PATTERN those of which a name, or the line of Keras, matches; * is anything. What can't be had is listed with the
    reason.
    """
    rows = [row for row in _rows() if _is_wanted(pattern, row.name, *row.also, row.line, row.release)]
    lacking = {name: why for name, why in unavailable().items() if _is_wanted(pattern, name)}
    if not rows and not lacking:
        message = f"no release matches {visible(pattern or '*', 200)}; try '*{visible(pattern or '', 200)}*'"
        raise NothingMatches(message)
    if form == "json":
        document: dict[str, Any] = {"schema": SCHEMA, "releases": msgspec.to_builtins(rows), "unavailable": lacking}
        put(json.dumps(document, indent=1) + "\n")
        return
    told = _text(rows, lacking) if form == "text" else _markdown(rows, lacking)
    put("".join(f"{line}\n" for line in told))


def _rows() -> Iterator[Row]:
    """Every shipped release, by lines, from the oldest to the newest."""
    line_of = {step: line for line, steps in reversed(lines().items()) for step in steps}
    for step in names.steps():
        yield _row(line_of[step], step)


def _row(line: str, step: Step) -> Row:
    release = releases()[step.release]
    api = release.apis[step.api]
    name, *also = names.names(step)
    return Row(
        name=name,
        also=also,
        line=line,
        release=step.release,
        api=step.api,
        version=api.version,
        backend=api.backend,
        backend_version=api.backend_version,
        python=release.python,
        released=release.released if names.is_named_for(step) else None,
    )


def _is_wanted(pattern: str | None, *known: str) -> bool:
    return pattern is None or any(fnmatchcase(name.lower(), pattern.lower()) for name in known)


def _text(rows: list[Row], lacking: dict[str, str]) -> Iterator[str]:
    table = [_HEADER, *(row.cells() for row in rows)]
    widths = [max(len(cells[column]) for cells in table) for column in range(len(_HEADER))]
    line = None
    yield _aligned(_HEADER, widths)
    for row in rows:
        if row.line != line:
            line = row.line
            yield ""
            yield line
        yield _aligned(row.cells(), widths)
    if lacking:
        yield ""
        yield "Not shipped"
        for name, why in lacking.items():
            yield from wrapped(visible(f"{name}: {why}"), _WIDTH, "  ")


def _aligned(cells: Any, widths: list[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _markdown(rows: list[Row], lacking: dict[str, str]) -> Iterator[str]:
    yield f"| {' | '.join(_HEADER)} |"
    yield f"|{' --- |' * len(_HEADER)}"
    for row in rows:
        name, *rest = row.cells()
        yield f"| `{name}` | {' | '.join(rest)} |"
    if lacking:
        yield ""
        yield "Not shipped:"
        yield ""
        for name, why in lacking.items():
            yield f"- `{name}`: {visible(why)}"
