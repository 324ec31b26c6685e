"""Which layer of one saved model is which of another; see `kerasdiff.probe.pairing`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerasdiff.probe import pairing
from kerasdiff.probe.pairing import kind

if TYPE_CHECKING:
    from kerasdiff.models.document import Layer

__all__ = ["kind", "pairs"]


def pairs(a: list[Layer], b: list[Layer]) -> list[tuple[Layer | None, Layer | None]]:
    """Layers that are the same, in A's order; then those that only B has. None stands for a layer that a side lacks."""
    named = [[(layer.name, layer.class_name) for layer in side] for side in (a, b)]
    return [(None if one is None else a[one], None if other is None else b[other]) for one, other in pairing.pairs(*named)]
