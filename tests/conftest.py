"""What the tests share: captured fingerprints of real environments, edits of them, and the command line in process."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import unicodedata
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import hypothesis
import pytest

from kerasdiff.cli import run
from kerasdiff.compare.engine import Comparison, compare
from kerasdiff.fingerprint.load import parse
from kerasdiff.probe import canonical

if TYPE_CHECKING:
    from collections.abc import Callable

    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.fingerprint.document import Fingerprint

Raw = dict[str, Any]

ROOT = Path(__file__).parents[1]
DATA = ROOT / "tests" / "data"
RELEASES = ROOT / "kerasdiff" / "releases"

#: The environments whose fingerprints are kept as test input: what they declare.
ENVIRONMENTS = sorted(path.name.removesuffix(".json.gz") for path in DATA.glob("*.json.gz"))

#: The releases that the package ships, captured completely.
COMPLETE = sorted(f"releases/{path.name.removesuffix('.json.gz')}" for path in RELEASES.glob("*.json.gz"))

#: The smallest ones, for tests that take many steps.
SMALL = "keras-1.2.2+theano-1.0.5"
THEANO = "keras-2.2.4+theano-1.0.5"

#: Examples are the same in every run; ``HYPOTHESIS_PROFILE=deep`` looks for new ones.
hypothesis.settings.register_profile("same", deadline=None, derandomize=True, max_examples=100, print_blob=True)
hypothesis.settings.register_profile("deep", deadline=None, max_examples=3000, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


def path(name: str) -> str:
    """The file of a captured fingerprint; ``releases/`` stands for those that the package ships."""
    folder = RELEASES.parent if name.startswith("releases/") else DATA
    return str(folder / f"{name}.json.gz")


@cache
def text(name: str) -> bytes:
    """The JSON text of a captured fingerprint."""
    return gzip.decompress(Path(path(name)).read_bytes())


@cache
def fingerprint(name: str) -> Fingerprint:
    """A captured fingerprint."""
    return parse(text(name), name)


def raw(name: str) -> Raw:
    """A captured fingerprint as JSON, to be edited."""
    document: Raw = json.loads(text(name))
    return document


def sealed(document: Raw) -> bytes:
    """The text of an edited fingerprint, its digests made to fit."""
    document["digests"] = canonical.digests(document)
    return canonical.document(document).encode("ascii")


def edited(document: Raw) -> Fingerprint:
    """An edited fingerprint."""
    return parse(sealed(document), "edited")


def api_of(document: Raw, name: str = "keras") -> Raw:
    """The facts of an API in an editable fingerprint."""
    api: Raw = document["apis"][name]
    return api


def symbol_of(document: Raw, symbol: str, api: str = "keras") -> Raw:
    """The facts of a symbol in an editable fingerprint."""
    facts: Raw = document["apis"][api]["symbols"][symbol]
    return facts


def by_id(comparison: Comparison) -> dict[str, Divergence]:
    """The divergences of a comparison."""
    return {found.id: found for found in comparison.divergences}


def compared(a: str, b: str, **apis: Any) -> dict[str, Divergence]:
    """The divergences between two captured environments."""
    return by_id(compare(fingerprint(a), fingerprint(b), **apis))


def acting(shown: str) -> set[str]:
    """The characters of ``shown`` that a terminal acts on, ends of lines included."""
    return {character for character in shown if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}}


class Ran(NamedTuple):
    """What a command did."""

    status: int
    out: str
    err: str

    def refusal(self, status: int = 2) -> str:
        """The one line on standard error; there must be nothing else."""
        assert self.out == ""
        assert self.status == status, self.err
        line, newline, rest = self.err.partition("\n")
        assert (newline, rest) == ("\n", "")
        assert line.startswith("kerasdiff: ")
        assert acting(line) == set()
        return line


@pytest.fixture
def kerasdiff(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Runs the command line in process: ``kerasdiff("compare", a, b, stdin=b"…")``."""

    def called(*arguments: object, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        status = run([str(argument) for argument in arguments])
        return Ran(status, *capsys.readouterr())

    return called


def spawned(*arguments: object, before: str = "", **options: Any) -> Ran:
    """Runs the command line in a process of its own, with Python statements ``before`` its call."""
    program = "import sys\nfrom kerasdiff.cli import main\n" + before + "\nmain(sys.argv[1:])\n"
    command = [sys.executable, "-c", program, *map(str, arguments)]
    environment = {**os.environ, **options.pop("env", {})}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=120, check=False, **options)
    return Ran(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))
