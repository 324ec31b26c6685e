"""Has a pipeline measured by two processes, one after the other, and joins what they say: what differs is a draw."""

import os
import shutil
import tempfile
import time
from typing import Any, Callable, Dict, List

from ..process import Death, Limit, Process
from ..source import Source

Fact = Dict[str, Any]


def facts(user: Source, seconds: float, command: Callable[[str], List[str]], say: Callable[[Fact], None]) -> Fact:
    """The facts of the pipeline that the user names, which may take ``seconds`` each time it is run."""
    name = user.spec
    started = time.time()
    say({"event": "family", "api": "pipeline", "family": name})
    found = _once(user, seconds, 2, command, say)
    if found["state"] == "value":
        again = _once(user, seconds, 1, command, say)
        found = _joined(found, again) if again["state"] == "value" else again
    if found["state"] == "value":
        say({"event": "done", "api": "pipeline", "family": name, "state": "ok", "seconds": time.time() - started})
    else:
        what = ": ".join(found[key] for key in ("type", "message") if found.get(key))
        told = "%s (%s)" % (what, found["where"]) if "where" in found else what
        say({"event": "death", "api": "pipeline", "item": name, "state": found["state"], "message": told})
    return dict(found, name=name)


def _once(user: Source, seconds: float, epochs: int, command: Callable[[str], List[str]], say: Callable[[Fact], None]) -> Fact:
    folder = tempfile.mkdtemp(prefix="kerasdiff-")
    limit = Limit(seconds)
    task = {"pipeline": user.spec, "path": user.root, "epochs": epochs, "folder": folder, "end": limit.end}
    found: Fact = {}
    begin: Fact = {}
    try:
        cookie = os.urandom(8).hex()
        process = Process(command(cookie), cookie, task)
        try:
            for frame in process.frames(limit):
                begin = frame.get("begin", begin)
                found = frame.get("value", found)
        except Death as death:
            return found or user.told(dict(begin, state=death.state, message=str(death)), user.stopped(folder))
        finally:
            process.end()
            if process.chatter:
                say({"event": "chatter", "api": "pipeline", "text": process.chatter})
        return found
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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
