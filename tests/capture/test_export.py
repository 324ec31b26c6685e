"""The probe as one file."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import kerasdiff.probe
from kerasdiff.capture.export import PACKAGE, export
from tests.conftest import spawned
from tests.probe.place import interpreter, make_bare, versions

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Ran
    from tests.probe.place import Place

SOURCE = Path(kerasdiff.probe.__file__).parent


def exported() -> bytes:
    """The bytes of the file."""
    buffer = io.BytesIO()
    export(buffer)
    return buffer.getvalue()


def test_bytes_are_always_the_same(tmp_path: Path) -> None:
    export(tmp_path / "one.pyz")
    before = os.umask(0o077)
    try:
        export(tmp_path / "two.pyz")
    finally:
        os.umask(before)
    assert (tmp_path / "one.pyz").read_bytes() == (tmp_path / "two.pyz").read_bytes() == exported()


def test_bytes_do_not_depend_on_the_process(tmp_path: Path) -> None:
    files = []
    for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo")):
        target = tmp_path / f"{seed}.pyz"
        assert spawned("probe", "--export", target, env={"PYTHONHASHSEED": seed, "TZ": zone}).status == 0
        files.append(target.read_bytes())
    assert files == [exported()] * 2


def test_content() -> None:
    with zipfile.ZipFile(io.BytesIO(exported())) as archive:
        assert archive.testzip() is None
        held = {name: archive.read(name) for name in archive.namelist()}
    sources = [path for path in SOURCE.rglob("*") if path.suffix in {".py", ".json", ".zip"}]
    expected = {f"{PACKAGE}/{path.relative_to(SOURCE).as_posix()}": path.read_bytes() for path in sources}
    expected["__main__.py"] = expected.pop(f"{PACKAGE}/launch.py")
    assert held == expected
    assert list(held) != []


def test_what_lies_about_is_left_out() -> None:
    with zipfile.ZipFile(io.BytesIO(exported())) as archive:
        assert [name for name in archive.namelist() if not name.endswith((".py", ".json"))] == [f"{PACKAGE}/saved.zip"]
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize("version", versions())
def test_runs_on_every_python(place: Place, tmp_path: Path, version: str) -> None:
    place.plant()
    place.python = make_bare(interpreter(version), tmp_path / "environment")
    outcome = place.captured()
    assert outcome.config("layers.Dense") == {"units": 4}


def test_command(kerasdiff: Callable[..., Ran], tmp_path: Path) -> None:
    target = tmp_path / "probe.pyz"
    ran = kerasdiff("probe", "--export", target)
    assert (ran.status, ran.out) == (0, "")
    assert ran.err == f"kerasdiff: wrote {target}; run it as: python {target} > a.json\n"
    assert target.read_bytes() == exported()
    assert kerasdiff("probe", "--export", target).status == 0  # again


@pytest.mark.parametrize(("mask", "expected"), [(0o022, 0o644), (0o077, 0o600)])
def test_permissions_follow_the_mask(kerasdiff: Callable[..., Ran], tmp_path: Path, mask: int, expected: int) -> None:
    target = tmp_path / "probe.pyz"
    before = os.umask(mask)
    try:
        assert kerasdiff("probe", "--export", target).status == 0
    finally:
        os.umask(before)
    assert stat.S_IMODE(target.stat().st_mode) == expected


def test_folder_is_refused(kerasdiff: Callable[..., Ran], tmp_path: Path) -> None:
    assert "is a folder" in kerasdiff("probe", "--export", tmp_path).refusal(3)
    assert list(tmp_path.iterdir()) == []


def test_missing_folder_is_refused(kerasdiff: Callable[..., Ran], tmp_path: Path) -> None:
    assert "No such file or directory" in kerasdiff("probe", "--export", tmp_path / "missing" / "probe.pyz").refusal(3)


def test_file_is_required(kerasdiff: Callable[..., Ran]) -> None:
    assert "--export" in kerasdiff("probe").refusal()


def test_exported_file_runs_where_kerasdiff_is_not(place: Place) -> None:
    script = "import kerasdiff"
    done = subprocess.run([place.python, "-c", script], env=place.variables(), cwd=place.root, capture_output=True, check=False)
    assert b"ModuleNotFoundError" in done.stderr
    place.plant()
    place.captured()
