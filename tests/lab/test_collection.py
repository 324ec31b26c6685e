"""The shipped collection is what the manifest and the data say, each file ordinary and whole."""

from __future__ import annotations

import hashlib

import pytest

from kerasdiff.fingerprint.load import load
from kerasdiff.releases.shelf import lines, releases, unavailable
from tests.lab import collection
from tests.lab.data import load as environments

#: Bytes that the shipped fingerprints may take: the installed package stays under 15 MB.
MOST = 11_500_000


def test_all_releases_of_the_data_are_shipped() -> None:
    assert list(releases()) == collection.names()
    assert {file.name.removesuffix(".json.gz") for file in collection.FOLDER.glob("*.json.gz")} == set(releases())
    assert not releases().keys() & unavailable().keys()
    assert sum(row.bytes for row in releases().values()) < MOST


@pytest.mark.parametrize("name", releases())
def test_a_file_is_that_of_the_manifest(name: str) -> None:
    row, file = releases()[name], collection.FOLDER / f"{name}.json.gz"
    data = file.read_bytes()
    assert (len(data), hashlib.sha256(data).hexdigest()) == (row.bytes, row.sha256)
    fingerprint = load(file)  # which checks names, digests and bounds
    assert row.python == fingerprint.runtime["python"]
    assert {api: known.version for api, known in fingerprint.apis.items()} == {
        api: known.version for api, known in row.apis.items()
    }
    assert all(not known.state.startswith(("error", "crashed")) for known in fingerprint.apis.values())
    environment = environments()[name]
    assert row.recipe == environment.digest
    assert row.requirements == [*environment.requirements, *environment.without_dependencies]


@pytest.mark.parametrize("name", releases())
def test_its_packages_are_those_that_were_pinned(name: str) -> None:
    installed = {
        package.lower().replace("_", "-"): version
        for package, version in load(collection.FOLDER / f"{name}.json.gz").packages.items()
    }
    for pin in releases()[name].requirements:
        package, _, version = pin.lower().partition("==")
        assert installed[package].partition("+")[0] == version


@pytest.mark.parametrize("name", releases())
def test_all_families_were_captured(name: str) -> None:
    runs = load(collection.FOLDER / f"{name}.json.gz").captured.families
    assert {family: run.state for family, run in runs.items() if run.state not in ("ok", "partial", "not run")} == {}
    assert len(runs) >= 19


def test_every_api_of_a_line_is_there_and_stands_in_one_line() -> None:
    steps = [step for line in lines().values() for step in line]
    assert len(set(steps)) == len(steps)
    assert {step.release for step in steps} == set(releases())
    for step in steps:
        assert step.api in releases()[step.release].apis, step
