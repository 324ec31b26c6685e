"""A place of its own for a capture: home, temporary folder, and packages planted for a bare interpreter to find.

A planted ``keras`` asserts nothing about Keras: it is there to crash, to hang, to print and to hold secrets.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import textwrap
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab.builder import MissingInterpreter, find_interpreter

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Seconds after which a test gives up on what should take a moment.
PATIENCE = 60

#: The families that need nothing but an importable package; the measured ones need a Keras.
DECLARED = ["environment", "packages", "runtime", "settings", "symbols"]

#: What every planted package has: enough to be walked, with one class that needs an argument.
INIT = """
from . import backend, layers
__version__ = "9.9.9"
"""
BACKEND = """
import json, os

def backend():
    return "numpy"

def floatx():
    try:
        with open(os.path.expanduser(os.path.join("~", ".keras", "keras.json"))) as stream:
            return json.load(stream)["floatx"]
    except (IOError, KeyError):
        return "float32"
"""
LAYERS = """
import os, signal, subprocess, sys, threading

class Layer(object):
    def __init__(self, name=None):
        self.name = name
    def get_config(self):
        return {"name": self.name}

class Dense(Layer):
    def __init__(self, units, activation="tanh", **kwargs):
        super(Dense, self).__init__(**kwargs)
        self.units = units
    def get_config(self):
        return {"units": self.units}

def relu(x, alpha=0.5):
    return x
"""


@dataclass(frozen=True)
class Outcome:
    """How a run of the probe ended."""

    status: int
    out: bytes
    err: str

    @property
    def fingerprint(self) -> dict[str, Any]:
        """The document on standard output."""
        document: dict[str, Any] = json.loads(self.out)
        return document

    @property
    def keras(self) -> dict[str, Any]:
        """The facts of the API ``keras``."""
        facts: dict[str, Any] = self.fingerprint["apis"]["keras"]
        return facts

    def symbol(self, name: str) -> dict[str, Any]:
        """The facts of a symbol of the API ``keras``."""
        facts: dict[str, Any] = self.keras["symbols"][name]
        return facts

    def config(self, name: str) -> Any:
        """The configuration of a symbol of the API ``keras``."""
        return self.symbol(name)["config"]


class Place:
    """Folders and variables of one test; nothing of this process's own environment reaches what runs here."""

    def __init__(self, root: Path, pyz: Path, python: Path, patience: float = PATIENCE) -> None:
        self.root = root
        self.pyz = pyz
        self.python = python
        self.patience = patience
        self.home = root / "home"
        self.temporary = root / "temporary"
        self.packages = root / "packages"
        for folder in (self.home, self.temporary, self.packages):
            folder.mkdir(parents=True)

    def write(self, path: str, text: str) -> Path:
        """A file below the folder of packages."""
        target = self.packages / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(textwrap.dedent(text), encoding="utf-8")
        return target

    def plant(self, layers: str = "", *, init: str = "", backend: str = "", name: str = "keras") -> None:
        """A package ``name``, with more source at the end of its modules."""
        self.write(f"{name}/__init__.py", INIT + textwrap.dedent(init))
        self.write(f"{name}/backend.py", BACKEND + textwrap.dedent(backend))
        self.write(f"{name}/layers.py", LAYERS + textwrap.dedent(layers))

    def plant_tensorflow(self) -> None:
        """A TensorFlow whose Keras is the package ``keras``; a folder of that name shows that it has one."""
        self.plant(name="tensorflow", init="import keras")
        self.write("tensorflow/python/keras/__init__.py", "")

    def variables(self, **more: str) -> dict[str, str]:
        """The environment of a process of this place; it marks what runs here."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "PYTHONPATH": str(self.packages),
            "KERASDIFF_TEST_PLACE": str(self.root),
            **more,
        }

    def command(self, *arguments: str) -> list[str]:
        """The command line of the exported probe; without ``--only``, it captures what is declared."""
        only = [] if "--only" in arguments else ["--only", ",".join(DECLARED)]
        return [str(self.python), str(self.pyz), *only, *arguments]

    def probe(self, *arguments: str, **variables: str) -> Outcome:
        """Run the exported probe here, with these variables more."""
        done = subprocess.run(
            self.command(*arguments),
            env=self.variables(**variables),
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=self.patience,
        )
        return Outcome(done.returncode, done.stdout, done.stderr.decode("utf-8", "replace"))

    def captured(self, *arguments: str, **variables: str) -> Outcome:
        """Run the exported probe here; it must succeed."""
        outcome = self.probe(*arguments, **variables)
        assert outcome.status == 0, outcome.err
        return outcome

    @contextmanager
    def hanging(
        self, command: list[str], where: str = "get_config", first: str = "pass", until: str = "signal.pause()"
    ) -> Iterator[subprocess.Popen[str]]:
        """A running ``command`` whose probe has come to a planted library that hangs: at its import, or in ``get_config``.

        The library says through a pipe that it is there.
        """
        hang = f"{first}\nwith open(os.environ['PIPE'], 'w') as pipe:\n    pipe.write('here')\n{until}\n"
        method = "class HangLayer(Layer):\n    def get_config(self):\n"
        layers = method + textwrap.indent(hang, " " * 8) if where == "get_config" else ""
        self.plant(layers, init=f"import os, signal\n{hang}" if where == "import" else "")
        pipe = self.root / "pipe"
        os.mkfifo(pipe)
        descriptor = os.open(pipe, os.O_RDWR)  # so that opening it waits for nobody
        variables = self.variables(PIPE=str(pipe))
        try:
            with subprocess.Popen(
                command,
                env=variables,
                cwd=self.root,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,  # a group of its own, as a terminal gives to a command
            ) as process:
                try:
                    assert _first([descriptor], process.pid) == descriptor, process.communicate(timeout=PATIENCE)
                    yield process
                finally:
                    process.kill()
        finally:
            os.close(descriptor)

    def survivors(self) -> list[str]:
        """What still runs of all that was started here, after a moment for what has been killed; it is ended then."""
        left = []
        for process in self.processes():
            if not _ends(process):
                left.append(Path(f"/proc/{process}/cmdline").read_text(encoding="utf-8"))
                os.kill(process, signal.SIGKILL)
        return left

    def processes(self) -> list[int]:
        """What has been started here and still runs; nothing where the system has no way to look."""
        if not hasattr(os, "pidfd_open"):
            return []
        mark = f"KERASDIFF_TEST_PLACE={self.root}\0".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it has ended
                if mark in (folder / "environ").read_bytes() + b"\0":
                    found.append(int(folder.name))
        return found

    def await_end_of_child(self, probe: int) -> None:
        """Return when the process that imports the library is gone."""
        assert all(_ends(process) for process in self.processes() if process != probe)

    def check_left_nothing(self) -> None:
        """No process and no temporary file may outlive a capture."""
        assert self.survivors() == []
        assert list(self.temporary.iterdir()) == []


def _ends(process: int) -> bool:
    """Whether a process ends within a moment."""
    return _first([], process) is not None


def _first(descriptors: list[int], process: int) -> int | None:
    """Which of these descriptors has something to read first; -1 where the process ends before that, None where neither is."""
    try:
        watched = [os.pidfd_open(process)] if hasattr(os, "pidfd_open") else []
    except ProcessLookupError:
        return -1
    try:
        ready, _, _ = select.select([*descriptors, *watched], [], [], PATIENCE)
        return next((one if one in descriptors else -1 for one in ready), None)
    finally:
        for one in watched:
            os.close(one)


def snapshot(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every file below ``folder`` with its size, time and content."""
    found = {}
    for path in sorted(folder.rglob("*")):
        facts = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        found[str(path.relative_to(folder))] = (facts.st_size if content else 0, facts.st_mtime_ns, content)
    return found


def make_bare(python: Path, root: Path) -> Path:
    """A virtual environment with nothing in it."""
    subprocess.run([python, "-m", "venv", "--without-pip", root], check=True, stdin=subprocess.DEVNULL)
    return root / "bin" / "python"


def interpreter(version: str) -> Path:
    """An interpreter of this minor version; the test is skipped where there is none."""
    try:
        return find_interpreter(version)
    except MissingInterpreter as missing:
        pytest.skip(str(missing))


def versions() -> list[str]:
    """The minor versions that the probe runs on, as far as this machine has them, oldest first."""
    found = []
    for minor in range(6, 15):
        try:
            find_interpreter(f"3.{minor}")
        except MissingInterpreter:
            continue
        found.append(f"3.{minor}")
    return found or [f"{sys.version_info[0]}.{sys.version_info[1]}"]


def distribution(folder: Path, name: str, version: str, files: dict[str, str] | None = None) -> Path:
    """A ``.dist-info`` below ``folder``; ``files`` are put into it."""
    target = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    target.mkdir(parents=True)
    metadata = {"METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"}
    for file, text in {**metadata, **(files or {})}.items():
        (target / file).write_text(text, encoding="utf-8")
    return target
