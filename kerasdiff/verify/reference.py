"""References: what a model gives in one environment, recorded there, and verified in another one."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from kerasdiff.capture.interpreter import find
from kerasdiff.capture.run import Request, answer, capture
from kerasdiff.compare.engine import compare
from kerasdiff.compare.referenced import Answer, Verification, first
from kerasdiff.compare.side import Side
from kerasdiff.compare.used import Use, explaining
from kerasdiff.compare.values import same
from kerasdiff.errors import ExitStatus, KerasdiffError
from kerasdiff.fingerprint.document import UNKNOWN_STATES, VALUE
from kerasdiff.fingerprint.load import FingerprintError, write
from kerasdiff.knowledge.load import renames
from kerasdiff.releases import names
from kerasdiff.releases.shelf import Step, release, releases
from kerasdiff.text import visible
from kerasdiff.verify.archive import check
from kerasdiff.verify.run import DECLARED

if TYPE_CHECKING:
    from collections.abc import Callable

    from kerasdiff.capture.run import Event
    from kerasdiff.compare.referenced import Layer
    from kerasdiff.fingerprint.document import Fingerprint

#: What is captured of B to explain what differs.
FAMILIES = ("layers", "activations", "operations")


class ModelFailure(KerasdiffError):
    """The user's model can't be made or run, or what was given for it is bad."""

    def __init__(self, message: str, status: ExitStatus) -> None:
        super().__init__(message)
        self.status = status


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where and what is run: ``model`` and ``path`` as `Request` has them; ``timeout`` in seconds."""

    python: str | None
    model: str
    path: str
    timeout: float = 300.0


def record(place: Place, given: str | None, target: Path, *, force: bool, on_event: Callable[[Event], None]) -> dict[str, Any]:
    """Record a reference of a model to ``target``; what was written.

    Raises `KerasdiffError`.
    """
    if given is not None:
        check(given)
    if target.exists() and not force:
        message = f"{visible(str(target))}: exists already; write --force to replace it, or -o for another name"
        raise FingerprintError(message)
    with tempfile.TemporaryDirectory(prefix="kerasdiff-") as folder:
        output = Path(folder) / "reference.npz"
        task = {"do": "record", "output": str(output), "reference": given and str(Path(given).absolute())}
        _, told = _told(place, task, given, on_event)
        write(output.read_bytes(), target)
    return told


def verify(
    place: Place, file: str, tolerance: float, a: Fingerprint | None, b: Fingerprint | None, on_event: Callable[[Event], None]
) -> Verification:
    """Verify a reference in an environment; where it parts, with what explains that.

    ``a`` and ``b`` are what the environments are taken to be; else A is the shipped release that was recorded, or the nearest
    one, and B is captured. Raises `KerasdiffError`.
    """
    check(file, ("kerasdiff",))
    renamed = [[row.old, row.new] for row in renames().parameters]
    task = {"do": "verify", "reference": str(Path(file).absolute()), "tolerance": tolerance, "renames": renamed}
    built, told = _told(place, task, file, on_event)
    found = msgspec.convert(told, Answer)
    whole = Verification(file=file, environment=built, found=found, tolerance=tolerance, first=first(found, tolerance))
    if not whole.is_of_environments:
        return whole
    step = nearest(found.reference) if a is None else None
    there = a if a is not None else release(step.release) if step is not None else None
    if there is None:
        return whole
    whole = msgspec.structs.replace(whole, code=by_code(whole, Side(there, _api(found.reference, there, step))))
    if not whole.is_of_environments:
        return whole
    here = b or capture(place.python, Request(only=[*DECLARED, *FAMILIES], apis=[built["api"]]), on_event)
    return explained(whole, there, here, step)


def explained(whole: Verification, a: Fingerprint, b: Fingerprint, step: Step | None) -> Verification:
    """A verification that parts, with the divergences between the two environments that explain it."""
    assert whole.first is not None
    here = whole.environment
    api_a = _api(whole.found.reference, a, step)
    compared = compare(a, b, api_a=api_a, api_b=here["api"] if here["api"] in b.apis else None)
    layer = whole.first.layer
    restored = layer.trial is not None and layer.is_restored(whole.tolerance)
    keys = layer.trial.arguments if restored and layer.trial is not None else layer.differing
    use = Use(
        layer.uses.get("symbols", []),
        layer.uses.get("names", []),
        layer.config[0],
        frozenset(key.rpartition(".")[2] for key in keys),
    )
    known = {one.id: one for one in compared.divergences}
    causes = explaining(use, known, compared.a)
    return msgspec.structs.replace(
        whole, sides=(compared.a.sentence, compared.b.sentence), explained_by=[known[one.id] for one in causes]
    )


def _api(told: dict[str, Any], a: Fingerprint, step: Step | None) -> str | None:
    """The API of A that a reference was recorded with; None where A has none of that name."""
    return step.api if step is not None else told.get("api") if told.get("api") in a.apis else None


def by_code(whole: Verification, a: Side) -> list[str]:
    """The arguments by which the first layer parts, where the code that makes the model gives each: no default differs."""
    assert whole.first is not None
    layer = whole.first.layer
    if layer.trial is None or not layer.is_restored(whole.tolerance):
        return []
    arguments = layer.trial.arguments
    return sorted(arguments) if all(key in layer.given or not _is_default(layer, key, a) for key in arguments) else []


def _is_default(layer: Layer, key: str, a: Side) -> bool:
    """Whether a recorded argument may be A's default: also where A tells none, but of the user's own classes."""
    names = [name for symbol in layer.uses.get("symbols", []) if (name := a.canonical(symbol)) is not None]
    last = key.rpartition(".")[2]
    known = [config for name in names if last in (config := a.symbol(name).config or {})]
    if not known:
        return not layer.custom
    return any(same(config[last], layer.differing[key][0], last) for config in known)


def nearest(environment: dict[str, Any]) -> Step | None:
    """The shipped release that a reference was recorded with: of the same versions, else the nearest of its API and backend."""
    api, version, backend = (environment.get(key) for key in ("api", "version", "backend"))
    told = (version, backend, environment.get("backend_version"))
    like = []
    for name, one in releases().items():
        known = one.apis.get(str(api))
        if known is None:
            continue
        if (known.version, known.backend, known.backend_version) == told:
            return Step(release=name, api=str(api))
        if known.backend == backend:
            like.append((name, known))
    if not like or not isinstance(version, str):
        return None

    def distance(pair: Any) -> tuple[float, ...]:
        parts = [
            [int(part) for part in names.plain(text).split(".")[:3] if part.isdigit()] for text in (pair[1].version, version)
        ]
        padded = [[*part, 0, 0, 0][:3] for part in parts]
        return tuple(float(abs(one - other)) for one, other in zip(*padded, strict=True))

    return Step(release=min(like, key=distance)[0], api=str(api))


def _told(
    place: Place, task: dict[str, Any], file: str | None, on_event: Callable[[Event], None]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a task gives: of the environment, and of the model. Raises `KerasdiffError` where it can't be done."""
    request = Request(timeout=place.timeout)
    facts = answer(find(place.python), request, {**task, "model": place.model, "path": place.path}, on_event)
    for part in ("model/build", "model/answer"):
        fact = facts.get(part, {"state": "crashed", "message": "the process ended before it was done"})
        if fact["state"] == "bad":
            message = f"{visible(file or place.model, 300)}: {visible(str(fact['message']), 500)}"
            raise ModelFailure(message, ExitStatus.USAGE)
        if fact["state"] != VALUE:
            raise ModelFailure(_failure(place.model, fact), _status(fact))
    return facts["model/build"], facts["model/answer"]


def _status(fact: dict[str, Any]) -> ExitStatus:
    return ExitStatus.UNANSWERED if fact["state"] in UNKNOWN_STATES else ExitStatus.USAGE


def _failure(model: str, fact: dict[str, Any]) -> str:
    told = ": ".join(str(fact[key]) for key in ("type", "message") if fact.get(key)) or fact["state"]
    where = f" ({fact['where']})" if fact.get("where") else ""
    return f"{visible(model, 200)}: {visible(told, 500)}{visible(where, 200)}"
