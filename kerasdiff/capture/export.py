"""The probe as one file."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import BinaryIO

import kerasdiff.probe

#: Name of the probe's package inside the file: never ``kerasdiff``, which may be installed where the file is run.
PACKAGE = "kerasdiff_probe"
_SUFFIXES = (".py", ".json", ".zip")


def export(target: Path | BinaryIO) -> None:
    """Write the probe to ``target`` as a zip file that any Python from 3.6 on runs.

    The bytes depend on nothing but the probe's sources. Raises `OSError`.
    """
    source = Path(kerasdiff.probe.__file__).parent
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(source.rglob("*")):
            if path.suffix in _SUFFIXES:
                inside = path.relative_to(source)
                name = "__main__.py" if inside.name == "launch.py" else f"{PACKAGE}/{inside.as_posix()}"
                archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), path.read_bytes())
