"""Has a pipeline measured by two processes, one after the other, and joins what they say: what differs is a draw."""

import os
import shutil
import tempfile
import time
from typing import Any, Callable, Dict, List

from ..process import Deadline, Death, Process

Fact = Dict[str, Any]
#: Seconds that a process has to say itself that it is late.
GRACE = 5.0


class _Limit(Deadline):
    """All of a process, whatever it is at."""

    def passed(self) -> str:
        """What took too long; empty while nothing has."""
        return "took too long, and can't be interrupted" if self.family_passed else ""


def facts(name: str, seconds: float, command: Callable[[str], List[str]], say: Callable[[Fact], None]) -> Fact:
    """The facts of the pipeline ``package.module:function``, which may take ``seconds`` each time it is run."""
    started = time.time()
    say({"event": "family", "api": "pipeline", "family": name})
    found = _once({"pipeline": name, "seconds": seconds, "epochs": 2}, command, say)
    if found["state"] == "value":
        again = _once({"pipeline": name, "seconds": seconds, "epochs": 1}, command, say)
        found = _joined(found, again) if again["state"] == "value" else again
    if found["state"] == "value":
        say({"event": "done", "api": "pipeline", "family": name, "state": "ok", "seconds": time.time() - started})
    else:
        what = ": ".join(found[key] for key in ("type", "message") if found.get(key))
        told = "%s (%s)" % (what, found["where"]) if "where" in found else what
        say({"event": "death", "api": "pipeline", "item": name, "state": found["state"], "message": told})
    return dict(found, name=name)


def _once(task: Fact, command: Callable[[str], List[str]], say: Callable[[Fact], None]) -> Fact:
    folder = tempfile.mkdtemp(prefix="kerasdiff-")
    try:
        cookie = os.urandom(8).hex()
        process = Process(command(cookie), cookie, dict(task, folder=folder))
        return _followed(process, _Limit(task["seconds"] + GRACE), say)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _followed(process: Process, deadline: Deadline, say: Callable[[Fact], None]) -> Fact:
    found: Fact = {}
    begin: Fact = {}
    try:
        for frame in process.frames(deadline):
            if frame.get("where"):
                begin = {"where": frame["where"]}
            if "fact" in frame:
                found = frame["value"]
    except Death as death:
        return found or dict(begin, state=death.state, message=str(death))
    finally:
        process.end()
        if process.chatter:
            say({"event": "chatter", "api": "pipeline", "text": process.chatter})
    return found


def _joined(first: Fact, second: Fact) -> Fact:
    """The first run, with what the second one did otherwise marked ``unstable``."""
    others = {stage["name"]: stage for stage in second["stages"]}
    for stage in first["stages"]:
        again = others.get(stage["name"], {"order": {}, "parts": {}})
        if stage["order"]["digest"] != again["order"].get("digest"):
            stage["order"]["unstable"] = True
        for name, part in stage["parts"].items():
            other = again["parts"].get(name, {})
            if part["set"] != other.get("set"):
                part["unstable"] = other.get("statistics", {})
    return first
