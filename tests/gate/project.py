"""A project with a policy and a baseline, as the gate finds them."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

from kerasdiff.gate.policy import Policy
from tests.conftest import path, text

if TYPE_CHECKING:
    from pathlib import Path

#: The upgrade that people meet: new optimizers.
A, B = "releases/tensorflow-2.10.1", "releases/tensorflow-2.11.1"
LATER = "releases/keras-3.0.5+tensorflow-2.16.2"


def project(folder: Path, policy: str = "", baseline: str = A, name: str = "kerasdiff.toml") -> Path:
    """A folder that is the root of a repository, with a baseline and the text of a policy."""
    (folder / ".git").mkdir()
    if policy:
        (folder / name).write_text(policy, encoding="utf-8")
    if baseline:
        (folder / "kerasdiff.json").write_bytes(text(baseline))
    return folder


def packed(folder: Path, baseline: str = A) -> Path:
    """The same with a packed baseline."""
    file = folder / "kerasdiff.json.gz"
    file.write_bytes(gzip.compress(text(baseline), mtime=0))
    return file


def now(name: str) -> str:
    """The file of a fingerprint, as ``--fingerprint`` takes it."""
    return path(name)


#: Nothing but defaults.
DEFAULT = Policy()
