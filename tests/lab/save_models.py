"""Saves small models in every format that a Keras has: ``python save_models.py API FOLDER INPUTS``, run in a lab environment.

Runs on Python 3.6 and newer with what the environment has. Prints one JSON document: the versions, and of each file the model,
the format, and what the model predicted before it was saved; of what could not be saved, the error.
"""

import importlib
import json
import os
import platform
import sys
from typing import Any, Callable, Dict, Iterator, Tuple

import numpy


def _array(shape: Any, start: Any) -> Any:
    """Numbers that need no random generator: multiples of 1/32 between -1/4 and 1/4."""
    size = int(numpy.prod(shape))
    return (((numpy.arange(size) * 7 + start) % 17 - 8) / 32.0).astype("float32").reshape(shape)


#: How far the numbers of one weight of a model begin from those of the one before.
FILL = 5


def _fill(model: Any) -> None:
    """Overwrite all weights by the formula, each otherwise; variances have to be positive."""
    filled = [
        numpy.abs(_array(one.shape, 3 + FILL * number)) if one.dtype.kind == "f" else one
        for number, one in enumerate(model.get_weights())
    ]
    model.set_weights(filled)


class Generation:
    """One API, with the spellings of its generation."""

    def __init__(self, api: Any) -> None:
        keras: Any = importlib.import_module("keras") if api == "keras" else importlib.import_module("tensorflow").keras
        self.keras = keras
        named = hasattr(keras, "__version__")  # the API of TensorFlow 2.15 has none
        self.version: str = (keras if named else importlib.import_module("keras")).__version__
        if api == "keras" and keras.backend.backend() == "theano":
            importlib.import_module("theano.ifelse")  # Keras uses it without importing it
        self.is_first = self.version.startswith("1.")
        self.layers = keras.layers
        self.is_third = self.version.startswith("3.")

    def dense(self, units: Any, **more: Any) -> Any:
        """A dense layer."""
        return self.layers.Dense(units, **more)

    def convolution(self, filters: Any, size: Any, **more: Any) -> Any:
        """A convolution of images, channels last."""
        if self.is_first:
            return self.layers.Convolution2D(filters, size, size, dim_ordering="tf", **more)
        return self.layers.Conv2D(filters, size, data_format="channels_last", **more)

    def joined(self, tensors: Any) -> Any:
        """Two tensors side by side."""
        if self.is_first:
            return self.layers.merge(tensors, mode="concat")
        return self.layers.Concatenate(name="joined")(tensors)

    def model(self, given: Any, output: Any, name: Any = None) -> Any:
        """A functional model."""
        kind = self.keras.models.Model
        more = {} if name is None else {"name": name}
        return kind(input=given, output=output, **more) if self.is_first else kind(given, output, **more)

    # The models

    def sequential(self) -> Any:
        """Convolution, normalization and recurrence, compiled and trained for a step."""
        first = {"input_shape": (4, 4, 1)}
        layers = [
            self.convolution(2, 3, activation="relu", name="conv", **({} if self.is_third else first)),
            self.layers.BatchNormalization(name="norm"),
            self.layers.Reshape((2, 4), name="rows"),
            self.layers.LSTM(2, name="lstm", unroll=True, **{self._inner: "sigmoid"}),
            self.dense(1, name="dense"),
        ]
        model = self.keras.models.Sequential()
        for layer in ([self.layers.Input((4, 4, 1))] if self.is_third else []) + layers:
            model.add(layer)
        model.compile(optimizer=self._adam(), loss="mse", metrics=["mae"])
        return model

    @property
    def _inner(self) -> str:
        """What the activation of gates is called."""
        return "inner_activation" if self.is_first else "recurrent_activation"

    def _adam(self) -> Any:
        rate = "lr" if self.version[:3] in ("1.2", "2.2") else "learning_rate"
        return self.keras.optimizers.Adam(**{rate: 0.01})

    def functional(self) -> Any:
        """Two inputs, one layer for both."""
        one, other = self.layers.Input((3,), name="one"), self.layers.Input((3,), name="other")
        shared = self.dense(2, activation="tanh", name="shared")
        told = self.joined([shared(one), shared(other)])
        model = self.model([one, other], self.dense(1, activation="sigmoid", name="told")(told), name="twins")
        model.compile(optimizer="sgd", loss="binary_crossentropy")
        return model

    def anonymous(self) -> Any:
        """A Lambda layer."""
        double = self.layers.Lambda(lambda x: x * 2.0, name="double", **({"output_shape": (3,)} if self.is_first else {}))
        given = self.layers.Input((3,), name="given")
        return self.model(given, self.dense(1, name="dense")(double(given)))

    def custom(self) -> Any:
        """A layer of the user's own."""
        given = self.layers.Input((3,), name="given")
        return self.model(given, self.dense(1, name="dense")(_scale(self)(factor=3.0, name="scale")(given)))

    def normalized(self) -> Any:
        """A preprocessing layer with what it has learnt."""
        layer = self._preprocessing("Normalization")(name="normal")
        layer.adapt(numpy.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0], [2.0, 5.0, 2.0]], "float32"))
        given = self.layers.Input((3,), name="given")
        return self.model(given, self.dense(1, name="dense")(layer(given)))

    def words(self) -> Any:
        """A vocabulary."""
        layer = self._preprocessing("StringLookup")(vocabulary=["red", "green", "blue"], name="lookup")
        given = self.layers.Input((1,), name="given", dtype="string")
        return self.model(given, self.layers.Embedding(6, 2, name="colours")(layer(given)))

    def gates(self) -> Any:
        """Recurrence as it is by default but unrolled, which is sooner loaded, and activations that releases disagree about."""
        given = tensor = self.layers.Input((4, 3), name="given")
        layers = [
            self.layers.GRU(2, unroll=True, name="gru"),
            self.dense(3, activation="hard_sigmoid", name="hard"),
            self.layers.LeakyReLU(0.1, name="leaky"),
            self.dense(2, name="dense"),
        ]
        for layer in layers:
            tensor = layer(tensor)
        return self.model(given, tensor)

    def images(self) -> Any:
        """Padding, a separable convolution and resizing."""
        order = {"dim_ordering": "tf"} if self.is_first else {"data_format": "channels_last"}
        given = tensor = self.layers.Input((4, 4, 2), name="given")
        layers = [
            self.layers.ZeroPadding2D(name="padded", **order),
            self.convolution(2, 3, name="conv") if self.is_first else self.layers.SeparableConv2D(2, 3, name="conv", **order),
            self.layers.UpSampling2D(name="larger", **dict(order, **({} if self.is_first else {"interpolation": "bilinear"}))),
            self.layers.MaxPooling2D((3, 3), name="pooled", **order),
            self.layers.Flatten(name="flat"),
            self.dense(2, name="dense"),
        ]
        for layer in layers:
            tensor = layer(tensor)
        return self.model(given, tensor)

    def texts(self) -> Any:
        """Tokens, padded and masked, read in both directions."""
        given = tensor = self.layers.Input((5,), name="given", dtype="int32")
        layers = [
            self.layers.Embedding(7, 3, mask_zero=True, name="words"),
            self.layers.Bidirectional(self.layers.LSTM(2, name="lstm", unroll=True, **{self._inner: "sigmoid"}), name="both"),
            self.dense(2, activation="softmax", name="dense"),
        ]
        for layer in layers:
            tensor = layer(tensor)
        return self.model(given, tensor)

    def attention(self) -> Any:
        """What models of text and images are made of since 2020."""
        given = self.layers.Input((3, 4), name="given")
        told = self.layers.MultiHeadAttention(2, 2, name="attention")(given, given)
        told = self.layers.LayerNormalization(name="norm")(told)
        told = self.layers.GlobalAveragePooling1D(name="pooled")(told)
        return self.model(given, self.dense(2, name="dense")(told))

    def _preprocessing(self, name: Any) -> Any:
        if hasattr(self.layers, name):
            return getattr(self.layers, name)
        return getattr(self.layers.experimental.preprocessing, name)


def _scale(generation: Any) -> Any:
    """The class of the user's own layer."""

    base: Any = generation.layers.Layer

    class Scale(base):  # type: ignore[misc]
        def __init__(self, factor: Any = 1.0, **more: Any) -> None:
            super(Scale, self).__init__(**more)
            self.factor = factor

        def build(self, shape: Any) -> None:
            width = int(shape[-1])
            if generation.is_first:
                self.gain = self.add_weight((width,), initializer="one", name="gain")
            else:
                self.gain = self.add_weight(shape=(width,), initializer="ones", name="gain")
            super(Scale, self).build(shape)

        def call(self, inputs: Any, mask: Any = None) -> Any:  # noqa: ARG002 - Keras 1 gives it to each
            return inputs * self.gain * self.factor

        def get_config(self) -> Any:
            return dict(super(Scale, self).get_config(), factor=self.factor)

    Scale.__module__ = "our.layers"
    return Scale


def _forms(generation: Any, name: Any) -> Iterator[Tuple[str, str, Callable[[Any, str], Any]]]:
    """The files that a model is saved as: of each the name, the format, and how it is saved."""
    version = tuple(int(part) for part in generation.version.split("-")[0].split(".")[:2])
    old = not generation.is_third
    if generation.is_third or version >= (2, 12):
        # First: saved as .h5, a model of Keras 3 forgets its optimizer.
        # TensorFlow 2.12 writes HDF5 under that name, as all before it.
        form = "h5" if version == (2, 12) else "keras"
        yield name + ".keras", form, lambda model, path: model.save(path)
    yield name + ".h5", "h5", lambda model, path: model.save(path)
    if name == "sequential":
        weights = name + ".weights.h5"
        yield weights, "weights.h5", lambda model, path: model.save_weights(path)
    if generation.keras.__name__ != "keras" and old and name in ("functional", "normalized", "words"):
        yield name + ".saved_model", "saved_model", lambda model, path: model.save(path, save_format="tf")
    if generation.keras.__name__ != "keras" and old and name == "sequential":
        yield name + ".ckpt/model", "checkpoint", lambda model, path: model.save_weights(path, save_format="tf")


def _predicted(model: Any, inputs: Any) -> Any:
    given = inputs if len(inputs) > 1 else inputs[0]
    if given[0].dtype.kind == "U":
        given = importlib.import_module("tensorflow").constant(given)
    told = model.predict(given)
    return [float("%.7g" % number) for number in numpy.asarray(told).ravel()]


def _trained(model: Any, inputs: Any) -> None:
    """Train for one step, so that the optimizer has weights; then fill the weights again."""
    if getattr(model, "optimizer", None) is not None:
        model.train_on_batch(inputs if len(inputs) > 1 else inputs[0], numpy.ones((2, 1), "float32"))


def _saved(generation: Any, name: Any, inputs: Any, folder: Any) -> Tuple[Dict[str, Any], Dict[str, str]]:
    files: Dict[str, Any] = {}
    failures: Dict[str, str] = {}
    try:
        model = getattr(generation, name)()
        if name != "normalized":
            _trained(model, inputs)
            _fill(model)
        predicted = _predicted(model, inputs)
    except Exception as error:
        return files, {name: _told(error)}
    for file, form, save in _forms(generation, name):
        path = os.path.join(folder, file)
        try:
            if os.sep in file:
                os.makedirs(os.path.dirname(path))
            save(model, path)
        except Exception as error:
            failures[file] = _told(error)
        else:
            files[file] = {"model": name, "format": form, "predicts": predicted}
    return files, failures


def _told(error: Any) -> str:
    return "%s: %s" % (type(error).__name__, str(error).strip().splitlines()[0][:200] if str(error).strip() else "")


def main(api: str, folder: str, inputs: str) -> None:
    """Save a model for each of the inputs, JSON by the models' names, and print what came of it."""
    generation = Generation(api)
    backend = generation.keras.backend.backend() if not api.startswith("tf.") else "tensorflow"
    document: Dict[str, Any] = {"keras": generation.version, "backend": backend, "python": platform.python_version()}
    document.update(fill=FILL, files={}, failures={})
    for name, rows in sorted(json.loads(inputs).items()):
        if hasattr(generation.keras.backend, "clear_session"):
            generation.keras.backend.clear_session()
        given = [numpy.array(row["values"], row["dtype"]) for row in rows]
        files, failures = _saved(generation, name, given, folder)
        document["files"].update(files)
        document["failures"].update(failures)
    sys.stdout.write("\n" + json.dumps(document, sort_keys=True) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
