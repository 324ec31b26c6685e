"""Runs Keras 1 and 2 where they don't run eagerly: TensorFlow 1 and Theano; and what `cntk` shares with these."""

import importlib
import inspect
import sys
from typing import Any, Callable, Dict, List, Tuple

import numpy

from .engine import Call, Engine, Unstable, Unsupported, first_of

#: Steps repeated to see whether runs differ.
RACE = 2


def _remember_streams() -> None:
    """Keep the states of Theano's random streams: it computes thousands for every draw, each from the last, in Python."""
    streams: Any = importlib.import_module("theano.sandbox.rng_mrg").MRG_RandomStreams
    compute = streams.get_substream_rstates
    known: Dict[Tuple[int, ...], Any] = {}

    def remembered(self: Any, n_streams: int, dtype: str, inc_rstate: bool = True) -> Any:  # noqa: FBT002  # as Theano's
        first = tuple(self.rstate)
        if len(known.get(first, ())) < n_streams:
            known[first] = compute(self, n_streams, dtype, inc_rstate=False)
        if inc_rstate:
            self.inc_rstate()
        return known[first][:n_streams].copy()

    streams.get_substream_rstates = remembered


def _unoptimized(session: Any, tensorflow: Any) -> Any:
    """The session's options, less the rewriting of a graph before it runs, which takes longer than to run it.

    For layers, where it is worth a rounding. Not for losses, where it changes what clipping to nearly 0 and 1 gives, nor for
    optimizers, where it changes who wins a race.
    """
    config = tensorflow.ConfigProto()
    config.CopyFrom(session._config or config)
    config.graph_options.optimizer_options.opt_level = -1
    rewriting: Any = getattr(config.graph_options, "rewrite_options", None)  # TensorFlow 0.12 has none
    if hasattr(rewriting, "disable_meta_optimizer"):
        rewriting.disable_meta_optimizer = True
    return config


def _is_plain(output: Any) -> bool:
    """What a penalty of 0 gives."""
    return isinstance(output, (int, float, numpy.ndarray, numpy.generic))


class Graph(Engine):
    """Keras 1 and 2 without eager execution: TensorFlow 1, Theano, CNTK."""

    #: How often a few steps are repeated where Keras hands a list of updates without an order to TensorFlow, which may read
    #: the step counter before or after it is written (Keras 2.3 on TensorFlow 1): most runs agree.
    repeats = 20

    def __init__(self, api: Any) -> None:
        super().__init__(api)
        if "theano" in sys.modules:  # Keras 1 uses it without importing it; any recurrent layer does import it
            importlib.import_module("theano.ifelse")
            _remember_streams()
        self._config: Any = None
        if self.backend == "tensorflow" and hasattr(sys.modules["tensorflow"], "Session"):  # TensorFlow 1
            self._config = _unoptimized(api.backend.get_session(), sys.modules["tensorflow"])

    def reset(self) -> None:
        """See `Engine.reset`: a growing graph makes every run slower."""
        clear = getattr(self.api.backend, "clear_session", None)
        if clear is not None:
            clear()
        super().reset()

    def numbers(self, value: Any) -> Any:
        """See `Engine.numbers`."""
        return value

    def constant(self, array: Any) -> Any:
        """See `Engine.constant`: Keras 1 has variables only, and on Theano the shape of a constant isn't known to Keras."""
        backend = self.api.backend
        make = backend.variable if self.backend == "theano" else getattr(backend, "constant", backend.variable)
        return make(array, dtype=str(array.dtype))

    def fetch(self, value: Any) -> Any:
        """See `Engine.fetch`."""
        return super().fetch(value) if not hasattr(value, "eval") else self.api.backend.eval(value)

    def elements(self, dataset: Any, limit: int) -> List[Any]:
        """See `Engine.elements`: TensorFlow 1 has an operation that gives the next one."""
        tensorflow = sys.modules.get("tensorflow")
        if tensorflow is None or not hasattr(dataset, "output_shapes"):
            return super().elements(dataset, limit)
        following = dataset.make_one_shot_iterator().get_next()
        found: List[Any] = []
        session = self.api.backend.get_session() if self.backend == "tensorflow" else tensorflow.Session()
        while len(found) < limit:
            try:
                found.append(session.run(following))
            except tensorflow.errors.OutOfRangeError:
                break
        return found

    def _inputs(self, inputs: List[Any]) -> List[Any]:
        make = self.api.layers.Input
        return [make(batch_shape=array.shape, dtype=str(array.dtype)) for array in inputs]

    def _evaluate(self, tensors: List[Any], outputs: Any, inputs: List[Any], training: bool, updates: Any = ()) -> Any:
        backend = self.api.backend
        many = isinstance(outputs, (list, tuple))
        function = backend.function(
            tensors + [backend.learning_phase()], list(outputs) if many else [outputs], updates=list(updates)
        )
        found = function(list(inputs) + [1 if training else 0])
        return list(found) if many else found[0]

    def run(self, function: Callable[..., Any], inputs: List[Any]) -> Any:
        """See `Engine.run`: arrays are fed, as floats, as models do; constants would be folded into other numbers."""
        backend = self.api.backend
        fed = [backend.placeholder(shape=array.shape) for array in inputs]
        outputs = function(*fed)
        if not inputs:
            return self._evaluated(outputs)
        for tensor, array in zip(fed, inputs):
            if outputs is tensor:  # TensorFlow doesn't fetch what it is fed
                return array
        if isinstance(outputs, (list, tuple)):
            return backend.function(fed, list(outputs))(inputs)
        return self._evaluated(outputs) if _is_plain(outputs) else backend.function(fed, [outputs])(inputs)[0]

    def _evaluated(self, output: Any) -> Any:
        return numpy.asarray(output) if _is_plain(output) else self.api.backend.eval(output)

    def build(self, call: Call, inputs: List[Any]) -> None:
        """See `Engine.build`."""
        if self._config is not None:
            self.api.backend.set_session(sys.modules["tensorflow"].Session(config=self._config))
        tensors = self._inputs(inputs)
        given = tensors if call.before is None else [call.before(tensors[0])] + tensors[1:]
        keywords = {
            name: self.api.backend.variable(part) if hasattr(part, "dtype") else part for name, part in call.keywords.items()
        }
        call.layer._kerasdiff = (tensors, given, call.layer(given[0] if len(given) == 1 else given, **keywords))

    def layer(self, call: Call, inputs: List[Any], training: bool) -> Any:
        """See `Engine.layer`."""
        tensors, given, outputs = call.layer._kerasdiff
        changes = training or getattr(call.layer, "stateful", False)
        return self._evaluate(tensors, outputs, inputs, training, self._updates(call.layer, given) if changes else ())

    @staticmethod
    def _updates(layer: Any, tensors: List[Any]) -> Any:
        if hasattr(layer, "get_updates_for"):
            return layer.get_updates_for(tensors[0] if len(tensors) == 1 else tensors)
        return getattr(layer, "updates", ())

    def losses(self, call: Call, inputs: List[Any]) -> Any:
        """See `Engine.losses`."""
        tensors, _, _ = call.layer._kerasdiff
        penalties = list(call.layer.losses)
        return [
            numpy.asarray(part, "float32") if _is_plain(part) else self._evaluate(tensors, part, inputs, training=False)
            for part in penalties
        ]

    def mask(self, call: Call, inputs: List[Any]) -> Any:
        """See `Engine.mask`."""
        tensors, _, _ = call.layer._kerasdiff
        mask = first_of(call.layer.get_output_mask_at(0))
        return None if mask is None else self._evaluate(tensors, mask, inputs, training=False)

    def gradient(self, call: Call, inputs: List[Any], training: bool, factors: Any) -> Any:
        """See `Engine.gradient`."""
        backend = self.api.backend
        tensors, _, outputs = call.layer._kerasdiff
        if inputs[0].dtype.kind != "f":
            raise Unsupported("no gradient in integers")
        found = first_of(backend.gradients(backend.sum(first_of(outputs) * backend.variable(factors)), [tensors[0]]))
        if found is None:
            raise Unsupported("no gradient")
        return self._evaluate(tensors, found, inputs, training)

    def stream(self, metric: Any, batches: List[List[Any]]) -> Any:
        """See `Engine.stream`: calling a metric gives its result after the update."""
        backend = self.api.backend
        fed = []
        for arrays in zip(*batches):  # one length for all batches where they have one, else it is left open
            shape = arrays[0].shape if len({len(array) for array in arrays}) == 1 else (None,) + arrays[0].shape[1:]
            fed.append(backend.placeholder(shape=shape, dtype=str(arrays[0].dtype)))
        step = backend.function(fed, [metric(*fed)])
        return [step(batch)[0] for batch in batches][-1]

    def _fed(self, arrays: List[Any]) -> Tuple[List[Any], List[Any], Callable[[List[Any]], List[Any]]]:
        """Tensors like these arrays, what is fed, and how values become that."""
        fed = [self.api.backend.placeholder(shape=array.shape) for array in arrays]
        return fed, fed, lambda values: values

    def optimize(
        self, optimizer: Any, weights: List[Any], gradients: Callable[[int], List[Any]], steps: int
    ) -> List[List[Any]]:
        """See `Engine.optimize`: the loss is the product of weights and fed gradients."""
        backend = self.api.backend
        variables = [backend.variable(array) for array in weights]
        fed, inputs, feed = self._fed(weights)
        loss = sum(backend.sum(variable * gradient) for variable, gradient in zip(variables, fed))
        taken = list(inspect.signature(optimizer.get_updates).parameters)
        if taken == ["params", "constraints", "loss"]:  # Keras 1
            updates = optimizer.get_updates(variables, {}, loss)
        else:
            updates = optimizer.get_updates(params=variables, loss=loss)
        step = backend.function(inputs, [loss], updates=updates)
        held = variables + [weight for weight in getattr(optimizer, "weights", []) if hasattr(weight, "name")]
        if hasattr(optimizer, "iterations"):
            held.append(optimizer.iterations)
        first = backend.batch_get_value(held)

        def trace(length: int) -> List[List[Any]]:
            found = []
            for variable, value in zip(held, first):
                backend.set_value(variable, value)
            for position in range(length):
                step(feed(gradients(position)))
                found.append([numpy.array(backend.get_value(variable)) for variable in variables])
            return found

        whole = trace(steps)
        is_unordered = backend.backend() == "tensorflow" and not hasattr(optimizer, "apply_gradients")
        for _ in range(self.repeats if is_unordered else 0):
            again = trace(RACE)
            if any((one != other).any() for x, y in zip(again, whole) for one, other in zip(x, y)):
                raise Unstable
        return whole
