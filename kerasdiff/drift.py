"""Whether an environment is still what a project's baseline says: the gate, from the policy to its word."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from kerasdiff.capture.interpreter import find as find_interpreter
from kerasdiff.capture.run import Request, probe
from kerasdiff.compare.side import Side
from kerasdiff.errors import KerasdiffError
from kerasdiff.fingerprint.load import check as checked
from kerasdiff.fingerprint.load import decode, read, save
from kerasdiff.gate import baseline as baselines
from kerasdiff.gate.decide import Gate, judge
from kerasdiff.gate.locate import Locator
from kerasdiff.probe import canonical
from kerasdiff.text import visible

if TYPE_CHECKING:
    from collections.abc import Callable

    from kerasdiff.compare.engine import Comparison
    from kerasdiff.gate.policy import Policy, Source

Raw = dict[str, Any]


class BaselineError(KerasdiffError):
    """There is no baseline to compare with."""


class Drift(NamedTuple):
    """What differs from a baseline, and what the gate says of it."""

    comparison: Comparison
    gate: Gate
    locator: Locator
    baseline: Path


class Baseline(NamedTuple):
    """A baseline's file, and what waivers call it."""

    file: Path
    name: str

    def require(self) -> None:
        """Raises `BaselineError` where the file isn't there."""
        try:
            is_there = self.file.is_file()
        except OSError:  # a name that is too long for any file
            is_there = False
        if not is_there:
            message = f"{visible(str(self.file), 1000)}: no such baseline; write one with: kerasdiff check --update"
            raise BaselineError(message)


def baseline(source: Source, given: str | None = None) -> Baseline:
    """The baseline that is meant: the file ``given``, else the policy's, else the usual one."""
    file = Path(given) if given else source.baseline()
    try:
        name = file.absolute().relative_to(source.root).as_posix()
    except ValueError:  # outside the project
        name = file.as_posix()
    return Baseline(file, name)


def capture(policy: Policy, python: str | None, timeout: float, on_event: Callable[[dict[str, Any]], None]) -> Raw:
    """The facts that a policy asks for, of the environment there is.

    Raises `InterpreterError` or `CaptureError`.
    """
    request = Request(only=policy.families, apis=[policy.api] if policy.api else [], timeout=timeout)
    text = probe(find_interpreter(python), request, on_event)
    document: Raw = decode(text.encode("ascii"), "the capture")
    return document


def check(source: Source, against: Baseline, now: Raw, *, name: str = "the capture", today: dt.date | None = None) -> Drift:
    """What differs between a baseline and ``now``, the JSON of a fingerprint that errors call ``name``.

    Raises `KerasdiffError` where one of them can't be used.
    """
    against.require()
    policy = source.policy
    before, called = read(against.file)
    a, b = (_narrowed(document, policy, known_as) for document, known_as in ((before, called), (now, name)))
    day = today or dt.datetime.now(tz=dt.timezone.utc).date()
    comparison, gate = judge(a, b, policy, today=day, name=against.name)
    return Drift(comparison, gate, Locator(source, comparison, against.file), against.file)


def _narrowed(document: Any, policy: Policy, name: str) -> Any:
    """The fingerprint with the policy's families alone; what can't be used is refused before it is looked into."""
    fingerprint = checked(document, name)
    narrow = baselines.narrowed(document, policy.families)
    return fingerprint if narrow is document else checked(narrow, name)


def update(source: Source, against: Baseline, now: Raw, *, slim: bool, name: str = "the capture") -> str:
    """Make ``now`` the baseline, all or nothing, and return its text.

    Raises `KerasdiffError` where it is no fingerprint or can't be written.
    """
    fingerprint = checked(now, name)
    document = baselines.steady(now)
    if slim:
        document = baselines.slim(document, source.policy, Side(fingerprint, source.policy.api or None).api_name)
    text = canonical.document(document)
    checked(json.loads(text), name)
    save(text, against.file, force=True)
    return text
