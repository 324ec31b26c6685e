"""The place in a project's files that decides a finding: a lock file, requirements, keras.json, or the policy."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from kerasdiff.knowledge.load import locations

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.compare.engine import Comparison
    from kerasdiff.gate.policy import Source
    from kerasdiff.gate.waivers import Stale

#: Bytes read of all files at most: lock files of large projects have some megabytes.
MAX_BYTES = 16 << 20
#: Characters looked at of a line.
_LINE = 500


class Location(msgspec.Struct, frozen=True):
    """A line of a file, by its path from the root of the repository, with ``/``."""

    file: str
    line: int = 1


class Locator:
    """Finds the file of a project in which a finding is decided. Files are read once, and never executed."""

    def __init__(self, source: Source, comparison: Comparison, baseline: Path | None = None) -> None:
        self._source = source
        self._changed = {name for name, _, _ in comparison.context["packages"]}
        self._comparison = comparison
        self._baseline = baseline
        self._lines = source.text.split("\n")
        # Annotations and code scanning know a file by its path in the repository; without one the project is all there is.
        folders = (source.root, *source.root.parents)
        self._repository = next((folder for folder in folders if (folder / ".git").exists()), source.root)
        self._files = list(self._read(source.root))
        self._found: dict[str, Location | None] = {}

    def _read(self, root: Path) -> Iterator[tuple[str, list[str]]]:
        """The files that decide which packages are installed, in the order in which they decide."""
        left = MAX_BYTES
        for pattern in locations().files:
            for file in sorted(root.glob(pattern)):
                if not file.is_file():  # a pipe would be waited for
                    continue
                try:
                    with file.open("rb") as stream:
                        data = stream.read(left)
                except OSError:
                    continue
                left -= len(data)
                lines = data.decode("utf-8", "replace").split("\n")
                yield self._path(file), [line[:_LINE] for line in lines]

    def divergence(self, found: Divergence) -> Location:
        """Where a divergence is decided."""
        group, _, name = found.subject.partition(".")
        if group in ("settings", "environment"):
            return self._setting() or self._policy()
        wanted = [name] if group == "packages" else self._packages(group)
        changed = [package for package in wanted if package in self._changed]
        for package in (*changed, *wanted):
            place = self._package(package)
            if place is not None:
                return place
        return self._policy()

    def waiver(self, stale: Stale) -> Location:
        """Where a waiver stands."""
        if self._source.file is None:
            return self._policy()
        start = self._source.line("waivers", stale.waiver)
        lines = islice(self._lines, start - 1, None)
        line = next((number for number, text in enumerate(lines, start) if stale.id in text), start)
        return Location(self._path(self._source.file), line)

    def unknown(self) -> Location:
        """Where it is decided what must be known."""
        return self._policy()

    def _packages(self, group: str) -> list[str]:
        """The packages that a symbol comes from, the nearest first."""
        api = self._comparison.a.api_name
        backend = self._comparison.b.api.backend or ""
        own = locations().groups.get(group, [])
        return list(dict.fromkeys([*own, *locations().apis.get(api, []), *locations().backends.get(backend, [backend])]))

    def _package(self, name: str) -> Location | None:
        """The line on which a package is pinned or asked for."""
        if name not in self._found:
            spelled = "[-_.]+".join(map(re.escape, re.split("[-_.]+", name))) + r"(?![\w-]|\.\w)"
            own = re.compile(rf"""\s*(?:-\s*)?(?:name\s*[=:]\s*)?["']?{spelled}""", re.IGNORECASE)
            mention = re.compile(rf"[^#]*(?<![\w.-]){spelled}", re.IGNORECASE)
            self._found[name] = self._first(own) or self._first(mention)
        return self._found[name]

    def _first(self, pattern: re.Pattern[str]) -> Location | None:
        """The first line of all files that begins so."""
        lines = ((file, number, line) for file, lines in self._files for number, line in enumerate(lines, 1))
        return next((Location(file, number) for file, number, line in lines if pattern.match(line)), None)

    def _setting(self) -> Location | None:
        """A keras.json of the project."""
        file = next((name for name, _ in self._files if name.rpartition("/")[2] == "keras.json"), None)
        return Location(file) if file else None

    def _policy(self) -> Location:
        if self._source.file is not None:
            return Location(self._path(self._source.file), self._source.line())
        return Location(self._path(self._baseline or self._source.baseline()))

    def _path(self, file: Path) -> str:
        """A file as the repository knows it; by its name alone, where it is outside."""
        place = file.absolute()
        return place.relative_to(self._repository).as_posix() if place.is_relative_to(self._repository) else place.name
