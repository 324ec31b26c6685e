"""What one change of a symbol is found as: edits of a real fingerprint, one fact at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kerasdiff.compare.engine import compare
from kerasdiff.knowledge.load import Effect
from tests.conftest import THEANO, Raw, api_of, edited, fingerprint, raw, symbol_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from kerasdiff.compare.divergence import Divergence

LAYER = "layers.Dropout"


def symbols_of(document: Raw) -> Raw:
    symbols: Raw = api_of(document)["symbols"]
    return symbols


def changed(change: Callable[[Raw], Any], *, back: bool = False) -> dict[str, Divergence]:
    """What is found after ``change`` of a real fingerprint; with ``back``, after taking it back."""
    document = raw(THEANO)
    change(document)
    pair = (fingerprint(THEANO), edited(document))
    found = compare(*(reversed(pair) if back else pair))
    assert found.not_comparable == []
    return {one.id: one for one in found.divergences}


def function(*parameters: Raw, **more: Any) -> Raw:
    """A function as the probe describes it."""
    return {"kind": "function", "parameters": list(parameters), **more}


def takes(before: list[Raw], after: list[Raw]) -> dict[str, Divergence]:
    """What is found where a function took ``before`` and takes ``after``."""
    a, b = raw(THEANO), raw(THEANO)
    symbols_of(a)["layers.planted"], symbols_of(b)["layers.planted"] = function(*before), function(*after)
    found = compare(edited(a), edited(b)).divergences
    return {one.aspect: one for one in found if one.subject == "layers.planted"}


KWARGS = {"name": "kwargs", "kind": "var_keyword"}
ARGS = {"name": "args", "kind": "var_positional"}
Z = {"name": "z", "default": "z"}


def test_a_symbol_that_is_gone_breaks_with_each_of_its_names() -> None:
    document = raw(THEANO)
    names = [LAYER, *symbol_of(document, LAYER)["aliases"]]
    found = changed(lambda document: symbols_of(document).pop(LAYER))
    assert len(names) > 1
    assert set(found) == {f"{name}/presence" for name in names}
    assert {one.effect for one in found.values()} == {Effect.BREAKS}
    assert found[f"{LAYER}/presence"].title == f"the class {LAYER} is gone"


def test_a_symbol_that_is_new_is_information_once() -> None:
    found = changed(lambda document: symbols_of(document).pop(LAYER), back=True)
    assert {one.id: one.effect for one in found.values()} == {f"{LAYER}/presence": Effect.INFO}
    assert found[f"{LAYER}/presence"].title == f"the class {LAYER} is new in B"


def test_another_name_for_what_a_has_is_told_with_the_name_there() -> None:
    def only_an_alias(document: Raw) -> None:
        symbols = symbols_of(document)
        known = symbols[LAYER]["aliases"][0]
        symbols[known] = dict(symbols.pop(LAYER), aliases=[])

    found = changed(only_an_alias, back=True)
    new = found[f"{LAYER}/presence"]
    assert new.effect is Effect.INFO
    assert new.title == f"the class {LAYER} is new in B; A has it as layers.core.Dropout"


def test_an_alias_that_is_gone_breaks_and_the_remedy_is_another_name() -> None:
    def drop(document: Raw) -> None:
        symbol_of(document, LAYER)["aliases"].remove("layers.core.Dropout")

    found = changed(drop)
    assert list(found) == ["layers.core.Dropout/presence"]
    assert found["layers.core.Dropout/presence"].effect is Effect.BREAKS
    assert found["layers.core.Dropout/presence"].remedy == LAYER
    assert found["layers.core.Dropout/presence"].title == f"the class layers.core.Dropout is gone; B has it as {LAYER}"
    assert changed(drop, back=True) == {}  # another name for the same is no news


def test_another_canonical_name_is_no_finding() -> None:
    def swap(document: Raw) -> None:
        symbol = symbols_of(document).pop(LAYER)
        symbol["aliases"] = sorted({LAYER, *symbol["aliases"]} - {"layers.core.Dropout"})
        symbols_of(document)["layers.core.Dropout"] = symbol

    assert changed(swap) == {}
    assert changed(swap, back=True) == {}


def test_a_module_that_is_gone_is_the_cause_of_all_below_it() -> None:
    def drop(document: Raw) -> None:
        document["apis"]["keras"]["symbols"] = {
            name: {**symbol, "aliases": [alias for alias in symbol.get("aliases", []) if not alias.startswith("wrappers")]}
            for name, symbol in symbols_of(document).items()
            if not name.startswith("wrappers")
        }

    found = changed(drop)
    module = found["wrappers/presence"]
    below = [one for one in found.values() if one.subject.startswith("wrappers.") and one.subject != "wrappers.scikit_learn"]
    assert module.cause is None
    assert len(below) >= 3
    assert {one.cause for one in found.values() if one is not module} == {module.id}
    assert set(module.explains) == set(found) - {module.id}
    added = changed(drop, back=True)
    assert added["wrappers.scikit_learn/presence"].cause == "wrappers/presence"
    assert {one.effect for one in added.values()} == {Effect.INFO}


def test_methods_of_a_class_that_is_gone_have_it_as_cause() -> None:
    found = changed(lambda document: symbols_of(document).pop("preprocessing.text.Tokenizer"))
    methods = [one for one in found.values() if one.subject.startswith("preprocessing.text.Tokenizer.")]
    assert len(methods) == 0  # they are still there in this edit
    found = changed(
        lambda document: [
            symbols_of(document).pop(name)
            for name in list(symbols_of(document))
            if name.startswith("preprocessing.text.Tokenizer")
        ]
    )
    methods = [one for one in found.values() if one.subject.startswith("preprocessing.text.Tokenizer.")]
    assert len(methods) > 3
    assert {one.cause for one in methods} == {"preprocessing.text.Tokenizer/presence"}


def test_another_kind_is_information_and_a_module_breaks() -> None:
    found = changed(lambda document: symbol_of(document, LAYER).update(kind="function"))
    assert found[f"{LAYER}/kind"].effect is Effect.INFO
    found = changed(lambda document: symbols_of(document).update({LAYER: {"kind": "module"}}))
    assert found[f"{LAYER}/kind"].effect is Effect.BREAKS
    assert found[f"{LAYER}/kind"].title == f"{LAYER} is a class in A, a module in B"


def test_a_mark_as_deprecated_is_information_one_way_only() -> None:
    def mark(document: Raw) -> None:
        symbol_of(document, LAYER)["deprecated"] = True

    assert {one.id: one.effect for one in changed(mark).values()} == {f"{LAYER}/deprecated": Effect.INFO}
    assert changed(mark, back=True) == {}


@pytest.mark.parametrize(
    ("name", "effect"),
    [
        ("units", Effect.ARCHITECTURE),
        ("return_sequences", Effect.ARCHITECTURE),
        ("learning_rate", Effect.RESULTS),
        ("never_heard_of", Effect.RESULTS),
        ("jit_compile", Effect.REPRODUCIBILITY),
        ("verbose", Effect.INFO),
    ],
)
def test_another_default_has_the_effect_of_its_parameter(name: str, effect: Effect) -> None:
    found = takes([{"name": name, "default": 1}], [{"name": name, "default": 2}])
    assert {aspect: one.effect for aspect, one in found.items()} == {f"parameter.{name}": effect}
    assert found[f"parameter.{name}"].title == f"the default of {name} is 1 in A, 2 in B"
    assert found[f"parameter.{name}"].remedy == f"{name}=1"


def test_in_modules_that_models_are_not_made_of_a_default_is_information() -> None:
    document = raw(THEANO)
    symbol_of(document, "callbacks.EarlyStopping")["parameters"][2]["default"] = 99
    found = compare(fingerprint(THEANO), edited(document)).divergences
    assert [one.effect for one in found if one.subject == "callbacks.EarlyStopping"] == [Effect.INFO]


def test_the_configuration_in_force_counts_more_than_what_is_declared() -> None:
    def declare(document: Raw) -> None:
        rate = symbol_of(document, "layers.LeakyReLU")["parameters"][0]
        rate["default"] = None

    found = changed(declare)
    assert {one.id: one.effect for one in found.values()} == {"layers.LeakyReLU/parameter.alpha": Effect.INFO}
    assert found["layers.LeakyReLU/parameter.alpha"].title.endswith("in effect the same")

    def configure(document: Raw) -> None:
        symbol_of(document, "layers.LeakyReLU")["config"]["alpha"] = 0.01

    found = changed(configure)
    assert {one.id: one.effect for one in found.values()} == {"layers.LeakyReLU/parameter.alpha": Effect.RESULTS}
    assert found["layers.LeakyReLU/parameter.alpha"].b == 0.01


def test_a_configuration_without_a_parameter_is_found() -> None:
    def configure(document: Raw) -> None:
        symbol_of(document, "layers.LSTM")["config"]["trainable"] = False

    found = changed(configure)
    assert list(found) == ["layers.LSTM/config.trainable"]
    assert found["layers.LSTM/config.trainable"].title == "trainable of a default-made instance is True in A, False in B"


@pytest.mark.parametrize(
    ("before", "after", "aspect", "effect", "title"),
    [
        ([], [{"name": "x"}], "parameter.x", Effect.BREAKS, "x is new and required in B"),
        ([], [{"name": "x", "default": 1}], "parameter.x", Effect.INFO, "x, 1 by default, is new in B"),
        ([{"name": "x"}], [], "parameter.x", Effect.BREAKS, "x is no longer accepted"),
        ([{"name": "x", "default": 1}], [], "parameter.x", Effect.BREAKS, "x is no longer accepted"),
        (
            [{"name": "x"}, Z],
            [Z, KWARGS],
            "parameter.x",
            Effect.RESULTS,
            "x is gone; B's **kwargs may take, refuse or ignore it",
        ),
        (
            [{"name": "verbose", "default": 1}, Z],
            [Z, KWARGS],
            "parameter.verbose",
            Effect.RESULTS,
            "verbose is gone; B's **kwargs may take",
        ),
        ([{"name": "x"}], [{"name": "x", "default": 1}], "parameter.x", Effect.INFO, "x is required in A, 1 by default in B"),
        ([{"name": "x", "default": 1}], [{"name": "x"}], "parameter.x", Effect.BREAKS, "x is 1 by default in A, required in B"),
        ([{"name": "x"}], [{"name": "y"}], "parameter.x", Effect.BREAKS, "x is called y in B"),
        ([{"name": "x"}], [{"name": "y"}, KWARGS], "parameter.x", Effect.RESULTS, "x is called y in B"),
        ([{"name": "x", "default": 0.3}], [{"name": "y", "default": 0.3}], "parameter.x", Effect.BREAKS, "x is called y in B"),
        (
            [{"name": "x", "default": 0.3}],
            [{"name": "y", "default": 0.4}],
            "parameter.x",
            Effect.BREAKS,
            "x is no longer accepted",
        ),
        (
            [{"name": "x", "default": None}],
            [{"name": "y", "default": None}],
            "parameter.x",
            Effect.BREAKS,
            "x is no longer accepted",
        ),
        (
            [{"name": "x", "default": True}],
            [{"name": "y", "default": True}],
            "parameter.x",
            Effect.BREAKS,
            "x is no longer accepted",
        ),
    ],
)
def test_a_change_of_parameters(before: list[Raw], after: list[Raw], aspect: str, effect: Effect, title: str) -> None:
    found = takes(before, after)[aspect]
    assert found.effect is effect
    assert found.title.startswith(title)


@pytest.mark.parametrize("parameters", [[], [{"name": "x"}], [{"name": "x", "default": 1}, KWARGS], [ARGS, KWARGS], [KWARGS]])
def test_equal_parameters_are_no_finding(parameters: list[Raw]) -> None:
    assert takes(parameters, parameters) == {}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([ARGS], [KWARGS]),
        ([], [ARGS, KWARGS]),
        ([{"name": "x"}, ARGS], [{"name": "x"}]),
        ([{"name": "x"}], [ARGS, KWARGS]),  # wrapped: what it takes isn't known
        ([KWARGS], [{"name": "x", "default": 1}]),
    ],
)
def test_what_takes_anything_is_no_finding_by_itself(before: list[Raw], after: list[Raw]) -> None:
    assert takes(before, after) == {}


def test_what_a_library_does_not_tell_is_not_compared() -> None:
    document = raw(THEANO)
    symbols_of(document)["layers.planted"] = {"kind": "function", "parameters": None}
    other = raw(THEANO)
    symbols_of(other)["layers.planted"] = function({"name": "x"})
    assert compare(edited(document), edited(other)).divergences == []


@pytest.mark.parametrize(
    ("before", "after", "effect"),
    [
        ("xy", "yx", Effect.RESULTS),  # required ones are written by position
        ("xyab", "xyba", Effect.RESULTS),  # and perhaps the next one
        ("xyabc", "xyacb", Effect.INFO),  # later ones are named
    ],
)
def test_the_order_matters_as_far_as_people_write_it(before: str, after: str, effect: Effect) -> None:
    def parameters(names: str) -> list[Raw]:
        return [{"name": name, **({} if name in "xy" else {"default": name})} for name in names]

    found = takes(parameters(before), parameters(after))
    assert {aspect: one.effect for aspect, one in found.items()} == {"positions": effect}
    assert found["positions"].a == list(before)
    assert found["positions"].b == list(after)


def test_a_keyword_only_parameter_has_no_position() -> None:
    x, y = {"name": "x", "kind": "keyword_only"}, {"name": "y", "kind": "keyword_only"}
    assert takes([x, y], [y, x]) == {}


def test_a_parameter_that_only_a_name_reaches_now_is_found_by_its_position() -> None:
    found = takes(
        [{"name": "x"}, {"name": "y", "default": 1}], [{"name": "x"}, {"name": "y", "default": 1, "kind": "keyword_only"}]
    )
    assert found["positions"].title == "by position, argument 2 is y in A, refused in B"


def test_another_api_that_describes_the_object_is_asked() -> None:
    whole = fingerprint("tensorflow-2.15.1")
    document = raw("tensorflow-2.15.1")
    assert symbol_of(document, "layers.LSTM", "keras")["same_as"] == "tf.keras:layers.LSTM"
    config = symbol_of(document, "layers.LSTM", "tf.keras")["config"]
    config["recurrent_activation"] = "hard_sigmoid"
    found = compare(whole, edited(document), api_a="keras", api_b="keras").divergences
    assert [one.id for one in found] == ["layers.LSTM/parameter.recurrent_activation"]
    assert (found[0].a, found[0].b) == ("sigmoid", "hard_sigmoid")
