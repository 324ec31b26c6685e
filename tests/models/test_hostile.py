"""Damaged and hostile files: one line, exit status 2, nothing run, nothing read from elsewhere."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import zipfile
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest

from kerasdiff.models import archive, child, kind
from kerasdiff.models.document import ModelError
from kerasdiff.models.load import load
from tests.conftest import Ran, spawned
from tests.lab.models import MODELS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GOOD = MODELS / "keras-2.2.4" / "functional.h5"
#: Where a weight stands in it; and what unpacks to much.
ZEROS = bytes(90 << 20)
WEIGHT = "model_weights/shared/shared/kernel:0"
CONFIG: dict[str, Any] = {
    "class_name": "Sequential",
    "config": {"name": "s", "layers": [{"class_name": "Dense", "config": {"name": "dense", "units": 1}}]},
}


def changed(change: Callable[[Any], None]) -> bytes:
    """A good file after a change."""
    stream = io.BytesIO(GOOD.read_bytes())
    with h5py.File(stream, "r+") as file:
        change(file)
    return stream.getvalue()


def instead(make: Callable[[Any], object]) -> bytes:
    """A good file with something else in place of a weight."""

    def change(file: Any) -> None:
        del file[WEIGHT]
        make(file)

    return changed(change)


def linked(link: object) -> bytes:
    return instead(lambda file: file.__setitem__(WEIGHT, link))


def configured(text: str) -> bytes:
    return changed(lambda file: file.attrs.__setitem__("model_config", text))


def cycle() -> bytes:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        group = file.create_group("layers/dense")
        for number in range(3):
            group[f"again{number}"] = file
    return stream.getvalue()


def zipped(entries: dict[str, bytes], packed: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", packed) as target:
        for name, data in entries.items():
            target.writestr(zipfile.ZipInfo(name), data, packed)
    return stream.getvalue()


def encrypted() -> bytes:
    data = bytearray(zipped({"config.json": json.dumps(CONFIG).encode()}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    data[6] |= 1
    return bytes(data)


class Trap:
    """Makes a file where a pickle of it is read."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (str(self.mark),)


def arrays(mark: Path) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, weights=np.array([Trap(mark)], dtype=object))
    return stream.getvalue()


def virtual(file: Any) -> None:
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("/etc/hostname", "x", (4,))
    file.create_virtual_dataset(WEIGHT, layout)


#: Of each file: its name, its bytes, and what is said of it.
REFUSED: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "empty": ("a.h5", lambda: b"", "is no saved model"),
    "text": ("a.keras", lambda: b"hello", "is no saved model"),
    "only the magic": ("a.h5", lambda: kind.HDF5, "is a damaged HDF5 file"),
    "half": ("a.h5", lambda: GOOD.read_bytes()[: GOOD.stat().st_size // 2], "is a damaged HDF5 file"),
    "half an archive": ("a.keras", lambda: zipped({"config.json": b"{}" * 999})[:900], "is a damaged archive"),
    "no model": ("a.h5", lambda: changed(lambda file: file.attrs.__delitem__("model_config")), "is HDF5, but no saved model"),
    "soft link": ("a.h5", lambda: linked(h5py.SoftLink("/model_weights/told/told/kernel:0")), "a link to another place"),
    "soft link to itself": ("a.h5", lambda: linked(h5py.SoftLink(f"/{WEIGHT}")), "a link to another place"),
    "external link": ("a.h5", lambda: linked(h5py.ExternalLink("/etc/hostname", "/x")), "a link to another place or file"),
    "external data": (
        "a.h5",
        lambda: instead(lambda file: file.create_dataset(WEIGHT, (4,), "u1", external=[("/etc/hostname", 0, 4)])),
        "keeps the data of model_weights/shared/shared/kernel:0 in another file",
    ),
    "virtual data": ("a.h5", lambda: instead(virtual), "in another file"),
    "a group that holds itself": ("a.h5", cycle, "or a group that holds itself"),
    "a group for a weight": ("a.h5", lambda: instead(lambda file: file.create_group(WEIGHT)), "a group where the weight"),
    "deep JSON": ("a.h5", lambda: configured('{"class_name":' * 4000 + "1" + "}" * 4000), "nested deeper"),
    "less deep JSON": ("a.h5", lambda: configured('{"a":' * 300 + "1" + "}" * 300), "nested deeper"),
    "no JSON": ("a.h5", lambda: configured("{"), "its model_config is no valid JSON"),
    "a list": ("a.h5", lambda: configured("[]"), "is JSON, but no configuration"),
    "no class": ("a.h5", lambda: configured("{}"), "names no class"),
    "digits": ("a.h5", lambda: configured('{"class_name": ' + "9" * 5000 + "}"), "is no valid JSON"),
    "an archive of something else": ("a.keras", lambda: zipped({"x": b""}), "without config.json"),
    "up and out": ("a.keras", lambda: zipped({"../../config.json": b"{}"}), "leads out of it: ../../config.json"),
    "from the root": ("a.keras", lambda: zipped({"/etc/config.json": b"{}"}), "leads out of it"),
    "encrypted": ("a.keras", encrypted, "is encrypted: config.json"),
    "a bomb of JSON": (
        "a.keras",
        lambda: zipped({"config.json": b" " * (70 << 20)}, zipfile.ZIP_DEFLATED),
        "has an entry config.json of more than 64 MB",
    ),
    "a bomb of weights": (
        "a.keras",
        lambda: zipped({"config.json": json.dumps(CONFIG).encode(), "model.weights.h5": ZEROS}, zipfile.ZIP_DEFLATED),
        "unpacks to far more than its size",
    ),
    "no index": ("a.index", lambda: b"x" * 100, "is no index of a checkpoint"),
    "an empty index": ("a.index", lambda: b"", "is no index of a checkpoint"),
    "a SavedModel of nothing": ("saved_model.pb", lambda: b"", "its saved_model.pb is empty"),
    "a SavedModel of noise": ("saved_model.pb", lambda: b"\x12\xff\xff\xff\x7f", "a message ends too early"),
    "a SavedModel of groups": ("saved_model.pb", lambda: b"\x13" * 30, "a field of no known kind"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_is_refused_in_one_line(what: str, tmp_path: Path, kerasdiff: Callable[..., Ran]) -> None:
    name, make, said = REFUSED[what]
    (tmp_path / name).write_bytes(make())
    line = kerasdiff("inspect", tmp_path / name).refusal()
    assert line.startswith(f"kerasdiff: {tmp_path / name}: ")
    assert said in line


def test_a_pickle_is_never_read(tmp_path: Path, kerasdiff: Callable[..., Ran]) -> None:
    mark = tmp_path / "mark"
    for name, data in (("a.h5", pickle.dumps(Trap(mark))), ("a.keras", arrays(mark)), ("a.pkl", pickle.dumps(Trap(mark)))):
        (tmp_path / name).write_bytes(data)
        line = kerasdiff("inspect", tmp_path / name).refusal()
        assert "is a pickle, which can run code" in line or "an archive of NumPy arrays" in line
        assert not mark.exists()


def test_a_name_that_stands_twice_is_refused(tmp_path: Path, kerasdiff: Callable[..., Ran]) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as target:
        target.writestr("config.json", "{}")
        with pytest.warns(UserWarning, match="Duplicate"):
            target.writestr("config.json", "{}")
    (tmp_path / "a.keras").write_bytes(stream.getvalue())
    assert "two entries of one name" in kerasdiff("inspect", tmp_path / "a.keras").refusal()


@pytest.mark.parametrize(
    ("shape", "more", "said"),
    [
        ((2**40,), {}, "claims 4398046511104 bytes, of which the file holds 0"),
        ((2**20, 2**20), {"chunks": (1, 1000), "compression": "gzip"}, "unpacks to far more than the file's size"),
        ((50_000_000,), {"chunks": (50_000_000,), "compression": "gzip"}, "unpacks to far more than the file's size"),
        ((1,) * 20, {}, "is no array of numbers"),
        ((3,), {"dtype": h5py.string_dtype()}, "is no array of numbers"),
    ],
)
def test_sizes_that_are_claimed_are_not_read(shape: tuple[int, ...], more: dict[str, Any], said: str, tmp_path: Path) -> None:
    given = {"dtype": "f4", **more}
    (tmp_path / "a.h5").write_bytes(instead(lambda file: file.create_dataset(WEIGHT, shape, **given)))
    model = load(tmp_path / "a.h5")
    weight = next(weight for weight in model.weights if weight.name == "shared/kernel:0")
    assert weight.digest is None
    assert weight.shape == list(shape)
    assert model.notes == [f"{WEIGHT} {said}"]


def test_what_is_not_in_a_sane_place_is_named(tmp_path: Path) -> None:
    def change(file: Any) -> None:
        file["model_weights"].attrs["layer_names"] = np.array([b"shared", b"../..", b"gone", b"/"])

    (tmp_path / "a.h5").write_bytes(changed(change))
    notes = load(tmp_path / "a.h5").notes
    assert notes == [f"the layer {name} is named, and not there" for name in ("../..", "gone", "/")]


def test_a_layer_that_stands_in_a_thousand_others_is_read(tmp_path: Path) -> None:
    layers = [{"class_name": "Dense", "config": {"name": f"d{number}"}} for number in range(5000)]
    config = {"class_name": "Sequential", "config": {"name": "s", "layers": layers}}
    (tmp_path / "a.keras").write_bytes(zipped({"config.json": json.dumps(config).encode()}))
    model = load(tmp_path / "a.keras")
    assert model.model is not None
    assert len(model.model.layers) == 5000
    assert model.notes == ["has no model.weights.h5: an architecture without weights"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are POSIX")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path, kerasdiff: Callable[..., Ran]) -> None:
    os.mkfifo(tmp_path / "a.h5")
    assert "is no ordinary file" in kerasdiff("inspect", tmp_path / "a.h5").refusal()


def test_a_folder_of_nothing_is_refused(tmp_path: Path, kerasdiff: Callable[..., Ran]) -> None:
    assert "is a folder without saved_model.pb or a checkpoint" in kerasdiff("inspect", tmp_path).refusal()


@pytest.mark.parametrize("name", ["", "no/such.h5", "a\0b.h5"])
def test_what_is_not_there_is_refused(name: str, kerasdiff: Callable[..., Ran]) -> None:
    assert kerasdiff("inspect", name).refusal()


def test_reading_is_bounded_in_memory(tmp_path: Path) -> None:
    """The bound of the process itself: what no check foresaw ends there, not in the machine's memory."""
    import subprocess
    import sys

    program = (
        "from kerasdiff.models import child\n"
        "child.bounded(1000)\n"
        "child._read = lambda path, file: bytearray(2 << 30)\n"
        "print(child.answer('x', 'x').error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == f"takes more than {child.MEMORY >> 20} MB to read, which no model of its size does\n"


def test_reading_is_bounded_in_time() -> None:
    import subprocess
    import sys

    program = (
        "from kerasdiff.models import child\nimport resource\nchild.bounded(1000)\n"
        "print(resource.getrlimit(resource.RLIMIT_CPU)[0])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    assert int(done.stdout) == child.SECONDS


def test_a_plugin_is_not_loaded(tmp_path: Path) -> None:
    """A filter that no HDF5 has by itself would be looked for in a folder of plugins."""

    def make(file: Any) -> None:
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk((4,))
        properties.set_filter(32768, h5py.h5z.FLAG_OPTIONAL, (1,))
        kind, space = h5py.h5t.NATIVE_FLOAT, h5py.h5s.create_simple((4,))
        h5py.h5d.create(file.id, WEIGHT.encode(), kind, space, properties)

    (tmp_path / "a.h5").write_bytes(instead(make))
    assert load(tmp_path / "a.h5").notes == [f"{WEIGHT} is packed by a plugin, which isn't loaded"]


def test_without_h5py_it_is_said_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "h5py.py").write_text("raise ImportError\n")
    line = spawned("inspect", GOOD, before=f"sys.path.insert(0, {str(tmp_path)!r})").refusal()
    assert line == f"kerasdiff: {GOOD}: reading HDF5 files needs h5py; install it with: pip install 'kerasdiff[models]'"


def test_what_lies_in_the_working_folder_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "h5py.py").write_text("raise SystemExit('imported')\n")
    (tmp_path / "msgspec.py").write_text("raise SystemExit('imported')\n")
    import sys

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    assert load(GOOD).format == "h5"


def test_the_window_on_an_archive_reads_what_is_there() -> None:
    data = zipped({"a": b"first", "config.json": b"0123456789"})
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        entry = opened.getinfo("config.json")
        assert opened.fp is not None
        window = archive.Window(opened.fp, entry.header_offset, entry.file_size)  # type: ignore[arg-type]
        assert window.read(4) == b"0123"
        assert (window.seek(-3, os.SEEK_END), window.read(9), window.read(1)) == (7, b"789", b"")
        assert (window.seek(2), window.seek(1, os.SEEK_CUR), window.tell(), window.read(2)) == (2, 3, 3, b"34")


def test_an_index_of_too_much_is_refused(tmp_path: Path) -> None:
    footer = b"\x00\x00" + b"\xff\xff\xff\xff\x07\x08"
    data = b"\0" * 60 + footer.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)
    (tmp_path / "a.index").write_bytes(data)
    with pytest.raises(ModelError, match="damaged index"):
        load(tmp_path / "a.index")
