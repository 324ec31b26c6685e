"""SavedModel folders of TensorFlow: what Keras has put down beside the graph, and the variables; not the graph itself."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from kerasdiff.models import config
from kerasdiff.models.checkpoint import Bundle, sorted_out
from kerasdiff.models.document import Layer, ModelError, Optimizer, SavedModel, Weight, Writer
from kerasdiff.models.plain import parsed
from kerasdiff.models.wire import Message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GRAPH, METADATA = "saved_model.pb", "keras_metadata.pb"
#: Bytes of these files; nodes and assets.
MAX_BYTES = 256 << 20
MAX_NODES = 200_000
MAX_ASSETS = 1000
MAX_ASSET = 32 << 20
_MODELS = ("_tf_keras_model", "_tf_keras_network", "_tf_keras_sequential")
_LAYERS = ("_tf_keras_layer", "_tf_keras_input_layer", "_tf_keras_rnn_layer", *_MODELS)


def read(folder: Path, file: str, size: int) -> SavedModel:
    """The model in a folder.

    Raises `ModelError`.
    """
    graph = next(Message(_data(folder / GRAPH)).messages(2), None)
    if graph is None:
        message = f"its {GRAPH} is empty: no SavedModel"
        raise ModelError(message)
    notes: list[str] = []
    nodes = list(_nodes(folder, graph))
    root: dict[str, Any] = nodes[0][1] if nodes and nodes[0][0] in _MODELS else {}
    model = _model(nodes, root, notes)
    layers: list[Layer] = []
    state: list[Weight] = []
    rest: list[Weight] = []
    index = folder / "variables" / "variables.index"
    if index.is_file():
        bundle = Bundle(index)
        found, state, rest = sorted_out(bundle.weights())
        notes += bundle.notes
        if model is None:
            layers = [Layer(name=name, class_name="", weights=weights) for name, weights in found.items()]
        else:
            names = {layer.name for layer in model.layers}
            model = config.with_weights(model, {name: weights for name, weights in found.items() if name in names})
            rest += [weight for name, weights in found.items() if name not in names for weight in weights]
    else:
        notes.append("has no variables/variables.index: an architecture without weights")
    training = root.get("training_config")
    told: dict[str, Any] = training if isinstance(training, dict) else {}
    optimizer = config.optimizer(told.get("optimizer_config"))
    if state:
        optimizer = msgspec.structs.replace(optimizer or Optimizer(), weights=state)
    version, backend = root.get("keras_version"), root.get("backend")
    assets = _assets(folder, notes)
    if model is not None and assets:
        model = msgspec.structs.replace(model, state=assets)
    return SavedModel(
        file=file,
        format="saved_model",
        bytes=size,
        writer=Writer(
            keras=version if isinstance(version, str) else None,
            backend=backend if isinstance(backend, str) else "tensorflow",
            tensorflow=graph.message(1).text(5) or None,
        ),
        model=model,
        layers=layers,
        compile={key: part for key, part in told.items() if key != "optimizer_config"},
        optimizer=optimizer,
        unassigned=rest,
        notes=notes,
    )


def _data(file: Path) -> bytes:
    if file.stat().st_size > MAX_BYTES:
        message = f"its {file.name} is larger than {MAX_BYTES >> 20} MB, which kerasdiff doesn't read"
        raise ModelError(message)
    return file.read_bytes()


def _nodes(folder: Path, graph: Message) -> Iterator[tuple[str, dict[str, Any]]]:
    """What Keras says of its objects, the model first: in a file of its own since TensorFlow 2.5, in the graph before."""
    if (folder / METADATA).is_file():
        found = ((one.text(4), one.text(5)) for one in Message(_data(folder / METADATA)).messages(1))
    else:
        objects = (next(one.messages(4), Message(b"")) for one in graph.message(7).messages(1))
        found = ((one.text(1), one.text(3)) for one in objects)
    for number, (kind, metadata) in enumerate(found):
        if number > MAX_NODES:
            message = f"holds more than {MAX_NODES} objects, which no model does"
            raise ModelError(message)
        if kind in _LAYERS and metadata:
            yield kind, parsed(metadata, "what it says of a layer")


def _model(nodes: list[tuple[str, dict[str, Any]]], root: dict[str, Any], notes: list[str]) -> Layer | None:
    """The model by its configuration; where it has none, as those of subclasses, by what is said of each of its layers."""
    if isinstance(root.get("class_name"), str) and isinstance(root.get("config"), dict):
        model = config.model(root, name=str(root.get("name") or ""))
        if model.layers:
            return model
    parts = [one for kind, one in nodes if kind not in _MODELS and isinstance(one.get("class_name"), str)]
    if not root and not parts:
        notes.append("holds no model of Keras: a function that another library or tf.Module has saved")
        return None
    notes.append("has no configuration of the whole model: layers are those that were saved with it, without connections")
    layers = [config.model(one, name=str(one.get("name") or "")) for one in parts]
    name, class_name = str(root.get("name") or "model"), str(root.get("class_name") or "Model")
    return Layer(name=name, class_name=class_name, layers=layers, is_custom=config.is_custom(root, "layers") if root else False)


def _assets(folder: Path, notes: list[str]) -> dict[str, Any]:
    """The files that lookup tables are filled from."""
    found: dict[str, Any] = {}
    place = folder / "assets"
    if not place.is_dir():
        return found
    for number, file in enumerate(sorted(place.iterdir())):
        if number >= MAX_ASSETS or file.is_symlink() or not file.is_file() or file.stat().st_size > MAX_ASSET:
            notes.append(f"assets/{file.name} isn't read")
            if number >= MAX_ASSETS:
                break
            continue
        data = file.read_bytes()
        lines = data.decode("utf-8", "backslashreplace").splitlines()
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        found[file.name] = {"bytes": len(data), "digest": digest, "size": len(lines), "first": lines[:5]}
    return found
