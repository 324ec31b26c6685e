"""Text from outside, made safe to show."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Control characters, and those of Unicode that reorder or hide what stands beside them.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)

#: Where a line would be a command to the log of a CI job: to GitHub in its newer and its older form, to Azure.
_COMMAND = re.compile(r"^\s*:(?=:)|#(?=#(?:vso)?\[)")


def visible(text: str, limit: int = 2000) -> str:
    """``text`` on one line, with every character that a terminal would act on written out, and bounded in length."""
    if len(text) > limit:
        text = text[:limit] + "…"
    return _UNSAFE.sub(lambda match: match.group().encode("unicode_escape").decode("ascii"), text)


def inert(line: str) -> str:
    """A line that no log of a CI job takes for a command: a backslash breaks it."""
    return _COMMAND.sub(r"\g<0>\\", line)


def inert_json(text: str) -> str:
    """JSON that says the same, and in which no log of a CI job finds a command."""
    return text.replace("##", "#\\u0023")


def visible_lines(text: str, limit: int = 2000) -> list[str]:
    """The lines of ``text``, each made safe to show."""
    return [visible(line, limit) for line in text.splitlines()]


def listed(names: Sequence[str], most: int | None) -> str:
    """The first ``most`` of some names, and how many more there are; None: all."""
    shown = names[:most]
    return ", ".join(shown) + (f" and {len(names) - len(shown)} more" if len(shown) < len(names) else "")


def wrapped(text: str, width: int, indent: str = "", hanging: str | None = None) -> list[str]:
    """``text`` in lines of ``width`` columns: the first after ``indent``, the others after ``hanging``, by default two more."""
    after = indent + "  " if hanging is None else hanging
    return textwrap.wrap(
        text, width, initial_indent=indent, subsequent_indent=after, break_long_words=False, break_on_hyphens=False
    )


def is_text(text: str) -> bool:
    """Whether it can be written: an argument of the command line may hold bytes that are no UTF-8."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
