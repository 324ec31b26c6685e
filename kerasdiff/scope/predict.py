"""Predicts what loading a saved model does, from the fingerprint of the environment that loads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from kerasdiff.compare.divergence import Divergence, divergence
from kerasdiff.compare.values import brief
from kerasdiff.knowledge.load import Effect
from kerasdiff.knowledge.loading import Matter, Unreadable, is_one, loading
from kerasdiff.models.bytecode import runs_in
from kerasdiff.scope.parts import MODEL, Part, parts
from kerasdiff.scope.reader import Loader, fits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kerasdiff.models.document import SavedModel

_CODE = "A Lambda holds the byte-code of its function, which other Pythons refuse, or take for something else."
_CUSTOM = "Keras makes a class of the user's own only where it is registered, or handed over."
_OPERATION = "Keras 3 makes layers of operations on its tensors. Only .keras files say in which module each is found again."
_REFUSED = (
    "The file has every argument that its writer knew, also those at their default; the constructor here takes no others."
)
#: What serves where an object of the file can't be made.
_BY_CODE = "make the model by its code there, then model.load_weights(path)"
#: Families of what a file holds besides its layers.
_COMPILED = ("optimizers", "losses", "metrics")


class Reason(NamedTuple):
    """Why loading fails, or gives another model."""

    found: Divergence
    part: Part
    argument: str | None = None
    """The argument that is refused; of a class that isn't there, the empty string."""


def reasons(model: SavedModel, loader: Loader) -> list[Reason]:
    """All that is known to stop or to change the loading of a model; empty where it loads as it was."""
    whole = Part(subject=MODEL, label="", family="file", name=model.format)
    refused = loader.unreadable
    if refused is not None:
        remedy = _remedy(refused, refused.remedy, model, loader)
        more = {"why": refused.why, "remedy": remedy, "references": [refused.reference], "phases": ["saving"]}
        return [Reason(divergence(MODEL, "format", Effect.BREAKS, refused.title, model.format, None, **more), whole)]
    every = parts(model)
    again = loading().graphs.get(model.format)
    if again is not None:
        every = [part for part in every if part.family in _COMPILED or (not part.at and is_one(part.full_name, again))]
    found: dict[str, Reason] = {}
    for part in [whole, *every]:
        for one in _of(part, loader, model):
            known = found.get(one.found.id)
            if known is None or one.found.effect.rank < known.found.effect.rank:
                found[one.found.id] = one
    return list(found.values())


def _remedy(row: Unreadable | Matter, remedy: str | None, model: SavedModel, loader: Loader) -> str | None:
    """What a row advises; with the way by an .h5 file only where nothing is known against that."""
    return f"{remedy}; {row.as_h5}" if row.as_h5 and _loads_as_h5(model, loader) else remedy


def _loads_as_h5(model: SavedModel, loader: Loader) -> bool:
    """Whether the same model, saved as .h5 where it was made, is predicted to load."""
    saved = msgspec.structs.replace(model, format="h5")
    other = Loader(loader.side, loader.file._replace(name="model.h5", format="h5"))
    return not any(one.found.effect is Effect.BREAKS for one in reasons(saved, other))


def _of(part: Part, loader: Loader, model: SavedModel) -> Iterator[Reason]:
    name = None if part.family == "file" else loader.symbol(part)
    settled: set[str] = set()
    for row in loader.matters:
        if fits(row, part, name):
            told = _told(row, part)
            yield Reason(msgspec.structs.replace(told, remedy=_remedy(row, told.remedy, model, loader)), part)
            if row.settles:
                return
            settled.add(row.argument)
    if part.family == "file":
        return
    if part.code is not None and runs_in(part.code, loader.python) is False:
        title = f"its byte-code is of Python {part.code.python}, read by {loader.python}"
        remedy = "write the function as a layer, or with a name, where the model was made"
        yield Reason(_breaks(part, "code", title, part.code.python, _CODE, remedy), part)
    if part.is_custom or name is None:
        yield from _absent(part, loader)
    elif part.arguments is not None and not part.is_model:  # a model's configuration is taken apart, not handed over
        yield from _made(part, name, loader, settled)


def _absent(part: Part, loader: Loader) -> Iterator[Reason]:
    """What becomes of a class or a name that no public symbol is."""
    if part.family == "layers" and loader.is_operation(part):
        if not part.module:
            title = f"{part.name} is an operation, which is no layer that a file without modules brings back"
            yield Reason(_breaks(part, "class", title, part.name, _OPERATION, "save as .keras where the model was made"), part)
        return
    if part.is_custom:
        title = f"{part.name} is no class of Keras, and taken to be handed over as before"
        remedy = f'load_model(path, custom_objects={{"{part.name}": {part.name}}})'
        custom = _breaks(part, _aspect(part, "class"), title, part.name, _CUSTOM, remedy)
        yield Reason(msgspec.structs.replace(custom, effect=Effect.INFO), part)
        return
    if part.arguments is None and loader.knows(part) is not False:
        return
    what = f"{part.at}={part.name}: " if part.at and part.family not in _COMPILED else ""
    title = f"{what}{part.full_name} isn't there"
    yield Reason(_breaks(part, _aspect(part, "class"), title, part.name, "", _BY_CODE), part, "")


def _made(part: Part, name: str, loader: Loader, settled: set[str]) -> Iterator[Reason]:
    unmade = loader.unmade(name)
    if unmade is not None:
        title = f"making {name} raises {unmade[0]}: {unmade[1]}"
        yield Reason(_breaks(part, _aspect(part, "instance"), title, part.name, "", None), part)
        return
    for argument in loader.refused(part, name):
        if argument not in settled:
            title = f"{part.name} refuses {argument}, which the file has as {brief((part.arguments or {})[argument])}"
            yield Reason(_breaks(part, _aspect(part, argument), title, argument, _REFUSED, _BY_CODE), part, argument)


def _aspect(part: Part, what: str) -> str:
    """What of a layer a finding is about: its class, or an argument, which may be in an object that is an argument."""
    inner = f"{part.at}." if part.at else ""
    return f"argument.{inner}{what}" if inner or what not in ("class", "instance") else what


def _breaks(part: Part, aspect: str, title: str, a: object, why: str, remedy: str | None) -> Divergence:
    labels = [part.label] if part.label else []
    more = {"phases": ["saving"], "layers": labels, "why": why, "remedy": remedy}
    return divergence(part.subject, aspect, Effect.BREAKS, title, a, None, **more)


def _told(row: Matter, part: Part) -> Divergence:
    """What a row says of a part."""
    value = (part.arguments or {}).get(row.argument)
    told = {"name": part.name, "argument": row.argument, "value": brief(value), "module": part.module}
    aspect = _aspect(part, row.argument or "class") if part.family != "file" else "reading"
    labels = [part.label] if part.label else []
    more: dict[str, Any] = {"phases": row.phases or ["saving"], "layers": labels, "references": [row.reference]}
    a = value if row.argument else part.name
    more |= {"why": row.why.format(**told), "remedy": row.remedy.format(**told) if row.remedy else None}
    return divergence(part.subject, aspect, row.effect, row.title.format(**told), a, None, **more)
