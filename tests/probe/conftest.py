"""Places for captures."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kerasdiff.capture.export import export
from tests.probe.place import Place, make_bare

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["bare", "place", "pyz"]


@pytest.fixture(scope="session")
def pyz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The exported probe."""
    target = tmp_path_factory.mktemp("exported") / "probe.pyz"
    export(target)
    return target


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter of this Python without any package."""
    return make_bare(Path(sys.executable), tmp_path_factory.mktemp("bare") / "environment")


@pytest.fixture
def place(tmp_path: Path, pyz: Path, bare: Path) -> Iterator[Place]:
    """A place for captures with a bare interpreter; whatever the test does there, nothing may be left behind."""
    place = Place(tmp_path / "place", pyz, bare)
    yield place
    place.check_left_nothing()
