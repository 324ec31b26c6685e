"""Captures the sides of a casebook's pairs and compares them, each step on its own, so that a run can be resumed.

A folder holds ``fingerprints/<side>.json.gz`` and ``reports/<pair>.json``.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kerasdiff.capture.export import export
from kerasdiff.cli import run as kerasdiff
from kerasdiff.errors import ExitStatus, KerasdiffError
from kerasdiff.fingerprint.load import load
from kerasdiff.probe import data
from tests.lab import builder
from tests.lab.capture import capture_built
from tests.lab.data import LabError, find

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.casebook.book import Pair, Side

#: What the capture of a side may take, in seconds: kerasdiff ends a family that hangs, so this ends a kerasdiff that does.
PATIENCE = 3600


def cache(environments: Iterable[str]) -> Path:
    """The folder for what today's probe captures of these environments, next to the lab's.

    Another probe or another pin gives another folder: what is found there can be reused without a doubt.
    """
    probe = io.BytesIO()
    export(probe)
    edition = hashlib.sha256(probe.getvalue())
    for name in sorted(set(environments)):
        with contextlib.suppress(LabError):  # a run tells it
            edition.update(find(name).digest.encode())
    lab = builder.folder()
    return lab.with_name(f"{lab.name}-casebook") / edition.hexdigest()[:12]


def sides_by_environment(pairs: Iterable[Pair]) -> dict[str, list[Side]]:
    """Each side once, those of an environment together: then it is built once, and done with after its last one."""
    found: dict[str, list[Side]] = {}
    for pair in pairs:
        for side in (pair.a, pair.b):
            sides = found.setdefault(side.environment, [])
            if side not in sides:
                sides.append(side)
    return found


def furnish(home: Path, side: Side) -> None:
    """Put the side's ``keras.json``, if it has one, where Keras looks while ``KERAS_HOME`` isn't set."""
    if side.keras_json is not None:
        folder = home / ".keras"
        folder.mkdir()
        (folder / "keras.json").write_text(side.keras_json, encoding="utf-8")


def without_choices(built: builder.Built) -> builder.Built:
    """The environment without the lab's variables that reach results: a side says itself which are set."""
    reaching = set(data.load("variables.json")["names"])
    return replace(built, variables={name: value for name, value in built.variables.items() if name not in reaching})


@dataclass
class Run:
    """One run over some pairs. Errors are told and kept; what doesn't need the thing that failed goes on."""

    folder: Path
    reuse: bool = False
    """Keep the fingerprints that are there."""
    remove: bool = False
    """Delete an environment after its last capture."""
    tell: Callable[[str], None] = print
    errors: list[str] = field(default_factory=list)
    apis: dict[Side, set[str]] = field(default_factory=dict)
    """The APIs of each side that pairs compare: no others are captured."""

    @property
    def reports(self) -> Path:
        """Where the reports are."""
        return self.folder / "reports"

    def fingerprint(self, side: Side) -> Path:
        """The file of a side's fingerprint."""
        return self.folder / "fingerprints" / f"{side.key}.json.gz"

    def pairs(self, pairs: list[Pair]) -> None:
        """Capture what the pairs need, then compare them. A report that can't be made anew is gone."""
        self.reports.mkdir(parents=True, exist_ok=True)
        for pair in pairs:
            self._report(pair).unlink(missing_ok=True)
        for pair in pairs:
            self.apis.setdefault(pair.a, set()).add(pair.api_a)
            self.apis.setdefault(pair.b, set()).add(pair.api_b)
        wanted = sides_by_environment(pairs)
        missing = {environment: self.missing(sides) for environment, sides in wanted.items()}
        count = sum(map(len, missing.values()))
        self.tell(f"{len(pairs)} pairs, {sum(map(len, wanted.values()))} sides, {count} of them to capture, in {self.folder}")
        done = 0
        for environment, sides in missing.items():
            if sides:
                self._capture(environment, {side: f"[{done + number}/{count}]" for number, side in enumerate(sides, 1)})
            done += len(sides)
        for number, pair in enumerate(pairs, 1):
            self._compare(pair, f"[{number}/{len(pairs)}]")

    def missing(self, sides: list[Side]) -> list[Side]:
        """The sides to capture: all, or, where fingerprints are reused, those whose file can't be."""
        return [side for side in sides if not (self.reuse and self._is_whole(side))]

    def _is_whole(self, side: Side) -> bool:
        try:
            return self.apis.get(side, set()) <= load(self.fingerprint(side)).apis.keys()
        except KerasdiffError:
            return False

    def _capture(self, environment: str, steps: dict[Side, str]) -> None:
        """Build an environment, capture its sides, each with how its step is called, and remove it if asked to."""
        step = next(iter(steps.values()))
        for side in steps:  # an old file must not stand in for a capture that fails
            self.fingerprint(side).unlink(missing_ok=True)
        try:
            if not builder.is_built(find(environment)):
                self.tell(f"{step} {environment}: building")
            built = without_choices(builder.build(environment))
        except (LabError, OSError) as error:
            self._fail(f"{step} {error}")
        else:
            for side, step in steps.items():
                self._capture_side(built, side, step)
        if self.remove:
            self._remove(environment, step)

    def _capture_side(self, built: builder.Built, side: Side, step: str) -> None:
        started = time.monotonic()
        target = self.fingerprint(side)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with tempfile.TemporaryDirectory() as home:
                furnish(Path(home), side)
                apis = [f"--api={api}" for api in sorted(self.apis[side])]
                capture_built(built, Path(home), target, *apis, variables=dict(side.variables), patience=PATIENCE)
        except (RuntimeError, OSError) as error:
            self._fail(f"{step} {side.key}: {error}")
        else:
            self.tell(f"{step} {side.key}: captured, {time.monotonic() - started:.0f} s")

    def _remove(self, environment: str, step: str) -> None:
        try:
            builder.remove(environment)
        except (LabError, OSError) as error:
            self._fail(f"{step} {environment}: not removed: {error}")
        else:
            self.tell(f"{step} {environment}: removed")

    def _compare(self, pair: Pair, step: str) -> None:
        absent = [side.key for side in (pair.a, pair.b) if not self.fingerprint(side).exists()]
        if absent:
            self._fail(f"{step} {pair.key}: not compared, without {' and '.join(dict.fromkeys(absent))}")
            return
        a, b = str(self.fingerprint(pair.a)), str(self.fingerprint(pair.b))
        apis = ["--api-a", pair.api_a, "--api-b", pair.api_b]
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            status = kerasdiff(["compare", a, b, *apis, "--format", "json", "-o", str(self._report(pair))])
        # A gate that fails, or that facts are missing for, is what a casebook is about; only no report is an error.
        if status == ExitStatus.INTERRUPTED:
            raise KeyboardInterrupt
        if self._report(pair).exists():
            self.tell(f"{step} {pair.key}: compared")
        else:
            self._fail(f"{step} {pair.key}: {said.getvalue().strip()}")

    def _report(self, pair: Pair) -> Path:
        return self.reports / f"{pair.key}.json"

    def _fail(self, message: str) -> None:
        self.errors.append(message)
        self.tell(message)
