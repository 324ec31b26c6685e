"""The user's own code: gets what they name, and says at which line of theirs something went wrong."""

import faulthandler
import importlib
import inspect
import linecache
import os
import re
import sys
import sysconfig
import time
import traceback
from contextlib import contextmanager
from importlib.machinery import PathFinder
from typing import Any, Dict, Iterator, List, Optional, Tuple

from .values import failure, message

#: What names a callable; anything else is a file.
_CALLABLE = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*(?:\.[^\W\d]\w*)*")

#: The file in a process's folder to which Python writes where it is, before it is ended.
STACK = "stack.txt"
_FRAME = re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+) in ', re.M)

#: Characters of a line of code that are told.
MAX_LINE = 120

_LIBRARIES = ("site-packages", "dist-packages")
#: As TensorFlow tells of functions in graphs, in its later words and in its earlier ones.
_IN_GRAPH = re.compile(r'(?:File "|^\s*)([^"\s]+\.py)(?:", line |:)(\d+)', re.M)
_BEGINS = ("in user code:", "in converted code:")

#: A file, and a line of it.
Place = Tuple[str, int]


class Wrong(Exception):
    """What the user named can't be had: ``fact`` says why, and where."""

    def __init__(self, fact: Dict[str, Any]) -> None:
        super().__init__(fact.get("message", ""))
        self.fact = fact


def is_callable(spec: str) -> bool:
    """Whether a specification names a callable, not a file."""
    return _CALLABLE.fullmatch(spec) is not None


def place(thing: Any) -> Optional[Place]:
    """Where a function begins, or where a generator stands; None of anything else."""
    frame = getattr(thing, "gi_frame", None)
    if frame is not None:
        return frame.f_code.co_filename, frame.f_lineno
    if not callable(thing):
        return None
    code = getattr(inspect.unwrap(thing), "__code__", None) or getattr(type(thing).__call__, "__code__", None)
    return (code.co_filename, code.co_firstlineno) if code is not None else None


def named(value: Any) -> str:
    """What a value is: ``an object``, or ``nothing``."""
    if value is None:
        return "nothing"
    name = type(value).__name__
    return "%s %s" % ("an" if name[:1].lower() in "aeiou" else "a", name)


@contextmanager
def watched(folder: str, end: float) -> Iterator[None]:
    """While it lasts, Python writes where it is into ``folder`` if it crashes, or at the time ``end``, before it is ended."""
    with open(os.path.join(folder, STACK), "w") as stack:
        faulthandler.enable(stack)
        faulthandler.dump_traceback_later(max(end - time.time(), 0.1), file=stack)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
            faulthandler.disable()


class Source:
    """What ``package.module:function`` names, of the user's code below the folder ``root`` or installed."""

    def __init__(self, spec: str, root: str) -> None:
        self.spec = spec
        self._module, _, self._path = spec.partition(":")
        self.root = os.path.realpath(root)
        self._home = _home(self._module.partition(".")[0], self.root) if is_callable(spec) else ""

    def get(self) -> Any:
        """The object that is named. Raises `Wrong`."""
        sys.path.insert(0, self.root)
        try:
            thing: Any = importlib.import_module(self._module)
        except BaseException as error:
            if isinstance(error, ImportError) and getattr(error, "name", None) in _above(self._module):
                text = "there is no module %s in %s: give --path its folder" % (error.name, self.root)
                if self._module.endswith(".py"):
                    text = "a module is named without .py: write %s:%s" % (self._module[:-3], self._path)
                raise Wrong({"state": "error", "type": "ModuleNotFoundError", "message": text}) from None
            raise Wrong(self.failed(error)) from None
        for part in self._path.split("."):
            if not hasattr(thing, part):
                text = "%s has no %s" % (self._module, self._path)
                file = getattr(sys.modules[self._module], "__file__", None)
                raise Wrong(self.told({"state": "error", "type": "AttributeError", "message": text}, file and (file, 0)))
            thing = getattr(thing, part)
        return thing

    def failed(self, error: BaseException, where: Optional[Place] = None) -> Dict[str, Any]:
        """The fact of what a user's code raised, with the last line of theirs that was running, or the one that is given."""
        fact = dict(failure(error), state="error")
        lines = [line.strip() for line in message(error).splitlines() if line.strip()]
        if lines and lines[0].endswith(_BEGINS):
            fact["message"] = lines[-1][:300]
        if fact["message"].startswith(fact["type"] + ": "):  # a library's error that tells of the user's, or of itself
            fact["message"] = fact["message"][len(fact["type"]) + 2 :]
        if isinstance(error, SystemExit):
            fact["message"] = "exits with status %s" % (error.code,)
        return self.told(fact, where or self._of(error))

    def told(self, fact: Dict[str, Any], where: Optional[Place]) -> Dict[str, Any]:
        """A fact that says where it was, as ``data.py:12: scale = 1 / 0``, if anything tells."""
        if where is None:
            return fact
        file, number = where
        path = os.path.realpath(file)
        text = os.path.relpath(path, self.root) if path.startswith(self.root + os.sep) else os.path.basename(path)
        text = text.replace(os.sep, "/") + (":%d" % number if number else "")
        line = linecache.getline(file, number).strip()[:MAX_LINE]
        return dict(fact, where=text + (": " + line if line else ""))

    def stopped(self, folder: str) -> Optional[Place]:
        """The line of the user's that was running when Python wrote where it is; None where it has written nothing."""
        try:
            with open(os.path.join(folder, STACK), encoding="utf-8", errors="replace") as stream:
                text = stream.read(1 << 20)
        except OSError:
            return None
        return self._last([(found["file"], int(found["line"])) for found in _FRAME.finditer(text)])

    def _of(self, error: BaseException) -> Optional[Place]:
        """The innermost line of the user's own that an error came through."""
        if isinstance(error, SyntaxError) and error.filename and self._is_own(error.filename):
            return error.filename, error.lineno or 1
        frames = [(frame.filename, frame.lineno or 1) for frame in traceback.extract_tb(error.__traceback__)]
        frames += [(file, int(number)) for file, number in _IN_GRAPH.findall(message(error)[:10000])]
        return self._last(frames[::-1])

    def _last(self, frames: List[Place]) -> Optional[Place]:
        """The first of some frames, innermost first, that is the user's own."""
        return next((frame for frame in frames if self._is_own(frame[0])), None)

    def _is_own(self, file: str) -> bool:
        """Whether a file is the user's: of what they named, or none of a library, of Python, of the probe, made at run time."""
        path = os.path.realpath(file)
        if not os.path.isfile(path):
            return False
        if self._home and (path == self._home or path.startswith(self._home + os.sep)):
            return True
        return not any(part in _LIBRARIES for part in re.split(r"[\\/]", path)) and not path.startswith(tuple(_not_theirs()))


def _home(package: str, root: str) -> str:
    """Where a module or package of the user's is, which may be installed beside libraries; empty where nothing tells."""
    spec = PathFinder.find_spec(package, [root] + sys.path)
    if spec is None or not spec.origin:
        return ""
    is_package = spec.submodule_search_locations is not None
    return os.path.realpath(os.path.dirname(spec.origin) if is_package else spec.origin)


def _above(module: str) -> List[str]:
    parts = module.split(".")
    return [".".join(parts[: length + 1]) for length in range(len(parts))]


def _not_theirs() -> List[str]:
    """Where Python, libraries and this probe are."""
    paths = sysconfig.get_paths()
    folders = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib") if name in paths]
    return [os.path.realpath(folder) + os.sep for folder in folders + [os.path.dirname(os.path.abspath(__file__))]]
