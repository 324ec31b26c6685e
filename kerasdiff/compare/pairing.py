"""Which layer of one saved model is which of another: by the names that people gave, else by class and order."""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kerasdiff.models.document import Layer

#: Classes by what they were called before.
_FORMER = (
    (r"^Convolution", "Conv"),
    (r"^(?:Deconvolution|Deconv)(\dD)$", r"Conv\1Transpose"),
    (r"^SeparableConvolution", "SeparableConv"),
    (r"^AtrousConv(?:olution)?(\dD)$", r"Conv\1"),
    (r"V[12]$", ""),
    (r"^(?:Functional|Container)$", "Model"),
)


def kind(class_name: str) -> str:
    """A class by its newest name."""
    for former, now in _FORMER:
        class_name = re.sub(former, now, class_name)
    return class_name


def pairs(a: list[Layer], b: list[Layer]) -> list[tuple[Layer | None, Layer | None]]:
    """Layers that are the same, in A's order; then those that only B has. None stands for a layer that a side lacks."""
    partner: dict[int, Layer] = {}
    taken: set[int] = set()
    named = {layer.name: number for number, layer in enumerate(b) if not _is_automatic(layer)}
    for number, layer in enumerate(a):
        other = named.get(layer.name) if not _is_automatic(layer) else None
        if other is not None and other not in taken:
            partner[number] = b[other]
            taken.add(other)
    waiting: dict[str, deque[int]] = {}
    for number, layer in enumerate(b):
        if number not in taken:
            waiting.setdefault(_key(layer), deque()).append(number)
    for number, layer in enumerate(a):
        queue = waiting.get(_key(layer))
        if number not in partner and queue:
            other = queue.popleft()
            partner[number] = b[other]
            taken.add(other)
    found: list[tuple[Layer | None, Layer | None]] = [(layer, partner.get(number)) for number, layer in enumerate(a)]
    return found + [(None, layer) for number, layer in enumerate(b) if number not in taken]


def _key(layer: Layer) -> str:
    """What layers have in common that may be one; of a file without classes, what the name or the group begins with."""
    return _plain(kind(layer.class_name)) if layer.class_name else _plain(re.sub(r"_\d+$", "", layer.name))


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def _is_automatic(layer: Layer) -> bool:
    """Whether Keras gave the name, by class and a counter that depends on what was made before."""
    begin = _plain(re.sub(r"_\d+$", "", layer.name))
    return begin in {_plain(layer.class_name), _plain(kind(layer.class_name)), "input", "model", ""}
