"""Writes waivers into a policy: everything else in the file stays as it is, comments and order included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import msgspec
import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT

from kerasdiff.fingerprint.load import write
from kerasdiff.gate import toml
from kerasdiff.gate.policy import OWN, PolicyError, Source, Waiver, parse
from kerasdiff.text import visible

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def add(source: Source, waiver: Waiver, is_about: Callable[[Waiver], bool] = lambda _: True) -> Source:
    """The policy with one more waiver, written to its file; to a new ``kerasdiff.toml`` where there is none.

    What it accepts is taken out of the waivers that ``is_about`` says are of the same baseline: one that no longer serves is
    renewed. Raises `PolicyError` where the file can't be edited, `OutputError` where it can't be written.
    """
    ids = {entry.id for entry in waiver.accepts}
    kept = [_without(other, ids) if is_about(other) else other for other in source.policy.waivers]

    def append(table: Any) -> None:
        if not isinstance(table.get("waivers", tomlkit.aot()), AoT):
            _refuse(source.file or source.root / OWN, "its waivers are no [[waivers]] tables")
        written = _table(waiver)
        above = (table["waivers"][-1] if table.get("waivers") else table).as_string()
        written.trivia.indent = "" if not above or above.endswith("\n\n") else "\n"
        table.setdefault("waivers", tomlkit.aot()).append(written)

    def narrow(table: Any) -> None:
        for number, (before, after) in enumerate(zip(source.policy.waivers, kept, strict=True)):
            if after is not None and after != before:
                table["waivers"][number]["accepts"] = _accepts(after)
        append(table)

    source = _edited(
        source, narrow, [*(other or before for other, before in zip(kept, source.policy.waivers, strict=True)), waiver]
    )
    return _saved(_removed(source, [number for number, other in enumerate(kept) if other is None]))


def _without(waiver: Waiver, ids: set[str]) -> Waiver | None:
    """A waiver without some ids; None where nothing is left of it."""
    accepts = [entry for entry in waiver.accepts if entry.id not in ids]
    return msgspec.structs.replace(waiver, accepts=accepts) if accepts else None


def remove(source: Source, is_about: Callable[[Waiver], bool]) -> Source:
    """The policy without the waivers that are about a baseline, written to its file."""
    numbers = [number for number, waiver in enumerate(source.policy.waivers) if is_about(waiver)]
    return _saved(_removed(source, numbers)) if numbers else source


def _removed(source: Source, numbers: list[int]) -> Source:
    """The policy without some waivers: their lines are cut out, so that comments around them stay."""
    for number in reversed(numbers):
        lines = source.text.splitlines(keepends=True)
        start = source.line("waivers", number) - 1
        if not lines[start].lstrip().startswith("[["):
            _refuse(source.file or source.root / OWN, "the waivers are no [[waivers]] tables")
        ends = range(start + 1, len(lines) + 1)
        end = next((end for end in ends if _is_whole(source, "".join(lines[:end]), number)), start)
        while end < len(lines) and not lines[end].strip() and (start == 0 or not lines[start - 1].strip()):
            end += 1
        text = "".join([*lines[:start], *lines[end:]])
        kept = [waiver for other, waiver in enumerate(source.policy.waivers) if other != number]
        source = _changed(source, text, kept)
    return source


def _is_whole(source: Source, text: str, number: int) -> bool:
    """Whether a beginning of the file holds a waiver with all that it says."""
    try:
        said: Any = toml.parsed(text)
        whole: Any = toml.parsed(source.text)
        for part in (*source.table, "waivers", number):
            said, whole = said[part], whole[part]
    except (ValueError, LookupError):
        return False
    return bool(said == whole)


def _table(waiver: Waiver) -> Any:
    """A waiver as a table, with an accepted divergence a line."""
    table = tomlkit.table()
    table.add("reason", waiver.reason)
    for key, value in (("owner", waiver.owner), ("until", waiver.until), ("baseline", waiver.baseline)):
        if value:
            table.add(key, value)
    table.add("accepts", _accepts(waiver))
    table.add(tomlkit.nl())
    return table


def _accepts(waiver: Waiver) -> Any:
    accepts = tomlkit.array().multiline(multiline=True)
    for entry in waiver.accepts:
        accepts.append(_inline(msgspec.to_builtins(entry)))
    return accepts


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
    """The policy after a change of its file, which isn't written yet."""
    file = source.file or source.root / OWN
    try:
        document = tomlkit.parse(source.text)
        table: Any = document
        for part in source.table:
            table = table[part]
        change(table)
        text = tomlkit.dumps(document).rstrip("\n") + "\n"
    except (TOMLKitError, KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        _refuse(file, f"can't be edited: {type(error).__name__}: {error}")
    return _changed(source, text, waivers)


def _changed(source: Source, text: str, waivers: list[Waiver]) -> Source:
    """The policy in another text of its file, where nothing but the waivers has changed."""
    file = source.file or source.root / OWN
    try:
        changed = parse(file, text, toml.parsed(text), source.table)
        if changed.policy.waivers != waivers or not _is_alike(source.text, text, source.table):
            _refuse(file, "its layout can't be edited")
        text.encode("utf-8")
    except (ValueError, RecursionError) as error:  # no TOML, or not to be written as text
        _refuse(file, f"can't be edited: {type(error).__name__}: {error}")
    return changed


def _saved(source: Source) -> Source:
    """The policy, written to its file at once."""
    assert source.file is not None
    write(source.text.encode("utf-8"), source.file)
    return source


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
