"""Reads and writes fingerprints. A fingerprint is untrusted input: bounded, checked, and never executed."""

from __future__ import annotations

import hashlib
import json
import re
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

import msgspec

from kerasdiff.errors import KerasdiffError, OutputError
from kerasdiff.fingerprint.document import SCHEMA, Fingerprint
from kerasdiff.probe import canonical
from kerasdiff.text import visible

if TYPE_CHECKING:
    from collections.abc import Collection

#: Bytes of JSON read at most, unpacked: fifty times the largest fingerprint seen.
MAX_BYTES = 64 << 20
MAX_DEPTH = 40

_GZIP = b"\x1f\x8b"
_CAPTURE = "make one with: kerasdiff capture -o FILE"
_TOO_DEEP = f"is nested deeper than {MAX_DEPTH} levels, which no fingerprint is; capture again"


class FingerprintError(KerasdiffError):
    """A file is no fingerprint that can be used."""


def load(source: str | Path, known: Collection[str] = ()) -> Fingerprint:
    """The fingerprint in a file (``.json``, or packed by gzip), or on standard input for ``-``.

    A file whose SHA-256 is ``known`` was checked when that was written down, and isn't again: checking is most of the time.
    Raises `FingerprintError` with one line that says what is wrong with it.
    """
    packed, name = _content(source)
    data = _unpacked(packed, name)
    if hashlib.sha256(packed).hexdigest() in known:
        return msgspec.json.decode(data, type=Fingerprint)
    return parse(data, name)


def read(source: str | Path) -> tuple[Any, str]:
    """The JSON in a file, as yet unchecked, with all its keys; and what errors call the file.

    Raises `FingerprintError` where it can't be read, or is no JSON within bounds.
    """
    data, name = content(source)
    return decode(data, name), name


def content(source: str | Path) -> tuple[bytes, str]:
    """The text of a file, unpacked; and what errors call the file.

    Raises `FingerprintError` where it can't be read, or is too large.
    """
    packed, name = _content(source)
    return _unpacked(packed, name), name


def _content(source: str | Path) -> tuple[bytes, str]:
    """The bytes of a file, some more than are allowed at most; and what errors call it."""
    if not str(source):  # an unset variable of a script, which to Path is the working folder
        _refuse("''", f"no such file; {_CAPTURE}")
    name = "standard input" if source == "-" else visible(str(source), 1000)
    try:
        if source == "-":
            return _standard_input().read(MAX_BYTES + 1), name
        with Path(source).open("rb") as stream:
            return stream.read(MAX_BYTES + 1), name
    except FileNotFoundError:
        _refuse(name, f"no such file; {_CAPTURE}")
    except IsADirectoryError:
        _refuse(name, "is a folder, not a fingerprint; for an environment write env:PATH")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        _refuse(name, f"can't be read: {visible(reason)}; check its name and permissions")


def _standard_input() -> BinaryIO:
    if sys.stdin is None:
        message = "it is closed"
        raise OSError(message)
    return sys.stdin.buffer


def _refuse(name: str, what: str) -> NoReturn:
    message = f"{name}: {what}"
    raise FingerprintError(message)


def _unpacked(data: bytes, name: str) -> bytes:
    if data.startswith(_GZIP):
        unpacker = zlib.decompressobj(wbits=31)
        try:
            data = unpacker.decompress(data, MAX_BYTES + 1)
        except zlib.error as error:
            _refuse(name, f"damaged gzip data ({error}); capture again")
        if not unpacker.eof and len(data) <= MAX_BYTES:
            _refuse(name, "the gzip data ends too early; capture again")
    if len(data) > MAX_BYTES:
        _refuse(name, f"larger than {MAX_BYTES >> 20} MB, which no fingerprint is; {_CAPTURE}")
    return data


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                message = f"the key {key!r} stands twice in one object"
                raise ValueError(message)
            seen.add(key)
    return found


def _constant(text: str) -> NoReturn:
    message = f"{text} is no JSON"
    raise ValueError(message)


def parse(data: bytes, name: str) -> Fingerprint:
    """The fingerprint in ``data``, checked; ``name`` stands in the errors.

    Raises `FingerprintError`.
    """
    return check(decode(data, name), name)


def decode(data: bytes, name: str) -> Any:
    """The JSON in ``data``, as yet unchecked.

    Raises `FingerprintError`.
    """
    if not data.strip():
        _refuse(name, f"is empty; {_CAPTURE}")
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_pairs, parse_constant=_constant)
    except UnicodeDecodeError:
        _refuse(name, f"is binary data, not a fingerprint; {_CAPTURE}")
    except json.JSONDecodeError as error:
        _refuse(name, f"no valid JSON at line {error.lineno}, column {error.colno}: {visible(error.msg)}; capture again")
    except RecursionError:
        _refuse(name, _TOO_DEEP)
    except ValueError as error:
        _refuse(name, f"no valid JSON: {visible(str(error))}; capture again")


def check(raw: Any, name: str) -> Fingerprint:
    """The typed document of a parsed fingerprint.

    Raises `FingerprintError` where it is none, of another schema, nested too deeply, or where its digests don't fit.
    """
    schema = raw.get("schema") if isinstance(raw, dict) else None
    if not isinstance(schema, str) or not schema.startswith("kerasdiff."):
        _refuse(name, f"is JSON, but not a fingerprint; {_CAPTURE}")
    if schema != SCHEMA:
        _refuse(name, _other_schema(schema))
    if _is_deeper(raw, MAX_DEPTH):
        _refuse(name, _TOO_DEEP)
    try:
        fingerprint = msgspec.convert(raw, Fingerprint)
    except msgspec.ValidationError as error:
        _refuse(name, f"is damaged: {visible(str(error))}; capture again")
    except UnicodeEncodeError:  # JSON can write half a character
        _refuse(name, "is damaged: a name in it is no Unicode text; capture again")
    _check_names(fingerprint, name)
    stated, found = fingerprint.digests, _digests(raw, name)
    families = (*canonical.FAMILIES, *canonical.GROUPS, *canonical.LIBRARIES)
    for part in (*found, *(family for family in families if family not in found)):
        if part in families and part not in stated:
            continue  # captured before the families had digests of their own
        if stated.get(part) != found.get(part):
            _refuse(
                name, f"its digest {part!r} doesn't fit its content: the file was changed by hand or damaged; capture again"
            )
    return fingerprint


def _digests(raw: dict[str, Any], name: str) -> dict[str, str]:
    try:
        canonical.compact(raw["captured"])  # the digests leave it out
        return canonical.digests(raw)
    except ValueError:  # JSON reads 1e999 as infinity
        _refuse(name, "is damaged: it holds a number too large for any computer; capture again")


def _other_schema(schema: str) -> str:
    kind, _, version = schema.partition("/")
    if kind == SCHEMA.partition("/")[0] and re.fullmatch(r"[0-9]{1,4}", version):
        return f"has schema {visible(schema)}; this kerasdiff reads {SCHEMA}: use a newer kerasdiff"
    return f"is a {visible(schema, 60)}, not a {SCHEMA}; {_CAPTURE}"


def _is_deeper(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        parts = [holder.values() if isinstance(holder, dict) else holder for holder in level]
        level = [part for some in parts for part in some if isinstance(part, (dict, list))]
    return bool(level)


def _check_names(fingerprint: Fingerprint, name: str) -> None:
    if not fingerprint.apis:
        _refuse(name, "holds no API; capture again")
    for api, facts in fingerprint.apis.items():
        for symbol, described in facts.symbols.items():
            if any(known.count(".") > MAX_DEPTH for known in (symbol, *described.aliases)):
                _refuse(name, f"is damaged: {visible(symbol, 200)} is nested deeper than any symbol; capture again")
            if described.same_as is None:
                continue
            other, _, target = described.same_as.partition(":")
            found = fingerprint.apis[other].symbols.get(target) if other in fingerprint.apis else None
            if found is None or found.same_as is not None:
                where = visible(f"{api}:{symbol}", 200)
                _refuse(
                    name,
                    f"is damaged: {where} refers to {visible(described.same_as, 200)}, which isn't described; capture again",
                )


def save(text: str, target: Path, *, force: bool) -> None:
    """Write the text of a fingerprint, packed where the name ends in ``.gz``, all or nothing.

    Raises `FingerprintError` where another file is there and ``force`` isn't given, `OutputError` where it can't be written.
    """
    data = text.encode("utf-8")
    if target.suffix == ".gz":
        from kerasdiff.probe import files

        data = files.packed(data)
    if target.is_file() and not force and not _holds_the_same(target, text):
        _refuse(visible(str(target)), "exists already; write --force to replace it, or -o for another name")
    write(data, target)


def _holds_the_same(target: Path, text: str) -> bool:
    """Whether a file is a fingerprint of the same facts: writing it again loses nothing."""
    try:
        return bool(load(target).digests["all"] == json.loads(text)["digests"]["all"])
    except FingerprintError:
        return False


def write(data: bytes, target: Path) -> None:
    """Write a file all or nothing.

    Raises `OutputError`.
    """
    from kerasdiff.probe import files

    try:
        files.write(str(target), data)
    except OSError as error:
        message = f"can't write {visible(str(target))}: {error.strerror or error}; write -o for another place"
        raise OutputError(message) from error
