"""Compares two fingerprints: a pure function."""

from __future__ import annotations

from typing import Any

import msgspec

from kerasdiff.compare import context, coverage, explain, settings, symbols
from kerasdiff.compare.divergence import Divergence, Findings, NotComparable, divergence
from kerasdiff.compare.pipelines import compare as pipelines
from kerasdiff.compare.side import Side
from kerasdiff.fingerprint.document import VALUE, Fingerprint
from kerasdiff.knowledge.load import Allowance, Effect, tolerances
from kerasdiff.probe import canonical

#: The families whose facts are measured.
_MEASURED = (*canonical.FAMILIES, *canonical.GROUPS, *canonical.LIBRARIES)
#: The digests that are equal where nothing is left to compare.
_ALIKE = ("declared", "measured", *canonical.GROUPS, *canonical.LIBRARIES)


class Loads(msgspec.Struct, frozen=True, kw_only=True):
    """What loading a saved model in B is predicted to do."""

    file: str
    format: str
    writer: str | None
    """The version of Keras that wrote it."""
    layers: int
    verdict: str
    """``loads``, ``loads with other predictions`` or ``fails``."""
    reasons: list[str]
    """Ids of the divergences behind the verdict."""
    of: int
    """How many divergences there are before narrowing."""


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What comparing A with B gave."""

    a: Side
    b: Side
    divergences: list[Divergence]
    not_comparable: list[NotComparable]
    coverage: dict[str, Any]
    """How much there is and how much of it was compared: symbols, cases, and by kind what was probed on each side."""
    context: dict[str, Any]
    ignored: int = 0
    """How many ids were left out on request."""
    of: str = "environments"
    """What A and B are: ``environments``, or ``models`` that were saved."""
    model: Loads | None = None
    """The saved model that the comparison is narrowed to, and what loading it in B does."""


def compare(
    a: Fingerprint,
    b: Fingerprint,
    *,
    api_a: str | None = None,
    api_b: str | None = None,
    allowances: tuple[Allowance, ...] = (),
) -> Comparison:
    """Every divergence between A, where the code is known to work, and B, where it moves to.

    Without ``api_a`` or ``api_b`` the API that people use with that environment is compared. ``allowances`` are other
    tolerances than those that were derived from measured noise. Raises `ApiError` where a fingerprint doesn't hold the API
    asked for.
    """
    one, other = Side(a, api_a), Side(b, api_b)
    findings = Findings(msgspec.structs.replace(tolerances(), allowances=allowances))
    compared = symbols.Compared()
    if _both_usable(one, other, findings):
        compared = symbols.alike(one) if _is_alike(one, other) else _compare(one, other, findings)
        settings.compare(one, other, findings)
        _families(one, other, findings)
    pipelines.compare(a.pipeline, b.pipeline, findings)
    if a.model is not None:
        from kerasdiff.compare import own

        own.compare(one, other, findings)
    return Comparison(
        a=one,
        b=other,
        divergences=explain.explain(findings.divergences, one, other),
        not_comparable=findings.not_comparable,
        coverage={
            "symbols": len(one.api.symbols),
            "compared": compared.objects,
            "cases": {"compared": compared.cases, "not_comparable": compared.not_comparable},
            "a": {kind: known.figures for kind, known in (coverage.of(one) | coverage.besides(one)).items()},
            "b": {kind: known.figures for kind, known in (coverage.of(other) | coverage.besides(other)).items()},
        },
        context={
            "packages": context.packages(a, b),
            "runtime": context.runtime(a, b),
            "conflicts": {"a": context.conflicts(a), "b": context.conflicts(b)},
        },
    )


def _compare(a: Side, b: Side, findings: Findings) -> symbols.Compared:
    parts = symbols.compare(a, b, findings), symbols.measured_elsewhere(a, b, findings)
    return symbols.Compared(*map(sum, zip(*parts, strict=True)))


def _families(a: Side, b: Side, findings: Findings) -> None:
    """What one side measured and the other did not is unknown; what neither was asked for isn't."""
    for family in _MEASURED:
        states = {name: side.fingerprint.family_state(family, side.api_name) for name, side in (("A", a), ("B", b))}
        lost = {name: state for name, state in states.items() if state not in ("ok", "partial")}
        if lost and set(states.values()) != {"not run"}:
            told = ", ".join(f"{state} in {name}" for name, state in lost.items())
            findings.unknown(family, f"the family {family} is {told}: capture again")


def _is_alike(a: Side, b: Side) -> bool:
    """Whether what is declared and what was measured is bit-equal, and nothing of it is unknown: nothing to align."""
    return (
        a.api_name == b.api_name
        and all(a.fingerprint.digests.get(part) == b.fingerprint.digests.get(part) for part in _ALIKE)
        and all(side.fingerprint.family_state("symbols", side.api_name) == "ok" for side in (a, b))
        and all(_is_whole(side.fingerprint) for side in (a, b))
    )


def _is_whole(fingerprint: Fingerprint) -> bool:
    """Whether no measured family broke off or lost a case, in any API: symbols of one may be described in another."""
    states = {fingerprint.family_state(family, api) for family in _MEASURED for api in fingerprint.apis}
    return states <= {"ok", "not run"}


def _both_usable(a: Side, b: Side, findings: Findings) -> bool:
    """Whether both APIs could be imported; an import that raises is a known fact."""
    if a.api.state == VALUE and b.api.state == VALUE:
        return True
    for side, name in ((a, "A"), (b, "B")):
        if side.api.state not in (VALUE, "error", "unsupported"):
            findings.unknown("import", f"importing {side.api_name} is {side.api.state} in {name}: {side.api.message}")
            return False
    if a.api.state == VALUE:
        title = f"import {b.api_name} raises {b.api.type} in B: {b.api.message}"
        findings.add(divergence("import", "presence", Effect.BREAKS, title, VALUE, b.api.type))
    elif b.api.state == VALUE:
        title = f"import {a.api_name} raises {a.api.type} in A: {a.api.message}"
        findings.unknown("import", title)
    return False
