"""Default-made instances and their configurations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasdiff.probe import data
from kerasdiff.probe.instances import Factory, NoValue, _without_counters, merge
from kerasdiff.probe.signatures import constructor
from tests.conftest import ENVIRONMENTS, raw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.probe.place import Place

TABLE = data.load("cases/arguments.json")
ROWS = {
    **{f"parameter {name}": value for name, value in TABLE["parameters"].items()},
    **{f"{symbol}.{name}": value for symbol, row in TABLE["symbols"].items() for name, value in row.items()},
}
UNSTABLE = {"state": "unstable"}


class SGD:
    def __init__(self, learning_rate: float = 0.01) -> None:
        self.learning_rate = learning_rate

    def get_config(self) -> dict[str, Any]:
        return {"learning_rate": self.learning_rate}


class Wrapper:
    """Needs another object, and holds a function."""

    def __init__(self, optimizer: Any, fn: Any, shape: Any, name: Any = None) -> None:
        self.given = {"optimizer": optimizer, "fn": fn, "shape": shape, "name": name}

    def get_config(self) -> dict[str, Any]:
        return self.given


class Needy:
    """Needs what no table knows."""

    def __init__(self, unheard_of: Any) -> None: ...

    def get_config(self) -> dict[str, Any]:
        return {}


class OldModel:
    """Its configuration is a list."""

    def get_config(self) -> list[Any]:
        return [{"name": "dense_3"}]


def mean_squared_error() -> None: ...


def factory(**more: Any) -> Factory:
    """A factory for a small API."""
    symbols = {"optimizers.SGD": SGD, "losses.mean_squared_error": mean_squared_error, **more}
    return Factory(symbols, lambda cls: constructor(cls) or [])


def references(value: Any) -> Iterator[tuple[str, list[str]]]:
    """The names of symbols that a value of the table refers to, and whether they are made or taken."""
    if isinstance(value, list):
        for part in value:
            yield from references(part)
    elif isinstance(value, dict):
        for key, names in value.items():
            if key == "tuple":
                yield from references(names)
            else:
                yield key, names


@pytest.mark.parametrize("row", ROWS)
def test_row_has_a_form_that_is_understood(row: str) -> None:
    def understood(value: Any) -> bool:
        if isinstance(value, dict):
            (key, inner), *others = value.items()
            return not others and key in {"tuple", "symbol", "make"} and isinstance(inner, list) and all(map(understood, inner))
        return all(map(understood, value)) if isinstance(value, list) else value is None or isinstance(value, str | int | float)

    assert understood(ROWS[row])


@pytest.mark.parametrize("row", ROWS)
def test_row_is_used_in_its_form(row: str) -> None:
    value = ROWS[row]
    symbols: dict[str, Any] = {}
    for kind, names in references(value):
        symbols.update(dict.fromkeys(names, SGD if kind == "make" else mean_squared_error))
    made = Factory(symbols, lambda cls: constructor(cls) or []).value(value)

    def check(table: Any, used: Any) -> None:
        if isinstance(table, dict):
            (key, inner), *_ = table.items()
            if key == "tuple":
                assert type(used) is tuple
                assert len(used) == len(inner)
                for one, other in zip(inner, used, strict=True):
                    check(one, other)
            else:
                assert type(used) is SGD if key == "make" else used is mean_squared_error
        elif isinstance(table, list):
            assert type(used) is list
            for one, other in zip(table, used, strict=True):
                check(one, other)
        else:
            assert used is table

    check(value, made)


def test_symbols_that_rows_refer_to_exist() -> None:
    known: set[str] = set()
    for name in ENVIRONMENTS:
        for api in raw(name)["apis"].values():
            for symbol, facts in api.get("symbols", {}).items():
                known.update([symbol, *facts.get("aliases", [])])
    for row, value in ROWS.items():
        for _, names in references(value):
            assert set(names) & known, row
    assert set(TABLE["symbols"]) & known


def test_real_instances_were_made_with_the_rows() -> None:
    for name in ENVIRONMENTS:
        for api in raw(name)["apis"].values():
            for symbol, facts in api.get("symbols", {}).items():
                for argument, value in facts.get("instance", {}).get("arguments", {}).items():
                    expected = TABLE["symbols"].get(symbol, {}).get(argument, TABLE["parameters"].get(argument))
                    assert value == expected, (name, symbol, argument)


def test_nothing_required() -> None:
    assert factory().configuration("optimizers.SGD", SGD) == {
        "instance": {"state": "value"},
        "config": {"learning_rate": 0.01},
    }


def test_required_arguments_are_given() -> None:
    found = factory().configuration("x.Wrapper", Wrapper)
    assert found["instance"] == {
        "state": "value",
        "arguments": {name: TABLE["parameters"][name] for name in ("optimizer", "fn", "shape")},
    }
    config = found["config"]
    assert config["optimizer"] == {"object": f"{__name__}.SGD", "config": {"learning_rate": 0.01}}
    assert config["shape"] == [4]
    assert config["name"] is None
    assert "fn" not in config  # a function that was given is no fact of the class


def test_row_of_a_symbol_counts_before_that_of_a_parameter() -> None:
    class InputLayer:
        def __init__(self, shape: Any = None) -> None:
            self.shape = shape

        def get_config(self) -> dict[str, Any]:
            return {"shape": self.shape}

    found = factory().configuration("layers.InputLayer", InputLayer)
    assert found["instance"]["arguments"] == {"shape": {"tuple": [4]}}  # which its signature calls optional
    assert found["config"] == {"shape": [4]}


def test_no_value_is_known() -> None:
    expected = {"instance": {"state": "not run", "message": "no value is known for the argument unheard_of"}}
    assert factory().configuration("x.Needy", Needy) == expected


def test_nothing_to_refer_to() -> None:
    with pytest.raises(NoValue):
        Factory({}, lambda cls: constructor(cls) or []).value({"make": ["optimizers.SGD"]})
    empty = Factory({}, lambda cls: constructor(cls) or [])
    assert empty.configuration("x.Wrapper", Wrapper)["instance"]["state"] == "not run"


def test_what_the_library_raises_is_told() -> None:
    class Refuses(SGD):
        def get_config(self) -> dict[str, Any]:
            raise ValueError("not before it is built")

    assert factory().configuration("x.Refuses", Refuses) == {
        "instance": {"state": "error", "type": "ValueError", "message": "not before it is built"}
    }


def test_configuration_that_is_a_list() -> None:
    assert factory().configuration("models.Sequential", OldModel)["config"] == {"": [{"name": "dense"}]}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"name": "dense_7"}, {"name": "dense"}),
        ({"name": "dense"}, {"name": "dense"}),
        ({"name": "dense_7_8"}, {"name": "dense_7"}),
        ({"name": "conv_2d"}, {"name": "conv_2d"}),
        ({"name": None}, {"name": None}),
        ({"name": 7}, {"name": 7}),
        ({"layer_7": "dense_7"}, {"layer_7": "dense_7"}),
        ({"a": [{"name": "x_1", "b": {"name": "y_22"}}]}, {"a": [{"name": "x", "b": {"name": "y"}}]}),
        ({"name": {"name": "x_1"}}, {"name": {"name": "x"}}),
    ],
)
def test_counters_are_stripped(config: Any, expected: Any) -> None:
    assert _without_counters(config) == expected


@pytest.mark.parametrize(
    ("first", "second", "merged"),
    [
        ({"a": 1}, {"a": 1}, {"a": 1}),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, {"a": 1, "b": UNSTABLE}),
        ({"a": {"seed": 1, "x": 2}}, {"a": {"seed": 9, "x": 2}}, {"a": {"seed": UNSTABLE, "x": 2}}),
        ({"a": [1, 2]}, {"a": [1, 3]}, {"a": [1, UNSTABLE]}),
        ({"a": [1]}, {"a": [1, 2]}, {"a": UNSTABLE}),
        ({"a": {"x": 1}}, {"a": {"y": 1}}, {"a": UNSTABLE}),
        ({"a": 1}, {"a": 1, "b": 2}, {"a": 1, "b": UNSTABLE}),
        ({"a": 1, "b": 2}, {"a": 1}, {"a": 1, "b": UNSTABLE}),
        ({"a": 1}, {"a": "1"}, {"a": UNSTABLE}),
    ],
)
def test_merge(first: Any, second: Any, merged: Any) -> None:
    made = {"instance": {"state": "value"}}
    assert merge({**made, "config": first}, {**made, "config": second}) == {**made, "config": merged}


def test_merge_of_another_outcome() -> None:
    made = {"instance": {"state": "value"}, "config": {"a": 1}}
    failed = {"instance": {"state": "error", "type": "E", "message": ""}}
    unstable = {"instance": {"state": "unstable", "message": "two runs of one environment differ"}}
    assert merge(made, failed) == merge(failed, made) == unstable
    assert merge(failed, failed) == failed


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=2), children, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=2), json_values, max_size=4))
def test_merge_with_itself(config: dict[str, Any]) -> None:
    facts = {"instance": {"state": "value"}, "config": config}
    assert merge(facts, facts) == facts


def test_runs_that_differ(place: Place) -> None:
    place.plant(
        """
        import random
        draw = random.SystemRandom().random

        class Seeded(Layer):
            def get_config(self):
                return {"seed": draw(), "rate": 0.5, "inner": [{"seed": draw()}]}

        class Counted(Layer):
            made = 0
            def __init__(self, name=None):
                Counted.made += 1
                self.name = name or "counted_%d" % Counted.made
                self.first = Counted.made == 1

        class SometimesFails(Layer):
            fails = False
            def get_config(self):
                SometimesFails.fails = not SometimesFails.fails
                if SometimesFails.fails:
                    raise ValueError("the first time")
                return {}

        class Order(Layer):
            made = []
            def get_config(self):
                return {"before": len(Order.made)}

        class Zeta(Order):
            def get_config(self):
                Order.made.append(1)
                return {}
        """
    )
    outcome = place.captured()
    assert outcome.config("layers.Seeded") == {"seed": UNSTABLE, "rate": 0.5, "inner": [{"seed": UNSTABLE}]}
    assert outcome.config("layers.Counted") == {"name": "counted"}
    assert outcome.symbol("layers.SometimesFails")["instance"]["state"] == "unstable"
    assert outcome.config("layers.Order") == {"before": UNSTABLE}  # it depends on what was made before
    assert place.captured().fingerprint["digests"] == outcome.fingerprint["digests"]
