"""Models saved by real environments, which the probe loads: ``python -m tests.lab models``."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from kerasdiff.probe import data
from kerasdiff.probe.behaviour import numbers
from tests.lab.builder import LabError, build, remove
from tests.lab.capture import environ
from tests.lab.data import find

#: The models' folders; below them one for each writer.
MODELS = Path(__file__).parents[1] / "data" / "models"
MANIFEST = MODELS / "manifest.json"
#: All of them as they travel with the probe.
ARCHIVE = Path(__file__).parents[2] / "kerasdiff" / "probe" / "saved.zip"
#: What each predicted where it was saved.
PREDICTIONS = ARCHIVE.with_suffix(".json")
#: Who writes models: an environment and its API, by the name of their folder.
WRITERS = {
    "keras-1.2.2": ("keras-1.2.2+theano-1.0.5", "keras"),
    "keras-2.2.4": ("keras-2.2.4+tensorflow-1.15.5", "keras"),
    "tf.keras-1.15": ("keras-2.2.4+tensorflow-1.15.5", "tf.keras"),
    "keras-2.3.1": ("keras-2.3.1+tensorflow-1.15.5", "keras"),
    "tf.keras-2.3": ("tensorflow-2.3.4", "tf.keras"),
    "tf.keras-2.10": ("tensorflow-2.10.1", "tf.keras"),
    "tf.keras-2.12": ("tensorflow-2.12.1", "tf.keras"),
    "tf.keras-2.15": ("tensorflow-2.15.1", "tf.keras"),
    "keras-3.0.5": ("keras-3.0.5+tensorflow-2.16.2", "keras"),
    "keras-3.15.1": ("keras-3.15.1+tensorflow-2.21.0", "keras"),
}
#: Runs the script. The code of a Lambda layer holds the name of the file that it stands in: here no more than the name.
RUN = "import sys; sys.path.pop(0); exec(compile(open('save_models.py').read(), 'save_models.py', 'exec'))"
#: Seconds that a writer may take: on an idle machine it takes some; Theano compiles for minutes.
PATIENCE = 3600
#: Formats that are folders; they travel as an archive.
FOLDERS = ("saved_model", "checkpoint")


def save(writer: str, *, keep: bool) -> None:
    """Let a writer save all models, in place of what it saved before; ``keep``: its environment stays.

    Raises `LabError`.
    """
    if writer not in WRITERS:
        message = f"no writer is named {writer!r}; there are {', '.join(WRITERS)}"
        raise LabError(message)
    environment, api = WRITERS[writer]
    built = build(find(environment).name)
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as folder:
        command = [str(built.python), "-B", "-c", RUN, api, folder, json.dumps(_inputs())]
        quiet = {"TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": ""}
        variables = environ(built, Path(home), quiet)
        here = Path(__file__).parent
        done = subprocess.run(command, cwd=here, env=variables, capture_output=True, text=True, timeout=PATIENCE, check=False)
        if done.returncode:
            message = f"{writer}: {(done.stderr.strip() or 'failed').splitlines()[-1]}"
            raise LabError(message)
        told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        _moved(told, Path(folder), MODELS / writer)
    manifest = json.loads(MANIFEST.read_text("utf-8")) if MANIFEST.exists() else {}
    manifest[writer] = {"environment": environment, "api": api, **told}
    MANIFEST.write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    ARCHIVE.write_bytes(archive())
    PREDICTIONS.write_text(predictions(manifest), encoding="utf-8")
    if not keep:
        remove(environment)


def _inputs() -> dict[str, list[dict[str, Any]]]:
    """The arrays that each model is given, as the probe makes them."""
    found = {}
    for name, rows in data.load("cases/loading.json")["inputs"].items():
        arrays = [numbers.array(row) for row in rows]
        kinds = [row.get("dtype", str(array.dtype)) for row, array in zip(rows, arrays, strict=True)]
        found[name] = [{"values": array.tolist(), "dtype": kind} for array, kind in zip(arrays, kinds, strict=True)]
    return found


def _moved(told: dict[str, Any], source: Path, target: Path) -> None:
    """The files of a writer into its folder: what is a folder as one archive, with a fixed date."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    files, told["files"] = told["files"], {}
    for name, facts in sorted(files.items()):
        short = name
        if facts["format"] in FOLDERS:
            short = f"{name.partition('/')[0]}.zip"
            _packed(source / name.partition("/")[0], target / short)
        else:
            shutil.copyfile(source / name, target / short)
        data = (target / short).read_bytes()
        told["files"][short] = {**facts, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def predictions(manifest: dict[str, Any]) -> str:
    """What each model predicted where it was saved, by ``FILE@WRITER``, one a line."""
    found = {
        f"{name.removesuffix('.zip')}@{writer}": facts["predicts"]
        for writer, told in manifest.items()
        for name, facts in told["files"].items()
    }
    lines = (f"{json.dumps(name)}: {json.dumps(numbers)}" for name, numbers in sorted(found.items()))
    return "{\n" + ",\n".join(lines) + "\n}\n"


def archive() -> bytes:
    """All models in one archive: ``WRITER/FILE``; what is a folder, as one."""
    entries: dict[str, bytes] = {}
    for path in sorted(MODELS.glob("*/*")):
        name = path.relative_to(MODELS)
        if path.suffix != ".zip":
            entries[name.as_posix()] = path.read_bytes()
            continue
        with zipfile.ZipFile(path) as packed:
            entries |= {f"{name.with_suffix('').as_posix()}/{inner}": packed.read(inner) for inner in packed.namelist()}
    return _zipped(entries)


def _packed(folder: Path, target: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    target.write_bytes(_zipped({file.relative_to(folder).as_posix(): file.read_bytes() for file in files}))


def _zipped(entries: dict[str, bytes]) -> bytes:
    """An archive whose bytes depend on nothing but what is in it."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in entries.items():
            entry = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return made.getvalue()
