"""Runs a model and keeps what goes into each of its layers and what comes out; runs a layer alone on what went into it."""

from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

import numpy

from ..behaviour.engine import Eager, Engine, accepts, mask_of
from ..behaviour.graph import Graph


class Seen(NamedTuple):
    """A call of a layer. ``inputs``, ``masks`` (of each input, or None) and ``outputs`` are arrays, flat.

    ``name``: the layers' names from the outermost model in, with ``:1`` for the second call. ``again`` calls it with others.
    """

    name: str
    layer: Any
    inputs: List[Any]
    masks: List[Any]
    outputs: List[Any]
    again: Callable[[List[Any], List[Any]], List[Any]]


class Trace(NamedTuple):
    """What a run of a model gave: its outputs, flat, and its calls in their order."""

    outputs: List[Any]
    calls: List[Seen]


def trace(engine: Engine, model: Any, inputs: List[Any], is_model: Callable[[Any], bool]) -> Trace:
    """Run ``model`` on arrays in inference mode. Raises what the library raises."""
    if isinstance(engine, Eager):
        return _Eagerly(engine, model, is_model).run(inputs)
    assert isinstance(engine, Graph)
    return _InGraph(engine, is_model).run(model, inputs, "")


def flat(value: Any) -> List[Any]:
    """The tensors in a structure, in a fixed order."""
    if isinstance(value, (list, tuple)):
        return [tensor for part in value for tensor in flat(part)]
    if isinstance(value, dict):
        return [tensor for _, part in sorted(value.items(), key=lambda pair: str(pair[0])) for tensor in flat(part)]
    return [value] if _is_tensor(value) else []


def _is_tensor(value: Any) -> bool:
    return hasattr(value, "shape") and hasattr(value, "dtype")


def _filled(value: Any, tensors: Iterator[Any]) -> Any:
    """A structure with other tensors, in the order of `flat`."""
    if isinstance(value, (list, tuple)):
        parts = [_filled(part, tensors) for part in value]
        return parts if isinstance(value, list) else tuple(parts)
    if isinstance(value, dict):
        filled = {key: _filled(part, tensors) for key, part in sorted(value.items(), key=lambda pair: str(pair[0]))}
        return {key: filled[key] for key in value}
    return next(tensors) if _is_tensor(value) else value


def leaves(model: Any, is_model: Callable[[Any], bool], above: str = "") -> Iterator[Tuple[str, Any]]:
    """The layers of a model and of the models in it, each with its path; no inputs."""
    for layer in model.layers:
        path = above + str(layer.name)
        if is_model(layer):
            for inner in leaves(layer, is_model, path + "/"):
                yield inner
        elif type(layer).__name__ != "InputLayer":
            yield path, layer


def _numbered(name: str, counts: Dict[str, int]) -> str:
    """The name of a call: of the first one the layer's."""
    number = counts[name] = counts.get(name, -1) + 1
    return "%s:%d" % (name, number) if number else name


class _Eagerly:
    """Where tensors have numbers: the calls are watched while the model runs."""

    def __init__(self, engine: Eager, model: Any, is_model: Callable[[Any], bool]) -> None:
        self._engine = engine
        self._model = model
        self._is_model = is_model
        self._calls: List[Seen] = []
        self._counts: Dict[str, int] = {}
        self._watched: Dict[int, str] = {}
        self._inside = False

    def run(self, inputs: List[Any]) -> Trace:
        tensors = [self._engine.tensor(array) for array in inputs]
        given: Any = tensors[0] if len(tensors) == 1 else tensors
        keywords = {"training": False} if accepts(self._model.call, "training") else {}
        self._model(given, **keywords)  # so that a model that is built by its first call has its layers
        self._watched = {id(layer): path for path, layer in leaves(self._model, self._is_model)}
        originals = {}
        for _, layer in leaves(self._model, self._is_model):
            holder = next(cls for cls in type(layer).__mro__ if "__call__" in cls.__dict__)
            originals[holder] = holder.__dict__["__call__"]
        try:
            for holder, original in originals.items():
                setattr(holder, "__call__", self._watching(original))  # noqa: B010  # mypy lets no method be assigned
            outputs = self._model(given, **keywords)
        finally:
            for holder, original in originals.items():
                setattr(holder, "__call__", original)  # noqa: B010
        return Trace(self._numbers(outputs), self._calls)

    def _watching(self, original: Any) -> Any:
        def called(layer: Any, *given: Any, **keywords: Any) -> Any:
            if self._inside or id(layer) not in self._watched:
                return original(layer, *given, **keywords)
            self._inside = True  # the layers in a layer aren't watched: it is the unit that people wrote
            try:
                outputs = original(layer, *given, **keywords)
            finally:
                self._inside = False
            self._see(layer, given, keywords, outputs)
            return outputs

        return called

    def _see(self, layer: Any, given: Any, keywords: Dict[str, Any], outputs: Any) -> None:
        keywords = {name: part for name, part in keywords.items() if name not in ("training", "mask")}
        tensors = flat([given, keywords])
        try:
            arrays, found = self._numbers(tensors), self._numbers(outputs)
            masks = [None if mask is None else numpy.asarray(self._engine.numbers(mask)) for mask in map(mask_of, tensors)]
        except Exception:  # within a compiled part of a model tensors have no numbers
            return
        name = _numbered(self._watched[id(layer)], self._counts)

        def again(others: List[Any], their_masks: List[Any]) -> List[Any]:
            return self._again(layer, (given, keywords), others, their_masks)

        self._calls.append(Seen(name, layer, arrays, masks, found, again))

    def _again(self, layer: Any, structure: Any, arrays: List[Any], masks: List[Any]) -> List[Any]:
        given, keywords = _filled(structure, iter([self._engine.tensor(array) for array in arrays]))
        keywords = dict(keywords)
        if accepts(layer.call, "training"):
            keywords["training"] = False
        if any(mask is not None for mask in masks) and accepts(layer.call, "mask"):
            tensors = [None if mask is None else self._engine.tensor(mask) for mask in masks]
            keywords["mask"] = tensors[0] if len(tensors) == 1 else tensors
        return self._numbers(layer(*given, **keywords))

    def _numbers(self, value: Any) -> List[Any]:
        return [numpy.array(self._engine.numbers(tensor)) for tensor in flat(value)]


class _InGraph:
    """Where tensors are symbols: those that the model's nodes have are computed, and fed."""

    def __init__(self, engine: Graph, is_model: Callable[[Any], bool]) -> None:
        self._engine = engine
        self._backend = engine.api.backend
        self._is_model = is_model

    def run(self, model: Any, inputs: List[Any], above: str) -> Trace:
        if not _has_nodes(model) and hasattr(model, "model"):  # a Sequential of Keras 1 holds a model, once it is built
            model.build()
        model = getattr(model, "model", None) or model
        fed = list(model.inputs)
        nodes = list(_nodes(model))
        wanted = list(model.outputs)
        for _, tensors, masks, outputs in nodes:
            wanted += tensors + [mask for mask in masks if mask is not None] + outputs
        values = self._values(fed, inputs, wanted)
        calls: List[Seen] = []
        counts: Dict[str, int] = {}
        for layer, tensors, masks, outputs in nodes:
            arrays = [values[id(tensor)] for tensor in tensors]
            name = _numbered(above + str(layer.name), counts)
            if self._is_model(layer) and _has_nodes(layer):
                calls += self.run(layer, arrays, name + "/").calls
                continue
            told = [None if mask is None else values[id(mask)] for mask in masks]
            again = self._again(tensors, masks, outputs)
            calls.append(Seen(name, layer, arrays, told, [values[id(tensor)] for tensor in outputs], again))
        return Trace([values[id(tensor)] for tensor in model.outputs], calls)

    def _again(self, tensors: List[Any], masks: List[Any], outputs: List[Any]) -> Callable[[List[Any], List[Any]], List[Any]]:
        def again(others: List[Any], their_masks: List[Any]) -> List[Any]:
            pairs = list(zip(tensors, others))
            for mask, array, other in zip(masks, their_masks, others):
                if mask is not None:  # without a mask nothing is masked
                    whole = numpy.ones(other.shape[: len(mask.shape)], bool)
                    pairs.append((mask, whole if array is None else array))
            values = self._values([tensor for tensor, _ in pairs], [array for _, array in pairs], outputs)
            return [values[id(tensor)] for tensor in outputs]

        return again

    def _values(self, fed: List[Any], arrays: List[Any], wanted: List[Any]) -> Dict[int, Any]:
        """The arrays of tensors by their identity, where ``fed`` ones hold ``arrays``, in inference mode."""
        known = {id(tensor): array for tensor, array in zip(fed, arrays)}
        left = list({id(tensor): tensor for tensor in wanted if id(tensor) not in known}.values())
        if left:
            given = list({id(tensor): tensor for tensor in fed}.values())
            function = self._backend.function(given + [self._backend.learning_phase()], left)
            found = function([known[id(tensor)] for tensor in given] + [0])
            known.update((id(tensor), numpy.array(array)) for tensor, array in zip(left, found))
        return known


def _has_nodes(model: Any) -> bool:
    held = getattr(model, "model", None) or model
    return bool(getattr(held, "_nodes_by_depth", None) or getattr(held, "nodes_by_depth", None))


def _nodes(model: Any) -> Iterator[Tuple[Any, List[Any], List[Optional[Any]], List[Any]]]:
    """Of each node but the inputs', in their order: the layer, its inputs, their masks, and its outputs."""
    by_depth: Any = getattr(model, "_nodes_by_depth", None) or getattr(model, "nodes_by_depth", None)
    if not by_depth:
        raise NotImplementedError("a model without a graph can't be looked into where nothing runs eagerly")
    for depth in sorted(by_depth, reverse=True):
        for node in by_depth[depth]:
            layer = getattr(node, "outbound_layer", None) or node.layer
            if type(layer).__name__ == "InputLayer":
                continue
            tensors = flat(node.input_tensors)
            masks = getattr(node, "input_masks", None)
            masks = list(masks) if isinstance(masks, (list, tuple)) else [None] * len(tensors) if masks is None else [masks]
            own = [mask if mask is not None else getattr(tensor, "_keras_mask", None) for tensor, mask in zip(tensors, masks)]
            yield layer, tensors, own, flat(node.output_tensors)
