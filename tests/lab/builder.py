"""Builds the Keras environments of ``environments.yaml`` in a cache folder, on demand.

An environment is built in place, because virtual environments can't be moved. Its marker file is
written last and holds a digest of the data that it was built from: a folder without a marker, or
with another digest, is unfinished or outdated, and is built anew.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.lab.data import Environment, LabError, find, load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.data import System

__all__ = ["Built", "Environment", "LabError", "build", "load", "remove"]

MARKER = "kerasdiff-lab.json"
LOG = "kerasdiff-lab.log"

# The last virtualenv that makes environments of Python 2.7 when it runs on Python 2.7.
_VIRTUALENV = "virtualenv==16.7.12"
_PROBE = "import ensurepip, sys; print('%d.%d' % sys.version_info[:2]); print(sys.executable)"


class MissingInterpreter(LabError):
    """This machine has no interpreter of the version that an environment needs."""


class BuildError(LabError):
    """A command of a build failed."""


@dataclass(frozen=True)
class Built:
    """An environment that is ready for use."""

    root: Path
    python: Path
    variables: dict[str, str]


def folder() -> Path:
    """Return the folder that holds all built environments."""
    chosen = os.environ.get("KERASDIFF_LAB")
    return Path(chosen).absolute() if chosen else Path.home() / ".cache" / "kerasdiff" / "lab"


def is_built(environment: Environment) -> bool:
    """Whether the environment's folder is complete and agrees with the data."""
    root = folder() / environment.name
    try:
        marker = json.loads((root / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    # The interpreter is a link, dead once the Python that it was made from is gone.
    return bool(marker == _marker(environment) and _python(root).exists())


def build(name: str) -> Built:
    """Return the environment with this name or alias, made first where it isn't up to date."""
    environment = find(name)
    root = folder() / environment.name
    with locked(root):
        if not is_built(environment):
            _make(environment, root)
    given = environment.variables.items()
    variables = {key: value.replace("{environment}", str(root)) for key, value in given}
    return Built(root, _python(root), variables)


def remove(name: str) -> None:
    """Delete the built environment with this name or alias, if there is one."""
    root = folder() / find(name).name
    with locked(root):
        _delete(root)


def find_interpreter(version: str) -> Path:
    """Return a working interpreter of this minor version, from PATH or pyenv."""
    for candidate in _candidates(version):
        answer = _probe(candidate)
        if answer and answer[0] == version:
            return Path(answer[1])
    raise MissingInterpreter(f"no working Python {version} on PATH or among pyenv's versions")


def _candidates(version: str) -> Iterator[Path]:
    for entry in os.environ.get("PATH", "").split(os.pathsep):
        yield Path(entry) / f"python{version}"
    for root in (os.environ.get("PYENV_ROOT"), Path.home() / ".pyenv"):
        if root:
            for installed in sorted(Path(root, "versions").glob(f"{version}[.-]*")):
                yield installed / "bin" / "python"


def _probe(candidate: Path) -> list[str] | None:
    """Ask an interpreter for its version and real path; a shim may exist and yet not run."""
    try:
        answer = subprocess.run(
            [candidate, "-c", _PROBE],
            env=_clean(),
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.splitlines()


def _marker(environment: Environment) -> dict[str, str]:
    return {"environment": environment.name, "digest": environment.digest}


def _python(root: Path) -> Path:
    return root / "bin" / "python"


def _clean() -> dict[str, str]:
    """Return this process's variables without those that would leak its own Python."""
    foreign = re.compile(r"PYTHON|VIRTUAL_ENV|__PYVENV")
    return {key: value for key, value in os.environ.items() if not foreign.match(key)}


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Keep other processes from the folder; the lock file stays, as removing it is a race."""
    root.parent.mkdir(parents=True, exist_ok=True)
    with root.with_name(f".{root.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(
    root: Path,
    *command: str | Path,
    cwd: Path | None = None,
    path: Path | None = None,
) -> None:
    """Run a command of the build in ``root``, with ``path`` as Python's module search path."""
    variables = {**_clean(), "PYTHONNOUSERSITE": "1"}
    if path:
        variables["PYTHONPATH"] = str(path)
    with (root / LOG).open("ab") as log:
        log.write(f"$ {shlex.join(map(str, command))}\n".encode())
        log.flush()
        try:
            subprocess.run(
                command,
                cwd=cwd,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                check=True,
            )
        except OSError as error:
            raise BuildError(f"{root.name}: {error}") from None
        except subprocess.CalledProcessError:
            raise BuildError(f"{root.name}: {_last_line(root / LOG)} (see {root / LOG})") from None


def _last_line(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace").rstrip().splitlines()[-1]


def _pip(root: Path, python: Path, *arguments: str | Path) -> None:
    _run(root, python, "-m", "pip", "install", "--disable-pip-version-check", *arguments)


def _make(environment: Environment, root: Path) -> None:
    """Build the environment in its folder, whatever the folder held before."""
    interpreter = find_interpreter(environment.python)
    _delete(root)
    root.mkdir()
    _create(root, environment.python, interpreter)
    _install(root, environment)
    if environment.system:
        _unpack(root, environment.system)
    (root / MARKER).write_text(json.dumps(_marker(environment)), encoding="utf-8")


def _delete(root: Path) -> None:
    if root.exists():
        # The marker goes first, so that what an interruption leaves can't pass for complete.
        (root / MARKER).unlink(missing_ok=True)
        shutil.rmtree(root)


def _create(root: Path, version: str, interpreter: Path) -> None:
    if version != "2.7":
        _run(root, interpreter, "-m", "venv", root)
        return
    with tempfile.TemporaryDirectory() as tools:
        _pip(root, interpreter, "--target", tools, _VIRTUALENV)
        _run(root, interpreter, "-m", "virtualenv", root, path=Path(tools))


def _install(root: Path, environment: Environment) -> None:
    python = _python(root)
    for group in environment.bootstrap:
        _pip(root, python, *group)
    constraints = root / "constraints.txt"
    constraints.write_text("\n".join(environment.constraints), encoding="utf-8")
    _pip(root, python, *environment.pip_flags, "-c", constraints, *environment.requirements)
    if environment.without_dependencies:
        _pip(root, python, "--no-deps", *environment.without_dependencies)


def _unpack(root: Path, system: System) -> None:
    """Put the shared libraries of Debian packages into a folder of the environment."""
    target = root / system.folder
    target.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as scratch:
        files = Path(scratch, "files")
        _run(root, "apt-get", "download", *system.debian, cwd=Path(scratch))
        for package in sorted(Path(scratch).glob("*.deb")):
            _run(root, "dpkg", "-x", package, files)
        # Deeper than in a multiarch folder itself lie plugins, which are found elsewhere or never.
        for library in files.glob("**/lib/*-linux-gnu/*.so*"):
            shutil.copy2(library, target, follow_symlinks=False)
    for name, original in system.links.items():
        (target / name).symlink_to(original)
