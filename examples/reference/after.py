"""The models of before.py with the remedies that verifying named, in the new environments: tf.keras 2.3 and Keras 3."""

from before import Enlarge, Gate, keras, layers


def resize_bilinear(x, height, width):
    """As Keras 2.3 on TensorFlow 1 resized [KD178]."""
    import tensorflow as tf

    return tf.compat.v1.image.resize_bilinear(x, (height, width))


def hard_sigmoid(x):
    """As Keras 2 had it [KD347]."""
    return keras.ops.clip(0.2 * x + 0.5, 0.0, 1.0)


def _cnn(enlarge, gate):
    given = layers.Input((8, 8, 3), name="image")
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv")(given)
    x = layers.BatchNormalization(name="norm")(x)
    x = enlarge(x)
    x = layers.Multiply(name="gated")([x, layers.Conv2D(4, 1, activation=gate, name="gate")(x)])
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.models.Model(given, layers.Dense(3, activation="softmax", name="classes")(x))


def cnn_2_3():
    """Of Keras 2.3.1 on TensorFlow 1.15, in tf.keras 2.3."""
    return _cnn(layers.Lambda(lambda x: resize_bilinear(x, 16, 16), name="enlarge"), "hard_sigmoid")


def cnn_3():
    """Of TensorFlow 2.15, in Keras 3."""
    return _cnn(layers.UpSampling2D(2, interpolation="bilinear", name="enlarge"), hard_sigmoid)


def _text(lstm, gru):
    given = layers.Input((10,), dtype="int32", name="words")
    x = layers.Embedding(20, 6, mask_zero=True, name="embed")(given)
    x = layers.LSTM(8, return_sequences=True, name="lstm", **lstm)(x)
    x = layers.GRU(5, name="gru", **gru)(x)
    return keras.models.Model(given, layers.Dense(1, activation="sigmoid", name="score")(x))


def text_2_3():
    """Of Keras 2.3.1 on TensorFlow 1.15, in tf.keras 2.3 [KD124]."""
    return _text({}, {"recurrent_activation": "hard_sigmoid", "reset_after": False})


def text_2_3_from_tf():
    """Of the Keras of TensorFlow 1.15, in tf.keras 2.3 [KD122, KD124]."""
    return _text({"recurrent_activation": "hard_sigmoid"}, {"recurrent_activation": "hard_sigmoid", "reset_after": False})


def text_3():
    """Of TensorFlow 2.15, in Keras 3."""
    return _text({}, {"recurrent_activation": hard_sigmoid})


class OldEnlarge(Enlarge):
    """As Keras 2.3 on TensorFlow 1 enlarged."""

    def call(self, x):
        return resize_bilinear(x, 2 * x.shape[1], 2 * x.shape[2])


class OldGate(Gate):
    """As Keras 2 gated."""

    def call(self, x):
        return x * hard_sigmoid(x * self.slope)


def _custom(enlarge, gate):
    given = layers.Input((4, 4, 3), name="image")
    x = layers.Conv2D(4, 3, name="conv")(enlarge(name="enlarge")(given))
    x = gate(name="gate")(x)
    return keras.models.Model(given, layers.Dense(2, name="out")(layers.Flatten(name="flat")(x)))


def custom_2_3():
    """Of Keras 2.3.1 on TensorFlow 1.15, in tf.keras 2.3."""
    return _custom(OldEnlarge, Gate)


def custom_3():
    """Of TensorFlow 2.15, in Keras 3."""
    return _custom(Enlarge, OldGate)
