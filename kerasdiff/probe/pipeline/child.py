"""Runs a pipeline in a process of its own and says what it feeds."""

import os
import threading
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

from . import failure, source
from .elements import Unfit, parts
from .measure import Stage

Fact = Dict[str, Any]
Place = Optional[Tuple[str, int]]


def main(send: Callable[..., None], task: Fact, isolate: Callable[[str], List[str]]) -> None:
    """Measure the pipeline of a task, and send what was found. One that hangs ends the process, telling where it is.

    What frameworks write at import goes to a temporary home, in which the user's files are as at home: pipelines read data.
    """
    homes = [os.path.expanduser("~"), os.environ.get("KERAS_HOME")]
    isolate(task["folder"])
    for name, home in zip(("home", "keras"), homes):
        if home:
            _link(home, os.path.join(task["folder"], name))
    name, seconds = task["pipeline"], task["seconds"]
    late = threading.Timer(seconds, _give_up, (send, threading.get_ident(), seconds))
    late.daemon = True
    late.start()
    try:
        value = measured(name, task["epochs"], send)
    except BaseException as error:  # what the user's code raises, exits included
        value = failure.fact(error)
    late.cancel()
    send(fact="pipeline", value=value)


def _link(home: str, folder: str) -> None:
    """Have a folder hold links to what is in another one, and in its ``.keras``, but for the files that it has itself."""
    for below in ("", ".keras"):
        if os.path.isdir(os.path.join(home, below)) and os.path.isdir(os.path.join(folder, below)):
            for entry in os.listdir(os.path.join(home, below)):
                target = os.path.join(folder, below, entry)
                if not os.path.lexists(target) and entry != "keras.json":
                    try:
                        os.symlink(os.path.join(home, below, entry), target)
                    except OSError:  # a system where one must be allowed to
                        return


def _give_up(send: Callable[..., None], thread: int, seconds: float) -> None:
    value = {"state": "timeout", "message": "took longer than %g s" % seconds}
    where = failure.told(failure.of_thread(thread))
    send(fact="pipeline", value=dict(value, where=where) if where else value)
    send(end=True)
    os._exit(0)


def measured(name: str, epochs: int, send: Callable[..., None]) -> Fact:
    """The facts of ``package.module:function``. Raises what the user's code raises."""
    try:
        import numpy  # noqa: PLC0415  # comes with Keras
    except ImportError as error:
        return failure.fact(error)
    begin: Place = None
    try:
        function = source.function(name)
        begin = source.place(function)
        send(start="pipeline", where=failure.told(begin))
        given = function()
        found = source.stages(given)
        measuring = [Stage(stage.name, numpy) for stage in found]
        for epoch in range(epochs):
            if epoch and any(hasattr(stage.source, "__next__") for stage in found):  # a generator is used up: another one
                found = source.stages(function())
            for stage in measuring:
                stage.begin()
            for chain in _chains(found, measuring):
                _epoch(chain, numpy, begin)
        _check_samples(measuring)
    except source.NotBatches as refused:
        return failure.fact(refused, refused.place or begin)
    return {
        "state": "value",
        "kind": source.kind(given) if len(found) == 1 and not found[0].name else "stages",
        "stages": [stage.facts() for stage in measuring],
    }


def _check_samples(measuring: List[Stage]) -> None:
    """Raises `source.NotBatches` where a stage gave nothing."""
    for stage in measuring:
        if not stage.samples:
            raise source.NotBatches("%s no samples" % ("the stage %s gives" % stage.name if stage.name else "gives"))


Chain = List[Tuple[source.Stage, Stage]]


def _chains(found: List[source.Stage], measuring: List[Stage]) -> Iterator[Chain]:
    """The stages that one source feeds."""
    chain: Chain = []
    for pair in zip(found, measuring):
        if pair[0].change is None and chain:
            yield chain
            chain = []
        chain.append(pair)
    if chain:
        yield chain


def _epoch(chain: Chain, numpy: Any, begin: Place) -> None:
    """Go once through the batches of a source, and of all stages that it feeds."""
    thing = chain[0][0].source
    for number, batch in enumerate(source.batches(thing)):
        goes_on = True
        for stage, measuring in chain:
            if stage.change is not None:
                batch = source.applied(stage.change, batch)  # noqa: PLW2901  # from stage to stage
            place = source.place(stage.change) if stage.change is not None else source.place(thing)
            goes_on = measuring.add(_checked(batch, stage.name, number, place or begin, numpy)) and goes_on
        if not goes_on:
            return
    for _, measuring in chain:
        measuring.end()


def _checked(batch: Any, stage: str, number: int, place: Place, numpy: Any) -> Any:
    """The parts of a batch. Raises `source.NotBatches` where it is none."""
    what = ("the stage %s gives" % stage if stage else "gives") + (" as batch %d" % number if number else "")
    try:
        return parts(batch, numpy)
    except Unfit as unfit:
        raise source.NotBatches("%s %s, no arrays" % (what, unfit), place) from None
