"""Timelines as text for people, Markdown, and JSON."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec

from kerasdiff.compare.values import brief
from kerasdiff.knowledge.load import Effect
from kerasdiff.knowledge.rules import rule
from kerasdiff.releases.index import ABSENT, NOT_MEASURED
from kerasdiff.releases.timeline import SCHEMA, short
from kerasdiff.text import inert, inert_json, listed, visible, visible_lines, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kerasdiff.releases.timeline import Changed, Crossing, History, Line, Range, Row

_WIDTH = 80
#: Columns of the name of a fact, and of the releases of a range.
_NAME, _RANGE = 22, 15
#: Columns that are left for a value.
_ROOM = _WIDTH - _NAME - _RANGE - 6
#: Names told of facts that changed together, of those that never did, and of subjects in which nothing did.
_FEW, _SEVERAL, _MANY = 3, 6, 12
#: Characters told of what happened.
_LONG = 120
_LEGEND = (
    "> marks a change from A, the release before, to B, with its worst effect, its largest size (over the largest number of "
    "the tensor) and its rule. Letters are classes of behaviour: releases of one letter give the same within the tolerances, "
    "in whichever line."
)


def as_json(pattern: str, aspect: str | None, found: list[History]) -> str:
    """The timelines as JSON, with the rules that they name."""
    codes = sorted({code for one in found for changed in _changes(one) for code in changed.rules})
    known = [one for code in codes if (one := rule(code)) is not None]
    document = {
        "schema": SCHEMA,
        "pattern": pattern,
        "aspect": aspect,
        "subjects": found,
        "rules": {
            one.code: {"title": one.title, "why": one.why, "remedy": one.remedy, "references": one.references} for one in known
        },
    }
    return inert_json(msgspec.json.format(msgspec.json.encode(document), indent=1).decode()) + "\n"


def as_text(found: list[History], *, is_narrow: bool) -> str:
    """The timelines as tables of 80 columns; ``is_narrow``: few facts were asked for, so all of them are told."""
    return "".join(f"{inert(line)}\n" for line in _text(found, is_narrow=is_narrow))


def _text(found: list[History], *, is_narrow: bool) -> Iterator[str]:
    quiet = [one for one in found if _is_quiet(one)] if len(found) > 1 else []
    loud = [one for one in found if one not in quiet]
    for one in loud:
        yield visible(one.subject)
        if one.names:
            yield from wrapped(visible(f"also {listed(one.names, _MANY)}"), _WIDTH)
        yield from _lines(one, is_narrow=is_narrow)
        yield ""
    if quiet:
        yield from wrapped(visible(f"Nothing changes in {listed([one.subject for one in quiet], _MANY)}."), _WIDTH)
        yield ""
    remedies = {code: remedy for one in reversed(loud) for code, remedy in _rules(one, is_narrow=is_narrow)}
    for code in dict.fromkeys(code for one in loud for code, _ in _rules(one, is_narrow=is_narrow)):
        yield from _rule(code, remedies[code])
    if remedies:
        yield ""
    yield from wrapped(_LEGEND, _WIDTH)


def _lines(history: History, *, is_narrow: bool) -> Iterator[str]:
    telling, everywhere = _telling(history)
    quiet = []
    for line in history.lines:
        body = list(_line(line, telling, is_narrow=is_narrow))
        if not body:
            quiet.append(_where(line))
            continue
        yield ""
        yield from wrapped(_where(line), _WIDTH)
        yield from body
    rows = {name: row for line in history.lines for row in line.constant for name in row.aspects if name in everywhere}
    if quiet or history.missing or rows:
        yield ""
    if quiet:
        yield from wrapped(f"Nothing changes in {'; '.join(quiet)}.", _WIDTH)
    if history.missing:
        yield from wrapped(f"Not in {', '.join(history.missing)}.", _WIDTH)
    if rows:
        told = _constants([_among(row, {name}) for name, row in rows.items()])
        yield from wrapped(f"Never changes: {visible(told)}", _WIDTH)
    for crossing in history.crossings:
        if is_narrow or any(one.effect != Effect.INFO.value for one in crossing.changes):
            yield ""
            yield from _crossing(crossing)


def _line(line: Line, telling: set[str], *, is_narrow: bool) -> Iterator[str]:
    """What a line has to say of a subject; ``telling`` are the facts that change somewhere."""
    for row in _shown(line, telling, is_narrow=is_narrow):
        yield from _row(row)
    for event in line.events:
        if is_narrow or event.changed.effect != Effect.INFO.value:
            told = f"> {event.release}  {visible(event.changed.title, _LONG)}{_tail(event.changed)}"
            yield from wrapped(told, _WIDTH, "  ", "      ")
    same = [row for row in (_among(row, telling) for row in line.constant) if row.aspects and not row.is_measured]
    if same:
        yield from wrapped(f"constant here: {visible(_constants(same))}", _WIDTH, "  ")
    minor = [short(name) for row in line.rows if not (is_narrow or _tells(row, telling)) for name in row.aspects]
    if minor:
        yield from wrapped(visible(f"changed without effect: {listed(minor, _FEW)}"), _WIDTH, "  ")


def _shown(line: Line, telling: set[str], *, is_narrow: bool) -> list[Row]:
    """The rows that are told in a table: what changed here, and the class of what is another in other lines."""
    changed = [row for row in line.rows if is_narrow or _tells(row, telling)]
    same = [_among(row, telling) for row in line.constant if row.is_measured]
    return changed + [row for row in same if row.aspects and (is_narrow or row.ranges[0].state == "class")]


def _tells(row: Row, telling: set[str]) -> bool:
    return row.matters or not telling.isdisjoint(row.aspects)


def _telling(history: History) -> tuple[set[str], set[str]]:
    """The facts that change in a line or from one to another, and those that are the same everywhere."""
    constant = _constant(history)
    everywhere = {name for name, known in constant.items() if len(known) == 1}
    changed = {name for line in history.lines for row in line.rows if row.matters for name in row.aspects}
    return changed | (constant.keys() - everywhere), everywhere


def _where(line: Line) -> str:
    """A line, its releases, and since when the subject is there."""
    releases = line.releases
    span = releases[0] if len(releases) == 1 else f"{_span(releases[0], releases[-1])} ({len(releases)} releases)"
    by = " of TensorFlow" if line.line == "tf.keras" else ""
    there = ", ".join(_span(first, last) for first, last in line.there)
    is_whole = line.there == ((releases[0], releases[-1]),)
    return f"{line.line}{by} {span}" + ("" if is_whole else f": there in {there}")


def _span(first: str, last: str) -> str:
    return first if first == last else f"{first}\N{EN DASH}{last}"


def _row(row: Row) -> Iterator[str]:
    name = visible(listed([short(one) for one in row.aspects], _FEW))
    is_inline = len(row.aspects) == 1 and len(name) <= _NAME
    if not is_inline:
        yield from wrapped(name, _WIDTH, "  ")
    for number, part in enumerate(row.ranges):
        head = f"  {name:{_NAME}}" if is_inline and not number else " " * (_NAME + 2)
        mark = ">" if number and part.changed is not None else " "
        span = _span(part.first, part.last)
        tail, value = _tail(part.changed), _value(part, _ROOM, is_measured=row.is_measured)
        start = visible(f"{head} {mark} {span:{_RANGE}} {value}")
        if len(start) + len(tail) > _WIDTH:
            yield start
            start = " " * (_NAME + 4)
        yield f"{start}{tail}".rstrip()


def _value(part: Range, limit: int, *, is_measured: bool) -> str:
    if part.state not in ("value", "class"):
        told = part.state
    else:
        told = str(part.value) if is_measured else brief(part.value, limit)
    return f"{told} ({part.name})" if part.name and not part.name.startswith("config.") else told


def _tail(changed: Changed | None) -> str:
    """Effect, size and rules of a change."""
    if changed is None:
        return ""
    size = "" if changed.scaled is None else f" {_number(changed.scaled)}"
    return "  " + " ".join([f"{changed.effect}{size}", *changed.rules[:2]])


def _number(scaled: float | str) -> str:
    number = float(scaled)
    return f"{number:.2g}" if math.isfinite(number) else "NaN or infinite"


def _constants(rows: list[Row]) -> str:
    """Facts that are the same throughout, in a sentence."""
    declared, measured = [], 0
    for row in rows:
        if row.is_measured:
            measured += len(row.aspects)
            continue
        part = next(part for part in row.ranges if part.state != ABSENT)
        name = short(row.aspects[0])
        declared.append(f"{name} {part.state}" if part.state != "value" else f"{name}={brief(part.value, 30)}")
    more = [f"{measured} measured fact{'s' if measured != 1 else ''}"] if measured else []
    return ", ".join([*([listed(declared, _SEVERAL)] if declared else []), *more])


def _constant(history: History) -> dict[str, set[str]]:
    """The facts that change in no line, with what they are in one or another."""
    found: dict[str, set[str]] = {}
    for line in history.lines:
        for row in line.constant:
            part = next(part for part in row.ranges if part.state not in (ABSENT, NOT_MEASURED))
            value = brief(part.value) if part.state in ("value", "class") else part.state
            for name in row.aspects:
                found.setdefault(name, set()).add(value)
    changed = {name for line in history.lines for row in line.rows for name in row.aspects}
    return {name: values for name, values in found.items() if name not in changed}


def _among(row: Row, names: set[str]) -> Row:
    """A row of only those of its facts that have one of these names."""
    return msgspec.structs.replace(row, aspects=tuple(name for name in row.aspects if name in names))


def _crossing(crossing: Crossing) -> Iterator[str]:
    yield from wrapped(f"{crossing.a} → {crossing.b}", _WIDTH)
    serious = [one for one in crossing.changes if one.effect != Effect.INFO.value]
    for one in serious:
        known = rule(one.rules[0]) if one.rules else None
        title = known.title if known is not None else one.title
        yield from wrapped(f"> {visible(title, _LONG)}{_tail(one)}", _WIDTH, "  ", "      ")
    rest = len(crossing.changes) - len(serious)
    if not serious:
        yield f"    nothing but {rest} info" if rest else "    nothing differs"


def _rule(code: str, own: str | None) -> Iterator[str]:
    """A rule in a few lines; ``own`` is the remedy where it has none."""
    known = rule(code)
    if known is None:
        return
    yield from wrapped(f"{code}  {known.title}", _WIDTH, "", "       ")
    lines = visible_lines(known.remedy or own or "")
    if len(lines) == 1:
        yield from wrapped(f"to keep A's: {lines[0]}", _WIDTH, "       ", "         ")
    elif lines:
        yield "       to keep A's:"
        yield from (f"         {line}".rstrip() for line in lines)


def _rules(history: History, *, is_narrow: bool) -> Iterator[tuple[str, str | None]]:
    """The rules that the text names, each with the remedy of what it is about."""
    for changed in _changes(history):
        if is_narrow or changed.effect != Effect.INFO.value:
            yield from ((code, changed.remedy) for code in changed.rules)


def _changes(history: History) -> Iterator[Changed]:
    """All changes of a subject, in their order."""
    for line in history.lines:
        yield from (part.changed for row in line.rows for part in row.ranges if part.changed is not None)
        yield from (event.changed for event in line.events)
    for crossing in history.crossings:
        yield from crossing.changes


def _is_quiet(history: History) -> bool:
    """Whether nothing above ``info`` changes in any line."""
    return all(one.effect == Effect.INFO.value for one in _changes(history))


def as_markdown(found: list[History], *, is_narrow: bool) -> str:
    """The timelines as Markdown, a table a line of Keras."""
    return "".join(f"{line}\n" for line in _markdown(found, is_narrow=is_narrow))


def _markdown(found: list[History], *, is_narrow: bool) -> Iterator[str]:
    for one in found:
        telling, _ = _telling(one)
        yield f"## {_cell(one.subject)}"
        for line in one.lines:
            yield ""
            yield f"### {_cell(_where(line))}"
            yield ""
            rows = _shown(line, telling, is_narrow=is_narrow)
            yield from _table(rows) if rows else ["Nothing changes."]
        yield ""
    for code in dict.fromkeys(code for one in found for code, _ in _rules(one, is_narrow=is_narrow)):
        known = rule(code)
        if known is not None:
            yield f"- **{code}** {_cell(known.title)}"
    yield ""
    yield _cell(_LEGEND.replace("> marks", "The last column tells", 1))


def _table(rows: list[Row]) -> Iterator[str]:
    yield "| fact | releases | is | change |"
    yield "| --- | --- | --- | --- |"
    for row in rows:
        name = listed([short(aspect) for aspect in row.aspects], _FEW)
        for number, part in enumerate(row.ranges):
            value = _value(part, 60, is_measured=row.is_measured)
            cells = ("" if number else name, _span(part.first, part.last), value, _tail(part.changed).strip())
            yield f"| {' | '.join(map(_cell, cells))} |"


def _cell(text: Any) -> str:
    return visible(str(text)).replace("|", "\\|").replace("<", "&lt;")
