"""A task on what the user has made, their model: in processes of its own, and only on request."""

import os
import shutil
import tempfile
import time
from typing import Any, Callable, Dict, List

from .process import Death, Limit, Process
from .source import Source, is_callable

#: Crashes after which the rest is left.
MAX_RESTARTS = 10
#: The item that says whether there is a model, and the one that answers what is asked of it.
BUILD, ANSWER, CALL = "model/build", "model/answer", "model/call"
#: Why what comes after the items that are there isn't.
REST = "model/rest"

Fact = Dict[str, Any]


class Errand:
    """One task: ``do`` it (``facts``, ``record`` or ``verify``) with the ``model`` that is named, importable from ``path``.

    ``timeout``: seconds that a process may take.
    """

    def __init__(self, task: Dict[str, Any], timeout: float, say: Callable[[Fact], None]) -> None:
        self._task = task
        self._timeout = timeout
        self._say = say
        self._items: Dict[str, Fact] = {}

    def run(self, command: Callable[[str], List[str]], names: List[str]) -> Dict[str, Fact]:
        """The facts by item; ``names``: the APIs that are there, the one that people use first."""
        started = time.time()
        self._say({"event": "family", "api": "model", "family": str(self._task["do"])})
        for _ in range(MAX_RESTARTS):
            if not self._run_once(command, names):
                break
        built = self._items.get(BUILD, {"state": "crashed"})
        done = {"event": "done", "api": "model", "family": self._task["do"], "seconds": time.time() - started}
        self._say(dict(done, state="ok" if built["state"] == "value" else built["state"]))
        return self._items

    def _run_once(self, command: Callable[[str], List[str]], names: List[str]) -> bool:
        """One process; True when another has to do the rest."""
        folder = tempfile.mkdtemp(prefix="kerasdiff-")
        limit = Limit(self._timeout)
        errand = dict(self._task, folder=folder, apis=names, end=limit.end)
        task = {"errand": errand, "folder": folder, "done": sorted(self._items)}
        try:
            cookie = os.urandom(8).hex()
            process = Process(command(cookie), cookie, task)
            return self._follow(process, limit, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _follow(self, process: Process, limit: Limit, folder: str) -> bool:
        current = BUILD
        try:
            for frame in process.frames(limit):
                if "start" in frame:
                    current = str(frame["start"])
                elif "fact" in frame:
                    self._items[frame["fact"]] = frame["value"]
            return False
        except Death as death:
            return self._bury(death, current, folder)
        finally:
            process.end()
            if process.chatter:
                self._say({"event": "chatter", "api": "model", "text": process.chatter})

    def _bury(self, death: Death, current: str, folder: str) -> bool:
        """Mark what was under way; whether another process is to do the rest."""
        user = Source(self._task["model"], self._task["path"])
        fact = user.told(dict(self._items.get(CALL, {}), state=death.state, message=str(death)), user.stopped(folder))
        is_built = self._items.get(BUILD, {}).get("state") == "value"
        self._say(dict({"event": "death", "api": "model", "item": current}, **fact))
        if not is_built:
            self._items[BUILD] = fact
            return False
        if self._task["do"] != "facts":
            self._items[ANSWER] = fact
            return False
        if current in self._items or current == BUILD:  # it died between two items, and would again
            self._items[REST] = fact
            return False
        self._items[current] = fact
        return True


def joined(spec: str, items: Dict[str, Fact]) -> Fact:
    """The facts of a model as its part of the fingerprint."""
    build = dict(items.get(BUILD, {"state": "crashed", "message": "the process ended before the model was made"}))
    named = {"source": spec if is_callable(spec) else os.path.basename(spec)}
    if build.pop("state") != "value":
        return dict(items.get(BUILD, {"state": "crashed"}), **named)
    model: Fact = dict(build, **named)
    cases: Dict[str, Dict[str, Fact]] = {}
    for identifier, fact in items.items():
        _, _, name = identifier.partition("/")
        if name.startswith("cases/"):
            path, _, case = name[len("cases/") :].rpartition("/")
            cases.setdefault(path, {})[case] = fact
        elif name == "layers" and "layers" in fact:
            model["layers"] = fact["layers"]
        elif name in ("summary", "reference"):
            model[name] = fact
        elif identifier == REST or (name == "layers" and "message" in fact):
            model["unfinished"] = "%s (%s)" % (fact["message"], fact["where"]) if fact.get("where") else fact["message"]
    return dict(model, cases=cases)
