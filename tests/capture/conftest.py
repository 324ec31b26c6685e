"""Places for captures by the host."""

from __future__ import annotations

from tests.probe.conftest import bare, place, pyz

__all__ = ["bare", "place", "pyz"]
