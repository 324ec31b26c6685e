"""What travels with the probe is what the writers have saved."""

from __future__ import annotations

import hashlib
import json
import zipfile

from kerasdiff.probe import data
from kerasdiff.probe.behaviour.loading import ways
from tests.lab import models
from tests.lab.data import find


def test_the_archive_and_the_predictions_are_those_of_the_files() -> None:
    """If this was meant: python -m tests.lab models."""
    manifest = json.loads(models.MANIFEST.read_text(encoding="utf-8"))
    assert manifest.keys() == models.WRITERS.keys()
    for writer, told in manifest.items():
        assert told["environment"] == find(models.WRITERS[writer][0]).name
        for name, facts in told["files"].items():
            assert hashlib.sha256((models.MODELS / writer / name).read_bytes()).hexdigest() == facts["sha256"]
    assert models.ARCHIVE.read_bytes() == models.archive()
    assert models.PREDICTIONS.read_text(encoding="utf-8") == models.predictions(manifest)


def test_each_file_is_loaded() -> None:
    table = data.load("cases/loading.json")
    with zipfile.ZipFile(models.ARCHIVE) as archive:
        found = list(ways(table, archive.namelist()))
    assert len({way.call for way in found}) == len(found)
    assert {way.call for way in found if not way.options} == data.load("saved.json").keys()
    assert {way.model for way in found} == table["inputs"].keys() == table["made_of"].keys()
    assert {way.format for way in found} == table["formats"].keys()
    for row in table["ways"]:
        assert any(way.options == row["with"] for way in found)
