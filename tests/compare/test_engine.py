"""What holds of every comparison: between all real environments, and of fingerprints with anything in them."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from copy import deepcopy
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasdiff.compare import quantities
from kerasdiff.compare.cases import compare as compare_cases
from kerasdiff.compare.engine import Comparison, compare
from kerasdiff.errors import KerasdiffError
from kerasdiff.fingerprint.document import Symbol
from kerasdiff.fingerprint.load import parse
from kerasdiff.gate.decide import decide
from kerasdiff.knowledge.load import Effect
from kerasdiff.report.interface import Shown
from kerasdiff.report.json import JsonReporter
from kerasdiff.report.markdown import MarkdownReporter
from kerasdiff.report.text import TextReporter
from tests.conftest import ENVIRONMENTS, THEANO, Raw, acting, api_of, edited, fingerprint, raw, sealed, symbol_of, text

if TYPE_CHECKING:
    from kerasdiff.fingerprint.document import Fingerprint

ASPECT = re.compile(r"parameter\..+|config\..+|case\..+|presence|value|kind|deprecated|instance|positions")


@pytest.fixture(scope="module", params=ENVIRONMENTS)
def comparisons(request: pytest.FixtureRequest) -> dict[str, Comparison]:
    """The comparisons of an environment with every one, itself included, by the other's name."""
    return {b: compare(fingerprint(request.param), fingerprint(b)) for b in ENVIRONMENTS}


def test_ids_are_unique_and_made_of_subject_and_aspect(comparisons: dict[str, Comparison]) -> None:
    for comparison in comparisons.values():
        ids = [found.id for found in comparison.divergences]
        assert len(set(ids)) == len(ids)
        for found in comparison.divergences:
            assert tuple(found.id.split("/", 1)) == (found.subject, found.aspect)
            assert "/" not in found.subject
            assert ASPECT.fullmatch(found.aspect), found.id


def test_the_worst_comes_first_and_causes_before_what_follows(comparisons: dict[str, Comparison]) -> None:
    for comparison in comparisons.values():
        keys = [(found.effect.rank, found.cause is not None, found.id) for found in comparison.divergences]
        assert keys == sorted(keys)


def test_every_cause_is_a_divergence_that_needs_none(comparisons: dict[str, Comparison]) -> None:
    for comparison in comparisons.values():
        found = {one.id: one for one in comparison.divergences}
        for one in comparison.divergences:
            if one.cause is not None:
                assert one.cause in found, one
                assert found[one.cause].cause is None


def test_what_a_divergence_explains_names_it_as_cause(comparisons: dict[str, Comparison]) -> None:
    for comparison in comparisons.values():
        follows: dict[tuple[str | None, Effect], list[str]] = {}
        for one in comparison.divergences:
            follows.setdefault((one.cause, one.effect), []).append(one.id)
        for one in comparison.divergences:
            assert one.explains == sorted(follows.get((one.id, one.effect), []))
            assert one.cause != one.id


def test_every_divergence_says_what_differs(comparisons: dict[str, Comparison]) -> None:
    for comparison in comparisons.values():
        for found in comparison.divergences:
            assert found.title
            assert found.a != found.b or found.aspect.startswith("parameter.") or found.aspect == "value", found
            assert found.evidence == "declared" or found.size is not None


def test_no_title_says_that_a_value_became_itself(comparisons: dict[str, Comparison]) -> None:
    for comparison in comparisons.values():
        for found in comparison.divergences:
            one, separator, other = found.title.partition(" in A, ")
            if separator and found.aspect.startswith(("parameter.", "config.")):
                assert not one.endswith(f" is {other.removesuffix(' in B')}"), found


def test_only_an_environment_itself_is_without_a_difference(comparisons: dict[str, Comparison]) -> None:
    assert sum(not comparison.divergences for comparison in comparisons.values()) == 1


def test_what_only_one_side_has_is_found_on_the_way_back(comparisons: dict[str, Comparison]) -> None:
    for comparison in comparisons.values():
        back = compare(comparison.b.fingerprint, comparison.a.fingerprint)
        gone = {one.subject for one in comparison.divergences if one.aspect == "presence" and one.b is None}
        new = {one.subject for one in back.divergences if one.aspect == "presence" and one.a is None}
        unreachable = {name for name, symbol in comparison.a.api.symbols.items() if symbol.state != "value"}
        # Each object that is new has one name; gone are all of its names, but not what was out of reach.
        assert new - unreachable <= gone
        there, here = (
            {one.id for one in found if one.subject.startswith("settings.")}
            for found in (comparison.divergences, back.divergences)
        )
        assert there == here


def test_the_same_comparison_twice_is_the_same() -> None:
    a, b = fingerprint("tensorflow-2.3.4"), fingerprint("tensorflow-2.15.1")
    assert compare(a, b).divergences == compare(a, b).divergences
    assert a == parse(text("tensorflow-2.3.4"), "again")  # nothing was changed on the way


def test_the_order_of_keys_does_not_matter() -> None:
    backwards = json.loads(text(THEANO), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    other = fingerprint("keras-2.3.1+tensorflow-1.15.5")
    found, again = compare(fingerprint(THEANO), other), compare(edited(backwards), other)
    assert [(one.id, one.effect, one.title) for one in found.divergences] == [
        (one.id, one.effect, one.title) for one in again.divergences
    ]


def test_equal_digests_of_what_is_declared_skip_nothing_that_differs() -> None:
    whole, document = fingerprint(THEANO), raw(THEANO)
    document["environment"]["OMP_NUM_THREADS"] = "1"
    api_of(document)["settings"]["theano.openmp"]["value"] = True
    changed = edited(document)
    assert changed.digests["declared"] == whole.digests["declared"]
    assert {one.id for one in compare(whole, changed).divergences} == {
        "environment.OMP_NUM_THREADS/value",
        "settings.theano.openmp/value",
    }


def reduced() -> Raw:
    """A real fingerprint with a few symbols of every kind, so that many examples can be tried."""
    document = raw(THEANO)
    kept = (
        "layers.LSTM",
        "layers.Dense",
        "layers.Conv2D",
        "optimizers.SGD",
        "models.Model",
        "losses",
        "wrappers",
        "activations",
    )
    symbols = api_of(document)["symbols"]
    api_of(document)["symbols"] = {name: symbol for name, symbol in symbols.items() if name.startswith(kept)}
    return document


REDUCED = reduced()
TEXT = st.text(max_size=6) | st.sampled_from(
    ["layers.LSTM", "layers", "", ".", "a.b", "self", "class", "module", "unknown", "/"]
)
STATES = st.sampled_from(["value", "error", "unsupported", "crashed", "timeout", "not run", "unstable", "absent", "odd"])
NUMBERS = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(TEXT | st.sampled_from(["class_name", "config", "object", "name", "state"]), inner, max_size=3)
    ),
    max_leaves=6,
)
PARAMETERS = st.lists(
    st.fixed_dictionaries(
        {"name": TEXT},
        optional={
            "default": VALUES,
            "kind": st.sampled_from(["positional_only", "keyword_only", "var_positional", "var_keyword", "odd"]),
        },
    ),
    max_size=5,
)
TENSORS = st.fixed_dictionaries(
    {},
    optional={
        "state": STATES,
        "type": TEXT,
        "message": TEXT,
        "shape": st.lists(st.integers(0, 3), max_size=2),
        "values": st.lists(NUMBERS | st.sampled_from(["nan", "inf", "-inf"]), max_size=3),
        "same_as": st.sampled_from(["inference", "training", "build", "nothing"]),
    },
)
QUANTITIES = TENSORS | st.lists(TENSORS, max_size=2) | st.fixed_dictionaries({"parts": st.lists(TENSORS, max_size=2)}) | VALUES
CASES = st.dictionaries(
    st.sampled_from(["default@2d", "default@3d", "pinned@2d", "argument-lr@1d"]) | TEXT,
    st.fixed_dictionaries(
        {},
        optional={
            "revision": st.sampled_from(["9f2c", "77aa"]),
            "random": st.booleans(),
            "arguments": st.dictionaries(TEXT, VALUES, max_size=2) | VALUES,
            "outcome": st.fixed_dictionaries({"value": st.sampled_from(["honoured", "ignored", "refused"])}) | VALUES,
            "weights": st.lists(st.tuples(TEXT, st.lists(st.integers(0, 3), max_size=2)), max_size=2) | VALUES,
            "trainable": VALUES,
            "names": st.lists(TEXT, max_size=2) | VALUES,
            "name": TENSORS | VALUES,
            "shared": QUANTITIES,
            "build": TENSORS | VALUES,
            "inference": QUANTITIES,
            "training": QUANTITIES,
            "draw": QUANTITIES,
            "state": QUANTITIES | STATES,
            "message": TEXT,
        },
    ),
    max_size=3,
)
SYMBOLS = st.fixed_dictionaries(
    {"kind": st.sampled_from(["class", "function", "method", "module", "unknown", "odd"])},
    optional={
        "state": STATES,
        "message": TEXT,
        "type": TEXT,
        "parameters": st.none() | PARAMETERS,
        "aliases": st.lists(TEXT | st.sampled_from(sorted(api_of(REDUCED)["symbols"])), max_size=4),
        "deprecated": st.booleans(),
        "config": st.none() | st.dictionaries(TEXT, VALUES, max_size=4),
        "same_as": st.none() | st.sampled_from(["keras:layers.Dense", "keras:layers.LSTM"]),
        "instance": st.fixed_dictionaries({"state": STATES}, optional={"arguments": st.dictionaries(TEXT, VALUES, max_size=2)}),
        "cases": CASES,
        "not_probed": st.none() | TEXT | st.sampled_from(["abstract base", "helper"]),
    },
)
SETTINGS = st.fixed_dictionaries({}, optional={"value": VALUES, "source": TEXT, "state": STATES, "message": TEXT})
STRINGS = st.dictionaries(TEXT, TEXT, max_size=4)
DISTRIBUTIONS = st.fixed_dictionaries(
    {},
    optional={
        "stack": st.booleans(),
        "source": STRINGS,
        "requires": st.lists(
            TEXT
            | st.sampled_from(
                ["numpy<1", "numpy>=1; python_version<'3'", "h5py (==2.0)", "x @ file:///y", "a;b", "numpy===odd"]
            ),
            max_size=3,
        ),
    },
)


def everywhere(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The places of a JSON value."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place, *(inside for key, part in parts for inside in everywhere(part, (*place, key)))]


PLACES = everywhere(REDUCED)[1:]


class Edits(NamedTuple):
    """Changes of the reduced fingerprint; an example shows itself as these."""

    symbols: dict[str, Raw]
    dropped: list[str]
    settings: dict[str, Raw]
    environment: dict[str, str]
    packages: dict[str, str]
    distributions: dict[str, Raw]
    runtime: Raw
    families: dict[str, Raw]
    state: str | None
    anywhere: list[tuple[tuple[Any, ...], Any]]

    def document(self) -> Raw:
        """The edited fingerprint."""
        document = deepcopy(REDUCED)
        api = api_of(document)
        for name in self.dropped:
            del api["symbols"][name]
        api["symbols"].update(deepcopy(self.symbols))
        api["settings"].update(deepcopy(self.settings))
        for group in ("environment", "packages", "distributions", "runtime"):
            document[group].update(deepcopy(getattr(self, group)))
        document["captured"]["families"].update(self.families)
        if self.state is not None:
            api["state"] = self.state
        for place, value in self.anywhere:
            holder: Any = document
            with suppress(KeyError, IndexError, TypeError):  # another change took the place away
                for key in place[:-1]:
                    holder = holder[key]
                holder[place[-1]] = value
        return document


def few(keys: st.SearchStrategy[str], values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(keys, values, max_size=3)


NAMES = sorted(api_of(REDUCED)["symbols"])
RUNS = st.fixed_dictionaries(
    {"state": STATES, "apis": st.fixed_dictionaries({"keras": st.fixed_dictionaries({"state": STATES})})}
)
EDITS = st.builds(
    Edits,
    symbols=few(st.sampled_from(NAMES) | TEXT, SYMBOLS),
    dropped=st.lists(st.sampled_from(NAMES), max_size=3, unique=True),
    settings=few(st.sampled_from(sorted(api_of(REDUCED)["settings"])) | TEXT, SETTINGS),
    environment=STRINGS,
    packages=STRINGS,
    distributions=few(st.sampled_from(["numpy", "keras"]) | TEXT, DISTRIBUTIONS),
    runtime=few(st.sampled_from(["markers", "cpu", "devices", "python"]), VALUES),
    families=st.just({}) | few(st.sampled_from(["symbols", "settings", "environment"]), RUNS),
    state=st.none() | st.none() | st.none() | STATES,
    anywhere=st.lists(st.tuples(st.sampled_from(PLACES), VALUES), max_size=2),
)


def read(document: Raw) -> Fingerprint | None:
    """The edited fingerprint; None where the edit made it none."""
    try:
        return parse(sealed(document), "edited")
    except KerasdiffError:
        return None
    except (TypeError, AttributeError):  # the digests of what is no fingerprint can't be made
        with pytest.raises(KerasdiffError):
            parse(json.dumps(document).encode(), "edited")
        return None


def check_whole(comparison: Comparison) -> None:
    """Whatever stands in the fingerprints, the comparison and its reports are whole."""
    gate = decide(comparison, Effect.RESULTS)
    ids = [found.id for found in comparison.divergences]
    assert len(set(ids)) == len(ids)
    report = json.loads(JsonReporter().report(comparison, gate))
    assert [found["id"] for found in report["divergences"]] == ids
    for verbose in (False, True):
        lines = TextReporter(Shown(verbose=verbose)).report(comparison, gate)
        assert lines.endswith(f"; exit status {gate.exit}.\n")
        assert acting(lines) <= {"\n"}
        lines = MarkdownReporter(Shown(verbose=verbose)).report(comparison, gate)
        assert lines.endswith(f"; exit status {gate.exit}.\n")
        assert acting(lines) <= {"\n", "\u200b"}


WHOLE = edited(deepcopy(REDUCED))


@settings(max_examples=2 * settings().max_examples)
@given(EDITS)
def test_a_fingerprint_with_anything_in_it_is_compared(edits: Edits) -> None:
    changed = read(edits.document())
    if changed is not None:
        check_whole(compare(WHOLE, changed))
        check_whole(compare(changed, WHOLE))


@given(EDITS)
def test_a_fingerprint_with_anything_in_it_does_not_differ_from_itself(edits: Edits) -> None:
    changed = read(edits.document())
    if changed is not None:
        found = compare(changed, changed)
        check_whole(found)
        assert found.divergences == []


@given(EDITS, EDITS)
def test_any_two_fingerprints_are_compared(one: Edits, other: Edits) -> None:
    a, b = read(one.document()), read(other.document())
    if a is not None and b is not None:
        check_whole(compare(a, b))


def with_cases(cases: Raw) -> Symbol:
    """A symbol that holds ``cases``, as a fingerprint gives it."""
    return msgspec.convert(json.loads(json.dumps({"kind": "class", "cases": cases})), Symbol)


@settings(max_examples=3 * settings().max_examples)
@given(CASES, CASES)
def test_cases_with_anything_in_them_are_compared(one: Raw, other: Raw) -> None:
    a, b = with_cases(one), with_cases(one | {name: {**one.get(name, {}), **case} for name, case in other.items()})
    for found in (compare_cases("layers.X", a, b), compare_cases("layers.X", b, a)):
        assert json.dumps([found.unknown, msgspec.to_builtins(found.divergences)], allow_nan=False)
        assert found.compared + len(found.unknown) == len(a.cases.keys() & b.cases.keys())
    for case in b.cases.values():
        assert quantities.is_measured(case) or quantities.failure(case)


@given(CASES)
def test_cases_with_anything_in_them_do_not_differ_from_themselves(cases: Raw) -> None:
    whole = with_cases(cases)
    looked_into, alike = (compare_cases("layers.X", whole, whole, alike=alike) for alike in (False, True))
    for what in ("divergences", "unknown", "compared", "agree", "given", "outcomes"):
        assert getattr(looked_into, what) == getattr(alike, what), what


def test_most_of_what_is_tried_is_a_fingerprint() -> None:
    assert read(deepcopy(REDUCED)) is not None
    document = deepcopy(REDUCED)
    symbol_of(document, "layers.LSTM")["kind"] = 5
    assert read(document) is None
