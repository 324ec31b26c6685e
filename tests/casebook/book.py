"""Reads a casebook: a folder with ``cases.yaml``, ``environments.yaml`` and ``score.py``.

It is no part of kerasdiff; ``KERASDIFF_CASEBOOK`` says where it is. Which reports it wants, what they are called and when one
is right, its ``score.py`` alone knows: it is asked by its command line.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

VARIABLE = "KERASDIFF_CASEBOOK"
FILES = ("cases.yaml", "environments.yaml", "score.py")
_VERDICT = re.compile(r"^(ok  |MISS|LOUD) (\S+)", re.MULTILINE)


class CasebookError(Exception):
    """The casebook can't be used; the message is one line."""


@dataclass(frozen=True)
class Side:
    """What is captured once: an environment with variables and a ``keras.json``. It holds all its APIs."""

    environment: str
    variables: tuple[tuple[str, str], ...] = ()
    keras_json: str | None = None

    @property
    def key(self) -> str:
        """The name of the side's fingerprint; other variables or another ``keras.json`` give another one."""
        if not self.variables and self.keras_json is None:
            return self.environment
        text = json.dumps([self.variables, self.keras_json])
        return f"{self.environment}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


@dataclass(frozen=True)
class Pair:
    """Two sides to compare, with the API of each; ``key`` names the report."""

    key: str
    a: Side
    api_a: str
    b: Side
    api_b: str


@dataclass(frozen=True)
class Casebook:
    """A casebook's folder."""

    folder: Path

    @classmethod
    def given(cls) -> Casebook:
        """The casebook that the environment names."""
        value = os.environ.get(VARIABLE)
        if not value:
            raise CasebookError(f"{VARIABLE} isn't set: it names a casebook's folder, which holds {', '.join(FILES)}")
        folder = Path(value).absolute()
        missing = [name for name in FILES if not (folder / name).is_file()]
        if missing:
            raise CasebookError(f"{VARIABLE}: {folder} holds no {' and no '.join(missing)}")
        return cls(folder)

    def pairs(self) -> list[Pair]:
        """The pairs to compare, each once."""
        return parse(self._score("--list-pairs"))

    def cases(self) -> list[dict[str, Any]]:
        """The cases as they are written."""
        cases: list[dict[str, Any]] = self._read("cases.yaml")["cases"]
        return cases

    def environments(self) -> dict[str, dict[str, Any]]:
        """What the casebook's environments were when the cases were verified."""
        environments: dict[str, dict[str, Any]] = self._read("environments.yaml")
        return environments

    def table(self, reports: Path) -> str:
        """How the reports in a folder score."""
        return self._score(str(reports))

    def verdicts(self, reports: Path) -> dict[str, bool]:
        """Whether each case with a report came out right, by its id."""
        return verdicts(self._score(str(reports), "--verbose"))

    def _read(self, name: str) -> Any:
        return yaml.safe_load((self.folder / name).read_text(encoding="utf-8"))

    def _score(self, *arguments: str) -> str:
        command = [sys.executable, str(self.folder / "score.py"), str(self.folder / "cases.yaml"), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise CasebookError(f"score.py fails: {done.stderr.strip().splitlines()[-1:]}")
        return done.stdout


def parse(listing: str) -> list[Pair]:
    """The pairs that ``score.py --list-pairs`` prints, one a line, separated by tabs."""
    pairs = []
    for line in listing.splitlines():
        key, *sides, _cases = line.split("\t")
        if len(sides) != 8:
            raise CasebookError(f"score.py lists a pair as {line!r}, which has other columns than were known")
        pairs.append(Pair(key, _side(*sides[:4]), sides[1], _side(*sides[4:]), sides[5]))
    return pairs


def _side(environment: str, _api: str, environ: str, keras_json: str) -> Side:
    content = json.loads(keras_json)
    return Side(environment, tuple(sorted(json.loads(environ).items())), None if content is None else keras_json)


def verdicts(printed: str) -> dict[str, bool]:
    """What ``score.py --verbose`` says of each case."""
    return {case: word == "ok  " for word, case in _VERDICT.findall(printed)}
