"""Archives that users name, as the host checks them before anything is started."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

import numpy as np
import pytest

from kerasdiff.verify.archive import ArchiveError, check
from tests.conftest import DATA, acting

if TYPE_CHECKING:
    from pathlib import Path

REFERENCE = DATA / "own" / "text-keras-2.3.1.npz"


def saved(**arrays: object) -> bytes:
    target = io.BytesIO()
    np.savez(target, **arrays)  # type: ignore[arg-type]
    return target.getvalue()


def test_what_is_recorded_serves_as_inputs_too() -> None:
    check(REFERENCE)
    check(REFERENCE, ("kerasdiff",))


@pytest.mark.parametrize("names", [("x",), ("inputs_0", "inputs_1")])
def test_inputs_by_each_name(tmp_path: Path, names: tuple[str, ...]) -> None:
    (tmp_path / "a.npz").write_bytes(saved(**{name: np.zeros(2) for name in names}))
    check(tmp_path / "a.npz")


def refusal(path: Path | str, *needed: str) -> str:
    with pytest.raises(ArchiveError) as caught:
        check(path, needed or ("x", "inputs"))
    assert acting(str(caught.value)) == set()
    return str(caught.value)


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    assert refusal(path) == f"{path}: no such file"
    assert refusal("") == "'': no such file"
    assert refusal(tmp_path) == f"{tmp_path}: is no ordinary file"
    assert refusal(f"{path}\0").endswith("no such file")
    path.write_bytes(b"text")
    assert refusal(path).startswith(f"{path}: is no .npz archive")
    path.write_bytes(saved(y=np.zeros(2)))
    assert refusal(path) == f"{path}: holds no x or inputs; it has y"
    assert refusal(path, "kerasdiff") == f"{path}: holds no kerasdiff; it has y"
    path.write_bytes(saved())
    assert refusal(path).endswith("it has nothing")
    path.write_bytes(saved(x=np.array([{}], dtype=object)))
    assert "is of objects, a pickle" in refusal(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.npz")
    assert refusal(tmp_path / "pipe.npz").endswith("is no ordinary file")
