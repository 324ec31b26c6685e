"""The line of the user's own code at which something went wrong."""

import linecache
import os
import re
import sys
import sysconfig
import traceback
from typing import Any, Dict, List, Optional, Tuple

from ..values import failure

#: Characters of the line that is told.
MAX_LINE = 120

_LIBRARIES = ("site-packages", "dist-packages")
#: As TensorFlow tells of functions in graphs, in its later words and in its earlier ones.
_FILE = re.compile(r'(?:File "|^\s*)([^"\s]+\.py)(?:", line |:)(\d+)', re.M)
_BEGINS = ("in user code:", "in converted code:")


def is_own(file: str) -> bool:
    """Whether a file is the user's: none of a library, of Python, of the probe, or made at run time."""
    if not os.path.isfile(file) or any(part in _LIBRARIES for part in re.split(r"[\\/]", file)):
        return False
    return not os.path.realpath(file).startswith(tuple(os.path.realpath(path) + os.sep for path in _roots()))


def _roots() -> List[str]:
    paths = sysconfig.get_paths()
    probe = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return [paths["stdlib"], paths["platstdlib"], probe]


def told(place: Optional[Tuple[str, int]]) -> str:
    """A place as ``data.py:12: scale = 1 / 0``; empty where there is none."""
    if place is None:
        return ""
    file, number = place
    here = os.path.relpath(file) if os.path.realpath(file).startswith(os.path.realpath(os.getcwd()) + os.sep) else file
    line = linecache.getline(file, number).strip()[:MAX_LINE]
    return "%s:%d%s" % (
        here if os.sep not in here or here != file else os.path.basename(file),
        number,
        ": " + line if line else "",
    )


def of_error(error: BaseException) -> Optional[Tuple[str, int]]:
    """The innermost line of the user's own that an error came through."""
    if isinstance(error, SyntaxError) and error.filename and is_own(error.filename):
        return error.filename, error.lineno or 1
    frames = [(frame.filename, frame.lineno or 1) for frame in traceback.extract_tb(error.__traceback__)]
    frames += [(file, int(number)) for file, number in _FILE.findall(str(error)[:10000])]
    own = [frame for frame in frames if is_own(frame[0])]
    return own[-1] if own else None


def of_thread(identifier: int) -> Optional[Tuple[str, int]]:
    """The innermost line of the user's own at which a thread is."""
    frame = sys._current_frames().get(identifier)
    own = [(one.filename, one.lineno or 1) for one in traceback.extract_stack(frame) if is_own(one.filename)] if frame else []
    return own[-1] if own else None


def fact(error: BaseException, place: Optional[Tuple[str, int]] = None) -> Dict[str, Any]:
    """The state of a pipeline that failed."""
    described = failure(error)
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if lines and lines[0].endswith(_BEGINS):
        described["message"] = lines[-1][:300]
    if isinstance(error, SystemExit):
        described["message"] = "exits with status %s" % (error.code,)
    where = told(place or of_error(error))
    return dict(described, where=where) if where else described
