"""Settings and variables: what another keras.json, another machine or another shell does."""

from __future__ import annotations

from typing import Any

import pytest

from kerasdiff.compare.engine import compare
from kerasdiff.knowledge.load import Effect, effects
from tests.conftest import SMALL, THEANO, Raw, api_of, by_id, edited, fingerprint, raw

TF = "tensorflow-2.15.1"
TORCH = "keras-3.15.1+torch-2.13"


def with_setting(name: str, value: Any, source: str, environment: str = TF, api: str = "tf.keras") -> Raw:
    """A real fingerprint with another setting."""
    document = raw(environment)
    api_of(document, api)["settings"][name] = {"value": value, "source": source}
    return document


def with_variables(variables: Raw, environment: str = "tensorflow-2.3.4") -> Raw:
    """A real fingerprint with other variables."""
    document = raw(environment)
    document["environment"].update(variables)
    return document


@pytest.mark.parametrize(
    ("name", "before", "value", "effect"),
    [
        ("image_data_format", "channels_last", "channels_first", Effect.ARCHITECTURE),
        ("floatx", "float32", "float64", Effect.RESULTS),
        ("epsilon", 1e-7, 1e-5, Effect.RESULTS),
        ("dtype_policy", "float32", "mixed_float16", Effect.RESULTS),
    ],
)
def test_another_keras_json_is_found(name: str, before: Any, value: Any, effect: Effect) -> None:
    b = edited(with_setting(name, value, "file"))
    there, back = by_id(compare(fingerprint(TF), b)), by_id(compare(b, fingerprint(TF)))
    found = there[f"settings.{name}/value"]
    assert (found.effect, found.a, found.b) == (effect, before, value)
    assert found.title == f"{name} is {before!r} (the default) in A, {value!r} (keras.json) in B"
    found = back[f"settings.{name}/value"]
    assert (found.effect, found.a, found.b) == (effect, value, before)
    others = {one.aspect for one in there.values() if not one.subject.startswith("settings.")}
    assert others <= {"parameter.dtype"}  # a default of None is floatx


def test_a_setting_that_says_the_same_from_elsewhere_is_no_finding() -> None:
    assert compare(fingerprint(TF), edited(with_setting("floatx", "float32", "file"))).divergences == []
    assert compare(fingerprint(TF), edited(with_setting("epsilon", 1.0000000116860974e-07, "file"))).divergences == []


@pytest.mark.parametrize("name", ["floatx", "image_data_format", "backend", "onednn"])
def test_what_the_machine_decides_is_reproducibility_at_most(name: str) -> None:
    a = edited(with_setting(name, "one", "hardware"))
    for source in ("hardware", "default", "variable"):
        found = by_id(compare(a, edited(with_setting(name, "other", source))))[f"settings.{name}/value"]
        assert found.effect.rank >= Effect.REPRODUCIBILITY.rank


def test_the_machine_does_not_worsen_what_is_information() -> None:
    a, b = (edited(with_setting("soft_device_placement", value, "hardware")) for value in (True, False))
    assert by_id(compare(a, b))["settings.soft_device_placement/value"].effect is Effect.INFO


def test_another_number_of_threads_is_reproducibility() -> None:
    document = with_setting("torch.threads", 64, "hardware", TORCH, "keras")
    found = compare(fingerprint(TORCH), edited(document)).divergences
    assert [(one.id, one.effect) for one in found] == [("settings.torch.threads/value", Effect.REPRODUCIBILITY)]


def test_a_variable_is_the_cause_of_the_setting_that_it_controls() -> None:
    document = with_setting("onednn", False, "variable")
    document["environment"]["TF_ENABLE_ONEDNN_OPTS"] = "0"
    found = by_id(compare(fingerprint(TF), edited(document)))
    setting, variable = found["settings.onednn/value"], found["environment.TF_ENABLE_ONEDNN_OPTS/value"]
    assert len(found) == 2
    assert setting.cause == variable.id
    assert (setting.effect, variable.effect) == (Effect.REPRODUCIBILITY, Effect.REPRODUCIBILITY)
    assert variable.explains == [setting.id]
    assert variable.title == "TF_ENABLE_ONEDNN_OPTS is not set in A, '0' in B"


def test_a_variable_whose_setting_stayed_is_information() -> None:
    found = compare(fingerprint(TF), edited(with_variables({"TF_ENABLE_ONEDNN_OPTS": "1"}, TF))).divergences
    assert [(one.id, one.effect) for one in found] == [("environment.TF_ENABLE_ONEDNN_OPTS/value", Effect.INFO)]


@pytest.mark.parametrize(
    ("name", "effect"),
    [
        ("THEANO_FLAGS", Effect.RESULTS),
        ("NPY_PROMOTION_STATE", Effect.RESULTS),
        ("OMP_NUM_THREADS", Effect.REPRODUCIBILITY),
        ("PYTHONHASHSEED", Effect.REPRODUCIBILITY),
        ("LC_ALL", Effect.INFO),
        ("CUDA_LAUNCH_BLOCKING", Effect.INFO),
    ],
)
def test_variables_have_the_effect_that_is_known_of_them(name: str, effect: Effect) -> None:
    for a, b in (({}, {name: "x"}), ({name: "x"}, {}), ({name: "x"}, {name: "y"})):
        found = compare(edited(with_variables(a)), edited(with_variables(b))).divergences
        assert [(one.id, one.effect) for one in found] == [(f"environment.{name}/value", effect)]
        assert (found[0].a, found[0].b) == (a.get(name), b.get(name))


@pytest.mark.parametrize("name", ["THEANO_FLAGS", "OMP_NUM_THREADS"])
def test_a_variable_that_does_more_than_its_settings_show_keeps_its_effect(name: str) -> None:
    document = raw(THEANO)
    document["environment"][name] = "gcc.cxxflags=-ffast-math" if name == "THEANO_FLAGS" else "1"
    found = by_id(compare(fingerprint(THEANO), edited(document)))[f"environment.{name}/value"]
    assert found.effect is effects().variable(name)


def test_equal_variables_are_no_finding() -> None:
    both = edited(with_variables({"OMP_NUM_THREADS": "1", "THEANO_FLAGS": "floatX=float32"}))
    assert compare(both, both).divergences == []


@pytest.mark.parametrize("name", sorted(effects().settings))
def test_every_known_setting_has_its_effect_when_it_changes(name: str) -> None:
    a, b = (edited(with_setting(name, value, "file", SMALL, "keras")) for value in ("one", "other"))
    found = by_id(compare(a, b))[f"settings.{name}/value"]
    assert found.effect is effects().settings[name]
    assert found.title == f"{name} is 'one' (keras.json) in A, 'other' (keras.json) in B"


def test_a_setting_of_one_side_only_is_information() -> None:
    document = raw(TF)
    del api_of(document, "tf.keras")["settings"]["tf32"]
    found = compare(fingerprint(TF), edited(document)).divergences
    assert [(one.id, one.effect) for one in found] == [("settings.tf32/value", Effect.INFO)]
    assert found[0].title == "tf32 is True (the default) in A, unknown there in B"


def test_mixed_precision_is_found_where_the_other_side_has_no_policies() -> None:
    keras2 = "keras-2.3.1+tensorflow-1.15.5"
    assert "dtype_policy" not in fingerprint(keras2).apis["keras"].settings
    b = edited(with_setting("dtype_policy", "mixed_float16", "file"))
    found = by_id(compare(fingerprint(keras2), b))["settings.dtype_policy/value"]
    assert found.effect is Effect.RESULTS


def test_a_setting_that_raises_in_b_is_told() -> None:
    document = raw(TF)
    failed = {"state": "error", "type": "RuntimeError", "message": "no such device"}
    api_of(document, "tf.keras")["settings"]["tf32"] = failed
    found = compare(fingerprint(TF), edited(document))
    assert [one.title for one in found.divergences] == ["tf32 is True (the default) in A, error (no such device) in B"]
    assert found.not_comparable == []
    assert compare(edited(document), edited(document)).divergences == []


def test_defaults_of_none_follow_the_setting_and_are_found_once() -> None:
    document = raw(TF)
    for api in document["apis"].values():
        api["settings"]["image_data_format"] = {"value": "channels_first", "source": "file"}
        for symbol in api["symbols"].values():  # as such an environment is captured
            if "data_format" in (symbol.get("config") or {}) and symbol["config"]["data_format"] == "channels_last":
                symbol["config"]["data_format"] = "channels_first"
    found = by_id(compare(fingerprint(TF), edited(document)))
    assert found["settings.image_data_format/value"].effect is Effect.ARCHITECTURE
    conv = found["layers.Conv2D/parameter.data_format"]
    assert (conv.a, conv.b, conv.effect) == ("channels_last", "channels_first", Effect.ARCHITECTURE)
    assert {one.aspect for one in found.values()} == {"value", "parameter.data_format"}


def test_a_default_that_follows_a_setting_has_it_as_cause() -> None:
    document = with_setting("image_data_format", "channels_first", "file")
    for symbol in api_of(document, "tf.keras")["symbols"].values():
        if (symbol.get("config") or {}).get("data_format") == "channels_last":
            symbol["config"]["data_format"] = "channels_first"
    found = by_id(compare(fingerprint(TF), edited(document)))
    assert found["layers.Conv2D/parameter.data_format"].cause == "settings.image_data_format/value"


def test_what_other_apis_of_the_environment_have_set_is_not_compared() -> None:
    found = compare(fingerprint(TF), edited(with_setting("floatx", "float64", "file", api="keras")))
    assert found.divergences == []


def test_settings_of_theano_reach_results() -> None:
    document = with_setting("theano.floatX", "float64", "variable", THEANO, "keras")
    document["environment"]["THEANO_FLAGS"] = "floatX=float64"
    found = by_id(compare(fingerprint(THEANO), edited(document)))
    assert found["settings.theano.floatX/value"].effect is Effect.RESULTS
    assert found["settings.theano.floatX/value"].cause == "environment.THEANO_FLAGS/value"
