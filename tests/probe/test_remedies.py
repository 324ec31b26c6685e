"""Remedies in force: what is added to the arguments of cases, and what takes the place of objects."""

from __future__ import annotations

import types
from typing import Any

import pytest

from kerasdiff.probe.instances import Factory
from kerasdiff.probe.remedies import Remedies
from kerasdiff.probe.signatures import constructor

API = types.ModuleType("keras")


class Gate:
    """A layer with a default that names an activation, and another that doesn't."""

    def __init__(self, units: int = 1, activation: Any = "steep", reset: bool = True, **kwargs: Any) -> None:
        self.given = {"units": units, "activation": activation, "reset": reset, **kwargs}


class Plain:
    """A layer that needs nothing."""

    def __init__(self, name: str = "plain") -> None:
        self.name = name


class Small:
    """An initializer."""

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale


class Refusing:
    """Can't be made without what nothing knows."""

    def __init__(self, unheard_of: int) -> None: ...


def steep(x: float) -> float:
    return 2 * x


def table() -> dict[str, Any]:
    return {
        "layers.Gate": Gate,
        "layers.OldGate": Gate,
        "layers.Plain": Plain,
        "layers.Refusing": Refusing,
        "initializers.Small": Small,
        "initializers.small": Small,
        "activations.steep": steep,
        "backend.steep": steep,
    }


def in_force(*rows: dict[str, Any]) -> tuple[Remedies, dict[str, Any]]:
    symbols = table()
    return Remedies(list(rows), API, symbols), symbols


def states(remedies: Remedies) -> dict[str, str]:
    return {key: fact["state"] for key, fact in remedies.facts.items()}


def made(remedies: Remedies, cls: Any, *positional: Any, **arguments: Any) -> Any:
    return Factory({}, lambda made: constructor(made) or [], remedies.complete).make(cls, arguments, *positional)


RESET = {"subject": "layers.Gate", "arguments": {"reset": False}}
GENTLE = {"subject": "activations.steep", "code": "def steep(x):\n    return x / 2\n"}


def test_without_any_nothing_changes() -> None:
    given = {"units": 2}
    assert Remedies().complete(Gate, given) is given
    assert Remedies().instead(Gate) is Gate


def test_an_argument_that_is_left_unsaid_is_added() -> None:
    remedies, _ = in_force(RESET)
    assert made(remedies, Gate).given["reset"] is False
    assert made(remedies, Gate, units=3).given == {"units": 3, "activation": "steep", "reset": False}
    assert made(remedies, Plain).name == "plain"


def test_the_arguments_of_a_case_win() -> None:
    remedies, _ = in_force(RESET)
    assert made(remedies, Gate, reset=True).given["reset"] is True
    assert made(remedies, Gate, 1, "steep", True).given["reset"] is True


def test_an_argument_may_be_an_object_of_the_api() -> None:
    value = {"class_name": "Small", "config": {"scale": 0.5}}
    remedies, _ = in_force({"subject": "layers.Gate", "arguments": {"kernel_initializer": value}})
    assert made(remedies, Gate).given["kernel_initializer"].scale == 0.5


def test_code_takes_the_place_of_a_symbol_under_all_its_names() -> None:
    remedies, symbols = in_force(GENTLE)
    assert states(remedies) == {"0": "value"}
    assert symbols["activations.steep"](2) == 1
    assert symbols["backend.steep"] is symbols["activations.steep"] is remedies.instead(steep)


def test_code_has_the_api() -> None:
    _, symbols = in_force({"subject": "activations.steep", "code": "steep = keras"})
    assert symbols["activations.steep"] is API


def test_strings_and_defaults_that_name_it_mean_it() -> None:
    remedies, symbols = in_force(GENTLE)
    gentle = symbols["activations.steep"]
    assert made(remedies, Gate).given["activation"] is gentle
    assert made(remedies, Gate, activation="steep").given["activation"] is gentle
    assert made(remedies, Gate, activation="tanh").given["activation"] == "tanh"
    assert made(remedies, Gate, recurrent_activation="steep").given["recurrent_activation"] is gentle
    assert made(remedies, Gate, mode="steep").given["mode"] == "steep"


def test_strings_that_name_a_class_make_one_with_its_remedy() -> None:
    remedies, _ = in_force({"subject": "initializers.Small", "arguments": {"scale": 0.1}})
    assert made(remedies, Gate, kernel_initializer="small").given["kernel_initializer"].scale == 0.1
    named = remedies.named({"kernel_initializer": ["small", "other"], "loss": "small"})
    assert [getattr(part, "scale", part) for part in named["kernel_initializer"]] == [0.1, "other"]
    assert named.keys() == {"kernel_initializer"}


def test_an_operation_is_found_under_the_names_that_cases_call() -> None:
    remedies, symbols = in_force({**GENTLE, "subject": "operations.steep"})
    assert states(remedies) == {"0": "value"}
    assert symbols["backend.steep"](2) == 1


def test_what_is_gone_comes_back() -> None:
    code = "class Gone(keras.Plain):\n    pass\n"
    API.Plain = Plain  # type: ignore[attr-defined]
    remedies, symbols = in_force({"subject": "layers.Gone", "code": code})
    assert remedies.new == [("layers.Gone", symbols["layers.Gone"])]
    assert remedies.noted("cases/layers.Gone/default@1d", dict) == {"remedied": ["0"]}


def test_a_class_that_takes_anything_is_called_as_the_old_one() -> None:
    code = (
        "class Other(keras.Gate):\n"
        "    def __init__(self, *args, reset=False, **kwargs):\n"
        "        super().__init__(*args, reset=reset, **kwargs)\n"
        "Gate = Other\n"
    )
    API.Gate = Gate  # type: ignore[attr-defined]
    _, symbols = in_force({"subject": "layers.Gate", "code": code})
    cls = symbols["layers.Gate"]
    assert cls.__name__ == "Gate"
    assert constructor(cls) == constructor(Gate)
    assert cls(units=2).given == {"units": 2, "activation": "steep", "reset": False}


def test_another_symbol_of_the_library_may_take_the_place_and_is_left_as_it_is() -> None:
    API.Small = Small  # type: ignore[attr-defined]
    row = {"subject": "layers.Plain", "code": "Plain = keras.Small"}
    remedies, symbols = in_force(row, row)
    assert symbols["layers.Plain"] is remedies.instead(Plain) is Small
    assert (Small.__name__, states(remedies)) == ("Small", {"0": "value", "1": "value"})


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"subject": "layers.Plain", "arguments": {"unheard_of": 1}}, "TypeError"),
        ({"subject": "activations.steep", "arguments": {"unheard_of": 1}}, "TypeError"),
        ({"subject": "layers.Gate", "arguments": {"kernel_initializer": {"class_name": "Huge", "config": {}}}}, "KeyError"),
        ({"subject": "activations.steep", "code": "raise ValueError('no')"}, "ValueError"),
        ({"subject": "activations.steep", "code": "def steep("}, "SyntaxError"),
        ({"subject": "activations.steep", "code": "other = 1"}, "LookupError"),
        ({"subject": "layers.Gone", "arguments": {"name": "a"}}, "LookupError"),
    ],
)
def test_what_raises_is_told_and_not_put_in_force(row: dict[str, Any], kind: str) -> None:
    remedies, symbols = in_force(row, RESET)
    assert remedies.facts["0"]["type"] == kind
    assert remedies.facts["0"]["subject"] == row["subject"]
    assert symbols == table()
    assert made(remedies, Gate).given == {"units": 1, "activation": "steep", "reset": False}
    assert made(remedies, Plain).name == "plain"


def test_what_cannot_be_made_is_left_to_its_cases() -> None:
    remedies, _ = in_force({"subject": "layers.Refusing", "arguments": {"unheard_of": 1}})
    assert states(remedies) == {"0": "value"}


def test_a_case_says_which_remedies_had_a_part() -> None:
    remedies, symbols = in_force(RESET, GENTLE)

    def noted(identifier: str, *arguments: Any, **given: Any) -> list[str]:
        fact = remedies.noted(identifier, lambda: {"made": made(remedies, *arguments, **given)})
        used: list[str] = fact.get("remedied", [])
        return used

    assert noted("cases/layers.Gate/default@1d", Gate) == ["0", "1"]
    assert noted("cases/layers.Gate/given@1d", Gate, reset=True, activation="tanh") == []
    assert noted("again-cases/activations.steep/default@1d", Plain) == ["1"]
    assert noted("cases/layers.Plain/default@1d", Plain) == []
    assert noted("behaviour/operations/steep/grid", Plain) == []
    called = remedies.noted("behaviour/operations/steep/grid", lambda: {"found": remedies.use(symbols["backend.steep"])})
    assert called["remedied"] == ["1"]
