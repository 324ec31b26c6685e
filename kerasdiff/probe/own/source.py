"""Gets what the user names: calls ``package.module:function``, and says of what goes wrong in which line of theirs."""

import importlib
import os
import re
import sys
import sysconfig
import traceback
from typing import Any, Dict, List, Optional, Tuple

from ..values import failure

#: What names a callable; anything else is a file.
_CALLABLE = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*(?:\.[^\W\d]\w*)*")

#: The file in a task's folder to which Python writes where it is, before it is ended.
STACK = "stack.txt"
_FRAME = re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+) in (?P<name>\S+)', re.M)


class Wrong(Exception):
    """What the user named can't be had: ``fact`` says why, and where."""

    def __init__(self, fact: Dict[str, Any]) -> None:
        super().__init__(fact.get("message", ""))
        self.fact = fact


def is_callable(spec: str) -> bool:
    """Whether a specification names a callable, not a file."""
    return _CALLABLE.fullmatch(spec) is not None


class Source:
    """A user's code below the folder ``root``."""

    def __init__(self, spec: str, root: str) -> None:
        self._spec = spec
        self._root = os.path.realpath(root)
        self._own: List[str] = []

    def get(self) -> Any:
        """The object that is named. Raises `Wrong`."""
        module_name, _, path = self._spec.partition(":")
        sys.path.insert(0, self._root)
        try:
            thing: Any = importlib.import_module(module_name)
        except BaseException as error:
            missing = isinstance(error, ImportError) and getattr(error, "name", None) in _above(module_name)
            if missing:
                message = "there is no module %s in %s: give --path its folder" % (error.name, self._root)  # type: ignore[attr-defined]
                raise Wrong({"state": "error", "type": "ModuleNotFoundError", "message": message}) from None
            raise Wrong(self.failed(error)) from None
        file = getattr(thing, "__file__", None)
        if file:
            self._own.append(os.path.realpath(os.path.dirname(file)))
        for part in path.split("."):
            if not hasattr(thing, part):
                message = "%s has no %s" % (module_name, path)
                raise Wrong(_at({"state": "error", "type": "AttributeError", "message": message}, self._short(file, None)))
            thing = getattr(thing, part)
        return thing

    def failed(self, error: BaseException) -> Dict[str, Any]:
        """The fact of what a user's code raised, with the last line of theirs that was running."""
        fact = failure(error)
        fact["state"] = "error"
        if isinstance(error, SystemExit):
            fact["message"] = "it ends the process, with status %s" % error.code
        if isinstance(error, SyntaxError) and error.filename and self._is_own(error.filename):
            return _at(fact, self._short(error.filename, error.lineno))
        frames = [(frame[0], frame[1], frame[2]) for frame in traceback.extract_tb(error.__traceback__)]
        return _at(fact, self._last(frames[::-1]))

    def defined(self, thing: Any) -> Optional[str]:
        """Where a function or class of the user's begins; None where nothing tells."""
        code = getattr(getattr(thing, "__wrapped__", thing), "__code__", None)
        return None if code is None else self._short(code.co_filename, code.co_firstlineno, code.co_name)

    def stopped(self, folder: str) -> Optional[str]:
        """The line of the user's that was running when Python wrote where it is; None where it has written nothing."""
        try:
            with open(os.path.join(folder, STACK), encoding="utf-8", errors="replace") as stream:
                text = stream.read(1 << 20)
        except OSError:
            return None
        return self._last([(found["file"], int(found["line"]), found["name"]) for found in _FRAME.finditer(text)])

    def _last(self, frames: List[Tuple[str, int, str]]) -> Optional[str]:
        """The innermost of some frames that is the user's own."""
        return next((self._short(*frame) for frame in frames if self._is_own(frame[0])), None)

    def _is_own(self, file: str) -> bool:
        path = os.path.realpath(file)
        if any(path.startswith(folder + os.sep) for folder in _libraries()):
            return False
        return any(path.startswith(folder + os.sep) for folder in [self._root] + self._own)

    def _short(self, file: Optional[str], line: Optional[int], name: Optional[str] = None) -> Optional[str]:
        if not file:
            return None
        path = os.path.realpath(file)
        told = os.path.relpath(path, self._root) if path.startswith(self._root + os.sep) else os.path.basename(path)
        where = told.replace(os.sep, "/") + (", line %d" % line if line else "")
        return where + (" in %s" % name if name and name != "<module>" else "")


def _above(module: str) -> List[str]:
    parts = module.split(".")
    return [".".join(parts[: length + 1]) for length in range(len(parts))]


def _at(fact: Dict[str, Any], where: Optional[str]) -> Dict[str, Any]:
    return dict(fact, where=where) if where else fact


def _libraries() -> List[str]:
    """Where the code of libraries is: none of it is the user's, even where their folder is around it."""
    paths = sysconfig.get_paths()
    return [os.path.realpath(paths[name]) for name in ("stdlib", "platstdlib", "purelib", "platlib") if name in paths]
