"""What isn't a fingerprint gets one line that says what is wrong, where, and what to do; and exit status 2."""

from __future__ import annotations

import gzip
import json
import os
import re
import sys
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from kerasdiff.fingerprint.document import SCHEMA
from kerasdiff.fingerprint.load import MAX_BYTES, MAX_DEPTH
from kerasdiff.probe import canonical
from tests.conftest import SMALL, Raw, api_of, path, raw, sealed, spawned, symbol_of, text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Ran

GOOD = path(SMALL)


def nested(levels: int) -> bytes:
    """A fingerprint with a default that is nested."""
    document = raw(SMALL)
    symbol_of(document, "layers.LSTM")["parameters"][1]["default"] = "here"
    return sealed(document).replace(b'"here"', b"[" * levels + b"]" * levels)


def with_number(number: bytes, *, where: str = "default") -> bytes:
    """A fingerprint that holds ``number``, digests and all."""
    document = raw(SMALL)
    mark = 0.123456789
    if where == "default":
        symbol_of(document, "layers.LSTM")["parameters"][1]["default"] = mark
    else:
        document["captured"]["seconds"] = mark
    return sealed(document).replace(str(mark).encode(), number)


def changed(*keys: Any, value: Any) -> bytes:
    """A fingerprint with another value at a place, digests that fit."""
    document = raw(SMALL)
    holder: Any = document
    for key in keys[:-1]:
        holder = holder[key]
    holder[keys[-1]] = value
    return sealed(document)


def edited_by_hand() -> bytes:
    """A fingerprint whose content was changed, its digests not."""
    document = raw(SMALL)
    symbol_of(document, "layers.LSTM")["parameters"][1]["default"] = "by hand"
    return canonical.document(document).encode()


def referring(**same_as: str) -> bytes:
    """A fingerprint whose symbols ``layers_LSTM`` and so on refer to others."""
    document = raw(SMALL)
    for symbol, target in same_as.items():
        symbol_of(document, symbol.replace("_", "."))["same_as"] = target
    return sealed(document)


def twice() -> bytes:
    """A fingerprint with a key that stands twice."""
    return text(SMALL).replace(b'"label":', b'"label": "other",\n "label":', 1)


SYMBOL = ("apis", "keras", "symbols", "layers.LSTM")
CAPTURE = "kerasdiff capture"
AGAIN = "capture again"
BAD: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "empty": (lambda: b"", "is empty", CAPTURE),
    "blank": (lambda: b" \n\n", "is empty", CAPTURE),
    "truncated": (lambda: text(SMALL)[:20000], "no valid JSON at line ", AGAIN),
    "without its end": (lambda: text(SMALL).rstrip()[:-1], "no valid JSON at line ", AGAIN),
    "text": (lambda: b"see the wiki\n", "no valid JSON at line 1, column 1", AGAIN),
    "list": (lambda: b"[1, 2]", "not a fingerprint", CAPTURE),
    "number": (lambda: b"3.14", "not a fingerprint", CAPTURE),
    "null": (lambda: b"null", "not a fingerprint", CAPTURE),
    "object": (lambda: b'{"layers": []}', "not a fingerprint", CAPTURE),
    "schema that is no text": (lambda: b'{"schema": 1}', "not a fingerprint", CAPTURE),
    "schema of another program": (lambda: b'{"schema": "cyclonedx/1"}', "not a fingerprint", CAPTURE),
    "report": (lambda: b'{"schema": "kerasdiff.report/1"}', "is a kerasdiff.report/1, not a " + SCHEMA, CAPTURE),
    "newer schema": (
        lambda: b'{"schema": "kerasdiff.fingerprint/2"}',
        "has schema kerasdiff.fingerprint/2",
        "a newer kerasdiff",
    ),
    "nothing but a schema": (lambda: b'{"schema": "%s"}' % SCHEMA.encode(), "is damaged", AGAIN),
    "rubbish": (lambda: bytes(range(256)) * 20, "is binary data", CAPTURE),
    "UTF-16": (lambda: text(SMALL).decode().encode("utf-16"), "is binary data", CAPTURE),
    "picture": (lambda: b"\x89PNG\r\n\x1a\n" + b"\0" * 90, "is binary data", CAPTURE),
    "gz of nothing": (lambda: gzip.compress(b""), "is empty", CAPTURE),
    "gz of rubbish": (lambda: gzip.compress(b"\xff\xfe\x00"), "is binary data", CAPTURE),
    "gz header alone": (lambda: gzip.compress(text(SMALL))[:10], "the gzip data ends too early", AGAIN),
    "truncated gz": (lambda: gzip.compress(text(SMALL))[:-200], "the gzip data ends too early", AGAIN),
    "gz without its checksum": (lambda: gzip.compress(text(SMALL))[:-8], "the gzip data ends too early", AGAIN),
    "gz of another checksum": (lambda: gzip.compress(text(SMALL))[:-8] + b"12345678", "damaged gzip data", AGAIN),
    "damaged gz": (lambda: gzip.compress(text(SMALL))[:500] + b"\xff" * 500, "damaged gzip data", AGAIN),
    "gz of a gz": (lambda: gzip.compress(gzip.compress(text(SMALL))), "is binary data", CAPTURE),
    "NaN": (lambda: with_number(b"NaN"), "NaN is no JSON", AGAIN),
    "Infinity": (lambda: with_number(b"Infinity"), "Infinity is no JSON", AGAIN),
    "-Infinity": (lambda: with_number(b"-Infinity"), "-Infinity is no JSON", AGAIN),
    "1e999": (lambda: with_number(b"1e999"), "a number too large", AGAIN),
    "1e999 outside of the digests": (lambda: with_number(b"1e999", where="seconds"), "a number too large", AGAIN),
    "5000 digits": (lambda: with_number(b"9" * 5000), "no valid JSON", AGAIN),
    "100000 lists": (lambda: b"[" * 100_000, f"nested deeper than {MAX_DEPTH} levels", AGAIN),
    "100000 objects": (lambda: b'{"a":' * 100_000, f"nested deeper than {MAX_DEPTH} levels", AGAIN),
    "60 levels": (lambda: nested(60), f"nested deeper than {MAX_DEPTH} levels", AGAIN),
    "900 levels": (lambda: nested(900), f"nested deeper than {MAX_DEPTH} levels", AGAIN),
    "key twice": (twice, "the key 'label' stands twice", AGAIN),
    "edited": (edited_by_hand, "digest 'all' doesn't fit its content", AGAIN),
    "without digests": (lambda: text(SMALL).replace(b'"declared": "sha256', b'"other": "sha256'), "doesn't fit", AGAIN),
    "apis is a list": (lambda: text(SMALL).replace(b'"apis": {', b'"apis": [], "x": {', 1), "$.apis", AGAIN),
    "no API": (lambda: changed("apis", value={}), "holds no API", AGAIN),
    "label is a number": (lambda: changed("label", value=5), "`$.label`", AGAIN),
    "name is a number": (lambda: changed(*SYMBOL, "parameters", 0, "name", value=7), "Expected `str`, got `int`", AGAIN),
    "alias is null": (lambda: changed(*SYMBOL, "aliases", value=[None]), "Expected `str`, got `null`", AGAIN),
    "kind is missing": (lambda: changed(*SYMBOL, value={}), "missing required field `kind`", AGAIN),
    "config is text": (lambda: changed(*SYMBOL, "config", value="units"), "Expected `object | null`, got `str`", AGAIN),
    "variable is a number": (lambda: changed("environment", "LANG", value=1), "`$.environment[...]`", AGAIN),
    "seconds without bounds": (lambda: changed("captured", "seconds", value=10**400), "`$.captured.seconds`", AGAIN),
    "refers to itself": (lambda: referring(layers_LSTM="keras:layers.LSTM"), "refers to keras:layers.LSTM", AGAIN),
    "refer to each other": (
        lambda: referring(layers_LSTM="keras:layers.GRU", layers_GRU="keras:layers.LSTM"),
        "which isn't described",
        AGAIN,
    ),
    "refers to no symbol": (lambda: referring(layers_LSTM="keras:layers.Gone"), "refers to keras:layers.Gone", AGAIN),
    "refers to no API": (lambda: referring(layers_LSTM="tf.keras:layers.LSTM"), "refers to tf.keras:layers.LSTM", AGAIN),
    "refers to nothing": (lambda: referring(layers_LSTM=""), "which isn't described", AGAIN),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_in_one_line(name: str, tmp_path: Path, kerasdiff: Callable[..., Ran]) -> None:
    make, what, advice = BAD[name]
    bad = tmp_path / "bad.json"
    bad.write_bytes(make())
    line = kerasdiff("compare", bad, GOOD).refusal()
    assert line.startswith(f"kerasdiff: {bad}: ")
    assert what in line
    assert advice in line
    assert kerasdiff("compare", GOOD, bad).refusal() == line
    assert kerasdiff("show", bad).refusal() == line


@pytest.mark.parametrize("name", ["empty", "truncated", "rubbish", "truncated gz", "newer schema", "edited"])
def test_bad_standard_input_is_refused_in_one_line(name: str, kerasdiff: Callable[..., Ran]) -> None:
    make, what, _ = BAD[name]
    line = kerasdiff("compare", "-", GOOD, stdin=make()).refusal()
    assert line.startswith("kerasdiff: standard input: ")
    assert what in line


def test_what_the_table_damages_is_good_to_begin_with(tmp_path: Path, kerasdiff: Callable[..., Ran]) -> None:
    good = tmp_path / "good.json"
    for data in (sealed(raw(SMALL)), gzip.compress(text(SMALL)), with_number(b"0.123456789"), changed("label", value="other")):
        good.write_bytes(data)
        assert kerasdiff("compare", good, GOOD)[::2] == (0, "")


def test_deep_nesting_within_the_bound_is_read(tmp_path: Path, kerasdiff: Callable[..., Ran]) -> None:
    document = raw(SMALL)
    symbol_of(document, "layers.LSTM")["parameters"][1]["default"] = json.loads("[" * 25 + "]" * 25)
    (tmp_path / "deep.json").write_bytes(sealed(document))
    done = kerasdiff("compare", GOOD, tmp_path / "deep.json", "--verbose")
    assert "layers.LSTM: init is declared as 'glorot_uniform' in A and ((((" in " ".join(done.out.split())


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("missing.json", "no such file; make one with: kerasdiff capture"),
        ("", "'': no such file"),
        ("folder", "is a folder, not a fingerprint; for an environment write env:PATH"),
        ("x" * 5000, "File name too long"),
        ("a\0b", "a\\x00b: can't be read"),
        ("file/inside.json", "Not a directory"),
        ("\x1b[31mred\n.json", "\\x1b[31mred\\n.json: no such file"),
        ("env:/nowhere", "/nowhere: no such interpreter"),
    ],
)
def test_a_name_that_is_no_file_is_refused_in_one_line(
    name: str, what: str, tmp_path: Path, kerasdiff: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    done = kerasdiff("compare", name, GOOD)
    progress = f"kerasdiff: capturing {name}\n"
    assert what in done._replace(err=done.err.removeprefix(progress)).refusal()


def bomb(target: Path) -> None:
    """200 MB of zeros, packed into 200 kB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    piece = b"\0" * (1 << 20)
    with target.open("wb") as stream:
        for _ in range(200):
            stream.write(packer.compress(piece))
        stream.write(packer.flush())


def sparse(target: Path) -> None:
    """2 GB that take no space."""
    with target.open("wb") as stream:
        stream.truncate(2 << 30)


@pytest.mark.skipif(sys.platform == "win32", reason="limits of memory are POSIX")
@pytest.mark.parametrize("make", [bomb, sparse])
def test_a_huge_file_is_refused_within_bounded_memory(make: Callable[[Path], None], tmp_path: Path) -> None:
    make(tmp_path / "huge.json.gz")
    # Four times what is read at most: enough for Python and for copies, too little for the content.
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({4 * MAX_BYTES}, {4 * MAX_BYTES}))"
    line = spawned("compare", tmp_path / "huge.json.gz", GOOD, before=limit, env={"OPENBLAS_NUM_THREADS": "1"}).refusal()
    assert f"huge.json.gz: larger than {MAX_BYTES >> 20} MB" in line
    assert CAPTURE in line


@pytest.mark.skipif(not hasattr(os, "setuid"), reason="permissions are POSIX")
def test_a_file_without_permission_is_refused_in_one_line(tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_bytes(text(SMALL))
    secret.chmod(0)
    give_up = "import os, kerasdiff.cli.compare\nif os.geteuid() == 0: os.setuid(65534)"  # nothing is forbidden to root
    line = spawned("compare", secret, secret, before=give_up).refusal()
    assert f"{secret}: can't be read: Permission denied" in line


def test_closed_standard_input_is_refused_in_one_line() -> None:
    line = spawned("compare", "-", GOOD, before="sys.stdin = None").refusal()
    assert "standard input: can't be read: it is closed" in line


def test_lone_surrogates_are_data_and_shown_as_text(tmp_path: Path, kerasdiff: Callable[..., Ran]) -> None:
    document = raw(SMALL)
    symbol_of(document, "layers.LSTM")["parameters"][1]["default"] = "\ud800"
    document["label"] = document["packages"]["\udcff"] = "\udfff"
    document["apis"]["keras"]["symbols"]["layers.\udead"] = {"kind": "class"}
    (tmp_path / "odd.json").write_bytes(sealed(document))
    for arguments in (
        ("compare", GOOD),
        ("compare", GOOD, "--verbose"),
        ("compare", GOOD, "--format", "json"),
        ("show",),
        ("show", "*"),
    ):
        done = kerasdiff(arguments[0], tmp_path / "odd.json", *arguments[1:])
        assert done.err == ""
        assert not re.search("[\ud800-\udfff]", done.out)
    assert "\\ud800" in kerasdiff("show", tmp_path / "odd.json", "layers.LSTM").out


def test_digits_without_end_in_a_version_are_data(tmp_path: Path, kerasdiff: Callable[..., Ran]) -> None:
    document: Raw = raw(SMALL)
    api_of(document)["version"] = "9" * 5000
    (tmp_path / "odd.json").write_bytes(sealed(document))
    assert kerasdiff("show", tmp_path / "odd.json").status == 0


def test_an_integer_beyond_all_floats_is_data(tmp_path: Path, kerasdiff: Callable[..., Ran]) -> None:
    document: Raw = raw(SMALL)
    learning_rate = symbol_of(document, "optimizers.SGD")["parameters"][0]
    assert isinstance(learning_rate["default"], float)
    learning_rate["default"] = 10**400
    symbol_of(document, "optimizers.SGD")["config"] = None
    (tmp_path / "odd.json").write_bytes(sealed(document))
    done = kerasdiff("compare", GOOD, tmp_path / "odd.json")
    assert done.status == 1
    assert f"optimizers.SGD: the default of {learning_rate['name']} is 0.01 in A, 10000" in " ".join(done.out.split())
