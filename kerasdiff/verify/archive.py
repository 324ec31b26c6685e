"""Archives of arrays (``.npz``) that users name: checked on this side, so that a bad one costs no start of a framework."""

from __future__ import annotations

from pathlib import Path

from kerasdiff.errors import KerasdiffError
from kerasdiff.probe.npz import Archive, BadArchive
from kerasdiff.text import visible


class ArchiveError(KerasdiffError):
    """A file is no archive of arrays that can be used."""


def check(path: str | Path, needed: tuple[str, ...] = ("x", "inputs")) -> None:
    """See that a file is an archive with arrays of which one is called, or begins with, one of ``needed``.

    Raises `ArchiveError` with one line that says what is wrong.
    """
    name = visible(str(path), 1000)
    if not str(path):
        message = "'': no such file"
        raise ArchiveError(message)
    try:
        if not Path(path).is_file():
            message = f"{name}: {'no such file' if not Path(path).exists() else 'is no ordinary file'}"
            raise ArchiveError(message)
        with Archive(str(path)) as archive:
            there = list(archive.arrays)
    except BadArchive as bad:
        message = f"{name}: {visible(str(bad), 300)}"
        raise ArchiveError(message) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        message = f"{name}: can't be read: {visible(reason)}"
        raise ArchiveError(message) from None
    if not any(one == stem or one.startswith(f"{stem}_") for one in there for stem in needed):
        message = f"{name}: holds no {' or '.join(needed)}; it has {visible(', '.join(sorted(there)[:8]), 200) or 'nothing'}"
        raise ArchiveError(message)
