"""In which order two pipelines give the same samples, and whether they shuffle alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kerasdiff.knowledge.load import Effect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kerasdiff.fingerprint.pipeline import Order, Part, Stage


class Found(NamedTuple):
    """What differs in the order."""

    aspect: str
    effect: Effect
    title: str
    remedy: str | None = None


#: What the second epoch is to the first.
_SECOND = {
    "same": "the same order in each epoch",
    "reshuffled": "another order in each epoch",
    "other samples": "other samples in each epoch",
}
_DRAW = "Both draw the order: it is the same with the same seed on the same random generator only."


def compare(a: Stage, b: Stage, *, is_moved: bool) -> list[Found]:
    """What differs in the order of two stages' samples. ``is_moved``: whether their values tell that it does."""
    found = [*_shuffling(a.order, b.order)]
    paired = _pairing(a, b)
    if paired:
        return [*found, Found("pairs", Effect.RESULTS, paired)]
    if found or a.order.digest == b.order.digest:
        return found
    if a.order.set != b.order.set and not is_moved and not _is_moved(a, b):
        return found
    if a.order.unstable and b.order.unstable:
        return found  # drawn without a seed on both sides
    how = _how(a, b)
    if a.order.unstable or b.order.unstable:
        side = "A" if a.order.unstable else "B"
        title = f"the order is another one in each run in {side} only, which draws it without a seed"
        return [Found("order", Effect.REPRODUCIBILITY, title, "give the shuffle a seed")]
    is_drawn = a.order.second == b.order.second == "reshuffled"
    title = f"the same samples in another order{how}"
    if is_drawn:
        return [Found("order", Effect.REPRODUCIBILITY, f"{title}: another draw", "shuffle by the same seed and generator")]
    return [Found("order", Effect.RESULTS, f"{title}, in each epoch")]


def _shuffling(a: Order, b: Order) -> list[Found]:
    """Whether one side shuffles and the other does not, or in another way."""
    if a.second is None or b.second is None:
        return []
    if a.second != b.second:
        one, other = (_SECOND.get(order.second or "", "an unknown order") for order in (a, b))
        return [Found("shuffling", Effect.RESULTS, f"{other} in B, {one} in A")]
    if a.moves != b.moves:
        one, other = (f"shuffles {order.moves}" if order.moves != "batches" else "shuffles whole batches" for order in (a, b))
        return [Found("shuffling", Effect.RESULTS, f"{other} in B, {one} in A")]
    return []


def _common(a: Stage, b: Stage) -> list[tuple[Part, Part]]:
    return [(a.parts[name], b.parts[name]) for name in sorted(a.parts.keys() & b.parts.keys())]


def _is_moved(a: Stage, b: Stage) -> bool:
    """Whether a part has the same samples in another order, whatever became of the others."""
    return any(one.set == other.set and _differs(one, other) for one, other in _common(a, b))


def _differs(a: Part, b: Part) -> bool:
    return a.samples.digests != b.samples.digests


def _pairing(a: Stage, b: Stage) -> str:
    """Which parts have the same samples, but go together otherwise; empty where they don't."""
    names = [
        name
        for name in sorted(a.parts.keys() & b.parts.keys())
        if a.parts[name].set == b.parts[name].set and len(set(a.parts[name].samples.digests)) > 1
    ]
    lists = [[stage.parts[name].samples.digests for name in names] for stage in (a, b)]
    whole = all(len(digests) == stage.batches.samples for stage, some in zip((a, b), lists, strict=True) for digests in some)
    if len(names) < 2 or not whole or not (a.batches.complete and b.batches.complete):
        return ""
    one, other = (sorted(zip(*some, strict=True)) for some in lists)
    if one == other:
        return ""
    return f"{' and '.join(names)} have the samples of A, but go together otherwise: one is in another order, the other is not"


def _how(a: Stage, b: Stage) -> str:
    """Whether each batch has the samples that it has in A; empty where that can't be told."""
    one, other = (_batches(stage) for stage in (a, b))
    if (
        a.order.set != b.order.set
        or one is None
        or other is None
        or [len(batch) for batch in one] != [len(batch) for batch in other]
    ):
        return ""
    if one == other:
        return " within the batches"
    return ", batch by batch" if sorted(one) == sorted(other) else " across the batches"


def _batches(stage: Stage) -> list[list[str]] | None:
    """The digests of each batch, sorted; None where not all are kept."""
    samples: Sequence[str] = stage.order.samples
    size = stage.batches.size
    if size < 1 or len(samples) != stage.batches.samples:
        return None
    return [sorted(samples[start : start + size]) for start in range(0, len(samples), size)]
