"""Whether an environment is still what a project's baseline says: the gate, from the policy to its word."""

from __future__ import annotations

import datetime as dt
import json
import os
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from kerasdiff.capture.interpreter import find as find_interpreter
from kerasdiff.capture.run import Request, probe
from kerasdiff.compare.choose import strangers
from kerasdiff.compare.side import ApiError, default_api
from kerasdiff.errors import ExitStatus, KerasdiffError
from kerasdiff.fingerprint.document import VALUE
from kerasdiff.fingerprint.load import check as checked
from kerasdiff.fingerprint.load import decode, read, save
from kerasdiff.fingerprint.pipeline import failure
from kerasdiff.gate import baseline as baselines
from kerasdiff.gate.decide import Gate, judge
from kerasdiff.gate.locate import Locator
from kerasdiff.probe import canonical
from kerasdiff.releases import names, shelf
from kerasdiff.text import listed, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kerasdiff.compare.engine import Comparison
    from kerasdiff.fingerprint.document import Fingerprint
    from kerasdiff.gate.policy import Policy, Source, Waiver
    from kerasdiff.releases.shelf import Step

Raw = dict[str, Any]


class BaselineError(KerasdiffError):
    """There is no baseline to compare with, or none that knows what is asked for."""

    def __init__(self, message: str, *, status: ExitStatus = ExitStatus.USAGE) -> None:
        super().__init__(message)
        self.status = status


class Drift(NamedTuple):
    """What differs from a baseline, and what the gate says of it."""

    comparison: Comparison
    gate: Gate
    locator: Locator
    baseline: Path


class Now(NamedTuple):
    """What is there now: the JSON of its fingerprint, and what errors call it."""

    document: Raw
    name: str = "the capture"
    release: Step | None = None
    """The shipped release that it is."""


class Baseline(NamedTuple):
    """A baseline's file, and what waivers call it."""

    file: Path
    name: str
    release: Step | None = None
    """The shipped release that it is."""

    def require(self) -> None:
        """Raises `BaselineError` where the file isn't there."""
        try:
            is_there = self.file.is_file()
        except OSError:  # a name that is too long for any file
            is_there = False
        if not is_there:
            message = f"{visible(str(self.file), 1000)}: no such baseline; write one with: kerasdiff check --update"
            raise BaselineError(message)

    def require_own(self) -> None:
        """Raises `BaselineError` where it is no file of the project's."""
        if self.release is not None:
            message = f"{self.name}: is a shipped release, and stays as it is; name a file: kerasdiff check FILE --update"
            raise BaselineError(message)


def baseline(source: Source, given: str | None = None) -> Baseline:
    """The baseline that is meant: ``given``, else the policy's, else the usual one; a file, or a shipped release.

    Raises `BaselineError` where a name is empty, as an unset variable of a script, `ReleaseError` where no release is named so.
    """
    if given == "":
        message = "the name of the baseline is empty; leave it out for the policy's"
        raise BaselineError(message)
    text = source.policy.baseline if given is None else given
    if names.is_name(text):
        step = names.find(text)
        return Baseline(shelf.file(step.release), names.name(step), step)
    file = source.baseline() if given is None else Path(given)
    return Baseline(file, _named(file, source))


def _named(file: Path, source: Source) -> str:
    """A file as waivers call it, however it was reached: by its path from the project's folder, where it is inside."""
    place = Path(os.path.realpath(file))
    root = Path(os.path.realpath(source.root))
    return place.relative_to(root).as_posix() if place.is_relative_to(root) else place.as_posix()


def is_about(waiver: Waiver, against: Baseline, source: Source) -> bool:
    """Whether a waiver is about a baseline."""
    said = waiver.baseline or source.policy.baseline
    if names.is_name(said):
        try:
            return against.name == names.name(names.find(said))
        except names.ReleaseError:  # a release that this kerasdiff no longer ships, or not yet
            return False
    return against.name == _named(source.root / said if said else source.baseline(), source)


def elsewhere(text: str) -> Now:
    """What was captured elsewhere: the file of a fingerprint, or a shipped release by its name.

    Raises `FingerprintError` or `ReleaseError`.
    """
    if names.is_name(text):
        step = names.find(text)
        return Now(read(shelf.file(step.release))[0], names.name(step), step)
    return Now(*read(text))


def capture(policy: Policy, python: str | None, asked: Request, on_event: Callable[[dict[str, Any]], None]) -> Now:
    """The facts that a policy asks for, of the environment there is, and what else is asked for: the user's own.

    Raises `InterpreterError` or `CaptureError`.
    """
    request = msgspec.structs.replace(asked, only=policy.captured, apis=[policy.api] if policy.api else [])
    text = probe(find_interpreter(python), request, on_event)
    return Now(decode(text.encode("ascii"), "the capture"))


def check(source: Source, against: Baseline, now: Now, *, today: dt.date | None = None) -> Drift:
    """What differs between a baseline and what is there now.

    Raises `KerasdiffError` where one of them can't be used, or where the policy is about what neither has.
    """
    against.require()
    policy = source.policy
    before, called = read(against.file)
    a, b = (_narrowed(document, policy, known_as) for document, known_as in ((before, called), now[:2]))
    apis: tuple[str | None, str | None] = (None, None)
    if against.release is not None:
        a, apis = baselines.moved(a, b), _apis(against.release, a, b)
    if now.release is not None:
        b, apis = baselines.moved(b, a), (apis[0], now.release.api)
    slimmed = a.captured.slim
    if slimmed is not None and not baselines.covers(slimmed, policy):
        what = "is slim, made for another scope than the policy's"
        message = f"{visible(called)}: {what}; make it again where the code works: kerasdiff check --update --slim"
        raise BaselineError(message, status=ExitStatus.UNANSWERED)
    day = today or dt.datetime.now(tz=dt.timezone.utc).date()
    try:
        comparison, gate = judge(a, b, policy, today=day, apis=apis, is_about=lambda waiver: is_about(waiver, against, source))
    except ApiError as error:
        message = f"{str(error).rpartition(':')[0]}: change api in the policy"
        raise ApiError(message) from error
    _refuse_strangers(source, comparison)
    place = against.file if against.release is None else None
    return Drift(comparison, gate, Locator(source, comparison, place), against.file)


def _apis(release: Step, baseline: Fingerprint, now: Fingerprint) -> tuple[str, str | None]:
    """The API that a release's name implies; of what is there now too, where it isn't the one that people use with it."""
    is_usual = release.api == default_api(baseline)
    return release.api, release.api if release.api in now.apis and not is_usual else None


def _narrowed(document: Any, policy: Policy, name: str) -> Fingerprint:
    """The fingerprint with the policy's families alone; what can't be used is refused before it is looked into."""
    fingerprint = checked(document, name)
    narrow = baselines.narrowed(document, policy.captured)
    return fingerprint if narrow is document else checked(narrow, name)


def _refuse_strangers(source: Source, comparison: Comparison) -> None:
    """Raises `PolicyError` for patterns that nothing fits: misspelt, they would let everything pass for ever."""
    for pattern in strangers(comparison, source.policy.only):
        source.refuse(f"only: {pattern!r} fits nothing in {comparison.a.fingerprint.label}; is it misspelt?", "only")
    installed = comparison.a.fingerprint.packages.keys() | comparison.b.fingerprint.packages.keys()
    for pattern in source.policy.effects:
        group, _, name = pattern.partition(".")
        if group == "packages" and installed and not any(fnmatchcase(package, name) for package in installed):
            source.refuse(f"effects: {pattern!r} is installed on neither side; is it misspelt?", "effects", pattern)


def update(source: Source, against: Baseline, now: Now, *, slim: bool) -> str:
    """Make ``now`` the baseline, all or nothing, and return its text.

    Raises `KerasdiffError` where it is no fingerprint, where something in it is unknown that the policy gates on, where the
    user's own model or pipeline in it has failed, or where it can't be written.
    """
    against.require_own()
    fingerprint = _narrowed(now.document, source.policy, now.name)
    for failed in _failed(fingerprint):
        message = f"{now.name}: not made the baseline: {visible(failed, 1000)}; mend it where the code works, then update"
        raise BaselineError(message, status=ExitStatus.UNANSWERED)
    day = dt.datetime.now(tz=dt.timezone.utc).date()
    comparison, _ = judge(fingerprint, fingerprint, source.policy, today=day)
    _refuse_strangers(source, comparison)
    if comparison.not_comparable:
        ids = visible(listed([one.id for one in comparison.not_comparable], 4))
        message = f"{now.name}: not made the baseline, for what the gate needs is unknown: {ids}; capture again, or ignore it"
        raise BaselineError(message, status=ExitStatus.UNANSWERED)
    document = baselines.steady(now.document)
    if slim:
        document = baselines.slim(document, source.policy, comparison.a.api_name)
    text = canonical.document(document)
    checked(json.loads(text), now.name)
    save(text, against.file, force=True)
    return text


def _failed(fingerprint: Fingerprint) -> Iterator[str]:
    """What of the user's own has no value, and why: as a baseline it would say that anything is well."""
    model, pipeline = fingerprint.model, fingerprint.pipeline
    if model is not None and model.state != VALUE:
        yield f"the model {model.source} fails: {model.failure}"
    if pipeline is not None and pipeline.state != VALUE:
        yield f"the pipeline {pipeline.name} fails: {failure(pipeline)}"
