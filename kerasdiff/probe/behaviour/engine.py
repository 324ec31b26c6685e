"""Runs Keras in each of its generations: eagerly where it can, in batches of a graph where it can't."""

import inspect
import random
import sys
from typing import Any, Callable, List

import numpy

#: The global seed of every case.
SEED = 1337


class Unsupported(NotImplementedError):
    """The backend has no way to do this."""


class Unstable(Exception):
    """Runs in one environment differ."""


def engine(api: Any) -> "Engine":
    """The engine for an API's module."""
    backend = _backend(api)
    if backend == "tensorflow":
        tensorflow = sys.modules["tensorflow"]
        return TensorFlow(api, tensorflow) if _is_eager(tensorflow) else Graph(api)
    if backend in ("theano", "cntk"):
        return Graph(api)
    return {"jax": Jax, "torch": Torch}.get(backend, Eager)(api)


def _backend(api: Any) -> str:
    try:
        return str(api.backend.backend())
    except AttributeError:
        return str(api.config.backend())


def _is_eager(tensorflow: Any) -> bool:
    return bool(getattr(tensorflow, "executing_eagerly", lambda: False)())


def accepts(function: Any, name: str) -> bool:
    """Whether a call may give the argument ``name``."""
    try:
        return name in inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False


class Engine:
    """How tensors are made and read, and layers and functions run."""

    #: Whether a metric's updates happen as they are called.
    streams = True

    def __init__(self, api: Any) -> None:
        self.api = api

    def reset(self) -> None:
        """Forget what earlier cases left in the framework, and set every global seed."""
        random.seed(SEED)
        numpy.random.seed(SEED)
        seeder = getattr(getattr(self.api, "utils", None), "set_random_seed", None)
        tensorflow = sys.modules.get("tensorflow")
        if seeder is not None:
            seeder(SEED)
        elif tensorflow is not None and hasattr(tensorflow, "random"):
            set_seed: Any = getattr(tensorflow.random, "set_seed", None) or tensorflow.set_random_seed  # TensorFlow 2, and 1
            set_seed(SEED)

    def run(self, function: Callable[..., Any], inputs: List[Any]) -> Any:
        """What ``function`` of tensors gives, as an array or a list of arrays; ``inputs`` are arrays."""
        raise NotImplementedError

    def layer(self, layer: Any, inputs: List[Any], training: bool) -> Any:
        """What ``layer`` gives for arrays."""
        raise NotImplementedError

    def build(self, layer: Any, inputs: List[Any]) -> None:
        """Make the weights of ``layer`` for inputs like these arrays."""
        raise NotImplementedError

    def gradient(self, layer: Any, inputs: List[Any]) -> Any:
        """The gradient of the sum of the layer's output in its first input, inference mode.

        Raises `Unsupported`.
        """
        raise Unsupported

    def numbers(self, value: Any) -> Any:
        """A tensor as an array, or a structure of tensors as a list of arrays."""
        raise NotImplementedError

    def optimize(
        self, optimizer: Any, weights: List[Any], gradients: Callable[[int], List[Any]], steps: int
    ) -> List[List[Any]]:
        """The weights after each of ``steps`` updates by given gradients, starting from arrays."""
        raise Unsupported


def _call(layer: Any, tensors: List[Any], training: bool) -> Any:
    """Call a layer; ``training`` is always said, since some releases make a global switch of leaving it out."""
    given = (
        tensors
        if accepts(layer.call, "query") and accepts(layer.call, "value")
        else [tensors[0] if len(tensors) == 1 else tensors]
    )
    return layer(*given, training=training) if accepts(layer.call, "training") else layer(*given)


class Eager(Engine):
    """Keras 3 on any backend; the parts that the others share."""

    def tensor(self, array: Any) -> Any:
        """An array as a tensor."""
        return self.api.ops.convert_to_tensor(array)

    def numbers(self, value: Any) -> Any:
        """See `Engine.numbers`."""
        if isinstance(value, (list, tuple)):
            return [self.numbers(part) for part in value]
        return self.api.ops.convert_to_numpy(value)

    def run(self, function: Callable[..., Any], inputs: List[Any]) -> Any:
        """See `Engine.run`."""
        return self.numbers(function(*[self.tensor(array) for array in inputs]))

    def layer(self, layer: Any, inputs: List[Any], training: bool) -> Any:
        """See `Engine.layer`."""
        return self.numbers(_call(layer, [self.tensor(array) for array in inputs], training))

    def build(self, layer: Any, inputs: List[Any]) -> None:
        """See `Engine.build`: calling builds."""
        self.layer(layer, inputs, training=False)

    def optimize(
        self, optimizer: Any, weights: List[Any], gradients: Callable[[int], List[Any]], steps: int
    ) -> List[List[Any]]:
        """See `Engine.optimize`."""
        variables = [self.variable(array) for array in weights]
        trace = []
        for step in range(steps):
            pairs = [(self.tensor(array), variable) for array, variable in zip(gradients(step), variables)]
            optimizer.apply_gradients(pairs)
            trace.append([numpy.array(self.numbers(self.value(variable))) for variable in variables])
        return trace

    def variable(self, array: Any) -> Any:
        """An array as a trainable variable."""
        return self.api.Variable(array, trainable=True)

    def value(self, variable: Any) -> Any:
        """The tensor a variable holds."""
        return variable.value


class TensorFlow(Eager):
    """TensorFlow 2, eagerly: tf.keras, tf_keras, and Keras 3 on TensorFlow."""

    def __init__(self, api: Any, tensorflow: Any) -> None:
        super().__init__(api)
        self._tensorflow = tensorflow

    def tensor(self, array: Any) -> Any:
        """See `Eager.tensor`."""
        return self._tensorflow.constant(array)

    def numbers(self, value: Any) -> Any:
        """See `Engine.numbers`; ragged and sparse tensors become dense ones."""
        if isinstance(value, (list, tuple)):
            return [self.numbers(part) for part in value]
        if hasattr(value, "to_tensor"):
            value = value.to_tensor()
        if isinstance(value, self._tensorflow.SparseTensor):
            value = self._tensorflow.sparse.to_dense(value)
        return numpy.asarray(value)

    def gradient(self, layer: Any, inputs: List[Any]) -> Any:
        """See `Engine.gradient`."""
        tensors = [self.tensor(array) for array in inputs]
        with self._tensorflow.GradientTape() as tape:
            tape.watch(tensors[0])
            output = _call(layer, tensors, training=False)
            total = self._tensorflow.reduce_sum(output[0] if isinstance(output, (list, tuple)) else output)
        found = tape.gradient(total, tensors[0])
        if found is None:
            raise Unsupported("no gradient")
        return self.numbers(self._tensorflow.convert_to_tensor(found))

    def variable(self, array: Any) -> Any:
        """See `Eager.variable`."""
        return self._tensorflow.Variable(array)

    def value(self, variable: Any) -> Any:
        """See `Eager.value`."""
        return self._tensorflow.convert_to_tensor(variable)


class Torch(Eager):
    """Keras 3 on PyTorch."""

    def gradient(self, layer: Any, inputs: List[Any]) -> Any:
        """See `Engine.gradient`."""
        tensors = [self.tensor(array) for array in inputs]
        first = tensors[0].detach().clone().requires_grad_(True)
        output = _call(layer, [first] + tensors[1:], training=False)
        (output[0] if isinstance(output, (list, tuple)) else output).sum().backward()
        if first.grad is None:
            raise Unsupported("no gradient")
        return self.numbers(first.grad)


class Jax(Eager):
    """Keras 3 on JAX."""

    def gradient(self, layer: Any, inputs: List[Any]) -> Any:
        """See `Engine.gradient`."""
        jax = sys.modules["jax"]
        tensors = [self.tensor(array) for array in inputs]

        def total(first: Any) -> Any:
            output = _call(layer, [first] + tensors[1:], training=False)
            return (output[0] if isinstance(output, (list, tuple)) else output).sum()

        return self.numbers(jax.grad(total)(tensors[0]))


class Graph(Engine):
    """Keras 1 and 2 without eager execution: TensorFlow 1, Theano, CNTK."""

    streams = False
    #: The step counter of some optimizers is read and written in no order (Keras 2.3, TensorFlow 1): most runs agree.
    repeats = 20

    def reset(self) -> None:
        """See `Engine.reset`: a growing graph makes every run slower."""
        clear = getattr(self.api.backend, "clear_session", None)
        if clear is not None:
            clear()
        super().reset()
        cntk = sys.modules.get("cntk")
        if cntk is not None:
            cntk.cntk_py.set_fixed_random_seed(SEED)

    def numbers(self, value: Any) -> Any:
        """See `Engine.numbers`."""
        return value

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
        """See `Engine.run`: the arrays are constants."""
        backend = self.api.backend
        outputs = function(*[backend.variable(array) for array in inputs])
        if isinstance(outputs, (list, tuple)):
            return [self._evaluated(output) for output in outputs]
        return self._evaluated(outputs)

    def _evaluated(self, output: Any) -> Any:
        is_plain = isinstance(output, (int, float, numpy.ndarray, numpy.generic))  # what a penalty of 0 gives
        return numpy.asarray(output) if is_plain else self.api.backend.eval(output)

    def build(self, layer: Any, inputs: List[Any]) -> None:
        """See `Engine.build`."""
        tensors = self._inputs(inputs)
        layer._kerasdiff = (tensors, layer(tensors[0] if len(tensors) == 1 else tensors))

    def layer(self, layer: Any, inputs: List[Any], training: bool) -> Any:
        """See `Engine.layer`: of a layer that was built."""
        tensors, outputs = layer._kerasdiff
        updates = self._updates(layer, tensors) if training else ()
        return self._evaluate(tensors, outputs, inputs, training, updates)

    @staticmethod
    def _updates(layer: Any, tensors: List[Any]) -> Any:
        if hasattr(layer, "get_updates_for"):
            return layer.get_updates_for(tensors[0] if len(tensors) == 1 else tensors)
        return getattr(layer, "updates", ())

    def gradient(self, layer: Any, inputs: List[Any]) -> Any:
        """See `Engine.gradient`."""
        backend = self.api.backend
        tensors, outputs = layer._kerasdiff
        first = outputs[0] if isinstance(outputs, (list, tuple)) else outputs
        found = backend.gradients(backend.sum(first), [tensors[0]])
        found = found[0] if isinstance(found, (list, tuple)) else found
        if found is None:
            raise Unsupported("no gradient")
        return self._evaluate(tensors, found, inputs, training=False)

    def optimize(
        self, optimizer: Any, weights: List[Any], gradients: Callable[[int], List[Any]], steps: int
    ) -> List[List[Any]]:
        """See `Engine.optimize`: the loss is the product of weights and fed gradients."""
        backend = self.api.backend
        variables = [backend.variable(array) for array in weights]
        fed = [backend.placeholder(shape=array.shape) for array in weights]
        loss = sum(backend.sum(variable * gradient) for variable, gradient in zip(variables, fed))
        taken = inspect.signature(optimizer.get_updates).parameters
        if (
            "constraints" in taken
            and "params" in taken
            and next(iter(taken)) == "params"
            and "loss" in taken
            and len(taken) == 3
        ):
            updates = optimizer.get_updates(variables, {}, loss)  # Keras 1
        else:
            updates = optimizer.get_updates(params=variables, loss=loss)
        step = backend.function(fed, [loss], updates=updates)
        held = variables + [weight for weight in getattr(optimizer, "weights", []) if hasattr(weight, "name")]
        if hasattr(optimizer, "iterations"):
            held.append(optimizer.iterations)
        first = [backend.get_value(variable) for variable in held]
        traces = []
        for _ in range(self.repeats):
            for variable, value in zip(held, first):
                backend.set_value(variable, value)
            trace = []
            for position in range(steps):
                step(gradients(position))
                trace.append([numpy.array(backend.get_value(variable)) for variable in variables])
            traces.append(trace)
        if any((one[-1][0] != traces[0][-1][0]).any() for one in traces):
            raise Unstable
        return traces[0]
