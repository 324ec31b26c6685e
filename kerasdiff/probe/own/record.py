"""Records a reference: what a model is given, its weights, what each layer makes of it, and what comes out."""

import json
from typing import Any, Dict, List, Optional

import numpy

from .. import packages
from ..npz import Archive, BadArchive
from . import arrays, lifelike, trace, units
from .apart import digest

SCHEMA = "kerasdiff.reference/1"
#: Bytes of what layers give that are kept, in all and of one tensor; of weights, which are needed.
MAX_TENSORS = 256 << 20
MAX_TENSOR = 64 << 20
MAX_WEIGHTS = 1 << 30


class _Store:
    """Arrays under names, each content once."""

    def __init__(self) -> None:
        self.arrays: Dict[str, Any] = {}
        self._known: Dict[str, str] = {}
        self._left = MAX_TENSORS

    def keep(self, array: Any) -> Optional[str]:
        """The name of an array of what layers take and give; None where it is too large, or there is no room left."""
        plain = _plain(array)
        key = digest(plain)
        if key not in self._known:
            if plain.nbytes > min(self._left, MAX_TENSOR):
                return None
            self._left -= plain.nbytes
            name = self._known[key] = "tensor_%d" % len(self._known)
            self.arrays[name] = plain
        return self._known[key]


def _plain(array: Any) -> Any:
    """An array of a type that archives hold: shorter floats of JAX's become float32, texts bytes."""
    if array.dtype.kind in "biufc":
        return array
    if array.dtype.kind in "OSU":
        texts = [text if isinstance(text, bytes) else str(text).encode("utf-8") for text in array.reshape(-1)]
        return numpy.array(texts).reshape(array.shape)
    return array.astype("float32")


def record(tools: Any, given: Optional[Archive], environment: Dict[str, Any], output: str) -> Dict[str, Any]:
    """Write a reference to ``output``; what was written. Raises `BadArchive`, `OSError`, or what the library raises."""
    engine, model, is_model = tools
    inputs = arrays.numbered(given, "x|inputs") if given is not None else _formula(model)
    if not inputs:
        raise BadArchive("holds no inputs: save them as x, or as inputs_0, inputs_1…")
    inputs = arrays.fitting(inputs, model, "it")
    ran = trace.trace(engine, model, inputs, is_model)
    layers, weights = _layers(engine, ran.calls)
    store = _Store()
    calls: List[Dict[str, Any]] = []
    left_out: List[str] = []
    for seen in ran.calls:
        inputs_of = [store.keep(array) for array in seen.inputs]
        masks = [None if mask is None else store.keep(mask) for mask in seen.masks]
        outputs = [store.keep(array) for array in seen.outputs]
        if None in inputs_of + outputs:
            left_out.append(seen.name)
        calls.append({"name": seen.name, "inputs": inputs_of, "masks": masks, "outputs": outputs})
    told = {
        "schema": SCHEMA,
        "environment": dict(environment, packages=_stack()),
        "layers": layers,
        "calls": calls,
        "left_out": left_out,
    }
    kept = dict(store.arrays, **weights)
    kept.update(("inputs_%d" % number, _plain(array)) for number, array in enumerate(inputs))
    kept.update(("outputs_%d" % number, _plain(array)) for number, array in enumerate(ran.outputs))
    kept["kerasdiff"] = numpy.frombuffer(json.dumps(told, sort_keys=True).encode("ascii"), "uint8")
    arrays.write(output, kept)
    sizes = [[list(array.shape) for array in some] for some in (inputs, ran.outputs)]
    written = {"inputs": sizes[0], "outputs": sizes[1], "layers": len(layers), "calls": len(calls), "weights": len(weights)}
    return dict(written, state="value", left_out=left_out, environment=told["environment"])


def _formula(model: Any) -> List[Any]:
    """Made inputs. Raises `BadArchive` where they can't be made."""
    try:
        return lifelike.inputs(model)
    except arrays.NoInput as error:
        raise BadArchive("can't be run on made inputs, for %s: give some in a file (x)" % error) from None


def _layers(engine: Any, calls: List[trace.Seen]) -> Any:
    """The layers that are called, each once, with their weights; and these by name."""
    layers: List[Dict[str, Any]] = []
    weights: Dict[str, Any] = {}
    seen_before = set()
    for seen in calls:
        if id(seen.layer) in seen_before:
            continue
        seen_before.add(id(seen.layer))
        held = []
        for name, role, array in zip(units.weight_names(seen.layer), units.weight_roles(seen.layer), units.values(seen.layer)):
            key = "weights_%d" % len(weights)
            weights[key] = _plain(array)
            held.append({"name": name, "role": role, "array": key})
        uses = {"symbols": units.symbols(engine.api, seen.layer), "names": units.named(engine.api, seen.layer)}
        told = {"name": seen.name, "class": type(seen.layer).__name__, "config": units.config(seen.layer), "uses": uses}
        layers.append(dict(told, weights=held, custom=units.is_custom(engine.api, seen.layer)))
    if sum(array.nbytes for array in weights.values()) > MAX_WEIGHTS:
        raise BadArchive("can't hold the model: its weights take more than %d MB" % (MAX_WEIGHTS >> 20))
    return layers, weights


def _stack() -> Dict[str, str]:
    """The versions of the Keras stack."""
    versions, distributions = packages.facts()
    return {name: version for name, version in versions.items() if distributions.get(name, {}).get("stack")}
