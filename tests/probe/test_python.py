"""Which Pythons the probe runs on, and what it imports."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import kerasdiff.probe
from tests.probe.place import DECLARED, interpreter, make_bare, versions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.probe.place import Place

SOURCE = Path(kerasdiff.probe.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
VERSIONS = versions()

# The probe by the name it has when exported; what every Keras comes with, for what is measured in it.
ALLOWED = {"launch.py": {"kerasdiff_probe"}, "behaviour": {"numpy"}, "own": {"numpy"}, "pipeline": {"numpy"}}

every_file = pytest.mark.parametrize("path", FILES, ids=[path.name for path in FILES])

# Up to Python 3.8 a ``__new__`` of a base class hid the constructor from ``inspect.signature``.
TRAP = """
    class Trap(Layer):
        def __new__(cls, *args, **kwargs):
            return super(Trap, cls).__new__(cls)
        def __init__(self, name=None):
            super(Trap, self).__init__(name)

    class Trapped(Trap):
        def __init__(self, units, activation="tanh", **kwargs):
            super(Trapped, self).__init__(**kwargs)
"""


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Level and first name of every import in a file, wherever it stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name.partition(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.level, (node.module or "").partition(".")[0]


def test_there_are_files_to_check() -> None:
    assert {"launch.py", "main.py", "process.py"} <= {path.name for path in FILES}


@every_file
def test_imports_nothing_but_the_standard_library_and_itself(path: Path) -> None:
    for level, name in imports(path):
        allowed = sys.stdlib_module_names | ALLOWED.get(path.relative_to(SOURCE).parts[0], set())
        depth = len(path.relative_to(SOURCE).parts)
        assert 0 < level <= depth if level else name in allowed, name


def test_starts_without_what_only_a_keras_comes_with() -> None:
    script = "import sys; sys.modules['numpy'] = None; import kerasdiff.probe.main, kerasdiff.probe.child"
    subprocess.run([sys.executable, "-c", script], cwd=SOURCE.parents[1], check=True)


def test_needs_at_most_python_3_6() -> None:
    pytest.importorskip("vermin", reason="vermin, of the extra 'test', tells what Python a source needs")
    paths = [path for path in FILES if path.name != "launch.py"]  # that one parses on Python 2.7: it is run there
    command = [sys.executable, "-c", "import vermin; vermin.main()", "--no-config-file", "--eval-annotations", "-vv", "-t=3.6-"]
    done = subprocess.run([*command, *paths], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "Minimum required versions: 3.6" in done.stdout


def test_version_gate_precedes_whatever_could_fail() -> None:
    body = ast.parse((SOURCE / "launch.py").read_text(encoding="utf-8")).body
    gate = next(position for position, node in enumerate(body) if isinstance(node, ast.If))
    before = [node for node in body[:gate] if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node) for node in before] == ["import sys"]
    assert ast.unparse(body[gate]).startswith("if sys.version_info < (3, 6):")
    assert "sys.exit(79)" in ast.unparse(body[gate])
    assert kerasdiff.probe.EXIT_TOO_OLD == 79


def test_python_2_refuses_in_one_line(place: Place) -> None:
    place.plant()
    place.python = interpreter("2.7")
    outcome = place.probe("--only", "nonsense")
    assert outcome.status == 79
    assert outcome.out == b""
    assert outcome.err == (
        "kerasdiff probe: Python 2.7 is too old, the probe needs 3.6 or newer: run it with another interpreter\n"
    )


@pytest.mark.parametrize("version", sorted({VERSIONS[0], VERSIONS[-1], "3.6"}))
def test_runs_on_the_oldest_and_the_newest(place: Place, tmp_path: Path, version: str) -> None:
    place.python = make_bare(interpreter(version), tmp_path / "environment")
    place.plant(TRAP)
    outcome = place.captured("--label", "planted")
    fingerprint = outcome.fingerprint
    assert fingerprint["runtime"]["markers"]["python_version"] == version
    assert {fingerprint["captured"]["families"][name]["state"] for name in DECLARED} == {"ok"}
    assert outcome.keras["version"] == "9.9.9"
    assert outcome.symbol("layers.Dense") == {
        "kind": "class",
        "parameters": [{"name": "units"}, {"name": "activation", "default": "tanh"}, {"name": "kwargs", "kind": "var_keyword"}],
        "instance": {"state": "value", "arguments": {"units": 4}},
        "config": {"units": 4},
    }
    trapped = outcome.symbol("layers.Trapped")["parameters"]
    assert [parameter["name"] for parameter in trapped] == ["units", "activation", "kwargs"]


def test_facts_of_a_library_are_the_same_on_the_oldest_and_the_newest(place: Place, tmp_path: Path) -> None:
    if len(VERSIONS) < 2:
        pytest.skip("needs two Pythons")
    place.plant(TRAP)
    found = []
    for version in (VERSIONS[0], VERSIONS[-1]):
        place.python = make_bare(interpreter(version), tmp_path / version)
        facts = place.captured().keras
        del facts["settings"]["save_format"]  # the message of a TypeError is Python's
        found.append(facts)
    assert found[0] == found[1]
