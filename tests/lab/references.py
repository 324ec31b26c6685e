"""The models of examples/reference recorded and verified in real environments: ``python -m tests.lab references``.

What the probe answers is kept for the quick tests, and what people read beside the examples.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from kerasdiff.compare.referenced import Answer, Verification, first
from kerasdiff.releases import names
from kerasdiff.releases.shelf import release
from kerasdiff.report.referenced import as_text
from kerasdiff.verify.reference import explained, nearest
from tests.lab.builder import Built, LabError, build
from tests.lab.capture import run
from tests.lab.data import find

if TYPE_CHECKING:
    import subprocess

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "reference"
DATA = ROOT / "tests" / "data" / "own"
#: The environments: their names in the lab, and what variables they need here.
PLACES: dict[str, tuple[str, dict[str, str]]] = {
    "keras 2.3.1": ("keras-2.3.1+tensorflow-1.15.5", {}),
    "tensorflow 1.15": ("keras-2.3.1+tensorflow-1.15.5", {"NETS": "tensorflow"}),
    "tensorflow 2.3": ("tensorflow-2.3.4", {}),
    "tensorflow 2.15": ("tensorflow-2.15.1", {}),
    "keras 3": ("keras-3.15.1+tensorflow-2.21.0", {"KERAS_BACKEND": "tensorflow"}),
    "jax": ("keras-3.15.1+jax-0.12", {"KERAS_BACKEND": "jax"}),
}
#: What B is for an explanation: the shipped release of the environment.
RELEASES = {"tensorflow 2.3": "tensorflow==2.3", "keras 3": "keras==3.15", "jax": "keras==3.15+jax"}
#: The versions of their backends.
VERSIONS = {"tensorflow 2.3": ("2.3.4",), "keras 3": ("2.21.0",), "jax": ("0.12.0", "0.12.0.1")}


class Move(NamedTuple):
    """A model of the examples on its way from one environment to another one, and what is to be found there.

    ``first`` and ``rule``: where it parts, and why; nothing where it holds. ``after``: the model with the remedy.
    """

    model: str
    a: str
    b: str
    first: str = ""
    rule: str = ""
    after: str = ""

    @property
    def name(self) -> str:
        """A name fit for a file."""
        return f"{self.model}-{self.a}-{self.b}".replace(" ", "-")


MOVES = [
    Move("cnn", "keras 2.3.1", "tensorflow 2.3", "enlarge", "KD178", "cnn_2_3"),
    Move("text", "keras 2.3.1", "tensorflow 2.3", "gru", "KD124", "text_2_3"),
    Move("custom", "keras 2.3.1", "tensorflow 2.3", "enlarge", "KD178", "custom_2_3"),
    Move("cnn", "tensorflow 1.15", "tensorflow 2.3"),
    Move("text", "tensorflow 1.15", "tensorflow 2.3", "lstm", "KD122", "text_2_3_from_tf"),
    Move("custom", "tensorflow 1.15", "tensorflow 2.3"),
    Move("cnn", "tensorflow 2.15", "keras 3", "gate", "KD347", "cnn_3"),
    Move("text", "tensorflow 2.15", "keras 3", "gru", "KD347", "text_3"),
    Move("custom", "tensorflow 2.15", "keras 3", "gate", "KD347", "custom_3"),
    Move("cnn", "tensorflow 2.15", "jax", "gate", "KD347", "cnn_3"),
    Move("text", "tensorflow 2.15", "jax", "gru", "KD347", "text_3"),
    Move("custom", "tensorflow 2.15", "jax", "gate", "KD347", "custom_3"),
    Move("cnn", "keras 3", "jax"),
    Move("text", "keras 3", "jax"),
    Move("custom", "keras 3", "jax"),
]


#: The models whose facts are kept.
OWN = [("text", "tensorflow 1.15"), ("text", "tensorflow 2.3"), ("custom", "tensorflow 2.15"), ("custom", "keras 3")]


def kerasdiff(place: str, home: Path, *arguments: str, model: str) -> subprocess.CompletedProcess[str]:
    """Run ``kerasdiff`` with a model of the examples in an environment, whose process it is."""
    name, variables = PLACES[place]
    built = build(find(name).name)
    more = ("--model", model, "--path", str(EXAMPLE), "--python", str(built.python))
    return run(_with(built, variables), home, *arguments, *more)


def _with(built: Built, variables: dict[str, str]) -> Built:
    return Built(built.root, built.python, {**built.variables, **variables})


def record(model: str, place: str, target: Path, home: Path) -> None:
    """Record a model of the examples.

    Raises `LabError`.
    """
    done = kerasdiff(place, home, "reference", "record", "-o", str(target), "--force", model=f"before:{model}")
    if done.returncode:
        message = f"{model} in {place}: {done.stderr.strip()}"
        raise LabError(message)


def verify(move: Move, model: str, reference: Path, home: Path) -> tuple[int, dict[str, Any]]:
    """The exit status, and the report, of verifying a reference with a model of the examples.

    Raises `LabError`.
    """
    options = ("--format", "json", "--b", RELEASES[move.b])
    done = kerasdiff(move.b, home, "reference", "verify", str(reference), *options, model=model)
    if done.returncode not in (0, 1):
        message = f"{model} in {move.b}: {done.stderr.strip()}"
        raise LabError(message)
    return done.returncode, json.loads(done.stdout)


def again(report: dict[str, Any]) -> Verification:
    """The verification of a report in JSON, explained anew by the shipped releases."""
    parts = {key: report[key] for key in ("outputs", "counts", "layers", "calls", "left_out")}
    told = {key: value for key, value in report["reference"].items() if key != "file"}
    found = msgspec.convert({**parts, "reference": told}, Answer)
    whole = Verification(
        file=report["reference"]["file"],
        environment=report["environment"],
        found=found,
        tolerance=report["tolerance"],
        first=first(found, report["tolerance"]),
    )
    step = nearest(told)
    there = next(RELEASES[place] for place in RELEASES if report["environment"]["backend_version"] in VERSIONS[place])
    assert step is not None
    return explained(whole, release(step.release), release(names.find(there).release), step)


def facts(model: str, place: str, home: Path) -> dict[str, Any]:
    """The facts of a model of the examples, as they stand in a fingerprint.

    Raises `LabError`.
    """
    target = home / "captured.json"
    options = ("--only", "environment", "--force", "-o", str(target))
    done = kerasdiff(place, home, "capture", *options, model=f"before:{model}")
    if done.returncode:
        message = f"{model} in {place}: {done.stderr.strip()}"
        raise LabError(message)
    found: dict[str, Any] = json.loads(target.read_text("utf-8"))["model"]
    return found


def save() -> None:
    """Record and verify all that parts, and keep what the quick tests and readers need.

    Raises `LabError`.
    """
    DATA.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for move in filter(lambda move: move.first, MOVES):
            reference = Path(folder) / f"{move.model}-{move.a.replace(' ', '-')}.npz"
            if not reference.exists():
                record(move.model, move.a, reference, Path(folder))
            _, report = verify(move, f"before:{move.model}", reference, Path(folder))
            report["reference"]["file"] = reference.name
            (DATA / f"{move.name}.json").write_text(json.dumps(report, indent=1, sort_keys=True) + "\n", encoding="utf-8")
            (EXAMPLE / f"{move.name}.txt").write_text(as_text(again(report), verbose=False), encoding="utf-8")
            if move.model == "text":
                (DATA / reference.name).write_bytes(reference.read_bytes())
        for model, place in OWN:
            found = json.dumps(facts(model, place, Path(folder)), indent=1, sort_keys=True)
            (DATA / f"{model}-{place.replace(' ', '-')}.model.json").write_text(found + "\n", encoding="utf-8")
