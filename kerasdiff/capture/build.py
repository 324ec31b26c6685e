"""Virtual environments for one capture: built with venv and pip, and removed after it."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from kerasdiff.capture.interpreter import inside
from kerasdiff.errors import ExitStatus, KerasdiffError
from kerasdiff.text import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

#: Seconds that an installation may take: TensorFlow over a slow line.
PATIENCE = 3600

#: A version that no package has: pip then tells those there are, in every release of it.
_NONE = "0.0.dev0"
_THERE = re.compile(r"\(from versions: (?P<versions>[^)]*)\)")
#: What would lead pip into another place, or away from what it is told.
_FOREIGN = re.compile(r"PYTHON|VIRTUAL_ENV|__PYVENV|PIP_(TARGET|PREFIX|ROOT|USER|REQUIRE|NO_DEPS|CONSTRAINT|PYTHON|DRY_RUN)")


class BuildError(KerasdiffError):
    """An environment can't be built."""

    status = ExitStatus.UNANSWERED


@contextmanager
def built(python: str, name: str, attempts: Sequence[Sequence[str]], tell: Callable[[str], None]) -> Iterator[Path]:
    """The interpreter of an environment with one of these lists of requirements, the first that pip can install.

    ``tell`` gets what is begun. Raises `BuildError` with what pip says of the last attempt.
    """
    with tempfile.TemporaryDirectory(prefix="kerasdiff-", ignore_cleanup_errors=True) as folder:
        for number, requirements in enumerate(attempts, 1):
            root = Path(folder, str(number))
            tell(f"installing {' '.join(requirements)}")
            _run([python, "-m", "venv", str(root)], name)
            own = inside(root)
            if own is None:
                message = f"{name}: {python} makes no virtual environment; install its venv module"
                raise BuildError(message)
            try:
                _run([*_pip(str(own)), "--prefer-binary", *requirements], name)
            except BuildError:
                if number == len(attempts):
                    raise
                continue
            yield own
            return


def published(python: str, package: str) -> list[str]:
    """The versions of a package that pip finds for an interpreter, the oldest first; none where there is no index.

    Raises `BuildError` where the interpreter has no pip.
    """
    done = _done([*_pip(python), "--no-deps", f"{package}=={_NONE}"], package)
    found = _THERE.search(done.stdout.replace("\n", " "))
    if found is None:
        message = f"{package}: pip of {python} doesn't tell which versions there are: {_last(done.stdout)}"
        raise BuildError(message)
    return [version.strip() for version in found["versions"].split(",")]


def _pip(python: str) -> list[str]:
    return [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]


def _run(command: list[str], name: str) -> None:
    """Raises `BuildError` where a command fails."""
    done = _done(command, name)
    if done.returncode:
        message = f"{name}: can't be built: {_last(done.stdout)}"
        raise BuildError(message)


def _done(command: list[str], name: str) -> subprocess.CompletedProcess[str]:
    variables = {key: value for key, value in os.environ.items() if not _FOREIGN.match(key)}
    try:
        return subprocess.run(
            command,
            env={**variables, "PYTHONNOUSERSITE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"{name}: can't be built: {visible(str(error), 300)}"
        raise BuildError(message) from error


def _last(text: str) -> str:
    """The line that says why pip failed: its last error, else its last word."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error:")]
    told = (errors or lines or ["it says nothing"])[-1]
    return visible(re.sub(r"^error:\s*", "", told, flags=re.IGNORECASE), 300)
