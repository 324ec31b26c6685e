"""References from strangers: what they say of themselves is checked before it is used."""

from __future__ import annotations

import copy
import io
import json
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasdiff.probe.npz import Archive, BadArchive
from kerasdiff.probe.own.recorded import Recorded
from tests.conftest import DATA

if TYPE_CHECKING:
    from pathlib import Path

REFERENCE = DATA / "own" / "text-tensorflow-1.15.npz"

# What may stand anywhere in JSON.
ANYTHING = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.just([]), st.just({}), st.just([None]))


@cache
def arrays() -> dict[str, Any]:
    with np.load(REFERENCE) as found:
        return dict(found)


def told() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(arrays()["kerasdiff"].tobytes())
    return copy.deepcopy(document)


def written(path: Path, document: Any, **changed: Any) -> Path:
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    kept = {**arrays(), "kerasdiff": np.frombuffer(text, "uint8"), **changed}
    target = io.BytesIO()
    np.savez(target, **{name: array for name, array in kept.items() if array is not None})
    path.write_bytes(target.getvalue())
    return path


def recorded(path: Path) -> Recorded:
    with Archive(str(path)) as archive:
        found = Recorded(archive)
        for call in found.calls:
            for name in call["inputs"] + call["masks"] + call["outputs"]:
                found.array(name)
        return found


def test_what_was_recorded_is_read() -> None:
    with Archive(str(REFERENCE)) as archive:
        found = Recorded(archive)
        masks = [found.array(name) for name in found.calls[1]["masks"]]
        inputs = found.array(found.calls[0]["inputs"][0])
    assert [layer["name"] for layer in found.layers] == ["embed", "lstm", "gru", "score"]
    assert found.environment["backend_version"] == "1.15.5"
    assert [call["name"] for call in found.calls] == ["embed", "lstm", "gru", "score"]
    assert (found.inputs[0].shape, found.outputs[0].shape) == ((2, 10), (2, 1))
    assert [mask.dtype for mask in masks] == [bool]  # padding
    assert (masks[0] == (inputs != 0)).all()
    assert found.array(None) is None


def without(key: str) -> dict[str, Any]:
    return {name: part for name, part in told().items() if name != key}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (b"{", "is no JSON"),
        (b"[1]", "is no reference"),
        (b"\xff", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        ({}, "is no reference"),
        ({**told(), "schema": "kerasdiff.reference/2"}, "has another schema"),
        ({**told(), "schema": 3}, "is no reference"),
        (without("calls"), "isn't whole"),
        ({**told(), "layers": [{}]}, "isn't whole"),
        ({**told(), "calls": [1]}, "isn't whole"),
    ],
)
def test_what_is_none_is_refused(tmp_path: Path, document: Any, message: str) -> None:
    with pytest.raises(BadArchive, match=message):
        recorded(written(tmp_path / "a.npz", document))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"weights_0": None}, "an array that it names isn't there"),
        ({"tensor_0": None}, "an array that it names isn't there"),
        ({"inputs_0": None}, "it holds no inputs"),
        ({"outputs_0": None}, "it holds no inputs, or no outputs"),
    ],
)
def test_arrays_that_are_not_there(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(BadArchive, match=message):
        recorded(written(tmp_path / "a.npz", told(), **changed))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in pairs:
        found += places(part, (*path, key))
    return found


PLACES = [place for place in places(told()) if "config" not in place and "packages" not in place]


@given(st.sampled_from(PLACES), ANYTHING)
def test_anything_anywhere_is_read_or_refused(tmp_path_factory: Any, place: tuple[Any, ...], value: Any) -> None:
    document: Any = told()
    holder = document
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = value
    path = written(tmp_path_factory.getbasetemp() / "changed.npz", document)
    try:
        found = recorded(path)
    except BadArchive as bad:
        message = str(bad)
    else:
        message = f"{len(found.layers)} layers"
    assert message
