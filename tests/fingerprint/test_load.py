"""Reading and writing fingerprints: whatever the file holds, it is read or refused in one line."""

from __future__ import annotations

import gzip
import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kerasdiff.api import load
from kerasdiff.errors import KerasdiffError, OutputError
from kerasdiff.fingerprint.document import SCHEMA, Fingerprint
from kerasdiff.fingerprint.load import FingerprintError, parse, save, write
from kerasdiff.probe import canonical
from tests.conftest import COMPLETE, ENVIRONMENTS, SMALL, THEANO, Raw, acting, api_of, path, raw, sealed, symbol_of, text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)

#: The keys and values of fingerprints, so that random documents come near to one.
KEYS = st.sampled_from(
    [
        "schema",
        "label",
        "captured",
        "digests",
        "apis",
        "keras",
        "symbols",
        "settings",
        "packages",
        "families",
        "kind",
        "same_as",
    ]
)
NEARLY = st.recursive(
    JSON | st.sampled_from([SCHEMA, "class", "keras:layers.LSTM", "sha256:0"]),
    lambda inner: st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=12,
)


def read_or_refused(read: Callable[[], Fingerprint], name: str) -> Fingerprint | None:
    """What ``read`` gives; None where it is refused as it should be, in one line that starts with ``name``."""
    refusal: KerasdiffError | None = None
    try:
        found = read()
    except KerasdiffError as error:
        refusal = error
    if refusal is None:
        assert isinstance(found, Fingerprint)
        return found
    assert str(refusal).startswith(f"{name}: ")
    assert acting(str(refusal)) == set()
    assert refusal.status == 2
    return None


def parsed_or_refused(data: bytes) -> Fingerprint | None:
    """The fingerprint in ``data``; None where it is refused."""
    return read_or_refused(lambda: parse(data, "here"), "here")


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_what_was_captured_is_read(name: str) -> None:
    found = load(path(name))
    assert found.schema == SCHEMA
    assert any(api.symbols for api in found.apis.values())


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_files_are_in_the_one_written_form(name: str) -> None:
    document = raw(name)
    assert canonical.document(document).encode() == text(name)
    assert document["digests"] == canonical.digests(document)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_no_known_key_is_lost_in_the_typed_document(name: str) -> None:
    document = raw(name)
    found = msgspec.to_builtins(load(path(name)))
    for api, facts in document["apis"].items():
        for symbol, described in facts["symbols"].items():
            typed = found["apis"][api]["symbols"][symbol]
            known = {key: value for key, value in described.items() if key in typed}
            assert set(described) - set(typed) <= {"cases"}
            for key, value in known.items():
                assert is_within(value, typed[key]), (symbol, key)


def is_within(value: Any, typed: Any) -> bool:
    """Whether the typed document says ``value``; it may say defaults besides."""
    if isinstance(value, dict):
        return isinstance(typed, dict) and all(key in typed and is_within(part, typed[key]) for key, part in value.items())
    if isinstance(value, list):
        return len(value) == len(typed) and all(map(is_within, value, typed))
    return bool(value == typed)


@settings(max_examples=3 * settings().max_examples)
@given(st.data())
def test_damaged_bytes_are_read_or_refused(data: st.DataObject) -> None:
    damaged = bytearray(text(SMALL))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(damaged)))
        count = data.draw(st.sampled_from([1, 2, 30, 5000]))
        how = data.draw(st.sampled_from(["delete", "insert", "flip", "replace", "truncate", "repeat"]))
        if how == "delete":
            del damaged[place : place + count]
        elif how == "insert":
            damaged[place:place] = data.draw(st.binary(min_size=1, max_size=8))
        elif how == "flip" and place < len(damaged):
            damaged[place] ^= 1 << data.draw(st.integers(0, 7))
        elif how == "replace":
            damaged[place : place + 1] = data.draw(
                st.sampled_from([b'"', b"{", b"}", b"[", b"]", b",", b":", b"-", b"e", b"\\", b"0"])
            )
        elif how == "truncate":
            del damaged[place:]
        else:
            damaged[place:place] = damaged[place : place + count]
    found = parsed_or_refused(bytes(damaged))
    # What the digests cover can't have changed without notice.
    if found is not None:
        assert found.apis == parse(text(SMALL), "whole").apis


@settings(max_examples=3 * settings().max_examples)
@given(st.data())
def test_damaged_gzip_data_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    damaged = bytearray(gzip.compress(text(SMALL), mtime=0))
    place = data.draw(st.integers(0, len(damaged) - 1))
    if data.draw(st.booleans()):
        del damaged[place:]
    else:
        damaged[place] ^= 1 << data.draw(st.integers(0, 7))
    target = tmp_path_factory.getbasetemp() / "damaged.json.gz"
    target.write_bytes(damaged)
    found = read_or_refused(lambda: load(target), str(target))
    if found is not None:  # damaged where gzip keeps a time and a name
        assert found == parse(text(SMALL), "whole")


@given(st.binary(max_size=200))
def test_random_bytes_are_refused(data: bytes) -> None:
    assert parsed_or_refused(data) is None


@given(JSON | NEARLY)
@example({"schema": SCHEMA, "apis": {}})
@example([[]])
def test_random_json_is_refused(value: Any) -> None:
    assert parsed_or_refused(json.dumps(value).encode()) is None


@given(
    st.dictionaries(
        st.sampled_from(["label", "captured", "apis", "runtime", "packages", "distributions", "environment"]), NEARLY
    )
)
def test_random_parts_of_a_fingerprint_are_read_or_refused(parts: Raw) -> None:
    document: Raw = {"schema": SCHEMA, "label": "x", "captured": {}, "apis": {"keras": {}}, **parts}
    document["digests"] = canonical.digests(document) if isinstance(document["apis"], dict) and are_objects(document) else {}
    parsed_or_refused(json.dumps(document).encode())


def are_objects(document: Raw) -> bool:
    """Whether the digests can be made: APIs, and what is in them, are objects."""
    return all(
        isinstance(api, dict)
        and all(isinstance(api.get(group, {}), dict) for group in ("settings", "symbols"))
        and all(isinstance(fact, dict) for group in ("settings", "symbols") for fact in api.get(group, {}).values())
        for api in document["apis"].values()
    )


def test_the_smallest_fingerprint_is_read() -> None:
    document: Raw = {"schema": SCHEMA, "label": "x", "captured": {}, "apis": {"keras": {}}}
    assert parse(sealed(document), "here").apis["keras"].symbols == {}


def test_unknown_keys_are_read_at_every_level_and_covered_by_the_digests(tmp_path: Path) -> None:
    document = raw(SMALL)
    for holder in (
        document,
        document["captured"],
        document["runtime"],
        api_of(document),
        symbol_of(document, "layers.LSTM"),
        symbol_of(document, "layers.LSTM")["parameters"][0],
        symbol_of(document, "layers.LSTM")["instance"],
        api_of(document)["settings"]["floatx"],
        next(iter(document["distributions"].values())),
    ):
        holder["from the future"] = {"levels": [1, 2, {"deep": None}]}
    data = sealed(document)
    found = parse(data, "here")
    assert msgspec.structs.replace(found, digests={}, runtime={}) == msgspec.structs.replace(
        parse(text(SMALL), "here"), digests={}, runtime={}
    )
    save(data.decode(), tmp_path / "saved.json", force=False)
    assert (tmp_path / "saved.json").read_bytes().count(b"from the future") == 9
    with pytest.raises(FingerprintError, match="doesn't fit its content"):
        parse(data.replace(b'"from the future":{"levels":[1', b'"from the future":{"levels":[2'), "here")


@pytest.mark.parametrize(
    "place",
    [
        ("runtime", "python"),
        ("packages", "numpy"),
        ("environment", "KERAS_BACKEND"),
        ("apis", "keras", "version"),
        ("apis", "keras", "backend_version"),
        ("apis", "keras", "settings", "floatx", "value"),
        ("apis", "keras", "settings", "floatx", "source"),
        ("apis", "keras", "symbols", "layers.LSTM", "kind"),
        ("apis", "keras", "symbols", "layers.LSTM", "config", "activation"),
    ],
)
def test_no_fact_changes_without_notice(place: tuple[str, ...]) -> None:
    document = raw(SMALL)
    holder = document
    for key in place[:-1]:
        holder = holder[key]
    assert isinstance(holder[place[-1]], str)
    holder[place[-1]] += "x"
    with pytest.raises(FingerprintError, match="digest 'all' doesn't fit its content"):
        parse(canonical.document(document).encode(), "here")


def test_what_was_captured_when_is_outside_of_the_digests() -> None:
    document = raw(SMALL)
    before = deepcopy(document["digests"])
    document["label"] = "another"
    document["captured"].update(at="2030-01-01T00:00:00Z", seconds=1.5)
    assert canonical.digests(document) == before
    assert parse(canonical.document(document).encode(), "here").label == "another"


def test_the_declared_digest_is_without_what_the_machine_decides() -> None:
    before, document = raw(THEANO), raw(THEANO)
    document["runtime"]["python"] = "3.99"
    document["packages"]["numpy"] = "99"
    document["environment"]["OMP_NUM_THREADS"] = "1"
    api_of(document)["settings"]["theano.openmp"]["value"] = "other"
    assert api_of(document)["settings"]["theano.openmp"]["source"] == "hardware"
    found = canonical.digests(document)
    assert found["declared"] == before["digests"]["declared"]
    assert found["all"] != before["digests"]["all"]
    api_of(document)["settings"]["floatx"]["value"] = "float64"
    assert canonical.digests(document)["declared"] != before["digests"]["declared"]


def without_families() -> bytes:
    """What was captured before families had digests of their own."""
    document = raw(COMPLETE[0])
    found = canonical.digests(document)
    document["digests"] = {key: found[key] for key in ("all", "declared", "measured")}
    return canonical.document(document).encode()


def test_the_digest_of_a_family_fits_its_cases() -> None:
    document = raw(COMPLETE[0])
    found = parse(sealed(document), "here").digests
    assert {"layers", "losses"} <= found.keys()
    assert parse(without_families(), "here").digests.keys() == {"all", "declared", "measured"}
    document["digests"]["layers"] = found["losses"]
    with pytest.raises(FingerprintError, match="digest 'layers' doesn't fit its content"):
        parse(canonical.document(document).encode(), "here")


def test_the_digest_of_a_family_without_cases_fits_nothing() -> None:
    document = raw(SMALL)
    document["digests"]["layers"] = canonical.digest({})
    with pytest.raises(FingerprintError, match="digest 'layers' doesn't fit its content"):
        parse(canonical.document(document).encode(), "here")


def test_a_file_of_the_same_facts_is_written_again_with_the_digests_of_its_families(tmp_path: Path) -> None:
    target = tmp_path / "older.json"
    save(without_families().decode(), target, force=False)
    assert "layers" not in load(target).digests
    save(sealed(raw(COMPLETE[0])).decode(), target, force=False)
    assert "layers" in load(target).digests


def test_why_a_symbol_has_no_case_is_read_and_kept_with_keys_from_the_future(tmp_path: Path) -> None:
    document = raw(SMALL)
    symbol_of(document, "layers.Lambda").update(not_probed="needs a function", later={"a": 1})
    save(sealed(document).decode(), tmp_path / "a.json", force=False)
    assert load(tmp_path / "a.json").apis["keras"].symbols["layers.Lambda"].not_probed == "needs a function"
    assert json.loads((tmp_path / "a.json").read_bytes()) == document
    symbol_of(document, "layers.Lambda")["not_probed"] = 5
    with pytest.raises(FingerprintError, match=r"Expected `str \| null`, got `int`"):
        parse(sealed(document), "here")


def test_a_fingerprint_is_saved_packed_by_its_name(tmp_path: Path) -> None:
    content = text(SMALL).decode()
    for name in ("a.json", "a.json.gz"):
        save(content, tmp_path / name, force=False)
        assert load(tmp_path / name) == parse(text(SMALL), "here")
    assert (tmp_path / "a.json").read_bytes() == text(SMALL)
    assert (tmp_path / "a.json.gz").read_bytes()[:2] == b"\x1f\x8b"


def test_the_same_facts_are_packed_into_the_same_bytes(tmp_path: Path) -> None:
    save(text(SMALL).decode(), tmp_path / "one.json.gz", force=False)
    save(text(SMALL).decode(), tmp_path / "two.json.gz", force=False)
    packed = (tmp_path / "one.json.gz").read_bytes()
    assert packed == (tmp_path / "two.json.gz").read_bytes()
    assert packed[4:8] == b"\0\0\0\0"  # where gzip keeps the time


def test_another_file_is_replaced_by_force_only(tmp_path: Path) -> None:
    target = tmp_path / "a.json"
    save(text(SMALL).decode(), target, force=False)
    save(text(SMALL).decode(), target, force=False)  # the same file is no other one
    with pytest.raises(FingerprintError, match="exists already; write --force to replace it, or -o for another name"):
        save(text(THEANO).decode(), target, force=False)
    assert target.read_bytes() == text(SMALL)
    save(text(THEANO).decode(), target, force=True)
    assert target.read_bytes() == text(THEANO)


def test_a_file_keeps_its_permissions_when_replaced(tmp_path: Path) -> None:
    target = tmp_path / "a.json"
    target.write_bytes(b"")
    target.chmod(0o640)
    write(b"new", target)
    assert target.read_bytes() == b"new"
    assert target.stat().st_mode & 0o777 == 0o640


def test_where_nothing_can_be_written_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for target in (tmp_path / "folder", tmp_path / "missing" / "a.json", tmp_path / ("x" * 300)):
        with pytest.raises(OutputError, match="can't write ") as told:
            write(b"data", target)
        assert told.value.status == 3
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]
    assert list((tmp_path / "folder").iterdir()) == []


def test_family_states_are_known_by_api() -> None:
    document = raw("keras-2.3.1+tensorflow-1.15.5")
    document["captured"]["families"]["symbols"] = {
        "state": "partial",
        "apis": {"keras": {"state": "timeout"}, "tf.keras": {"state": "ok"}},
    }
    found = parse(sealed(document), "here")
    assert found.family_state("symbols", "keras") == "timeout"
    assert found.family_state("symbols", "tf.keras") == "ok"
    assert found.family_state("symbols", "tf_keras") == "partial"
    assert found.family_state("unheard of", "keras") == "not run"
