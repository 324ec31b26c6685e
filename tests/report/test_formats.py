"""Every format by its name: through the command line, and importing no more than it needs."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from kerasdiff.report.formats import FORMATS, reporter
from kerasdiff.report.interface import Shown
from tests.conftest import ROOT, SMALL, THEANO, path
from tests.report.runs import NAMES, Somewhere, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Ran

STARTS = {
    "text": "A  keras 1.2.2",
    "json": '{\n "schema": "kerasdiff.report/1"',
    "markdown": "## kerasdiff: gate ",
    "sarif": '{\n "$schema": ',
    "junit": "<?xml ",
    "github": "::error file=",
    "gitlab": "[\n {",
}


def test_every_format_is_known() -> None:
    assert set(STARTS) == set(FORMATS)


@pytest.mark.parametrize("form", FORMATS)
def test_the_command_line_writes_it(form: str, kerasdiff: Callable[..., Ran]) -> None:
    done = kerasdiff("compare", path(SMALL), path(THEANO), "--format", form)
    assert (done.status, done.err) == (1, "")
    assert done.out.startswith(STARTS[form])
    assert done.out.endswith("\n")
    if form in ("json", "sarif", "gitlab"):
        json.loads(done.out)
    elif form == "junit":
        ET.fromstring(done.out)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", NAMES)
def test_a_run_is_always_written_in_the_same_bytes(form: str, name: str) -> None:
    first, second = (reporter(form, Shown()).report(*run(name)) for _ in range(2))
    assert first == second
    assert first.endswith("\n")


@pytest.mark.parametrize("form", ["sarif", "github", "gitlab"])
def test_places_are_handed_on(form: str) -> None:
    assert "requirements.txt" in reporter(form, Shown(), Somewhere("requirements.txt")).report(*run("failing"))


@pytest.mark.parametrize("form", FORMATS)
def test_only_the_format_that_is_asked_for_is_imported(form: str) -> None:
    program = (
        "import sys\nfrom kerasdiff.report.formats import reporter\nfrom kerasdiff.report.interface import Shown\n"
        f"reporter({form!r}, Shown())\n"
        "print(*(name for name in ('rich', 'xml.etree.ElementTree', 'urllib.parse') if name in sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True, timeout=60)
    loaded = done.stdout.decode().split()
    assert "rich" not in loaded  # colours alone need it
    assert ("xml.etree.ElementTree" in loaded) is (form == "junit")
