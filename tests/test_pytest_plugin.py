"""The fixture for other projects' tests: it passes, fails with the report, and says what is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.conftest import ROOT, path
from tests.gate.project import A, B, project

if TYPE_CHECKING:
    from pathlib import Path

TESTS = f"""
def test_same(kerasdiff_check):
    kerasdiff_check(fingerprint={path(A)!r})

def test_drifted(kerasdiff_check):
    kerasdiff_check(fingerprint={path(B)!r})

def test_accepted(kerasdiff_check):
    kerasdiff_check(fingerprint={path(B)!r}, policy="mild.toml")

def test_nowhere(kerasdiff_check):
    kerasdiff_check("nowhere.json")

def test_stock(kerasdiff_check):
    kerasdiff_check("tensorflow==2.10", fingerprint={path(A)!r})
"""


def test_a_drift_fails_a_projects_tests(tmp_path: Path) -> None:
    project(tmp_path)
    (tmp_path / "mild.toml").write_text('only = ["activations.*"]\n', encoding="utf-8")
    (tmp_path / "test_environment.py").write_text(TESTS, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "kerasdiff.pytest_plugin",
        "-p",
        "no:cacheprovider",
        "--tb=short",
        "-q",
        "-rA",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1, done.stderr
    for outcome, name in (
        ("PASSED", "same"),
        ("FAILED", "drifted"),
        ("PASSED", "accepted"),
        ("FAILED", "nowhere"),
        ("PASSED", "stock"),
    ):
        assert f"{outcome} test_environment.py::test_{name}" in done.stdout
    assert "The optimizers refuse decay [KD100]" in done.stdout
    assert "nowhere.json: no such baseline; write one with: kerasdiff check --update" in done.stdout
    assert "Traceback" not in done.stdout


def test_installing_kerasdiff_brings_the_fixture() -> None:
    from importlib.metadata import entry_points

    (plugin,) = entry_points(group="pytest11", name="kerasdiff")
    assert plugin.load().__name__ == "kerasdiff.pytest_plugin"
