"""The lab on the command line: list, build, find, capture and remove its environments, and let them save models."""

from __future__ import annotations

import argparse
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.lab import builder, models
from tests.lab.capture import DECLARED, capture
from tests.lab.data import find

if TYPE_CHECKING:
    from collections.abc import Callable

#: Fingerprints of what is declared, for the tests.
DATA = Path(__file__).parents[1] / "data"
#: Complete fingerprints, shipped with the package.
RELEASES = Path(__file__).parents[2] / "kerasdiff" / "releases"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status is 1 if it failed for any of its environments."""
    options = _parser().parse_args(arguments)
    if options.command == "list":
        sys.stdout.writelines(_lines())
        return 0
    if options.command in ("capture", "release"):
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
    actions: dict[str, tuple[Callable[[str], object], str]] = {
        "build": (_build, "build environments, except those that are up to date"),
        "path": (_path, "print the path of an environment's interpreter, built first if need be"),
        "remove": (builder.remove, "delete built environments"),
    }
    for command, (action, text) in actions.items():
        chosen = commands.add_parser(command, help=text)
        chosen.add_argument("names", nargs="+", metavar="NAME", help="a name or an alias")
        chosen.set_defaults(action=action)
    for command, folder, text in (
        ("capture", DATA, "capture what environments declare, for the tests"),
        ("release", RELEASES, "capture environments completely, for the package"),
    ):
        chosen = commands.add_parser(command, help=f"{text}, built first if need be, as FOLDER/NAME.json.gz")
        chosen.add_argument(
            "names", nargs="*", metavar="NAME", help="a name or an alias; default: those captured there already"
        )
        chosen.add_argument("-o", "--output", type=Path, default=folder, metavar="FOLDER", help="default: %(default)s")
        chosen.add_argument("--remove", action="store_true", help="delete each environment afterwards")
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
    capture(environment.name, target, *([DECLARED] if options.command == "capture" else []))
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
