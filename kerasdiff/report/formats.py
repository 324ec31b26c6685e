"""The formats by name. A format is imported when it is asked for."""
# ruff: noqa: PLC0415, ARG001

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kerasdiff.gate.locate import Locator
    from kerasdiff.report.interface import Reporter, Shown

FORMATS = ("text", "json", "markdown")


def reporter(form: str, shown: Shown, locate: Locator | None = None, *, color: bool = False) -> Reporter:
    """The reporter of a format."""
    if form == "json":
        from kerasdiff.report.json import JsonReporter

        return JsonReporter()
    if form == "markdown":
        from kerasdiff.report.markdown import MarkdownReporter

        return MarkdownReporter(shown)
    from kerasdiff.report.text import TextReporter

    return TextReporter(shown, color=color)
