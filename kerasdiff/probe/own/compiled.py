"""What a model was compiled with."""

from typing import Any, Dict, Iterator, List

import numpy

from ..behaviour import numbers
from ..values import encode


def is_compiled(model: Any) -> bool:
    """Whether a model can be trained."""
    return getattr(model, "optimizer", None) is not None


def told(model: Any) -> Dict[str, Any]:
    """The optimizer with its arguments, the losses and the metrics."""
    optimizer = model.optimizer
    optimizer = getattr(optimizer, "optimizer", optimizer)  # wrapped, as for TensorFlow's own
    loss = getattr(model, "loss", None)
    found = {"optimizer": type(optimizer).__name__, "config": encode(_config(optimizer)), "loss": _named(loss)}
    return dict(found, metrics=[str(name) for name in getattr(model, "metrics_names", None) or []])


def objects(model: Any) -> Dict[str, Any]:
    """The classes and functions of losses, metrics and the optimizer, by name."""
    found: Dict[str, Any] = {}
    for thing in _objects([getattr(model, "loss", None), _metrics(model), getattr(model, "optimizer", None)]):
        holder = thing if callable(thing) and hasattr(thing, "__name__") else type(thing)
        found.setdefault(str(holder.__name__), holder)
    return found


def _metrics(model: Any) -> List[Any]:
    """The metrics as they were given, wherever a generation of Keras keeps them."""
    holders = [getattr(model, name, None) for name in ("_compile_metrics", "compiled_metrics")]
    held = [getattr(holder, "_user_metrics", holder) for holder in holders if holder is not None]
    return held + [getattr(model, "metrics", None)]


def _config(thing: Any) -> Any:
    try:
        return thing.get_config()
    except Exception:
        return {}


def _named(loss: Any) -> Any:
    """A loss, or several, by name."""
    if isinstance(loss, (list, tuple)):
        return [_named(part) for part in loss]
    if isinstance(loss, dict):
        return {str(key): _named(part) for key, part in loss.items()}
    if loss is None or isinstance(loss, str):
        return loss
    return str(getattr(loss, "__name__", None) or type(loss).__name__)


def _objects(things: List[Any]) -> Iterator[Any]:
    """The objects in lists and mappings, but for text and nothing."""
    for thing in things:
        if isinstance(thing, (list, tuple)):
            for part in _objects(list(thing)):
                yield part
        elif isinstance(thing, dict):
            for part in _objects(list(thing.values())):
                yield part
        elif thing is not None and not isinstance(thing, str):
            yield thing


def target(output: Any, model: Any) -> Any:
    """What an output is to be in training, by the kind of the loss: classes, one of several, or numbers."""
    told = str(_named(getattr(model, "loss", None))).lower().replace("_", "")
    flat = numpy.arange(output[..., 0].size if output.ndim > 1 else output.size)
    if "sparse" in told:
        return (flat % output.shape[-1]).reshape(output.shape[:-1]).astype("int32")
    if "categorical" in told:
        return numpy.eye(output.shape[-1], dtype="float32")[flat % output.shape[-1]].reshape(output.shape)
    made = numbers.data(output.shape, "exact", 3)
    return (made > 0).astype("float32") if "binary" in told or "hinge" in told else made
