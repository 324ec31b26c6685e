"""Tests the lab's data, and its builder as far as that needs no network."""

from __future__ import annotations

import fcntl
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.lab import builder
from tests.lab.data import DATA, DataError, Environment, UnknownEnvironment, find, load

if TYPE_CHECKING:
    from pathlib import Path

ENVIRONMENTS = load()
BACKENDS = {"theano", "cntk", "jax", "torch", "openvino", "numpy"}
PYTHONS = {"2.7", "3.6", "3.7", "3.8", "3.10", "3.11", "3.12", "3.13"}
PIN = re.compile(r"([a-z0-9]+(?:-[a-z0-9]+)*)==(\d+(?:\.\d+)*)")

every_environment = pytest.mark.parametrize("row", ENVIRONMENTS.values(), ids=ENVIRONMENTS.keys())


def pins(requirements: tuple[str, ...]) -> dict[str, str]:
    """Return versions by package; anything but an exact pin, each package once, is an error."""
    matches = [PIN.fullmatch(requirement) for requirement in requirements]
    assert all(matches), requirements
    versions = {match[1]: match[2] for match in matches if match}
    assert len(versions) == len(requirements), requirements
    return versions


def parts(name: str) -> dict[str, str]:
    """Return what an environment's name says: versions by package."""
    return dict(part.rsplit("-", 1) for part in name.split("+"))


def test_names_are_unique() -> None:
    written = re.findall(r"^(\S+):$", DATA.read_text(encoding="utf-8"), re.MULTILINE)
    assert written == list(ENVIRONMENTS)  # a YAML loader would drop all but the last of equal keys


def test_aliases_are_unique() -> None:
    aliases = [row.alias for row in ENVIRONMENTS.values() if row.alias]
    assert len({*aliases, *ENVIRONMENTS}) == len(aliases) + len(ENVIRONMENTS)


@every_environment
def test_pins_are_exact(row: Environment) -> None:
    assert row.requirements
    for requirements in (
        row.requirements + row.constraints,  # one command: pip would refuse a contradiction
        row.without_dependencies,
        *row.bootstrap,
    ):
        pins(requirements)


@every_environment
def test_name_agrees_with_pins(row: Environment) -> None:
    held = {"python": row.python, **pins(row.requirements), **pins(row.without_dependencies)}
    if "tensorflow-cpu" in held:
        held.setdefault("tensorflow", held["tensorflow-cpu"])
    for package, version in parts(row.name).items():
        assert f"{held[package]}.".startswith(f"{version}."), package


@every_environment
def test_python_is_known(row: Environment) -> None:
    assert row.python in PYTHONS


@every_environment
def test_pip_flags_are_options(row: Environment) -> None:
    assert all(flag.startswith("--") for flag in row.pip_flags)


@every_environment
def test_variables_are_those_of_the_environment(row: Environment) -> None:
    assert row.variables.keys() <= {"KERAS_BACKEND", "TF_USE_LEGACY_KERAS", "LD_LIBRARY_PATH"}
    for value in row.variables.values():
        assert value
        assert not re.search("[{}]", value.replace("{environment}", ""))


@every_environment
def test_backend_is_the_one_of_the_name(row: Environment) -> None:
    named = next(iter(BACKENDS & parts(row.name).keys()), None)
    assert row.variables.get("KERAS_BACKEND", "tensorflow") == (named or "tensorflow")


def test_cntk_finds_the_libraries_of_an_openmpi_that_debian_no_longer_has() -> None:
    row = ENVIRONMENTS["keras-2.2.4+cntk-2.7"]
    assert row.system is not None
    assert "libopenmpi3" in row.system.debian
    assert row.system.links == {
        "libmpi.so.12": "libmpi.so.40",
        "libmpi_cxx.so.1": "libmpi_cxx.so.40",
    }
    assert row.variables["LD_LIBRARY_PATH"] == f"{{environment}}/{row.system.folder}"


def test_find_takes_names_and_aliases() -> None:
    assert find("tf215") == find("tensorflow-2.15.1") == ENVIRONMENTS["tensorflow-2.15.1"]
    with pytest.raises(UnknownEnvironment, match="'tf999'"):
        find("tf999")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a: {python: '3.7', requirements: [], pyton: x}", "a: unknown key 'pyton'"),
        ("a: {python: '3.7'}", "a: python and requirements must be given"),
        ("a: text", "a: python and requirements must be given"),
        ("a: {python: 3.10, requirements: []}", "a: python must hold text, not 3.1"),
        ("a: {python: '3.7', requirements: keras==2.3.1}", "a: requirements must be a list"),
        ("a: {python: '3.7', requirements: [], bootstrap: [x]}", "a: bootstrap must be a list"),
        ("a: {python: '3.7', requirements: [], variables: [x]}", "a: variables must be a mapping"),
        ("a: {python: '3.7', requirements: [], system: {debian: []}}", "a: system must be"),
    ],
)
def test_malformed_rows_are_refused(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "environments.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=re.escape(complaint)):
        load(path)


def test_digest_follows_what_is_built() -> None:
    row = ENVIRONMENTS["tensorflow-2.15.1"]
    described = replace(row, name="x", alias="x", notes="x", variables={"KERAS_BACKEND": "x"})
    assert described.digest == row.digest
    for other in (
        replace(row, python="3.12"),
        replace(row, requirements=row.requirements[:-1]),
        replace(row, constraints=("six==1.17.0",)),
        replace(row, system=ENVIRONMENTS["keras-2.2.4+cntk-2.7"].system),
    ):
        assert other.digest != row.digest


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make an empty lab on a machine without any Python."""
    monkeypatch.setenv("KERASDIFF_LAB", str(tmp_path / "lab"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / "lab"


def furnish(root: Path, digest: str) -> None:
    """Make a folder that looks like a complete environment built from data with this digest."""
    (root / "bin").mkdir(parents=True)
    (root / "bin" / "python").touch()
    marker = {"environment": root.name, "digest": digest}
    (root / builder.MARKER).write_text(json.dumps(marker), encoding="utf-8")


def script(path: Path, *lines: str) -> None:
    """Write a shell script that poses as an interpreter."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]), encoding="utf-8")
    path.chmod(0o755)


def test_complete_environment_is_used_as_it_is(lab: Path) -> None:
    row = ENVIRONMENTS["keras-2.2.4+cntk-2.7"]
    root = lab / row.name
    furnish(root, row.digest)
    assert builder.is_built(row)
    built = builder.build("k224cntk")  # on this machine, anything else would fail
    assert built.root == root
    assert built.python == root / "bin" / "python"
    assert built.variables == {"KERAS_BACKEND": "cntk", "LD_LIBRARY_PATH": f"{root}/lib/mpi"}


def test_environment_of_other_data_is_built_anew(lab: Path) -> None:
    row = ENVIRONMENTS["tensorflow-2.15.1"]
    furnish(lab / row.name, replace(row, requirements=("tensorflow==2.15.0",)).digest)
    assert not builder.is_built(row)
    with pytest.raises(builder.MissingInterpreter):
        builder.build(row.name)


@pytest.mark.parametrize("missing", ["bin/python", builder.MARKER])
def test_incomplete_environment_is_built_anew(lab: Path, missing: str) -> None:
    row = ENVIRONMENTS["tensorflow-2.15.1"]
    furnish(lab / row.name, row.digest)
    (lab / row.name / missing).unlink()
    assert not builder.is_built(row)


def test_remove(lab: Path) -> None:
    row = ENVIRONMENTS["tensorflow-2.15.1"]
    furnish(lab / row.name, row.digest)
    builder.remove("tf215")
    assert not (lab / row.name).exists()
    builder.remove("tf215")


def test_missing_interpreter_names_the_version(lab: Path) -> None:
    with pytest.raises(builder.MissingInterpreter, match=r"no working Python 3\.7 "):
        builder.build("tf115k231")
    assert not (lab / "keras-2.3.1+tensorflow-1.15.5").exists()


def test_interpreter_must_run_and_have_the_version(lab: Path) -> None:
    found = lab.parent / "pyenv" / "versions" / "3.1.5" / "bin" / "python"
    script(lab.parent / "bin" / "python3.1", "exit 127")
    script(found.parents[2] / "3.1.4" / "bin" / "python", "echo 3.10", "echo $0")
    script(found.parents[2] / "3.10.1" / "bin" / "python", "echo 3.1", "echo $0")
    script(found, "echo 3.1", "echo $0")
    assert builder.find_interpreter("3.1") == found


def test_failed_build_says_why_and_stays_unfinished(lab: Path) -> None:
    answer = ('if [ "$1" = -c ]; then echo 3.7; echo $0; exit; fi', "echo start", "echo no room")
    script(lab.parent / "bin" / "python3.7", *answer, "exit 1")
    row = ENVIRONMENTS["keras-2.3.1+tensorflow-1.15.5"]
    log = lab / row.name / builder.LOG
    complaint = f"{row.name}: no room (see {log})"
    with pytest.raises(builder.BuildError, match=re.escape(complaint)):
        builder.build(row.name)
    assert "start\nno room\n" in log.read_text(encoding="utf-8")
    assert not builder.is_built(row)


def test_builds_of_one_environment_exclude_each_other(lab: Path) -> None:
    row = ENVIRONMENTS["tensorflow-2.15.1"]
    furnish(lab / row.name, row.digest)
    builder.build(row.name)
    with (
        builder.locked(lab / row.name),
        (lab / f".{row.name}.lock").open("w") as lock,
        pytest.raises(BlockingIOError),
    ):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
