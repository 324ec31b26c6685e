"""What is known of Keras, as data: every row is well-formed, known to the probe, and says where it comes from."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import pytest

from kerasdiff.knowledge.load import Coverage, Effect, Effects, Equivalents, Renamed, coverage, effects, equivalents, renames
from kerasdiff.probe import apis, canonical, data
from tests.conftest import COMPLETE, ENVIRONMENTS, fingerprint

SETTINGS: dict[str, Any] = data.load("settings.json")
VARIABLES: list[str] = data.load("variables.json")["names"]

#: Settings that the probe finds out by trying, without a row in settings.json.
TRIED = {"save_format"}

GROUPS = {"parameters": effects().parameters, "modules": effects().modules, "variables": effects().variables}


@pytest.fixture(scope="module")
def public() -> set[str]:
    """Every public name, parameter and key of a configuration in the captured environments."""
    names = set()
    for environment in ENVIRONMENTS:
        for api in fingerprint(environment).apis.values():
            for name, symbol in api.symbols.items():
                names |= {name, name.partition(".")[0], *symbol.aliases, *(symbol.config or {})}
                names |= {parameter.name for parameter in symbol.parameters or []}
    return names


@pytest.mark.parametrize("group", GROUPS)
def test_a_name_has_one_effect(group: str) -> None:
    names = Counter(name for names in GROUPS[group].values() for name in names)
    assert names
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("group", GROUPS)
def test_only_what_is_no_default_is_listed(group: str) -> None:
    assert effects().defaults.get(group) not in GROUPS[group]
    assert all(GROUPS[group].values())


@pytest.mark.parametrize("name", sorted(effects().settings))
def test_every_setting_with_an_effect_is_one_that_the_probe_reads(name: str) -> None:
    assert name in SETTINGS or name in TRIED


@pytest.mark.parametrize("name", sorted({*SETTINGS, *TRIED}))
def test_every_setting_that_the_probe_reads_has_an_effect(name: str) -> None:
    assert name in effects().settings


@pytest.mark.parametrize("name", sorted(name for names in effects().variables.values() for name in names))
def test_every_variable_with_an_effect_is_one_that_the_probe_takes(name: str) -> None:
    assert name in VARIABLES


@pytest.mark.parametrize(
    ("setting", "name"), [(setting, name) for setting, row in SETTINGS.items() for name in row.get("variables", [])]
)
def test_every_variable_of_a_setting_is_one_that_the_probe_takes(setting: str, name: str) -> None:
    assert name in VARIABLES


def test_a_variable_is_named_once() -> None:
    assert [name for name, count in Counter(VARIABLES).items() if count > 1] == []


def test_defaults_are_said_for_every_group() -> None:
    assert set(effects().defaults) == {"parameters", "settings", "variables"}


@pytest.mark.parametrize("name", sorted(name for names in effects().modules.values() for name in names))
def test_every_module_is_a_real_one(name: str, public: set[str]) -> None:
    assert name in public or name in apis.TABLE["outside"]


#: Of releases whose fingerprints aren't among the test data.
ELSEWHERE = {
    "alpha_width",
    "experimental_run_tf_function",
    "mask_type",
    "registered_name",
    "rng",
    "seed_generator",
    "traceback_filtering",
}


@pytest.mark.parametrize("name", sorted(name for names in effects().parameters.values() for name in names))
def test_every_parameter_is_a_real_one(name: str, public: set[str]) -> None:
    assert (name in public) is (name not in ELSEWHERE)


def test_a_parameter_has_the_effect_of_its_name() -> None:
    for effect, names in effects().parameters.items():
        for name in names:
            assert effects().parameter("layers.Anything", name) is effect
    assert effects().parameter("layers.Anything", "never heard of") is Effect.RESULTS


def test_a_module_limits_the_effect_of_its_parameters() -> None:
    assert effects().parameter("callbacks.EarlyStopping", "patience") is Effect.INFO
    assert effects().parameter("utils.to_categorical", "units") is Effect.INFO
    assert effects().parameter("layers.Dense", "units") is Effect.ARCHITECTURE
    assert effects().parameter("layers.utils", "units") is Effect.ARCHITECTURE  # the first part of a name counts


@pytest.mark.parametrize(
    ("name", "effect"),
    [
        ("image_data_format", Effect.ARCHITECTURE),
        ("floatx", Effect.RESULTS),
        ("onednn", Effect.REPRODUCIBILITY),
        ("eager", Effect.INFO),
        ("never heard of", Effect.RESULTS),
    ],
)
def test_settings_have_the_effect_that_keras_gives_them(name: str, effect: Effect) -> None:
    assert effects().setting(name) is effect


@pytest.mark.parametrize(
    ("name", "effect"), [("KERAS_BACKEND", Effect.RESULTS), ("LANG", Effect.INFO), ("never heard of", Effect.REPRODUCIBILITY)]
)
def test_variables_have_the_effect_that_is_listed(name: str, effect: Effect) -> None:
    assert effects().variable(name) is effect


@pytest.mark.parametrize("row", equivalents().values, ids=lambda row: f"{row.parameter}-{row.alike}")
def test_every_row_of_equivalents_has_a_reason_and_a_reference(row: Any, public: set[str]) -> None:
    assert len(row.why.split()) >= 4
    assert row.reference.startswith("https://")
    assert " " not in row.reference
    assert len(row.alike) == 2
    assert row.alike[0] != row.alike[1]
    assert row.parameter in public


def test_no_two_rows_of_equivalents_say_the_same() -> None:
    rows = Counter((row.parameter, str(row.alike)) for row in equivalents().values)
    assert max(rows.values()) == 1


@pytest.mark.parametrize("row", equivalents().objects, ids=lambda row: row.name)
def test_every_named_object_is_a_real_initializer(row: Any, public: set[str]) -> None:
    assert f"initializers.{row.name}" in public
    assert f"initializers.{row.class_name}" in public
    assert set(row.config) <= public


@pytest.fixture(scope="module")
def parameters() -> dict[str, list[set[str]]]:
    """The parameters of each public object, in each release whose fingerprint is complete."""
    found: dict[str, list[set[str]]] = {}
    for environment in COMPLETE:
        for api in fingerprint(environment).apis.values():
            for name, symbol in api.symbols.items():
                taken = {parameter.name for parameter in symbol.parameters or []}
                for known in (name, *symbol.aliases):
                    found.setdefault(known, []).append(taken)
    return found


@pytest.mark.parametrize("row", renames().parameters, ids=lambda row: f"{row.old}-{row.new}")
def test_every_renamed_parameter_is_one_of_an_object_that_had_it_under_each_name(
    row: Renamed, parameters: dict[str, list[set[str]]]
) -> None:
    assert any(
        any(row.old in taken and row.new not in taken for taken in releases)
        and any(row.new in taken and row.old not in taken for taken in releases)
        for releases in parameters.values()
    )


@pytest.mark.parametrize("row", renames().modules, ids=lambda row: f"{row.old}-{row.new}")
def test_every_renamed_module_is_real_and_passed_names_on(row: Renamed, public: set[str]) -> None:
    assert {row.old, row.new} <= public
    moved = [name for name in public if name.startswith(f"{row.old}.") and f"{row.new}{name[len(row.old) :]}" in public]
    assert len(moved) > 3


@pytest.mark.parametrize("row", [*renames().parameters, *renames().modules], ids=lambda row: f"{row.old}-{row.new}")
def test_every_renaming_has_a_reference(row: Renamed) -> None:
    assert row.reference.startswith("https://")


def test_no_two_renamings_say_the_same() -> None:
    for rows in (renames().parameters, renames().modules):
        assert max(Counter((row.old, row.new) for row in rows).values()) == 1


def test_every_parameter_whose_none_stands_for_a_setting_is_real(public: set[str]) -> None:
    dead = {"fuzz_factor"}  # to be dropped from equivalents.json: no captured release has it
    assert set(equivalents().effective_none) - public <= dead


def test_every_setting_that_a_default_of_none_stands_for_is_real() -> None:
    assert set(equivalents().effective_none.values()) <= set(SETTINGS)


@pytest.mark.parametrize("name", [*coverage().modules, *coverage().names])
def test_what_counts_besides_is_real_and_in_no_family(name: str, public: set[str]) -> None:
    assert name in public
    symbol = name if name in coverage().names else f"{name}.x"
    assert canonical.family([symbol]) is None
    assert coverage().kind(symbol) in canonical.FAMILIES


def test_every_helper_is_a_real_one(public: set[str]) -> None:
    assert coverage().helpers
    for name in coverage().helpers:
        assert {f"{module}.{name}" for module in ("layers", "losses", "optimizers")} & public


def test_what_is_out_of_scope_is_said_once() -> None:
    assert "helper" in coverage().out_of_scope  # the reason that helpers get
    assert len(set(coverage().out_of_scope)) == len(coverage().out_of_scope)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (b'{"parameters": {}, "modules": {}, "settings": {}, "variables": {}, "defaults": {}, "guess": 1}', Effects),
        (b'{"parameters": {"awful": []}, "modules": {}, "settings": {}, "variables": {}, "defaults": {}}', Effects),
        (b'{"parameters": {}, "modules": {}, "settings": {"x": "awful"}, "variables": {}, "defaults": {}}', Effects),
        (b'{"effective_none": {}, "values": [{"parameter": "x", "alike": [1, 2]}], "objects": []}', Equivalents),
        (b'{"effective_none": {}, "values": [], "objects": [], "guess": 1}', Equivalents),
        (b'{"modules": {}, "names": {}, "helpers": [], "out_of_scope": [], "guess": 1}', Coverage),
    ],
)
def test_a_row_with_a_mistake_is_refused_when_it_is_loaded(text: bytes, kind: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text, type=kind)
