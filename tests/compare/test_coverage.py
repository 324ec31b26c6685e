"""What was probed, as figures: over real captures with the measured families, and edits of them."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from kerasdiff.compare import coverage
from kerasdiff.compare.coverage import KINDS, Kind
from kerasdiff.compare.engine import compare
from kerasdiff.compare.side import Side
from kerasdiff.errors import ExitStatus
from kerasdiff.gate.decide import decide
from kerasdiff.knowledge.load import Effect
from kerasdiff.probe import apis, canonical
from tests.conftest import COMPLETE, ENVIRONMENTS, SMALL, Raw, by_id, edited, fingerprint, raw, symbol_of

if TYPE_CHECKING:
    from kerasdiff.fingerprint.document import Fingerprint

TF = "releases/tensorflow-2.15.1"
KERAS3 = "releases/keras-3.15.1+tensorflow-2.21.0"
OLDER, NEWER = "releases/tensorflow-2.10.1", "releases/tensorflow-2.11.1"


def of(document: Raw | str, api: str | None = None) -> dict[str, Kind]:
    whole = fingerprint(document) if isinstance(document, str) else edited(document)
    return coverage.of(Side(whole, api))


def dense(document: Raw, **changes: Any) -> Raw:
    """``document`` where every case of layers.Dense has other facts."""
    symbol = symbol_of(document, "layers.Dense", "tf.keras")
    symbol["cases"] = {
        name: {"revision": case["revision"], "weights": case.get("weights"), **deepcopy(changes)}
        for name, case in symbol["cases"].items()
    }
    return document


def made(document: Raw, **described: Any) -> Raw:
    """``document`` with a class that wasn't there."""
    document["apis"]["tf.keras"]["symbols"]["layers.Made"] = {"kind": "class", **described}
    return document


def spoiled(symbol: Raw) -> None:
    """Every case of a symbol has other numbers."""
    for case in symbol["cases"].values():
        if "values" in case.get("inference", {}):
            case["inference"]["values"] = [99.0 for _ in case["inference"]["values"]]


def why(document: Raw, name: str = "layers.Dense", api: str = "tf.keras") -> str | None:
    """Why a symbol isn't probed; None where it is."""
    kinds = of(document, api).values()
    return next((kind.not_probed[name] for kind in kinds if name in kind.not_probed), None)


def test_every_measured_family_is_a_kind() -> None:
    besides = {"preprocessing", *canonical.GROUPS, *canonical.LIBRARIES}
    assert {*KINDS, *besides} == set(apis.TABLE["measured"])
    assert not set(KINDS) & besides


def test_figures_of_a_release() -> None:
    assert {kind: (known.symbols, known.probed) for kind, known in of(TF).items()} == {
        "layers": (110, 109),
        "activations": (14, 14),
        "constraints": (5, 5),
        "initializers": (15, 15),
        "losses": (34, 34),
        "metrics": (49, 49),
        "optimizers": (25, 25),
        "regularizers": (5, 5),
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
    whole = fingerprint(name)
    for api, facts in whole.apis.items():
        left = {symbol: described for symbol, described in facts.symbols.items() if described.same_as is None}
        own = msgspec.structs.replace(facts, symbols=left)
        side = Side(msgspec.structs.replace(whole, apis={api: own}), api)
        cases = sum(len(described.cases) for described in left.values())
        preparing = coverage.besides(side).get("preprocessing", Kind()).cases
        assert coverage.total(coverage.of(side)).cases + preparing == cases


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
    assert why(made(raw(TF), not_probed="needs a function"), "layers.Made") == "needs a function"
    assert why(made(raw(TF)), "layers.Made") == "no case"


@pytest.mark.parametrize("reason", ["abstract base", "helper"])
def test_what_has_no_behaviour_is_listed_and_not_counted(reason: str) -> None:
    found, before = of(made(raw(TF), not_probed=reason))["layers"], of(TF)["layers"]
    assert found.figures == before.figures
    assert found.out_of_scope == before.out_of_scope | {"layers.Made": reason}
    assert found.not_probed == before.not_probed


def test_helpers_are_known_where_the_probe_said_nothing() -> None:
    assert of("tensorflow-2.15.1")["losses"].out_of_scope == dict.fromkeys(
        ("losses.deserialize", "losses.get", "losses.serialize"), "helper"
    )
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
    document = made(raw(TF))
    document["apis"]["keras"]["symbols"]["layers.Made"] = {"kind": "class", "same_as": "tf.keras:layers.Made"}
    document["captured"]["families"]["layers"]["apis"]["tf.keras"]["state"] = "timeout"
    assert why(document, "layers.Made") == "layers ended early: timeout"
    assert why(document, "layers.Made", "keras") == "layers ended early: timeout"
    assert coverage.families(Side(edited(document))) == list(KINDS)


def test_a_symbol_out_of_reach_is_told_with_its_failure() -> None:
    document = raw(TF)
    document["apis"]["tf.keras"]["symbols"]["layers.Odd"] = {"kind": "unknown", "state": "unsupported", "message": "no GPU"}
    assert why(document, "layers.Odd") == "unsupported: no GPU"


def test_a_symbol_counts_once_under_any_of_its_names() -> None:
    known = of("tensorflow-2.15.1")
    symbol = symbol_of(raw("tensorflow-2.15.1"), "experimental.CosineDecay", "tf.keras")
    assert "optimizers.schedules.CosineDecay" in symbol["aliases"]
    assert "experimental.CosineDecay" in known["optimizers"].not_probed
    assert "optimizers.schedules.CosineDecay" not in known["optimizers"].not_probed
    document = raw("tensorflow-2.15.1")
    symbol_of(document, "experimental.LinearModel", "tf.keras")["aliases"] = ["models.Other", "losses.linear"]
    assert "experimental.LinearModel" in of(document)["losses"].not_probed


def test_a_schedule_of_tensorflow_2_3_is_one_of_the_optimizers() -> None:
    assert symbol_of(raw("tensorflow-2.3.4"), "experimental.CosineDecay", "tf.keras").get("aliases") is None
    assert "experimental.CosineDecay" in of("tensorflow-2.3.4")["optimizers"].not_probed
    assert not any("LinearModel" in name for known in of("tensorflow-2.3.4").values() for name in known.not_probed)


def test_that_get_knows_names_makes_it_no_symbol() -> None:
    document = raw(TF)
    accepted = {"outcome": {"state": "value", "value": "accepted"}, "arguments": {"identifier": "relu"}}
    symbol_of(document, "activations.get", "tf.keras")["cases"] = {
        "relu@name": accepted,
        "x@2d": {"inference": {"values": [1]}},
    }
    found, before = of(document)["activations"], of(TF)["activations"]
    assert (found.symbols, found.probed) == (before.symbols, before.probed)
    assert found.out_of_scope["activations.get"] == "helper"


def test_names_of_keras_1_and_nested_ones_count_for_their_kind() -> None:
    assert "objectives.hinge" in of(SMALL)["losses"].not_probed
    assert "initializations.orthogonal" in of(SMALL)["initializers"].not_probed
    known = of("tensorflow-2.10.1")
    assert {"optimizers.legacy.SGD", "optimizers.experimental.AdamW"} <= known["optimizers"].not_probed.keys()
    assert {
        "layers.experimental.preprocessing.HashedCrossing",
        "layers.experimental.RandomFourierFeatures",
    } <= known["layers"].not_probed.keys()


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
        assert found.coverage[side] == {
            kind: known.figures for kind, known in (of(name) | coverage.besides(Side(fingerprint(name)))).items()
        }
    assert {"symbols", "compared", "cases", "a", "b"} == set(found.coverage)


def common(a: str, b: str) -> set[tuple[str, str, str]]:
    """The cases that both sides have, of every pair of objects that share a name, and that were measured alike."""
    one, other = Side(fingerprint(a)), Side(fingerprint(b))
    pairs = {(name, other.canonical(known)) for name in one.api.symbols for known in one.names(name)}
    return {
        (name, target, case)
        for name, target in pairs
        if target is not None
        for case, facts in one.symbol(name).cases.items()
        if case in other.symbol(target).cases and facts.get("revision") == other.symbol(target).cases[case].get("revision")
    }


def test_cases_that_both_sides_have_are_counted() -> None:
    found = compare(fingerprint(OLDER), fingerprint(NEWER))
    one, other = Side(fingerprint(OLDER)).subjects(), Side(fingerprint(NEWER)).subjects()
    besides = [
        (name, case)
        for name in one.keys() & other.keys()
        for case in one[name][1].keys() & other[name][1].keys()
        if one[name][1][case]["revision"] == other[name][1][case]["revision"]
    ]
    assert len(besides) > 100
    assert found.coverage["cases"]["compared"] == len(common(OLDER, NEWER)) + len(besides)


def test_cases_that_were_measured_in_another_way_or_lost_are_counted_apart() -> None:
    document, before = raw(NEWER), compare(fingerprint(OLDER), fingerprint(NEWER))
    cases = symbol_of(document, "layers.Dense", "tf.keras")["cases"]
    cases["default@2d"]["revision"] = "another"
    cases["pinned@2d"] = {"state": "crashed", "revision": cases["pinned@2d"]["revision"], "message": "killed"}
    found = compare(fingerprint(OLDER), edited(document))
    assert found.coverage["cases"]["compared"] == before.coverage["cases"]["compared"] - 2
    assert found.coverage["cases"]["not_comparable"] == before.coverage["cases"]["not_comparable"] + 2
    new = {one.id for one in found.not_comparable} - {one.id for one in before.not_comparable}
    assert new == {"layers.Dense/case.default@2d", "layers.Dense/case.pinned@2d"}


@pytest.mark.parametrize(("name", "api"), [(name, api) for name in COMPLETE for api in fingerprint(name).apis])
def test_skipping_what_is_alike_counts_as_comparing_it(name: str, api: str) -> None:
    whole = fingerprint(name)
    other = msgspec.structs.replace(whole, digests=whole.digests | {"declared": "sha256:other"})
    skipped, looked_into = (compare(whole, b, api_a=api, api_b=api) for b in (whole, other))
    assert skipped.divergences == looked_into.divergences == []
    assert skipped.coverage["cases"] == looked_into.coverage["cases"]
    assert skipped.coverage["cases"]["compared"] > 0


def test_equal_digests_of_a_family_skip_its_cases_only() -> None:
    whole, document = edited(raw(TF)), raw(TF)
    for name in ("layers.Dense", "activations.relu"):
        spoiled(symbol_of(document, name, "tf.keras"))
    changed = edited(document)
    found = {one.subject for one in compare(whole, changed).divergences}
    assert found == {"layers.Dense", "activations.relu"}
    # The loader lets no such digest pass: it shows that the family isn't looked into.
    digests = changed.digests | {"layers": whole.digests["layers"]}
    found = {one.subject for one in compare(whole, msgspec.structs.replace(changed, digests=digests)).divergences}
    assert found == {"activations.relu"}


def without_families(whole: Fingerprint) -> Fingerprint:
    """As it was captured before families had digests of their own."""
    return msgspec.structs.replace(whole, digests={key: whole.digests[key] for key in ("all", "declared", "measured")})


@pytest.mark.parametrize(("a", "b"), [(OLDER, NEWER), (NEWER, TF), (TF, KERAS3)])
def test_skipping_by_digests_changes_no_finding(a: str, b: str) -> None:
    one, other = edited(raw(a)), edited(raw(b))
    assert set(KINDS) <= one.digests.keys()
    skipped, looked_into = compare(one, other), compare(without_families(one), without_families(other))
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
    spoiled(own)
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
