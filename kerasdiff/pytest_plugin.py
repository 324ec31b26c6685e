"""A fixture by which a project's tests fail where the environment they run in has drifted from the baseline."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from os import PathLike


class Check(Protocol):
    """Fails the test with the report, where an environment is no longer what the baseline says, or that can't be told."""

    def __call__(
        self,
        baseline: str | PathLike[str] | None = None,
        *,
        policy: str | PathLike[str] | None = None,
        python: str | PathLike[str] | None = None,
        fingerprint: str | PathLike[str] | None = None,
        model: str | None = None,
        pipeline: str | None = None,
        timeout: float = 300.0,
    ) -> None:
        """What isn't given is what ``kerasdiff check`` takes, of the interpreter that tests.

        Paths start at pytest's root; baseline and fingerprint may be names of releases, as ``tensorflow==2.15``.
        ``model`` and ``pipeline``: ``package.module:function`` of the project's, imported from there; a model may be a file.
        """
        ...


@pytest.fixture(scope="session")
def kerasdiff_check(pytestconfig: pytest.Config) -> Check:
    """``kerasdiff check`` as a function."""
    root = pytestconfig.rootpath

    def called(
        baseline: str | PathLike[str] | None = None,
        *,
        policy: str | PathLike[str] | None = None,
        python: str | PathLike[str] | None = None,
        fingerprint: str | PathLike[str] | None = None,
        model: str | None = None,
        pipeline: str | None = None,
        timeout: float = 300.0,
    ) -> None:
        # Imported here: the plugin is loaded in every run of pytest, and this takes longer than pytest itself.
        from kerasdiff import drift
        from kerasdiff.capture.run import Request
        from kerasdiff.errors import ExitStatus, KerasdiffError
        from kerasdiff.gate.policy import find
        from kerasdiff.probe.source import is_callable
        from kerasdiff.releases.names import is_name
        from kerasdiff.report import words
        from kerasdiff.report.formats import reporter
        from kerasdiff.report.interface import Shown
        from kerasdiff.report.reasons import reasons
        from kerasdiff.report.waived import left

        def place(path: str | PathLike[str] | None) -> str | None:
            return None if path is None else str(root / Path(path))

        def named(given: str | PathLike[str] | None) -> str | None:
            return given if isinstance(given, str) and is_name(given) else place(given)

        report = ""
        try:
            source = find(place(policy), root)
            against = drift.baseline(source, named(baseline))
            against.require()
            if fingerprint is not None:
                now = drift.elsewhere(str(named(fingerprint)))
            else:
                interpreter = place(python) if python is not None and "/" in str(python) else str(python or sys.executable)
                named_model = str(place(model)) if model is not None and not is_callable(model) else model
                asked = Request(model=named_model, pipeline=pipeline, path=str(root), timeout=timeout)
                now = drift.capture(source.policy, interpreter, asked, lambda _: None)
            found = drift.check(source, against, now)
            if found.gate.exit != ExitStatus.OK:
                text = reporter("text", Shown(is_check=True, release=against.name if against.release else "")).report(
                    found.comparison, found.gate
                )
                told = words.headline(found.comparison, reasons(left(found.comparison)))
                report = f"kerasdiff: {told}\n{text}"
        except KerasdiffError as error:
            report = f"kerasdiff: {error}"
        if report:
            pytest.fail(report, pytrace=False)

    return called
