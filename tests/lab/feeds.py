"""Pipelines with planted faults, fed by what the environment itself has: each stage is what somebody's code gives.

``kerasdiff capture --pipeline tests.lab.feeds:pictures`` runs it in a lab environment; `tests.lab.pipelines` keeps the facts.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

#: Samples, rows and columns of what is drawn, and samples of a batch.
COUNT, EDGE, BATCH = 20, 40, 8
#: Tokens of a sequence.
LENGTH = 24


def drawn() -> np.ndarray[Any, Any]:
    """Pictures with smooth grounds, edges and lines; by formula, so that every environment draws the same."""
    rows, columns = np.mgrid[0:EDGE, 0:EDGE] / float(EDGE)
    found = []
    for number in range(COUNT):
        a, b, c, d = (np.modf(np.sin(number * 7.0 + np.arange(4)) * 43758.5453)[0] + 1) / 2
        ground = [0.5 + 0.35 * np.sin(6 * (rows * a + columns * b) + shift) for shift in (0.0, 1.1, 2.3)]
        disc = ((rows - c) ** 2 + (columns - d) ** 2 < 0.04).astype(float)
        line = (np.abs(rows * b - columns * a + 0.2) < 0.03).astype(float)
        layers = [
            0.75 * one + share * disc + other * line
            for one, share, other in zip(ground, (0.2, 0.05, -0.2), (-0.1, 0.1, 0.2), strict=True)
        ]
        found.append(np.clip(np.stack(layers, -1), 0.0, 1.0) * 255)
    return np.array(found).astype("uint8")


def _batches(x: Any, y: Any, order: Any = None, size: int = BATCH) -> list[Any]:
    order = np.arange(len(x)) if order is None else np.asarray(order)
    return [(x[order[start : start + size]], y[order[start : start + size]]) for start in range(0, len(x), size)]


def _preprocessed(x: Any, mode: str) -> Any:
    return tf.keras.applications.imagenet_utils.preprocess_input(x.copy(), data_format="channels_last", mode=mode)


def pictures() -> list[tuple[str, Any]]:
    """Pictures: ``usual`` is what they should be."""
    x, y = drawn(), np.arange(COUNT) * 7 % 10
    usual = tf.image.resize(x, (32, 32)).numpy()
    order = np.random.RandomState(1).permutation(COUNT)
    grains = np.random.RandomState(2).normal(0.0, 1.0, usual.shape).astype("float32")
    flat = tf.data.Dataset.from_tensor_slices((usual, y))
    rescaled = tf.keras.layers.Rescaling(1 / 127.5, offset=-1)
    changed = {
        "usual": usual,
        "within tolerance": usual + 5e-4 * grains,
        "255": usual / np.float32(255),
        "127.5": rescaled(usual).numpy(),
        "caffe": _preprocessed(usual, "caffe"),
        "torch": _preprocessed(usual, "torch"),
        "bgr": usual[..., ::-1],
        "channels first": np.moveaxis(usual, -1, 1),
        "rows": usual.transpose(0, 2, 1, 3),
        "left to right": tf.image.flip_left_right(usual).numpy(),
        "upside down": tf.image.flip_up_down(usual).numpy(),
        "bgr and 255": usual[..., ::-1] / np.float32(255),
        "nearest": tf.cast(tf.image.resize(x, (32, 32), method="nearest"), tf.float32).numpy(),
        "antialias": tf.image.resize(x, (32, 32), antialias=True).numpy(),
        "bicubic": tf.image.resize(x, (32, 32), method="bicubic").numpy(),
        "corners": tf.compat.v1.image.resize_bilinear(x, (32, 32), align_corners=True).numpy(),
        "nearest and 255": tf.cast(tf.image.resize(x, (32, 32), method="nearest"), tf.float32).numpy() / np.float32(255),
        "smaller": tf.image.resize(x, (24, 24)).numpy(),
        "cropped": tf.image.resize_with_crop_or_pad(usual, 28, 28).numpy(),
        "grey": tf.image.rgb_to_grayscale(usual).numpy(),
        "moved": np.roll(usual, 1, axis=2),
        "uint8": tf.cast(usual, tf.uint8).numpy(),
        "grains": usual + 4 * grains,
        "gamma": 255 * (usual / 255) ** np.float32(0.8),
        "contrast": tf.image.adjust_contrast(usual, 1.3).numpy(),
        "others": usual[::-1].copy()[:, ::-1, :, ::-1] * 0.5 + usual[order] * 0.5,
    }
    return [
        *((name, _batches(images, y)) for name, images in changed.items()),
        ("one-hot", _batches(usual, np.eye(10, dtype="float32")[y])),
        ("order", _batches(usual, y, order)),
        ("order and 255", _batches(usual / np.float32(255), y, order)),
        (
            "order within batches",
            _batches(usual, y, [start + at for start in (0, 8, 16) for at in reversed(range(min(8, COUNT - start)))]),
        ),
        ("labels in another order", _batches(usual, y[order])),
        ("smaller batches", _batches(usual, y, size=5)),
        ("last batch dropped", flat.batch(BATCH, drop_remainder=True)),
        ("shuffled", flat.shuffle(COUNT, seed=1).batch(BATCH)),
        ("shuffled by another seed", flat.shuffle(COUNT, seed=2).batch(BATCH)),
        ("shuffled without a seed", flat.shuffle(COUNT).batch(BATCH)),
        ("shuffled by batch", flat.batch(BATCH).shuffle(COUNT, seed=1)),
        ("without end", flat.repeat().batch(BATCH)),
    ]


def tokens() -> list[list[int]]:
    """Real text as numbers of words, the most frequent first: the paragraphs of a licence."""
    text = Path(__file__).parents[2].joinpath("LICENSE").read_text(encoding="utf-8")
    said = [re.findall(r"[a-z]+", paragraph.lower()) for paragraph in text.split("\n\n")]
    counts: dict[str, int] = {}
    for paragraph in said:
        for word in paragraph:
            counts[word] = counts.get(word, 0) + 1
    ranks = {word: rank for rank, word in enumerate(sorted(counts, key=lambda word: (-counts[word], word)), 1)}
    return [[ranks[word] for word in paragraph] for paragraph in said if len(paragraph) > 3][:COUNT]


def sequences() -> list[tuple[str, Any]]:
    """Sequences of tokens: ``usual`` is what they should be."""
    said = tokens()
    pad = tf.keras.preprocessing.sequence.pad_sequences
    other = {
        number: rank
        for rank, number in enumerate(sorted({token for row in said for token in row}, key=lambda one: one * 7919 % 6007), 1)
    }
    others = [[(token * 31 + place * 7) % 400 + 1 for place, token in enumerate(row)] for row in said]
    changed = {
        "usual": pad(said, LENGTH),
        "255": pad(said, LENGTH) / np.float32(255),
        "padded after": pad(said, LENGTH, padding="post"),
        "cut at the end": pad(said, LENGTH, truncating="post"),
        "padded after, cut at the end": pad(said, LENGTH, padding="post", truncating="post"),
        "another pad": pad(said, LENGTH, value=-1),
        "ids from 3": pad([[token + 2 for token in row] for row in said], LENGTH),
        "ids from 3, padded after": pad([[token + 2 for token in row] for row in said], LENGTH, padding="post"),
        "other ids": pad([[other[token] for token in row] for row in said], LENGTH),
        "longer": pad(said, LENGTH + 8),
        "int64": pad(said, LENGTH).astype("int64"),
        "reversed": pad(said, LENGTH)[:, ::-1],
        "others": pad(others, LENGTH),
        "order": pad(said, LENGTH)[np.random.RandomState(1).permutation(len(said))],
    }
    return [(name, [x[start : start + BATCH] for start in range(0, len(x), BATCH)]) for name, x in changed.items()]


def usual() -> list[tuple[str, Any]]:
    """What is right of both."""
    return [("pictures", pictures()[0][1]), ("sequences", sequences()[0][1])]
