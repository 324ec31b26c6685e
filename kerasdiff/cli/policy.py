"""``kerasdiff policy``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import msgspec
import tomlkit

from kerasdiff.cli.output import put
from kerasdiff.gate.policy import find
from kerasdiff.report import words
from kerasdiff.text import inert, listed, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kerasdiff.gate.policy import Source


@click.command()
@click.option("--policy", metavar="FILE", help="File of the policy.  [default: the nearest kerasdiff.toml or pyproject.toml]")
def command(policy: str | None) -> None:
    """Print the policy in force, and where each value comes from.

    It stands in kerasdiff.toml, or in pyproject.toml under [tool.kerasdiff]. Every key may be left out:

    \b
      baseline = "kerasdiff.json"     what check compares with, or a release: "tensorflow==2.15"
      fail-on = "results"             breaks, architecture, results, reproducibility, info
      api = "keras"                   keras, tf.keras, tf_keras; else the one that people use
      families = ["settings", "symbols", "layers"]    captured, and must be known
      only = ["layers.*"]             ids or subjects in scope
      ignore = ["callbacks.*"]        ids or subjects out of scope
      expired-waivers = "fail"        or "warn": they go on waiving
      unused-waivers = "fail"         or "warn"
    \b
      [effects]                       what else counts, and as what: packages.*,
      "packages.numpy" = "results"    runtime.*, environment.*
    \b
      [[tolerances]]                  another tolerance than the measured one
      subject = "optimizers.*"
      quantity = "*"
      tolerance = 1e-4
      reason = "we compare checkpoints to three digits"
    \b
      [[waivers]]                     written by kerasdiff waive
    """
    put("".join(f"{inert(visible(line))}\n" for line in _lines(find(policy))))


def _lines(source: Source) -> Iterator[str]:
    said: dict[str, Any] = msgspec.to_builtins(source.policy)
    yield f"# {source.file or 'no policy file: the defaults'}"
    for key, value in said.items():
        if key == "waivers":
            continue
        where = f"line {source.line(key)}" if source.file is not None and source.says(key) else "default"
        told = value if key != "baseline" else source.baseline().relative_to(source.root).as_posix()
        yield f"{key} = {_inline(told)}  # {where}"
    for number, waiver in enumerate(source.policy.waivers):
        until = f"until {waiver.until}" if waiver.until else "for ever"
        ids = listed([entry.id for entry in waiver.accepts], words.FEW)
        yield f"# line {source.line('waivers', number)}: waived {until}: {ids}: {waiver.reason}"


def _inline(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{tomlkit.key(key).as_string()} = {_inline(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return str(tomlkit.item(value).as_string())
