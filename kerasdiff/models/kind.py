"""Whether an operand is a saved model, found out without reading it."""

from __future__ import annotations

from pathlib import Path

#: How the names of saved models end.
_SUFFIXES = (".h5", ".hdf5", ".keras", ".pb", ".index")
#: The first bytes of HDF5 files and of archives.
HDF5 = b"\x89HDF\r\n\x1a\n"
ARCHIVE = b"PK\x03\x04"
#: What a folder holds that is one: a SavedModel, or checkpoints.
_INSIDE = ("saved_model.pb", "checkpoint")


def is_saved_model(source: str) -> bool:
    """Whether an operand is a saved model by its name or its first bytes, rather than a fingerprint."""
    path = Path(source)
    try:
        if path.suffix.lower() in _SUFFIXES:
            return True
        if path.is_dir():
            return any((path / name).exists() for name in _INSIDE)
        if not path.is_file():  # reading of a pipe would take what is in it
            return False
        with path.open("rb") as stream:
            return stream.read(8).startswith((HDF5, ARCHIVE))
    except (OSError, ValueError):
        return False
