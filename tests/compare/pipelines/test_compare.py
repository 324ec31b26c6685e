"""Two pipelines beside each other: what failed, stages and their causes, parts, batches; and documents of strangers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import hypothesis.strategies as st
import msgspec
import numpy as np
import pytest
from hypothesis import given

from kerasdiff.compare.divergence import Findings
from kerasdiff.compare.pipelines import compare as pipelines
from kerasdiff.fingerprint.pipeline import Pipeline
from kerasdiff.knowledge.load import Effect, tolerances
from tests.compare.pipelines.fed import batches, fed, found, piped, stage
from tests.compare.pipelines.test_fits import pictures

if TYPE_CHECKING:
    from kerasdiff.fingerprint.pipeline import Stage

X = pictures(1, 20, 24, count=10)
Y = np.arange(10) % 4


def staged(**arrays: Any) -> Pipeline:
    """A pipeline of stages that give these arrays."""
    return piped(*(named(name.replace("_", " "), x) for name, x in arrays.items()))


def named(name: str, x: Any) -> Stage:
    return stage([batches(x, Y)] * 2, name)


def failed(kind: str = "", message: str = "", where: str = "", state: str = "error") -> Pipeline:
    return Pipeline(name="data:train", state=state, type=kind, message=message, where=where)


def causes(a: Pipeline, b: Pipeline) -> dict[str, str | None]:
    return {one.id: one.cause for one in found(a, b).values()}


# States


def test_neither_side_has_one() -> None:
    assert found(None, None) == {}


def test_one_side_has_one() -> None:
    findings = Findings(tolerances())
    pipelines.compare(fed(X, Y), None, findings)
    assert findings.divergences == {}
    assert [(one.id, one.why) for one in findings.not_comparable] == [
        ("pipeline", "a pipeline was captured in A only: capture the other side with --pipeline too")
    ]


@pytest.mark.parametrize("state", ["timeout", "crashed"])
def test_unknown_is_not_comparable(state: str) -> None:
    findings = Findings(tolerances())
    pipelines.compare(fed(X, Y), failed(state=state, message="took longer than 4 s", where="data.py:3: wait()"), findings)
    assert findings.divergences == {}
    (unknown,) = findings.not_comparable
    assert unknown.why == f"data:train {state} in B: {state}: took longer than 4 s (data.py:3: wait())"


def test_failure_in_b_breaks() -> None:
    (one,) = found(fed(X, Y), failed("ValueError", message="no", where="data.py:3: f()")).values()
    assert (one.id, one.effect) == ("pipeline/state", Effect.BREAKS)
    assert one.title == "data:train fails in B: ValueError: no (data.py:3: f())"


@pytest.mark.parametrize(("b", "alike"), [(failed("ValueError"), ", as in B"), (failed("KeyError"), ""), (fed(X, Y), "")])
def test_failure_in_a_is_not_comparable(b: Pipeline, alike: str) -> None:
    findings = Findings(tolerances())
    pipelines.compare(failed("ValueError", message="no"), msgspec.structs.replace(b, message="no"), findings)
    assert findings.divergences == {}
    assert [one.why for one in findings.not_comparable] == [f"data:train fails in A{alike}: ValueError: no"]


# Stages


def test_first_stage_that_parts_is_the_cause() -> None:
    a = staged(read=X, scale=X / 255, centre=X / 255 - 0.5)
    b = staged(read=X, scale=X / 127.5 - 1, centre=X / 127.5 - 1.5)
    assert causes(a, b) == {
        "pipeline.stages.scale/values.x": None,
        "pipeline.stages.centre/values.x": "pipeline.stages.scale/values.x",
    }


def test_what_has_no_name_comes_of_the_stage_before() -> None:
    a, b = staged(read=X, power=X**2), staged(read=X / 255 + 1, power=(X / 255 + 1) ** 2)
    told = found(a, b)
    assert told["pipeline.stages.power/values.x"].title.startswith("x: different, by ")
    assert told["pipeline.stages.power/values.x"].cause == "pipeline.stages.read/values.x"


def test_a_second_fault_has_no_cause() -> None:
    a, b = staged(read=X, flip=X), staged(read=X / 255, flip=X[:, :, ::-1] / 255)
    assert causes(a, b) == {"pipeline.stages.read/values.x": None, "pipeline.stages.flip/values.x": None}


def test_order_of_one_stage_explains_that_of_the_next() -> None:
    order = [3, 1, 4, 0, 5, 9, 2, 6, 8, 7]
    a = piped(named("read", X), named("shuffle", X))
    moved = [stage([batches(X, Y, order=order)] * 2, name) for name in ("read", "shuffle")]
    assert causes(a, piped(*moved)) == {
        "pipeline.stages.read/order": None,
        "pipeline.stages.shuffle/order": "pipeline.stages.read/order",
    }


def test_a_fault_that_is_mended_later_is_one_finding() -> None:
    assert causes(staged(read=X, scale=X / 255), staged(read=X[..., ::-1], scale=X / 255)) == {
        "pipeline.stages.read/values.x": None
    }


def test_stages_of_one_side() -> None:
    told = found(staged(read=X, scale=X / 255), staged(read=X, scale_by_255=X / 255))
    assert {one.id: (one.effect, one.title) for one in told.values()} == {
        "pipeline.stages.scale/presence": (Effect.INFO, "the stage scale is only in A"),
        "pipeline.stages.scale by 255/presence": (Effect.INFO, "the stage scale by 255 is only in B"),
    }


def test_last_stages_are_compared_whatever_they_are_called() -> None:
    told = found(staged(read=X, scale=X / 255), staged(read=X, tenth=X / 10))
    assert told["pipeline.x/values"].title.startswith("in B scaled by 25.5")


def test_name_of_a_stage_cannot_end_a_subject() -> None:
    told = found(piped(named("a/b%", X)), piped(named("a/b%", X / 255)))
    assert list(told) == ["pipeline.stages.a%2Fb%25/values.x"]


# Parts


def test_a_part_that_one_side_lacks() -> None:
    (one,) = found(fed(X, Y), fed(X)).values()
    assert (one.id, one.effect, one.title) == ("pipeline.y/presence", Effect.ARCHITECTURE, "is only in A")


def test_single_parts_are_compared_whatever_they_are_called() -> None:
    a = piped(stage([[{"image": X}]] * 2))
    b = piped(stage([[X / 255]] * 2))
    assert list(found(a, b)) == ["pipeline.image/values"]


def test_not_a_number() -> None:
    lost = X.copy()
    lost[3, 2, 2, 1] = np.nan
    told = found(fed(X, Y), fed(lost, Y))
    assert told["pipeline.x/nan"].title == "1 numbers are NaN in B, 0 in A"
    assert found(fed(lost, Y), fed(lost, Y)) == {}


def test_one_sample_of_many() -> None:
    for place in range(len(X)):
        spoilt = X.copy()
        spoilt[place] = 0
        (one,) = found(fed(X, Y), fed(spoilt, Y)).values()
        assert one.title.endswith("1 of 10 samples differ"), (place, one.title)


def test_a_fault_that_not_all_samples_have() -> None:
    kept = {kept.index for kept in fed(X, Y).stages[0].parts["x"].kept}
    place = next(place for place in range(len(X)) if place not in kept)
    spoilt = X / 255
    spoilt[place] = X[place] / 100
    (one,) = found(fed(X, Y), fed(spoilt, Y)).values()
    assert one.title.startswith("in B scaled by 1/255")
    assert one.title.endswith("; 1 of 10 samples differ besides")


def test_scaled_and_drawn_in_another_order_each_time() -> None:
    def drawn(x: Any, order: list[int]) -> Pipeline:
        made = stage([batches(x, Y, order=order)] * 2)
        return piped(msgspec.structs.replace(made, order=msgspec.structs.replace(made.order, unstable=True)))

    order = [3, 1, 4, 0, 5, 9, 2, 6, 8, 7]
    told = found(drawn(X, list(range(10))), drawn(X / 255, order))
    assert [(one.id, one.title.split(",")[0]) for one in told.values()] == [("pipeline.x/values", "in B scaled by 1/255")]
    assert found(drawn(X, list(range(10))), drawn(X, order)) == {}


def test_remedy_is_about_the_part() -> None:
    a, b = (piped(stage([[{"left": x, "right": X}]] * 2)) for x in (X, X / 255))
    (one,) = found(a, b).values()
    assert (one.id, one.remedy) == ("pipeline.left/values", "left = left * 255")


def test_random_values_are_compared_by_their_moments() -> None:
    def drawn(seed: int, scale: float) -> Pipeline:
        values = [np.random.RandomState(seed + run).rand(64, 6) * scale for run in range(2)]
        first, second = (stage([[x]]) for x in values)
        part = msgspec.structs.replace(first.parts["x"], unstable=second.parts["x"].statistics)
        return piped(msgspec.structs.replace(first, parts={"x": part}))

    assert found(drawn(1, 1.0), drawn(3, 1.0)) == {}
    (one,) = found(drawn(1, 1.0), drawn(3, 255.0)).values()
    assert one.id == "pipeline.x/values"


# Strangers' documents


def walked(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value of a JSON document."""
    inside = value.items() if isinstance(value, dict) else enumerate(value[:3]) if isinstance(value, list) else ()
    return [path, *(way for key, part in inside for way in walked(part, (*path, key)))]


RAW = msgspec.to_builtins(fed(X, Y))
WAYS = [way for way in walked(RAW) if way]
JUNK = [0, -1, 10**30, 1e308, "nan", "x", [], [[]], {}, None, [10**12, 10**12], [-5, 3], [0] * 40, [8, 8, 3], ["inf"] * 432]


@given(way=st.sampled_from(WAYS), junk=st.sampled_from(JUNK), is_a=st.booleans())
def test_damaged_documents_are_refused_or_compared(way: tuple[Any, ...], junk: Any, is_a: bool) -> None:
    raw = json.loads(json.dumps(RAW))
    holder = raw
    for key in way[:-1]:
        holder = holder[key]
    holder[way[-1]] = junk
    try:
        damaged = msgspec.convert(raw, Pipeline)
    except msgspec.ValidationError:
        return
    sides = (damaged, fed(X, Y)) if is_a else (fed(X, Y), damaged)
    for one in found(*sides).values():
        assert one.id.startswith("pipeline")
        json.dumps(one.size, allow_nan=False)
