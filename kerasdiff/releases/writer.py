"""What the release that wrote a saved model would have given by itself: which arguments were chosen, and which are not told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from kerasdiff.compare.side import Side
from kerasdiff.compare.values import same
from kerasdiff.releases.shelf import release, releases

if TYPE_CHECKING:
    from kerasdiff.models.document import Layer, SavedModel

#: What stands elsewhere in a document, or is nothing that a configuration holds.
_ELSEWHERE = frozenset({"name", "layer", "forward_layer", "backward_layer", "cell", "layers", "weights", "inputs", "outputs"})
_VARIADIC = ("var_positional", "var_keyword")


def described(model: SavedModel) -> SavedModel:
    """The model with what its writer says of its arguments; as it is where no shipped release is near enough to its writer."""
    side = writer(model)
    if side is None or model.model is None:
        return model
    return msgspec.structs.replace(model, model=_described(model.model, side))


def writer(model: SavedModel) -> Side | None:
    """The shipped release that wrote a model, or the nearest of the same minor version of Keras; None where there is none."""
    version = model.writer.keras
    if version is None:
        return None
    near = None
    for name, shipped in releases().items():
        for api, implementation in shipped.apis.items():
            backend = implementation.backend == (model.writer.backend or implementation.backend)
            if implementation.version == version and backend:
                return Side(release(name), api)
            if implementation.version is not None and _minor(implementation.version) == _minor(version):
                rank = (implementation.version == version, backend)
                near = max(near or (rank, name, api), (rank, name, api), key=lambda one: one[0])
    return None if near is None else Side(release(near[1]), near[2])


def _minor(version: str) -> tuple[str, ...]:
    """The minor version; tf.keras of TensorFlow 1.15 and 2.0 has one of its own, 2.2.4-tf."""
    plain, dash, kind = version.partition("-")
    return (*plain.split(".")[:2], dash + kind)


def _described(layer: Layer, side: Side) -> Layer:
    inner = [_described(one, side) for one in layer.layers]
    name = None
    if not layer.is_custom:
        name = next(filter(None, (side.canonical(f"{module}.{layer.class_name}") for module in ("layers", "models"))), None)
    symbol = None if name is None else side.symbol(name)
    if symbol is None or symbol.config is None:
        return msgspec.structs.replace(layer, layers=inner)
    chosen = symbol.instance.arguments if symbol.instance else {}
    known = {key: value for key, value in symbol.config.items() if key not in chosen}
    takes = [part.name for part in symbol.parameters or [] if part.kind not in _VARIADIC]
    return msgspec.structs.replace(
        layer,
        layers=inner,
        at_default=[key for key, value in layer.arguments.items() if key in known and same(value, known[key], key)],
        unrecorded=[key for key in takes if key not in layer.arguments and key not in _ELSEWHERE],
    )
