"""The lab on the command line: list, build, find, capture and remove its environments, and let them save models."""

from __future__ import annotations

import argparse
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.lab import builder, collection, index, models, references
from tests.lab.capture import DECLARED, capture
from tests.lab.data import find

if TYPE_CHECKING:
    from collections.abc import Callable

#: Fingerprints of what is declared, for the tests.
DATA = Path(__file__).parents[1] / "data"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status is 1 if it failed for any of its environments."""
    options = _parser().parse_args(arguments)
    if options.command == "list":
        sys.stdout.writelines(_lines())
        return 0
    if options.command == "loading":
        from tests.scope import matrix

        sys.stdout.writelines(f"{line}\n" for line in matrix.table(matrix.outcomes(options.names or None)))
        return 0
    if options.command == "index":
        index.make(_say)
        return 0
    if options.command == "references":
        references.save()
        return 0
    if options.command == "release":
        chosen = options.names or collection.names()
        families = tuple(options.families.split(",")) if options.families else ()
        how = collection.How(options.jobs, options.again, options.confirm, options.keep, families)
        made = collection.make(chosen, how, _say)
        index.make(_say)
        return 1 if any(outcome.problem for outcome in made) else 0
    if options.command == "join":
        _say(f"joined {', '.join(collection.join(options.folder)) or 'nothing: all of it is there'}")
        index.make(_say)
        return 0
    if options.command == "capture":
        options.names = options.names or sorted(path.name.removesuffix(".json.gz") for path in options.output.glob("*.json.gz"))
        options.action = partial(_capture, options)
    if options.command == "models":
        options.names = options.names or list(models.WRITERS)
        options.action = partial(_models, options)
    action: Callable[[str], object] = options.action
    outcomes = [_succeeds(action, name) for name in options.names]
    return 0 if all(outcomes) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="show all environments and whether they are built")
    commands.add_parser("index", help="make the index of the shipped fingerprints, which history, nearest and explain read")
    text = "print what is predicted of loading the sample models beside what happened, in shipped releases"
    chosen = commands.add_parser("loading", help=text)
    chosen.add_argument("names", nargs="*", metavar="NAME", help="default: all that measured it")
    commands.add_parser("references", help=f"record and verify the models of examples/reference, for {references.DATA}")
    actions: dict[str, tuple[Callable[[str], object], str]] = {
        "build": (_build, "build environments, except those that are up to date"),
        "path": (_path, "print the path of an environment's interpreter, built first if need be"),
        "remove": (builder.remove, "delete built environments"),
    }
    for command, (action, text) in actions.items():
        chosen = commands.add_parser(command, help=text)
        chosen.add_argument("names", nargs="+", metavar="NAME", help="a name or an alias")
        chosen.set_defaults(action=action)
    text = "capture what environments declare, for the tests, built first if need be, as FOLDER/NAME.json.gz"
    chosen = commands.add_parser("capture", help=text)
    chosen.add_argument("names", nargs="*", metavar="NAME", help="a name or an alias; default: those captured there already")
    chosen.add_argument("-o", "--output", type=Path, default=DATA, metavar="FOLDER", help="default: %(default)s")
    chosen.add_argument("--remove", action="store_true", help="delete each environment afterwards")
    chosen.add_argument("--families", metavar="FAMILY,…", help="what to capture instead")
    text = (
        "make the shipped collection and its index: each release built, captured twice, kept where both agree, and its "
        "environment deleted"
    )
    chosen = commands.add_parser("release", help=text)
    chosen.add_argument("names", nargs="*", metavar="NAME", help="default: all of releases.yaml; what is made already is left")
    chosen.add_argument("--jobs", type=int, default=1, metavar="N", help="how many at a time (default: %(default)s)")
    chosen.add_argument("--again", action="store_true", help="make also what is made already")
    text = "capture what is made already once more, and say whether it agrees"
    chosen.add_argument("--confirm", action="store_true", help=text)
    chosen.add_argument("--keep", action="store_true", help="keep the environments")
    text = "add FAMILY to what is made already: for a family that is new, where all else is measured as it was"
    chosen.add_argument("--families", metavar="FAMILY,…", help=text)
    chosen = commands.add_parser("join", help="take over releases that were made on other machines")
    chosen.add_argument("folder", type=Path, metavar="FOLDER", help="where their files lie, each beside its manifest.json")
    chosen = commands.add_parser("models", help=f"let environments save models in {models.MODELS}, built first if need be")
    chosen.add_argument("names", nargs="*", metavar="WRITER", help="a folder there; default: all")
    chosen.add_argument("--remove", action="store_true", help="delete each environment afterwards")
    return parser


def _models(options: argparse.Namespace, writer: str) -> None:
    started = time.monotonic()
    models.save(writer, keep=not options.remove)
    _say(f"{writer}: {time.monotonic() - started:.0f} s")


def _capture(options: argparse.Namespace, name: str) -> None:
    environment = find(name)
    started = time.monotonic()
    target: Path = options.output / f"{environment.name}.json.gz"
    target.parent.mkdir(exist_ok=True)
    capture(environment.name, target, f"--only={options.families}" if options.families else DECLARED)
    if options.remove:
        builder.remove(environment.name)
    _say(f"{environment.name}: {time.monotonic() - started:.0f} s, {target.stat().st_size / 1000:.0f} kB in {target}")


def _succeeds(action: Callable[[str], object], name: str) -> bool:
    try:
        action(name)
    except (builder.LabError, RuntimeError) as error:
        _say(str(error))
        return False
    return True


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _lines() -> list[str]:
    return [
        f"{environment.name:44}{environment.alias or '':16}{environment.python:6}"
        f"{'built' if builder.is_built(environment) else '-'}\n"
        for environment in builder.load().values()
    ]


def _build(name: str) -> builder.Built:
    environment = find(name)
    if not builder.is_built(environment):
        _say(f"{environment.name}: building")
    started = time.monotonic()
    built = builder.build(environment.name)
    seconds = time.monotonic() - started
    _say(f"{environment.name}: ready, {seconds:.0f} s, {_megabytes(built.root):.0f} MB")
    return built


def _path(name: str) -> None:
    sys.stdout.write(f"{_build(name).python}\n")


def _megabytes(root: Path) -> float:
    """Return the disk space that a folder takes; its links count for themselves."""
    return sum(path.lstat().st_blocks * 512 for path in root.rglob("*")) / 1e6


if __name__ == "__main__":
    sys.exit(main())
