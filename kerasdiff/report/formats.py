"""The formats of a report by name. A format is imported when it is asked for: text needs more than JSON."""
# ruff: noqa: PLC0415

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kerasdiff.report.interface import Places, Reporter, Shown

FORMATS: tuple[str, ...] = ("text", "json", "markdown", "sarif", "junit", "github", "gitlab")


def reporter(form: str, shown: Shown, locate: Places | None = None, *, color: bool = False) -> Reporter:
    """The reporter of a format. ``locate`` tells which line of the project decides a finding, for the formats that say it."""
    if form == "json":
        from kerasdiff.report.json import JsonReporter

        return JsonReporter()
    if form == "markdown":
        from kerasdiff.report.markdown import MarkdownReporter

        return MarkdownReporter(shown)
    if form == "sarif":
        from kerasdiff.report.sarif import SarifReporter

        return SarifReporter(shown, locate)
    if form == "junit":
        from kerasdiff.report.junit import JunitReporter

        return JunitReporter(shown)
    if form == "github":
        from kerasdiff.report.github import GithubReporter

        return GithubReporter(shown, locate)
    if form == "gitlab":
        from kerasdiff.report.gitlab import GitlabReporter

        return GitlabReporter(shown, locate)
    from kerasdiff.report.text import TextReporter

    return TextReporter(shown, color=color)
