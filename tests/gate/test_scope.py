"""What a policy adds: facts around Keras that count, families that must be known, and tolerances."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from kerasdiff.gate.decide import judge
from kerasdiff.gate.policy import Policy, Tolerance
from kerasdiff.knowledge.load import Effect
from tests.conftest import Raw, api_of, edited, fingerprint, raw
from tests.gate.project import A, B

if TYPE_CHECKING:
    from kerasdiff.compare.engine import Comparison
    from kerasdiff.fingerprint.document import Fingerprint
    from kerasdiff.gate.decide import Gate

TODAY = dt.date(2026, 11, 21)


def judged(a: Fingerprint, b: Fingerprint, **policy: Any) -> tuple[Comparison, Gate]:
    return judge(a, b, Policy(**policy), today=TODAY)


def changed(**groups: Any) -> Fingerprint:
    """A with other packages or another runtime."""
    document = raw(A)
    for group, values in groups.items():
        document[group] = {**document[group], **values}
    return edited(document)


def test_a_package_is_context_until_the_policy_gives_it_an_effect() -> None:
    newer = changed(packages={"numpy": "9.9"})
    found, gate = judged(fingerprint(A), newer)
    assert ([one.id for one in found.divergences], gate.exit) == ([], 0)
    found, gate = judged(fingerprint(A), newer, effects={"packages.num*": Effect.RESULTS})
    (one,) = found.divergences
    assert (one.id, one.effect, one.b) == ("packages.numpy/value", Effect.RESULTS, "9.9")
    assert one.title == f"numpy is {one.a} in A, 9.9 in B"
    assert gate.exit == 1
    _, gate = judged(fingerprint(A), newer, effects={"packages.num*": Effect.INFO})
    assert gate.exit == 0


def test_the_runtime_can_be_gated() -> None:
    other = changed(runtime={"python": "3.9.9"})
    found, gate = judged(fingerprint(A), other, effects={"runtime.python": Effect.RESULTS})
    assert ([one.id for one in found.divergences], gate.exit) == (["runtime.python/value"], 1)


def test_a_variable_has_the_effect_that_the_policy_gives_it() -> None:
    other = changed(environment={"OMP_NUM_THREADS": "7"})
    (before,) = judged(fingerprint(A), other)[0].divergences
    assert before.subject == "environment.OMP_NUM_THREADS"
    given = Effect.BREAKS if before.effect is not Effect.BREAKS else Effect.INFO
    (after,) = judged(fingerprint(A), other, effects={"environment.*": given})[0].divergences
    assert after.effect is given


def without(family: str, *, state: str = "not run") -> Raw:
    """A, where a family was not captured."""
    document = raw(A)
    document["captured"]["families"][family] = {"state": state}
    if family == "training":
        for api in document["apis"].values():
            api.pop("training", None)
    return document


def test_a_family_that_both_lack_is_unknown_where_the_policy_gates_on_it() -> None:
    blind = edited(without("training"))
    assert judged(blind, blind)[1].exit == 0
    found, gate = judged(blind, blind, families=["symbols", "training"])
    assert [one.id for one in found.not_comparable] == ["training"]
    assert "not run in A, not run in B" in found.not_comparable[0].why
    assert gate.exit == 3


@pytest.mark.parametrize("state", ["not run", "timeout", "crashed"])
def test_a_family_that_one_lacks_is_unknown(state: str) -> None:
    found, gate = judged(fingerprint(A), edited(without("training", state=state)), families=["symbols", "training"])
    assert "training" in [one.id for one in found.not_comparable]
    assert gate.exit == 3


def test_what_is_unstable_on_one_side_is_unknown_where_the_policy_gates_on_its_family() -> None:
    document = raw(A)
    case = api_of(document, "tf.keras")["symbols"]["layers.Dense"]["cases"]["default@2d"]
    case["inference"] = {"state": "unstable"}
    shaky = edited(document)
    found, gate = judged(fingerprint(A), shaky)
    unstable = {f"layers.Dense/case.default@2d.{quantity}" for quantity in ("inference", "training")}  # training is the same
    assert {one.id: one.effect for one in found.divergences} == dict.fromkeys(unstable, Effect.REPRODUCIBILITY)
    assert gate.exit == 0
    found, gate = judged(fingerprint(A), shaky, families=["symbols", "layers"])
    assert {one.id for one in found.not_comparable} == unstable
    assert gate.exit == 3
    assert judged(fingerprint(A), shaky, families=["symbols", "optimizers"])[1].exit == 0
    assert judged(shaky, shaky, families=["symbols", "layers"])[1].exit == 0


def test_a_wider_tolerance_lets_smaller_differences_pass() -> None:
    strict = {one.id: one for one in judged(fingerprint(A), fingerprint(B))[0].divergences}
    name = "optimizers.RMSprop/case.default@1d.training"
    size = strict[name].size
    assert size is not None
    wide = Tolerance(subject="optimizers.RMSprop", tolerance=2 * size["scaled"], reason="test")
    ids = {one.id for one in judged(fingerprint(A), fingerprint(B), tolerances=[wide])[0].divergences}
    assert name in strict
    assert name not in ids
    other = Tolerance(subject="optimizers.RMSprop", quantity="inference", tolerance=1.0, reason="test")
    ids = {one.id for one in judged(fingerprint(A), fingerprint(B), tolerances=[other])[0].divergences}
    assert name in ids


def test_a_tolerance_of_nothing_sees_every_bit() -> None:
    document = raw(A)
    part = api_of(document, "tf.keras")["symbols"]["layers.Dense"]["cases"]["default@2d"]["inference"]
    part["values"][0] *= 1 + 1e-8
    nearly = edited(document)
    assert judged(fingerprint(A), nearly)[0].divergences == []
    exact = Tolerance(subject="*", tolerance=0.0, reason="test")
    found = judged(fingerprint(A), nearly, tolerances=[exact])[0].divergences
    assert {one.subject for one in found} == {"layers.Dense"}


def test_only_and_ignore_are_the_scope() -> None:
    every = judged(fingerprint(A), fingerprint(B))[0]
    optimizers = judged(fingerprint(A), fingerprint(B), only=["optimizers.*"])[0]
    assert {one.id for one in optimizers.divergences} == {
        one.id for one in every.divergences if one.subject.startswith("optimizers.")
    }
    rest = judged(fingerprint(A), fingerprint(B), ignore=["optimizers.*"])[0]
    assert len(rest.divergences) + len(optimizers.divergences) == len(every.divergences)
