"""The house keeps its order: imports go one way, and no module grows without bound."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import kerasdiff
from kerasdiff import api

HOUSE = Path(kerasdiff.__file__).parent
MODULES = sorted(HOUSE.rglob("*.py"))

#: A room may import only itself and rooms before it.
ORDER = (
    "errors", "text", "probe", "fingerprint", "models", "knowledge", "compare", "scope", "gate", "report", "releases",
    "capture", "verify", "drift", "pytest_plugin", "api", "cli", "__main__",
)  # fmt: skip

#: Lines of a module at most.
MAX_LINES = 400


def room(module: Path) -> str:
    """The room that a module is in; a module at the root is a room of its own."""
    return module.relative_to(HOUSE).parts[0].removesuffix(".py")


def imported(source: str, package: str) -> list[str]:
    """The modules that ``source``, in ``package``, imports, by full name; imports for the type checker included."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            above = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
            base = ".".join(filter(None, (above, node.module)))
            found += [f"{base}.{alias.name}" for alias in node.names] if base == "kerasdiff" or not node.module else [base]
    return found


def rooms_imported(source: str, package: str) -> set[str]:
    """The rooms of kerasdiff that ``source`` imports."""
    inside = [name.split(".")[1] for name in imported(source, package) if name.startswith("kerasdiff.")]
    return {name for name in inside if not name.startswith("__version__")}


def package_of(module: Path) -> str:
    return ".".join(("kerasdiff", *module.relative_to(HOUSE).parts[:-1]))


def name_of(module: Path) -> str:
    return module.relative_to(HOUSE).as_posix()


def test_every_room_has_its_place_in_the_order() -> None:
    assert {room(module) for module in MODULES} - {"__init__"} <= set(ORDER)


@pytest.mark.parametrize("module", [module for module in MODULES if module != HOUSE / "__init__.py"], ids=name_of)
def test_a_room_imports_only_rooms_before_it(module: Path) -> None:
    own = room(module)
    allowed = {*ORDER[: ORDER.index(own)], own}
    assert rooms_imported(module.read_text(encoding="utf-8"), package_of(module)) <= allowed


@pytest.mark.parametrize("module", sorted((HOUSE / "probe").rglob("*.py")), ids=name_of)
def test_the_probe_imports_nothing_of_kerasdiff_outside_it(module: Path) -> None:
    source = module.read_text(encoding="utf-8")
    assert rooms_imported(source, package_of(module)) <= {"probe"}
    # Exported, it has another name: it finds itself by relative imports only.
    assert re.findall(r"^\s*(?:import|from)\s+kerasdiff\b.*", source, re.M) == []


def test_the_package_itself_imports_nothing() -> None:
    assert imported((HOUSE / "__init__.py").read_text(encoding="utf-8"), "kerasdiff") == []


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_no_module_grows_past_its_bound(module: Path) -> None:
    assert len(module.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


@pytest.mark.parametrize(
    ("source", "package", "rooms"),
    [
        ("import kerasdiff.cli.show", "kerasdiff.gate", {"cli"}),
        ("from kerasdiff.compare.engine import compare", "kerasdiff.cli", {"compare"}),
        ("from kerasdiff import report", "kerasdiff.gate", {"report"}),
        ("from kerasdiff import __version__", "kerasdiff.cli", set()),
        ("from ..report import text", "kerasdiff.gate", {"report"}),
        ("from . import decide", "kerasdiff.gate", {"gate"}),
        ("def f():\n    from kerasdiff.capture.run import capture", "kerasdiff.cli", {"capture"}),
        ("import json, os.path", "kerasdiff.cli", set()),
    ],
)
def test_every_way_to_import_is_seen(source: str, package: str, rooms: set[str]) -> None:
    assert rooms_imported(source, package) == rooms


@pytest.mark.parametrize("name", api.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert callable(getattr(api, name))
