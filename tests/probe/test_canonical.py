"""The written form: same facts, same bytes."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasdiff.probe import apis, data
from kerasdiff.probe.canonical import FAMILIES, GROUPS, LIBRARIES, OUTSIDE_DIGESTS, compact, digest, digests, document, family
from tests.conftest import COMPLETE, ENVIRONMENTS, SMALL, raw, text

if TYPE_CHECKING:
    from collections.abc import Iterator

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=20,
)
documents = st.dictionaries(st.text(), values, max_size=6)


def shuffled(value: Any) -> Any:
    """The same value with every mapping in reverse order."""
    if isinstance(value, dict):
        return {key: shuffled(value[key]) for key in reversed(list(value))}
    return [shuffled(part) for part in value] if isinstance(value, list) else value


@given(documents)
def test_order_of_keys_changes_nothing(value: dict[str, Any]) -> None:
    assert document(shuffled(value)) == document(value)
    assert compact(shuffled(value)) == compact(value)
    assert digest(shuffled(value)) == digest(value)


@given(documents)
def test_document_parses_back(value: dict[str, Any]) -> None:
    written = document(value)
    assert written.isascii()
    assert written.endswith("\n")
    again = json.loads(written)
    assert again == value
    assert document(again) == written
    assert json.loads(compact(value)) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_survive(value: float) -> None:
    assert repr(json.loads(document({"x": value}))["x"]) == repr(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_json_lacks_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        document({"x": value})


def test_one_symbol_a_line() -> None:
    value = {"apis": {"keras": {"symbols": {"layers.A": {"config": {"b": 1, "a": [1, 2]}, "kind": "class"}}}}, "empty": {}}
    assert document(value) == (
        '{\n "apis": {\n  "keras": {\n   "symbols": {\n    "layers.A": {\n'
        '     "config": {"a":[1,2],"b":1},\n     "kind": "class"\n    }\n   }\n  }\n },\n "empty": {}\n}\n'
    )


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_real_fingerprints_are_canonical(name: str) -> None:
    fingerprint = raw(name)
    assert document(fingerprint).encode("ascii") == text(name)
    assert digests(fingerprint) == fingerprint["digests"]
    assert digests(shuffled(fingerprint)) == fingerprint["digests"]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths to all leaves of a JSON value; an empty list or mapping is one."""
    if not isinstance(value, dict | list) or not value:
        yield path
        return
    for key, part in value.items() if isinstance(value, dict) else enumerate(value):
        yield from leaves(part, (*path, key))


FINGERPRINT = raw(SMALL)
PATHS = sorted(leaves({key: part for key, part in FINGERPRINT.items() if key != "digests"}), key=repr)


def holder(value: Any, path: tuple[Any, ...]) -> Any:
    """What holds the leaf at a path."""
    for key in path[:-1]:
        value = value[key]
    return value


@given(st.data())
def test_any_changed_fact_changes_the_digest(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(PATHS))
    changed = copy.deepcopy(FINGERPRINT)
    part = holder(changed, path)
    other = data.draw(st.sampled_from(["a word that stands nowhere else", 0.123456789, [None], {"x": 1}]))
    part[path[-1]] = other
    found = digests(changed)
    if path[0] in OUTSIDE_DIGESTS:
        assert found == FINGERPRINT["digests"]
        return
    assert found["all"] != FINGERPRINT["digests"]["all"]
    declared = path[0] == "apis" and path[2] in {"symbols", "module", "version", "backend"}
    assert (found["declared"] != FINGERPRINT["digests"]["declared"]) == (declared or in_declared_settings(path))


def in_declared_settings(path: tuple[Any, ...]) -> bool:
    """Whether a path leads to a setting's value that no machine has decided, or that now isn't said to be."""
    if path[0] != "apis" or path[2] != "settings":
        return False
    setting = FINGERPRINT["apis"][path[1]]["settings"][path[3]]
    if path[-1] == "source":
        return bool(setting["source"] == "hardware")
    return bool(setting.get("source") != "hardware")


@given(st.data())
def test_any_lost_fact_changes_the_digest(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(PATHS))
    changed = copy.deepcopy(FINGERPRINT)
    part = holder(changed, path)
    del part[path[-1]]
    assert (digests(changed) == FINGERPRINT["digests"]) == (path[0] in OUTSIDE_DIGESTS)


@pytest.mark.parametrize("key", OUTSIDE_DIGESTS)
def test_act_of_capturing_is_no_fact(key: str) -> None:
    changed = copy.deepcopy(FINGERPRINT)
    changed[key] = {"other": [1, 2]}
    assert digests(changed) == FINGERPRINT["digests"]
    del changed[key]
    assert digests(changed) == FINGERPRINT["digests"]


def test_what_a_machine_decides_is_outside_of_declared() -> None:
    changed = copy.deepcopy(FINGERPRINT)
    settings = changed["apis"]["keras"]["settings"]
    settings["x"] = {"value": 8, "source": "hardware"}
    one = digests(changed)
    settings["x"]["value"] = 16
    two = digests(changed)
    assert one["declared"] == two["declared"] == FINGERPRINT["digests"]["declared"]
    assert one["all"] != two["all"]


def test_where_a_setting_comes_from_is_outside_of_declared() -> None:
    changed = copy.deepcopy(FINGERPRINT)
    floatx = changed["apis"]["keras"]["settings"]["floatx"]
    floatx["source"] = "file" if floatx["source"] == "default" else "default"
    assert digests(changed)["declared"] == FINGERPRINT["digests"]["declared"]
    assert digests(changed)["all"] != FINGERPRINT["digests"]["all"]


def test_digests_of_nothing() -> None:
    assert {"all", "declared"} <= set(digests({}))


def test_what_is_measured_is_outside_of_declared() -> None:
    changed = copy.deepcopy(FINGERPRINT)
    case = {"inference": {"state": "value", "shape": [1], "values": [0.5]}}
    symbols = changed["apis"]["keras"]["symbols"]
    symbols["layers.Dense"]["cases"] = {"default@2d": case}
    one = digests(changed)
    case["inference"]["values"] = [0.25]
    two = digests(changed)
    assert one["declared"] == two["declared"] == FINGERPRINT["digests"]["declared"]
    assert one["measured"] != two["measured"] != FINGERPRINT["digests"]["measured"]
    assert one["all"] != two["all"]


@pytest.mark.parametrize("name", COMPLETE)
def test_each_family_with_cases_has_a_digest_of_them_in_all_apis(name: str) -> None:
    whole = raw(name)
    before = digests(whole)
    around = {family for family in LIBRARIES if family in whole["libraries"]}
    groups = {family for family in GROUPS if any(family in facts for facts in whole["apis"].values())}
    assert before.keys() - {"all", "declared", "measured"} == {*FAMILIES, *groups, *around}
    assert {"numpy", "python"} <= around
    assert {key: before[key] for key in whole["digests"]} == whole["digests"]
    for facts in whole["apis"].values():
        for symbol, described in [part for part in facts["symbols"].items() if "cases" in part[1]][::10]:
            cases = described["cases"]
            described["cases"] = cases | {"another@2d": {}}
            after = digests(whole)
            own = family([symbol, *described.get("aliases", [])])
            changed = {key for key in before if before[key] != after[key]}
            assert changed == {"all", "measured", own} - {None}, symbol
            described["cases"] = cases


@pytest.mark.parametrize("name", COMPLETE)
def test_a_case_that_belongs_to_no_symbol_is_in_the_digest_of_its_family(name: str) -> None:
    whole = raw(name)
    before = digests(whole)
    holders = [(facts, part) for facts in whole["apis"].values() for part in GROUPS if part in facts]
    for holder, part in [*holders, *((whole["libraries"], part) for part in whole["libraries"])]:
        subject = next(iter(holder[part]))
        cases = holder[part][subject]
        holder[part][subject] = cases | {"another": {}}
        after = digests(whole)
        assert {key for key in before if before[key] != after[key]} == {"all", part}
        holder[part][subject] = cases | {"another": {"result": {"state": "unstable", "scatter": 0.5}}}
        unstable = digests(whole)
        holder[part][subject] = cases | {"another": {"result": {"state": "unstable", "scatter": 0.25}}}
        assert digests(whole) == unstable
        holder[part][subject] = cases


def test_a_family_without_cases_has_no_digest() -> None:
    assert digests(FINGERPRINT).keys() == {"all", "declared", "measured"}
    changed = copy.deepcopy(FINGERPRINT)
    changed["apis"]["keras"]["symbols"]["objectives.hinge"]["cases"] = {"default@2d": {}}
    assert digests(changed).keys() == {"all", "declared", "measured", "losses"}


def test_families_are_those_that_the_probe_measures() -> None:
    assert {*FAMILIES, *GROUPS, *LIBRARIES} == set(apis.TABLE["measured"])
    assert set(LIBRARIES) == set(apis.TABLE["libraries"])
    for name, row in data.load("cases/functions.json")["families"].items():
        assert FAMILIES[name] == tuple(row["modules"])
    assert FAMILIES["initializers"] == tuple(data.load("cases/initializers.json")["modules"])


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["layers.LSTM"], "layers"),
        (["layers.experimental.preprocessing.Normalization"], "layers"),
        (["layers.rnn.lstm.LSTM"], None),
        (["optimizers.schedules.ExponentialDecay"], "optimizers"),
        (["optimizers.schedules"], "optimizers"),  # which module it is its kind tells
        (["experimental.CosineDecay", "optimizers.schedules.CosineDecay"], "optimizers"),
        (["losses.mse", "metrics.mse"], "losses"),
        (["layers"], None),
        ([], None),
    ],
)
def test_the_family_of_a_symbol_is_that_of_its_first_name_in_a_module(names: list[str], found: str | None) -> None:
    assert family(names) == found


def test_why_nothing_was_measured_is_a_fact_but_not_declared() -> None:
    changed = copy.deepcopy(FINGERPRINT)
    changed["apis"]["keras"]["symbols"]["layers.Lambda"]["not_probed"] = "needs a function"
    one = digests(changed)
    changed["apis"]["keras"]["symbols"]["layers.Lambda"]["not_probed"] = "for another reason"
    two = digests(changed)
    assert one["declared"] == two["declared"] == FINGERPRINT["digests"]["declared"]
    assert len({one["all"], two["all"], FINGERPRINT["digests"]["all"]}) == 3


def test_scatter_of_what_is_unstable_is_no_fact() -> None:
    changed = copy.deepcopy(FINGERPRINT)
    case = {"inference": {"state": "unstable", "scatter": 0.5}}
    changed["apis"]["keras"]["symbols"]["layers.Dense"]["cases"] = {"default@2d": case}
    one = digests(changed)
    case["inference"]["scatter"] = 0.25
    assert digests(changed)["measured"] == one["measured"]
