"""Which rules fire on which pairs of shipped releases: ``python -m tests.knowledge.fired`` writes it to fired.json."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from kerasdiff.compare.engine import Comparison, compare
from tests.conftest import fingerprint

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = Path(__file__).with_name("fired.json")

#: ``release:api`` twice: the moves that people make, and the change of a backend.
MOVES = [
    ("keras-1.2.2+theano-1.0.5:keras", "keras-2.2.4+theano-1.0.5:keras"),
    ("keras-2.2.4+tensorflow-1.12.3:keras", "keras-2.3.1+tensorflow-1.15.5:keras"),
    ("keras-1.2.2+tensorflow-1.4.1:keras", "keras-2.2.4+tensorflow-1.12.3:keras"),
    ("keras-1.2.2+theano-1.0.5:keras", "keras-1.2.2+tensorflow-1.4.1:keras"),
    ("keras-1.2.2+tensorflow-1.4.1:keras", "keras-1.2.2+theano-1.0.5:keras"),
    ("keras-2.2.4+tensorflow-1.12.3:keras", "keras-2.2.4+theano-1.0.5:keras"),
    ("keras-2.2.4+theano-1.0.5:keras", "keras-2.2.4+tensorflow-1.12.3:keras"),
    ("keras-2.3.1+tensorflow-1.15.5:keras", "keras-2.3.1+tensorflow-1.15.5:tf.keras"),
    ("keras-2.3.1+tensorflow-1.15.5:keras", "tensorflow-2.3.4:tf.keras"),
    ("keras-2.3.1+tensorflow-1.15.5:tf.keras", "tensorflow-2.3.4:tf.keras"),
    ("tensorflow-2.3.4:tf.keras", "tensorflow-2.8.4:tf.keras"),
    ("tensorflow-2.8.4:tf.keras", "tensorflow-2.10.1:tf.keras"),
    ("tensorflow-2.10.1:tf.keras", "tensorflow-2.11.1:tf.keras"),
    ("tensorflow-2.11.1:tf.keras", "tensorflow-2.15.1:tf.keras"),
    ("tensorflow-2.15.1:tf.keras", "keras-3.0.5+tensorflow-2.16.2:keras"),
    ("tensorflow-2.15.1:tf.keras", "keras-3.15.1+tensorflow-2.21.0:keras"),
    ("keras-3.0.5+tensorflow-2.16.2:keras", "keras-3.15.1+tensorflow-2.21.0:keras"),
    ("keras-3.15.1+tensorflow-2.21.0:keras", "keras-3.15.1+jax-0.12:keras"),
    ("keras-3.15.1+jax-0.12:keras", "keras-3.15.1+torch-2.13:keras"),
]
#: The same environment on a CPU and on an H100: ``python probe.pyz`` with CUDA_VISIBLE_DEVICES="" and without.
DEVICES = ("devices/cpu:keras", "devices/h100:keras")
#: The same releases with another package: ``python -m tests.lab capture --families packages,saving,loading -o FOLDER``, where
#: the folder is tests/data/packages.
PACKAGES = ("packages/keras-2.2.4+tensorflow-1.15.5:keras", "packages/keras-2.2.4+tensorflow-1.15.5+h5py-3.1.0:keras")
#: With leaps over several changes, where a divergence may have two reasons, and a way back.
PAIRS = [
    *MOVES,
    DEVICES,
    PACKAGES,
    ("tensorflow-2.15.1:tf.keras", "keras-2.3.1+tensorflow-1.15.5:tf.keras"),
    ("tensorflow-2.3.4:tf.keras", "keras-3.15.1+tensorflow-2.21.0:keras"),
    ("keras-2.2.4+tensorflow-1.12.3:keras", "keras-3.15.1+tensorflow-2.21.0:keras"),
    ("keras-3.3.3+tensorflow-2.16.2:keras", "keras-3.8.0+tensorflow-2.18.1:keras"),
    ("keras-3.5.0+tensorflow-2.17.1:keras", "keras-3.6.0+tensorflow-2.18.1:keras"),
    ("tensorflow-2.7.4:tf.keras", "tensorflow-2.8.4:tf.keras"),
    ("tensorflow-2.9.3:tf.keras", "tensorflow-2.10.1:tf.keras"),
    ("keras-3.8.0+torch-2.5.1:keras", "keras-3.15.1+torch-2.13:keras"),
    ("keras-3.15.1+torch-2.13:keras", "tensorflow-2.15.1:tf.keras"),
    ("keras-3.0.5+jax-0.4.25:keras", "keras-3.15.1+jax-0.12:keras"),
    ("keras-3.15.1+jax-0.12:keras", "keras-3.0.5+jax-0.4.25:keras"),
    ("keras-3.15.1+tensorflow-2.21.0:keras", "keras-3.15.1+torch-2.13:keras"),
    ("keras-3.15.1+torch-2.13:keras", "keras-3.15.1+tensorflow-2.21.0:keras"),
    ("keras-3.15.1+tensorflow-2.21.0:keras", "keras-3.15.1+numpy-2.5:keras"),
    ("keras-3.15.1+tensorflow-2.21.0:keras", "keras-3.15.1+openvino-2026.4:keras"),
    ("keras-2.2.4+tensorflow-1.12.3:keras", "keras-2.2.4+cntk-2.7:keras"),
    ("keras-2.2.4+cntk-2.7:keras", "keras-2.2.4+tensorflow-1.12.3:keras"),
    ("keras-2.3.1+tensorflow-1.15.5:tf.keras", "tensorflow-2.0.4:tf.keras"),
    ("tensorflow-2.0.4:tf.keras", "tensorflow-2.1.4:tf.keras"),
    ("tensorflow-2.1.4:tf.keras", "tensorflow-2.2.3:tf.keras"),
    ("tensorflow-2.2.3:tf.keras", "tensorflow-2.3.4:tf.keras"),
    ("tensorflow-2.3.4:tf.keras", "tensorflow-2.2.3:tf.keras"),
    ("tensorflow-2.4.4:tf.keras", "tensorflow-2.5.3:tf.keras"),
    ("tensorflow-2.5.3:tf.keras", "tensorflow-2.6.5:tf.keras"),
    ("tensorflow-2.15.1:tf.keras", "keras-3.3.3+tensorflow-2.16.2:keras"),
]


@cache
def comparison(a: str, b: str) -> Comparison:
    """Two shipped releases, or two captures of tests/data, compared, each as ``name:api``."""
    (one, _, api_a), (other, _, api_b) = a.partition(":"), b.partition(":")
    return compare(
        *(fingerprint(name if "/" in name else f"releases/{name}") for name in (one, other)), api_a=api_a, api_b=api_b
    )


def fired() -> Mapping[str, Mapping[str, int]]:
    """How many divergences each rule explains, by pair."""
    found = {}
    for a, b in PAIRS:
        counts = Counter(one.rule for one in comparison(a, b).divergences if one.rule)
        found[f"{a} -> {b}"] = {code: counts[code] for code in sorted(counts)}
    return found


if __name__ == "__main__":
    FILE.write_text(json.dumps(fired(), indent=1) + "\n", encoding="utf-8")
