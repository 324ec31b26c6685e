"""``kerasdiff reference`` and ``capture --model``: what is asked wrongly is told in a line, and no framework is started."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.conftest import DATA

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Ran

REFERENCE = str(DATA / "own" / "text-keras-2.3.1.npz")


def saved(path: Path, **arrays: Any) -> str:
    target = io.BytesIO()
    np.savez(target, **arrays)
    path.write_bytes(target.getvalue())
    return str(path)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["reference", "verify", REFERENCE], "which model? give --model package.module:function"),
        (["reference", "record", "-o", "a.npz"], "which model? give --model"),
        (["reference", "record", "--model", "a:b"], "Missing option '-o'"),
        (["reference", "verify", "nothere.npz", "--model", "a:b"], "nothere.npz: no such file"),
        (["reference", "verify", REFERENCE, "--model", "nothere.h5"], "nothere.h5: no such file; name a saved model"),
        (["reference", "verify", REFERENCE, "--model", "a:b", "--path", "nothere"], "nothere: no such folder"),
        (["reference", "verify", REFERENCE, "--model", "a:b", "--a", "keras==99"], "keras==99"),
        (["reference", "verify", REFERENCE, "--model", "a:b", "--tolerance", "-1"], "Invalid value for '--tolerance'"),
        (["reference", "nonsense"], "No such command 'nonsense'"),
        (["capture", "--path", "."], "--path is about code of yours: give --model or --pipeline"),
        (["capture", "--path", "nowhere", "--pipeline", "a:b"], "nowhere: no such folder"),
        (["capture", "--reference", "x.npz", "--pipeline", "a:b"], "--reference is about a model: give --model"),
        (["capture", "--pipeline", "a.b"], "'a.b' names no function; write package.module:function"),
        (["capture", "--model", "nothere.h5"], "nothere.h5: no such file"),
        (["capture", "--model", "a:b", "--reference", "nothere.npz"], "nothere.npz: no such file"),
    ],
)
def test_what_is_asked_wrongly(kerasdiff: Callable[..., Ran], arguments: list[str], told: str) -> None:
    assert told in kerasdiff(*arguments).refusal()


def test_a_reference_with_pickles_is_refused(kerasdiff: Callable[..., Ran], tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npz", x=np.array([{}], dtype=object))
    for arguments in (
        ("reference", "verify", path, "--model", "a:b"),
        ("reference", "record", "--input", path, "-o", str(tmp_path / "b.npz"), "--model", "a:b"),
        ("capture", "--model", "a:b", "--reference", path),
    ):
        assert "is of objects, a pickle, which can run code" in kerasdiff(*arguments).refusal()


def test_arrays_that_are_no_reference(kerasdiff: Callable[..., Ran], tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npz", x=np.zeros(3))
    assert "holds no kerasdiff; it has x" in kerasdiff("reference", "verify", path, "--model", "a:b").refusal()


def test_an_existing_file_is_kept(kerasdiff: Callable[..., Ran], tmp_path: Path) -> None:
    target = tmp_path / "a.npz"
    target.write_bytes(b"mine")
    said = kerasdiff("reference", "record", "--model", "a:b", "-o", target).refusal()
    assert "exists already; write --force to replace it" in said
    assert target.read_bytes() == b"mine"


def test_an_environment_without_keras(kerasdiff: Callable[..., Ran], tmp_path: Path) -> None:
    said = kerasdiff("reference", "verify", REFERENCE, "--model", "a:b", "--python", sys.executable)
    assert "no Keras here" in said.err
    assert said.status == 2
    assert list(tmp_path.iterdir()) == []
