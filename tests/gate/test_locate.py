"""The file that decides a finding: found in the files that people pin packages in."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from kerasdiff.compare.divergence import divergence
from kerasdiff.compare.engine import Comparison, compare
from kerasdiff.gate.locate import Location, Locator
from kerasdiff.gate.policy import find
from kerasdiff.gate.waivers import Stale
from kerasdiff.knowledge.load import Effect, locations
from kerasdiff.probe.apis import TABLE
from tests.conftest import fingerprint
from tests.gate.project import A, B, project

if TYPE_CHECKING:
    from pathlib import Path

UV = """version = 1
[[package]]
name = "keras-tuner"
dependencies = [
    { name = "tensorflow" },
]
[[package]]
name = "tensorflow"
version = "2.11.1"
"""
POETRY = '[[package]]\nname = "tensorflow"\nversion = "2.11.1"\n'
PIPFILE = '{\n "default": {\n  "h5py": {},\n  "tensorflow": {\n   "version": "==2.11.1"\n  }\n }\n}\n'
CONDA = "package:\n- name: tensorflow-base\n  version: 1\n- name: tensorflow\n  version: 2.11.1\n"


@pytest.fixture(scope="module")
def upgrade() -> Comparison:
    return compare(fingerprint(A), fingerprint(B))


def located(folder: Path, comparison: Comparison, subject: str = "optimizers.Adam") -> Location:
    found = divergence(subject, "value", Effect.RESULTS, "")
    return Locator(find(start=folder), comparison, folder / "kerasdiff.json").divergence(found)


def test_there_is_a_row_for_every_api_and_backend() -> None:
    assert locations().apis.keys() == TABLE["apis"].keys()
    assert locations().backends.keys() == TABLE["backends"].keys()


@pytest.mark.parametrize(
    ("file", "text", "line"),
    [
        ("uv.lock", UV, 8),
        ("poetry.lock", POETRY, 2),
        ("Pipfile.lock", PIPFILE, 4),
        ("conda-lock.yml", CONDA, 4),
        ("requirements.txt", "# tensorflow\nkeras-tuner\nTensorFlow==2.11.1 # comment\n", 3),
        ("requirements/prod.txt", "tensorflow-hub\ntensorflow[and-cuda]>=2.11\n", 2),
        ("environment.yml", "dependencies:\n  - pip:\n    - tensorflow=2.11\n", 3),
        ("pyproject.toml", '[project]\ndependencies = [\n  "tensorflow>=2.11",\n]\n', 3),
        ("Dockerfile", "FROM python:3.10\nRUN pip install tensorflow==2.11.1\n", 2),
        (".github/workflows/test.yml", "steps:\n  - run: pip install tensorflow==2.11.1\n", 2),
    ],
)
def test_a_package_is_found_where_it_is_pinned(file: str, text: str, line: int, tmp_path: Path, upgrade: Comparison) -> None:
    target = project(tmp_path) / file
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    assert located(tmp_path, upgrade) == Location(file, line)


def test_a_lock_file_decides_before_requirements(tmp_path: Path, upgrade: Comparison) -> None:
    project(tmp_path)
    (tmp_path / "requirements.txt").write_text("tensorflow\n", encoding="utf-8")
    (tmp_path / "uv.lock").write_text(UV, encoding="utf-8")
    assert located(tmp_path, upgrade).file == "uv.lock"


def test_a_package_that_changed_decides_before_one_that_did_not(tmp_path: Path, upgrade: Comparison) -> None:
    project(tmp_path)
    (tmp_path / "requirements.txt").write_text("keras==2.11.0\n", encoding="utf-8")
    assert located(tmp_path, upgrade) == Location("requirements.txt", 1)
    (tmp_path / "requirements.txt").write_text("numpy\n", encoding="utf-8")
    assert located(tmp_path, upgrade) == Location("kerasdiff.json", 1)
    assert located(tmp_path, upgrade, "numpy.load") == Location("requirements.txt", 1)


def test_names_are_compared_as_packages_are(tmp_path: Path, upgrade: Comparison) -> None:
    project(tmp_path)
    (tmp_path / "requirements.txt").write_text("keras_preprocessing==1\nPillow\n", encoding="utf-8")
    assert located(tmp_path, upgrade, "preprocessing.image.load_img") == Location("requirements.txt", 1)
    assert located(tmp_path, upgrade, "packages.pillow") == Location("requirements.txt", 2)


def test_a_setting_is_decided_by_the_projects_keras_json_else_by_the_policy(tmp_path: Path, upgrade: Comparison) -> None:
    project(tmp_path, "\nfail-on = 'results'\n")
    assert located(tmp_path, upgrade, "settings.floatx") == Location("kerasdiff.toml", 1)
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras" / "keras.json").write_text("{}", encoding="utf-8")
    assert located(tmp_path, upgrade, "settings.floatx") == Location(".keras/keras.json", 1)


def test_without_any_file_the_policy_or_the_baseline_stands_for_it(tmp_path: Path, upgrade: Comparison) -> None:
    assert located(project(tmp_path), upgrade) == Location("kerasdiff.json", 1)
    (tmp_path / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\n[tool.kerasdiff]\nfail-on = "info"\n', encoding="utf-8"
    )
    assert located(tmp_path, upgrade) == Location("pyproject.toml", 3)
    assert Locator(find(start=tmp_path), upgrade).unknown() == Location("pyproject.toml", 3)


def test_a_waiver_is_found_by_its_id(tmp_path: Path, upgrade: Comparison) -> None:
    policy = """
[[waivers]]
reason = "x"
accepts = [{id = "a/b", effect = "info"}]
[[waivers]]
reason = "x"
accepts = [
  {id = "a/a", effect = "info"},
  {id = "a/b", effect = "info"},
]
"""
    locator = Locator(find(start=project(tmp_path, policy)), upgrade)
    for number, identifier, line in ((0, "a/b", 4), (1, "a/b", 9), (1, "a/a", 8)):
        stale = Stale(state="unused", id=identifier, why="", waiver=number)
        assert locator.waiver(stale) == Location("kerasdiff.toml", line)


def test_what_is_no_file_is_left_alone(tmp_path: Path, upgrade: Comparison) -> None:
    project(tmp_path)
    (tmp_path / "uv.lock").mkdir()
    os.mkfifo(tmp_path / "requirements.txt")
    (tmp_path / "poetry.lock").symlink_to("/nowhere")
    (tmp_path / "setup.py").write_bytes(b"\xff\xfe tensorflow")
    assert located(tmp_path, upgrade) == Location("setup.py", 1)


def test_much_is_read_within_bounds(tmp_path: Path, upgrade: Comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kerasdiff.gate.locate.MAX_BYTES", 1000)
    project(tmp_path)
    (tmp_path / "uv.lock").write_text("x" * 990 + "\ntensorflow\n", encoding="utf-8")
    assert located(tmp_path, upgrade) == Location("kerasdiff.json", 1)


def test_a_place_is_told_from_the_root_of_the_repository(tmp_path: Path, upgrade: Comparison) -> None:
    inner = project(tmp_path) / "services" / "model"
    inner.mkdir(parents=True)
    (inner / "kerasdiff.toml").write_text("only = []\n", encoding="utf-8")
    assert located(inner, upgrade) == Location("services/model/kerasdiff.toml", 1)
    (inner / "requirements.txt").write_text("tensorflow\n", encoding="utf-8")
    assert located(inner, upgrade) == Location("services/model/requirements.txt", 1)
    assert located(inner, upgrade, "settings.floatx") == Location("services/model/kerasdiff.toml", 1)
