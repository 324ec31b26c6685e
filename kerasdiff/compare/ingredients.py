"""What end-to-end cases are made of: their models' layers, and what these are compiled with, from the probe's data."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from kerasdiff.knowledge.load import uses
from kerasdiff.probe import data

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The families whose cases are models.
FAMILIES = ("training", "saving")


#: What of saving loads models that others have saved.
LOADERS = ("load_model", "load_weights")


class Ingredient(NamedTuple):
    """A public object in a model: its name, the arguments given to it, and the rank of what it is called on, where known."""

    name: str
    given: frozenset[str]
    rank: int | None


@cache
def of(family: str, subject: str, call: str) -> tuple[Ingredient, ...]:
    """What a case is made of; nothing where the data knows no such case."""
    if subject in LOADERS:
        model = _loaded().get(call.partition(".")[0])
        row = model
    else:
        row = _rows(family).get((subject, call))
        model = _models()[row["model"]] if row else None
    if row is None or model is None:
        return ()
    return (*_compiled(row.get("compile") or {}), *_layers(model["layers"], len(model["inputs"]) + 1))


@cache
def rank(name: str) -> int | None:
    """The number of dimensions of an input of layers."""
    rows = _inputs().get(name)
    if not rows:
        return None
    shape = rows[0].get("shape")
    if shape is not None:
        return len(shape)
    depth, values = 0, rows[0]["values"]
    while isinstance(values, list):
        depth, values = depth + 1, values[0]
    return depth


@cache
def _models() -> dict[str, Any]:
    models: dict[str, Any] = data.load("cases/models.json")["models"]
    return models


@cache
def _loaded() -> dict[str, Any]:
    models: dict[str, Any] = data.load("cases/loading.json")["made_of"]
    return models


@cache
def _inputs() -> dict[str, Any]:
    inputs: dict[str, Any] = data.load("cases/layers.json")["inputs"]
    return inputs


@cache
def _rows(family: str) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["subject"], row["call"]): row for row in data.load(f"cases/{family}.json")["rows"]}


def _layers(rows: list[Any], given: int) -> Iterator[Ingredient]:
    """The layers of a model on inputs of rank ``given``; behind one that flattens or sums up steps the rank is two."""
    for names, arguments in rows:
        for name in names.split("|"):
            yield Ingredient(f"layers.{name}", frozenset(arguments), given)
        for parameter, value in arguments.items():
            family = uses().family(parameter)
            if parameter == "layer":
                yield from _layers([value], given - 1)
            elif family and isinstance(value, str):
                yield Ingredient(f"{family}.{value}", frozenset(), None)
        if names == "Flatten" or (names in ("LSTM", "GRU") and not arguments.get("return_sequences")):
            given = 2


def _compiled(given: dict[str, Any]) -> Iterator[Ingredient]:
    for name, value in given.items():
        family = uses().family(name)
        for part in value if family == "metrics" else [value]:
            called, arguments = (part[0], part[1]) if isinstance(part, list) else (part, {})
            if family and isinstance(called, str):
                yield Ingredient(f"{family}.{called}", frozenset(arguments), None)
