"""A small program as it was written for Keras 2: it runs in TensorFlow 2.15. It prints its losses and predictions."""

import numpy as np
from tensorflow import keras


def numbers(shape, seed):
    """Numbers between -1 and 1 by a formula, the same everywhere."""
    index = np.arange(np.prod(shape))
    return (((index * 37 + seed * 11 + 5) % 61 - 30) / 30.5).astype("float32").reshape(shape)


inputs = keras.Input((4, 6, 6, 1))
x = keras.layers.ConvLSTM2D(3, 3, padding="same")(inputs)
x = keras.layers.BatchNormalization(momentum=0.5)(x)
x = keras.layers.Flatten()(x)
outputs = keras.layers.Dense(1, activation="hard_sigmoid")(x)
model = keras.Model(inputs, outputs)

for layer in model.layers:
    if not isinstance(layer, keras.layers.BatchNormalization):
        layer.set_weights([numbers(array.shape, 3) / 4 for array in layer.get_weights()])

model.compile(optimizer=keras.optimizers.legacy.SGD(lr=0.5, decay=0.25), loss="mse")
videos, labels = numbers((6, 4, 6, 6, 1), 1), np.abs(numbers((6, 1), 2))
for _ in range(5):
    print("loss", round(float(model.train_on_batch(videos, labels)), 5))
for prediction in model.predict(videos, verbose=0):
    print("prediction", round(float(prediction[0]), 5))
