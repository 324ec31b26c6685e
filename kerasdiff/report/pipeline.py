"""What a pipeline feeds, for people: a line a stage, and one for each part of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerasdiff.fingerprint.document import VALUE
from kerasdiff.fingerprint.pipeline import failure, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kerasdiff.fingerprint.pipeline import Part, Pipeline, Stage

_SECOND = {
    "same": "the same order in the second epoch",
    "reshuffled": "another order in the second epoch, moved {moves}",
    "other samples": "other samples in the second epoch",
}


def lines(pipeline: Pipeline) -> dict[str, str]:
    """What is said of each subject: ``pipeline``, ``pipeline.x``, ``pipeline.stages.resize.x``."""
    if pipeline.state != VALUE:
        return {"pipeline": f"{pipeline.name}: {failure(pipeline)}"}
    found = {"pipeline": f"{pipeline.name}: {pipeline.kind}"}
    for stage in pipeline.stages:
        found.update(_stage(stage))
    return found


def _stage(stage: Stage) -> Iterator[tuple[str, str]]:
    subject = f"pipeline.stages.{stage.name}" if stage.name else "pipeline.order"
    count = stage.batches
    ends = "" if count.complete else " and more"
    sizes = f"{count.count} batches of {count.size}" + (f", the last of {count.last}" if count.last != count.size else "")
    told = [f"{count.samples} samples{ends} in {sizes}"]
    if stage.order.second is not None:
        told.append(_SECOND.get(stage.order.second, stage.order.second).format(moves=stage.order.moves))
    if stage.order.unstable:
        told.append("another order in each run")
    yield subject, "; ".join(told)
    for name, part in stage.parts.items():
        yield f"pipeline.{name}" if not stage.name else f"{subject}.{name}", _part(part)


def _part(part: Part) -> str:
    shape = f"({', '.join(map(str, part.shape))}{',' if len(part.shape) == 1 else ''})"
    told = [f"{part.dtype} {shape if part.shapes == 1 else f'of {part.shapes} shapes, as {shape}'}"]
    known = {key: number(part.statistics.get(key)) for key in ("min", "max", "mean", "std")}
    if part.statistics:
        told.append("{min:.5g} to {max:.5g}, mean {mean:.5g}, deviation {std:.5g}".format(**known))
    for key, words in (("nan", "NaN"), ("infinite", "infinite")):
        if number(part.statistics.get(key, 0)):
            told.append(f"{number(part.statistics[key]):.0f} {words}")
    if part.unstable is not None:
        told.append("other values in each run")
    return "; ".join(told)
