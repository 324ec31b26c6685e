"""The shipped files are those that were checked: they are read as they are."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

import kerasdiff.releases
from kerasdiff.fingerprint.load import FingerprintError, load
from kerasdiff.releases.shelf import release, releases, shipped

FOLDER = Path(kerasdiff.releases.__file__).parent


@pytest.mark.parametrize("name", releases())
def test_a_shipped_file_is_the_known_one_and_reads_as_if_it_were_checked(name: str) -> None:
    assert release(name) == load(FOLDER / f"{name}.json.gz")
    assert len(shipped()) == len(releases())


def test_what_is_no_shipped_file_to_the_byte_is_checked(tmp_path: Path) -> None:
    name = next(iter(releases()))
    content = gzip.decompress((FOLDER / f"{name}.json.gz").read_bytes())
    changed = tmp_path / f"{name}.json.gz"
    changed.write_bytes(gzip.compress(content.replace(b'"default":0', b'"default":1')))
    with pytest.raises(FingerprintError, match="doesn't fit its content"):
        load(changed, shipped())
