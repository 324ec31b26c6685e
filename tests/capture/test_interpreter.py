"""Which interpreter is captured."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kerasdiff.capture import interpreter
from kerasdiff.capture.interpreter import InterpreterError, find, inside
from tests.probe.place import interpreter as interpreter_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Ran


def environment(root: Path, place: str = "bin/python") -> Path:
    """What looks like the root of an environment."""
    (root / place).parent.mkdir(parents=True)
    (root / place).symlink_to(sys.executable)
    return root


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A process without a Keras and outside of any environment."""
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    return monkeypatch


@pytest.mark.parametrize("place", ["bin/python", "bin/python3", "Scripts/python.exe", "python.exe"])
def test_inside(tmp_path: Path, place: str) -> None:
    assert inside(environment(tmp_path / "environment", place)) == tmp_path / "environment" / place
    assert inside(tmp_path) is None


def test_given_path(bare: Path) -> None:
    assert find(str(bare)) == interpreter.Interpreter(str(bare), "given")


def test_given_folder(bare: Path) -> None:
    assert find(str(bare.parents[1])).path == str(bare)
    assert find(f"{bare.parents[1]}/").path == str(bare)


def test_given_name_is_looked_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mypython").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find("mypython").path == str(tmp_path / "mypython")


def test_given_link_is_not_resolved(bare: Path) -> None:
    assert bare.is_symlink()
    assert Path(find(str(bare)).path).is_symlink()  # resolved, it would be another environment


def test_given_path_becomes_absolute(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(bare.parent)
    assert find("./python").path == str(bare)


def test_running_one_if_it_holds_a_keras(elsewhere: pytest.MonkeyPatch, tmp_path: Path) -> None:
    elsewhere.setenv("VIRTUAL_ENV", str(environment(tmp_path / "venv")))
    assert find().path == str(tmp_path / "venv" / "bin" / "python")
    elsewhere.setattr(importlib.util, "find_spec", lambda name: name == "tf_keras")
    assert find() == interpreter.Interpreter(sys.executable, "it runs kerasdiff")


def test_active_environments(elsewhere: pytest.MonkeyPatch, tmp_path: Path) -> None:
    elsewhere.setenv("CONDA_PREFIX", str(environment(tmp_path / "conda")))
    assert find() == interpreter.Interpreter(str(tmp_path / "conda" / "bin" / "python"), "the active conda environment")
    elsewhere.setenv("VIRTUAL_ENV", str(environment(tmp_path / "venv")))
    assert find() == interpreter.Interpreter(str(tmp_path / "venv" / "bin" / "python"), "the active virtual environment")
    elsewhere.setenv("VIRTUAL_ENV", str(tmp_path / "deleted"))
    assert find().reason == "the active conda environment"


def test_running_one_where_nothing_is_active(elsewhere: pytest.MonkeyPatch) -> None:
    elsewhere.setenv("VIRTUAL_ENV", "")
    assert find() == interpreter.Interpreter(sys.executable, "it runs kerasdiff")


def script(path: Path, *lines: str) -> Path:
    """An executable shell script."""
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]), encoding="utf-8")
    path.chmod(0o755)
    return path


def impostors(folder: Path) -> dict[str, tuple[str, str]]:
    """Things that are no Python, and what is said of each."""
    text = folder / "text.txt"
    text.write_text("print('kerasdiff 42')\n", encoding="utf-8")
    executable = folder / "executable.txt"
    shutil.copy(text, executable)
    executable.chmod(0o755)
    (folder / "empty").mkdir()
    os.mkfifo(folder / "pipe")
    (folder / "dead").symlink_to(folder / "nowhere")
    return {
        "script": (str(script(folder / "script", "echo 2.7")), "is no Python"),
        "echo": (str(script(folder / "echo", 'echo "$@"')), "is no Python"),
        "failing": (str(script(folder / "failing", "exit 1")), "is no Python"),
        "true": (shutil.which("true") or "true", "is no Python"),
        "text": (str(text), "can't be run: Permission denied"),
        "no program": (str(executable), "can't be run: Exec format error"),
        "pipe": (str(folder / "pipe"), "can't be run: Permission denied"),
        "folder": (str(folder / "empty"), "no Python in this folder"),
        "missing": (str(folder / "missing"), "no such interpreter"),
        "dead link": (str(folder / "dead"), "no such interpreter"),
        "name": ("no-such-python", "no such interpreter"),
    }


KINDS = ["script", "echo", "failing", "true", "text", "no program", "pipe", "folder", "missing", "dead link", "name"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_python(tmp_path: Path, kerasdiff: Callable[..., Ran], kind: str) -> None:
    given, expected = impostors(tmp_path)[kind]
    line = kerasdiff("capture", "--python", given, "-o", tmp_path / "out.json").refusal()
    assert expected in line
    assert "--python" in line or "environment's root" in line
    assert not (tmp_path / "out.json").exists()


def test_silent_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreter, "PATIENCE", 0.3)
    silent = script(tmp_path / "silent", 'trap "" TERM', "exec tail -f /dev/null")
    with pytest.raises(InterpreterError, match=r"silent: doesn't answer within 0\.3 s; is it a Python\?"):
        find(str(silent))


def test_name_is_shown_safely(kerasdiff: Callable[..., Ran]) -> None:
    line = kerasdiff("capture", "--python", "evil\x1b[2J\n").refusal()
    assert "evil\\x1b[2J\\n: no such interpreter" in line


def test_name_that_is_too_long(kerasdiff: Callable[..., Ran]) -> None:
    line = kerasdiff("capture", "--python", "x" * 5000).refusal()
    assert "can't be run: File name too long" in line
    assert len(line) < 400


def test_python_2(kerasdiff: Callable[..., Ran], tmp_path: Path) -> None:
    old = interpreter_of("2.7")
    ran = kerasdiff("capture", "--python", old, "-o", tmp_path / "out.json")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.splitlines()[1:] == [
        f"kerasdiff: {old}: Python 2.7 is too old, the probe needs 3.6 or newer: run it with another interpreter"
    ]
    assert list(tmp_path.iterdir()) == []
