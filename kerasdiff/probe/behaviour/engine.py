"""Runs Keras eagerly: TensorFlow 2, and Keras 3 on any backend. `graph` runs the others."""

import inspect
import random
import sys
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Set

import numpy

from .. import apis, canonical
from ..remedies import Remedies

#: The global seed of every case.
SEED = 1337


class Unsupported(NotImplementedError):
    """The backend has no way to do this."""


class Unstable(Exception):
    """Runs in one environment differ."""


def accepts(function: Any, name: str) -> bool:
    """Whether a call may give the argument ``name``."""
    try:
        return name in inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False


def reason(why: str) -> Dict[str, Any]:
    """The fact of a symbol that isn't measured."""
    return {"why": why}


def identified(get: Callable[[str], Any], text: str, meaning: int) -> Dict[str, Any]:
    """Whether a module's ``get`` knows a name, as the strings given to ``compile`` and to layers; None is no answer."""
    fact: Dict[str, Any] = {"revision": canonical.digest([meaning, text])[7:15], "arguments": {"identifier": text}}
    try:
        found = get(text)
    except Exception as error:
        return dict(fact, outcome={"state": "value", "value": "refused", "type": type(error).__name__})
    return dict(fact, outcome={"state": "value", "value": "accepted" if found is not None else "refused"})


class Call(NamedTuple):
    """A layer and how it is called: after the layer ``before``, with ``keywords`` (arrays and plain values)."""

    layer: Any
    before: Any = None
    keywords: Dict[str, Any] = {}  # noqa: RUF012  # never changed


class Engine:
    """How tensors are made and read, and layers and functions run."""

    def __init__(self, api: Any) -> None:
        self.api = api
        #: The names of optimizers whose steps, by default arguments, were seen to differ from run to run.
        self.racing: Set[str] = set()
        self.backend = str(apis.backend(api))
        #: What is added to the arguments of cases, and takes the place of objects.
        self.remedies = Remedies()

    #: Whether TensorFlow runs eagerly below.
    is_tensorflow_2 = False

    def reset(self) -> None:
        """Forget what earlier cases left in the framework, and set the seeds of Python and NumPy."""
        _seed_plainly()

    def is_lost(self) -> bool:
        """Whether nothing can be computed any more: on a GPU, a kernel that failed fails all that follows in the process."""
        return False

    def forget(self) -> None:
        """Begin counting layers anew, as a new process does."""
        backend = self.api.backend
        places = [backend, getattr(self.api, "utils", None), getattr(backend, "common", None)]
        ways = [getattr(place, name, None) for name in ("clear_session", "reset_uids") for place in places]
        next(way for way in ways if way is not None)()

    def seed(self) -> None:
        """Set every global seed.

        Only where something is drawn: since 2.9 TensorFlow forgets its kernels with it, which costs each operation that
        follows some 0.4 ms, forty times what it takes itself.
        """
        _seed_plainly()
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

    def of_weights(self, function: Callable[..., Any], inputs: List[Any]) -> Any:
        """As `run`, where the arrays are weights and no samples."""
        return self.run(function, inputs)

    def layer(self, call: Call, inputs: List[Any], training: bool) -> Any:
        """What a layer that was built gives for arrays."""
        raise NotImplementedError

    def build(self, call: Call, inputs: List[Any]) -> None:
        """Make the weights of a layer for inputs like these arrays."""
        raise NotImplementedError

    def losses(self, call: Call, inputs: List[Any]) -> Any:
        """The penalties that a layer adds to a model's loss."""
        raise Unsupported

    def mask(self, call: Call, inputs: List[Any]) -> Any:
        """The mask that a layer's (first) output carries, of booleans; None where it carries none."""
        raise Unsupported

    def gradient(self, call: Call, inputs: List[Any], training: bool, factors: Any) -> Any:
        """The gradient of the sum of the layer's (first) output times ``factors``, an array, in its first input.

        Raises `Unsupported`.
        """
        raise Unsupported

    def unsaid(self, call: Call, inputs: List[Any]) -> Any:
        """What a layer gives where the call doesn't say whether it trains."""
        raise Unsupported

    def stream(self, metric: Any, batches: List[List[Any]]) -> Any:
        """What ``metric`` gives after the batches, each the arguments of an update."""
        raise NotImplementedError

    def numbers(self, value: Any) -> Any:
        """A tensor as an array, or a structure of tensors as a list of arrays."""
        raise NotImplementedError

    def constant(self, array: Any) -> Any:
        """An array as a tensor that isn't fed."""
        raise NotImplementedError

    def fetch(self, value: Any) -> Any:
        """What a library gives, as an array: its tensors, and plain values."""
        if isinstance(value, (bool, int, float, complex, str, bytes, list, tuple, numpy.ndarray, numpy.generic)):
            return numpy.asarray(value)
        return numpy.asarray(self.numbers(value))

    def elements(self, dataset: Any, limit: int) -> List[Any]:
        """The first elements of a dataset or another iterable, each an array or several."""
        found: List[Any] = []
        for element in dataset:
            if len(found) == limit:
                break
            found.append(element)
        return found

    def optimize(
        self, optimizer: Any, weights: List[Any], gradients: Callable[[int], List[Any]], steps: int
    ) -> List[List[Any]]:
        """The weights after each of ``steps`` updates by given gradients, starting from arrays."""
        raise Unsupported

    def optimize_sparse(self, optimizer: Any, weights: Any, steps: int) -> List[List[Any]]:
        """As `optimize`, by gradients that an embedding's have: of the rows 0, 2 and 2 again."""
        raise Unsupported


def _seed_plainly() -> None:
    random.seed(SEED)
    numpy.random.seed(SEED)


def _called(call: Call, tensors: List[Any], keywords: Dict[str, Any], training: Optional[bool]) -> Any:
    """Call a layer; ``training`` is said but where leaving it out is measured: some releases make a global switch of that."""
    if call.before is not None:
        tensors = [call.before(tensors[0])] + tensors[1:]
    apart = accepts(call.layer.call, "query") and accepts(call.layer.call, "value")
    given = tensors if apart else [tensors[0] if len(tensors) == 1 else tensors]
    if training is not None and accepts(call.layer.call, "training"):
        keywords = dict(keywords, training=training)
    return call.layer(*given, **keywords)


def first_of(outputs: Any) -> Any:
    """The first output of a layer that may have several."""
    return outputs[0] if isinstance(outputs, (list, tuple)) else outputs


def mask_of(tensor: Any) -> Any:
    """The mask that Keras has hung on a tensor; where tensors take no attributes, it has a table of them."""
    mask = getattr(tensor, "_keras_mask", None)
    masking = sys.modules.get("keras.src.backend.common.masking")
    if mask is None and masking is not None:
        mask = masking.get_keras_mask(tensor)
    return mask


class Eager(Engine):
    """Keras 3 on any backend; the parts that the others share."""

    def tensor(self, array: Any) -> Any:
        """An array as a tensor."""
        return self.api.ops.convert_to_tensor(array)

    def is_lost(self) -> bool:
        """See `Engine.is_lost`."""
        try:
            self.numbers(self.tensor(numpy.zeros(1, "float32")))
        except Exception:
            return True
        return False

    def constant(self, array: Any) -> Any:
        """See `Engine.constant`."""
        return self.tensor(array)

    def numbers(self, value: Any) -> Any:
        """See `Engine.numbers`."""
        if isinstance(value, (list, tuple)):
            return [self.numbers(part) for part in value]
        return self.api.ops.convert_to_numpy(value)

    def run(self, function: Callable[..., Any], inputs: List[Any]) -> Any:
        """See `Engine.run`."""
        return self.numbers(function(*[self.tensor(array) for array in inputs]))

    def layer(self, call: Call, inputs: List[Any], training: bool) -> Any:
        """See `Engine.layer`."""
        return self.numbers(self.called(call, [self.tensor(array) for array in inputs], training))

    def called(self, call: Call, tensors: List[Any], training: Optional[bool]) -> Any:
        """What a layer gives for tensors."""
        keywords = {name: self.tensor(part) if hasattr(part, "dtype") else part for name, part in call.keywords.items()}
        return _called(call, tensors, keywords, training)

    def build(self, call: Call, inputs: List[Any]) -> None:
        """See `Engine.build`: calling builds."""
        self.layer(call, inputs, training=False)

    def losses(self, call: Call, inputs: List[Any]) -> Any:
        """See `Engine.losses`."""
        self.layer(call, inputs, training=False)
        return self.numbers(list(call.layer.losses))

    def mask(self, call: Call, inputs: List[Any]) -> Any:
        """See `Engine.mask`."""
        output = first_of(self.called(call, [self.tensor(array) for array in inputs], training=False))
        mask = mask_of(output)
        return None if mask is None else self.numbers(mask)

    def unsaid(self, call: Call, inputs: List[Any]) -> Any:
        """See `Engine.unsaid`."""
        try:
            return self.numbers(self.called(call, [self.tensor(array) for array in inputs], None))
        finally:
            self.forget()

    def stream(self, metric: Any, batches: List[List[Any]]) -> Any:
        """See `Engine.stream`."""
        for batch in batches:
            metric.update_state(*[self.tensor(array) for array in batch])
        return self.numbers(metric.result())

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

    is_tensorflow_2 = True

    def __init__(self, api: Any, tensorflow: Any) -> None:
        super().__init__(api)
        self._tensorflow = tensorflow
        self._has_variables = hasattr(api, "Variable")  # Keras 3 has variables of its own

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

    def gradient(self, call: Call, inputs: List[Any], training: bool, factors: Any) -> Any:
        """See `Engine.gradient`."""
        tensors = [self.tensor(array) for array in inputs]
        if not tensors[0].dtype.is_floating:
            raise Unsupported("no gradient in integers")
        with self._tensorflow.GradientTape() as tape:
            tape.watch(tensors[0])
            output = first_of(self.called(call, tensors, training))
            total = self._tensorflow.reduce_sum(output * self._tensorflow.cast(factors, output.dtype))
        found = tape.gradient(total, tensors[0])
        if found is None:
            raise Unsupported("no gradient")
        return self.numbers(self._tensorflow.convert_to_tensor(found))

    def optimize_sparse(self, optimizer: Any, weights: Any, steps: int) -> List[List[Any]]:
        """See `Engine.optimize_sparse`."""
        variable = self.variable(weights)
        trace = []
        for step in range(steps):
            values = numpy.full((3,) + weights.shape[1:], 0.25 + step, "float32")
            slices = self._tensorflow.IndexedSlices(values, [0, 2, 2], weights.shape)
            optimizer.apply_gradients([(slices, variable)])
            trace.append([numpy.array(self.numbers(self.value(variable)))])
        return trace

    def variable(self, array: Any) -> Any:
        """See `Eager.variable`."""
        return super().variable(array) if self._has_variables else self._tensorflow.Variable(array)

    def value(self, variable: Any) -> Any:
        """See `Eager.value`."""
        return self._tensorflow.convert_to_tensor(
            getattr(variable, "value", variable) if hasattr(self.api, "Variable") else variable
        )


class Torch(Eager):
    """Keras 3 on PyTorch."""

    def gradient(self, call: Call, inputs: List[Any], training: bool, factors: Any) -> Any:
        """See `Engine.gradient`."""
        tensors = [self.tensor(array) for array in inputs]
        if not tensors[0].is_floating_point():
            raise Unsupported("no gradient in integers")
        first = tensors[0].detach().clone().requires_grad_(True)
        output = first_of(self.called(call, [first] + tensors[1:], training))
        (output * self.tensor(factors).to(output.dtype)).sum().backward()
        if first.grad is None:
            raise Unsupported("no gradient")
        return self.numbers(first.grad)


class Jax(Eager):
    """Keras 3 on JAX."""

    def gradient(self, call: Call, inputs: List[Any], training: bool, factors: Any) -> Any:
        """See `Engine.gradient`."""
        jax = sys.modules["jax"]
        tensors = [self.tensor(array) for array in inputs]
        if tensors[0].dtype.kind != "f":
            raise Unsupported("no gradient in integers")

        output, pull = jax.vjp(lambda first: first_of(self.called(call, [first] + tensors[1:], training)), tensors[0])
        return self.numbers(pull(jax.numpy.asarray(factors, output.dtype))[0])
