"""What two runs of a measured case say together."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasdiff.probe.measured import merge, spread

Case = dict[str, Any]

#: Facts that say how a case was measured; equal in both runs.
ABOUT = {"revision": "0a", "input": "2d", "arguments": {"units": 4}}
QUANTITIES = ("inference", "training", "gradient", "initial", "weights", "build")

numbers = st.one_of(st.floats(-1e30, 1e30), st.integers(-(2**31), 2**31), st.sampled_from(["nan", "inf", "-inf"]))
tensors = st.builds(
    lambda values: {"state": "value", "shape": [len(values)], "dtype": "float32", "values": values},
    st.lists(numbers, max_size=4),
)
facts = st.one_of(
    tensors,
    st.builds(lambda parts: {"state": "value", "parts": parts}, st.lists(tensors, max_size=2)),
    st.just({"state": "value", "same_as": "inference"}),
    st.just({"state": "error", "type": "ValueError", "message": "no"}),
    st.lists(st.tuples(st.sampled_from(["kernel", "bias"]), st.lists(st.integers(1, 4), max_size=2)).map(list), max_size=2),
)
runs = st.dictionaries(st.sampled_from(QUANTITIES), facts, max_size=4)


def case(**quantities: Any) -> Case:
    return {**ABOUT, **quantities}


def value(*numbers: Any) -> Case:
    return {"state": "value", "shape": [len(numbers)], "dtype": "float32", "values": list(numbers)}


def unstable(merged: Case) -> set[str]:
    return {name for name, fact in merged.items() if isinstance(fact, dict) and fact.get("state") == "unstable"}


@given(runs)
def test_runs_that_agree_are_one(run: Case) -> None:
    assert merge(case(**run), case(**run)) == case(**run)


@given(runs, runs)
def test_merging_marks_what_differs_and_nothing_else(first: Case, second: Case) -> None:
    merged = merge(case(**first), case(**second))
    assert merged.keys() >= {*ABOUT, *first}
    for name in first.keys() & second.keys():
        if first[name] == second[name]:
            assert merged[name] == first[name]
        else:
            assert merged[name].keys() == {"state", "scatter"}
            assert merged[name]["state"] == "unstable"
    assert {name: merged[name] for name in ABOUT} == ABOUT


@given(st.fixed_dictionaries(dict.fromkeys(("inference", "training"), facts)), st.data())
def test_which_facts_are_unstable_does_not_hang_on_the_order(first: Case, draw: st.DataObject) -> None:
    second = draw.draw(st.fixed_dictionaries({name: st.one_of(st.just(fact), facts) for name, fact in first.items()}))
    one, other = merge(first, second), merge(second, first)
    assert unstable(one) == unstable(other) == {name for name in first if first[name] != second[name]}
    assert {name: one[name] for name in unstable(one)} == {name: other[name] for name in unstable(one)}


def test_a_quantity_of_the_second_run_only_is_unstable() -> None:
    assert unstable(merge(case(), case(state=value(1.0)))) == {"state"}


def test_a_quantity_of_the_first_run_only_is_unstable() -> None:
    assert merge(case(state=value(1.0)), case())["state"] == {"state": "unstable", "scatter": None}


def test_merging_changes_neither_run() -> None:
    first, second = case(inference=value(1.0)), case(inference=value(2.0))
    merge(first, second)
    assert (first, second) == (case(inference=value(1.0)), case(inference=value(2.0)))


@pytest.mark.parametrize(
    ("first", "second", "scatter"),
    [
        (value(1.0, 4.0), value(1.0, 3.0), 0.25),
        (value(-4.0), value(4.0), 2.0),
        (value(0.0), value(-0.5), 1.0),
        (value(1.0, "inf"), value(1.5, "inf"), 0.333),
        (value(), value(1.0), None),
        (value(1.0), value(1.0, 1.0), None),
        (value(1.0), {"state": "error", "type": "ValueError", "message": ""}, None),
        (value(1.0), {"state": "value", "same_as": "inference"}, None),
        ({"state": "value", "parts": [value(1.0)]}, {"state": "value", "parts": [value(2.0)]}, None),
        ([["kernel", [3, 4]]], [["kernel", [4, 4]]], None),
    ],
)
def test_scatter_is_the_largest_difference_over_the_largest_number(first: Any, second: Any, scatter: float | None) -> None:
    assert merge({"inference": first}, {"inference": second}) == {"inference": {"state": "unstable", "scatter": scatter}}


def test_scatter_of_a_special_value_in_one_run_is_none() -> None:
    merged = merge({"inference": value(1.0, "nan")}, {"inference": value(1.0, 2.0)})
    assert merged["inference"] == {"state": "unstable", "scatter": None}


RACE = {"state": "unstable", "scatter": 0.5}
MARK = {"state": "unstable", "scatter": None}
REFUSED = {"state": "value", "value": "refused", "type": "TypeError"}
SIZES = ("learning_rate", "lr", "epsilon", "beta_1", "beta_2", "rho", "initial_accumulator_value")
ways = st.dictionaries(st.sampled_from([*SIZES, "momentum", "nesterov", "clipnorm", "decay"]), st.just(0.5), max_size=3)
outcomes = st.sampled_from([RACE, value(1.0), REFUSED, {"state": "error", "type": "ValueError"}, {"state": "unsupported"}])
optimizers = st.dictionaries(
    st.text("abcdefgh", min_size=1, max_size=2),
    st.builds(
        lambda arguments, name, fact: {"revision": "0a", "arguments": arguments, name: fact},
        ways,
        st.sampled_from(["training", "outcome"]),
        outcomes,
    ),
    max_size=5,
)


def way(case: Case) -> set[str]:
    return set(case["arguments"]) - set(SIZES)


@given(optimizers)
def test_spreading_marks_what_goes_the_way_of_a_race_and_nothing_else(cases: dict[str, Case]) -> None:
    found = spread(cases)
    assert list(found) == list(cases)
    racing = [way(one) for one in cases.values() if unstable(one)]
    for call, one in cases.items():
        assert found[call].keys() == one.keys()
        name = "training" if "training" in one else "outcome"
        ran = one[name]["state"] in ("value", "unstable") and one[name] != REFUSED
        marked = ran and any(race <= way(one) for race in racing)
        assert found[call] == ({**one, name: MARK} if marked else one)


@given(optimizers)
def test_spreading_again_changes_nothing(cases: dict[str, Case]) -> None:
    assert spread(spread(cases)) == spread(cases)


@given(optimizers.filter(lambda cases: not any(map(unstable, cases.values()))))
def test_where_nothing_races_nothing_is_marked(cases: dict[str, Case]) -> None:
    assert spread(cases) == cases


def test_a_race_with_momentum_says_nothing_of_the_way_without() -> None:
    cases: dict[str, Case] = {
        "default@1d": {"arguments": {}, "training": value(1.0)},
        "large@1d": {"arguments": {"learning_rate": 0.1}, "training": value(1.0)},
        "momentum@1d": {"arguments": {"learning_rate": 0.1, "momentum": 0.9}, "training": RACE},
        "nesterov@1d": {"arguments": {"momentum": 0.9, "nesterov": True}, "training": value(1.0)},
        "argument-momentum@1d": {"arguments": {"momentum": 0.9}, "outcome": REFUSED},
    }
    found = spread(cases)
    assert [call for call, case in found.items() if unstable(case)] == ["momentum@1d", "nesterov@1d"]


def test_a_race_of_the_default_is_one_of_all() -> None:
    cases: dict[str, Case] = {
        "default@1d": {"arguments": {}, "training": RACE},
        "clipnorm@1d": {"arguments": {"clipnorm": 1}, "training": value(1.0)},
        "argument-lr@1d": {"arguments": {"lr": 0.5}, "outcome": {"state": "value", "value": "honoured"}},
        "argument-x@1d": {"arguments": {"x": 0.5}, "outcome": REFUSED},
    }
    assert [call for call, case in spread(cases).items() if unstable(case)] == ["default@1d", "clipnorm@1d", "argument-lr@1d"]
