"""Captures an environment: runs each API in processes of its own and joins what they say into one fingerprint."""

import os
import shutil
import tempfile
import time
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Set

from . import VERSION, apis, canonical, choice, environment, instances, packages, redact, runtime
from .errand import Errand, joined
from .measured import merge, spread
from .pipeline import supervise
from .process import Deadline, Death, Process
from .source import Source

#: What the probe sets for itself in the processes that import a framework, and why it changes no fact.
OVERRIDES = {
    "HOME": "a temporary folder holding a copy of keras.json, so that Keras writes none",
    "KERAS_HOME": "likewise, where it is set",
    "TMPDIR": "the temporary folder, which is removed with what a framework leaves there",
    "TEMP": "likewise",
    "TMP": "likewise",
    "THEANO_FLAGS": "base_compiledir in the temporary folder, no compiler, no optimizer: sooner, the same to rounding",
    "JAX_DISABLE_MOST_OPTIMIZATIONS": "1, unless it is set: the same numbers to rounding, sooner",
    "JAX_COMPILATION_CACHE_DIR": "in the temporary folder: what is compiled is kept for the next time, and not for the user",
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.01, likewise",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1, likewise",
    "PYTHONDONTWRITEBYTECODE": "no bytecode is written",
    "TF_FORCE_GPU_ALLOW_GROWTH": "true, so that a busy GPU is shared",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false, likewise",
}
#: Crashes of one API after which the rest of it is left.
MAX_RESTARTS = 25
#: Groups of items that are described twice, and what the second time is called.
AGAIN = {"instances": "again", "cases": "again-cases", "behaviour": "again-behaviour"}

#: Of these an environment has one, whichever API it is measured with.
LIBRARIES: List[str] = apis.TABLE["libraries"]


class Options(NamedTuple):
    """What to capture. ``program``: the path that runs this probe again. ``timeout``: seconds a family may take in an API.

    ``remedies``: rows of ``api``, ``subject`` and what `remedies.Remedies` knows. ``pipeline``: the user's callable that
    gives batches.
    ``model``: the task for an `errand.Errand`, where the user's model is asked for.
    """

    program: str
    families: List[str]
    apis: Optional[List[str]]
    label: Optional[str]
    timeout: float
    kerasdiff: str
    remedies: List[Dict[str, Any]] = []  # noqa: RUF012  # never changed
    pipeline: Optional[Source] = None
    model: Optional[Dict[str, Any]] = None


Say = Callable[[Dict[str, Any]], None]


class NothingToCapture(Exception):
    """The interpreter holds no Keras."""


class Supervisor:
    """One capture."""

    def __init__(self, options: Options, command: Callable[[str], List[str]], say: Say) -> None:
        self._options = options
        self._command = command
        self._say = say
        self._families: Dict[str, Dict[str, Any]] = {name: {"state": "not run"} for name in apis.FAMILIES}
        self._known: Dict[str, str] = {}
        self._libraries: Dict[str, Any] = {}
        self._around: Dict[str, Any] = {}

    def capture(self) -> Dict[str, Any]:
        """The fingerprint of this interpreter's environment.

        Raises `NothingToCapture` when it holds no API, or none of those asked for.
        """
        started = time.time()
        versions, distributions = self._host_family("packages", packages.facts, ({}, {}))
        variables = self._host_family("environment", environment.facts, {})
        names = self._names(versions, variables)
        captured = {name: self._api(name) for name in names}
        model = joined(self._options.model["model"], self.answer(self._options.model)) if self._options.model else None
        fingerprint: Dict[str, Any] = {
            "schema": "kerasdiff.fingerprint/1",
            "captured": {
                "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started)),
                "kerasdiff": self._options.kerasdiff,
                "probe": VERSION,
                "seconds": round(time.time() - started, 3),
                "overrides": OVERRIDES,
                "families": self._families,
            },
            "packages": versions,
            "distributions": distributions,
            "environment": variables,
            "runtime": self._runtime(),
            "libraries": self._around,
            "apis": captured,
        }
        if self._options.pipeline is not None:
            fingerprint["pipeline"] = supervise.facts(self._options.pipeline, self._options.timeout, self._command, self._say)
        if model is not None:
            fingerprint["model"] = model
        fingerprint["label"] = self._options.label or choice.label(fingerprint)
        cleaned: Dict[str, Any] = redact.redactor().value(fingerprint)
        cleaned["digests"] = canonical.digests(cleaned)
        return cleaned

    def answer(self, task: Dict[str, Any]) -> Dict[str, Dict[str, Any]]:
        """The facts of a task on what the user has made. Raises `NothingToCapture`."""
        names = self._names(packages.facts()[0], environment.facts())
        return Errand(task, self._options.timeout, self._say).run(self._command, names)

    def _host_family(self, name: str, facts: Callable[[], Any], nothing: Any) -> Any:
        if name not in self._options.families:
            return nothing
        started = time.time()
        found = facts()
        self._families[name] = {"state": "ok", "seconds": round(time.time() - started, 3)}
        return found

    def _names(self, versions: Dict[str, str], variables: Dict[str, str]) -> List[str]:
        present = apis.present()
        wanted = self._options.apis or present
        names = [name for name in present if name in wanted]
        if not names:
            here = "it has %s" % ", ".join(present) if present else "neither keras, tensorflow nor tf_keras can be imported"
            raise NothingToCapture("no %s here: %s" % (" or ".join(wanted) if wanted else "Keras", here))
        # The API that people use is described itself; the others refer to it where they hold the same objects.
        first = choice.preferred({name: {"version": versions.get("keras")} for name in names}, variables)
        return sorted(names, key=lambda name: (name != first, names.index(name)))

    def _runtime(self) -> Dict[str, Any]:
        if "runtime" not in self._options.families:
            return {}
        facts = runtime.machine()
        facts["libraries"] = self._libraries
        facts["devices"] = [
            dict(device, library=name)
            for name in sorted(self._libraries)
            for device in self._libraries[name].get("devices") or []
            if isinstance(device, dict)
        ]
        return facts

    def _api(self, name: str) -> Dict[str, Any]:
        wanted = [family for family in apis.PER_API if family in self._options.families and family not in self._around]
        run = ApiRun(name, wanted, self._options, self._say)
        run.complete(self._command, self._known)
        if run.libraries:
            for library, facts in run.libraries.items():
                self._libraries.setdefault(library, facts)
        self._known.update(run.identities())
        self._around.update({family: run.facts.pop(family) for family in LIBRARIES if family in run.facts})
        for family, told in run.families.items():
            joined = self._families.setdefault(family, {"state": "not run"})
            joined.setdefault("apis", {})[name] = told
            states = {part["state"] for part in joined["apis"].values()}
            joined["state"] = states.pop() if len(states) == 1 else "partial"
            joined["seconds"] = round(sum(part["seconds"] for part in joined["apis"].values()), 3)
        return run.facts


class ApiRun:
    """The capture of one API: as many processes as crashes make needed."""

    def __init__(self, name: str, families: List[str], options: Options, say: Say) -> None:
        self.name = name
        self.facts: Dict[str, Any] = {"state": "not run"}
        self.families: Dict[str, Dict[str, Any]] = {}
        self.libraries: Dict[str, Any] = {}
        self._left = families
        self._options = options
        self._say = say
        self._items: Dict[str, Dict[str, Any]] = {}
        self._spent: Dict[str, float] = {}
        self._partial: Set[str] = set()
        self._fatal: Optional[Dict[str, Any]] = None

    def complete(self, command: Callable[[str], List[str]], known: Dict[str, str]) -> None:
        """Run until every family has ended, one way or another."""
        for _ in range(MAX_RESTARTS):
            if not self._run_once(command, known):
                break
        else:
            for family in self._left:
                self._end_family(family, "crashed", "given up after %d crashes" % MAX_RESTARTS)
        for family in self._left:  # the API can't be imported
            self.families[family] = {"state": "not run", "seconds": 0.0}
        self._join()

    def _run_once(self, command: Callable[[str], List[str]], known: Dict[str, str]) -> bool:
        """One process; True when another has to do the rest."""
        folder = tempfile.mkdtemp(prefix="kerasdiff-")
        task: Dict[str, Any] = {
            "api": self.name,
            "families": self._left,
            "done": sorted(self._items),
            "known": known,
            "folder": folder,
        }
        task["remedies"] = [row for row in self._options.remedies if row.get("api") == self.name]
        try:
            cookie = os.urandom(8).hex()
            deadline = Deadline(self._options.timeout)
            return self._follow(Process(command(cookie), cookie, task), deadline)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _follow(self, process: Process, deadline: Deadline) -> bool:
        current = "import"
        try:
            for frame in process.frames(deadline):
                current = self._take(frame, current, deadline)
            return False
        except Death as death:
            self._bury(death, current, deadline)
            return self.facts["state"] == "value" and bool(self._left)
        finally:
            process.end()
            if process.chatter:
                self._say({"event": "chatter", "api": self.name, "text": process.chatter})

    def _take(self, frame: Dict[str, Any], current: str, deadline: Deadline) -> str:
        if "start" in frame:
            self._fatal = frame.get("fatal")
            family = frame.get("family")
            if family:
                deadline.start(family, self._spent.get(family, 0.0))
                self._say({"event": "family", "api": self.name, "family": family})
            else:
                deadline.item()
            return str(frame["start"])
        if frame.get("fact") == "import":
            self.facts.update(frame["value"])
            self._say({"event": "import", "api": self.name, "seconds": frame["seconds"], "facts": frame["value"]})
        elif "fact" in frame:
            self._items[frame["fact"]] = frame["value"]
            if frame.get("lost"):
                self._once(frame["fact"], frame["value"])
        elif "family" in frame:
            self._spent[frame["family"]] = self._spent.get(frame["family"], 0.0) + frame["seconds"]
            failed = frame.get("failed")
            state = "error" if failed else "partial" if frame["family"] in self._partial else "ok"
            self._end_family(frame["family"], state, failed and failed["message"])
        return current

    def _bury(self, death: Death, current: str, deadline: Deadline) -> None:
        """Mark what was under way when a process died."""
        self._say({"event": "death", "api": self.name, "item": current, "state": death.state, "message": str(death)})
        fact = {"state": death.state, "message": str(death)}
        if current == "import":
            if self.facts["state"] == "not run":
                self.facts.update(fact)
            return
        family = deadline.family
        self._spent[family] = self._spent.get(family, 0.0) + deadline.seconds
        if current == family or deadline.family_passed:
            self._end_family(family, death.state, str(death))
        if current != family and current not in self._items:  # else it died between two items
            if self._fatal is not None and death.state == "crashed":
                fact = self._fatal
            else:
                self._partial.add(family)
            self._items[current] = fact
            self._once(current, fact)

    def _once(self, item: str, fact: Dict[str, Any]) -> None:
        """What cost a process isn't done a second time: the fact stands for both runs."""
        group, slash, name = item.partition("/")
        if group in AGAIN:
            self._items[AGAIN[group] + slash + name] = fact

    def _end_family(self, family: str, state: str, message: Optional[str] = None) -> None:
        self.families[family] = {"state": state, "seconds": round(self._spent.get(family, 0.0), 3)}
        if message:
            self.families[family]["message"] = message
        self._left = [name for name in self._left if name != family]
        self._say(
            {"event": "done", "api": self.name, "family": family, "state": state, "seconds": self._spent.get(family, 0.0)}
        )

    def _join(self) -> None:
        """The items as the API's part of the fingerprint."""
        if self.facts["state"] != "value":
            return
        del self.facts["state"]
        groups: Dict[str, Dict[str, Any]] = {}
        for identifier, value in self._items.items():
            group, _, name = identifier.partition("/")
            if value.get("state") == "absent":  # as a symbol that isn't there: no entry
                continue
            groups.setdefault(group, {})[name] = value
        libraries = groups.get("runtime", {}).get("", {})
        self.libraries = {} if "state" in libraries else libraries
        symbols = {name: dict({"kind": "unknown"}, **symbol) for name, symbol in groups.get("symbols", {}).items()}
        again = groups.get("again", {})
        for name, made in groups.get("instances", {}).items():
            symbols[name].update(_made(made, again.get(name, made)))
        _join_cases(groups, symbols)
        self._join_behaviour(groups)
        self.facts["settings"] = groups.get("settings", {})
        self.facts["symbols"] = symbols
        if "remedies" in groups:
            self.facts["remedies"] = groups["remedies"]
        for name in self._partial:
            if self.families[name]["state"] == "ok":
                self.families[name]["state"] = "partial"

    def _join_behaviour(self, groups: Dict[str, Dict[str, Any]]) -> None:
        """The cases that belong to no symbol, by family and subject."""
        second = groups.get("again-behaviour", {})
        for identifier, case in groups.get("behaviour", {}).items():
            family, subject, call = identifier.split("/", 2)
            subjects = self.facts.setdefault(family, {})
            subjects.setdefault(subject, {})[call] = _measured(case, second.get(identifier, case))

    def identities(self) -> Dict[str, str]:
        """Which objects this API has described, by identity; the identities leave the facts. A method's is its name."""
        found = {}
        for name, symbol in self.facts.get("symbols", {}).items():
            full = "%s:%s" % (self.name, name)
            identity = symbol.pop("identity", None)
            if identity:
                found[identity] = full
            elif symbol["kind"] == "method" and "same_as" not in symbol:
                found[full] = full
        return found


def _join_cases(groups: Dict[str, Dict[str, Any]], symbols: Dict[str, Dict[str, Any]]) -> None:
    """Give the symbols their cases, and those without any the reason why."""
    second = groups.get("again-cases", {})
    for identifier, case in groups.get("cases", {}).items():
        name, _, call = identifier.partition("/")
        known = symbols.setdefault(name, {"kind": "measured"})
        known.setdefault("cases", {})[call] = _measured(case, second.get(identifier, case))
    for name, reason in groups.get("not_probed", {}).items():
        symbols.setdefault(name, {"kind": "measured"})["not_probed"] = reason.get("why", reason.get("message", ""))
    for name, symbol in symbols.items():
        if name.startswith("optimizers.") and "cases" in symbol:
            symbol["cases"] = spread(symbol["cases"])


def _measured(first: Dict[str, Any], second: Dict[str, Any]) -> Dict[str, Any]:
    for case in (first, second):
        if case.get("state") in ("crashed", "timeout"):
            return case
    return merge(first, second)


def _made(first: Dict[str, Any], second: Dict[str, Any]) -> Dict[str, Any]:
    for made in (first, second):
        if "instance" not in made:  # the process died of it
            return {"instance": made}
    return instances.merge(first, second)
