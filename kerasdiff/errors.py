"""The errors that a user sees: one line that says what is wrong, where, and what to do."""

from __future__ import annotations

import enum


class ExitStatus(enum.IntEnum):
    """What the process says to a script; stable."""

    OK = 0
    """Nothing at or above the gate."""
    DIVERGENCES = 1
    """Divergences at or above the gate."""
    USAGE = 2
    """Bad usage or bad input."""
    UNANSWERED = 3
    """A capture failed, or facts that the gate needs are not comparable."""
    INTERRUPTED = 130
    """Ctrl-C."""


class KerasdiffError(Exception):
    """Base of the errors that are reported in one line."""

    status = ExitStatus.USAGE


class OutputError(KerasdiffError):
    """A file could not be written."""

    status = ExitStatus.UNANSWERED
