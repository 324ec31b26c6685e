"""What a saved model holds, whatever its format: one document, schema ``kerasdiff.model/1``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from kerasdiff.errors import KerasdiffError

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = "kerasdiff.model/1"


class ModelError(KerasdiffError):
    """A file is no saved model that can be read."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base of what a document is made of."""


class Weight(Part, frozen=True, kw_only=True):
    """An array in the file."""

    name: str
    """As the file calls it, in whatever way its format does: ``dense/kernel:0``, ``dense_W``, ``0``."""
    path: str
    """Where in the file it stands."""
    shape: list[int]
    dtype: str
    digest: str | None = None
    """``sha256:`` of its bytes, little-endian in C order; None where they weren't read, and the document's notes say why."""

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        found = 1
        for extent in self.shape:
            found *= extent
        return found


def short(weight: Weight, layer: str) -> str:
    """The name of a weight without that of its layer: ``kernel`` of ``dense/kernel:0`` and of ``dense_kernel``."""
    return weight.name.rpartition("/")[2].removesuffix(":0").removeprefix(f"{layer}_")


class Code(Part, frozen=True, kw_only=True):
    """Byte-code of Python in the file: never run, never unmarshalled."""

    bytes: int
    python: str | None = None
    """Which Pythons have byte-code of this form, as ``3.8 to 3.10``; None where it can't be told."""


class Layer(Part, frozen=True, kw_only=True):
    """A layer, or a model in a model."""

    name: str
    class_name: str
    module: str = ""
    """The module that the file names, where its format does."""
    registered_name: str | None = None
    arguments: dict[str, Any] = {}
    """Its configuration as it stands in the file, without its name and the layers in it."""
    at_default: list[str] | None = None
    """The arguments that are what the release that wrote the file gives by itself; None where no such release is known."""
    unrecorded: list[str] | None = None
    """The arguments that this release's class takes and the file doesn't hold: who loads it decides."""
    inbound: list[list[str]] = []
    """For each call, the layers whose outputs it takes; ``name:1:0`` is another call or output than the first."""
    weights: list[Weight] = []
    """In the order in which they are saved."""
    layers: list[Layer] = []
    is_custom: bool = False
    """Whether its class is none that a release of Keras has."""
    code: Code | None = None
    state: dict[str, Any] = {}
    """What a preprocessing layer has learnt, beside its weights: ``vocabulary`` and the like."""

    def walk(self, above: str = "") -> Iterator[tuple[str, Layer]]:
        """This layer and those in it, each with its path: names joined by dots, without the outermost model's."""
        yield above, self
        for layer in self.layers:
            yield from layer.walk(f"{above}.{layer.name}" if above else layer.name)


class Optimizer(Part, frozen=True, kw_only=True):
    """The optimizer that a model was compiled with, and its state."""

    class_name: str = ""
    arguments: dict[str, Any] = {}
    weights: list[Weight] = []
    is_custom: bool = False


class Writer(Part, frozen=True, kw_only=True):
    """What wrote a file; None is what the file doesn't say."""

    keras: str | None = None
    backend: str | None = None
    tensorflow: str | None = None
    date: str | None = None


class SavedModel(Part, frozen=True, kw_only=True):
    """All that is known of a saved model."""

    schema: str = SCHEMA
    file: str
    """The path that it was given by."""
    format: str
    """``h5``, ``h5 weights``, ``keras``, ``keras weights``, ``saved_model`` or ``checkpoint``."""
    bytes: int
    writer: Writer = Writer()
    model: Layer | None = None
    """The outermost model; None in files of weights only, whose layers are in ``layers``."""
    layers: list[Layer] = []
    """Of files without an architecture: the names that weights stand under, in order."""
    compile: dict[str, Any] = {}
    """What ``compile`` was given, as the file has it."""
    optimizer: Optimizer | None = None
    unassigned: list[Weight] = []
    """Arrays that belong to no layer that is known."""
    notes: list[str] = []
    """What is peculiar, or could not be read, in sentences."""

    def walk(self) -> Iterator[tuple[str, Layer]]:
        """Every layer with its path, the outermost model first."""
        if self.model is not None:
            yield from self.model.walk()
        for layer in self.layers:
            yield from layer.walk(layer.name)

    @property
    def weights(self) -> list[Weight]:
        """The weights of all layers, and those that belong to none."""
        return [weight for _, layer in self.walk() for weight in layer.weights] + self.unassigned

    @property
    def parameters(self) -> int:
        """How many numbers the weights of layers hold."""
        return sum(weight.size for _, layer in self.walk() for weight in layer.weights)
