"""What holds of every report, whatever was compared."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from kerasdiff.knowledge.load import Effect
from kerasdiff.report.github import MESSAGE, MOST
from kerasdiff.report.markdown import LARGEST
from tests.cli.test_escapes import is_safe

if TYPE_CHECKING:
    from collections.abc import Callable

    from kerasdiff.gate.decide import Gate
    from kerasdiff.report.interface import Shown

#: A command in a line of a log: of GitHub's newer and older kind, and of Azure's.
COMMAND = re.compile(r"^\s*::|##(?:vso)?\[", re.MULTILINE)
_HEAD = r"::(?:(?:error|warning) file=[^:,\r\n]*,line=[1-9][0-9]*,title=[^:,\r\n]*|notice title=kerasdiff)::"
_GITHUB = re.compile(rf"(?:{_HEAD}(?:[^%\r\n]|%25|%0D|%0A)*\n)+")
_ACTIVE = re.compile(r"[<>`\[\]|&]|://|(?<!\w)[@#]\w|www\.")


def unsafe(text: str) -> set[str]:
    """The characters of a text that a terminal acts on, but the ends of lines."""
    return {character for character in set(text) if not is_safe(character)}


#: What a report of a project's gate may say after its word: what to do.
_NEXT = r"(?:\n(?:.+\n)+)?"


class WrongError(AssertionError):
    """Something that must hold does not."""


def wrong(what: str) -> NoReturn:
    """Raises `WrongError`."""
    raise WrongError(what)


def _unlike(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) < len(pairs):
        wrong("a key stands twice")
    return dict(pairs)


def strict(text: str) -> Any:
    """JSON as every parser reads it."""
    return json.loads(text, object_pairs_hook=_unlike, parse_constant=lambda name: wrong(f"{name} is no JSON"))


def error(message: str) -> None:
    """What a user reads where something is refused."""
    if unsafe(message) or "\n" in message:
        wrong(f"an error that is no line: {message[:200]!r}")
    if not 0 < len(message) < 8000:
        wrong(f"an error of {len(message)} characters")


def report(form: str, text: str, gate: Gate, shown: Shown) -> None:
    """Raises `WrongError` where a report isn't what its readers take."""
    if not text.endswith("\n"):
        wrong(f"{form}: no newline at the end")
    bad = unsafe(text) - ({"\u200b"} if form == "markdown" else set())
    if bad:
        wrong(f"{form}: {bad}")
    if form != "github" and COMMAND.search(text):
        wrong(f"{form}: a line is a command")
    _FORMS[form](text, gate, shown)


def _text(text: str, gate: Gate, shown: Shown) -> None:
    if not re.search(rf"^Gate [^\0]*exit\s+status\s+{gate.exit}\.\n{_NEXT}\Z", text, re.MULTILINE):
        wrong("text: another exit status")


def _json(text: str, gate: Gate, shown: Shown) -> None:
    document = strict(text)
    if document["schema"] != "kerasdiff.report/1" or document["gate"]["exit"] != gate.exit:
        wrong("json: another exit status")


def _markdown(text: str, gate: Gate, shown: Shown) -> None:
    if len(text.encode()) > LARGEST:
        wrong("markdown: too large")
    if not re.search(rf"^Gate .*exit status {gate.exit}\.\n{_NEXT}\Z", text, re.MULTILINE):
        wrong("markdown: another exit status")
    plain = re.sub("`[^`\n]*`", "", re.sub("^ {6}.*$", "", text, flags=re.MULTILINE))
    plain = re.sub(r"\\[\\`*_{}\[\]<>#|~&]", " ", plain)  # what stands around it comes no nearer
    found = _ACTIVE.search(plain)
    if found:
        wrong(f"markdown: markup: {plain[max(0, found.start() - 40) : found.end() + 40]!r}")


def _sarif(text: str, gate: Gate, shown: Shown) -> None:
    (run,) = strict(text)["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    if run["invocations"][0]["exitCode"] != gate.exit:
        wrong("sarif: another exit status")
    for result in run["results"]:
        if rules[result["ruleIndex"]] != result["ruleId"] or result["level"] not in ("error", "warning", "note"):
            wrong("sarif: rule")
        said = result["message"]["text"]
        if "](" in said or re.search(r"[{}]", said.replace("{{", "").replace("}}", "")):
            wrong(f"sarif: a link or an argument: {said[:200]!r}")
        if not said.strip():
            wrong("sarif: nothing is said")
        (place,) = result["locations"]
        _uri(place["physicalLocation"]["artifactLocation"]["uri"])
        _line(place["physicalLocation"]["region"]["startLine"])
    _failing("sarif", gate, shown, any(one["level"] == "error" and "suppressions" not in one for one in run["results"]))


def _uri(uri: str) -> None:
    parts = urlsplit(uri)
    if not re.fullmatch(r"(?:[A-Za-z0-9/._~-]|%[0-9A-F]{2})+", uri) or uri.startswith("/"):
        wrong(f"sarif: no relative URI: {uri[:200]!r}")
    if parts.scheme or parts.netloc or ".." in parts.path.split("/"):
        wrong(f"sarif: a URI that leaves: {uri[:200]!r}")


def _line(number: Any) -> None:
    if not isinstance(number, int) or number < 1:
        wrong(f"no line: {number}")


def _gitlab(text: str, gate: Gate, shown: Shown) -> None:
    found = strict(text)
    for entry in found:
        if entry.keys() != {"description", "check_name", "fingerprint", "severity", "location"}:
            wrong("gitlab: keys")
        if entry["severity"] not in ("blocker", "critical", "major", "minor", "info"):
            wrong("gitlab: severity")
        if entry["location"]["path"].startswith("/"):
            wrong("gitlab: a path from the root")
        _line(entry["location"]["lines"]["begin"])
    marks = [entry["fingerprint"] for entry in found]
    if len(set(marks)) < len(marks):
        wrong("gitlab: two of one fingerprint")
    _failing("gitlab", gate, shown, any(entry["severity"] != "info" for entry in found))


def _junit(text: str, gate: Gate, shown: Shown) -> None:
    if not text.isascii():
        wrong("junit: no ASCII")
    (suite,) = ET.fromstring(text)
    counted = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    for key, tag in counted.items():
        if int(suite.attrib[key]) != len(suite.findall(f"testcase/{tag}")):
            wrong(f"junit: {key}")
    if int(suite.attrib["tests"]) != len(suite):
        wrong("junit: tests")
    _failing("junit", gate, shown, bool(suite.findall("testcase/failure") or suite.findall("testcase/error")))
    if gate.exit == 0 and (suite.attrib["failures"], suite.attrib["errors"]) != ("0", "0"):
        wrong("junit: fails where the gate passes")


def _github(text: str, gate: Gate, shown: Shown) -> None:
    if not _GITHUB.fullmatch(text):
        line = next((line for line in text.split("\n") if not _GITHUB.fullmatch(line + "\n")), "")
        wrong(f"github: no command: {line[:300]!r}")
    lines = text.split("\n")[:-1]
    for kind in ("error", "warning"):
        if sum(line.startswith(f"::{kind} ") for line in lines) > MOST:
            wrong("github: too many")
    if any(len(line.encode()) > 4 * MESSAGE + 4000 for line in lines[:-1]):
        wrong("github: a message too long")
    if sum(line.startswith("::notice ") for line in lines) != 1:
        wrong("github: notices")
    _failing("github", gate, shown, lines[0].startswith("::error "))


def _failing(form: str, gate: Gate, shown: Shown, is_told: bool) -> None:
    """Where all is shown, a report says that the gate fails or can't be answered."""
    if gate.exit and shown.min_effect is Effect.INFO and not is_told:
        wrong(f"{form}: nothing fails, and the exit status is {gate.exit}")


_FORMS: dict[str, Callable[[str, Gate, Shown], None]] = {
    "text": _text,
    "json": _json,
    "markdown": _markdown,
    "sarif": _sarif,
    "gitlab": _gitlab,
    "junit": _junit,
    "github": _github,
}
