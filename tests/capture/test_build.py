"""Environments for one capture: what pip can install is there, and gone after it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from kerasdiff.capture.build import BuildError, built, published
from kerasdiff.capture.interpreter import InterpreterError, versioned

if TYPE_CHECKING:
    from pathlib import Path

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels, all that pip sees: the package ``sample`` in three versions."""
    for version in ("1.0", "1.2", "1.10rc1"):
        with zipfile.ZipFile(tmp_path / f"sample-{version}-py3-none-any.whl", "w") as wheel:
            folder = f"sample-{version}.dist-info"
            wheel.writestr("sample.py", f"version = {version!r}\n")
            wheel.writestr(f"{folder}/METADATA", f"Metadata-Version: 2.1\nName: sample\nVersion: {version}\n")
            wheel.writestr(f"{folder}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{folder}/RECORD", "")
    for name, value in {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path), "PIP_TARGET": str(tmp_path / "x")}.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def test_the_first_that_can_be_installed_is_there_until_the_end(index: Path) -> None:
    told: list[str] = []
    attempts = [["sample==1.2", "absent==3"], ["sample==1.0"], ["sample==1.2"]]
    with built(sys.executable, "sample 1", attempts, told.append) as python:
        answer = subprocess.run(
            [python, "-c", "import sample; print(sample.version)"], capture_output=True, text=True, check=True
        )
        assert answer.stdout == "1.0\n"
    assert not python.exists()
    assert told == ["installing sample==1.2 absent==3", "installing sample==1.0"]
    assert not (index / "x").exists()


def test_what_can_not_be_installed_is_told_in_a_line(index: Path) -> None:
    with (
        pytest.raises(BuildError, match=r"^sample 9: can't be built: No matching distribution found for sample==9$"),
        built(sys.executable, "sample 9", [["absent==3"], ["sample==9"]], lambda _: None),
    ):
        pass


def test_what_is_no_python_is_told_in_a_line() -> None:
    with (
        pytest.raises(BuildError, match=r"^sample 1: can't be built: "),
        built("/nowhere/python", "sample 1", [["sample==1.0"]], lambda _: None),
    ):
        pass


@pytest.mark.usefixtures("index")
def test_versions_are_those_that_pip_finds() -> None:
    assert published(sys.executable, "sample") == ["1.0", "1.2", "1.10rc1"]
    assert published(sys.executable, "absent") == []


def test_a_python_is_found_by_its_minor_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / f"python{MINOR}").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert versioned(MINOR) == str(tmp_path / f"python{MINOR}")


def test_one_that_only_has_its_name_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shim = tmp_path / "python3.99"
    shim.write_text("#!/bin/sh\necho kerasdiff 3.98\n", encoding="utf-8")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InterpreterError, match=r"^no Python 3.99 is found, "):
        versioned("3.99")


def test_those_of_pyenv_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = tmp_path / "versions" / f"{MINOR}.0" / "bin"
    there.mkdir(parents=True)
    (there / "python").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert versioned(MINOR) == str(there / "python")
