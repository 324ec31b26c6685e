"""Releases that aren't shipped: which there are, and what they are built from."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kerasdiff.capture import live
from kerasdiff.capture.build import BuildError
from kerasdiff.capture.interpreter import InterpreterError
from kerasdiff.releases import names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is looked for, built and captured, instead of doing it."""
    found: list[Any] = []

    @contextmanager
    def built(python: str, name: str, attempts: Sequence[Sequence[str]], tell: Any) -> Iterator[Path]:
        found.append((python, name, attempts))
        yield Path("there")

    def published(python: str, package: str) -> list[str]:
        found.append((python, package))
        return ["2.9.0", "2.10.0", "2.10.1", "2.10.2", "2.11.0rc1", "2.11.0", "2.11.0.post1", "2.11.1", "2.12.0"]

    monkeypatch.setattr(live, "built", built)
    monkeypatch.setattr(live, "published", published)
    monkeypatch.setattr(live, "versioned", lambda minor: f"python{minor}")
    monkeypatch.setattr(live, "capture", lambda python, request, _: (python, request.apis, request.variables))
    return found


def unshipped(text: str) -> names.Name:
    found = names.unshipped(text)
    assert found is not None
    return found


def shipped(text: str) -> names.Name:
    return names.own(names.find(text))


def test_between_two_releases_is_what_was_published_and_final(asked: list[Any]) -> None:
    p, q = shipped("tensorflow==2.10"), shipped("tensorflow==2.11")
    assert [one.called for one in live.between(p, q)] == ["tensorflow==2.10.2", "tensorflow==2.11.0"]
    assert [one.called for one in live.between(q, p)] == ["tensorflow==2.11.0", "tensorflow==2.10.2"]
    assert [one.step.release for one in live.between(p, q)] == ["tensorflow-2.10.1", "tensorflow-2.11.1"]
    assert asked[0] == ("python3.10", "tensorflow-cpu")


def test_between_two_lines_nothing_was_published(asked: list[Any]) -> None:
    assert live.between(shipped("tensorflow==2.15"), shipped("keras==3.0")) == []
    assert live.between(shipped("keras==2.2.4"), shipped("keras==2.2.4+theano")) == []
    assert asked == []


def test_a_release_is_built_with_the_pins_and_the_python_of_the_nearest(asked: list[Any]) -> None:
    found: Any = live.captured(unshipped("tensorflow==2.10.0"), lambda _: None, lambda _: None)
    assert found == ("there", ["tf.keras"], {})
    (python, name, (pins, own)) = asked[0]
    assert (python, name) == ("python3.10", "tensorflow==2.10.0")
    assert {"keras==2.10.0", "tensorflow-cpu==2.10.0", "protobuf==3.19.6"} <= set(pins)
    assert own == ["tensorflow-cpu==2.10.0"]


def test_a_keras_keeps_its_backend(asked: list[Any]) -> None:
    found: Any = live.captured(unshipped("keras==3.15.0+jax"), lambda _: None, lambda _: None)
    assert found == ("there", ["keras"], {"KERAS_BACKEND": "jax"})
    (_, name, (pins, own)) = asked[0]
    assert name == "keras==3.15.0+jax"
    assert "h5py==3.16.0" in pins
    assert own == ["keras==3.15.0", "jax==0.12.0.1", "jaxlib==0.12.0.1"]


@pytest.mark.usefixtures("asked")
def test_a_python_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def versioned(minor: str) -> str:
        message = f"no Python {minor} is found"
        raise InterpreterError(message)

    monkeypatch.setattr(live, "versioned", versioned)
    with pytest.raises(BuildError, match=r"^tensorflow==2.10.0: can't be built: no Python 3.10 is found$"):
        live.captured(unshipped("tensorflow==2.10.0"), lambda _: None, lambda _: None)


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("tensorflow==2.10.0", "tensorflow-2.10.1"),
        ("tensorflow==2.9.1", "tensorflow-2.8.4"),
        ("tensorflow==1.0", "keras-2.2.4+tensorflow-1.12.3"),
        ("keras==3.14+jax", "keras-3.15.1+jax-0.12"),
        ("keras==2.3.0", "keras-2.3.1+tensorflow-1.15.5"),
    ],
)
def test_the_nearest_is_of_the_same_minor_version_else_before(text: str, nearest: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {
        "tensorflow-2.8.4", "tensorflow-2.10.1", "tensorflow-2.11.1", "keras-2.2.4+tensorflow-1.12.3", "keras-3.15.1+jax-0.12",
        "keras-2.3.1+tensorflow-1.15.5",
    }  # fmt: skip
    every = names._names()
    monkeypatch.setattr(names, "_names", lambda: tuple(one for one in every if one.step.release in kept))
    assert unshipped(text).step.release == nearest


@pytest.mark.parametrize(
    "text", ["caffe==1", "keras>=3", "keras==3.15.0+caffe", "keras==x", "x" * 300, "", "keras==3+jax==0.4"]
)
def test_what_names_no_one_version_is_none(text: str) -> None:
    assert names.unshipped(text) is None
