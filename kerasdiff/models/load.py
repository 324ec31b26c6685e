"""Reads saved models: a file is handed to a process of its own, which may crash, hang or be out of memory on its account."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import msgspec

from kerasdiff.models.child import MAX_ANSWER, MEMORY, Answer, seconds, size_of
from kerasdiff.models.document import ModelError, SavedModel
from kerasdiff.text import visible

#: Seconds beyond the processor time that reading may take by the clock: a busy machine gives little of its time.
GRACE = 120
#: Sets the search path of the starter, and nothing that stands in the working folder.
_START = "import sys; sys.path[:] = sys.argv.pop(1).split('\\n'); from kerasdiff.models.child import main; main(*sys.argv[1:])"
#: HDF5 loads no plugins, and locks no files; nothing makes threads, each of which takes memory.
_VARIABLES = {
    "HDF5_PLUGIN_PRELOAD": "::",
    "HDF5_USE_FILE_LOCKING": "FALSE",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
_SIGXCPU = getattr(signal, "SIGXCPU", None)


def load(source: str | Path) -> SavedModel:
    """The saved model in a file or a folder.

    Raises `ModelError` with one line that says what is wrong with it.
    """
    name = visible(str(source), 1000)
    path = _found(str(source), name)
    size = size_of(path)
    variables = {key: value for key, value in os.environ.items() if not key.startswith("HDF5_")} | _VARIABLES
    paths = "\n".join(os.path.abspath(entry) for entry in sys.path)  # noqa: PTH100 - Path keeps what leads up
    command = [sys.executable, "-B", "-c", _START, paths, os.path.abspath(path), name]  # noqa: PTH100
    try:
        done = subprocess.run(  # noqa: S603 - this very interpreter
            command, env=variables, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds(size) + GRACE, check=False
        )
    except subprocess.TimeoutExpired:
        _refuse(name, f"takes more than {seconds(size) + GRACE} s to read; it is damaged, or the machine is too busy")
    except OSError as error:
        _refuse(name, f"can't be read: {error.strerror or error}")
    return interpreted(done.returncode, done.stdout, name)


def interpreted(status: int, data: bytes, name: str) -> SavedModel:
    """What a process that ended with ``status`` said of the file called ``name``.

    Raises `ModelError`.
    """
    try:
        found = msgspec.json.decode(data, type=Answer) if len(data) <= MAX_ANSWER else Answer()
    except (msgspec.DecodeError, RecursionError):
        found = Answer()
    if found.model is not None and status == 0:
        return found.model
    if found.error:
        _refuse(name, visible(found.error, 500))
    if _SIGXCPU is not None and status == -_SIGXCPU:
        _refuse(name, "takes far longer to read than a model of its size; it is damaged")
    reason = f"is damaged: reading it ended with status {status} (memory is bounded by {MEMORY >> 20} MB)"
    return _refuse(name, reason)


def _found(source: str, name: str) -> Path:
    if not source:  # an unset variable of a script, which to Path is the working folder
        _refuse("''", "no such file; name a saved model")
    try:
        path = Path(source)
        if not path.exists():
            index = path.with_name(f"{path.name}.index")  # a checkpoint is known by what its files begin with
            if not path.name or not index.is_file():
                _refuse(name, "no such file; name a saved model")
            return index
        if not (path.is_file() or path.is_dir()):
            _refuse(name, "is no ordinary file")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        _refuse(name, f"can't be read: {visible(reason)}")
    else:
        return path


def _refuse(name: str, what: str) -> NoReturn:
    message = f"{name}: {what}"
    raise ModelError(message)
