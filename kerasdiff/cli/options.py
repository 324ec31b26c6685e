"""Options that several commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from kerasdiff.knowledge.load import Effect

if TYPE_CHECKING:
    from collections.abc import Callable

APIS = click.Choice(["keras", "tf.keras", "tf_keras"])
EFFECTS = click.Choice([effect.value for effect in Effect])

_Command = TypeVar("_Command", bound="Callable[..., Any]")


def apis(command: _Command) -> _Command:
    """``--api`` for both sides, or one for each."""
    for option in (
        click.option("--api-b", type=APIS, help="API of B."),
        click.option("--api-a", type=APIS, help="API of A."),
        click.option("--api", type=APIS, help="API to compare on both sides.  [default: the one that people use there]"),
    ):
        command = option(command)
    return command


def names(_ctx: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> list[str]:
    """The names in all that was given, by commas: said twice, an option means both."""
    return [name.strip() for value in given for name in value.split(",") if name.strip()]
