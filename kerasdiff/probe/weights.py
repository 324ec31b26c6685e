"""What weights are called, whatever generation of Keras calls them: ``kernel`` for ``dense_1/kernel:0`` and ``dense_1_W``."""

import re
from typing import List, Sequence

#: Names of weights by what Keras 1 called them.
NAMES = {
    "W": "kernel",
    "U": "recurrent_kernel",
    "b": "bias",
    "running_mean": "moving_mean",
    "running_std": "moving_variance",
}


def own_name(name: str) -> str:
    """A weight's name without the layer's, which counts instances."""
    return re.sub(r"^.*?_\d+_", "", name.split(":", maxsplit=1)[0].rsplit("/", maxsplit=1)[-1])


def roles(names: Sequence[str]) -> List[str]:
    """What the weights of a layer are, by the newest names; where names repeat or are numbers, by position."""
    told = [NAMES.get(name, name) for name in names]
    if len(set(told)) < len(told) or any(name.isdigit() for name in told):
        return [str(number) for number in range(len(told))]
    return told
