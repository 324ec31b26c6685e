"""The machine, the interpreter and the libraries."""

from __future__ import annotations

import json
import os
import platform
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from packaging.markers import default_environment

from kerasdiff.probe import runtime


def test_machine() -> None:
    facts = runtime.machine()
    json.dumps(facts, allow_nan=False)
    assert facts == runtime.machine()  # nothing in it changes from one moment to the next
    assert facts["python"] == platform.python_version()
    assert facts["system"] == platform.system()
    assert facts["byte_order"] == sys.byteorder
    assert facts["cpu"]["cores"] == os.cpu_count()
    assert None not in facts.values()


def test_markers_are_those_of_pep_508() -> None:
    expected = dict(default_environment())
    found = runtime.machine()["markers"]
    # Two of packaging's depend on the moment and the kernel's build, and no requirement of a Keras asks for them.
    assert expected.keys() - found.keys() <= {"platform_release", "platform_version"}
    assert found == {name: expected[name] for name in found}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads the files of Linux")
def test_linux() -> None:
    facts = runtime.machine()
    assert facts["memory"] == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") or facts["memory"] > 1 << 28
    assert facts["cpu"]["usable_cores"] == len(os.sched_getaffinity(0))
    assert facts["cpu"]["instruction_sets"] == sorted(facts["cpu"]["instruction_sets"])


def test_files_that_are_not_there() -> None:
    assert runtime._first_line("/nowhere/cpuinfo", "(.*)") is None


def test_numpy() -> None:
    facts = runtime.libraries()["numpy"]
    assert facts["version"] == np.__version__
    assert facts["blas"]["blas"]["name"]
    assert facts["cpu_features"] == sorted(facts["cpu_features"])
    json.dumps(facts)


def test_only_what_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("numpy", "tensorflow", "jax", "torch", "theano", "cntk", "openvino"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    assert runtime.libraries() == {}
    assert "tensorflow" not in sys.modules


def library(name: str, **members: Any) -> ModuleType:
    """A module in memory."""
    made = ModuleType(name)
    vars(made).update(members)
    return made


def test_libraries_of_other_releases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jax", library("jax", __version__="0.4"))

    def raises() -> bool:
        raise RuntimeError("no driver")

    cpu = SimpleNamespace(get_cpu_capability=lambda: "AVX2")
    torch = library("torch", __version__="2.0", cuda=SimpleNamespace(is_available=raises), backends=SimpleNamespace(cpu=cpu))
    monkeypatch.setitem(sys.modules, "torch", torch)
    facts = runtime.libraries()
    assert facts["jax"]["version"] == "0.4"
    assert facts["jax"]["devices"] is None  # told in no way that is known
    assert facts["torch"]["version"] == "2.0"
    assert facts["torch"]["devices"] == {"state": "error", "type": "RuntimeError", "message": "no driver"}
