"""Makes the shipped collection: each release built, captured twice, and kept where the two captures agree."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from kerasdiff.compare.engine import compare
from kerasdiff.fingerprint.load import load, read, save, write
from kerasdiff.probe import canonical
from tests.lab import builder
from tests.lab.capture import capture_built
from tests.lab.data import LabError, find

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DATA = Path(__file__).with_name("releases.yaml")
FOLDER = Path(__file__).parents[2] / "kerasdiff" / "releases"
MANIFEST = FOLDER / "manifest.json"
#: Seconds for a capture: Keras on TensorFlow 1 with two APIs takes five minutes beside other work.
PATIENCE = 3000

#: What is captured with some families alone, to tell whether an environment is still the same.
DECLARING = ("environment", "packages", "runtime", "settings", "symbols")

#: The packages that have to be the same then.
DECIDING = (
    "h5py",
    "jax",
    "jaxlib",
    "keras",
    "numpy",
    "openvino",
    "scipy",
    "tensorflow",
    "tensorflow-cpu",
    "tf-keras",
    "theano",
    "torch",
)

#: What a fact is whose case has crashed: on OpenVINO some do in one capture, and not in another.
LOST = "lost"
#: What two captures of one environment may differ in: races that one of them lost, and what it has lost to a crash.
ALIKE = ("reproducibility", "info", LOST)

_lock = threading.Lock()


class DisagreementError(LabError):
    """Two captures of one environment differ."""


@dataclass(frozen=True)
class Outcome:
    """What became of a release."""

    name: str
    problem: str | None


def names() -> list[str]:
    """The releases of the collection, in the order of the data."""
    return list(_data()["releases"])


@dataclass(frozen=True)
class How:
    """How the collection is made."""

    jobs: int = 1
    again: bool = False
    """Make also what is made already."""
    confirm: bool = False
    """Capture what is made already once more, as if that were the second time."""
    keep: bool = False
    """Leave the environments."""
    families: tuple[str, ...] = ()
    """Add these to what is made already, where all that is declared there is still the same."""


def make(chosen: Sequence[str], how: How, say: Callable[[str], None]) -> list[Outcome]:
    """Capture these releases; what stands already is left, unless it is to be made again or confirmed."""
    found = [find(one).name for one in chosen]
    wanted = [name for name in found if how.again or _is_wanted(name, how)]
    say(f"{len(wanted)} of {len(chosen)} releases to capture")
    done = 0

    def one(name: str) -> Outcome:
        nonlocal done
        try:
            told, problem = (_added if how.families else _made)(name, how), None
        except (LabError, RuntimeError, OSError) as error:
            told, problem = str(error), str(error)
        with _lock:
            done += 1
            say(f"[{done}/{len(wanted)}] {name}: {told}")
        return Outcome(name, problem)

    with ThreadPoolExecutor(how.jobs) as pool:
        return list(pool.map(one, wanted))


def _is_wanted(name: str, how: How) -> bool:
    if how.families:
        return is_made(name) and not all(family in load(FOLDER / f"{name}.json.gz").digests for family in how.families)
    return how.confirm == is_made(name)


def is_made(name: str) -> bool:
    """Whether the shipped file is that of the manifest, captured in an environment made from today's data."""
    known = _manifest().get(name)
    file = FOLDER / f"{name}.json.gz"
    return bool(known and file.exists() and known["sha256"] == _digest(file) and known["recipe"] == find(name).digest)


def join(folder: Path) -> list[str]:
    """Take over what another machine has made: the files below ``folder``, each beside a manifest that knows it."""
    joined = []
    for manifest in sorted(folder.rglob(MANIFEST.name)):
        for name, row in _manifest(manifest).items():
            file = manifest.with_name(f"{name}.json.gz")
            if not file.exists() or _manifest().get(name, {}).get("sha256") == row["sha256"]:
                continue
            if row["sha256"] != _digest(file) or row["recipe"] != find(name).digest:
                message = f"{file}: isn't what {manifest} and the data say; make it again"
                raise LabError(message)
            shutil.copy(file, FOLDER)
            _record(name, row["differs"])
            joined.append(name)
    return joined


def _made(name: str, how: How) -> str:
    environment = find(name)
    built = builder.build(environment.name)
    with tempfile.TemporaryDirectory() as scratch:
        shipped = FOLDER / f"{name}.json.gz"
        files = [shipped if how.confirm else Path(scratch, "first.json.gz"), Path(scratch, "second.json.gz")]
        for file in files[how.confirm :]:
            home = Path(scratch, f"home-{file.name}")
            home.mkdir()
            capture_built(built, home, file, patience=PATIENCE)
        differing = _agreeing(name, files)
        if not how.confirm:
            shutil.move(files[0], shipped)
    with _lock:
        _record(name, sorted(differing))
    if not how.keep:
        builder.remove(name)
    return f"{shipped.stat().st_size / 1000:.0f} kB, {len(differing) or 'no'} facts differ between the two captures"


def _added(name: str, how: How) -> str:
    """Capture some families alone, twice, and join them to the shipped file."""
    built = builder.build(find(name).name)
    shipped = FOLDER / f"{name}.json.gz"
    with tempfile.TemporaryDirectory() as scratch:
        files = [Path(scratch, "first.json.gz"), Path(scratch, "second.json.gz")]
        for file in files:
            home = Path(scratch, f"home-{file.name}")
            home.mkdir()
            only = f"--only={','.join((*DECLARING, *how.families))}"
            capture_built(built, home, file, only, patience=PATIENCE)
        differing = _agreeing(name, files)
        whole, part = (read(file)[0] for file in (shipped, files[0]))
        if _declared(whole) != _declared(part) or _stack(whole) != _stack(part):
            message = "what is declared or installed isn't what was shipped; capture it whole: --again"
            raise DisagreementError(message)
        for family in how.families:
            whole["captured"]["families"][family] = part["captured"]["families"][family]
            for api, facts in part["apis"].items():
                if family in facts:
                    whole["apis"][api][family] = facts[family]
        whole["digests"] = canonical.digests(whole)
        save(canonical.document(whole), shipped, force=True)
    with _lock:
        subjects = {
            canonical.subject(one, part) for api in whole["apis"].values() for one in how.families for part in api.get(one, {})
        }
        before = [one for one in _manifest()[name]["differs"] if one.partition(":")[2].partition("/")[0] not in subjects]
        _record(name, sorted({*before, *differing}))
    if not how.keep:
        builder.remove(name)
    return f"{shipped.stat().st_size / 1000:.0f} kB, {len(differing) or 'no'} facts differ between the two captures"


def _declared(document: dict[str, Any]) -> str:
    """The digest of what is declared, without the names that only cases have."""
    apis = {
        api: {**facts, "symbols": {name: one for name, one in facts["symbols"].items() if one["kind"] != "measured"}}
        for api, facts in document["apis"].items()
    }
    return canonical.digests({**document, "apis": apis})["declared"]


def _stack(document: dict[str, Any]) -> dict[str, str]:
    """The versions of what decides about results; of other packages there are newer ones every day."""
    return {name: version for name, version in document["packages"].items() if name in DECIDING}


def _agreeing(name: str, files: Sequence[Path]) -> dict[str, str]:
    """What differs between two captures. Raises `DisagreementError` where that is more than races and crashes do."""
    differing = disagreement(*files)
    # Told before it is refused: the lab keeps both captures of what doesn't agree.
    if any(effect not in ALIKE for effect in differing.values()):
        kept = builder.folder() / "disagreeing" / name
        kept.mkdir(parents=True, exist_ok=True)
        for file in files:
            shutil.copy(file, kept)
        listed = ", ".join(f"{one} ({effect})" for one, effect in sorted(differing.items())[:5])
        message = f"two captures differ in {len(differing)}: {listed}; both are in {kept}"
        raise DisagreementError(message)
    return differing


def disagreement(first: Path, second: Path) -> dict[str, str]:
    """What differs between two captures of an environment, in any of its APIs: ids with their effects."""
    a, b = load(first), load(second)
    found: dict[str, str] = {}
    for api in sorted(a.apis.keys() | b.apis.keys()):
        compared = compare(a, b, api_a=api, api_b=api)
        found |= {f"{api}:{one.id}": one.effect.value for one in compared.divergences}
        unknown = {one.id: LOST if one.why.startswith("crashed:") else "not comparable" for one in compared.not_comparable}
        found |= {f"{api}:{identifier}": state for identifier, state in unknown.items()}
    return found


def _record(name: str, differing: list[str]) -> None:
    """Write a release into the manifest."""
    rows = _manifest()
    file = FOLDER / f"{name}.json.gz"
    fingerprint = load(file)
    environment = find(name)
    rows[name] = {
        "released": str(_data()["releases"][name]["released"]),
        "python": fingerprint.runtime["python"],
        "apis": {
            api: {"version": known.version, "backend": known.backend, "backend_version": known.backend_version}
            for api, known in fingerprint.apis.items()
        },
        "requirements": [*environment.requirements, *environment.without_dependencies],
        "recipe": environment.digest,
        "bytes": file.stat().st_size,
        "sha256": _digest(file),
        "differs": differing,
    }
    order = names()
    kept = {one: rows[one] for one in sorted(rows, key=order.index)}
    document = {"releases": kept, "unavailable": _data()["unavailable"]}
    write(f"{json.dumps(document, indent=1)}\n".encode(), MANIFEST)


def _manifest(file: Path = MANIFEST) -> dict[str, Any]:
    if not file.exists():
        return {}
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))["releases"]
    return found


def _data() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(DATA.read_text(encoding="utf-8"))
    return found


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
