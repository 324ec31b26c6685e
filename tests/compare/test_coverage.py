"""What was probed, as figures: over real captures with the measured families, and edits of them."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import msgspec
import pytest

from kerasdiff.compare import coverage
from kerasdiff.compare.coverage import KINDS, Kind
from kerasdiff.compare.engine import compare
from kerasdiff.compare.side import Side
from kerasdiff.errors import ExitStatus
from kerasdiff.gate.decide import decide
from kerasdiff.knowledge.load import Effect
from kerasdiff.probe import apis
from tests.conftest import COMPLETE, ENVIRONMENTS, SMALL, Raw, by_id, edited, fingerprint, raw, symbol_of

TF = "releases/tensorflow-2.15.1"
KERAS3 = "releases/keras-3.15.1+tensorflow-2.21.0"
OLDER, NEWER = "releases/tensorflow-2.10.1", "releases/tensorflow-2.11.1"


def of(document: Raw | str, api: str | None = None) -> dict[str, Kind]:
    whole = fingerprint(document) if isinstance(document, str) else edited(document)
    return coverage.of(Side(whole, api))


def dense(document: Raw, **changes: Any) -> Raw:
    """``document`` where every case of layers.Dense has other facts."""
    for case in symbol_of(document, "layers.Dense", "tf.keras")["cases"].values():
        for quantity in ("inference", "training", "gradient"):
            case.pop(quantity, None)
        case.update(deepcopy(changes))
    return document


def why(document: Raw, name: str = "layers.Dense", api: str = "tf.keras") -> str | None:
    """Why a symbol isn't probed; None where it is."""
    kinds = of(document, api).values()
    return next((kind.not_probed[name] for kind in kinds if name in kind.not_probed), None)


def test_every_measured_family_is_a_kind() -> None:
    assert set(KINDS) == set(apis.TABLE["measured"])


def test_figures_of_a_release() -> None:
    assert {kind: tuple(known.figures.values()) for kind, known in of(TF).items()} == {
        "layers": (123, 99, 192),
        "activations": (14, 14, 70),
        "constraints": (6, 5, 10),
        "initializers": (16, 15, 15),
        "losses": (36, 34, 130),
        "metrics": (51, 48, 137),
        "optimizers": (28, 11, 149),
        "regularizers": (6, 5, 5),
    }


@pytest.mark.parametrize("name", COMPLETE)
def test_every_symbol_is_probed_or_named_with_a_reason(name: str) -> None:
    every = raw(name)["apis"]
    for api, facts in every.items():
        kinds = of(name, api)
        for kind, known in kinds.items():
            assert known.symbols == known.probed + len(known.not_probed)
            named = known.not_probed | known.out_of_scope
            assert all(named.values())
            direct = {
                symbol
                for symbol, described in facts["symbols"].items()
                if symbol.startswith(f"{kind}.") and symbol.count(".") == 1 and described["kind"] in ("class", "function")
            }
            assert known.probed + len(named) >= len(direct)
            # What isn't named has a value, here or in the API that describes it.
            for symbol in direct - named.keys():
                where, _, target = facts["symbols"][symbol].get("same_as", f"{api}:{symbol}").partition(":")
                assert '"state": "value"' in json.dumps(every[where]["symbols"][target]["cases"])


@pytest.mark.parametrize("name", COMPLETE)
def test_no_case_is_outside_of_the_kinds(name: str) -> None:
    facts = raw(name)["apis"]["tf.keras"]["symbols"].values()
    assert coverage.total(of(name, "tf.keras")).cases == sum(len(symbol.get("cases", {})) for symbol in facts)


def test_what_another_api_has_probed_is_probed() -> None:
    document = raw(TF)
    assert not any("cases" in symbol for symbol in document["apis"]["keras"]["symbols"].values())
    assert of(document, "keras") == of(document, "tf.keras")
    del symbol_of(document, "layers.Dense", "tf.keras")["cases"]
    assert why(document, api="keras") == "no case"
    symbol_of(document, "layers.Dense", "tf.keras")["not_probed"] = "for a reason"
    assert why(document, api="keras") == "for a reason"


def test_an_error_is_no_measured_value() -> None:
    failed = {"state": "error", "type": "ValueError", "message": "no such shape"}
    document = dense(raw(TF), inference=failed, training={"state": "value", "same_as": "inference"})
    assert why(document) == "ValueError: no such shape"
    before, after = of(TF)["layers"], of(document)["layers"]
    assert (after.symbols, after.probed, after.cases) == (before.symbols, before.probed - 1, before.cases)
    assert why(dense(document, inference=failed, training={"state": "value", "values": [1.0]})) is None


def test_a_real_error_is_the_reason() -> None:
    assert of(TF)["metrics"].not_probed["metrics.MeanRelativeError"].startswith("InvalidArgumentError: ")


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"build": {"state": "not run", "message": "no value is known"}, "inference": {"values": [1]}}, "no value is known"),
        ({"build": {"state": "error", "type": "TypeError"}}, "TypeError"),
        ({"state": "crashed", "message": "killed by signal 11"}, "crashed: killed by signal 11"),
        ({"state": "timeout", "message": "no answer"}, "timeout: no answer"),
        ({"inference": {"state": "unstable", "scatter": 0.1}}, "unstable"),
        ({"outcome": {"state": "value", "value": "refused", "type": "TypeError"}}, "TypeError"),
        ({"state": []}, "no value"),
        ({"inference": {"state": "value", "parts": []}}, "no value"),
    ],
)
def test_a_case_without_a_value_says_what_it_has_instead(facts: Raw, reason: str) -> None:
    assert why(dense(raw(TF), **facts)) == reason


@pytest.mark.parametrize(
    "facts",
    [
        {"outcome": {"state": "value", "value": "ignored"}},
        {"state": [{"state": "value", "values": [1.0]}]},
        {"inference": {"state": "value", "parts": [{"state": "value", "values": [1.0]}]}},
        {"inference": {"state": "error"}, "training": {"state": "value", "values": [1.0]}},
    ],
)
def test_one_measured_value_is_enough(facts: Raw) -> None:
    assert why(dense(raw(TF), **facts)) is None


def test_what_goes_wrong_with_the_defaults_is_told_first() -> None:
    document = dense(raw(TF), inference={"state": "error", "type": "Other"})
    cases = symbol_of(document, "layers.Dense", "tf.keras")["cases"]
    cases["default@2d"]["inference"]["type"] = "Default"
    cases["argument@2d"] = deepcopy(cases["default@2d"] | {"inference": {"state": "error", "type": "Argument"}})
    assert why(document) == "Default"


def test_the_probe_says_why_it_left_something() -> None:
    document = raw(TF)
    symbol_of(document, "layers.Lambda", "tf.keras")["not_probed"] = "needs a function"
    assert why(document, "layers.Lambda") == "needs a function"
    assert edited(document).apis["tf.keras"].symbols["layers.Lambda"].not_probed == "needs a function"


@pytest.mark.parametrize("reason", ["abstract base", "helper"])
def test_what_has_no_behaviour_is_listed_and_not_counted(reason: str) -> None:
    document = raw(TF)
    symbol_of(document, "layers.Layer", "tf.keras")["not_probed"] = reason
    found = of(document)["layers"]
    assert found.symbols == of(TF)["layers"].symbols - 1
    assert found.out_of_scope["layers.Layer"] == reason
    assert "layers.Layer" not in found.not_probed


def test_helpers_are_known_where_the_probe_said_nothing() -> None:
    assert of(TF)["losses"].out_of_scope == dict.fromkeys(("losses.deserialize", "losses.get", "losses.serialize"), "helper")
    assert of(SMALL)["activations"].out_of_scope == {"activations.get": "helper"}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_what_was_not_run_is_said_so(name: str) -> None:
    side = Side(fingerprint(name))
    assert coverage.families(side) == []
    for known in coverage.of(side).values():
        assert known.figures == {"symbols": len(known.not_probed), "probed": 0, "cases": 0}
        assert set(known.not_probed.values()) == {"not run"}
        assert known.symbols > 0


def test_a_family_that_ended_early_is_the_reason() -> None:
    document = raw(TF)
    document["captured"]["families"]["layers"]["apis"]["tf.keras"]["state"] = "timeout"
    assert why(document, "layers.Lambda") == "layers ended early: timeout"
    assert why(document, "layers.Lambda", "keras") == "layers ended early: timeout"
    assert coverage.families(Side(edited(document))) == list(KINDS)


def test_a_symbol_out_of_reach_is_told_with_its_failure() -> None:
    document = raw(TF)
    document["apis"]["tf.keras"]["symbols"]["layers.Odd"] = {"kind": "unknown", "state": "unsupported", "message": "no GPU"}
    assert why(document, "layers.Odd") == "unsupported: no GPU"


def test_a_symbol_counts_once_under_any_of_its_names() -> None:
    symbol = symbol_of(raw(TF), "experimental.CosineDecay", "tf.keras")
    assert "optimizers.schedules.CosineDecay" in symbol["aliases"]
    assert "experimental.CosineDecay" in of(TF)["optimizers"].not_probed
    assert "optimizers.schedules.CosineDecay" not in of(TF)["optimizers"].not_probed


def test_names_of_keras_1_and_nested_ones_count_for_their_kind() -> None:
    assert "objectives.hinge" in of(SMALL)["losses"].not_probed
    assert "initializations.orthogonal" in of(SMALL)["initializers"].not_probed
    assert "optimizers.legacy.SGD" in of(OLDER)["optimizers"].not_probed
    assert "optimizers.experimental.AdamW" in of(OLDER)["optimizers"].not_probed
    assert "layers.experimental.preprocessing.HashedCrossing" in of(OLDER)["layers"].not_probed


def test_modules_and_methods_are_no_symbols_of_a_kind() -> None:
    kinds = {name: symbol.kind for name, symbol in fingerprint(SMALL).apis["keras"].symbols.items()}
    assert kinds["layers.core"] == "module"
    assert kinds["optimizers.Optimizer.get_config"] == "method"
    for known in of(SMALL).values():
        assert {kinds[name] for name in known.not_probed} <= {"class", "function"}


def test_share_of_nothing_is_all() -> None:
    assert Kind().share == 1
    assert Kind(symbols=4, probed=1).share == 0.25


def test_a_comparison_has_the_figures_of_both_sides() -> None:
    found = compare(fingerprint(OLDER), fingerprint(KERAS3))
    for side, name in (("a", OLDER), ("b", KERAS3)):
        assert found.coverage[side] == {kind: known.figures for kind, known in of(name).items()}
    assert {"symbols", "compared", "cases", "a", "b"} == set(found.coverage)


def common(a: str, b: str) -> int:
    """Cases that stand under the same name on both sides."""
    one, other = (raw(name)["apis"]["tf.keras"]["symbols"] for name in (a, b))
    return sum(
        len(one[name].get("cases", {}).keys() & other[name].get("cases", {}).keys()) for name in one.keys() & other.keys()
    )


def test_cases_that_both_sides_have_are_counted() -> None:
    found = compare(fingerprint(OLDER), fingerprint(NEWER))
    assert found.coverage["cases"] == {"compared": common(OLDER, NEWER), "not_comparable": 0}


def test_cases_that_were_measured_in_another_way_or_lost_are_counted_apart() -> None:
    document = raw(NEWER)
    cases = symbol_of(document, "layers.Dense", "tf.keras")["cases"]
    cases["default@2d"]["revision"] = "another"
    cases["pinned@2d"] = {"state": "crashed", "revision": cases["pinned@2d"]["revision"], "message": "killed"}
    found = compare(fingerprint(OLDER), edited(document))
    assert found.coverage["cases"] == {"compared": common(OLDER, NEWER) - 2, "not_comparable": 2}
    assert [one.id for one in found.not_comparable] == ["layers.Dense/case.default@2d", "layers.Dense/case.pinned@2d"]


@pytest.mark.parametrize("api", ["keras", "tf.keras"])
@pytest.mark.parametrize("name", COMPLETE)
def test_skipping_what_is_alike_counts_as_comparing_it(name: str, api: str) -> None:
    whole = fingerprint(name)
    other = msgspec.structs.replace(whole, digests=whole.digests | {"declared": "sha256:other"})
    skipped, looked_into = (compare(whole, b, api_a=api, api_b=api) for b in (whole, other))
    assert skipped.divergences == looked_into.divergences == []
    assert skipped.coverage["cases"] == looked_into.coverage["cases"]
    assert skipped.coverage["cases"]["compared"] > 0


def test_equal_digests_of_a_family_skip_its_cases_only() -> None:
    whole, document = edited(raw(TF)), raw(TF)
    for name, quantity in (("layers.Dense", "inference"), ("activations.relu", "inference")):
        for case in symbol_of(document, name, "tf.keras")["cases"].values():
            case[quantity]["values"] = [99.0 for _ in case[quantity]["values"]]
    changed = edited(document)
    found = {one.subject for one in compare(whole, changed).divergences}
    assert found == {"layers.Dense", "activations.relu"}
    # The loader lets no such digest pass: it shows that the family isn't looked into.
    digests = changed.digests | {"layers": whole.digests["layers"]}
    found = {one.subject for one in compare(whole, msgspec.structs.replace(changed, digests=digests)).divergences}
    assert found == {"activations.relu"}


@pytest.mark.parametrize(("a", "b"), [(OLDER, NEWER), (NEWER, TF), (TF, KERAS3)])
def test_skipping_by_digests_changes_no_finding(a: str, b: str) -> None:
    one, other = edited(raw(a)), edited(raw(b))
    assert set(KINDS) <= one.digests.keys()
    assert not set(KINDS) & fingerprint(a).digests.keys()
    skipped, looked_into = compare(one, other), compare(fingerprint(a), fingerprint(b))
    for part in ("divergences", "not_comparable", "coverage"):
        assert getattr(skipped, part) == getattr(looked_into, part)


def test_some_neighbours_have_families_that_are_alike() -> None:
    one, other = (edited(raw(name)).digests for name in (OLDER, NEWER))
    alike = {kind for kind in KINDS if one[kind] == other[kind]}
    assert "activations" in alike
    assert "optimizers" not in alike


def test_equal_digests_skip_nothing_between_two_apis() -> None:
    document = raw(TF)
    own = deepcopy(symbol_of(document, "layers.Dense", "tf.keras"))
    for case in own["cases"].values():
        case["inference"]["values"] = [99.0 for _ in case["inference"]["values"]]
    document["apis"]["keras"]["symbols"]["layers.Dense"] = own
    whole = edited(document)
    found = by_id(compare(whole, whole, api_a="tf.keras", api_b="keras"))
    assert "layers.Dense/case.default@2d.inference" in found


def test_a_lost_case_is_unknown_on_both_sides_alike() -> None:
    document = raw(TF)
    symbol_of(document, "layers.Dense", "tf.keras")["cases"]["default@2d"] = {"state": "crashed", "message": "killed"}
    document["captured"]["families"]["layers"]["apis"]["tf.keras"]["state"] = "partial"
    whole = edited(document)
    for api in ("tf.keras", "keras"):
        found = compare(whole, whole, api_a=api, api_b=api)
        assert [one.id for one in found.not_comparable] == ["layers.Dense/case.default@2d"]
        assert decide(found, Effect.RESULTS).exit == ExitStatus.UNANSWERED
