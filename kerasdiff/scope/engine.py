"""Scope by model: a comparison of two environments as it concerns one saved model."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

import msgspec

from kerasdiff.compare.divergence import Divergence, divergence
from kerasdiff.compare.engine import Comparison, Loads
from kerasdiff.knowledge.load import Effect
from kerasdiff.knowledge.loading import File
from kerasdiff.knowledge.rules import within
from kerasdiff.scope.narrow import Uses, fitting, is_serious, narrowed
from kerasdiff.scope.parts import MODEL, parts
from kerasdiff.scope.predict import Reason, reasons
from kerasdiff.scope.reader import Loader

if TYPE_CHECKING:
    from kerasdiff.compare.side import Side
    from kerasdiff.models.document import SavedModel

LOADS, OTHERWISE, FAILS = "loads", "loads with other predictions", "fails"


def scoped(comparison: Comparison, model: SavedModel) -> Comparison:
    """The comparison of what a model uses and leaves open, with what loading it in B is predicted to do. A pure function."""
    roots = frozenset(weight.path.partition("/")[0] for weight in model.weights)
    file = File(PurePath(model.file).name, model.format, model.writer.keras, roots)
    a, b = Loader(comparison.a, file), Loader(comparison.b, file)
    every = parts(model)
    uses = Uses(every, a, b)
    kept, unknown = narrowed(comparison, uses)
    here = reasons(model, a)
    before = {one.found.id: one.found for one in here}
    mistaken = _mistaken(here) if _is_known_to_load(model.writer.keras, comparison.a.api.version) else frozenset()
    known = {found.id: found for found in comparison.divergences}
    against = [one for one in reasons(model, b) if one.argument is None or one.found.id not in mistaken]
    why = [*(_explained(one, a, known) for one in against), *fitting(kept, uses, comparison.b)]
    told = [found for found in why if found.effect is Effect.BREAKS]
    verdict = FAILS if told else LOADS
    if not told:
        told = [found for found in (*why, *kept) if is_serious(found, known)]
        verdict = OTHERWISE if told else LOADS
    found = [*(_new(one, before) for one in why), *_writer(model, comparison.a, before), *kept]
    return msgspec.structs.replace(
        comparison,
        divergences=sorted(found, key=lambda one: (one.effect.rank, one.cause is not None, one.id)),
        not_comparable=unknown,
        model=Loads(
            file=model.file,
            format=model.format,
            writer=model.writer.keras,
            layers=len([part for part in every if part.family == "layers" and not part.at and part.label]),
            verdict=verdict,
            reasons=[one.id for one in told],
            of=len(comparison.divergences),
        ),
    )


def _is_known_to_load(writer: str | None, here: str | None) -> bool:
    """Whether A, in which a model is taken to work, is the release that made the file or a later one."""
    if writer is None or here is None or writer == here:
        return True
    if writer.endswith("-tf") and within(here, "<2.4"):  # another Keras than the one that isn't part of TensorFlow
        return False
    return within(writer, f"<={here.removesuffix('-tf')}")


def _mistaken(here: list[Reason]) -> frozenset[str]:
    """What is missing in A as well, and so can't be what stops B: it is found otherwise than by its name."""
    return frozenset(one.found.id for one in here if one.argument is not None and one.found.effect is Effect.BREAKS)


def _explained(reason: Reason, a: Loader, known: dict[str, Divergence]) -> Divergence:
    """A reason, with what a rule says of the same class or argument in general."""
    name = a.symbol(reason.part) if reason.argument is not None else None
    for alias in a.side.names(name) if name is not None else ():
        one = known.get(f"{alias}/parameter.{reason.argument}" if reason.argument else f"{alias}/presence")
        if one is not None and one.rule is not None:
            return msgspec.structs.replace(reason.found, why=f"{one.why} [{one.rule}]", references=one.references)
    return reason.found


def _new(found: Divergence, before: dict[str, Divergence]) -> Divergence:
    """A reason that holds in A too is dealt with there, and no divergence."""
    known = before.get(found.id)
    if known is None or known.effect is not found.effect:
        return found
    return msgspec.structs.replace(found, effect=Effect.INFO, title=f"{found.title}; so in A")


def _writer(model: SavedModel, a: Side, before: dict[str, Divergence]) -> list[Divergence]:
    """That another release than A wrote the file; A's defaults are taken for what it leaves open all the same."""
    wrote, here = model.writer.keras, a.api.version
    if wrote is None or here is None or wrote == here:
        return []
    title = f"Keras {wrote} wrote the file, A is Keras {here}"
    if any(found.effect is Effect.BREAKS for found in before.values()):
        title += ", which is predicted to refuse it"
    return [divergence(MODEL, "writer", Effect.INFO, title, wrote, here, phases=["saving"])]
