"""What ``A`` and ``B`` may be: a file, standard input, or an environment captured on the spot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerasdiff.fingerprint.load import load

if TYPE_CHECKING:
    from kerasdiff.fingerprint.document import Fingerprint

_ENVIRONMENT = "env:"


def read(operand: str) -> Fingerprint:
    """The fingerprint that ``operand`` names.

    Raises `KerasdiffError`.
    """
    if not operand.startswith(_ENVIRONMENT):
        return load(operand)
    from kerasdiff.capture.run import capture
    from kerasdiff.cli.progress import Progress

    progress = Progress(verbose=False)
    progress.tell(f"capturing {operand}")
    with progress:
        return capture(operand[len(_ENVIRONMENT) :], on_event=progress.event)
