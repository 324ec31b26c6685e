"""The models that real environments saved, for the tests: what there is, and what it must hold."""

from __future__ import annotations

import json
import zipfile
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasdiff.models.load import load
from tests.lab.models import MODELS

if TYPE_CHECKING:
    from pathlib import Path

    from kerasdiff.models.document import SavedModel

MANIFEST: dict[str, dict[str, Any]] = json.loads((MODELS / "manifest.json").read_text("utf-8"))
#: Every file as ``writer/name``, with what the manifest says of it.
FILES: dict[str, dict[str, Any]] = {
    f"{writer}/{name}": {**facts, "writer": writer, "keras": told["keras"], "fill": told["fill"], "backend": told["backend"]}
    for writer, told in sorted(MANIFEST.items())
    for name, facts in sorted(told["files"].items())
}


def place(name: str, folder: Path) -> Path:
    """The path of a file; of what is a folder, unpacked below ``folder``."""
    path = MODELS / name
    if path.suffix != ".zip":
        return path
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder / path.stem)
    return folder / path.stem


@cache
def plain(name: str) -> SavedModel:
    """The model in a file that is no folder."""
    return load(MODELS / name)


def formula(shape: tuple[int, ...], number: int, fill: int) -> np.ndarray[Any, Any]:
    """What the weight ``number`` of a model was filled with, by its writer's ``fill``; see tests/lab/save_models.py."""
    size = int(np.prod(shape))
    return np.abs(((np.arange(size) * 7 + 3 + fill * number) % 17 - 8) / 32.0).astype("<f4").reshape(shape)
