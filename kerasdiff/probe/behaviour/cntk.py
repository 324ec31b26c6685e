"""Runs Keras 2 on CNTK: the first axis of what is fed is the batch there, and gradients are for its own trainers only."""

import sys
from typing import Any, Callable, List, Tuple

import numpy

from .engine import SEED, Call, Unsupported
from .graph import Graph


class Cntk(Graph):
    """Keras 2 on CNTK."""

    def seed(self) -> None:
        """See `Engine.seed`."""
        super().seed()
        sys.modules["cntk"].cntk_py.set_fixed_random_seed(SEED)

    def constant(self, array: Any) -> Any:
        """See `Engine.constant`."""
        if array.ndim > 1 or array.dtype.kind != "f":
            raise Unsupported("a constant of CNTK is of floats, and has no axis of samples")
        return super().constant(array)

    def fetch(self, value: Any) -> Any:
        """See `Engine.fetch`: constants and parameters hold their values."""
        is_held = hasattr(value, "value") and not hasattr(value, "eval")
        return numpy.asarray(value.value) if is_held else super().fetch(value)

    def of_weights(self, function: Callable[..., Any], inputs: List[Any]) -> Any:
        """See `Engine.of_weights`: what is fed has an axis of samples, which weights don't have."""
        return self._evaluated(function(*[self.api.backend.variable(array) for array in inputs]))

    def gradient(self, call: Call, inputs: List[Any], training: bool, factors: Any) -> Any:
        """See `Engine.gradient`: Keras gets placeholders, which only a trainer of CNTK can fill."""
        raise Unsupported("gradients are for CNTK's own trainers")

    def _fed(self, arrays: List[Any]) -> Tuple[List[Any], List[Any], Callable[[List[Any]], List[Any]]]:
        """See `Graph._fed`: variables, beside something that is fed."""
        backend = self.api.backend
        held = [backend.variable(array) for array in arrays]
        samples = backend.placeholder(shape=(None, 1))

        def feed(values: List[Any]) -> List[Any]:
            for variable, value in zip(held, values):
                backend.set_value(variable, value)
            return [numpy.zeros((1, 1), "float32")]

        return [held[0] + 0 * backend.sum(samples)] + held[1:], [samples], feed
