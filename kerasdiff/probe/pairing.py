"""Which layer of one model is which of another: by the names that people gave, else by class and order."""

import re
from collections import deque
from typing import Any, Deque, Dict, List, Optional, Sequence, Tuple

#: Classes by what they were called before.
_FORMER = (
    (r"^Convolution", "Conv"),
    (r"^(?:Deconvolution|Deconv)(\dD)$", r"Conv\1Transpose"),
    (r"^SeparableConvolution", "SeparableConv"),
    (r"^AtrousConv(?:olution)?(\dD)$", r"Conv\1"),
    (r"V[12]$", ""),
    (r"^(?:Functional|Container)$", "Model"),
)

#: The name and the class of a layer.
Named = Tuple[str, str]


def kind(class_name: str) -> str:
    """A class by its newest name."""
    for former, now in _FORMER:
        class_name = re.sub(former, now, class_name)
    return class_name


def pairs(a: Sequence[Named], b: Sequence[Named], *, by_name: bool = False) -> List[Tuple[Optional[int], Optional[int]]]:
    """The places of layers that are the same, in A's order; then of those that only B has. None stands for one that lacks.

    ``by_name``: what is left pairs under the same name, whatever class it is of.
    """
    partner: Dict[int, int] = {}
    taken: Any = set()
    named = {name: number for number, (name, class_name) in enumerate(b) if not _is_automatic(name, class_name)}
    for number, (name, class_name) in enumerate(a):
        other = named.get(name) if not _is_automatic(name, class_name) else None
        if other is not None and other not in taken:
            partner[number] = other
            taken.add(other)
    waiting: Dict[str, Deque[int]] = {}
    for number, (name, class_name) in enumerate(b):
        if number not in taken:
            waiting.setdefault(_key(name, class_name), deque()).append(number)
    for number, (name, class_name) in enumerate(a):
        queue = waiting.get(_key(name, class_name))
        if number not in partner and queue:
            other = queue.popleft()
            partner[number] = other
            taken.add(other)
    left = {name: number for number, (name, _) in enumerate(b) if by_name and number not in taken}
    for number, (name, _) in enumerate(a):
        if number not in partner and name in left:
            partner[number] = left.pop(name)
            taken.add(partner[number])
    found: List[Tuple[Optional[int], Optional[int]]] = [(number, partner.get(number)) for number in range(len(a))]
    return found + [(None, number) for number in range(len(b)) if number not in taken]


def _key(name: str, class_name: str) -> str:
    """What layers have in common that may be one; of a file without classes, what the name or the group begins with."""
    return _plain(kind(class_name)) if class_name else _plain(re.sub(r"_\d+$", "", name))


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def _is_automatic(name: str, class_name: str) -> bool:
    """Whether Keras gave the name, by class and a counter that depends on what was made before."""
    begin = _plain(re.sub(r"_\d+$", "", name))
    return begin in {_plain(class_name), _plain(kind(class_name)), "input", "model", ""}
