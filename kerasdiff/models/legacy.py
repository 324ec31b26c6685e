"""The HDF5 files of Keras 1 and 2, of tf.keras, and what Keras 3 still writes like them: a model, or weights only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kerasdiff.models import config
from kerasdiff.models.document import Layer, Optimizer, SavedModel, Weight, Writer
from kerasdiff.models.plain import parsed

if TYPE_CHECKING:
    from kerasdiff.models.hdf import Store


def fits(store: Store) -> bool:
    """Whether a file is laid out like this."""
    attributes = store.root.attrs
    return "model_config" in attributes or "layer_names" in attributes or "layer_names0" in attributes


def read(store: Store, file: str, size: int) -> SavedModel:
    """The model in a file.

    Raises `ModelError`.
    """
    writer = Writer(keras=store.text(store.root, "keras_version"), backend=store.text(store.root, "backend"))
    text = store.text(store.root, "model_config")
    if text is None:
        layers = [Layer(name=name, class_name="", weights=found) for name, found in _weights(store, store.root).items()]
        return SavedModel(file=file, format="h5 weights", bytes=size, writer=writer, layers=layers, notes=store.notes)
    model = config.model(parsed(text, "its model_config"))
    group = store.child(store.root, "model_weights")
    weights = _weights(store, group) if store.is_group(group) else {}
    model, unassigned = _assigned(model, weights)
    training = store.text(store.root, "training_config")
    told: dict[str, Any] = parsed(training, "its training_config") if training else {}
    optimizer = config.optimizer(told.get("optimizer_config"))
    return SavedModel(
        file=file,
        format="h5",
        bytes=size,
        writer=writer,
        model=model,
        compile={key: part for key, part in told.items() if key != "optimizer_config"},
        optimizer=_with_state(store, optimizer),
        unassigned=unassigned,
        notes=store.notes,
    )


def _weights(store: Store, group: Any) -> dict[str, list[Weight]]:
    """The weights of each layer, both in the order that the file tells."""
    found: dict[str, list[Weight]] = {}
    at = group.name.strip("/")
    for layer in store.texts(group, "layer_names") or []:
        part = store.child(group, layer)
        if not store.is_group(part):
            store.notes.append(f"the layer {layer} is named, and not there")
            continue
        found.setdefault(layer, [])
        for name in store.texts(part, "weight_names") or []:
            dataset = store.child(part, name)
            path = f"{at}/{layer}/{name}" if at else f"{layer}/{name}"
            if dataset is None:
                store.notes.append(f"the weight {path} is named, and not there")
            else:
                found[layer].append(store.weight(dataset, name, path))
    return found


def _assigned(model: Layer, weights: dict[str, list[Weight]]) -> tuple[Layer, list[Weight]]:
    """The model with its weights: a layer's are those under its name, in a model in the model as in the file, all in one."""
    names = {layer.name for layer in model.layers}
    rest = [weight for name, found in weights.items() if name not in names for weight in found]
    return config.with_weights(model, weights), rest


def _with_state(store: Store, optimizer: Optimizer | None) -> Optimizer | None:
    group = store.child(store.root, "optimizer_weights")
    if not store.is_group(group):
        return optimizer
    found = []
    for name in store.texts(group, "weight_names") or []:
        dataset = store.child(group, name)
        if dataset is not None:
            found.append(store.weight(dataset, name, f"optimizer_weights/{name}"))
    known = optimizer or Optimizer()
    return Optimizer(class_name=known.class_name, arguments=known.arguments, weights=found, is_custom=known.is_custom)
