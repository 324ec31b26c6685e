"""Packages, runtime and contradictions between requirements: told beside the findings."""

from __future__ import annotations

import pytest

from kerasdiff.compare import context
from kerasdiff.compare.engine import compare
from tests.conftest import THEANO, edited, fingerprint, raw


def test_packages_that_differ_are_told_with_both_versions() -> None:
    document = raw(THEANO)
    document["packages"].update({"numpy": "99.0", "new-one": "1"})
    del document["packages"]["h5py"]
    before = fingerprint(THEANO).packages
    told = context.packages(fingerprint(THEANO), edited(document))
    assert {name: (a, b) for name, a, b in told} == {
        "numpy": (before["numpy"], "99.0"),
        "h5py": (before["h5py"], None),
        "new-one": (None, "1"),
    }
    assert told[-1][0] == "new-one"  # no part of the Keras stack


def test_equal_packages_are_not_told() -> None:
    assert context.packages(fingerprint(THEANO), fingerprint(THEANO)) == []


def test_runtime_that_differs_is_told() -> None:
    document = raw(THEANO)
    document["runtime"].update(python="3.99.1", devices=[{"type": "GPU"}, {"type": "CPU"}])
    document["runtime"]["cpu"]["model"] = "Another"
    told = {key: b for key, _, b in context.runtime(fingerprint(THEANO), edited(document))}
    assert told == {"python": "3.99.1", "devices": ["CPU", "GPU"], "cpu.model": "Another"}


@pytest.mark.parametrize(
    ("requirement", "conflict"),
    [
        ("numpy<1", "keras 2.2.4 requires numpy<1, installed is {numpy}"),
        ("NumPy <1", "keras 2.2.4 requires NumPy<1, installed is {numpy}"),
        ("numpy>=1", None),
        ("not_installed>=2", "keras 2.2.4 requires not_installed, which is not installed"),
        ("not_installed; extra == 'tests'", None),
        ("not_installed; python_version < '3'", None),
        ("not_installed; python_version >= '3'", "keras 2.2.4 requires not_installed, which is not installed"),
        ("no requirement at all", None),
        ("numpy (>=1.9.1)", None),
        ("numpy (<1)", "keras 2.2.4 requires numpy<1, installed is {numpy}"),
        ("numpy; from_the_future == '1'", None),
    ],
)
def test_contradictions_between_requirements_are_told(requirement: str, conflict: str | None) -> None:
    document = raw(THEANO)
    document["distributions"]["keras"]["requires"] = [requirement]
    for name, known in document["distributions"].items():
        if name != "keras":
            known.pop("requires", None)
    told = context.conflicts(edited(document))
    assert told == ([] if conflict is None else [conflict.format(numpy=document["packages"]["numpy"])])


def test_a_version_that_is_none_is_no_contradiction() -> None:
    document = raw(THEANO)
    document["packages"]["numpy"] = "no version"
    document["distributions"]["keras"]["requires"] = ["numpy<1"]
    assert not any("numpy<1" in line for line in context.conflicts(edited(document)))


def test_contradictions_stand_in_the_comparison_by_side() -> None:
    document = raw(THEANO)
    document["distributions"]["keras"]["requires"] = ["numpy<1"]
    found = compare(fingerprint(THEANO), edited(document)).context["conflicts"]
    assert any("requires numpy<1" in line for line in found["b"])
    assert not any("requires numpy<1" in line for line in found["a"])
