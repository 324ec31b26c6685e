"""``kerasdiff nearest``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kerasdiff.cli.output import put
from kerasdiff.text import inert, inert_json, listed, visible, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kerasdiff.releases.index import Side
    from kerasdiff.releases.nearest import Nearest

_WIDTH = 80
#: Names and lines told of a kind.
_FEW, _MANY = 8, 12


@click.command()
@click.argument("fingerprint")
@click.option(
    "--api",
    type=click.Choice(["keras", "tf.keras", "tf_keras"]),
    help="API to look at.  [default: the one that people use there]",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Format.")
@click.help_option("-h", "--help")
def command(fingerprint: str, api: str | None, form: str) -> None:
    """Print which shipped release an environment equals, or is nearest to, and what makes it differ from stock.

    FINGERPRINT is a file (.json or .json.gz), - for standard input, a shipped release as tensorflow==2.15, or env:PATH for an
    environment, captured on the spot.
    """
    from kerasdiff.releases.nearest import SCHEMA, nearest

    data, name, implied = _read(fingerprint)
    found = nearest(data, name, api or implied)
    if form == "json":
        import msgspec

        document = {"schema": SCHEMA, **msgspec.to_builtins(found)}
        put(inert_json(msgspec.json.format(msgspec.json.encode(document), indent=1).decode()) + "\n")
        return
    put("".join(f"{line}\n" for line in _text(found, fingerprint)))


def _read(operand: str) -> tuple[bytes, str, str | None]:
    """The text of a fingerprint, what errors call it, and the API that the name of a release implies."""
    from kerasdiff.fingerprint.load import content

    if not operand.startswith("env:"):
        from kerasdiff.releases import names, shelf

        step = names.find(operand) if names.is_name(operand) else None
        return (*content(operand if step is None else shelf.file(step.release)), step.api if step else None)
    from kerasdiff.capture.interpreter import find
    from kerasdiff.capture.run import Request, probe
    from kerasdiff.cli.progress import Progress

    progress = Progress(verbose=False)
    progress.tell(f"capturing {operand}")
    with progress:
        return probe(find(operand.removeprefix("env:")), Request(), progress.event).encode("ascii"), "the capture", None


def _text(found: Nearest, operand: str) -> Iterator[str]:
    yield from (inert(line) for line in _said(found, operand))


def _said(found: Nearest, operand: str) -> Iterator[str]:
    yield _side(found.environment)
    stock = f"{found.release} ({found.stock.api})"
    if found.identical:
        yield from _wrapped(f"is the stock release {stock}, bit for bit in {found.facts:,} facts")
        yield from _list("The same bit for bit", found.also)
        return
    share = f"{found.same:,} of {found.facts:,} facts are the same bit for bit"
    if found.equal:
        yield from _wrapped(f"equals the stock release {stock}: no difference at or above reproducibility; {share}")
    elif not any(number for effect, number in found.counts.items() if effect != "info"):
        unknown = f"{found.not_comparable:,} parts are not comparable"
        yield from _wrapped(f"equals the stock release {stock} as far as it was captured; {unknown}; {share}")
        return
    else:
        yield from _wrapped(f"is nearest to the stock release {stock}: {share}")
        counts = ", ".join(f"{number:,} {effect}" for effect, number in found.counts.items() if number)
        unknown = f"; {found.not_comparable:,} not comparable" if found.not_comparable else ""
        yield f"differs in: {counts or 'nothing'}{unknown}"
    yield from _list("Versions", found.versions)
    yield from _list("Not from a package index", found.sources)
    yield from _list("Set otherwise", found.settings)
    yield from _names("Symbols that no shipped release has", found.strangers)
    yield from _names("Symbols of the release that are missing", found.missing)
    own = [one for one in found.differences if not one.releases]
    yield from _list("As in no shipped release", [f"{one.subject}: {one.effect}: {one.title}" for one in own])
    others: dict[tuple[str, ...], list[str]] = {}
    for one in found.differences:
        if one.releases:
            others.setdefault(one.releases, []).append(f"{one.subject} ({one.effect})")
    as_others = [f"{listed(releases, 2)}: {listed(subjects, _FEW)}" for releases, subjects in others.items()]
    yield from _list("As in another release", as_others)
    parts = [
        f"{one.name}: {one.best_same} of {one.facts} facts of {one.best}, {one.same} of the nearest" for one in found.parts
    ]
    yield from _list("Bit for bit nearer to another release", parts)
    called = [] if found.equal else _called(found)
    if called:
        yield ""
        yield from _wrapped(f"All of it: kerasdiff compare {called[0]} {operand}")


def _called(found: Nearest) -> list[str]:
    """The names of the nearest release, as commands take them."""
    from kerasdiff.releases.names import names
    from kerasdiff.releases.shelf import Step

    return names(Step(found.release, found.stock.api))


def _side(one: Side) -> str:
    on = f" on {one.backend} {one.backend_version or ''}".rstrip() if one.backend else ""
    return visible(f"{one.api} {one.version or '(version unknown)'}{on}", 200)


def _list(heading: str, lines: Sequence[str]) -> Iterator[str]:
    if not lines:
        return
    yield ""
    yield heading
    for line in lines[:_MANY]:
        yield from _wrapped(line, "  ")
    if len(lines) > _MANY:
        yield f"  and {len(lines) - _MANY:,} more"


def _names(heading: str, names: Sequence[str]) -> Iterator[str]:
    if names:
        yield ""
        yield from _wrapped(f"{heading}: {listed(names, _FEW)}")


def _wrapped(text: str, indent: str = "") -> list[str]:
    return wrapped(visible(text, 300), _WIDTH, indent)
