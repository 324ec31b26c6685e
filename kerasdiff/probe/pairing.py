"""Which layer of one model is which of another: by the names that people gave, else by class and order."""

import re
from collections import deque
from typing import Any, Callable, Deque, Dict, List, Optional, Sequence, Tuple

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
    # A file may give a name twice: then the class decides, and the order.
    ways: List[Callable[[str, str], Any]] = [
        lambda name, class_name: None if _is_automatic(name, class_name) else (name, kind(class_name)),
        lambda name, class_name: None if _is_automatic(name, class_name) else name,
        _key,
    ]
    partner: Dict[int, int] = {}
    for way in ways + ([lambda name, class_name: name] if by_name else []):
        waiting: Dict[Any, Deque[int]] = {}
        taken = set(partner.values())
        for number, known in enumerate(b):
            if number not in taken:
                waiting.setdefault(way(*known), deque()).append(number)
        for number, known in enumerate(a):
            key = None if number in partner else way(*known)
            if key is not None and waiting.get(key):
                partner[number] = waiting[key].popleft()
    found: List[Tuple[Optional[int], Optional[int]]] = [(number, partner.get(number)) for number in range(len(a))]
    taken = set(partner.values())
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
