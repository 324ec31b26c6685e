"""What tells arrays apart, and how far."""

import hashlib
from typing import Any, Dict

import numpy


def digest(array: Any) -> str:
    """What tells arrays apart: shape, kind and numbers."""
    told = "%s %s " % (list(array.shape), array.dtype.kind)
    return hashlib.sha256(told.encode("ascii") + numpy.array(array, order="C").tobytes()).hexdigest()[:16]


def apart(one: Any, other: Any) -> Dict[str, Any]:
    """How far two arrays are apart: over the largest number, and as it is; other shapes are said."""
    if one.shape != other.shape:
        return {"shapes": [list(one.shape), list(other.shape)]}
    if one.dtype.kind not in "biuf" or other.dtype.kind not in "biuf":
        return {"scaled": 0.0 if (one.astype(str) == other.astype(str)).all() else "inf", "max_abs": None}
    a, b = one.astype("float64"), other.astype("float64")
    if not a.size:
        return {"scaled": 0.0, "max_abs": 0.0}
    special = ~(numpy.isfinite(a) & numpy.isfinite(b))
    if not (((a == b) | (numpy.isnan(a) & numpy.isnan(b)))[special]).all():
        return {"scaled": "inf", "max_abs": "inf"}
    a, b = a[~special], b[~special]
    largest = max(numpy.abs(a).max(), numpy.abs(b).max()) if a.size else 0.0
    difference = float(numpy.abs(a - b).max()) if a.size else 0.0
    return {"scaled": float("%.3g" % (difference / largest)) if largest else 0.0, "max_abs": float("%.3g" % difference)}
