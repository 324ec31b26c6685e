"""Captures of real environments: repeatable, and leaving them as they were."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from kerasdiff.fingerprint.load import parse
from tests.lab import builder
from tests.probe.place import DECLARED, Outcome, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.lab

NAMES = ["tensorflow-2.15.1", "keras-2.3.1+tensorflow-1.15.5", "keras-1.2.2+theano-1.0.5"]
HASHED = (".py", ".pyc", ".json")


class Captured(NamedTuple):
    """What two captures of an environment brought, and what the environment was before and after."""

    first: Outcome
    second: Outcome
    before: dict[str, Any]
    after: dict[str, Any]
    home: list[str]


def state(root: Path) -> dict[str, Any]:
    """Names, sizes and times of everything below a folder, and the content of sources, bytecode and settings."""
    found: dict[str, Any] = {}
    for folder, _, names in os.walk(root):
        for name in ["", *names]:
            path = Path(folder, name)
            facts = path.lstat()
            content = hashlib.sha256(path.read_bytes()).hexdigest() if name.endswith(HASHED) and not path.is_symlink() else ""
            found[str(path)] = (facts.st_size, facts.st_mtime_ns, content)
    return found


@pytest.fixture(scope="module", params=NAMES)
def environment(request: pytest.FixtureRequest) -> builder.Built:
    """A built environment."""
    return builder.build(request.param)


@pytest.fixture(scope="module")
def captured(environment: builder.Built, tmp_path_factory: pytest.TempPathFactory, pyz: Path) -> Iterator[Captured]:
    """An environment captured twice by the exported probe."""
    place = Place(tmp_path_factory.mktemp("environment") / "place", pyz, environment.python, patience=600)
    before = state(environment.root)
    first, second = (place.captured(PYTHONPATH="", **environment.variables) for _ in range(2))
    home = sorted(str(path.relative_to(place.home)) for path in place.home.rglob("*"))
    yield Captured(first, second, before, state(environment.root), home)
    place.check_left_nothing()


def test_two_captures_have_equal_digests(captured: Captured) -> None:
    first, second = captured.first.fingerprint, captured.second.fingerprint
    assert first["digests"] == second["digests"]
    for fingerprint in (first, second):
        del fingerprint["captured"]
    assert first == second


def test_everything_was_captured(captured: Captured) -> None:
    fingerprint = parse(captured.first.out, "captured")
    states = {name: run.state for name, run in fingerprint.captured.families.items() if name in DECLARED}
    assert states == dict.fromkeys(DECLARED, "ok")
    for api in fingerprint.apis.values():
        assert len(api.symbols) > 300
        assert api.settings["floatx"].value == "float32"
        assert api.settings["floatx"].source == "default"


def test_environment_is_as_it_was(captured: Captured) -> None:
    assert len(captured.before) > 1000
    before, after = captured.before.items(), captured.after.items()
    assert sorted(path for path, _ in before ^ after) == []


def test_nothing_is_born_at_home(captured: Captured) -> None:
    assert captured.home == []


def test_own_redaction_is_stable(captured: Captured, environment: builder.Built) -> None:
    text = captured.first.out.decode("ascii")
    assert str(environment.root) not in text
    assert "kerasdiff-lab" not in text
    assert "<redacted>" not in text


@pytest.fixture
def own(environment: builder.Built, tmp_path: Path, pyz: Path) -> Iterator[Place]:
    """A place for one more capture of an environment."""
    place = Place(tmp_path / "place", pyz, environment.python, patience=600)
    yield place
    place.check_left_nothing()


def test_settings_of_the_user(own: Place, environment: builder.Built) -> None:
    folder = own.home / ".keras"
    folder.mkdir()
    backend = environment.variables.get("KERAS_BACKEND", "tensorflow")
    text = json.dumps({"floatx": "float64", "epsilon": 1e-3, "backend": backend, "unheard_of": [1]}, indent=3)
    (folder / "keras.json").write_text(text, encoding="utf-8")
    times = (folder / "keras.json").stat()
    outcome = own.captured("--only", "settings", PYTHONPATH="", **environment.variables)
    for api in outcome.fingerprint["apis"].values():
        assert api["settings"]["floatx"] == {"value": "float64", "source": "file"}
        assert api["settings"]["epsilon"] == {"value": 1e-3, "source": "file"}
        assert api["settings"]["backend"]["value"] == backend
        chosen = "variable" if environment.variables else "file"
        assert api["settings"]["backend"]["source"] == chosen
    assert (folder / "keras.json").read_text(encoding="utf-8") == text
    assert (folder / "keras.json").stat().st_mtime_ns == times.st_mtime_ns
    assert [path.name for path in folder.iterdir()] == ["keras.json"]
