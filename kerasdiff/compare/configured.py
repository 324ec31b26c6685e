"""Compares what two saved models say of a layer, an optimizer or ``compile``: arguments by all their names."""

from __future__ import annotations

from typing import Any

from kerasdiff.compare.divergence import Findings, divergence
from kerasdiff.compare.values import brief, same
from kerasdiff.knowledge.load import Effect, effects, renames

#: What Keras 1 says in several arguments, by what says it since.
_MERGED = {"kernel_size": (("nb_row", "nb_col"), ("filter_length",)), "pool_size": (("pool_length",),)}
#: Other names of arguments that only files hold.
_SPELLED = {"batch_input_shape": "batch_shape", "input_dtype": "dtype"}
#: Arguments by the phase in which alone they count. What weights begin with doesn't count where a file holds them.
_TRAINING = ("trainable", "regularizer", "constraint", "dropout", "rate", "stddev", "momentum", "renorm", "synchronized")
_PENALTIES = ("l1", "l2")
_INITIAL = ("initializer", "init")
#: Names of losses and metrics by their short ones.
_SHORT = {
    "mse": "meansquarederror", "mae": "meanabsoluteerror", "mape": "meanabsolutepercentageerror", "acc": "accuracy",
    "msle": "meansquaredlogarithmicerror",
}  # fmt: skip


def written(arguments: dict[str, Any]) -> dict[str, Any]:
    """Arguments by the names that files have now."""
    found = {_SPELLED.get(key, key): value for key, value in arguments.items()}
    for name, ways in _MERGED.items():
        for parts in ways:
            if all(part in found for part in parts):
                found[name] = [found.pop(part) for part in parts]
    return found


def compare(
    subject: str,
    sides: tuple[dict[str, Any], dict[str, Any]],
    symbol: str,
    skip: set[str],
    findings: Findings,
    *,
    is_drawn: bool = False,
) -> None:
    """Compare arguments, A's and B's, of an object that ``symbol`` is a class of, but those to ``skip``.

    ``is_drawn``: no file holds the weights, so that what they begin with counts.
    """
    a, b = sides
    renamed = _renamed(a, b)
    for key, value in a.items():
        now = renamed.get(key, key)
        if key in skip:
            continue
        if now in b:
            _value(subject, now, symbol, (value, b[now]), findings, is_drawn=is_drawn)
        elif not _is_nothing(value):
            title = f"{key} stands in A's file alone: {brief(value)}"
            findings.add(divergence(subject, f"parameter.{key}", Effect.INFO, title, value, None))
    for key, value in b.items():
        if key not in a and key not in renamed.values() and key not in skip and not _is_nothing(value):
            title = f"{key} stands in B's file alone: {brief(value)}"
            findings.add(divergence(subject, f"parameter.{key}", Effect.INFO, title, None, value))


def _renamed(a: dict[str, Any], b: dict[str, Any]) -> dict[str, str]:
    """A's names of arguments that B has by another name."""
    lost = [key for key in a if key not in b]
    return {
        key: other
        for key in lost
        for other in [next((name for name in renames().parameter(key) if name in b and name not in a), None)]
        if other is not None
    }


def _value(subject: str, key: str, symbol: str, sides: tuple[Any, Any], findings: Findings, *, is_drawn: bool) -> None:
    one, other = sides
    if same(one, other, key):
        return
    effect, phases = effects().parameter(symbol, key), phases_of(key)
    if phases == ["initialization"]:
        effect = effect if is_drawn else Effect.INFO
    elif symbol.startswith("optimizers"):
        phases = ["training"]
    title = f"{key} is {brief(one)} in A, {brief(other)} in B"
    findings.add(divergence(subject, f"parameter.{key}", effect, title, one, other, phases=phases))


def phases_of(argument: str) -> list[str]:
    """The phases in which an argument of a layer counts, by its name."""
    if any(word in argument for word in _INITIAL):
        return ["initialization"]
    if any(word in argument for word in _TRAINING) or argument in _PENALTIES:
        return ["training"]
    return ["inference", "training"]


def differing(a: Any, b: Any, argument: str) -> set[str]:
    """The names of the arguments in which two values of an argument differ: those of an object in it, as a layer's, its own."""
    if same(a, b, argument):
        return set()
    if not isinstance(a, dict) or not isinstance(b, dict) or a.get("class_name") != b.get("class_name"):
        return {argument}
    if isinstance(a.get("config"), dict) and isinstance(b.get("config"), dict):
        a, b = a["config"], b["config"]
    return {argument} | {name for key in a.keys() | b.keys() for name in differing(a.get(key), b.get(key), str(key))}


def _is_nothing(value: Any) -> bool:
    return value is None or value is False or value in (0, "", [], {})


def called(value: Any) -> list[str]:
    """The losses or metrics in a value, by names that all generations share."""
    found: list[str] = []
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part[::-1]
        elif isinstance(part, dict) and "class_name" in part:
            held = part.get("config")
            name = part["class_name"]
            if isinstance(held, str):
                name = held
            elif isinstance(held, dict) and str(name).endswith("MetricWrapper"):
                name = held.get("fn") or held.get("name") or name
            waiting.append(name)
        elif isinstance(part, dict):
            waiting += [one for _, one in sorted(part.items(), reverse=True)]
        elif isinstance(part, str):
            plain = part.replace("_", "").lower()
            found.append(_SHORT.get(plain, plain))
    return found
