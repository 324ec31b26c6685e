"""Runs a pipeline in a process of its own and says what it feeds."""

from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

from ..source import Place, Source, Wrong, named, place, watched
from ..values import failure
from . import stages
from .elements import Unfit, parts
from .measure import Stage

Fact = Dict[str, Any]


def main(send: Callable[..., None], task: Fact) -> None:
    """Measure the pipeline of a task, and send what was found."""
    user = Source(task["pipeline"], task["path"])
    with watched(task["folder"], task["end"]):
        try:
            value = measured(user, task["epochs"], send)
        except Wrong as wrong:
            value = wrong.fact
        except BaseException as error:  # what the user's code raises, exits included
            value = user.failed(error)
    send(fact="pipeline", value=value)


def measured(user: Source, epochs: int, send: Callable[..., None]) -> Fact:
    """The facts of what a callable of the user's gives. Raises what their code raises, and `Wrong`."""
    try:
        import numpy  # noqa: PLC0415  # comes with Keras
    except ImportError as error:
        return failure(error)
    function = user.get()
    if not callable(function):
        message = "%s is no function but %s" % (user.spec, named(function))
        raise Wrong({"state": "error", "type": "TypeError", "message": message})
    begin = place(function)
    send(start="pipeline", begin=user.told({}, begin))
    try:
        given = function()
        found = stages.stages(given)
        measuring = [Stage(stage.name, numpy) for stage in found]
        for epoch in range(epochs):
            if epoch and any(hasattr(stage.source, "__next__") for stage in found):  # a generator is used up: another one
                found = stages.stages(function())
            for stage in measuring:
                stage.begin()
            for chain in _chains(found, measuring):
                _epoch(chain, numpy, begin)
        _check_samples(measuring)
    except stages.NotBatches as refused:
        return user.failed(refused, refused.place or begin)
    return {
        "state": "value",
        "kind": stages.kind(given) if len(found) == 1 and not found[0].name else "stages",
        "stages": [stage.facts() for stage in measuring],
    }


def _check_samples(measuring: List[Stage]) -> None:
    """Raises `stages.NotBatches` where a stage gave nothing."""
    for stage in measuring:
        if not stage.samples:
            raise stages.NotBatches("%s no samples" % ("the stage %s gives" % stage.name if stage.name else "gives"))


Chain = List[Tuple[stages.Stage, Stage]]


def _chains(found: List[stages.Stage], measuring: List[Stage]) -> Iterator[Chain]:
    """The stages that one source feeds."""
    chain: Chain = []
    for pair in zip(found, measuring):
        if pair[0].change is None and chain:
            yield chain
            chain = []
        chain.append(pair)
    if chain:
        yield chain


def _epoch(chain: Chain, numpy: Any, begin: Optional[Place]) -> None:
    """Go once through the batches of a source, and of all stages that it feeds."""
    thing = chain[0][0].source
    for number, batch in enumerate(stages.batches(thing)):
        goes_on = True
        for stage, measuring in chain:
            if stage.change is not None:
                batch = stages.applied(stage.change, batch)  # noqa: PLW2901  # from stage to stage
            where = place(stage.change if stage.change is not None else thing) or begin
            goes_on = measuring.add(_checked(batch, stage.name, number, where, numpy)) and goes_on
        if not goes_on:
            return
    for _, measuring in chain:
        measuring.end()


def _checked(batch: Any, stage: str, number: int, where: Optional[Place], numpy: Any) -> Any:
    """The parts of a batch. Raises `stages.NotBatches` where it is none."""
    what = ("the stage %s gives" % stage if stage else "gives") + (" as batch %d" % number if number else "")
    try:
        return parts(batch, numpy)
    except Unfit as unfit:
        raise stages.NotBatches("%s %s, no arrays" % (what, unfit), where) from None
