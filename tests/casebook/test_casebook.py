"""The casebook: what kerasdiff must find, and keep quiet about, in real environments.

Environments that are missing are built: tens of gigabytes. Where they shouldn't stay, capture first, by
``python -m tests.casebook --reuse --remove``: the test takes up what that has left.
"""

from __future__ import annotations

import sys

import pytest

from tests.casebook import expectations
from tests.casebook.book import Casebook, CasebookError
from tests.casebook.runner import Run, cache, sides_by_environment
from tests.lab.data import load

pytestmark = pytest.mark.lab


@pytest.fixture
def book() -> Casebook:
    try:
        return Casebook.given()
    except CasebookError as error:
        pytest.skip(str(error))


def versions(requirements: list[str] | tuple[str, ...]) -> dict[str, str]:
    """Pins without their local part, which says whose build it is; what isn't pinned is left out."""
    pins = (requirement.partition("==") for requirement in requirements)
    return {name: version.partition("+")[0] for name, equals, version in pins if equals}


def test_the_lab_has_the_environments_that_the_cases_were_verified_in(book: Casebook) -> None:
    lab = load()
    for name, row in book.environments().items():
        assert name in lab
        assert lab[name].python == row["python"], name
        assert versions(row["requirements"]).items() <= versions(lab[name].requirements).items(), name
        assert versions(row.get("without_dependencies", [])) == versions(lab[name].without_dependencies), name


def test_the_cases_come_out_as_expected(book: Casebook, capsys: pytest.CaptureFixture[str]) -> None:
    pairs = book.pairs()
    run = Run(cache(sides_by_environment(pairs)), reuse=True, tell=lambda line: print(line, file=sys.stderr))
    with capsys.disabled():
        print()
        run.pairs(pairs)
        print(book.table(run.reports))
    assert run.errors == []
    assert expectations.surprises(book.cases(), book.verdicts(run.reports), expectations.load()) == []
