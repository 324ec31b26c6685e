"""What readers make of saved models, as data: every row says where it is said, and is about real files in real releases."""

from __future__ import annotations

from functools import cache
from pathlib import PurePath

import pytest

from kerasdiff.compare.side import Side
from kerasdiff.knowledge.load import Effect
from kerasdiff.knowledge.loading import File, Found, Matter, Reader, Row, Taken, Unreadable, is_one, loading, rows
from kerasdiff.knowledge.rules import Where
from kerasdiff.releases.shelf import release, releases
from kerasdiff.scope.parts import Part, parts
from kerasdiff.scope.reader import Loader, fits
from tests.models.saved import FILES
from tests.scope.matrix import MIXED, model

EVERY = list(rows())
#: Rows about environments that aren't shipped: with a newer h5py than their Keras is made for.
ELSEWHERE = [row for _, row in EVERY if row.reader.packages]
every_row = pytest.mark.parametrize(
    ("group", "row"), EVERY, ids=[f"{group}-{number}" for number, (group, _) in enumerate(EVERY)]
)


@cache
def loaders() -> list[Loader]:
    """Every API of every shipped release with every sample file."""
    found = []
    for name in releases():
        for api in release(name).apis:
            side = Side(release(name), api)
            found += [Loader(side, file) for file in files()]
    return found


@cache
def files() -> dict[File, list[str]]:
    """The sample files by all that counts of them as a whole."""
    found: dict[File, list[str]] = {}
    for name in (*FILES, *MIXED):
        one = model(name)
        roots = frozenset(weight.path.partition("/")[0] for weight in one.weights)
        found.setdefault(File(PurePath(one.file).name, one.format, one.writer.keras, roots), []).append(name)
    return found


def every_part(file: File) -> list[Part]:
    return [part for name in files()[file] for part in parts(model(name))] + [
        Part(subject="saved_model", label="", family="file", name=file.format)
    ]


def is_about(row: Row, loader: Loader) -> bool:
    """Whether a row says something of a file in a release."""
    if not row.holds(loader.reader, loader.file):
        return False
    for part in every_part(loader.file):
        name = loader.symbol(part) if part.family != "file" else None
        if isinstance(row, Matter) and fits(row, part, name):
            return True
        if isinstance(row, Found) and is_one(part.full_name, row.names) and name is not None:
            return True
        given = part.arguments or {}
        if (
            isinstance(row, Taken)
            and name is not None
            and is_one(name, row.symbols)
            and any(is_one(one, row.arguments) for one in given)
        ):
            return True
    return isinstance(row, Unreadable)


@every_row
def test_a_row_says_where_it_is_said(group: str, row: Row) -> None:
    assert row.reference.startswith("https://")
    assert group in ("unreadable", "found", "taken", "matters")
    if isinstance(row, (Unreadable, Matter)):
        assert not row.title.endswith(".")
        assert row.why.endswith(".")
    if isinstance(row, Matter):
        assert row.names or row.modules or row.argument
        assert row.effect in (Effect.BREAKS, Effect.RESULTS)
        row.title.format(name="a", module="b", argument="c", value="d")


@every_row
def test_a_row_is_about_something(group: str, row: Row) -> None:
    assert (row in ELSEWHERE) is not any(is_about(row, loader) for loader in loaders()), (group, row)


def test_what_is_about_no_sample_holds_where_it_should() -> None:
    old = Reader("keras", "tensorflow", "2.2.4", {"h5py": "3.1.0"})
    mixed = File("m.h5", "h5", "2.2.4")
    assert [row.title for row in loading().matters if row.holds(old, mixed) and "file.h5" in row.names] != []
    assert not [
        row for row in loading().matters if row.holds(old._replace(packages={"h5py": "2.10.0"}), mixed) and row.reader.packages
    ]
    new = Reader("keras", "tensorflow", "3.11.3", {})
    assert loading().refusal(new, File("m.keras", "h5", "2.12.0")) is not None
    assert loading().refusal(new, File("m.h5", "h5", "2.12.0")) is None


def test_an_unknown_writer_is_no_version() -> None:
    row = Unreadable(reader=Where(), reference="", title="", why="", writer=">=2.3")
    assert row.holds(Reader("keras", None, "3.0", {}), File("m.h5", "h5", "2.3.1"))
    assert not row.holds(Reader("keras", None, "3.0", {}), File("m.h5", "h5", None))
