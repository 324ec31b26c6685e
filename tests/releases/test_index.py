"""The index is what the shipped fingerprints give, and how it is made of them."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kerasdiff.compare.side import Side
from kerasdiff.fingerprint.document import Symbol
from kerasdiff.releases import index
from kerasdiff.releases.shelf import lines, releases
from tests.conftest import SMALL, THEANO, api_of, edited, raw, symbol_of
from tests.lab.index import behaviours, facts, files
from tests.lab.index.threads import threads

if TYPE_CHECKING:
    from collections.abc import Callable

PLACES = index.contents().places
ADAM = "optimizers.Adam"


def test_the_index_is_what_the_fingerprints_give() -> None:
    """If this was meant: python -m tests.lab index."""
    made = files(lambda _: None)
    there = {
        path.name.removesuffix(".json.gz"): zlib.decompress(path.read_bytes(), 31) for path in Path(index.FOLDER).iterdir()
    }
    assert made.keys() == there.keys()
    for name, content in made.items():
        assert json.loads(content) == json.loads(there[name]), name


def test_its_places_are_the_lines_of_what_is_shipped() -> None:
    stand = [(line, step.release, step.api) for line, steps in lines().items() for step in steps if step.release in releases()]
    assert [(place.line, place.release, place.api) for place in PLACES] == stand


def test_it_is_small() -> None:
    assert sum(path.stat().st_size for path in Path(index.FOLDER).iterdir()) < 1_500_000


def case(**more: Any) -> dict[str, Any]:
    return {"revision": "1", "arguments": {}, **more}


def value(*numbers: float) -> dict[str, Any]:
    return {"state": "value", "shape": [len(numbers)], "dtype": "float32", "values": list(numbers)}


ERROR = {"state": "error", "type": "ValueError", "message": "no"}


@pytest.mark.parametrize(
    ("measured", "told"),
    [
        ([value(1.0, 2.0), value(1.0, 2.0)], ["A"]),
        ([value(1.0, 2.0), value(1.0, 2.0000001)], ["A"]),  # within the tolerance
        ([value(1.0, 2.0), value(1.0, 2.1), value(1.0, 2.0)], ["A", "B", "A"]),
        ([value(1.0), value(2.0), value(3.0), value(2.0)], ["A", "B", "C", "B"]),
        ([value(1.0), ERROR, value(1.0)], ["A", "raises ValueError", "A"]),
        ([value(1.0), {"state": "unstable"}, value(1.0)], ["A", "unstable", "A"]),
        ([value(1.0), {"state": "timeout"}], ["A", "unknown"]),
        ([value(1.0), {"state": "unsupported", "type": "ImportError"}], ["A", "unsupported"]),
    ],
)
def test_behaviour_is_in_classes(measured: list[dict[str, Any]], told: list[str]) -> None:
    symbols = {place: Symbol(kind="class", cases={"default@2d": case(inference=fact)}) for place, fact in enumerate(measured)}
    (found,) = behaviours.of("layers.Dense", symbols, [list(symbols)])
    assert found.aspects == ("case.default@2d.inference",)
    assert [fact for _, fact in found.runs] == told


def test_a_letter_means_the_same_in_every_line() -> None:
    cases = [value(1.0), value(2.0), value(2.0), value(1.0)]
    symbols = {place: Symbol(kind="class", cases={"default@2d": case(inference=fact)}) for place, fact in enumerate(cases)}
    (found,) = behaviours.of("layers.Dense", symbols, [[0, 1], [2, 3]])
    assert found.runs == ((0, "A"), (1, "B"), (3, "A"))


def test_what_changed_together_stands_together() -> None:
    def layer(one: float, other: float) -> Symbol:
        cases = {"default@2d": case(inference=value(one), training=value(one)), "default@3d": case(inference=value(other))}
        return Symbol(kind="class", cases=cases)

    found = behaviours.of("layers.Dense", {0: layer(1.0, 1.0), 1: layer(2.0, 1.0)}, [[0, 1]])
    assert {one.aspects: one.runs for one in found} == {
        ("case.default@2d.inference", "case.default@2d.training"): ((0, "A"), (1, "B")),
        ("case.default@3d.inference",): ((0, "A"),),
    }


def test_what_is_not_there_or_was_not_measured_is_said() -> None:
    full = Symbol(kind="class", cases={"default@2d": case(inference=value(1.0))})
    raises = Symbol(kind="class", cases={"default@2d": case(build=ERROR)})
    crashed = Symbol(kind="class", cases={"default@2d": {"revision": "1", "state": "crashed"}})
    symbols = {0: Symbol(kind="class"), 1: full, 2: raises, 3: crashed, 5: full}
    (found,) = behaviours.of("layers.Dense", symbols, [[0, 1, 2, 3, 4, 5]])
    assert [fact for _, fact in found.runs] == ["not measured", "A", "raises ValueError", "unknown", "absent", "A"]


def test_cases_of_another_revision_are_not_said_to_agree() -> None:
    one, other = (Symbol(kind="class", cases={"default@2d": {**case(inference=value(1.0)), "revision": name}}) for name in "ab")
    (found,) = behaviours.of("layers.Dense", {0: one, 1: other}, [[0, 1]])
    assert [fact for _, fact in found.runs] == ["A", "B"]


def test_words_are_told_as_they_are() -> None:
    told = [{"state": "value", "values": [text]} for text in ("no mask", "passed on")]
    symbols = {place: Symbol(kind="class", cases={"masked@3d": case(mask=fact)}) for place, fact in enumerate(told)}
    (found,) = behaviours.of("layers.Dense", symbols, [[0, 1]])
    assert found.runs == ((0, "no mask"), (1, "passed on"))


def sides(*edits: Callable[[dict[str, Any]], None]) -> dict[int, Side]:
    found = {}
    for place, edit in enumerate(edits):
        document = raw(f"releases/{THEANO}")
        edit(document)
        found[place] = Side(edited(document))
    return found


def leave(_: dict[str, Any]) -> None:
    """The release as it is."""


def rename(document: dict[str, Any]) -> None:
    """Adam moves to another module of an old name, its rate gets its newer one."""
    symbols = api_of(document)["symbols"]
    symbols["optimizers.adam.Adam"] = adam = symbols.pop(ADAM)
    adam["aliases"] = []
    adam["parameters"][0]["name"] = "learning_rate"
    adam["config"]["learning_rate"] = adam["config"].pop("lr")


def change(document: dict[str, Any]) -> None:
    """Adam has another rate."""
    adam = symbol_of(document, ADAM)
    adam["parameters"][0]["default"] = adam["config"]["lr"] = 0.5


def remove(document: dict[str, Any]) -> None:
    """There is no Adam."""
    del api_of(document)["symbols"][ADAM]


def adam_of(known: dict[int, Side]) -> dict[str, tuple[index.Run, ...]]:
    order = {"keras": list(known)}
    thread = next(one for one in threads(order, known) if ADAM in one.values())
    return facts.of_symbol(ADAM, thread, order, known)


def test_a_default_that_changes_and_changes_back_has_three_runs() -> None:
    runs = adam_of(sides(leave, change, leave))["parameter.lr"]
    assert [(run.at, run.value) for run in runs] == [(0, pytest.approx(0.001)), (1, 0.5), (2, pytest.approx(0.001))]


def test_a_renamed_parameter_is_the_same_fact() -> None:
    def other_name(document: dict[str, Any]) -> None:
        adam = symbol_of(document, ADAM)
        adam["parameters"][0]["name"] = "learning_rate"
        adam["config"]["learning_rate"] = adam["config"].pop("lr")

    runs = adam_of(sides(leave, other_name))["parameter.learning_rate"]
    assert [(run.at, run.name) for run in runs] == [(0, "lr"), (1, "")]


def test_an_object_that_is_gone_for_a_release_is_the_same_afterwards() -> None:
    presence = adam_of(sides(leave, remove, leave))["presence"]
    assert [(run.at, run.state) for run in presence] == [(0, index.VALUE), (1, index.ABSENT), (2, index.VALUE)]


def test_objects_are_followed_through_renamed_modules() -> None:
    document = raw(f"releases/{SMALL}")
    known = {0: Side(edited(document)), 1: sides(leave)[0]}
    found = threads({"keras": [0, 1]}, known)
    assert {0: "initializations.glorot_normal", 1: "initializers.glorot_normal"} in found
    assert sum(0 in one for one in found) >= len(known[0].api.symbols)


def test_what_is_renamed_without_a_trace_is_two_things() -> None:
    found = threads({"keras": [0, 1]}, sides(leave, rename))
    assert {0: ADAM} in found
    assert {1: "optimizers.adam.Adam"} in found
