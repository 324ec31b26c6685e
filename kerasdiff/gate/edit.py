"""Writes waivers into a policy: everything else in the file stays as it is, comments and order included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import msgspec
import tomlkit
from tomlkit.exceptions import TOMLKitError

from kerasdiff.fingerprint.load import write
from kerasdiff.gate import toml
from kerasdiff.gate.policy import OWN, PolicyError, Source, Waiver, parse
from kerasdiff.text import visible

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tomlkit.items import AoT


def add(source: Source, waiver: Waiver) -> Source:
    """The policy with one more waiver, written to its file; to a new ``kerasdiff.toml`` where there is none.

    Raises `PolicyError` where the file can't be edited, `OutputError` where it can't be written.
    """

    def append(table: Any) -> None:
        written = _table(waiver)
        above = (table["waivers"][-1] if table.get("waivers") else table).as_string()
        written.trivia.indent = "" if not above or above.endswith("\n\n") else "\n"
        table.setdefault("waivers", tomlkit.aot()).append(written)

    return _edited(source, append, [*source.policy.waivers, waiver])


def remove(source: Source, baseline: str) -> Source:
    """The policy without the waivers that a baseline could meet, written to its file."""
    kept = [waiver for waiver in source.policy.waivers if waiver.baseline not in ("", baseline)]

    def drop(table: Any) -> None:
        waivers: AoT = table["waivers"]
        for number in reversed(range(len(source.policy.waivers))):
            if source.policy.waivers[number].baseline in ("", baseline):
                del waivers[number]
        if not len(waivers):
            del table["waivers"]

    return _edited(source, drop, kept) if len(kept) < len(source.policy.waivers) else source


def _table(waiver: Waiver) -> Any:
    """A waiver as a table, with an accepted divergence a line."""
    table = tomlkit.table()
    table.add("reason", waiver.reason)
    for key, value in (("owner", waiver.owner), ("until", waiver.until), ("baseline", waiver.baseline)):
        if value:
            table.add(key, value)
    accepts = tomlkit.array().multiline(multiline=True)
    for entry in waiver.accepts:
        accepts.append(_inline(msgspec.to_builtins(entry)))
    table.add("accepts", accepts)
    table.add(tomlkit.nl())
    return table


def _inline(value: dict[str, Any]) -> Any:
    table = tomlkit.inline_table()
    for key, part in value.items():
        if part is not None:
            table.append(key, _inline(part) if isinstance(part, dict) else _item(part))
    return table


def _item(value: Any) -> Any:
    """JSON in a text is easier to read without its quotes escaped."""
    is_plain = isinstance(value, str) and '"' in value and "'" not in value and value.isprintable()
    return tomlkit.string(value, literal=True) if is_plain else value


def _edited(source: Source, change: Callable[[Any], None], waivers: list[Waiver]) -> Source:
    """The policy after a change of its file. It is written only where nothing but the waivers has changed."""
    file = source.file or source.root / OWN
    try:
        document = tomlkit.parse(source.text)
        table: Any = document
        for part in source.table:
            table = table[part]
        change(table)
        text = tomlkit.dumps(document).rstrip("\n") + "\n"
        changed = parse(file, text, toml.parsed(text), source.table)
        if changed.policy.waivers != waivers or not _is_alike(source.text, text, source.table):
            _refuse(file, "its layout can't be edited")
        data = text.encode("utf-8")
    except (TOMLKitError, KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        _refuse(file, f"can't be edited: {type(error).__name__}: {error}")
    write(data, file)
    return changed


def _is_alike(before: str, after: str, table: toml.Place) -> bool:
    """Whether two texts of a file say the same, but for the waivers."""
    said = []
    for text in (before, after):
        document: Any = toml.parsed(text)
        policy = document
        for part in table:
            policy = policy[part]
        policy.pop("waivers", None)
        said.append(document)
    return bool(said[0] == said[1])


def _refuse(file: Path, what: str) -> NoReturn:
    message = (
        f"{visible(str(file), 1000)}: {visible(what, 300)}; write the waiver there by hand, as kerasdiff policy --help shows"
    )
    raise PolicyError(message)
