"""What passes: the gate, and the exit status of the command line."""

from __future__ import annotations

import fnmatch
import json
from itertools import product
from typing import TYPE_CHECKING

import msgspec
import pytest

from kerasdiff.compare.engine import compare
from kerasdiff.errors import ExitStatus
from kerasdiff.gate.decide import decide
from kerasdiff.knowledge.load import Effect
from tests.conftest import SMALL, THEANO, Raw, api_of, edited, fingerprint, path, raw, sealed, symbol_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kerasdiff.fingerprint.document import Fingerprint
    from tests.conftest import Ran


def with_effect(effect: Effect) -> Raw:
    """A real fingerprint that differs from its own by one divergence of an effect."""
    document = raw(THEANO)
    api = api_of(document)
    if effect is Effect.BREAKS:
        del api["symbols"]["callbacks.EarlyStopping"]
    elif effect is Effect.ARCHITECTURE:
        api["settings"]["image_data_format"] = {"value": "channels_first", "source": "file"}
    elif effect is Effect.RESULTS:
        symbol_of(document, "layers.LSTM")["config"]["recurrent_activation"] = "sigmoid"
    elif effect is Effect.REPRODUCIBILITY:
        api["settings"]["theano.openmp"]["value"] = True
    else:
        document["environment"]["LANG"] = "de_DE.UTF-8"
    return document


def with_unknown(document: Raw) -> Raw:
    """``document`` where a symbol crashed."""
    api_of(document)["symbols"]["callbacks.History"] = {"kind": "unknown", "state": "crashed", "message": "signal 11"}
    document["captured"]["families"]["symbols"] = {"state": "partial", "apis": {"keras": {"state": "partial"}}}
    return document


@pytest.fixture(scope="module")
def by_effect() -> dict[Effect, Fingerprint]:
    return {effect: edited(with_effect(effect)) for effect in Effect}


def test_effects_are_ordered_from_the_worst() -> None:
    assert [effect.value for effect in Effect] == ["breaks", "architecture", "results", "reproducibility", "info"]
    assert [effect.rank for effect in Effect] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("effect", "limit"), list(product(Effect, repeat=2)))
def test_an_effect_is_limited_to_the_milder_one(effect: Effect, limit: Effect) -> None:
    assert effect.at_most(limit) is (effect if effect.rank >= limit.rank else limit)
    assert effect.reaches(limit) is (effect.rank <= limit.rank)


@pytest.mark.parametrize(("effect", "fail_on"), list(product(Effect, repeat=2)))
def test_the_gate_fails_at_its_effect_and_above(effect: Effect, fail_on: Effect, by_effect: dict[Effect, Fingerprint]) -> None:
    found = compare(fingerprint(THEANO), by_effect[effect])
    assert [one.effect for one in found.divergences] == [effect]
    gate = decide(found, fail_on)
    expected = list(Effect).index(effect) <= list(Effect).index(fail_on)
    assert (gate.failed, gate.exit, gate.fail_on) == (expected, int(expected), fail_on)


@pytest.mark.parametrize("fail_on", list(Effect))
def test_nothing_that_differs_passes_every_gate(fail_on: Effect) -> None:
    gate = decide(compare(fingerprint(THEANO), fingerprint(THEANO)), fail_on)
    assert (gate.failed, gate.exit) == (False, ExitStatus.OK)


@pytest.mark.parametrize(("effect", "fail_on"), list(product(Effect, repeat=2)))
def test_unknown_facts_leave_every_gate_unanswered(effect: Effect, fail_on: Effect) -> None:
    found = compare(fingerprint(THEANO), edited(with_unknown(with_effect(effect))))
    gate = decide(found, fail_on)
    assert gate.exit == ExitStatus.UNANSWERED
    assert gate.failed is effect.reaches(fail_on)  # what is known is told all the same


def test_what_is_waived_does_not_fail_the_gate() -> None:
    found = compare(fingerprint(THEANO), edited(with_effect(Effect.BREAKS)))
    waived = [msgspec.structs.replace(one, waived={"reason": "known"}) for one in found.divergences]
    gate = decide(msgspec.structs.replace(found, divergences=waived), Effect.INFO)
    assert (gate.failed, gate.exit) == (False, ExitStatus.OK)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Operands of every kind."""
    contents = {
        "breaks": sealed(with_effect(Effect.BREAKS)),
        "unknown": sealed(with_unknown(raw(THEANO))),
        "both": sealed(with_unknown(with_effect(Effect.BREAKS))),
        "bad": b"{",
    }
    for name, content in contents.items():
        (tmp_path / f"{name}.json").write_bytes(content)
    return {"same": path(THEANO), **{name: str(tmp_path / f"{name}.json") for name in contents}}


@pytest.mark.parametrize(
    ("a", "b", "status"),
    [
        ("same", "same", 0),
        ("same", "breaks", 1),
        ("same", "unknown", 3),
        ("same", "both", 3),
        ("unknown", "unknown", 3),
        ("same", "bad", 2),
        ("unknown", "bad", 2),
        ("bad", "both", 2),
    ],
)
def test_where_several_hold_the_status_is_2_then_3_then_1_then_0(
    a: str, b: str, status: int, files: dict[str, str], kerasdiff: Callable[..., Ran]
) -> None:
    for form in ("text", "json"):
        assert kerasdiff("compare", files[a], files[b], "--format", form).status == status


def test_divergences_are_printed_where_there_is_no_answer(files: dict[str, str], kerasdiff: Callable[..., Ran]) -> None:
    done = kerasdiff("compare", files["same"], files["both"])
    assert "BREAKS" in done.out
    assert "the class callbacks.EarlyStopping is gone" in done.out
    assert "NOT COMPARABLE" in done.out
    assert "callbacks.History/presence: crashed in B: signal 11" in done.out
    assert done.out.endswith("\nGate can't be answered: some facts are not comparable; exit status 3.\n")


def test_a_report_that_can_not_be_written_is_no_answer(
    files: dict[str, str], tmp_path: Path, kerasdiff: Callable[..., Ran]
) -> None:
    for name in ("same", "breaks"):
        assert kerasdiff("compare", files["same"], files[name], "-o", tmp_path).status == 3
    assert kerasdiff("compare", files["same"], files["bad"], "-o", tmp_path).status == 2


@pytest.mark.parametrize("effect", [effect.value for effect in Effect])
def test_fail_on_sets_the_exit_status(effect: str, kerasdiff: Callable[..., Ran]) -> None:
    pair = path("keras-2.3.1+tensorflow-1.15.5"), path("tensorflow-2.3.4")
    assert kerasdiff("compare", *pair, "--api", "tf.keras", "--fail-on", effect).status == 1
    assert kerasdiff("compare", *pair, "--api", "tf.keras", "--fail-on", effect, "--ignore", "*").status == 0


def test_results_is_the_gate_where_none_is_given(files: dict[str, str], kerasdiff: Callable[..., Ran]) -> None:
    assert kerasdiff("compare", files["same"], files["breaks"]).out.endswith(
        "Gate fails: divergences at or above results (--fail-on); exit status 1.\n"
    )
    assert kerasdiff("compare", files["same"], files["same"]).out.endswith(
        "Gate passes: nothing at or above results; exit status 0.\n"
    )


def ids(done: Ran) -> set[str]:
    return {found["id"] for found in json.loads(done.out)["divergences"]}


@pytest.mark.parametrize(
    ("patterns", "gone"),
    [
        (["layers.LSTM/parameter.W_regularizer"], {"layers.LSTM/parameter.W_regularizer"}),
        (["layers.LSTM"], "layers.LSTM/"),
        (["layers.*"], "layers."),
        (["layers.*", "optimizers.*"], ("layers.", "optimizers.")),
        (["*/presence"], "/presence"),
        (["nothing.at.all"], set()),
        (["LAYERS.*"], set()),
    ],
)
def test_what_is_ignored_is_left_out(patterns: list[str], gone: object, kerasdiff: Callable[..., Ran]) -> None:
    pair = ("compare", path(SMALL), path(THEANO), "--format", "json")
    before = ids(kerasdiff(*pair))
    after = ids(kerasdiff(*pair, *(part for pattern in patterns for part in ("--ignore", pattern))))
    if isinstance(gone, set):
        assert before - after == gone
    elif gone == "/presence":
        assert after == {one for one in before if not one.endswith("/presence")}
    else:
        assert isinstance(gone, (str, tuple))
        assert after == {one for one in before if not one.startswith(gone)}
        assert after < before


def test_what_is_ignored_is_in_no_count_and_no_cause(kerasdiff: Callable[..., Ran]) -> None:
    pair = path("tensorflow-2.8.4"), path("tensorflow-2.10.1")
    everything = json.loads(kerasdiff("compare", *pair, "--format", "json").out)
    causes = {found["cause"] for found in everything["divergences"]} - {None}
    assert "mixed_precision.experimental/presence" in causes
    ignore = ("--ignore", "mixed_precision.experimental", "--ignore", "layers.Layer.*")
    report = json.loads(kerasdiff("compare", *pair, *ignore, "--format", "json").out)
    left = {found["id"] for found in report["divergences"]}
    assert "mixed_precision.experimental.Policy/presence" in left
    for found in report["divergences"]:
        assert found["cause"] in {None, *left}
        assert set(found["explains"]) <= left
    assert sum(report["summary"][effect.value] for effect in Effect) == len(left)
    assert everything["summary"]["ignored"] == 0
    assert report["summary"]["ignored"] == len(everything["divergences"]) - len(left) > 0
    out = kerasdiff("compare", *pair, *ignore).out
    assert f"; {report['summary']['ignored']} ignored (--ignore)" in " ".join(out.split())
    assert "mixed_precision.experimental.Policy" in out  # named, now that no cause stands for it


def test_unknown_facts_that_are_ignored_leave_an_answer(files: dict[str, str], kerasdiff: Callable[..., Ran]) -> None:
    assert kerasdiff("compare", files["same"], files["unknown"], "--ignore", "callbacks.*").status == 0
    assert kerasdiff("compare", files["same"], files["both"], "--ignore", "callbacks.History").status == 1
    assert kerasdiff("compare", files["same"], files["both"], "--ignore", "callbacks.EarlyStopping").status == 3
    counted = kerasdiff("compare", files["same"], files["unknown"], "--ignore", "callbacks.*", "--format", "json").out
    assert json.loads(counted)["summary"]["ignored"] == 1


RELEASED = ("kerasdiff/releases/tensorflow-2.15.1.json.gz", "kerasdiff/releases/keras-3.15.1+tensorflow-2.21.0.json.gz")


@pytest.mark.parametrize("pattern", ["layers.*", "layers.LSTM", "layers.*/parameter.*", "nothing.*"])
def test_only_what_matches_is_compared_with_what_explains_it(kerasdiff: Callable[..., Ran], pattern: str) -> None:
    pair = ("compare", *RELEASED, "--format", "json")
    every = {one["id"]: one for one in json.loads(kerasdiff(*pair).out)["divergences"]}
    report = json.loads(kerasdiff(*pair, "--only", pattern).out)
    wanted = {
        identifier
        for identifier in every
        if fnmatch.fnmatchcase(identifier, pattern) or fnmatch.fnmatchcase(identifier.partition("/")[0], pattern)
    }
    causes: set[str] = set()
    for identifier in wanted:
        cause = every[identifier]["cause"]
        while cause is not None:
            causes.add(cause)
            cause = every[cause]["cause"]
    assert {one["id"] for one in report["divergences"]} == wanted | causes
    assert all(one["cause"] == every[one["id"]]["cause"] for one in report["divergences"])
    assert report["summary"]["ignored"] == 0
    assert report["gate"]["failed"] is bool(wanted)


def test_what_is_ignored_is_left_out_of_what_is_asked_for(kerasdiff: Callable[..., Ran]) -> None:
    pair = ("compare", *RELEASED, "--format", "json", "--only", "layers.LSTM", "--ignore", "layers.LSTM/parameter.*")
    report = json.loads(kerasdiff(*pair).out)
    assert report["summary"]["ignored"] > 0
    assert not [one for one in report["divergences"] if one["id"].startswith("layers.LSTM/parameter.")]
