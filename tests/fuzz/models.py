"""Saved models that nobody meant: real small ones damaged, their configurations edited, and what a stranger would craft.

An input is a line of JSON (the name of the file, and the formats of the reports) and the file's bytes.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import select
import warnings
import zipfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from kerasdiff.compare import models as saved
from kerasdiff.errors import KerasdiffError
from kerasdiff.gate.decide import decide
from kerasdiff.knowledge.load import Effect
from kerasdiff.models import child
from kerasdiff.models.load import interpreted
from kerasdiff.report import model as told
from kerasdiff.report.formats import FORMATS, reporter
from kerasdiff.report.interface import Shown
from tests.fuzz import mutate, oracles
from tests.lab.models import MODELS

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from kerasdiff.models.document import SavedModel

FOLDERS = (".saved_model.zip", ".ckpt.zip")
#: Seconds of processor time that a child may take: libhdf5 loops without end over some damage, and is ended.
DEADLINE = 2
#: Seconds by the clock in which it must say something.
PATIENCE = 300
_TOKENS = tuple(
    token.encode("latin-1")
    for token in (
        *(
            "\x89HDF\r\n\x1a\n",
            "PK\x03\x04",
            "PK\x05\x06",
            "PK\x01\x02",
            "TREE",
            "SNOD",
            "HEAP",
            "OHDR",
            "OCHK",
            "FRHP",
            "BTHD",
        ),
        *(
            "\xff" * 8,
            "\x00" * 8,
            "\xff\xff\xff\x7f",
            "{",
            "}",
            '"class_name":',
            "../../",
            "null",
            "1e999",
            "[" * 3000,
            "\xf4" * 9,
        ),
    )
)


@cache
def seeds() -> dict[str, bytes]:
    """The real files by their names."""
    return {str(path.relative_to(MODELS)): path.read_bytes() for path in sorted(MODELS.glob("*/*"))}


@cache
def reference() -> SavedModel:
    """The model that others are compared with."""
    return _read(MODELS / "keras-2.2.4" / "sequential.h5")


def _read(path: Path) -> SavedModel:
    found = child.answer(str(path), path.name).model
    assert found is not None
    return found


def make(rng: random.Random) -> bytes:
    """An input."""
    _warm()
    name = rng.choice(sorted(seeds()))
    data = seeds()[name]
    kind = rng.randrange(10)
    if kind < 5 or name.endswith(FOLDERS):
        data = _damaged_folder(rng, data) if name.endswith(FOLDERS) else mutate.damaged(rng, data, _TOKENS)
    elif zipfile.is_zipfile(io.BytesIO(data)):  # TensorFlow 2.12 writes HDF5 as .keras
        data = _archive(rng, data)
    else:
        data = _hdf(rng, data)
    return json.dumps({"name": name, "forms": rng.sample(FORMATS, 2)}).encode() + b"\n" + data


def _damaged_folder(rng: random.Random, data: bytes) -> bytes:
    """An archive of a folder in which some files are damaged, or gone."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(written, "w") as target:
        for entry in source.infolist():
            content = source.read(entry)
            if rng.randrange(2):
                content = mutate.damaged(rng, content, _TOKENS)
            if rng.randrange(12):
                target.writestr(zipfile.ZipInfo(entry.filename), content)
    return written.getvalue()


def _edited(rng: random.Random, text: bytes) -> bytes:
    """A configuration after edits of what it says."""
    document = json.loads(text)
    places = mutate.places(document)
    for _ in range(rng.choice((1, 1, 2, 4))):
        _, path, operation, given = mutate.edit(rng, "a", places)
        document = mutate.applied(document, path, operation, given) if operation != "chain" else document
    try:
        return json.dumps(document).encode("utf-8", "surrogatepass")
    except (ValueError, RecursionError):
        return b'{"class_name": ' * 5000


# Archives


def _archive(rng: random.Random, data: bytes) -> bytes:
    written = io.BytesIO()
    trick = rng.choice(("config", "config", "config", "weights", "bomb", "path", "twice", "npz"))
    packed = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with (
        warnings.catch_warnings(),
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(written, "w", packed) as target,
    ):
        warnings.simplefilter("ignore")  # of names that stand twice
        for entry in source.infolist():
            content = source.read(entry)
            if trick == "config" and entry.filename.endswith(".json"):
                content = _edited(rng, content)
            if trick == "weights" and entry.filename.endswith(".h5"):
                content = _hdf(rng, content)
            if trick == "bomb" and not rng.randrange(2):
                content = b"\0" * 100_000_000
            name = {"path": f"../{entry.filename}", "npz": f"{entry.filename}.npy"}.get(trick, entry.filename)
            target.writestr(zipfile.ZipInfo(name), content, packed)
            if trick == "twice":
                target.writestr(zipfile.ZipInfo(name), content)
    return written.getvalue()


# HDF5


def _hdf(rng: random.Random, data: bytes) -> bytes:
    stream = io.BytesIO(data)
    with h5py.File(stream, "r+") as file:
        groups: list[Any] = [file]
        file.visititems(lambda _, thing: groups.append(thing) if isinstance(thing, h5py.Group) else None)
        for _ in range(rng.choice((1, 1, 2, 3))):
            with contextlib.suppress(KeyError, ValueError, OSError, RuntimeError, TypeError):  # what an earlier one has undone
                rng.choice(_TRICKS)(rng, file, rng.choice(groups))
    return stream.getvalue()


def _one(rng: random.Random, group: Any) -> str | None:
    names = sorted(group)
    return rng.choice(names) if names else None


def _config(rng: random.Random, file: Any, group: Any) -> None:
    for name in ("model_config", "training_config"):
        text = file.attrs.get(name)
        if isinstance(text, (bytes, str)):  # an earlier trick may have put something else there
            file.attrs[name] = np.bytes_(_edited(rng, text if isinstance(text, bytes) else text.encode())[:60_000])


def _linked(rng: random.Random, file: Any, group: Any) -> None:
    name = _one(rng, group) or "x"
    if name in group:
        del group[name]
    link = rng.choice((h5py.SoftLink("/"), h5py.SoftLink(f"/{name}"), h5py.ExternalLink("/etc/passwd", "/"), None))
    group[name] = file if link is None else link


def _cycle(rng: random.Random, file: Any, group: Any) -> None:
    for number in range(rng.choice((1, 2, 30))):
        group[f"again{number}"] = file


def _huge(rng: random.Random, file: Any, group: Any) -> None:
    name = _one(rng, group) or "x"
    if name in group:
        del group[name]
    shape = rng.choice(((2**40,), (2**20, 2**20), (2**62,), (1,) * 32, (0, 2**40), (2**16, 2**16), (50_000_000,)))
    chunks = tuple(min(extent, 1000) or 1 for extent in shape)
    if len(shape) > 2:
        group.create_dataset(name, shape, "f4")
        return
    more: dict[str, Any] = rng.choice(({}, {"chunks": chunks, "compression": "gzip"}, {"chunks": chunks, "fillvalue": 1.0}))
    group.create_dataset(name, shape, rng.choice(("f4", "f8", "u1", "V2")), **more)


def _odd(rng: random.Random, file: Any, group: Any) -> None:
    name = _one(rng, group) or "x"
    if name in group:
        del group[name]
    kinds: tuple[Any, ...] = (
        h5py.string_dtype(), h5py.vlen_dtype("f4"), np.dtype([("a", "f4"), ("b", "S9")]), h5py.ref_dtype, ">f8", "S5", "V7",
        h5py.enum_dtype({"a": 1}), "c8", "?",
    )  # fmt: skip
    group.create_dataset(name, rng.choice(((), (3,), (2, 2), None)), rng.choice(kinds))


def _attributes(rng: random.Random, file: Any, group: Any) -> None:
    name = rng.choice(("layer_names", "weight_names", "keras_version", "backend", "model_config", "name", "layer_names0"))
    evil = mutate.evil(rng).encode("utf-8", "replace").replace(b"\0", b"0")
    values: tuple[Any, ...] = (
        np.array([b"", b"..", b"/", b"a/b/c"]), np.array([evil[:50] or b"x"] * 50), np.arange(5), np.float32(1), evil[:50],
        "text", np.array([b"dense"] * 2000), h5py.Empty("f4"), np.array([b"again0/again0"]),
    )  # fmt: skip
    group.attrs[name] = rng.choice(values)


def _elsewhere(rng: random.Random, file: Any, group: Any) -> None:
    name = _one(rng, group) or "x"
    if name in group:
        del group[name]
    if rng.randrange(2):
        group.create_dataset(name, (4,), "f4", external=[("/etc/passwd", 0, 16)])
        return
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (4,))
    group.create_virtual_dataset(name, layout)


def _gone(rng: random.Random, file: Any, group: Any) -> None:
    name = _one(rng, group)
    if name is not None:
        del group[name]


_TRICKS: tuple[Callable[[random.Random, Any, Any], None], ...] = (
    _config, _config, _linked, _cycle, _huge, _odd, _attributes, _attributes, _elsewhere, _gone,
)  # fmt: skip


# Running


def run(data: bytes, place: Path) -> int:
    """The exit status that an input leads to, read in a process of its own as `kerasdiff.models.load` has it."""
    head, _, content = data.partition(b"\n")
    given = json.loads(head)
    name = Path(given["name"]).name
    path = place / name
    if name.endswith(FOLDERS):
        path = place / "folder"
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.extractall(path)
    else:
        path.write_bytes(content)
    try:
        model = interpreted(*_answered(path), name)
    except KerasdiffError as error:
        oracles.error(str(error))
        return int(error.status)
    _shown(model, given["forms"])
    return 0


def _answered(path: Path) -> tuple[int, bytes]:
    """The status and the answer of a forked child; what it takes of the processor and of memory is bounded."""
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # a forked child begins with what its parent holds
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 70
        try:
            os.close(reading)
            child.bounded(child.size_of(path))
            resource.setrlimit(resource.RLIMIT_CPU, (DEADLINE, resource.getrlimit(resource.RLIMIT_CPU)[1]))
            with os.fdopen(writing, "wb") as stream:
                stream.write(child.encoded(child.answer(str(path), path.name)))
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    pieces: list[bytes] = []
    try:
        while select.select([reading], [], [], PATIENCE)[0]:
            piece = os.read(reading, 1 << 20)
            if not piece:
                break
            pieces.append(piece)
    finally:
        os.close(reading)
        _, ended, used = os.wait4(pid, 0)
    if used.ru_utime + used.ru_stime > DEADLINE + 1:
        oracles.wrong(f"takes {used.ru_utime + used.ru_stime:.1f} s")
    if used.ru_maxrss - held > (child.MEMORY >> 10):
        oracles.wrong(f"takes {(used.ru_maxrss - held) >> 10} MB")
    return os.waitstatus_to_exitcode(ended), b"".join(pieces)


@cache
def _warm() -> None:
    """Load what all reports need: the first time takes seconds."""
    _shown(_read(MODELS / "keras-1.2.2" / "functional.h5"), FORMATS)


def _shown(model: SavedModel, forms: Sequence[str]) -> None:
    """What is told of a model is safe, and so is what a comparison says."""
    for text in (told.as_text(model), told.as_text(model, verbose=True), told.as_json(model)):
        if oracles.unsafe(text) or oracles.COMMAND.search(text):
            oracles.wrong(f"unsafe: {oracles.unsafe(text)}")
    if oracles.strict(told.as_json(model))["schema"] != "kerasdiff.model/1":
        oracles.wrong("another schema")
    itself = saved.compare(model, model)
    if itself.divergences:
        oracles.wrong(f"differs from itself: {itself.divergences[0].id}")
    found = saved.compare(reference(), model)
    gate = decide(found, Effect.RESULTS)
    for form in forms:
        oracles.report(form, reporter(form, Shown()).report(found, gate), gate, Shown())
