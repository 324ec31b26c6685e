"""The public Python API: capture, load and compare, and the documents they deal in."""

from kerasdiff.capture.run import Request, capture
from kerasdiff.compare.divergence import Divergence, NotComparable
from kerasdiff.compare.engine import Comparison, compare
from kerasdiff.errors import KerasdiffError
from kerasdiff.fingerprint.document import Fingerprint
from kerasdiff.fingerprint.load import load
from kerasdiff.knowledge.load import Effect

__all__ = [
    "Comparison",
    "Divergence",
    "Effect",
    "Fingerprint",
    "KerasdiffError",
    "NotComparable",
    "Request",
    "capture",
    "compare",
    "load",
]
