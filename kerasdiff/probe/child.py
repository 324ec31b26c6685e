"""One API in a process of its own: imports it, then runs the families, sending each fact as it comes.

The supervisor (`supervisor`) gives the task on standard input and reads frames; a crash loses only what had started.
"""

import json
import os
import shutil
import sys
import time
import warnings
from typing import Any, Callable, Dict, List, Optional

from . import apis, runtime, settings, signatures, symbols
from .frames import LOST, Writer
from .values import failure

#: Theano without a compiler: a hundredth of the time, the same numbers to rounding.
THEANO = ["cxx=", "optimizer=None", "linker=py", "traceback.limit=0"]


def main(cookie: str) -> int:
    """Run the task on standard input; frames go to the standard output this process was started with."""
    writer = Writer(cookie)
    task = json.loads(sys.stdin.read())
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # a library that asks a question gets no answer, and doesn't wait for one
    homes = {"home": os.path.expanduser("~"), "keras": os.environ.get("KERAS_HOME", "")}
    origins = settings.Origins(task["folder"], dict(os.environ), [settings.content(path) for path in isolate(task["folder"])])
    if "pipeline" in task or "errand" in task:
        for name, home in homes.items():
            _link(home, os.path.join(task["folder"], name))
    if "pipeline" in task:
        from .pipeline import child  # noqa: PLC0415  # only where one is asked for

        child.main(writer.send, task)
    else:
        Child(writer, task, origins).run()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # a library may have closed or replaced them
            pass
    writer.send(end=True)
    os._exit(0)  # interpreter shutdown of a framework can crash or hang, and has nothing to say


def isolate(folder: str) -> List[str]:
    """Point what libraries write at import into ``folder``; returns the ``keras.json`` files that count.

    Keras writes ``keras.json`` at its first import. ``KERAS_HOME`` is honoured from 2.2.4 on; older ones and other libraries
    (Theano, OpenVINO) go by the home directory. The user's own files are copied, so what is read stays as it is.
    """
    overrides: Dict[str, str] = {"HOME": os.path.join(folder, "home"), "PYTHONDONTWRITEBYTECODE": "1"}
    overrides.update((name, folder) for name in ("TMPDIR", "TEMP", "TMP"))
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    home = os.path.expanduser("~")
    copies = []
    if os.environ.get("KERAS_HOME"):
        overrides["KERAS_HOME"] = os.path.join(folder, "keras")
        copies.append(
            (os.path.join(os.environ["KERAS_HOME"], "keras.json"), os.path.join(overrides["KERAS_HOME"], "keras.json"))
        )
    copies.append((os.path.join(home, ".keras", "keras.json"), os.path.join(overrides["HOME"], ".keras", "keras.json")))
    if os.path.exists(os.path.join(home, ".theanorc")) and "THEANORC" not in os.environ:
        overrides["THEANORC"] = os.path.join(home, ".theanorc")
    overrides["JAX_DISABLE_MOST_OPTIMIZATIONS"] = os.environ.get("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")
    overrides["JAX_COMPILATION_CACHE_DIR"] = os.path.join(folder, "jax")
    overrides["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.01"
    overrides["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"
    if os.name == "nt":
        overrides["USERPROFILE"] = overrides["HOME"]
    for source, target in copies:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.exists(source):
            try:
                shutil.copyfile(source, target)
            except OSError:  # unreadable, or a folder: so it is for Keras
                os.symlink(source, target)
    flags = [os.environ["THEANO_FLAGS"]] if os.environ.get("THEANO_FLAGS") else []
    overrides["THEANO_FLAGS"] = ",".join(flags + ["base_compiledir=" + os.path.join(folder, "theano")] + THEANO)
    os.environ.update(overrides)
    return [source for source, _ in copies]


def _link(home: str, folder: str) -> None:
    """Have a folder hold links to what is in another one, and in its ``.keras``, but for the files that it has itself.

    For code of the user's, which reads data.
    """
    for below in ("", ".keras"):
        if home and os.path.isdir(os.path.join(home, below)) and os.path.isdir(os.path.join(folder, below)):
            for entry in os.listdir(os.path.join(home, below)):
                target = os.path.join(folder, below, entry)
                if not os.path.lexists(target) and entry != "keras.json":
                    try:
                        os.symlink(os.path.join(home, below, entry), target)
                    except OSError:  # a system where one must be allowed to
                        return


def _has_error(value: Dict[str, Any]) -> bool:
    """Whether a fact, or a quantity of it, is that the library raised."""
    return any(isinstance(part, dict) and part.get("state") == "error" for part in (value, *value.values()))


class Child:
    """Runs the families of one API."""

    def __init__(self, writer: Writer, task: Dict[str, Any], origins: settings.Origins) -> None:
        self._send = writer.send
        self._task = task
        self._origins = origins
        self._done = set(task["done"])
        self._families: Any = None

    def run(self) -> None:
        """Import the API, then run its families in their order."""
        if "errand" in self._task:
            from .own.task import Task  # noqa: PLC0415  # only on request

            warnings.simplefilter("ignore")
            Task(self._task["errand"], self._item).run()
            return
        name = self._task["api"]
        self._send(start="import", family="import")
        started = time.time()
        warnings.simplefilter("ignore")
        try:
            api = apis.load(name)
            facts = {"module": api.__name__, "version": apis.version(api), "backend": apis.backend(api)}
        except Exception as error:
            self._send(fact="import", value=failure(error), seconds=time.time() - started)
            return
        facts["backend_version"] = apis.backend_version(facts["backend"])
        self._send(fact="import", value=dict(facts, state="value"), seconds=time.time() - started)
        for family in self._task["families"]:
            started = time.time()
            self._send(start=family, family=family)
            try:
                self._family(family, api)
            except Exception as error:  # a defect of the probe costs one family, and is told
                self._send(family=family, failed=failure(error), seconds=time.time() - started)
            else:
                self._send(family=family, seconds=time.time() - started)

    def _item(self, identifier: str, describe: Callable[[], Dict[str, Any]], fatal: Optional[Dict[str, Any]] = None) -> None:
        """Send one fact, unless an earlier process of this API has done so, or has died of it.

        ``fatal``: the fact if this process dies of it, where that is an outcome like another, and not a defect of the probe.
        """
        if identifier in self._done:
            return
        self._send(start=identifier, **({"fatal": fatal} if fatal else {}))
        try:
            value = describe()
        except Exception as error:
            value = failure(error)
        lost = self._families is not None and _has_error(value) and self._families.is_lost()
        self._send(fact=identifier, value=value, **({"lost": True} if lost else {}))
        if lost:
            os._exit(LOST)

    def _family(self, family: str, api: Any) -> None:
        if family == "runtime":
            self._item("runtime", runtime.libraries)
        elif family == "settings":
            settings.facts(api, self._origins, self._item)
        elif family == "symbols":
            symbols.facts(self._task["api"], api, self._task["known"], self._item)
        else:
            if self._families is None:
                from .behaviour.families import Families  # noqa: PLC0415  # imports NumPy, which comes with Keras

                known, folder, remedies = self._task["known"], self._task["folder"], self._task.get("remedies", [])
                self._families = Families(self._task["api"], api, known, signatures.identity, folder, remedies)
            self._families.run(family, self._item)
