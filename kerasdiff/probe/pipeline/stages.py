"""What the user's callable gives: batches, or named stages of batches, which can be gone through once an epoch."""

import inspect
import sys
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

from ..source import Place, named

#: Stages at most.
MAX_STAGES = 64


class NotBatches(Exception):
    """What was given can't be measured; ``place`` is the file and line that gave it."""

    def __init__(self, message: str, place: Optional[Place] = None) -> None:
        super().__init__(message)
        self.place = place


class Stage(NamedTuple):
    """A named stage: either batches of its own, or what a callable makes of the batches of the stage before."""

    name: str
    source: Any
    change: Optional[Callable[..., Any]]


def stages(given: Any) -> List[Stage]:
    """The stages of what the callable gave; one without a name where it gave batches. Raises `NotBatches`."""
    pairs = _pairs(given)
    if pairs is None:
        return [Stage("", given, None)]
    if len(pairs) > MAX_STAGES:
        raise NotBatches("%d stages, of which at most %d are measured" % (len(pairs), MAX_STAGES))
    if len({name for name, _ in pairs}) < len(pairs):
        raise NotBatches("two stages have one name")
    found: List[Stage] = []
    for name, thing in pairs:
        is_change = bool(found) and callable(thing) and not _is_batches(thing)
        source = thing() if callable(thing) and not is_change and not _is_batches(thing) else thing
        found.append(Stage(name, None if is_change else source, thing if is_change else None))
    return found


def _pairs(given: Any) -> Optional[List[Tuple[str, Any]]]:
    """The names and things of a list or mapping of stages; None where it is none."""
    if isinstance(given, dict) and given:
        pairs = list(given.items())
    elif isinstance(given, (list, tuple)) and given and all(isinstance(one, tuple) and len(one) == 2 for one in given):
        pairs = list(given)
    else:
        return None
    is_stages = all(isinstance(name, str) and (callable(thing) or _is_batches(thing)) for name, thing in pairs)
    return pairs if is_stages else None


def _is_batches(thing: Any) -> bool:
    """Whether a thing can be gone through and is no array."""
    is_array = hasattr(thing, "shape") and hasattr(thing, "dtype")
    goes = hasattr(thing, "__iter__") or hasattr(thing, "__next__") or _is_sequence(thing)
    return goes and not is_array and not isinstance(thing, (str, bytes, type))


def _is_sequence(thing: Any) -> bool:
    """Whether it is batches by number, as Keras's Sequence and PyDataset."""
    is_numbered = hasattr(thing, "__getitem__") and hasattr(thing, "__len__")
    return is_numbered and not isinstance(thing, (list, tuple, dict, str, bytes)) and not hasattr(thing, "shape")


def kind(thing: Any) -> str:
    """What the batches come from, as ``tensorflow.data.Dataset`` or ``generator``."""
    module = type(thing).__module__.partition(".")[0]
    if module == "tensorflow" and hasattr(thing, "prefetch"):
        return "tf.data.Dataset"
    return type(thing).__name__ if module in ("builtins", "__main__") else "%s %s" % (module, type(thing).__name__)


def batches(thing: Any) -> Iterator[Any]:
    """One epoch of a thing. Raises `NotBatches`, or whatever the user's code raises."""
    if (hasattr(thing, "shape") and hasattr(thing, "dtype")) or isinstance(thing, (tuple, dict)):
        return iter([thing])  # arrays as they are given to fit: one batch
    if hasattr(thing, "prefetch") and hasattr(thing, "element_spec"):
        return _dataset(thing)
    if _is_sequence(thing) and (hasattr(thing, "on_epoch_end") or not hasattr(thing, "__iter__")):
        return _sequence(thing)
    if not _is_batches(thing):
        raise NotBatches("gives %s, not batches" % named(thing))
    return iter(thing)


def _sequence(thing: Any) -> Iterator[Any]:
    """As Keras goes through a Sequence."""
    if callable(getattr(thing, "on_epoch_begin", None)):
        thing.on_epoch_begin()
    for number in range(len(thing)):
        yield thing[number]
    if callable(getattr(thing, "on_epoch_end", None)):
        thing.on_epoch_end()


def _dataset(thing: Any) -> Iterator[Any]:
    """A tf.data.Dataset, in graph mode by a session."""
    tensorflow = sys.modules["tensorflow"]
    if tensorflow.executing_eagerly():
        for element in thing:
            yield element
        return
    session, initializer, following = _GRAPHS.get(id(thing)) or _GRAPHS.setdefault(id(thing), _in_graph(thing, tensorflow))
    session.run(initializer)
    while True:
        try:
            yield session.run(following)
        except tensorflow.errors.OutOfRangeError:
            return


#: Of each dataset in graph mode its session, what begins an epoch, and what comes next: one for all epochs, as when training.
_GRAPHS: Dict[int, Tuple[Any, Any, Any]] = {}


def _in_graph(thing: Any, tensorflow: Any) -> Tuple[Any, Any, Any]:
    old = tensorflow.compat.v1
    graph = getattr(thing, "_graph", None) or old.get_default_graph()
    with graph.as_default():
        iterator = old.data.make_initializable_iterator(thing)
        following = iterator.get_next()
        session = old.Session(graph=graph)
        session.run(old.tables_initializer())
    return session, iterator.initializer, following


def applied(change: Callable[..., Any], batch: Any) -> Any:
    """What a stage makes of a batch: it is given whole, or by its parts where the stage takes as many arguments."""
    if isinstance(batch, (tuple, list)) and len(batch) > 1:
        try:
            parameters = list(inspect.signature(change).parameters.values())
        except (TypeError, ValueError):
            return change(batch)
        required = [
            one
            for one in parameters
            if one.default is one.empty and one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
        ]
        if len(required) == len(batch):
            return change(*batch)
    return change(batch)
