"""Finds the interpreter whose environment is captured."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from kerasdiff.errors import KerasdiffError
from kerasdiff.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Seconds an interpreter may take to say its version.
PATIENCE = 20

_KERAS = ("keras", "tensorflow", "tf_keras")


class InterpreterError(KerasdiffError):
    """There is no interpreter to capture."""


class Interpreter(msgspec.Struct, frozen=True):
    """A Python and why it was chosen."""

    path: str
    reason: str


def find(python: str | None = None) -> Interpreter:
    """The interpreter to capture.

    ``python`` if given; else the running one if it holds a Keras; else that of the active virtual or conda environment; else
    the running one. Raises `InterpreterError` where ``python`` is none that runs.
    """
    if python is not None:
        return Interpreter(_checked(python), "given")
    if any(importlib.util.find_spec(name) for name in _KERAS):
        return Interpreter(sys.executable, "it runs kerasdiff")
    for variable, what in (("VIRTUAL_ENV", "the active virtual environment"), ("CONDA_PREFIX", "the active conda environment")):
        found = inside(Path(os.environ[variable])) if os.environ.get(variable) else None
        if found is not None:
            return Interpreter(str(found), what)
    return Interpreter(sys.executable, "it runs kerasdiff")


def inside(root: Path) -> Path | None:
    """The interpreter of the environment at ``root``."""
    for place in ("bin/python", "bin/python3", "Scripts/python.exe", "python.exe"):
        if (root / place).is_file():
            return root / place
    return None


def versioned(minor: str) -> str:
    """A Python of a minor version, as 3.10: from the PATH, or of those that pyenv and uv have installed.

    Raises `InterpreterError`.
    """
    for candidate in _candidates(minor):
        try:
            answer = subprocess.run(
                [candidate, "-c", "import sys, venv; print('kerasdiff %d.%d' % sys.version_info[:2])"],
                capture_output=True,
                timeout=PATIENCE,
                stdin=subprocess.DEVNULL,
                check=False,
            ).stdout
        except (OSError, subprocess.TimeoutExpired):
            continue
        if answer.decode("ascii", "replace").split() == ["kerasdiff", minor]:
            return str(candidate)
    message = f"no Python {minor} is found, on the PATH or among those of pyenv and uv; install one"
    raise InterpreterError(message)


def _candidates(minor: str) -> Iterator[str]:
    for folder in os.get_exec_path():
        found = shutil.which(f"python{minor}", path=folder)
        if found is not None:
            yield found
    home = Path.home()
    for root, pattern in (
        (Path(os.environ.get("PYENV_ROOT") or home / ".pyenv") / "versions", f"{minor}.*"),
        (Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or home / ".local/share/uv/python"), f"cpython-{minor}.*"),
    ):
        for installed in sorted(root.glob(pattern)):
            python = inside(installed)
            if python is not None:
                yield str(python)


def _located(python: str, name: str) -> Path:
    path = Path(python)
    if path.is_dir():
        found = inside(path)
        if found is None:
            message = f"{name}: no Python in this folder; give an environment's root or its python"
            raise InterpreterError(message)
        return found
    if path.exists():
        return path
    found_on_path = shutil.which(python)
    if found_on_path is None:
        message = f"{name}: no such interpreter; give --python the path of one"
        raise InterpreterError(message)
    return Path(found_on_path)


def _checked(python: str) -> str:
    name = visible(python, 200)
    try:
        path = _located(python, name)
        # Any Python says this, back to 2.7, and nothing else does by chance.
        answer = subprocess.run(
            [str(path), "-B", "-c", "print('kerasdiff %d' % (6 * 7))"],
            capture_output=True,
            timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
            check=False,
        ).stdout
    except subprocess.TimeoutExpired:
        message = f"{name}: doesn't answer within {PATIENCE} s; is it a Python?"
        raise InterpreterError(message) from None
    except OSError as error:
        message = f"{name}: can't be run: {error.strerror or error}; give --python a Python"
        raise InterpreterError(message) from error
    if b"kerasdiff 42" not in answer:
        message = f"{name}: is no Python; give --python a Python"
        raise InterpreterError(message)
    return str(path.absolute())  # not resolved: a virtual environment's python is a link
