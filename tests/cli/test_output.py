"""Where output can't go: one line, exit status 3, and nothing half-written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest

from tests.conftest import ROOT, SMALL, THEANO, path, spawned

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Ran

A, B = path(SMALL), path(THEANO)
needs_dev_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_a_report_goes_into_the_file(tmp_path: Path, kerasdiff: Callable[..., Ran]) -> None:
    printed = kerasdiff("compare", A, B)
    written = kerasdiff("compare", A, B, "-o", tmp_path / "report.txt")
    assert written == (1, "", "")
    assert (tmp_path / "report.txt").read_text(encoding="utf-8") == printed.out
    assert names(tmp_path) == ["report.txt"]


def test_a_dash_is_standard_output(kerasdiff: Callable[..., Ran]) -> None:
    assert kerasdiff("compare", A, B, "-o", "-") == kerasdiff("compare", A, B)


def test_a_folder_as_output_is_refused(tmp_path: Path, kerasdiff: Callable[..., Ran]) -> None:
    line = kerasdiff("compare", A, B, "-o", tmp_path).refusal(3)
    assert f"can't write {tmp_path}: is a folder; write -o for another place" in line
    assert names(tmp_path) == []


def test_a_missing_folder_is_refused(tmp_path: Path, kerasdiff: Callable[..., Ran]) -> None:
    target = tmp_path / "missing" / "report.json"
    line = kerasdiff("compare", A, B, "-o", target).refusal(3)
    assert f"can't write {target}: No such file or directory" in line
    assert names(tmp_path) == []


@needs_dev_full
def test_a_full_disk_is_refused(kerasdiff: Callable[..., Ran]) -> None:
    line = kerasdiff("compare", A, B, "-o", "/dev/full").refusal(3)
    assert "can't write /dev/full: No space left on device" in line


@pytest.mark.skipif(sys.platform == "win32", reason="limits of files are POSIX")
def test_a_disk_that_fills_up_leaves_the_older_file_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    target.write_text("older\n")
    # A file may grow to 1000 bytes: the system refuses the rest, as a full disk does.
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))"
    bytecode = {"PYTHONDONTWRITEBYTECODE": "1"}  # some releases of Python keep what they could write of it
    line = spawned("compare", A, B, "--format", "json", "-o", target, before=limit, env=bytecode).refusal(3)
    assert f"can't write {target}: File too large" in line
    assert target.read_text() == "older\n"
    assert names(tmp_path) == ["report.json"]


@pytest.mark.skipif(not hasattr(os, "setuid"), reason="permissions are POSIX")
def test_a_folder_without_permission_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    give_up = """
import os, tempfile, kerasdiff.probe.files, kerasdiff.cli.targets as command
write = command.write
def unprivileged(data, target):
    if os.geteuid() == 0: os.setuid(65534)  # nothing is forbidden to root
    write(data, target)
command.write = unprivileged
"""
    line = spawned("compare", A, B, "--format", "json", "-o", tmp_path / "report.json", before=give_up).refusal(3)
    tmp_path.chmod(0o700)
    assert f"can't write {tmp_path}/report.json: Permission denied" in line
    assert names(tmp_path) == []


def printed_to(stream: IO[bytes], *arguments: str, buffered: bool) -> tuple[int, str]:
    """The exit status and standard error of a process that prints into ``stream``."""
    done = subprocess.run(
        [sys.executable, "-m", "kerasdiff", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "" if buffered else "1"},
        stdout=stream,
        stderr=subprocess.PIPE,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stderr.decode()


@needs_dev_full
@pytest.mark.parametrize("buffered", [True, False])
@pytest.mark.parametrize(
    "arguments", [["compare", A, A], ["compare", A, B, "--format", "json"], ["show", A, "*"], ["--help"], ["--version"]]
)
def test_full_standard_output_is_refused(arguments: list[str], buffered: bool) -> None:
    with Path("/dev/full").open("wb") as full:
        status, said = printed_to(full, *arguments, buffered=buffered)
    assert status == 3
    assert said.count("\n") == 1
    assert "No space left on device" in said


@pytest.mark.parametrize("buffered", [True, False])
@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["compare", A, B, "--verbose"], 1),  # the gate's word counts, whoever reads on: `compare … | grep -q`
        (["compare", A, B, "--format", "json"], 1),
        (["compare", A, A], 0),
        (["show", A, "*"], 0),
        (["--help"], 0),
    ],
)
def test_a_reader_that_has_gone_is_no_error(arguments: list[str], status: int, buffered: bool) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        assert printed_to(pipe, *arguments, buffered=buffered) == (status, "")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_a_terminal_of_few_characters_gets_the_report(encoding: str) -> None:
    done = spawned("compare", A, B, env={"PYTHONIOENCODING": encoding})
    assert done.err == ""
    assert done.status == 1
    arrow = "→" if encoding == "utf-8" else "\\u2192"
    assert f"theano absent {arrow}" in done.out or f" {arrow} " in done.out


def test_closed_standard_output_leaves_the_exit_status() -> None:
    done = spawned("compare", A, B, before="sys.stdout = None")
    assert done == (1, "", "")


def test_json_is_ascii_and_whole(tmp_path: Path, kerasdiff: Callable[..., Ran]) -> None:
    kerasdiff("compare", A, B, "--format", "json", "-o", tmp_path / "report.json")
    data = (tmp_path / "report.json").read_bytes()
    assert data.isascii()
    assert data.endswith(b"}\n")
    assert json.loads(data)["schema"] == "kerasdiff.report/1"
