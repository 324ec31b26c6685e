"""A folder of pictures, as Keras 2 read it and as it was moved to Keras 3: the shapes are the same, the numbers are not.

kerasdiff capture --python OLD --pipeline pictures:before -o before.json     in the old environment
kerasdiff capture --python NEW --pipeline pictures:after -o after.json       in the new one
kerasdiff compare before.json after.json --only 'pipeline*'                  what differs: pictures.txt

``mended`` is what the report leads to; it compares equal with ``before``.
"""

import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

SIZE = (32, 32)


def folder():
    """Pictures of two kinds, drawn by formula into a temporary folder."""
    root = Path(tempfile.mkdtemp())
    rows, columns = np.mgrid[0:60, 0:80] / 60.0
    for number in range(24):
        turn = number * 0.7
        waves = [np.sin(7 * (rows * np.cos(turn) + columns * np.sin(turn)) + shift) for shift in (0.0, 1.0, 2.0)]
        disc = (rows - 0.5) ** 2 + (columns - 0.3 - number / 50.0) ** 2 < (0.03 if number % 2 else 0.08)
        picture = np.where(disc[..., None], [250, 40, 90], 128 + 90 * np.stack(waves, -1))
        (root / "ab"[number % 2]).mkdir(exist_ok=True)
        Image.fromarray(picture.astype("uint8")).save(root / "ab"[number % 2] / f"{number:02}.png")
    return str(root)


def before():
    from keras.preprocessing.image import ImageDataGenerator

    read = ImageDataGenerator().flow_from_directory(
        folder(), target_size=SIZE, batch_size=8, class_mode="sparse", shuffle=False
    )
    return [("read", read), ("scale", lambda x, y: (x / 127.5 - 1, y))]


def after():
    import keras

    read = keras.utils.image_dataset_from_directory(folder(), image_size=SIZE, batch_size=8, shuffle=False)
    return [("read", read), ("scale", lambda x, y: (x / 255, y))]


def mended():
    import keras

    read = keras.utils.image_dataset_from_directory(
        folder(), image_size=SIZE, batch_size=8, shuffle=False, interpolation="nearest"
    ).map(lambda x, y: (keras.ops.cast(x, "float32"), keras.ops.cast(y, "float32")))
    return [("read", read), ("scale", lambda x, y: (x / 127.5 - 1, y))]
