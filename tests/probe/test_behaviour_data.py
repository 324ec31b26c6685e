"""The data that says what is measured: every row is well-formed, known to the code, and names what there is."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from kerasdiff.probe import apis, data
from kerasdiff.probe.behaviour import numbers

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
        *("times", "spellings", "through_keywords", "outside"),
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
FAMILY_KEYS = {"modules", "inputs", "sparse", "kinds", "pinned", "calls", "identifiers"}
QUANTITIES = {"inference", "gradient", "losses", "mask", "training", "chance"}
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
    assert {*FAMILIES, "layers", "initializers", "optimizers"} == set(apis.TABLE["measured"])


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
    assert row.get("chance", "output") in ("output", "dropped")
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
