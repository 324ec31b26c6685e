"""Three models as people write them; they build in Keras 2.3, in tf.keras from TensorFlow 1.15 on, and in Keras 3.

NETS=tensorflow takes the Keras of TensorFlow where another one is installed beside it.
"""

import os

if os.environ.get("NETS") == "tensorflow":
    from tensorflow import keras
else:
    try:
        import keras
    except ImportError:  # TensorFlow 2.3 brings none of that name
        from tensorflow import keras

layers = keras.layers


def cnn():
    """A gate on an enlarged image, as squeeze-and-excitation blocks have."""
    given = layers.Input((8, 8, 3), name="image")
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv")(given)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.UpSampling2D(2, interpolation="bilinear", name="enlarge")(x)
    gate = layers.Conv2D(4, 1, activation="hard_sigmoid", name="gate")(x)
    x = layers.Multiply(name="gated")([x, gate])
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.models.Model(given, layers.Dense(3, activation="softmax", name="classes")(x))


def text():
    """Two recurrent layers on words, of which some are padding."""
    given = layers.Input((10,), dtype="int32", name="words")
    x = layers.Embedding(20, 6, mask_zero=True, name="embed")(given)
    x = layers.LSTM(8, return_sequences=True, name="lstm")(x)
    x = layers.GRU(5, recurrent_activation="hard_sigmoid", name="gru")(x)
    model = keras.models.Model(given, layers.Dense(1, activation="sigmoid", name="score")(x))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model


class Enlarge(layers.Layer):
    """Twice the height and the width."""

    def call(self, x):
        if hasattr(keras, "ops"):
            return keras.ops.image.resize(x, (2 * x.shape[1], 2 * x.shape[2]), interpolation="bilinear")
        return keras.backend.resize_images(x, 2, 2, "channels_last", interpolation="bilinear")

    def compute_output_shape(self, shape):
        return (shape[0], 2 * shape[1], 2 * shape[2], shape[3])


class Gate(layers.Layer):
    """Each channel times a gate with a weight of its own."""

    def build(self, shape):
        self.slope = self.add_weight(name="slope", shape=(shape[-1],), initializer="ones")
        super().build(shape)

    def call(self, x):
        return x * keras.activations.hard_sigmoid(x * self.slope)

    def compute_output_shape(self, shape):
        return shape


def half_square(wanted, given):
    """A loss of one's own."""
    return (wanted - given) ** 2 / 2


def difference(wanted, given):
    """A metric of one's own."""
    return wanted - given


def custom():
    """Layers, a loss and a metric of one's own."""
    given = layers.Input((4, 4, 3), name="image")
    x = Enlarge(name="enlarge")(given)
    x = layers.Conv2D(4, 3, name="conv")(x)
    x = Gate(name="gate")(x)
    model = keras.models.Model(given, layers.Dense(2, name="out")(layers.Flatten(name="flat")(x)))
    model.compile(optimizer="sgd", loss=half_square, metrics=[difference])
    return model
