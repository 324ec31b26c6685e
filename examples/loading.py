"""Writes loading.md: which release loads the models that another one has saved.

    python examples/loading.py > examples/loading.md

Measured by every capture: small models that ten generations of Keras have saved are loaded, and asked for predictions. Read
from the shipped fingerprints: nothing in the page is written by hand.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from kerasdiff.probe import data
from kerasdiff.releases.shelf import lines, release
from kerasdiff.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kerasdiff.releases.shelf import Step

#: What a release may be off from what the writer predicted, of its largest number.
TOLERANCE = 1e-5
#: The ways of saving, and what they are called.
FORMATS = {
    "h5": 'HDF5 (`model.save("model.h5")`)',
    "keras": "`.keras`",
    "saved_model": "SavedModel folders",
    "weights.h5": 'Weights in HDF5 (`model.save_weights("model.weights.h5")`)',
    "ckpt": "TensorFlow checkpoints of weights",
}  # fmt: skip
#: What a release says when it fails, told at most.
REASONS = 12


class Outcome(NamedTuple):
    """What became of a file: ``same``, ``other`` predictions, or ``fails``, and how."""

    file: str
    writer: str
    word: str
    how: str = ""


def main() -> None:
    """Print the page."""
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # it is a text stream
    sys.stdout.write("\n".join(page()) + "\n")


def page() -> Iterator[str]:
    """The lines of the page."""
    readers = {step: list(outcomes(step)) for line in lines().values() for step in line}
    writers = sorted({one.writer for found in readers.values() for one in found}, key=age)
    yield "# Saved models, loaded elsewhere"
    yield ""
    yield "Small models that each of the releases at the top has saved, loaded in each release at the left: how many of them"
    yield "load and predict what they did (within 1e-5 of the largest number), and which predict *other* numbers. All that is"
    yield "not counted fails. Nothing is passed but the file, and the class of a custom layer. Made by [loading.py](loading.py)"
    yield "from the shipped fingerprints. `kerasdiff show tensorflow==2.15 'saving.load_*'` tells all of one release,"
    yield "`kerasdiff compare A B --model FILE` foretells it for a model of your own."
    for form, title in FORMATS.items():
        yield ""
        yield f"## {title}"
        yield ""
        saved = {writer for found in readers.values() for writer in {one.writer for one in found if is_in(one, form)}}
        columns = [writer for writer in writers if writer in saved]
        yield f"| loaded in | {' | '.join(columns)} |"
        yield f"| --- |{' --- |' * len(columns)}"
        for step, found in readers.items():
            cells = [cell([one for one in found if one.writer == writer and is_in(one, form)]) for writer in columns]
            yield f"| {name(step)} | {' | '.join(cells)} |"
    yield ""
    yield "## Why files fail"
    yield ""
    yield "What most often stands in the way, with the digits left out, and in how many releases it does."
    yield ""
    yield "| what is raised | files | releases |"
    yield "| --- | ---: | ---: |"
    reasons: dict[str, list[tuple[Step, str]]] = defaultdict(list)
    for step, found in readers.items():
        for one in found:
            if one.word == "fails":
                reasons[one.how].append((step, f"{one.file}@{one.writer}"))
    for how, places in sorted(reasons.items(), key=lambda pair: (-len(pair[1]), pair[0]))[:REASONS]:
        files = {file for _, file in places}
        yield f"| {how} | {len(files)} | {len({step for step, _ in places})} |"


def age(writer: str) -> tuple[bool, bool, list[int]]:
    """Orders writers as they came: Keras 1 and 2, tf.keras, Keras 3."""
    api, _, version = writer.rpartition("-")
    numbers = [int(part) for part in version.split(".")]
    return api == "keras" and numbers[0] > 2, api == "tf.keras", numbers


def outcomes(step: Step) -> Iterator[Outcome]:
    """What became of every file in a release, loaded as it is."""
    fingerprint = release(step.release)
    api = fingerprint.apis[step.api]
    model = api.symbols.get("models.Model")
    other = fingerprint.apis.get((model.same_as if model and model.same_as else "").partition(":")[0], api)
    predicted: dict[str, list[float]] = data.load("saved.json")
    for cases in (api.loading or other.loading).values():
        for call, case in cases.items():
            if call in predicted:
                file, _, writer = call.partition("@")
                yield Outcome(file, writer, *outcome(case["restored"], predicted[call]))


def outcome(fact: dict[str, Any], predicted: list[float]) -> tuple[str, str]:
    """What a fact says, against what was predicted before."""
    if fact["state"] != "value":
        message = fact.get("message", "").replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")
        return "fails", f"{fact.get('type', fact['state'])}: {message}"
    if any(isinstance(number, str) for number in fact["values"]):
        return "other", ""
    off = max(abs(number - before) for number, before in zip(fact["values"], predicted, strict=True))
    return "same" if off <= TOLERANCE * max(map(abs, predicted)) else "other", ""


def is_in(one: Outcome, form: str) -> bool:
    """Whether a file is of a format."""
    return one.file.partition(".")[2] == form


def cell(found: list[Outcome]) -> str:
    """How many files load, of how many."""
    if not found:
        return ""
    counts = Counter(one.word for one in found)
    others = sorted(one.file.partition(".")[0] for one in found if one.word == "other")
    more = f"; other: {listed(others, None)}" if others else ""
    every = "all" if counts["same"] == len(found) else f"{counts['same']} of {len(found)}" if counts["same"] else "none"
    return f"{every}{more}"


def name(step: Step) -> str:
    """A release as people call it."""
    api = release(step.release).apis[step.api]
    if step.api == "tf.keras":
        return f"tf.keras {api.backend_version}"
    return f"{step.api} {api.version} on {api.backend}"


if __name__ == "__main__":
    main()
