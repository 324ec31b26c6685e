"""Inputs, weights and measured tensors: fixed formulas, and what a fingerprint keeps of an array."""

import math
from typing import Any, Dict, List, Sequence, Tuple

import numpy

#: Numbers kept of one tensor; significant digits of each.
MAX_NUMBERS = 512
DIGITS = 9


def data(shape: Sequence[int], kind: str = "exact", seed: int = 0) -> Any:
    """A float32 array of ``shape`` by a fixed formula, never by a random generator.

    ``exact``: odd multiples of 1/64 between -1 and 1, so that sums of products are the same in any order and no
    value sits on a kink. ``positive``: the same above 0. ``integers``: 0 to 5. ``ones``: ones.
    """
    size = 1
    for length in shape:
        size *= length
    index = numpy.arange(size, dtype="int64")
    if kind == "integers":
        return ((index * 7 + seed) % 6).astype("int32").reshape(shape)
    if kind == "ones":
        return numpy.ones(shape, "float32")
    values = (((index * 37 + seed * 11 + 5) % 61) - 30) * 2 + 1
    array = values.astype("float32") / 64
    if kind == "positive":
        array = numpy.abs(array) + numpy.float32(1 / 64)
    return array.reshape(shape)


#: The part that a weight plays, by the end of its name in each generation of Keras, and what it is filled with.
ROLES: List[Tuple[Tuple[str, ...], str, int, float, float]] = [
    (("variance", "running_std", "moving_var"), "variance", 3, 0.25, 1.0),
    (("gamma", "scale"), "gamma", 1, 0.25, 1.0),
    (("recurrent_kernel", "_u", "_u_i", "_u_f", "_u_c", "_u_o", "_u_z", "_u_r", "_u_h"), "recurrent", 2, 0.125, 0.0),
    (("bias", "_b", "beta", "mean"), "bias", 4, 0.25, 0.0),
]


def weights(names: List[str], shapes: List[Tuple[int, ...]]) -> List[Any]:
    """Arrays to overwrite a layer's weights with: by the part each plays, so that a renamed weight gets the same numbers."""
    filled = []
    for name, shape in zip(names, shapes):
        last = "_" + name.replace(":0", "").replace("/", "_").lower()
        seed, factor, shift = 5, 0.5, 0.0
        for endings, _, role_seed, role_factor, role_shift in ROLES:
            if last.endswith(endings):
                seed, factor, shift = role_seed, role_factor, role_shift
                break
        filled.append((data(shape, "exact", seed) * factor + shift).astype("float32"))
    return filled


def measured(value: Any) -> Dict[str, Any]:
    """A tensor as a fact: ``state``, ``shape``, ``dtype`` and the first numbers of it."""
    array = numpy.asarray(value)
    flat = array.reshape(-1)[:MAX_NUMBERS]
    fact: Dict[str, Any] = {"state": "value", "shape": [int(length) for length in array.shape], "dtype": str(array.dtype)}
    if array.dtype.kind in "fc":
        fact["values"] = [_number(float(number)) for number in flat.astype("float64")]
    elif array.dtype.kind in "iub":
        fact["values"] = [int(number) for number in flat]
    else:
        fact["values"] = [number.decode("utf-8", "replace") if isinstance(number, bytes) else str(number) for number in flat]
    return fact


def _number(value: float) -> Any:
    if math.isnan(value):
        return "nan"
    if value in (float("inf"), float("-inf")):
        return "inf" if value > 0 else "-inf"
    return float("%.*g" % (DIGITS, value))
