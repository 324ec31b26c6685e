"""What ``A`` and ``B`` may be: a file, standard input, a shipped release, or an environment captured on the spot."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kerasdiff.fingerprint.load import FingerprintError, load
from kerasdiff.releases import names
from kerasdiff.releases.shelf import release
from kerasdiff.text import visible

if TYPE_CHECKING:
    from kerasdiff.fingerprint.document import Fingerprint

_ENVIRONMENT = "env:"


class Operand(NamedTuple):
    """What an operand stands for."""

    fingerprint: Fingerprint
    api: str | None = None
    """The API that the name of a release implies."""


def read(operand: str) -> Operand:
    """What ``operand`` names.

    Raises `KerasdiffError`.
    """
    python = environment(operand)
    if python is not None:
        return Operand(_captured(operand, python))
    if names.is_name(operand):
        step = names.find(operand)
        return Operand(release(step.release), step.api)
    fingerprint = load(operand)
    if fingerprint.captured.slim is not None:
        message = f"{visible(operand, 200)}: is a slim baseline, which knows only what its policy gates on; give it to check"
        raise FingerprintError(message)
    return Operand(fingerprint)


def read_all(*operands: str) -> list[Operand]:
    """What each names; environments last, and each once: what is wrong with a name is told before minutes of captures.

    Raises `KerasdiffError`.
    """
    found = {operand: read(operand) for operand in sorted(set(operands), key=lambda one: environment(one) is not None)}
    return [found[operand] for operand in operands]


def _captured(operand: str, python: str) -> Fingerprint:
    from kerasdiff.capture.run import capture
    from kerasdiff.cli.progress import Progress

    progress = Progress(verbose=False)
    progress.tell(f"capturing {operand}")
    with progress:
        return capture(python, on_event=progress.event)


def environment(operand: str) -> str | None:
    """The interpreter or root of the environment that ``operand`` names; None where it names none."""
    return operand[len(_ENVIRONMENT) :] if operand.startswith(_ENVIRONMENT) else None


def is_file(operand: str) -> bool:
    """Whether ``operand`` names a file, standard input included."""
    return environment(operand) is None and not names.is_name(operand)
