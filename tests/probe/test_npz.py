"""Archives of arrays from strangers: what is damaged, hostile or a pickle is refused in a sentence, within bounds."""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasdiff.probe import npz
from kerasdiff.probe.npz import Archive, BadArchive
from tests.conftest import DATA, acting

if TYPE_CHECKING:
    from pathlib import Path

ARRAYS = {
    "x": np.arange(12, dtype="float32").reshape(3, 4),
    "half": np.ones((2, 2), "float16"),
    "columns": np.asfortranarray(np.arange(6).reshape(2, 3)),
    "flags": np.array([True, False]),
    "words": np.array([b"a", b"bcd"]),
    "text": np.array(["ä", "bcd"]),
    "number": np.array(3.5),
    "nothing": np.zeros((0, 5), "int64"),
    "turned": np.arange(4, dtype=">i4"),
}
REFERENCE = (DATA / "own" / "text-tensorflow-1.15.npz").read_bytes()


def saved(arrays: dict[str, Any], *, packed: bool = False) -> bytes:
    target = io.BytesIO()
    (np.savez_compressed if packed else np.savez)(target, **arrays)
    return target.getvalue()


def archive(entries: dict[str, bytes], **options: Any) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, **options) as written:
        for name, content in entries.items():
            written.writestr(name, content)
    return target.getvalue()


def header(text: str, version: bytes = b"\x01\x00", content: bytes = b"") -> bytes:
    written = text.encode("latin-1")
    length = struct.pack("<H" if version == b"\x01\x00" else "<I", len(written))
    return b"\x93NUMPY" + version + length + written + content


def numbers(content: bytes, **told: Any) -> bytes:
    return header(repr({"descr": "<f4", "fortran_order": False, "shape": (2,), **told}), content=content)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", ARRAYS)
def test_what_numpy_saves_is_read(tmp_path: Path, name: str, *, packed: bool) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(saved(ARRAYS, packed=packed))
    with Archive(str(path)) as found:
        told = found.arrays[name]
        flat = np.frombuffer(found.content(name), told.type)
    read = flat.reshape(told.shape, order="F" if told.is_fortran else "C")
    assert read.tolist() == ARRAYS[name].tolist()
    assert read.dtype == ARRAYS[name].dtype


def read_all(path: Path) -> list[int]:
    """How many bytes each array holds."""
    with Archive(str(path)) as found:
        return [len(found.content(name)) for name in found.arrays]


def refused(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    with pytest.raises(BadArchive) as caught:
        read_all(path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is empty"),
        (b"text", "is no .npz archive"),
        (pickle.dumps([1]), "is a pickle"),
        (b"\x93NUMPY\x01\x00", "is one array"),
        (saved({"x": np.array([{}], dtype=object)}), "x.npy is of objects, a pickle, which can run code"),
        (saved({"x": np.zeros(2, [("a", "f4")])}), "x.npy is of the type [('a', '<f4')]"),
        (saved({"x": np.zeros(2, "datetime64[s]")}), "x.npy is of the type '<M8[s]'"),
        (archive({"x.npy": numbers(b"\0" * 7)}), "x.npy claims the shape 2, and holds another number of bytes"),
        (archive({"x.npy": numbers(b"", shape=(10**9, 10**9))}), "claims the shape 1000000000x1000000000"),
        (archive({"x.npy": numbers(b"\0" * 8, shape=(2**80,))}), "damaged header"),
        (archive({"x.npy": numbers(b"\0" * 8, shape=(-2,))}), "damaged header"),
        (archive({"x.npy": numbers(b"\0" * 8, shape=(True, 2))}), "damaged header"),
        (archive({"x.npy": numbers(b"\0" * 8, shape=[2])}), "damaged header"),
        (archive({"x.npy": numbers(b"\0" * 4, shape=(1,) * 40)}), "damaged header"),
        (archive({"x.npy": header("(" * 5000)}), "damaged header"),
        (archive({"x.npy": header("__import__('os').abort()")}), "damaged header"),
        (archive({"x.npy": header("{'descr': '<f4'}")}), "damaged header"),
        (archive({"x.npy": header("x", b"\x09\x00")}), "is no array that NumPy has saved"),
        (archive({"x.npy": header("x" * 70000, b"\x02\x00")}), "has a header of 70000 bytes"),
        (archive({"x.npy": b"\x93NUMPY"}), "is no array that NumPy has saved"),
        (archive({"../x.npy": numbers(b"\0" * 8)}), "is no array's name"),
        (archive({"x.txt": b"text"}), "is no array's name"),
        (archive({"x.npy": numbers(b"\0" * 4_000_000, shape=(1_000_000,))}), ""),
    ],
)  # fmt: skip
def test_what_is_none_is_refused(tmp_path: Path, data: bytes, told: str) -> None:
    if not told:  # zeros pack well, and say little: no bomb
        (tmp_path / "a.npz").write_bytes(data)
        with Archive(str(tmp_path / "a.npz")) as found:
            assert len(found.content("x")) == 4_000_000
        return
    said = refused(tmp_path / "a.npz", data)
    assert told in said
    assert acting(said) == set()


def test_an_archive_that_unpacks_to_too_much_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npz, "MAX_BYTES", 1000)
    assert "unpacks to more than 0 MB" in refused(tmp_path / "a.npz", saved({"x": np.zeros(1000)}, packed=True))


def test_an_archive_of_too_many_arrays_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npz, "MAX_ARRAYS", 3)
    assert "holds 9 arrays, and 3 are read at most" in refused(tmp_path / "a.npz", saved(ARRAYS))


def test_a_size_that_the_directory_claims_is_not_believed(tmp_path: Path) -> None:
    data = bytearray(archive({"x.npy": numbers(b"\1" * 8)}))
    place = data.rindex(b"PK\x01\x02")
    data[place + 24 : place + 28] = struct.pack("<I", 2**31 - 2)
    assert "unpacks to far more than it holds" in refused(tmp_path / "a.npz", bytes(data))


@given(st.integers(0, len(REFERENCE) - 1), st.binary(min_size=1, max_size=4), st.booleans())
def test_damage_anywhere_is_seen_or_harmless(tmp_path_factory: Any, place: int, piece: bytes, cut: bool) -> None:
    damaged = REFERENCE[:place] if cut else REFERENCE[:place] + piece + REFERENCE[place + len(piece) :]
    path = tmp_path_factory.getbasetemp() / "damaged.npz"
    path.write_bytes(damaged)
    try:
        sizes = read_all(path)
    except BadArchive:
        return
    assert sum(sizes) <= npz.MAX_BYTES
    assert not cut


@given(st.binary(max_size=300))
def test_any_header_is_read_or_refused(tmp_path_factory: Any, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "header.npz"
    path.write_bytes(archive({"x.npy": b"\x93NUMPY\x01\x00" + struct.pack("<H", len(data)) + data}))
    with pytest.raises(BadArchive):
        Archive(str(path))
