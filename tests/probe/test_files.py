"""Files are written all or nothing."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kerasdiff.probe import files

if TYPE_CHECKING:
    from collections.abc import Iterator


def mode(path: Path) -> int:
    """The permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Path]:
    """A file to be written; nothing else may be left in its folder."""
    target = tmp_path / "out.json"
    yield target
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".kerasdiff-")] == []


def test_new_file(target: Path) -> None:
    files.write(str(target), b"x")
    assert target.read_bytes() == b"x"


def test_file_is_replaced(target: Path) -> None:
    target.write_bytes(b"longer than before")
    before = target.stat().st_ino
    files.write(str(target), b"x")
    assert target.read_bytes() == b"x"
    assert target.stat().st_ino != before  # a reader of the old one goes on with it


def test_name_without_a_folder(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(target.parent)
    files.write("out.json", b"x")
    assert target.read_bytes() == b"x"


@pytest.mark.parametrize(("mask", "expected"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664), (0, 0o666)])
def test_permissions_follow_the_mask(target: Path, mask: int, expected: int) -> None:
    before = os.umask(mask)
    try:
        files.write(str(target), b"x")
        assert os.umask(mask) == mask
    finally:
        os.umask(before)
    assert mode(target) == expected


@pytest.mark.parametrize("permissions", [0o600, 0o640, 0o664])
def test_permissions_of_a_replaced_file_stay(target: Path, permissions: int) -> None:
    target.write_bytes(b"")
    target.chmod(permissions)
    files.write(str(target), b"x")
    assert mode(target) == permissions


def test_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="is a folder"):
        files.write(str(tmp_path), b"x")
    assert list(tmp_path.iterdir()) == []


def test_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files.write(str(tmp_path / "missing" / "out.json"), b"x")


@pytest.mark.parametrize("step", ["fsync", "chmod", "replace"])
@pytest.mark.parametrize("failure", [OSError, KeyboardInterrupt])
def test_failure_leaves_what_was_there(
    target: Path, monkeypatch: pytest.MonkeyPatch, step: str, failure: type[BaseException]
) -> None:
    target.write_bytes(b"before")

    def fails(*_: object) -> None:
        raise failure

    monkeypatch.setattr(os, step, fails)
    with pytest.raises(failure):
        files.write(str(target), b"x")
    assert target.read_bytes() == b"before"


def test_link_stays_a_link(target: Path, tmp_path: Path) -> None:
    real = tmp_path / "folder" / "real.json"
    real.parent.mkdir()
    real.write_bytes(b"before")
    target.symlink_to(real)
    files.write(str(target), b"x")
    assert target.is_symlink()
    assert real.read_bytes() == b"x"
    assert [path.name for path in real.parent.iterdir()] == ["real.json"]


def test_link_to_nothing_is_followed(target: Path, tmp_path: Path) -> None:
    target.symlink_to(tmp_path / "new.json")
    files.write(str(target), b"x")
    assert target.is_symlink()
    assert (tmp_path / "new.json").read_bytes() == b"x"


def test_device_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        files.write(str(pipe), b"x")
        assert os.read(reader, 10) == b"x"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_full_device() -> None:
    with pytest.raises(OSError, match="No space left on device"):
        files.write("/dev/full", b"x")
