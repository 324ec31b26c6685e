"""The weights of Keras 3, and of TensorFlow 2.12 to 2.15 in ``.keras`` files: HDF5 by order of layers, not by names."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from kerasdiff.models.document import Layer, Optimizer, SavedModel, Weight

if TYPE_CHECKING:
    from kerasdiff.models.hdf import Store

#: Under which a model keeps its layers; TensorFlow 2.12 and 2.13 had another name for some.
_LAYERS = ("layers", "_layer_checkpoint_dependencies")
_OPTIMIZER = "optimizer"
#: The variables of a thing itself.
_OWN = "vars"
#: Of the two layers in a Bidirectional, the first.
_FIRST = (_OWN, "forward_layer")


def fits(store: Store) -> bool:
    """Whether a file is laid out like this."""
    return any(name in store.root for name in (*_LAYERS, _OPTIMIZER, _OWN))


def read(store: Store, file: str, size: int) -> SavedModel:
    """The weights in a file of weights alone.

    Raises `ModelError`.
    """
    layers, rest, optimizer = alone(store)
    return SavedModel(
        file=file,
        format="keras weights",
        bytes=size,
        layers=layers,
        optimizer=optimizer,
        unassigned=rest,
        notes=store.notes,
    )


def alone(store: Store) -> tuple[list[Layer], list[Weight], Optimizer | None]:
    """The layers by their groups, what stands outside them, and the optimizer's state."""
    layers = _groups(store, store.root, "")
    rest = _weights(store, store.root, "", [*_LAYERS, _OPTIMIZER])  # the model's own, and those of its metrics
    return layers, rest, _optimizer(store)


def assigned(store: Store, model: Layer) -> tuple[Layer, list[Weight], Optimizer | None]:
    """The model with its weights, those that belong to none of its layers, and the optimizer's state.

    A layer's group has the name of its class, counted among those of that class.
    """
    seen: set[str] = set()
    beside = [name for name, _ in store.children(store.root) if name != _OWN]
    found = _filled(store, store.root, model, "", seen, beside)
    rest = _weights(store, store.root, "", [*_LAYERS, _OPTIMIZER, _OWN])
    for container in _LAYERS:
        group = store.child(store.root, container)
        for name, part in _sorted(store, group):
            if store.is_group(part) and f"{container}/{name}" not in seen:
                rest += _weights(store, part, f"{container}/{name}")
    return found, rest, _optimizer(store)


def snake(name: str) -> str:
    """The name of a class as that of a group."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def _filled(store: Store, group: Any, layer: Layer, at: str, seen: set[str], apart: list[str]) -> Layer:
    """A layer with the weights in its group; a model's layers have groups of their own, those of other layers are its own."""
    container = next((name for name in _LAYERS if store.is_group(store.child(group, name))), None)
    if container is None or not layer.layers:
        return msgspec.structs.replace(layer, weights=_weights(store, group, at, apart))
    where = f"{at}/{container}" if at else container
    counts: Counter[str] = Counter()
    inner = []
    for one in layer.layers:
        name = snake(one.class_name)
        number = counts[name]
        counts[name] += 1
        key = f"{name}_{number}" if number else name
        part = store.child(store.child(group, container), key)
        seen.add(f"{where}/{key}")
        if store.is_group(part):
            _check_name(store, part, one, f"{where}/{key}")
            inner.append(_filled(store, part, one, f"{where}/{key}", seen, []))
        else:
            inner.append(one)
    own = _weights(store, group, at, [container, *apart])
    return msgspec.structs.replace(layer, weights=own, layers=inner)


def _check_name(store: Store, group: Any, layer: Layer, path: str) -> None:
    told = _name(store, group)
    if told is not None and told != layer.name:
        store.notes.append(f"{path} says that it is of the layer {told}, by its order it is of {layer.name}")


def _name(store: Store, group: Any) -> str | None:
    own = store.child(group, _OWN)
    return store.text(own, "name") if store.is_group(own) else None


def _groups(store: Store, group: Any, at: str) -> list[Layer]:
    """The layers below a group, where nothing else says which there are."""
    found = []
    for container in _LAYERS:
        for key, part in _sorted(store, store.child(group, container)):
            if not store.is_group(part):
                continue
            path = f"{at}/{container}/{key}" if at else f"{container}/{key}"
            inner = _groups(store, part, path)
            weights = _weights(store, part, path, list(_LAYERS) if inner else [])
            found.append(Layer(name=_name(store, part) or key, class_name="", weights=weights, layers=inner))
    return found


def _optimizer(store: Store) -> Optimizer | None:
    group = store.child(store.root, _OPTIMIZER)
    return Optimizer(weights=_weights(store, group, _OPTIMIZER)) if store.is_group(group) else None


def _weights(store: Store, group: Any, at: str, apart: list[str] | None = None) -> list[Weight]:
    """Every array below a group, in the order in which they are loaded."""
    found = []
    for name, thing in _sorted(store, group):
        path = f"{at}/{name}" if at else name
        if name in (apart or []):
            continue
        if store.is_group(thing):
            found += [store.weight(part, inner, f"{path}/{inner}") for inner, part in _arrays(store, thing)]
        else:
            found.append(store.weight(thing, name, path))
    return found


def _arrays(store: Store, group: Any) -> list[tuple[str, Any]]:
    return sorted(store.arrays(group), key=lambda one: [_key(part) for part in one[0].split("/")])


def _sorted(store: Store, group: Any) -> list[tuple[str, Any]]:
    if not store.is_group(group):
        return []
    return sorted(store.children(group), key=lambda one: _key(one[0]))


def _key(name: str) -> tuple[bool, int, str]:
    """Orders names: numbers as numbers, and what comes first, first."""
    return name not in _FIRST, int(name) if name.isdecimal() and len(name) < 10 else 0, name
