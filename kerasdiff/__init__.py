"""kerasdiff: what differs between two Keras environments that could change the architecture or the results.

The Python API is `kerasdiff.api`.
"""

__version__ = "0.1.0"
