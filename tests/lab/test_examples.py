"""The examples do in real environments what they say."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT
from tests.lab.builder import MissingInterpreter, build
from tests.lab.capture import PATIENCE

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.lab

TO_KERAS_3 = ROOT / "examples/to_keras_3"


def printed(environment: str, program: Path) -> subprocess.CompletedProcess[str]:
    """What a program prints in a lab environment."""
    try:
        python = build(environment).python
    except MissingInterpreter as missing:
        pytest.skip(f"{environment}: {missing}")
    return subprocess.run([str(python), str(program)], capture_output=True, text=True, check=False, timeout=PATIENCE)


def numbers(done: subprocess.CompletedProcess[str]) -> list[tuple[str, float]]:
    assert done.returncode == 0, done.stderr[-2000:]
    return [(name, float(value)) for name, value in map(str.split, done.stdout.splitlines())]


def test_a_program_repaired_by_its_report_gives_the_old_numbers() -> None:
    old = numbers(printed("tensorflow-2.15.1", TO_KERAS_3 / "before.py"))
    new = numbers(printed("keras-3.15.1+tensorflow-2.21.0", TO_KERAS_3 / "after.py"))
    assert len(old) == 11
    assert [name for name, _ in new] == [name for name, _ in old]
    assert [value for _, value in new] == pytest.approx([value for _, value in old], abs=2e-5)


def test_the_program_as_it_was_raises_in_keras_3() -> None:
    done = printed("keras-3.15.1+tensorflow-2.21.0", TO_KERAS_3 / "before.py")
    assert done.returncode != 0
    assert "keras.optimizers.legacy` is not supported in Keras 3" in done.stderr
