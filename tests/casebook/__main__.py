"""Capture and compare the pairs of the casebook that KERASDIFF_CASEBOOK names, and print how the reports score."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from tests.casebook.book import Casebook, CasebookError
from tests.casebook.runner import Run, cache, sides_by_environment


def main(arguments: list[str] | None = None) -> int:
    """Run; the exit status is 1 where a step failed, 2 where nothing could begin or be scored."""
    options = _parser().parse_args(arguments)
    try:
        book = Casebook.given()
        every = book.pairs()
        pairs = [pair for pair in every if options.pairs.search(pair.key)]
        if not pairs:
            _say(f"no pair matches {options.pairs.pattern!r}; there are {len(every)}")
            return 2
        run = Run(options.output or cache(sides_by_environment(every)), options.reuse, options.remove, tell=_say)
        run.pairs(pairs)
        sys.stdout.write(book.table(run.reports))
    except CasebookError as error:
        _say(str(error))
        return 2
    for message in run.errors:
        _say(f"error: {message}")
    return 1 if run.errors else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.casebook", description=__doc__)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FOLDER",
        help="folder for fingerprints and reports; all reports in it are scored; default: one for today's probe, by the lab's",
    )
    parser.add_argument(
        "--pairs",
        type=_regex,
        default=re.compile(""),
        metavar="REGEX",
        help="only the pairs whose key holds a match",
    )
    parser.add_argument("--remove", action="store_true", help="delete each environment from the lab after its last capture")
    parser.add_argument("--reuse", action="store_true", help="keep the fingerprints that are there: go on with an earlier run")
    return parser


def _regex(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"no regular expression: {error}") from None


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
