"""``kerasdiff show``."""

from __future__ import annotations

import fnmatch
import json
from typing import TYPE_CHECKING, Any

import click
import msgspec

from kerasdiff.cli.operand import read
from kerasdiff.cli.options import APIS
from kerasdiff.cli.output import put
from kerasdiff.compare import quantities
from kerasdiff.compare.context import conflicts
from kerasdiff.compare.side import Side
from kerasdiff.compare.values import brief
from kerasdiff.errors import KerasdiffError
from kerasdiff.fingerprint.document import VALUE, Fingerprint, Parameter, Symbol
from kerasdiff.report import pipeline
from kerasdiff.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNSET = msgspec.UNSET
_STARS = {"var_positional": "*", "var_keyword": "**"}


class NothingMatches(KerasdiffError):
    """No subject matches the pattern."""


@click.command()
@click.argument("fingerprint")
@click.argument("pattern", required=False)
@click.option("--api", type=APIS, help="API to show.  [default: the one that people use there]")
@click.option("--coverage", is_flag=True, help="Print how much was probed, by kind, and what wasn't, with the reasons.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Format of the facts."
)
@click.help_option("-h", "--help")
def command(fingerprint: str, pattern: str | None, api: str | None, form: str, *, coverage: bool) -> None:
    """Print the facts of a fingerprint: of the subjects that match PATTERN, or an overview.

    FINGERPRINT is what compare takes for A. Subjects are symbols (layers.LSTM), what models and libraries do (training.fit,
    numpy.load), settings.*, environment.*, packages.*, runtime.* and pipeline.*; * matches anything, dots included.
    """
    if coverage and pattern is not None:
        message = "--coverage takes no PATTERN"
        raise click.UsageError(message)
    known = read(fingerprint)
    side = Side(known.fingerprint, api or known.api)
    if coverage:
        from kerasdiff.report import coverage as report

        put(report.as_json(side) if form == "json" else report.as_text(side))
        return
    if pattern is None and form == "text":
        lines = list(_overview(side))
    else:
        facts = {name: fact for name, fact in _facts(side) if fnmatch.fnmatchcase(name, pattern or "*")}
        if not facts:
            message = f"nothing matches {pattern} in {side.api_name}; try '*{pattern}*'"
            raise NothingMatches(message)
        if form == "json":
            put(json.dumps(facts, indent=1, sort_keys=True) + "\n")
            return
        subjects = side.subjects()
        lines = [
            line
            for name, fact in facts.items()
            for line in (
                _own(name, fact)
                if name == "model" or name.startswith("model.")
                else _cases(name, subjects[name][1])
                if name in subjects
                else _told(name, fact, side)
            )
        ]
    put("".join(f"{visible(line)}\n" for line in lines))


def _facts(side: Side) -> Iterator[tuple[str, Any]]:
    for name in sorted(side.api.symbols):
        yield name, msgspec.to_builtins(side.symbol(name))
    for name, (_, cases) in sorted(side.subjects().items()):
        yield name, {"cases": cases}
    for name, setting in sorted(side.api.settings.items()):
        yield f"settings.{name}", msgspec.to_builtins(setting)
    yield from _own_facts(side)
    for group in ("environment", "packages", "runtime"):
        for key, value in sorted(getattr(side.fingerprint, group).items()):
            yield f"{group}.{key}", value
    if side.fingerprint.pipeline is not None:
        yield from pipeline.lines(side.fingerprint.pipeline).items()


def _overview(side: Side) -> Iterator[str]:
    fingerprint = side.fingerprint
    yield fingerprint.label
    captured, runtime = fingerprint.captured, fingerprint.runtime
    yield f"captured {captured.at} by kerasdiff {captured.kerasdiff}, {captured.seconds:.1f} s"
    yield f"Python {runtime.get('python')} on {runtime.get('distribution') or runtime.get('platform')}"
    for name, api in sorted(fingerprint.apis.items()):
        if api.state != VALUE:
            yield f"{name}: {api.state}: {api.type} {api.message}"
            continue
        yield f"{name} {api.version} on {api.backend} {api.backend_version}: {_coverage(api.symbols)}"
    yield f"settings of {side.api_name}:"
    for name, setting in sorted(side.api.settings.items()):
        failed = f"{setting.state}: {setting.message}"
        told = f"{brief(setting.value)} ({setting.source})" if setting.state == VALUE else failed
        yield f"  {name} = {told}"
    yield "variables:" if fingerprint.environment else "variables: none set that reaches results"
    for name, value in sorted(fingerprint.environment.items()):
        yield f"  {name} = {value}"
    if fingerprint.pipeline is not None:
        yield from (f"{name}: {told}" for name, told in pipeline.lines(fingerprint.pipeline).items())
    yield from _installed(fingerprint)


def _coverage(symbols: dict[str, Symbol]) -> str:
    kinds: dict[str, int] = {}
    for symbol in symbols.values():
        kinds[symbol.kind] = kinds.get(symbol.kind, 0) + 1
    configured = sum(symbol.config is not None for symbol in symbols.values())
    shared = sum(symbol.same_as is not None for symbol in symbols.values())
    told = ", ".join(f"{count} {'classes' if kind == 'class' else kind + 's'}" for kind, count in sorted(kinds.items()))
    return f"{told}; {configured} configurations" + (f"; {shared} described in another API" if shared else "")


def _installed(fingerprint: Fingerprint) -> Iterator[str]:
    yield "Keras stack:"
    for name, known in sorted(fingerprint.distributions.items()):
        if known.stack or known.source:
            source = " ".join(known.source[key] for key in ("kind", "commit") if key in known.source)
            yield f"  {name} {fingerprint.packages.get(name)}" + (f" (from {source})" if source else "")
    for line in conflicts(fingerprint):
        yield f"  conflict: {line}"
    stack = sum(known.stack for known in fingerprint.distributions.values())
    yield f"  and {len(fingerprint.packages) - stack} other distributions"


def _cases(name: str, cases: dict[str, dict[str, Any]]) -> Iterator[str]:
    for case, measured in sorted(cases.items()):
        for quantity in sorted(quantities.names(measured)):
            parts = quantities.parts(measured, quantity)
            told = ", ".join(brief(part.get("values", part.get("message", part.get("state"))), 100) for part in parts)
            yield f"{name}: {case}.{quantity} = {told}"


def _own_facts(side: Side) -> Iterator[tuple[str, Any]]:
    if side.fingerprint.model is not None:
        from kerasdiff.compare.own import told

        yield from told(side)


def _own(name: str, fact: dict[str, Any]) -> Iterator[str]:
    """What is known of a user's model, or of a layer of it."""
    for key, value in sorted(fact.items()):
        if key != "cases":
            yield f"{name}: {key} = {brief(value, 200)}"
    yield from _cases(name, fact.get("cases", {}))


def _told(name: str, fact: Any, side: Side) -> Iterator[str]:
    if side.canonical(name) is None:
        value = fact.get("value", fact) if isinstance(fact, dict) and "source" in fact else fact
        source = f"  ({fact['source']})" if isinstance(fact, dict) and "source" in fact else ""
        yield f"{name} = {value if name.startswith('pipeline') else brief(value, 200)}{source}"
        return
    symbol = side.symbol(name)
    takes = "" if symbol.parameters is None else f"({', '.join(_parameter(part) for part in symbol.parameters)})"
    yield f"{symbol.kind} {name}{takes}"
    if symbol.state != VALUE:
        yield f"  {symbol.state}: {symbol.type} {symbol.message}"
    if symbol.aliases:
        yield f"  also {', '.join(symbol.aliases)}"
    if symbol.deprecated:
        yield "  deprecated"
    if symbol.instance is not None and symbol.instance.state != VALUE:
        yield f"  default-made instance: {symbol.instance.state}: {symbol.instance.message}"
    for key, value in sorted((symbol.config or {}).items()):
        yield f"  {key} = {brief(value, 100)}"


def _parameter(parameter: Parameter) -> str:
    name = _STARS.get(parameter.kind, "") + parameter.name
    return name if parameter.default is _UNSET else f"{name}={brief(parameter.default)}"
