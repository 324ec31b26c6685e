"""Recipes: each form evaluated with NumPy, the spellings chosen by what there is, and what a recipe means whatever they are."""

from __future__ import annotations

import builtins
import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasdiff.probe.behaviour import recipes
from kerasdiff.probe.behaviour.recipes import Absent, Kitchen, meaning, outcome, whole

if TYPE_CHECKING:
    from collections.abc import Callable

ROOTS: dict[str, Any] = {"numpy": np, "builtins": builtins}
FOLDER = str(Path("some", "folder"))

#: Of each form recipes and what they give.
EXAMPLES: dict[str, list[tuple[dict[str, Any], Any]]] = {
    "call": [
        ({"call": "builtins.list"}, []),
        ({"call": "numpy.add", "args": [1, {"call": "numpy.add", "args": [2, 3]}]}, 6),
        ({"call": ["numpy.gone", "lost.add", "numpy.subtract"], "args": [7, 4]}, 3),
        ({"call": "numpy.sum", "args": [[[1, 2], [3, 4]]], "with": {"axis": 0}}, [4, 6]),
    ],
    "name": [({"name": "numpy.pi"}, np.pi), ({"name": ["numpy.gone", "numpy.float32"]}, np.float32)],
    "of": [
        ({"of": {"array": {"shape": [2, 3]}}, "do": [["shape"]]}, (2, 3)),
        ({"of": "a b", "do": [["upper"], ["split", [" "]], ["index", ["B"]]]}, 1),
        ({"of": {"call": "numpy.ones", "args": [[2, 3]]}, "do": [["sum", [], {"axis": 1}], ["tolist"]]}, [3.0, 3.0]),
    ],
    "item": [
        ({"item": [[5, 6, 7], 1]}, 6),
        ({"item": [{"dict": {"a": 8}}, "a"]}, 8),
        ({"item": [{"tuple": [1, 2]}, {"call": "builtins.int", "args": ["1"]}]}, 2),
    ],
    "let": [
        ({"let": {"x": 2, "y": {"call": "numpy.add", "args": [{"var": "x"}, 1]}}, "in": {"var": "y"}}, 3),
        ({"let": {"x": 1}, "in": [{"let": {"x": 2}, "in": {"var": "x"}}, {"var": "x"}]}, [2, 1]),
    ],
    "var": [({"let": {"x": [1, 2]}, "in": {"item": [{"var": "x"}, 0]}}, 1)],
    "array": [
        ({"array": {"values": [1, "inf"]}}, np.array([1.0, np.inf], "float32")),
        ({"array": {"shape": [2], "kind": "ones", "dtype": "int64"}}, np.array([1, 1])),
    ],
    "function": [
        ({"call": "builtins.list", "args": [{"call": "builtins.map", "args": [{"function": {"var": "x"}}, [4, 5]]}]}, [4, 5]),
        (
            {
                "let": {"y": 10, "x": 0},
                "in": {
                    "call": "builtins.sorted",
                    "args": [[1, 3, 2]],
                    "with": {"key": {"function": {"call": "numpy.subtract", "args": [{"var": "y"}, {"var": "x"}]}}},
                },
            },
            [3, 2, 1],
        ),
    ],
    "tuple": [({"tuple": [1, {"tuple": []}]}, (1, ()))],
    "dict": [({"dict": {"a": {"tuple": [1]}, "call": 2}}, {"a": (1,), "call": 2})],
    "file": [({"file": "a/b.png"}, str(Path("some", "folder", "a", "b.png")))],
    "has": [({"has": "numpy.sum"}, "present"), ({"has": "numpy.gone"}, "absent")],
    "first": [
        ({"first": [{"call": "numpy.gone"}, {"call": "numpy.add", "args": [1, 1]}, {"name": "numpy.pi"}]}, 2),
        ({"first": [{"of": 1, "do": [["gone"]]}, 5]}, 5),
    ],
    "type": [({"type": {"array": {"shape": [1]}}}, "ndarray"), ({"type": 0.5}, "float")],
    "dtype": [
        ({"dtype": {"array": {"shape": [1]}}}, "float32"),
        ({"dtype": {"call": "numpy.arange", "args": [2.0]}}, "float64"),
    ],
    "elements": [
        ({"elements": [1, 2, 3], "limit": 2}, [1, 2]),
        ({"let": {"x": 3}, "in": {"elements": {"call": "builtins.range", "args": [{"var": "x"}]}}}, [0, 1, 2]),
    ],
    "tensor": [({"tensor": {"array": {"values": [2.0]}}}, np.array([2.0], "float32"))],
}
TOOLS: dict[str, recipes.Tool] = {
    "elements": lambda recipe, cook: list(itertools.islice(cook(recipe["elements"]), recipe.get("limit"))),
    "tensor": lambda recipe, cook: np.asarray(cook(recipe["tensor"])),
}
PLAIN = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(), st.lists, max_leaves=5)
SPELLING = st.text("abc", min_size=1, max_size=3)
#: Of so small an input more would find no more.
QUICK = settings(max_examples=30)


def find(name: str) -> Any:
    root, _, path = name.partition(".")
    found = ROOTS.get(root)
    for part in path.split("."):
        found = getattr(found, part, None)
    return found


def cook(recipe: Any) -> Any:
    return Kitchen(find, TOOLS, FOLDER).cook(recipe)


def keywords(**given: Any) -> dict[str, Any]:
    """What it is called with."""
    return given


def kitchen(**shelf: Callable[..., Any]) -> Kitchen:
    return Kitchen(shelf.get, {}, FOLDER)


def test_every_form_has_an_example() -> None:
    assert EXAMPLES.keys() == {*recipes.FORMS, *TOOLS}


@pytest.mark.parametrize(("recipe", "value"), [*itertools.chain(*EXAMPLES.values())], ids=str)
def test_a_form_is_evaluated(recipe: dict[str, Any], value: Any) -> None:
    found = cook(recipe)
    np.testing.assert_equal(found, value)
    assert isinstance(found, (type(value), np.generic, np.ndarray))


@QUICK
@given(PLAIN)
def test_plain_json_is_itself(value: Any) -> None:
    assert cook(value) == value
    assert meaning(value) == value
    assert whole(value, {}) == value


@QUICK
@given(st.dictionaries(st.text(), PLAIN, max_size=3))
def test_a_mapping_that_is_no_form_is_no_recipe(recipe: dict[str, Any]) -> None:
    if not recipe.keys() & EXAMPLES.keys():
        with pytest.raises(ValueError, match="no such recipe"):
            cook(recipe)


@QUICK
@given(st.dictionaries(st.text(), PLAIN, max_size=3))
def test_keys_of_a_mapping_are_anything(value: dict[str, Any]) -> None:
    assert cook({"dict": value}) == value


@pytest.mark.parametrize(
    "recipe",
    [
        {"call": "numpy.gone"},
        {"call": ["numpy.gone", "lost.thing"], "args": [{"call": "builtins.open", "args": ["gone"]}]},
        {"name": ["numpy.gone"]},
        {"call": "numpy.add", "args": [1, {"name": "lost"}]},
        {"of": {"array": {"shape": [1]}}, "do": [["gone"]]},
        {"of": {"array": {"shape": [1]}}, "do": [["gone|lost", [1]]]},
        {"let": {"unused": {"name": "lost"}}, "in": 1},
        {"first": [{"name": "lost"}, {"name": "gone"}]},
        [1, {"name": "lost"}],
    ],
    ids=json.dumps,
)
def test_where_nothing_is_there_it_is_absent(recipe: Any) -> None:
    with pytest.raises(Absent):
        cook(recipe)


def test_a_name_is_there_only_within_its_let() -> None:
    with pytest.raises(KeyError):
        cook([{"let": {"x": 1}, "in": {"var": "x"}}, {"var": "x"}])


def test_what_is_called_raises_what_it_raises() -> None:
    with pytest.raises(ZeroDivisionError):
        cook({"first": [{"call": "builtins.divmod", "args": [1, 0]}, 1]})


def test_a_spelling_is_what_the_function_takes() -> None:
    recipe = {"call": "numpy.sum", "args": [[[1, 2], [3, 4]]], "with": {"dim|axis": 1, "keepdims|keep_dims": True}}
    assert cook(recipe).tolist() == [[3], [7]]


def test_a_method_is_the_first_that_there_is_and_its_arguments_are_spelled_too() -> None:
    recipe = {"of": {"array": {"shape": [2, 3], "kind": "ones"}}, "do": [["total|sum|max", [], {"dim|axis": 0}]]}
    assert cook(recipe).tolist() == [2.0, 2.0, 2.0]


@pytest.mark.parametrize("function", [keywords, dict])
def test_where_no_spelling_is_known_to_be_taken_it_is_the_first(function: Callable[..., Any]) -> None:
    """Of ``dict`` nothing tells the signature."""
    assert kitchen(f=function).cook({"call": "f", "with": {"new|old": 1}}) == {"new": 1}


@QUICK
@given(st.lists(SPELLING, min_size=1, max_size=4, unique=True), st.data())
def test_of_the_spellings_that_are_taken_it_is_the_first(spellings: list[str], data: st.DataObject) -> None:
    taken = data.draw(st.sets(st.sampled_from(spellings), min_size=1))
    function = eval(f"lambda {', '.join(f'{name}_=None' for name in sorted(taken))}: locals()")  # names may be keywords
    key = "|".join(name + "_" for name in spellings)
    found = kitchen(f=function).cook({"call": "f", "with": {key: 1}})
    assert [name for name, value in found.items() if value] == [next(name for name in spellings if name in taken) + "_"]


def test_a_meaning_has_no_spellings() -> None:
    old = {"call": ["new", "old"], "with": {"size|length": {"name": ["a", "b"]}}, "args": [{"of": 1, "do": [["f|g", [2]]]}]}
    new = {"call": ["new"], "with": {"size": {"name": ["a"]}}, "args": [{"of": 1, "do": [["f", [2]]]}]}
    assert meaning(old) == meaning(new)
    assert meaning({"first": [new, {"call": "oldest"}]}) == meaning(old)


@pytest.mark.parametrize(
    "other",
    [
        {"call": "g", "args": [1], "with": {"a": 2}},
        {"call": "f", "args": [2], "with": {"a": 2}},
        {"call": "f", "args": [1], "with": {"b": 2}},
        {"call": "f", "args": [1], "with": {"a": 3}},
        {"call": "f", "args": [1]},
        {"first": [{"call": "h"}, {"call": "f", "args": [1], "with": {"a": 2}}]},
    ],
    ids=json.dumps,
)
def test_another_call_means_another(other: Any) -> None:
    assert meaning(other) != meaning({"call": ["f"], "args": [1], "with": {"a": 2}})


@QUICK
@given(st.lists(SPELLING, min_size=1, max_size=3), st.lists(SPELLING, max_size=2), PLAIN)
def test_a_spelling_more_at_the_end_means_nothing(spellings: list[str], more: list[str], value: Any) -> None:
    one, other = [
        {"call": names, "with": {"|".join(names): value}, "args": [{"of": value, "do": [["|".join(names), [value]]]}]}
        for names in (spellings, spellings + more)
    ]
    assert meaning(one) == meaning(other)


@QUICK
@given(PLAIN)
def test_a_part_is_put_wherever_it_is_named(value: Any) -> None:
    parts = {"it": {"dict": {"a": {"part": "inner"}}}, "inner": value}
    assert whole([{"tuple": [{"part": "it"}]}], parts) == [{"tuple": [{"dict": {"a": value}}]}]


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        (np.array([1.0, 2.0]), None),
        ([1, 2, 3], None),
        ("text", None),
        ([np.array([1.0]), "text"], 2),
        ((np.array([1.0]), None), 2),
        ({"b": 1, "a": [1, 2]}, 2),
        ([], None),
    ],
    ids=str,
)
def test_an_outcome_is_one_tensor_or_a_part_for_each(value: Any, parts: int | None) -> None:
    fact = outcome(value, np.asarray)
    assert fact["state"] == "value"
    assert ("values" in fact) is (parts is None)
    assert len(fact.get("parts", [])) == (parts or 0)


def test_parts_of_a_mapping_have_its_keys_in_order() -> None:
    assert [part["name"] for part in outcome({"b": 1, "a": None, 3: [1]}, np.asarray)["parts"]] == ["3", "a", "b"]
