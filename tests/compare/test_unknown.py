"""Unknown never equals unknown: what crashed or ran out of time isn't comparable; what is known to fail is."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from kerasdiff.compare.engine import compare
from kerasdiff.errors import ExitStatus
from kerasdiff.gate.decide import decide
from kerasdiff.knowledge.load import Effect
from tests.conftest import SMALL, THEANO, Raw, api_of, by_id, edited, fingerprint, raw, symbol_of

if TYPE_CHECKING:
    from kerasdiff.compare.engine import Comparison

UNKNOWN = ["crashed", "timeout"]


#: A class without aliases, and one with.
ALONE, NAMED_TWICE = "callbacks.EarlyStopping", "layers.LSTM"


def crashed_symbol(state: str = "crashed", name: str = ALONE) -> Raw:
    """A fingerprint in which describing a symbol ended the process."""
    document = raw(THEANO)
    api_of(document)["symbols"][name] = {"kind": "unknown", "state": state, "message": "killed by signal 11"}
    document["captured"]["families"]["symbols"] = {"state": "partial", "apis": {"keras": {"state": "partial"}}}
    return document


def with_instance(**instance: Any) -> Raw:
    document = raw(THEANO)
    symbol_of(document, "layers.LSTM")["instance"] = instance
    symbol_of(document, "layers.LSTM")["config"] = None
    document["captured"]["families"]["symbols"] = {"state": "partial", "apis": {"keras": {"state": "partial"}}}
    return document


def with_family(family: str, state: str) -> Raw:
    document = raw(THEANO)
    document["captured"]["families"][family] = {"state": state, "apis": {"keras": {"state": state}}}
    return document


def unknown_ids(comparison: Comparison) -> list[str]:
    return [one.id for one in comparison.not_comparable]


def exits(comparison: Comparison) -> ExitStatus:
    return ExitStatus(decide(comparison, Effect.RESULTS).exit)


@pytest.mark.parametrize("state", UNKNOWN)
def test_a_symbol_that_crashed_is_not_comparable(state: str) -> None:
    whole, broken = fingerprint(THEANO), edited(crashed_symbol(state))
    for a, b, side in ((whole, broken, "B"), (broken, whole, "A"), (broken, broken, "A")):
        found = compare(a, b)
        assert unknown_ids(found) == [f"{ALONE}/presence"]
        assert found.not_comparable[0].why == f"{state} in {side}: killed by signal 11"
        assert found.divergences == []
        assert exits(found) is ExitStatus.UNANSWERED


def test_aliases_of_a_symbol_that_crashed_in_b_are_not_gone() -> None:
    found = compare(fingerprint(THEANO), edited(crashed_symbol(name=NAMED_TWICE)))
    assert unknown_ids(found) == [f"{NAMED_TWICE}/presence"]
    assert found.divergences == []


def without_module(state: str, **more: str) -> Raw:
    """A fingerprint in which a module can't be imported, as the probe tells it: nothing is known of what is below."""
    document = crashed_symbol(state, "wrappers.scikit_learn")
    symbols = api_of(document)["symbols"]
    symbols["wrappers.scikit_learn"].update(more)
    for name in list(symbols):
        if name.startswith("wrappers.scikit_learn."):
            del symbols[name]
    return document


@pytest.mark.parametrize("state", UNKNOWN)
def test_a_module_that_crashed_in_b_is_not_comparable_with_all_below_it(state: str) -> None:
    found = compare(fingerprint(THEANO), edited(without_module(state)))
    assert unknown_ids(found) == ["wrappers.scikit_learn/presence"]
    assert found.divergences == []


def test_a_module_that_raises_in_b_breaks_and_is_the_cause_of_all_below_it() -> None:
    found = by_id(compare(fingerprint(THEANO), edited(without_module("error", type="ImportError", message="gone"))))
    module = found["wrappers.scikit_learn/presence"]
    assert module.effect is Effect.BREAKS
    assert {one.cause for one in found.values() if one is not module} == {module.id}


@pytest.mark.parametrize("state", UNKNOWN)
def test_an_instance_that_crashed_is_not_comparable(state: str) -> None:
    whole, broken = fingerprint(THEANO), edited(with_instance(state=state, message="killed by signal 11"))
    for a, b in ((whole, broken), (broken, whole), (broken, broken)):
        found = compare(a, b)
        assert unknown_ids(found) == ["layers.LSTM/instance"]
        assert "killed by signal 11" in found.not_comparable[0].why
        assert exits(found) is ExitStatus.UNANSWERED


@pytest.mark.parametrize("state", UNKNOWN)
def test_a_setting_that_crashed_is_not_comparable(state: str) -> None:
    document = raw(THEANO)
    api_of(document)["settings"]["floatx"] = {"state": state, "message": "no answer in 30 s"}
    whole, broken = fingerprint(THEANO), edited(document)
    for a, b in ((whole, broken), (broken, whole), (broken, broken)):
        found = compare(a, b)
        assert unknown_ids(found) == ["settings.floatx/value"]
        assert found.divergences == []
        assert exits(found) is ExitStatus.UNANSWERED


@pytest.mark.parametrize("family", ["symbols", "settings", "environment"])
@pytest.mark.parametrize("state", [*UNKNOWN, "not run", "error"])
def test_a_family_that_one_side_lacks_is_not_comparable(family: str, state: str) -> None:
    whole, broken = fingerprint(THEANO), edited(with_family(family, state))
    for a, b, side in ((whole, broken, "B"), (broken, whole, "A")):
        found = compare(a, b)
        assert unknown_ids(found) == [family]
        assert found.not_comparable[0].why == f"the family {family} is {state} in {side}: capture again"
        assert found.divergences == []
        assert exits(found) is ExitStatus.UNANSWERED


@pytest.mark.parametrize("family", ["symbols", "settings", "environment"])
@pytest.mark.parametrize("state", UNKNOWN)
def test_a_family_that_both_sides_lack_by_accident_is_not_comparable(family: str, state: str) -> None:
    broken = edited(with_family(family, state))
    assert unknown_ids(compare(broken, broken)) == [family]


@pytest.mark.parametrize("family", ["symbols", "settings", "environment"])
def test_a_family_that_both_sides_left_out_is_known(family: str) -> None:
    left_out = edited(with_family(family, "not run"))
    found = compare(left_out, left_out)
    assert found.not_comparable == []
    assert exits(found) is ExitStatus.OK


@pytest.mark.parametrize("state", [*UNKNOWN, "not run"])
def test_an_api_that_was_not_captured_is_not_comparable(state: str) -> None:
    document = raw(THEANO)
    document["apis"]["keras"] = {"state": state, "message": "no answer in 300 s"}
    whole, broken = fingerprint(THEANO), edited(document)
    for a, b, side in ((whole, broken, "B"), (broken, whole, "A"), (broken, broken, "A")):
        found = compare(a, b)
        assert unknown_ids(found) == ["import"]
        assert found.not_comparable[0].why == f"importing keras is {state} in {side}: no answer in 300 s"
        assert exits(found) is ExitStatus.UNANSWERED


def without_import() -> Raw:
    document = raw(THEANO)
    document["apis"]["keras"] = {"state": "error", "type": "ImportError", "message": "no theano"}
    return document


def test_an_import_that_raises_in_b_breaks() -> None:
    found = compare(fingerprint(THEANO), edited(without_import()))
    assert [(one.id, one.effect) for one in found.divergences] == [("import/presence", Effect.BREAKS)]
    assert found.divergences[0].title == "import keras raises ImportError in B: no theano"
    assert exits(found) is ExitStatus.DIVERGENCES


def test_an_import_that_raises_in_a_leaves_nothing_to_compare() -> None:
    found = compare(edited(without_import()), fingerprint(THEANO))
    assert found.divergences == []
    assert unknown_ids(found) == ["import"]
    assert exits(found) is ExitStatus.UNANSWERED


def test_an_import_that_raises_on_both_sides_is_known_and_the_same() -> None:
    found = compare(edited(without_import()), edited(without_import()))
    assert found.divergences == []
    assert found.not_comparable == []
    assert exits(found) is ExitStatus.OK


@pytest.mark.parametrize(
    "broken", [with_family("symbols", "crashed"), without_import()], ids=["family crashed", "import raises"]
)
def test_coverage_counts_only_what_was_compared(broken: Raw) -> None:
    assert compare(fingerprint(THEANO), edited(broken)).coverage["compared"] == 0


def test_what_raises_in_b_breaks_and_is_known() -> None:
    document = raw(THEANO)
    symbol_of(document, "layers.LSTM").update(state="error", type="AttributeError", message="no such backend")
    found = compare(fingerprint(THEANO), edited(document))
    assert [(one.id, one.effect) for one in found.divergences] == [("layers.LSTM/presence", Effect.BREAKS)]
    assert found.divergences[0].title == "layers.LSTM raises AttributeError in B: no such backend"
    assert found.not_comparable == []
    back = compare(edited(document), fingerprint(THEANO))  # what A itself can't reach breaks nothing that works in A
    assert back.divergences == []
    assert back.not_comparable == []


def test_what_needs_another_package_in_b_is_told_as_information() -> None:
    document = raw(THEANO)
    symbol_of(document, "layers.LSTM").update(state="unsupported", type="ImportError", message="no module named pandas")
    found = compare(fingerprint(THEANO), edited(document))
    assert [(one.id, one.effect) for one in found.divergences] == [("layers.LSTM/presence", Effect.INFO)]
    assert found.not_comparable == []


def test_an_instance_that_raises_in_b_breaks() -> None:
    arguments = deepcopy(symbol_of(raw(THEANO), "layers.LSTM")["instance"]["arguments"])
    document = with_instance(state="error", type="TypeError", message="units", arguments=arguments)
    found = compare(fingerprint(THEANO), edited(document))
    assert [(one.id, one.effect) for one in found.divergences] == [("layers.LSTM/instance", Effect.BREAKS)]
    assert found.divergences[0].title == "making it, or get_config of it, raises TypeError in B: units"
    assert compare(edited(document), fingerprint(THEANO)).divergences == []
    assert compare(edited(document), edited(document)).divergences == []


def test_an_instance_that_is_unstable_on_one_side_is_reproducibility() -> None:
    document = with_instance(state="unstable", message="two runs of one environment differ")
    found = by_id(compare(fingerprint(THEANO), edited(document)))
    assert found["layers.LSTM/instance"].effect is Effect.REPRODUCIBILITY


def test_a_value_that_is_unstable_is_not_compared_with_one_that_is_not() -> None:
    document = raw(THEANO)
    symbol_of(document, "layers.LSTM")["config"]["name"] = {"state": "unstable"}
    symbol_of(document, "layers.LSTM")["config"]["recurrent_activation"] = {"state": "unstable"}
    assert compare(fingerprint(THEANO), edited(document)).divergences == []


@pytest.mark.parametrize("broken", [crashed_symbol(), with_family("settings", "timeout")], ids=["symbol", "family"])
def test_what_is_comparable_is_compared_all_the_same(broken: Raw) -> None:
    del broken["apis"]["keras"]["symbols"]["layers.GRU"]
    found = compare(fingerprint(SMALL), edited(broken))
    assert found.not_comparable != []
    assert "layers.GRU/presence" in by_id(found)
    assert len(found.divergences) > 20
    assert exits(found) is ExitStatus.UNANSWERED
