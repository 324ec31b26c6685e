"""The report as JUnit XML: a test case for each finding, and for each kind of what was compared."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from kerasdiff.gate.scope import family
from kerasdiff.report import words
from kerasdiff.report.findings import UNKNOWN, Nowhere, findings
from kerasdiff.report.interface import Shown
from kerasdiff.report.waived import terms
from kerasdiff.text import inert, visible

if TYPE_CHECKING:
    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.compare.engine import Comparison
    from kerasdiff.gate.decide import Gate
    from kerasdiff.report.findings import Finding

#: What XML 1.0 can't hold, of what `visible` leaves.
_NO_XML = re.compile("[\ufffe\uffff]")


class JunitReporter:
    """JUnit XML in ASCII: what stops the gate fails, what is waived is skipped, what can't be compared is an error."""

    def __init__(self, shown: Shown | None = None) -> None:
        self._shown = shown or Shown()

    def report(self, comparison: Comparison, gate: Gate) -> str:
        """The report as XML; without times and names of hosts, so that the same comparison gives the same bytes."""
        suites = Element("testsuites")
        suite = SubElement(suites, "testsuite", name="kerasdiff")
        _kinds(suite, comparison, gate)
        for finding in findings(comparison, gate, self._shown, Nowhere()):
            _case(suite, finding)
        suite.set("tests", str(len(suite)))
        for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            suite.set(key, str(len(suite.findall(f"testcase/{tag}"))))
        indent(suites, " ")
        written: bytes = tostring(suites, encoding="us-ascii", xml_declaration=True)
        return written.decode("ascii").replace("##", "#&#35;") + "\n"  # no command in the log of a CI job


def _kinds(suite: Element, comparison: Comparison, gate: Gate) -> None:
    """A case for each kind, so that a run in which nothing differs isn't empty."""
    kinds = comparison.coverage["b"]
    stopping = Counter(_kind(found, comparison) for found in comparison.divergences if gate.stops(found))
    for kind, figures in kinds.items():
        case = SubElement(suite, "testcase", classname="kerasdiff.compared", name=_xml(kind))
        if stopping[kind]:
            SubElement(case, "failure", type="compared", message=f"{words.count(stopping[kind], 'finding')} at the gate")
        else:
            told = ", ".join(f"{number} {name}" for name, number in figures.items())
            SubElement(case, "system-out").text = f"in B: {told}"


def _kind(found: Divergence, comparison: Comparison) -> str:
    """The kind that a divergence is of: its family, or the module that it is in."""
    return family(found, comparison) or found.subject.partition(".")[0]


def _case(suite: Element, finding: Finding) -> None:
    found = finding.divergence
    group = found.subject if found else "not_comparable" if finding.rule == UNKNOWN else "waivers"
    case = SubElement(suite, "testcase", classname=_xml(f"kerasdiff.{group}"), name=_xml(finding.id))
    if found is not None and found.waived is not None:
        SubElement(case, "skipped", type=finding.rule, message=_xml(terms(found.waived)))
    elif finding.level == "error":
        tag = "error" if finding.rule == UNKNOWN else "failure"
        SubElement(case, tag, type=finding.rule, message=_xml(finding.title)).text = _lines(finding.body)
    else:
        SubElement(case, "system-out").text = _lines([finding.title, *finding.body])


def _lines(lines: list[str]) -> str:
    return "\n".join(inert(_xml(line)) for line in lines)


def _xml(text: str) -> str:
    """Text of characters that XML 1.0 can hold."""
    return _NO_XML.sub(lambda match: match.group().encode("unicode_escape").decode("ascii"), visible(text))
