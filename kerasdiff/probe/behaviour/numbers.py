"""Inputs, weights and measured tensors: fixed formulas, and what a fingerprint keeps of an array."""

import math
from typing import Any, Dict, List, Sequence, Tuple

import numpy

#: Numbers kept of one tensor, from its first to its last at even distances.
MAX_NUMBERS = 48
#: Significant digits of a tensor's largest number; the others are kept to the same place, since errors are relative to it.
DIGITS = 8


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


def array(row: Dict[str, Any]) -> Any:
    """The array that a row of data describes: its ``values``, or a ``shape`` filled by a formula."""
    if "values" in row:
        return numpy.array(_special(row["values"]), row.get("dtype", "float32"))
    made = data(row["shape"], row.get("kind", "exact"), row.get("seed", 0))
    return made.astype(row["dtype"]) if "dtype" in row else made


def _special(values: Any) -> Any:
    """JSON has no infinities: they are written as text."""
    if isinstance(values, list):
        return [_special(part) for part in values]
    return float(values) if values in ("inf", "-inf", "nan") else values


def coefficients(shape: Sequence[int]) -> Any:
    """What outputs are multiplied with before they are summed for a gradient: the plain sum of a softmax has none."""
    return data(shape, "positive", 7)


def shared(drawn: Any) -> List[int]:
    """For each axis: 1 where all along it is the same draw, 0 where each has its own."""
    return [int((drawn == numpy.take(drawn, [0], axis=axis)).all()) for axis in range(drawn.ndim)]


def distribution(sample: Any, quantiles: Sequence[float] = (0.05, 0.5, 0.95)) -> Any:
    """Mean, standard deviation and quantiles of a sample; without quantiles the standard deviation, the surest, alone."""
    flat = numpy.sort(sample.astype("float64").reshape(-1))
    if not quantiles:
        return numpy.array([flat.std()])
    found = [flat[int(part * (flat.size - 1))] for part in quantiles]
    return numpy.array([flat.mean(), flat.std()] + found)


def kurtosis(sample: Any) -> Any:
    """The fourth standardized moment: 3 of a normal distribution, less where its tails are cut off."""
    centred = sample.astype("float64").reshape(-1) - sample.astype("float64").mean()
    return numpy.array([(centred**4).mean() / (centred**2).mean() ** 2])


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
    """A tensor as a fact: ``state``, ``shape``, ``dtype`` and some of its numbers."""
    array = numpy.asarray(value)
    flat = array.reshape(-1)
    if flat.size > MAX_NUMBERS:
        flat = flat[numpy.arange(MAX_NUMBERS) * (flat.size - 1) // (MAX_NUMBERS - 1)]
    fact: Dict[str, Any] = {"state": "value", "shape": [int(length) for length in array.shape], "dtype": str(array.dtype)}
    if array.dtype.kind in "fc":
        sizes = numpy.abs(flat[numpy.isfinite(flat)])
        largest = float(sizes.max()) if sizes.size else 0.0
        places = DIGITS - 1 - math.floor(math.log10(largest)) if largest > 0 else 0
        fact["values"] = [_number(float(number), places) for number in flat.astype("float64")]
    elif array.dtype.kind in "iub":
        fact["values"] = [int(number) for number in flat]
    else:
        fact["values"] = [number.decode("utf-8", "replace") if isinstance(number, bytes) else str(number) for number in flat]
    return fact


def initial(array: Any) -> Dict[str, Any]:
    """Initial values that no generator drew: at most two different ones, as a bias of zeros, or with a forget gate of ones."""
    if array.dtype.kind != "f" or len(numpy.unique(array)) <= 2:
        return measured(array)
    return {"state": "value", "values": ["drawn"], "shape": [int(length) for length in array.shape]}


def plain(values: List[Any]) -> Dict[str, Any]:
    """Text or integers that are no tensor, as a fact."""
    return {"state": "value", "values": values}


def _number(value: float, places: int) -> Any:
    if math.isnan(value):
        return "nan"
    if value in (float("inf"), float("-inf")):
        return "inf" if value > 0 else "-inf"
    return round(value, places)
