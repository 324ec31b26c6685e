"""What isn't Keras's doing must stay silent: another TensorFlow build, the number of threads, oneDNN."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kerasdiff.compare.engine import compare
from kerasdiff.fingerprint.load import load
from kerasdiff.knowledge.load import Effect
from tests.lab.capture import capture_built
from tests.lab.test_captures import built

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.lab

ONE_THREAD = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": "1"}
PAIRS: dict[str, list[tuple[str, dict[str, str]]]] = {
    "TensorFlow 2.20 and 2.21": [("keras-3.15.1+tensorflow-2.20.0", {}), ("keras-3.15.1+tensorflow-2.21.0", {})],
    "one thread and all": [("tensorflow-2.15.1", ONE_THREAD), ("tensorflow-2.15.1", {})],
    "oneDNN off and on": [
        ("tensorflow-2.15.1", {"TF_ENABLE_ONEDNN_OPTS": "0"}),
        ("tensorflow-2.15.1", {"TF_ENABLE_ONEDNN_OPTS": "1"}),
    ],
}


@pytest.mark.parametrize("pair", PAIRS)
def test_noise_is_below_the_tolerances(pair: str, tmp_path: Path) -> None:
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    for (name, variables), file in zip(PAIRS[pair], files, strict=True):
        home = tmp_path / f"home-{file.stem}"
        home.mkdir()
        capture_built(built(name), home, file, variables=variables)
    found = compare(load(files[0]), load(files[1]))
    assert found.not_comparable == []
    assert [one.id for one in found.divergences if one.effect.rank < Effect.REPRODUCIBILITY.rank] == []
    unexplained = [one.id for one in found.divergences if one.evidence == "measured" and not one.rule and not one.cause]
    assert unexplained == []
