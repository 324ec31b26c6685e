"""Which API of an environment people use, and what the environment is called."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasdiff.probe.choice import is_independent, label, preferred
from tests.conftest import raw


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        *[(version, True) for version in ("1.2.2", "2.0.0", "2.2.4", "2.3.1", "3.0.0", "3.15.1", "4.0", "3.0.0.dev2024")],
        *[(version, False) for version in ("2.4.0", "2.4.3", "2.6.0", "2.10.0", "2.15.0", "", None, "nightly")],
    ],
)
def test_is_independent(version: str | None, expected: bool) -> None:
    assert is_independent(version) is expected


KERAS_2, KERAS_3, PART = {"version": "2.3.1"}, {"version": "3.1.1"}, {"version": "2.12.0"}
BROKEN = {"state": "error"}
LEGACY = {"TF_USE_LEGACY_KERAS": "1"}


@pytest.mark.parametrize(
    ("apis", "variables", "expected"),
    [
        ({"keras": KERAS_2}, {}, "keras"),
        ({"keras": KERAS_3, "tf.keras": KERAS_3}, {}, "keras"),
        ({"keras": PART, "tf.keras": PART}, {}, "tf.keras"),
        ({"keras": KERAS_2, "tf.keras": PART}, {}, "keras"),
        ({"tf.keras": PART}, {}, "tf.keras"),
        ({"keras": PART}, {}, "keras"),
        ({"keras": BROKEN, "tf.keras": PART}, {}, "tf.keras"),
        ({"keras": KERAS_3, "tf.keras": PART, "tf_keras": PART}, {}, "keras"),
        ({"keras": KERAS_3, "tf.keras": PART, "tf_keras": PART}, LEGACY, "tf_keras"),
        ({"keras": KERAS_3, "tf_keras": PART}, {"TF_USE_LEGACY_KERAS": "True"}, "tf_keras"),
        ({"keras": KERAS_3, "tf_keras": PART}, {"TF_USE_LEGACY_KERAS": "0"}, "keras"),
        ({"keras": KERAS_3, "tf_keras": BROKEN}, LEGACY, "tf_keras"),
        ({"tf_keras": PART}, {}, "tf_keras"),
        ({"keras": BROKEN}, {}, "keras"),
        ({"keras": {"version": None}}, {}, "keras"),
        ({"another": PART}, {}, "another"),
    ],
)
def test_preferred(apis: dict[str, Any], variables: dict[str, str], expected: str) -> None:
    assert preferred(apis, variables) == expected
    assert preferred(dict(reversed(apis.items())), variables) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tensorflow-2.15.1", "tf.keras-2.15.0-tensorflow-2.15.1"),
        ("keras-2.2.4+theano-1.0.5", "keras-2.2.4-theano-1.0.5"),
        ("keras-3.15.1+torch-2.13", "keras-3.15.1-torch-2.13.0+cpu"),
    ],
)
def test_label_of_real_environments(name: str, expected: str) -> None:
    assert label(raw(name)) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"version": "2.2.4", "backend": "theano", "backend_version": "1.0.5"}, "keras-2.2.4-theano-1.0.5"),
        ({"version": "3.0", "backend": "openvino", "backend_version": "2026.4.1-22982-e21"}, "keras-3.0-openvino-2026.4.1"),
        ({"version": None, "backend": None}, "keras"),
        ({"state": "error"}, "keras"),
        ({"version": "../../etc/passwd", "backend": "a b\n"}, "keras-..-..-etc-passwd-a-b-"),
    ],
)
def test_label(facts: dict[str, Any], expected: str) -> None:
    assert label({"apis": {"keras": facts}, "environment": {}}) == expected


@given(st.text(), st.text(), st.text())
def test_label_is_fit_for_a_file_name(version: str, backend: str, release: str) -> None:
    facts = {"version": version, "backend": backend, "backend_version": release}
    found = label({"apis": {"keras": facts}, "environment": {}})
    assert found.startswith("keras")
    assert found.isascii()
    assert not set(found) & set('/\\:*?"<>| \n')
