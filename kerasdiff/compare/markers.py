"""Markers of requirements (PEP 508): whether a requirement is meant for an environment.

To import what reads them in packaging takes as long as comparing all layers does, and it fills what is unknown of an
environment with what the host is.
"""

from __future__ import annotations

import re

#: A text in quotes, a parenthesis or an operator, a name or a word.
_TOKEN = re.compile(r"""\s*(?:(?P<text>'[^']*'|"[^"]*")|(?P<sign>[()]|[<>=!~]+)|(?P<word>[A-Za-z_.]+))\s*""")
#: What is compared as versions are, where it is one.
_VERSIONS = ("implementation_version", "platform_release", "python_full_version", "python_version")
_OLDER = {"python_implementation": "platform_python_implementation"}

_Token = tuple[str, str]


class MarkerError(ValueError):
    """A text is no marker."""


def holds(marker: str, values: dict[str, str]) -> bool:
    """Whether a marker holds where its names have these values.

    Raises `MarkerError` where it is no marker, `KeyError` where a value is unknown.
    """
    tokens = list(_tokens(marker))[::-1]
    told = _any(tokens, values)
    if tokens:
        raise MarkerError(marker)
    return told


def _tokens(marker: str) -> list[_Token]:
    found: list[_Token] = []
    place = 0
    while place < len(marker):
        token = _TOKEN.match(marker, place)
        if token is None:
            raise MarkerError(marker)
        kind = str(token.lastgroup)
        found.append((kind, token[kind]))
        place = token.end()
    return found


def _next(tokens: list[_Token]) -> _Token:
    """The next token, which is taken; they stand the last first."""
    if not tokens:
        raise MarkerError
    return tokens.pop()


def _any(tokens: list[_Token], values: dict[str, str]) -> bool:
    told = _all(tokens, values)
    while tokens and tokens[-1] == ("word", "or"):
        tokens.pop()
        told = _all(tokens, values) or told
    return told


def _all(tokens: list[_Token], values: dict[str, str]) -> bool:
    told = _one(tokens, values)
    while tokens and tokens[-1] == ("word", "and"):
        tokens.pop()
        told = _one(tokens, values) and told
    return told


def _one(tokens: list[_Token], values: dict[str, str]) -> bool:
    """A comparison, or what stands in parentheses."""
    if tokens and tokens[-1] == ("sign", "("):
        tokens.pop()
        told = _any(tokens, values)
        if _next(tokens) != ("sign", ")"):
            raise MarkerError
        return told
    left = _next(tokens)
    operator = _next(tokens)[1]
    if operator == "not":
        operator = f"not {_next(tokens)[1]}"
    sides = [left, _next(tokens)]
    names = [_named(text) for kind, text in sides if kind == "word"]
    if len(names) != 1 or any(kind == "sign" for kind, _ in sides):
        raise MarkerError
    one, other = (text[1:-1] if kind == "text" else values[_named(text)] for kind, text in sides)
    return _compared(one, operator, other, is_version=names[0] in _VERSIONS)


def _named(word: str) -> str:
    """A name as it is written today."""
    plain = word.replace(".", "_")
    return _OLDER.get(plain, plain)


def _compared(one: str, operator: str, other: str, *, is_version: bool) -> bool:
    if operator in ("in", "not in"):
        return (one in other) is (operator == "in")
    if is_version:
        from packaging.specifiers import InvalidSpecifier, Specifier

        try:
            return Specifier(f"{operator}{other}").contains(one, prereleases=True)
        except InvalidSpecifier:  # then it is a text
            pass
    if operator in ("==", "!="):
        return (one == other) is (operator == "==")
    if operator in ("<=", ">="):  # texts have no order
        return one == other
    if operator in ("<", ">"):
        return False
    raise MarkerError(operator)
