"""The same program for Keras 3, with the remedies of the report: it prints what before.py prints in TensorFlow 2.15."""

import keras
import numpy as np


def numbers(shape, seed):
    """Numbers between -1 and 1 by a formula, the same everywhere."""
    index = np.arange(np.prod(shape))
    return (((index * 37 + seed * 11 + 5) % 61 - 30) / 30.5).astype("float32").reshape(shape)


def hard_sigmoid(x):
    return keras.ops.clip(0.2 * x + 0.5, 0.0, 1.0)


class BatchNormalization(keras.layers.BatchNormalization):
    def call(self, inputs, training=None, mask=None):
        before = keras.ops.copy(self.moving_variance)
        outputs = super().call(inputs, training=training, mask=mask)
        if training and len(inputs.shape) == 4:
            count = keras.ops.cast(keras.ops.size(inputs) // inputs.shape[self.axis], "float32")
            batch = self.moving_variance - self.momentum * before
            self.moving_variance.assign(self.momentum * before + batch * (count / (count - 1)))
        return outputs


inputs = keras.Input((4, 6, 6, 1))
x = keras.layers.ConvLSTM2D(3, 3, padding="same", recurrent_activation=hard_sigmoid)(inputs)
x = BatchNormalization(momentum=0.5)(x)
x = keras.layers.Flatten()(x)
outputs = keras.layers.Dense(1, activation=hard_sigmoid)(x)
model = keras.Model(inputs, outputs)

for layer in model.layers:
    if not isinstance(layer, keras.layers.BatchNormalization):
        layer.set_weights([numbers(array.shape, 3) / 4 for array in layer.get_weights()])

model.compile(optimizer=keras.optimizers.SGD(keras.optimizers.schedules.InverseTimeDecay(0.5, 1, 0.25)), loss="mse")
videos, labels = numbers((6, 4, 6, 6, 1), 1), np.abs(numbers((6, 1), 2))
for _ in range(5):
    print("loss", round(float(model.train_on_batch(videos, labels)), 5))
for prediction in model.predict(videos, verbose=0):
    print("prediction", round(float(prediction[0]), 5))
