"""The data that says what is measured: every row is well-formed, known to the code, and names what there is."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from kerasdiff.probe import apis, data
from kerasdiff.probe.behaviour import numbers, recipes
from kerasdiff.probe.behaviour.library import ROOTS
from tests.conftest import COMPLETE, ENVIRONMENTS, fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator

Row = dict[str, Any]

LAYERS = data.load("cases/layers.json")
FUNCTIONS = data.load("cases/functions.json")
INITIALIZERS = data.load("cases/initializers.json")
OPTIMIZERS = data.load("cases/optimizers.json")
ARGUMENTS = data.load("cases/arguments.json")
FILES = {"layers": LAYERS, "functions": FUNCTIONS, "initializers": INITIALIZERS, "optimizers": OPTIMIZERS}

#: What the code reads of each table, and of each of its rows.
KEYS = {
    "layers": {
        *("modules", "outside", "inputs", "automatic", "chosen", "calls", "pinned", "spellings", "values"),
        *("through_keywords", "no_gradient", "historical"),
    },
    "functions": {"inputs", "chosen", "families", "spellings", "outside", "factories"},
    "initializers": {"seed", "modules", "outside", "chosen", "calls"},
    "optimizers": {
        *("modules", "schedules", "steps", "gradients", "starts", "matrix", "calls", "elsewhere", "historical", "identifiers"),
        *("times", "spellings", "through_keywords", "pinned_through_keywords", "outside"),
    },
}
ROW_KEYS = {
    "layers": {
        *("call", "layers", "without", "not_on", "having", "accepts", "inputs", "arguments", "positional", "after"),
        *("keywords", "adapt", "repeat", "chance", "only"),
    },
    "functions": {"call", "names", "kinds", "inputs", "arguments", "weights", "batches", "after"},
    "initializers": {"call", "input", "shape", "sample", "quantiles", "units", "data"},
    "optimizers": {"start", "steps", "variables", "arguments", "pinned", "sparse"},
}
FAMILY_KEYS = {"modules", "of", "inputs", "sparse", "kinds", "pinned", "calls", "identifiers"}
QUANTITIES = {"inference", "gradient", "losses", "mask", "training", "unsaid", "chance"}
#: Names of cases that the code gives.
OWN_CALLS = {"default", "pinned"}
#: ``module.Name``, and for what may be a function ``module.name``.
CLASS = re.compile(r"[a-z_]+(\.[a-z_]+)*\.[A-Z]\w*")
SYMBOL = re.compile(r"[a-z_]+(\.[a-z_]+)*\.[A-Za-z]\w*")
NAME = re.compile(r"[a-z0-9_]+")
MODULE = re.compile(r"[a-z_]+(\.[a-z_]+)*")

LAYER_ROWS = [pytest.param(row, id=f"{row['call']} {','.join(row.get('layers', ['any']))}") for row in LAYERS["calls"]]
FUNCTION_ROWS = [
    pytest.param(family, row, id=f"{family} {row['call']}")
    for family, facts in FUNCTIONS["families"].items()
    for row in facts.get("calls", [])
]
INITIALIZER_ROWS = [*INITIALIZERS["calls"], *itertools.chain(*INITIALIZERS["chosen"].values())]
INPUTS = [
    pytest.param(table["inputs"][name], id=f"{file} {name}")
    for file, table in (("layers", LAYERS), ("functions", FUNCTIONS))
    for name in table["inputs"]
]
FAMILIES = FUNCTIONS["families"]
KNOWN_LAYERS = set(LAYERS["chosen"]).union(*(row.get("layers", []) for row in LAYERS["calls"]))


def inside(value: Any) -> Iterator[Row]:
    """Every mapping in a JSON value."""
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        yield from inside(part)


# Keys


def test_every_measured_family_has_data() -> None:
    others = {"layers", "initializers", "optimizers", "training", "saving", "loading"}
    assert {*FAMILIES, *others, *TABLES} == set(apis.TABLE["measured"])


@pytest.mark.parametrize("file", FILES)
def test_the_code_knows_every_key(file: str) -> None:
    assert FILES[file].keys() == KEYS[file]


@pytest.mark.parametrize("row", LAYER_ROWS)
def test_the_code_knows_every_key_of_a_call_of_layers(row: Row) -> None:
    assert row.keys() <= ROW_KEYS["layers"]


@pytest.mark.parametrize(("family", "row"), FUNCTION_ROWS)
def test_the_code_knows_every_key_of_a_call_of_functions(family: str, row: Row) -> None:
    assert row.keys() <= ROW_KEYS["functions"]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_code_knows_every_key_of_a_family(family: str) -> None:
    assert FAMILIES[family].keys() <= FAMILY_KEYS
    assert FAMILIES[family].keys() >= {"modules", "inputs", "kinds", "identifiers"}
    assert FAMILIES[family].get("of", "weights") == "weights"


@pytest.mark.parametrize("row", INITIALIZER_ROWS, ids=lambda row: f"{row['call']}@{row['input']}")
def test_a_call_of_initializers_has_what_its_kind_needs(row: Row) -> None:
    needed = {
        "seeded": {"shape", "sample", "quantiles"},
        "global_seed": {"shape"},
        "in_a_layer": {"units", "data"},
    }[row["call"]]
    assert row.keys() == {"call", "input", *needed}
    for name in needed & {"shape", "sample", "data"}:
        assert all(type(length) is int and length > 0 for length in row[name])
    quantiles = row.get("quantiles", [])
    assert quantiles == sorted(quantiles)
    assert all(0 < quantile < 1 for quantile in quantiles)


@pytest.mark.parametrize("call", OPTIMIZERS["calls"])
def test_a_call_of_optimizers_starts_somewhere_and_takes_arguments(call: str) -> None:
    row = OPTIMIZERS["calls"][call]
    assert row.keys() <= ROW_KEYS["optimizers"]
    assert row["start"] in OPTIMIZERS["starts"]
    assert ("arguments" in row) != ("pinned" in row)
    assert row.get("steps", OPTIMIZERS["steps"]) > 0
    assert row.get("variables", 1) in (1, 2)


# Inputs


@pytest.mark.parametrize("rows", INPUTS)
def test_an_input_can_be_made(rows: list[Row]) -> None:
    assert rows
    for row in rows:
        assert ("shape" in row) != ("values" in row)
        assert row.keys() <= ({"shape", "kind", "seed", "dtype"} if "shape" in row else {"values", "dtype"})
        assert row.get("kind", "exact") in ("exact", "positive", "integers", "ones")
        made = numbers.array(row)
        assert made.size
        assert made.ndim
        assert made.dtype != object  # else the values are ragged
        assert "dtype" not in row or row["dtype"] == "str" or made.dtype == row["dtype"]
    lengths = {len(numbers.array(row)) for row in rows}
    assert len(lengths) == 1  # of one number of samples


@pytest.mark.parametrize("rows", INPUTS)
def test_an_input_by_a_formula_has_no_kink_and_no_rounding(rows: list[Row]) -> None:
    for row in rows:
        if row.get("kind", "exact") == "exact" and "shape" in row:
            made = numbers.array(row)
            assert (made != 0).all()
            assert (np.abs(made) < 1).all()
            assert (made * 64 == np.round(made * 64)).all()


def named_inputs() -> Iterator[tuple[str, str, list[str], Row]]:
    """Where inputs are named, and the table they are in."""
    yield "layers", "automatic", LAYERS["automatic"], LAYERS["inputs"]
    for name, inputs in LAYERS["chosen"].items():
        yield "layers", name, inputs, LAYERS["inputs"]
    for row in LAYERS["calls"]:
        yield "layers", row["call"], row.get("inputs", []), LAYERS["inputs"]
    for name, inputs in FUNCTIONS["chosen"].items():
        yield "functions", name, inputs, FUNCTIONS["inputs"]
    for family, facts in FAMILIES.items():
        yield "functions", family, facts["inputs"] + facts.get("sparse", []), FUNCTIONS["inputs"]
        for row in facts.get("calls", []):
            yield "functions", f"{family} {row['call']}", row.get("inputs", []), FUNCTIONS["inputs"]


def test_every_input_that_is_named_is_there_once() -> None:
    for file, where, inputs, table in named_inputs():
        assert set(inputs) <= table.keys(), (file, where)
        assert len(set(inputs)) == len(inputs), (file, where)


@pytest.mark.parametrize(
    "file",
    ["layers", "functions"],
)
def test_every_input_is_used(file: str) -> None:
    used = set(itertools.chain(*(inputs for name, _, inputs, _ in named_inputs() if name == file)))
    assert FILES[file]["inputs"].keys() == used


def test_the_first_of_the_automatic_inputs_that_fits_is_one_of_the_usual_ranks() -> None:
    ranks = [numbers.array(LAYERS["inputs"][name][0]).ndim for name in LAYERS["automatic"]]
    assert set(ranks) >= {2, 3, 4, 5}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_is_given_as_many_arrays_as_its_functions_take(family: str) -> None:
    facts = FAMILIES[family]
    count = 2 if family in ("losses", "metrics") else 1
    inputs = {
        *facts["inputs"],
        *facts.get("sparse", []),
        *itertools.chain(*(row.get("inputs", []) for row in facts.get("calls", []))),
    }
    assert {len(FUNCTIONS["inputs"][name]) for name in inputs} == {count}


@pytest.mark.parametrize(("family", "row"), FUNCTION_ROWS)
def test_weights_and_batches_fit_the_samples(family: str, row: Row) -> None:
    for name in row.get("inputs", FAMILIES[family]["inputs"]):
        samples = len(numbers.array(FUNCTIONS["inputs"][name][0]))
        if "weights" in row:
            assert len(numbers.array(row["weights"])) == samples
        assert samples % row.get("batches", 1) == 0
    assert row.get("batches", 2) == 2


# Calls


def test_no_two_cases_of_a_layer_have_the_same_id() -> None:
    for layer in sorted(KNOWN_LAYERS):
        own = LAYERS["chosen"].get(layer, LAYERS["automatic"][:1])
        ids = Counter((call, given) for call in OWN_CALLS for given in own)
        for row in LAYERS["calls"]:
            if layer in row.get("layers", [layer]) and layer not in row.get("without", []):
                ids.update((row["call"], given) for given in row.get("inputs", own))
        assert [one for one, count in ids.items() if count > 1] == [], layer


@pytest.mark.parametrize("family", FAMILIES)
def test_no_two_cases_of_a_function_have_the_same_id(family: str) -> None:
    facts = FAMILIES[family]
    calls = facts.get("calls", [])
    names = {name for row in calls for name in row.get("names", [])} | {"any other", *FUNCTIONS["chosen"]}
    for name, kind in itertools.product(sorted(names), facts["kinds"]):
        inputs = FUNCTIONS["chosen"].get(name, facts["inputs"])
        ids = Counter((call, given) for call in OWN_CALLS for given in inputs)
        for row in calls:
            if name in row.get("names", [name]) and kind in row.get("kinds", [kind]):
                given = inputs if name in FUNCTIONS["chosen"] else row.get("inputs", inputs)
                ids.update((row["call"], one) for one in given)
        assert [one for one, count in ids.items() if count > 1] == [], name


def test_no_two_cases_of_an_initializer_have_the_same_id() -> None:
    for rows in (INITIALIZERS["calls"], *INITIALIZERS["chosen"].values()):
        ids = [(row["call"], row["input"]) for row in rows]
        assert len(set(ids)) == len(ids)


def test_no_two_cases_of_an_optimizer_have_the_same_id() -> None:
    assert not OPTIMIZERS["calls"].keys() & {f"argument-{name}" for name in OPTIMIZERS["historical"]}


def all_calls() -> list[str]:
    rows = [*LAYERS["calls"], *INITIALIZER_ROWS, *itertools.chain(*(facts.get("calls", []) for facts in FAMILIES.values()))]
    return [row["call"] for row in rows] + list(OPTIMIZERS["calls"]) + list(OPTIMIZERS["historical"])


def test_no_call_breaks_the_ids_that_it_is_part_of() -> None:
    """An id is ``symbol/call@input``."""
    assert [call for call in all_calls() if not NAME.fullmatch(call)] == []


@pytest.mark.parametrize("row", LAYER_ROWS)
def test_a_call_of_layers_says_what_it_is_for_and_what_is_measured(row: Row) -> None:
    assert row["call"] not in OWN_CALLS
    assert row.keys() & {"layers", "having", "accepts"}
    assert set(row.get("only", QUANTITIES)) <= QUANTITIES
    assert row.get("only") != []
    assert ("chance" in row) == ("chance" in row.get("only", []))
    assert row.get("chance", "output") in ("output", "dropped", "distinct")
    assert not ("positional" in row and "arguments" in row)
    assert row.get("repeat", 2) > 1
    for name in ("layers", "without", "having", "accepts"):
        assert len(set(row.get(name, []))) == len(row.get(name, []))
    assert not set(row.get("layers", [])) & set(row.get("without", []))
    for made in (row.get("adapt"), *row.get("keywords", {}).values()):
        if isinstance(made, dict):
            assert numbers.array(made).size


@pytest.mark.parametrize("row", LAYER_ROWS)
def test_no_call_is_for_a_layer_that_is_left_out(row: Row) -> None:
    assert not {*row.get("layers", []), *row.get("without", [])} & LAYERS["outside"].keys()


@pytest.mark.parametrize("file", FILES)
def test_what_is_left_out_is_told_why_and_not_chosen(file: str) -> None:
    outside = FILES[file]["outside"]
    assert all(isinstance(why, str) and why for why in outside.values())
    assert not outside.keys() & set(FILES[file].get("chosen", {}))
    assert len({why.lower() for why in outside.values()}) == len(set(outside.values()))


# Spellings


@pytest.mark.parametrize("file", [*FILES, "arguments"])
def test_objects_are_spelled_by_module_and_name(file: str) -> None:
    for mapping in inside({**FILES, "arguments": ARGUMENTS}[file]):
        if isinstance(mapping.get("after"), str):
            assert CLASS.fullmatch(mapping["after"])
        for key, pattern in (("make", CLASS), ("symbol", SYMBOL)):
            if isinstance(mapping.get(key), list):
                assert mapping.keys() == {key}
                assert mapping[key]
                assert [name for name in mapping[key] if not pattern.fullmatch(name)] == []


@pytest.mark.parametrize("file", [*FILES, "arguments"])
def test_a_tuple_is_nothing_else(file: str) -> None:
    for mapping in inside({**FILES, "arguments": ARGUMENTS}[file]):
        if "tuple" in mapping:
            assert mapping.keys() == {"tuple"}
            assert isinstance(mapping["tuple"], list)


@pytest.mark.parametrize("file", ["layers", "functions", "optimizers"])
def test_a_spelling_leads_from_the_newest_name_to_older_ones(file: str) -> None:
    spellings = FILES[file]["spellings"]
    for name, taken in spellings.items():
        assert taken[0] == name
        assert len(taken) > 1
        flat = list(itertools.chain(*([part] if isinstance(part, str) else part for part in taken)))
        assert len(set(flat)) == len(flat)
        assert not set(flat[1:]) & spellings.keys()
    older = Counter(str(part) for taken in spellings.values() for part in taken)
    assert [part for part, count in older.items() if count > 1] == []


def test_arguments_are_given_by_their_newest_name() -> None:
    """An older one would be given where that is the spelling, and nowhere else."""
    older = {part for taken in LAYERS["spellings"].values() for part in taken[1:] if isinstance(part, str)} - {"bias", "stride"}
    for row in [*LAYERS["calls"], {"arguments": LAYERS["pinned"]}]:
        assert not row.get("arguments", {}).keys() & older
        assert not set(row.get("having", [])) & older
    for call in OPTIMIZERS["calls"].values():
        assert "lr" not in {**call.get("arguments", {}), **call.get("pinned", {})}


@pytest.mark.parametrize("argument", sorted(LAYERS["historical"]))
def test_an_argument_by_its_old_name_stands_for_another(argument: str) -> None:
    row = LAYERS["historical"][argument]
    assert {"value"} <= row.keys() <= {"as", "value", "means"}
    assert row.get("as") != argument
    assert "means" not in row or (row["means"] != row["value"] and "as" in row)


def test_every_spelling_that_is_one_name_has_its_old_ones_tried() -> None:
    older = {part for taken in LAYERS["spellings"].values() for part in taken[1:] if isinstance(part, str)}
    assert older <= LAYERS["historical"].keys()


def test_translated_values_are_of_arguments_that_are_spelled() -> None:
    flat = {part for taken in LAYERS["spellings"].values() for part in taken if isinstance(part, str)}
    assert LAYERS["values"].keys() <= flat
    for translated in LAYERS["values"].values():
        assert len(set(translated.values())) == len(translated)


def test_arguments_that_go_through_keywords_are_used() -> None:
    given = {name for row in LAYERS["calls"] for name in row.get("arguments", {})} | LAYERS["pinned"].keys()
    assert LAYERS["through_keywords"].keys() <= given
    for layers in LAYERS["through_keywords"].values():
        assert set(layers) <= KNOWN_LAYERS | {"Conv2D"}
    used = {name for row in OPTIMIZERS["calls"].values() for name in row.get("arguments", {})}
    assert set(OPTIMIZERS["through_keywords"]) <= used


@pytest.mark.parametrize("file", FILES)
def test_modules_are_names_of_modules(file: str) -> None:
    table = FILES[file]
    rows = FAMILIES.values() if file == "functions" else [table]
    for row in rows:
        assert row["modules"]
        assert all(MODULE.fullmatch(module) for module in [*row["modules"], *row.get("schedules", [])])


@pytest.mark.parametrize("names", [OPTIMIZERS["identifiers"], *(facts["identifiers"] for facts in FAMILIES.values())])
def test_no_identifier_is_there_twice(names: list[str]) -> None:
    assert names
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"\w+", name) for name in names)


def test_kinds_are_those_that_the_code_tells_apart() -> None:
    for facts in FAMILIES.values():
        kinds = [*facts["kinds"], *itertools.chain(*(row.get("kinds", []) for row in facts.get("calls", [])))]
        assert set(kinds) <= {"function", "class", "metric", "factory"}
        assert set(kinds) == set(facts["kinds"])


def test_what_is_measured_of_other_optimizers_is_measured_of_the_usual_ones() -> None:
    assert set(OPTIMIZERS["elsewhere"]) <= {*OPTIMIZERS["calls"], *(f"argument-{name}" for name in OPTIMIZERS["historical"])}


def test_the_times_of_schedules_go_beyond_their_ends() -> None:
    times = OPTIMIZERS["times"]
    assert times == sorted(set(times))
    end = ARGUMENTS["parameters"]["decay_steps"]
    assert end == ARGUMENTS["parameters"]["first_decay_steps"]
    assert {0, end, end + 1, *ARGUMENTS["parameters"]["boundaries"]} <= set(times)


def test_gradients_are_large_and_small_enough_to_show_an_epsilon() -> None:
    sizes = [abs(gradient) for gradient in OPTIMIZERS["gradients"]]
    assert 0.0 in sizes
    assert max(sizes) >= 1
    assert min(size for size in sizes if size) <= 1e-7


# Recipes

TABLES = {family: data.load(f"cases/{family}.json") for family in ("data", "numpy", "python", "preprocessing", "operations")}
RECIPES = [
    pytest.param(family, row, id=f"{family} {row.get('subject', row.get('symbols', ['?'])[0])} {row['call']}")
    for family, table in TABLES.items()
    for row in table["rows"]
]
PARTS = [
    pytest.param(family, name, id=f"{family} {name}") for family, table in TABLES.items() for name in table.get("parts", {})
]
#: Of each form, what may stand beside it.
BESIDE = {"call": {"args", "with"}, "of": {"do"}, "let": {"in"}, "elements": {"limit"}}
#: Forms of which what follows is no recipe.
PLAIN = {"array", "file", "has", "name", "part", "var"}
FORMS = {*recipes.FORMS, "elements", "tensor", "part"}
#: The objects that a name means: below a root, or a symbol of an API.
ROOTED = re.compile(rf"({'|'.join(ROOTS)})(\..+)?")


def made(recipe: Any) -> Iterator[Row]:
    """Every recipe in a recipe that is a form; what isn't one is a plain value."""
    if isinstance(recipe, list):
        for part in recipe:
            yield from made(part)
    if not isinstance(recipe, dict):
        return
    yield recipe
    for form in recipe.keys() & (FORMS - PLAIN):
        below = recipe[form]
        if form == "call":
            yield from made([recipe.get("args", []), *recipe.get("with", {}).values()])
        elif form == "of":
            yield from made([below, *(part for step in recipe["do"] for part in arguments(step))])
        elif form in ("let", "dict"):
            yield from made([*below.values(), recipe.get("in")])
        else:
            yield from made(below)


def arguments(step: list[Any]) -> list[Any]:
    """What a method is given."""
    return [*(step[1] if len(step) > 1 else []), *(step[2] if len(step) > 2 else {}).values()]


def called(recipe: Any) -> Iterator[str]:
    """Every object that a recipe names."""
    for form in made(recipe):
        for key in ("call", "name", "has"):
            names = form.get(key, [])
            yield from [names] if isinstance(names, str) else names


def whole(family: str, row: Row) -> Any:
    return recipes.whole(row["recipe"], TABLES[family].get("parts", {}))


@pytest.mark.parametrize("family", TABLES)
def test_the_code_knows_every_key_of_a_table_of_recipes(family: str) -> None:
    assert {"rows"} <= TABLES[family].keys() <= {"rows", "parts"}
    assert TABLES[family]["rows"]


@pytest.mark.parametrize(("family", "row"), RECIPES)
def test_the_code_knows_every_key_of_a_row_with_a_recipe(family: str, row: Row) -> None:
    assert {"call", "recipe"} <= row.keys() <= {"call", "recipe", "subject", "symbols", "random", "seeded", "quantity"}
    assert ("symbols" in row) is (family == "preprocessing")
    assert ("subject" in row) is (family != "preprocessing")
    assert all(row.get(key, True) is True for key in ("random", "seeded"))
    assert NAME.fullmatch(row["call"])
    assert "/" not in row.get("subject", "")
    names = row.get("symbols", [])
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("family", TABLES)
def test_no_two_rows_of_a_table_have_the_same_id(family: str) -> None:
    rows = TABLES[family]["rows"]
    ids = Counter((name, row["call"]) for row in rows for name in row.get("symbols", [row.get("subject")]))
    assert [one for one, count in ids.items() if count > 1] == []


def test_functions_that_are_one_object_somewhere_have_calls_of_their_own() -> None:
    """In Keras 1 the input of VGG16 is prepared by the function that prepares ResNet50's."""
    calls = Counter(row["call"] for row in TABLES["preprocessing"]["rows"] if row["symbols"][0].startswith("applications."))
    assert [call for call, count in calls.items() if count > 1] == []


@pytest.mark.parametrize(("family", "row"), RECIPES)
def test_a_recipe_is_made_of_forms_that_the_code_knows(family: str, row: Row) -> None:
    for recipe in made(whole(family, row)):
        (form,) = recipe.keys() & FORMS
        assert recipe.keys() <= {form, *BESIDE.get(form, ())}
    for recipe in made(whole(family, row)):
        for step in recipe.get("do", []):
            assert isinstance(step[0], str)
            assert 1 <= len(step) <= 3
        if "first" in recipe:
            assert len(recipe["first"]) > 1
        if "array" in recipe:
            assert numbers.array(recipe["array"]).dtype != object
        if "file" in recipe:
            assert not recipe["file"].startswith(("/", "."))


@pytest.mark.parametrize(("family", "row"), RECIPES)
def test_a_recipe_has_a_meaning(family: str, row: Row) -> None:
    told = recipes.meaning(whole(family, row))
    for recipe in inside(told):
        assert "first" not in recipe
        assert not any("|" in key for key in recipe)
        assert isinstance(recipe.get("call", ""), str)


@pytest.mark.parametrize(("family", "name"), PARTS)
def test_every_part_is_used(family: str, name: str) -> None:
    table = TABLES[family]
    assert {"part": name} in inside([table["rows"], table["parts"]])


@pytest.fixture(scope="module")
def public() -> set[str]:
    """Every public name in the captured environments."""
    return {
        known
        for environment in (*ENVIRONMENTS, *COMPLETE)
        for api in fingerprint(environment).apis.values()
        for name, symbol in api.symbols.items()
        for known in (name, *symbol.aliases)
    }


@pytest.mark.parametrize(("family", "row"), RECIPES)
def test_every_object_that_a_row_names_is_a_real_one(family: str, row: Row, public: set[str]) -> None:
    assert set(row.get("symbols", [])) <= public
    assert {name for name in called(whole(family, row)) if not ROOTED.fullmatch(name)} <= public


@pytest.mark.parametrize(("family", "row"), RECIPES)
def test_a_row_about_a_symbol_calls_it_by_all_its_names(family: str, row: Row) -> None:
    if "symbols" in row:
        assert set(row["symbols"]) <= set(called(whole(family, row)))


def test_no_root_is_the_name_of_a_module_of_an_api(public: set[str]) -> None:
    """A name below it would be found in some releases, and mean another object in others."""
    assert not {name.partition(".")[0] for name in public} & ROOTS.keys()


# The forms


class Cook(recipes.Kitchen):
    """A kitchen of a few objects."""

    def __init__(self) -> None:
        shelf: dict[str, Any] = {"new": lambda x, *, size=1: ("new", x, size), "old": lambda x, *, length=1: ("old", x, length)}
        super().__init__(shelf.get, {}, "/folder")


def test_the_first_alternative_that_is_there_is_taken() -> None:
    recipe = {"first": [{"call": "gone", "args": [1]}, {"call": "old", "args": [2]}, {"call": "new", "args": [3]}]}
    assert Cook().cook(recipe) == ("old", 2, 1)
    assert recipes.meaning(recipe) == {"call": "gone", "args": [1]}


def test_where_no_alternative_is_there_nothing_is_measured() -> None:
    with pytest.raises(recipes.Absent):
        Cook().cook({"first": [{"call": "gone"}, {"call": ["lost", "gone"]}]})


def test_an_alternative_that_raises_is_the_result() -> None:
    with pytest.raises(TypeError):
        Cook().cook({"first": [{"call": "new"}, {"call": "old", "args": [1]}]})


def test_an_argument_is_spelled_as_the_object_takes_it() -> None:
    assert Cook().cook({"call": ["gone", "old"], "args": [1], "with": {"size|length": 4}}) == ("old", 1, 4)
    assert Cook().cook({"call": ["new", "old"], "args": [1], "with": {"size|length": 4}}) == ("new", 1, 4)


def test_a_part_stands_for_what_it_names_and_may_hold_others() -> None:
    parts = {"pair": [{"part": "one"}, 2], "one": {"var": "x"}}
    assert recipes.whole({"let": {"x": 1}, "in": {"part": "pair"}}, parts) == {"let": {"x": 1}, "in": [{"var": "x"}, 2]}
    assert Cook().cook(recipes.whole({"let": {"x": 1}, "in": {"part": "pair"}}, parts)) == [1, 2]
