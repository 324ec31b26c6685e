"""What is predicted of loading sample models in shipped releases, beside what happened: ``python -m tests.lab loading``.

The prediction sees the fingerprints of the writer's release and of the reader's without their family ``loading``, and the file;
the truth is what that family measured in the reader's release.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from kerasdiff.compare.engine import compare
from kerasdiff.models.load import load
from kerasdiff.releases.shelf import release, releases
from kerasdiff.scope.engine import FAILS, LOADS, OTHERWISE, scoped
from tests.lab.models import MODELS, WRITERS
from tests.models.saved import FILES, place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kerasdiff.compare.engine import Loads
    from kerasdiff.fingerprint.document import Fingerprint
    from kerasdiff.models.document import SavedModel

#: The shipped release that stands for a writer, where its environment isn't one.
NEAREST = {
    "keras-2.2.4": ("keras-2.2.4+tensorflow-1.12.3", "keras"),
    "tf.keras-1.15": ("keras-2.3.1+tensorflow-1.15.5", "tf.keras"),
}
#: Models of mixed precision, beside the matrix: which environments load them was tried by hand.
MIXED = {f"mixed/{path.name}": path for path in sorted((MODELS.parent / "mixed").iterdir())}
#: How far predictions may be apart, over the largest: the noise of other builds is below, the smallest change seen 3e-4.
TOLERANCE = 2e-5


class Outcome(NamedTuple):
    """A file in a release: what was predicted, and what was measured."""

    file: str
    reader: str
    predicted: str
    measured: str
    told: str
    """The error or the size of the difference that was measured."""
    why: tuple[str, ...]
    """Ids of the reasons for the prediction."""

    @property
    def is_right(self) -> bool:
        """Whether it happened as predicted."""
        return self.predicted == self.measured


def outcomes(names: Iterable[str] | None = None, files: Iterable[str] | None = None) -> Iterator[Outcome]:
    """Every file in every release of ``names`` (all) that measured it, one after the other."""
    chosen = sorted(FILES if files is None else files)
    for name in releases() if names is None else names:
        fingerprint = release(name)
        for api, implementation in sorted(fingerprint.apis.items()):
            if implementation.loading:
                yield from _of(f"{name} {api}" if len(fingerprint.apis) > 1 else name, name, api, chosen)


def _of(reader: str, name: str, api: str, files: list[str]) -> Iterator[Outcome]:
    loading, b = release(name).apis[api].loading, without(name)
    for writer in WRITERS:
        a, own = NEAREST.get(writer, WRITERS[writer])
        compared = compare(without(a), b, api_a=own, api_b=api)
        for file in files:
            fact = _fact(loading, file) if file.startswith(f"{writer}/") else None
            if fact is None:
                continue
            measured, told = truth(fact, file)
            predicted: Loads | None = scoped(compared, model(file)).model
            assert predicted is not None
            yield Outcome(file, reader, predicted.verdict, measured, told, tuple(predicted.reasons))


@cache
def without(name: str) -> Fingerprint:
    """The fingerprint of a release, as if nothing were known of loading."""
    fingerprint = release(name)
    apis = {name: msgspec.structs.replace(api, loading={}) for name, api in fingerprint.apis.items()}
    return msgspec.structs.replace(fingerprint, apis=apis)


def _fact(loading: dict[str, dict[str, Any]], file: str) -> dict[str, Any] | None:
    """What was measured of a file, loaded without options."""
    writer, _, name = file.partition("/")
    call = f"{name.removesuffix('.zip')}@{writer}"
    found = next((cases[call] for cases in loading.values() if call in cases), None)
    return found["restored"] if found is not None and "restored" in found else None


def truth(fact: dict[str, Any], file: str) -> tuple[str, str]:
    """What became of a file, and what is told of it."""
    if fact["state"] != "value":
        return FAILS, f"{fact.get('type', fact['state'])}: {fact.get('message', '')}"
    expected, given = FILES[file]["predicts"], fact.get("values", [])
    if expected is None:
        return LOADS, ""
    off = max((abs(one - other) for one, other in zip(expected, given, strict=True)), default=0.0)
    scaled = off / max(map(abs, expected))
    return (LOADS if scaled <= TOLERANCE else OTHERWISE), f"{scaled:.1g} off"


@cache
def model(file: str) -> SavedModel:
    """The document of a sample file; of what is a folder, unpacked for the time of reading it."""
    if file in MIXED:
        return load(MIXED[file])
    with tempfile.TemporaryDirectory() as folder:
        return msgspec.structs.replace(load(place(file, Path(folder))), file=str(MODELS / file))


def table(found: Iterable[Outcome]) -> Iterator[str]:
    """The figures by what was measured, and each miss, as Markdown."""
    every = list(found)
    counts = Counter((one.measured, one.predicted) for one in every)
    right = sum(one.is_right for one in every)
    yield f"{right} of {len(every)} right, {100 * right / max(1, len(every)):.2f} %"
    yield ""
    yield "| measured | predicted to load | to predict otherwise | to fail |"
    yield "| --- | --- | --- | --- |"
    for measured in (LOADS, OTHERWISE, FAILS):
        yield f"| {measured} | " + " | ".join(str(counts[measured, one]) for one in (LOADS, OTHERWISE, FAILS)) + " |"
    misses = [one for one in every if not one.is_right]
    grouped: dict[tuple[str, ...], list[str]] = {}
    for one in misses:
        grouped.setdefault((one.file, one.measured, one.predicted, one.told[:100], ", ".join(one.why[:3])), []).append(
            one.reader
        )
    if misses:
        yield ""
        yield "| file | in | measured | predicted | told | since |"
        yield "| --- | --- | --- | --- | --- | --- |"
    for (file, *facts), readers in sorted(grouped.items()):
        yield f"| {file} | {', '.join(readers)} | {' | '.join(fact.replace('|', '/') for fact in facts)} |"
