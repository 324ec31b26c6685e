"""A kernel that fails on a GPU fails all that follows in its process: planted where Keras reads tensors back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kerasdiff.fingerprint.load import load
from tests.lab.builder import MissingInterpreter, build
from tests.lab.capture import environ

if TYPE_CHECKING:
    from kerasdiff.fingerprint.document import Fingerprint

pytestmark = pytest.mark.lab

ENVIRONMENT = "keras-3.15.1+torch-2.13"
CULPRIT = "activations.softsign"

#: Becomes ``sitecustomize.py``. What CUDA says of PyTorch 2.11 on an H100 after an index out of range, for good.
PLANT = """
import importlib.machinery, sys

LOST = []

def check():
    if LOST:
        raise RuntimeError("CUDA error: device-side assert triggered")

def softsign(x):
    LOST.append(True)
    check()

class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name not in ("keras.src.backend.torch.core", "keras.src.activations.activations"):
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        execute = spec.loader.exec_module
        def exec_module(module):
            execute(module)
            if name.endswith("core"):
                original = module.convert_to_numpy
                module.convert_to_numpy = lambda x: (check(), original(x))[1]
            else:
                softsign.__module__, softsign.__qualname__ = module.softsign.__module__, "softsign"
                module.softsign = softsign
        spec.loader.exec_module = exec_module
        return spec

sys.meta_path.insert(0, Finder)
"""


def captured(folder: Path, *, planted: bool) -> tuple[Fingerprint, str]:
    try:
        built = build(ENVIRONMENT)
    except MissingInterpreter as missing:
        pytest.skip(f"{ENVIRONMENT}: {missing}")
    root = str(Path(__file__).parents[2])
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(PLANT, encoding="utf-8")
    file = folder / "fingerprint.json"
    command = ["capture", "--python", str(built.python), "--only", "symbols,activations,constraints", "-o", str(file)]
    done = subprocess.run(
        [sys.executable, "-m", "kerasdiff", *command],
        env={**environ(built, folder), "PYTHONPATH": f"{folder}:{root}" if planted else root},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return load(file), done.stderr


def test_only_what_lost_the_device_is_an_error(tmp_path: Path) -> None:
    found, printed = captured(tmp_path / "planted", planted=True)
    healthy, _ = captured(tmp_path / "healthy", planted=False)
    symbols, expected = (fingerprint.apis["keras"].symbols for fingerprint in (found, healthy))
    cases = symbols[CULPRIT].cases
    assert cases.keys() == expected[CULPRIT].cases.keys()
    assert {case["inference"]["state"] for case in cases.values()} == {"error"}
    assert "left the device unusable" in printed
    others = {name for name, symbol in expected.items() if symbol.cases and name != CULPRIT}
    assert len(others) > 20
    assert {name: symbols[name].cases for name in others} == {name: expected[name].cases for name in others}
    assert {found.family_state(family, "keras") for family in ("activations", "constraints")} == {"ok"}
