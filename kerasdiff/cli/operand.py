"""What ``A`` and ``B`` may be: a file, standard input, or an environment captured on the spot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerasdiff.fingerprint.load import FingerprintError, load
from kerasdiff.releases.shelf import shipped
from kerasdiff.text import visible

if TYPE_CHECKING:
    from kerasdiff.fingerprint.document import Fingerprint

_ENVIRONMENT = "env:"


def read(operand: str) -> Fingerprint:
    """The fingerprint that ``operand`` names.

    Raises `KerasdiffError`.
    """
    python = environment(operand)
    if python is None:
        fingerprint = load(operand, shipped())
        if fingerprint.captured.slim is not None:
            message = (
                f"{visible(operand, 200)}: is a slim baseline, which knows only what its policy gates on; give it to check"
            )
            raise FingerprintError(message)
        return fingerprint
    from kerasdiff.capture.run import capture
    from kerasdiff.cli.progress import Progress

    progress = Progress(verbose=False)
    progress.tell(f"capturing {operand}")
    with progress:
        return capture(python, on_event=progress.event)


def environment(operand: str) -> str | None:
    """The interpreter or root of the environment that ``operand`` names; None where it names none."""
    return operand[len(_ENVIRONMENT) :] if operand.startswith(_ENVIRONMENT) else None
