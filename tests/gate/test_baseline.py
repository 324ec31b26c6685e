"""A baseline: the same facts, the same bytes; slim, it loses nothing that the policy gates on."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest

from kerasdiff.compare.engine import compare
from kerasdiff.compare.side import default_api
from kerasdiff.fingerprint.load import check
from kerasdiff.gate.baseline import narrowed, slim, steady
from kerasdiff.gate.decide import judge
from kerasdiff.gate.policy import Policy
from kerasdiff.probe import canonical
from tests.conftest import fingerprint, raw
from tests.gate.project import A, B

if TYPE_CHECKING:
    from kerasdiff.fingerprint.document import Fingerprint
    from tests.conftest import Raw

TODAY = dt.date(2026, 11, 21)
RELEASES = [A, B, "releases/keras-2.3.1+tensorflow-1.15.5", "releases/keras-3.15.1+tensorflow-2.21.0"]


def test_what_is_unstable_has_no_scatter() -> None:
    document = raw(A)
    case = document["apis"]["tf.keras"]["symbols"]["layers.Dense"]["cases"]["default@2d"]
    written_so = []
    for scatter in (1e-3, 2e-3):
        case["inference"] = {"state": "unstable", "scatter": scatter}
        written_so.append(written(steady(document)))
    assert written_so[0] == written_so[1]


def again(document: Raw) -> Raw:
    """The same environment, captured at another time on another machine of the same kind."""
    copy: Raw = json.loads(json.dumps(document))
    copy["captured"]["at"] = "2030-01-01T00:00:00Z"
    copy["captured"]["seconds"] = 1.0
    for run in copy["captured"]["families"].values():
        run["seconds"] = 7.5
    copy["runtime"]["memory"] = 1
    copy["runtime"]["kernel"] = "9.9"
    copy["runtime"]["platform"] = "Linux-9.9"
    copy["runtime"]["cpu"] |= {"model": "other", "cores": 64, "usable_cores": 3}
    copy["digests"] = canonical.digests(copy)
    return copy


def written(document: Raw) -> str:
    return canonical.document(document)


@pytest.mark.parametrize("release", RELEASES)
def test_time_and_machine_change_nothing(release: str) -> None:
    document = raw(release)
    assert written(again(document)) != written(document)
    assert written(steady(again(document))) == written(steady(document))


@pytest.mark.parametrize("release", RELEASES)
def test_a_baseline_is_a_fingerprint_of_the_same(release: str) -> None:
    kept = check(steady(raw(release)), "the baseline")
    for a, b in ((kept, fingerprint(release)), (fingerprint(release), kept)):
        found = compare(a, b)
        assert (found.divergences, found.not_comparable) == ([], [])
        assert found.context["runtime"] == []


def test_the_instruction_set_and_the_devices_stay() -> None:
    runtime = steady(raw(A))["runtime"]
    assert runtime["cpu"].keys() == {"instruction_sets"}
    assert {"devices", "python", "libc", "machine"} <= runtime.keys()


def ids(a: Fingerprint, b: Fingerprint, policy: Policy) -> tuple[set[str], list[str], int]:
    found, gate = judge(a, b, policy, today=TODAY)
    gated = {one.id for one in found.divergences if gate.stops(one)}
    return gated, [one.id for one in found.not_comparable], gate.exit


SCOPES = [
    Policy(),
    Policy(only=["*.outcome"]),
    Policy(only=["optimizers.*outcome"]),
    Policy(only=["metrics.*"]),
    Policy(families=["training"]),
    Policy(only=["optimizers.*"]),
    Policy(only=["*/case.*"]),
    Policy(only=["losses.BinaryCrossentropy/*"], ignore=["losses.BinaryCrossentropy/parameter.*"]),
    Policy(ignore=["optimizers.*", "layers.Normalization"]),
    Policy(families=["settings", "symbols", "optimizers"]),
    Policy(families=["settings", "symbols", "training"], only=["training.*", "settings.*"]),
]


@pytest.mark.parametrize("policy", SCOPES, ids=range(len(SCOPES)))
@pytest.mark.parametrize("api", ["tf.keras", "keras"])
def test_slim_loses_nothing_that_the_policy_gates_on(policy: Policy, api: str) -> None:
    policy = Policy(api=api, **{name: getattr(policy, name) for name in ("only", "ignore", "families")})  # type: ignore[arg-type]
    whole = check(narrowed(raw(A), policy.captured), "A")
    small = check(slim(raw(A), policy, api), "slim")
    later = check(narrowed(raw(B), policy.captured), "B")
    assert ids(small, later, policy) == ids(whole, later, policy)
    same = check(narrowed(raw(A), policy.captured), "A")
    assert ids(small, same, policy) == (set(), [], 0)


def test_slim_is_smaller() -> None:
    document = raw(A)
    api = default_api(fingerprint(A))
    sizes = [
        len(written(part))
        for part in (document, slim(document, Policy(), api), slim(document, Policy(only=["optimizers.*"]), api))
    ]
    assert sizes[1] < 0.75 * sizes[0]
    assert sizes[2] < 0.35 * sizes[0]
    assert list(slim(document, Policy(), api)["apis"]) == [api]


def test_narrowed_to_all_is_the_same() -> None:
    document = raw(A)
    assert narrowed(document, []) is document
    assert narrowed(document, list(document["captured"]["families"])) is document


def test_narrowed_is_as_if_nothing_else_had_been_captured() -> None:
    kept = check(narrowed(raw(A), ["symbols", "losses"]), "narrowed")
    api = kept.apis["tf.keras"]
    assert (api.settings, api.training, api.saving, api.operations, kept.libraries) == ({}, {}, {}, {}, {})
    assert api.symbols["losses.MeanSquaredError"].cases
    assert not api.symbols["layers.Dense"].cases
    assert api.symbols["layers.Dense"].parameters
    assert {kept.family_state(family, "tf.keras") for family in ("layers", "settings", "numpy")} == {"not run"}
    assert kept.packages == fingerprint(A).packages  # they say which environment it is
