"""The families ``packages`` and ``distributions``: what is installed, whatever form its metadata has."""

from __future__ import annotations

import importlib.metadata
import json
import re
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement

from kerasdiff.probe import data, packages
from kerasdiff.probe.names import normalized
from tests.probe.place import distribution

if TYPE_CHECKING:
    from pathlib import Path

COMMIT = "5bc9d26649cca274750ad625bd93422617eed4bc"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on ``sys.path``."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.setattr(sys, "path", [str(folder)])
    return folder


def write(path: Path, text: str) -> None:
    """A file and its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def metadata(name: str, version: str, *more: str) -> str:
    """The text of a metadata file."""
    return "\n".join(["Metadata-Version: 1.1", f"Name: {name}", f"Version: {version}", *more, ""])


def details(name: str) -> dict[str, Any]:
    """What is known of a distribution besides its version."""
    versions, distributions = packages.facts()
    assert name in versions
    return distributions.get(name, {})


def test_agrees_with_importlib_metadata() -> None:
    expected: dict[str, str] = {}
    for found in importlib.metadata.distributions():
        expected.setdefault(normalized(found.metadata["Name"]), found.version)
    assert len(expected) > 5
    assert packages.facts()[0] == expected


def test_requirements_agree_with_importlib_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {normalized(found.metadata["Name"]) for found in importlib.metadata.distributions()}
    monkeypatch.setattr(data, "load", lambda _: {"distributions": sorted(names)})  # all of them, not the stack only
    _, distributions = packages.facts()
    for name in names:
        assert distributions[name].get("requires", []) == sorted(importlib.metadata.requires(name) or [])


def test_dist_info(site: Path) -> None:
    distribution(site, "Some_Package.X", "1.0")
    assert packages.facts() == ({"some-package-x": "1.0"}, {})


def test_egg_info_file(site: Path) -> None:
    write(site / "old-1.2.egg-info", metadata("old", "1.2"))
    assert packages.facts() == ({"old": "1.2"}, {})


def test_egg_info_folder(site: Path) -> None:
    write(site / "Keras-2.2.4-py3.6.egg-info" / "PKG-INFO", metadata("Keras", "2.2.4"))
    write(site / "Keras-2.2.4-py3.6.egg-info" / "requires.txt", "numpy>=1.9.1\nsix\n")
    assert packages.facts() == ({"keras": "2.2.4"}, {"keras": {"stack": True, "requires": ["numpy>=1.9.1", "six"]}})


@pytest.mark.parametrize("name", ["my-project", "my_project", "My.Project"])
def test_egg_link(site: Path, tmp_path: Path, name: str) -> None:
    source = tmp_path / "source"
    write(source / (re.sub("-", "_", name) + ".egg-info") / "PKG-INFO", metadata(name, "3.0.dev1"))
    write(site / f"{name}.egg-link", f"{source}\n.")
    assert packages.facts() == ({"my-project": "3.0.dev1"}, {"my-project": {"source": {"kind": "editable"}}})


@pytest.mark.parametrize("text", ["", "\n", "/nowhere/at/all\n.", "\x00"])
def test_egg_link_to_nothing(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    write(site / "lost.egg-link", text)
    write(tmp_path / "lost.egg-info" / "PKG-INFO", metadata("lost", "1.0"))  # merely in the working folder
    monkeypatch.chdir(tmp_path)
    assert packages.facts() == ({}, {})


@pytest.mark.parametrize(
    ("direct", "source"),
    [
        (
            {"url": "git+https://user:token@host/x.git", "vcs_info": {"vcs": "git", "commit_id": COMMIT}},
            {"kind": "git", "commit": COMMIT},
        ),
        ({"url": "u", "vcs_info": {"vcs": "hg", "commit_id": "no commit"}}, {"kind": "hg"}),
        ({"url": "u", "vcs_info": {"vcs": "git", "commit_id": [1]}}, {"kind": "git"}),
        ({"url": "u", "vcs_info": {}}, {"kind": "vcs"}),
        ({"url": "file:///home/u/x", "dir_info": {"editable": True}}, {"kind": "editable"}),
        ({"url": "file:///home/u/x", "dir_info": {}}, {"kind": "folder"}),
        ({"url": "https://host/x.whl?token=1", "archive_info": {"hash": "sha256=0"}}, {"kind": "archive"}),
        ({"url": "https://host/x.whl"}, {"kind": "archive"}),
        ({"url": "u", "vcs_info": "git"}, {"kind": "archive"}),
        ({}, None),
        ([], None),
        ("text", None),
    ],
)
def test_direct_url(site: Path, direct: Any, source: dict[str, str] | None) -> None:
    distribution(site, "x", "1.0", {"direct_url.json": json.dumps(direct)})
    assert details("x") == ({} if source is None else {"source": source})


@pytest.mark.parametrize("text", ["{", "\x00", "[" * 100_000, "{'a': 1}", '"\\ud800"' * 2])
def test_damaged_direct_url(site: Path, text: str) -> None:
    distribution(site, "x", "1.0", {"direct_url.json": text})
    assert details("x") == {"source": {"kind": "unknown"}}


def test_installer(site: Path) -> None:
    distribution(site, "x", "1.0", {"INSTALLER": "conda\n"})
    distribution(site, "y", "1.0", {"INSTALLER": "z" * 1000})
    distribution(site, "z", "1.0", {"INSTALLER": "\n"})
    assert details("x") == {"installer": "conda"}
    assert len(details("y")["installer"]) == 40
    assert details("z") == {}


def test_requirements_of_the_stack_only(site: Path) -> None:
    for name in ("keras", "other"):
        write(
            site / f"{name}-1.dist-info" / "METADATA", metadata(name, "1", "Requires-Dist: six (>=1)", "Requires-Dist: absl-py")
        )
    assert packages.facts()[1] == {"keras": {"stack": True, "requires": ["absl-py", "six (>=1)"]}}


def test_requires_txt(site: Path) -> None:
    write(site / "keras-2.egg-info" / "PKG-INFO", metadata("Keras", "2"))
    write(
        site / "keras-2.egg-info" / "requires.txt",
        "numpy>=1.9.1\n\n[:python_version < '3']\nenum34\n\n[tests]\npytest\nx @ https://host/x.whl\n\n"
        "[gpu:platform_system == 'Linux']\ntensorflow-gpu>=1\n\n[empty]\n",
    )
    found = details("keras")["requires"]
    assert found == [
        "enum34; (python_version < '3')",
        "numpy>=1.9.1",
        'pytest; extra == "tests"',
        "tensorflow-gpu>=1; extra == \"gpu\" and (platform_system == 'Linux')",
        'x @ https://host/x.whl ; extra == "tests"',
    ]
    for text in found:
        Requirement(text)
    theirs = importlib.metadata.Distribution.at(site / "keras-2.egg-info").requires or []

    def plain(text: str) -> tuple[str, list[str]]:
        requirement, _, marker = str(Requirement(text)).partition(";")
        return requirement.strip(), sorted(part.strip() for part in marker.split(" and "))

    assert sorted(map(plain, found)) == sorted(map(plain, theirs))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "no header at all",
        "Name: x\n",
        "Version: 1\n",
        "Name:\nVersion:\n",
        "\x00\xff",
        "Description: x\n\nName: x\nVersion: 1",
    ],
)
def test_malformed_metadata_is_passed_over(site: Path, text: str) -> None:
    write(site / "broken-1.dist-info" / "METADATA", text)
    write(site / "broken2-1.egg-info", text)
    distribution(site, "sound", "1.0")
    assert packages.facts() == ({"sound": "1.0"}, {})


@given(content=st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_metadata_is_survived(site: Path, content: bytes) -> None:
    folder = site / "x-1.dist-info"
    folder.mkdir(exist_ok=True)
    for name in ("METADATA", "direct_url.json", "INSTALLER", "requires.txt"):
        (folder / name).write_bytes(b"Name: x\nVersion: 1\n" + content if name == "METADATA" else content)
    assert packages.facts()[0].keys() <= {"x"}
    (folder / "METADATA").write_bytes(content)
    packages.facts()


def test_folder_without_metadata_is_passed_over(site: Path) -> None:
    (site / "empty-1.0.dist-info").mkdir()
    (site / "empty-1.0.egg-info").mkdir()
    assert packages.facts() == ({}, {})


def test_name_in_another_encoding(site: Path) -> None:
    (site / "x-1.egg-info").write_bytes("Name: x\nVersion: 1\nAuthor: Müller\n".encode("latin-1"))
    (site / "y-1.egg-info").write_bytes("Name: y\nVersion: 1\nAuthor: 作者\n".encode())
    assert packages.facts()[0] == {"x": "1", "y": "1"}


def test_long_description_is_not_read(site: Path) -> None:
    write(site / "x-1.dist-info" / "METADATA", metadata("x", "1") + "\n" + "long " * 1_000_000)
    assert packages.facts()[0] == {"x": "1"}


def test_first_on_the_path_counts(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distribution(site, "x", "1.0", {"INSTALLER": "pip"})
    distribution(tmp_path / "later", "X", "2.0", {"INSTALLER": "conda"})
    distribution(tmp_path / "later", "y", "2.0")
    monkeypatch.setattr(sys, "path", [str(site), str(tmp_path / "later"), str(site)])
    assert packages.facts() == ({"x": "1.0", "y": "2.0"}, {"x": {"installer": "pip"}})


def test_odd_entries_of_the_path(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distribution(site, "x", "1.0")
    with zipfile.ZipFile(tmp_path / "some.zip", "w") as archive:
        archive.writestr("y-1.dist-info/METADATA", metadata("y", "1"))
    monkeypatch.chdir(site)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "some.zip"), str(tmp_path / "missing"), ""])
    assert packages.facts()[0] == {"x": "1.0"}


@given(st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,10}[A-Za-z0-9])?", fullmatch=True))
def test_normalized_names(name: str) -> None:
    once = normalized(name)
    assert normalized(once) == once
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", once)
