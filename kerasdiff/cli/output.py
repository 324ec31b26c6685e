"""What the commands print on standard output."""

from __future__ import annotations

import os
import sys

from kerasdiff.errors import OutputError


def put(text: str) -> None:
    """Print ``text`` as it is. That a reader such as ``head`` has gone is no error: the command's exit status still counts.

    Raises `OutputError`.
    """
    if sys.stdout is None:  # closed by who started us
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        discard()
    except OSError as error:
        discard()
        message = f"can't write standard output: {error.strerror or error}; write -o FILE for another place"
        raise OutputError(message) from error


def discard() -> None:
    """Send what is left of standard output nowhere, so that Python doesn't try again at exit."""
    try:
        number = sys.stdout.fileno()
    except (AttributeError, OSError):  # no file
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)
