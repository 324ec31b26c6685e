"""What each generation of Keras reads, converts and refuses of saved models, beyond its signatures: ``loading.json``."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from kerasdiff.knowledge.load import Effect
from kerasdiff.knowledge.rules import Where, within

if TYPE_CHECKING:
    from collections.abc import Iterator


class Reader(NamedTuple):
    """An API that loads a saved model, as `Where.fits` asks for it."""

    api: str
    backend: str | None
    version: str | None
    packages: dict[str, str]


class File(NamedTuple):
    """What counts of a saved model as a whole."""

    name: str
    format: str
    writer: str | None
    """The version of Keras that wrote it."""
    roots: frozenset[str] = frozenset()
    """What the paths of its weights begin with."""


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What readers do with files of some formats (none named: all) by some writers, and where that is said."""

    reader: Where
    reference: str
    formats: list[str] = []
    writer: str = ""
    """Versions of Keras that wrote the file, as ``>=2.11``."""
    named: str = ""
    """What the name of the file is like, as ``*.weights.h5``."""
    root: str = ""
    """What the paths of weights in it begin with."""

    def holds(self, reader: Reader, file: File) -> bool:
        """Whether the row is about this reader and this file."""
        return (
            (not self.formats or file.format in self.formats)
            and within(file.writer, self.writer)
            and (not self.named or fnmatchcase(file.name, self.named))
            and (not self.root or self.root in file.roots)
            and self.reader.fits(reader.api, reader.backend, reader.version, reader.packages)
        )


class Unreadable(Row, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A format that readers can't load at all."""

    title: str
    why: str
    remedy: str | None = None
    as_h5: str = ""
    """What serves besides, where the same model as .h5 is predicted to load."""


class Found(Row, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Classes that readers find under another public name than their own, or know without one.

    ``names`` are names behind their family, as ``layers.Functional``; in ``to`` a ``*`` is the class. With ``argument``: where
    its value, None if it isn't given, is one of ``values``.
    """

    names: list[str]
    to: str
    argument: str = ""
    values: list[Any] = []


class Taken(Row, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Arguments that what readers make of these symbols takes, though its signature doesn't name them."""

    symbols: list[str]
    arguments: list[str]


class Matter(Row, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Something in a file that readers refuse or take for something else.

    What isn't said fits all: ``names`` behind their family, as ``losses.mse``, or ``file.h5`` for the file as a whole;
    ``modules`` that the file names, empty where it names none; an ``argument`` with one of ``values``, None if it
    isn't given, or ``serialized``: an object; ``code``: byte-code is in it; ``custom``: it is a class of the user's own;
    ``place``: the ``first`` layer of a Sequential, or ``inside`` a layer that wraps it. In ``title``, ``why`` and ``remedy``
    stand {name}, {module}, {argument} and {value}.
    """

    title: str
    why: str
    effect: Effect
    names: list[str] = []
    modules: list[str] = []
    argument: str = ""
    values: list[Any] = []
    serialized: bool = False
    code: bool | None = None
    custom: bool | None = None
    place: str = ""
    phases: list[str] = []
    remedy: str | None = None
    as_h5: str = ""
    """What serves besides, where the same model as .h5 is predicted to load."""
    settles: bool = False
    """Whether nothing else counts of what it is about."""


class Loading(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that is known of loading."""

    unreadable: list[Unreadable]
    found: list[Found]
    taken: list[Taken]
    matters: list[Matter]
    graphs: dict[str, list[str]]
    """Formats that hold what a model computes besides its configuration: only these of its layers are made again."""

    def refusal(self, reader: Reader, file: File) -> Unreadable | None:
        """Why a reader can't load a file of this format; None where it can."""
        return next((row for row in self.unreadable if row.holds(reader, file)), None)


def is_one(name: str, patterns: list[str]) -> bool:
    """Whether a name fits one of some patterns; of none, every name does."""
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)


def rows() -> Iterator[tuple[str, Row]]:
    """Every row with the group that it is in."""
    for group in ("unreadable", "found", "taken", "matters"):
        for row in getattr(loading(), group):
            yield group, row


@cache
def loading() -> Loading:
    """The table."""
    return msgspec.json.decode(Path(__file__).with_name("loading.json").read_bytes(), type=Loading)
