"""What verifying a reference found, and where the recorded model and the one here part first."""

from __future__ import annotations

from typing import Any

import msgspec

from kerasdiff.compare.divergence import Divergence
from kerasdiff.fingerprint.document import VALUE

SCHEMA = "kerasdiff.verification/1"
#: How far a tensor may be off, over its largest number: between the noise that was measured and the smallest change.
TOLERANCE = 1e-5
#: What rounding that adds up from layer to layer may come to, over the tolerance.
ROUNDING = 100


class Error(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far something is off: over the largest number, and as it is; or why that isn't known."""

    scaled: float | str | None = None
    max_abs: float | str | None = None
    shapes: list[Any] | None = None
    state: str = VALUE
    type: str = ""
    message: str = ""

    def beyond(self, tolerance: float) -> bool:
        """Whether it is more than is tolerated."""
        if self.shapes is not None or self.state == "error" or self.scaled == "inf":
            return True
        return isinstance(self.scaled, (int, float)) and self.scaled > tolerance


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """The recorded arguments tried on a layer of B, and how far it was off then."""

    arguments: dict[str, Any]
    error: Error


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    """A layer of the recorded model, and its partner here."""

    name: str | None
    here: str | None
    class_name: str = msgspec.field(name="class")
    class_here: str | None = None
    custom: bool = False
    config: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    uses: dict[str, list[str]] = {}
    differing: dict[str, Any] = {}
    renamed: dict[str, str] = {}
    """What arguments in ``differing`` are called here, by their recorded names."""
    given: list[str] = []
    """Arguments in ``differing`` whose value here isn't the default of the class here."""
    weights: str = ""
    """``set``, ``none``, or why those recorded don't fit."""
    trial: Trial | None = None

    @property
    def fits(self) -> bool:
        """Whether it is here, with the weights that were recorded."""
        return self.weights in ("set", "none")


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A call of a layer: how far its outputs are off in the model, and alone on what it was given when it was recorded."""

    name: str
    here: str | None = None
    model: Error | None = None
    alone: Error | None = None


class First(msgspec.Struct, frozen=True, kw_only=True):
    """Where the two models part first.

    ``how``: ``alone`` (the layer itself gives other numbers), ``weights`` (those recorded don't fit), ``missing`` (there is no
    such layer here), ``unseen`` (it couldn't be run alone), ``rounding`` (that of all layers adds up), or ``between`` (each
    layer alone gives what was recorded, so that what it is given differs).
    """

    layer: Layer
    call: Call
    how: str


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the probe found."""

    reference: dict[str, Any]
    outputs: list[Error]
    counts: list[int]
    layers: list[Layer]
    calls: list[Call]
    left_out: list[str] = []


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What verifying a reference gave."""

    file: str
    environment: dict[str, Any]
    found: Answer
    tolerance: float
    first: First | None = None
    sides: tuple[str, str] = ("", "")
    """What A and B were taken to be, to explain what differs."""
    explained_by: list[Divergence] = []
    code: list[str] = []
    """Arguments of the first layer that the code which makes the model gives, and by which it parts."""

    @property
    def is_of_environments(self) -> bool:
        """Whether what parts may be explained by what differs between the environments."""
        return self.first is not None and self.first.how not in ("between", "rounding") and not self.code

    @property
    def passed(self) -> bool:
        """Whether every output is what was recorded, and every layer that is here gives what it gave."""
        return self.outputs_hold and (self.first is None or self.first.how not in ("alone", "weights"))

    @property
    def outputs_hold(self) -> bool:
        """Whether every output is what was recorded: a layer may part, and not show in them."""
        return holds(self.found, self.tolerance)


def holds(found: Answer, tolerance: float) -> bool:
    """Whether every output is what was recorded."""
    return found.counts[0] == found.counts[1] and not any(error.beyond(tolerance) for error in found.outputs)


def first(found: Answer, tolerance: float) -> First | None:
    """Where the recorded model and the one here part first; None where nothing does."""
    layers = {layer.name: layer for layer in found.layers if layer.name is not None}
    known = [(call, layer) for call in found.calls if (layer := layers.get(_layer(call.name, layers))) is not None]
    off = not holds(found, tolerance)
    for place, (call, layer) in enumerate(known):
        if layer.here is None:
            later = next((one.model for one, _ in known[place + 1 :] if one.model is not None), None)
            if off and (later is None or later.beyond(tolerance)):  # else what does its work has another name
                return First(layer=layer, call=call, how="missing")
        elif not layer.fits:
            return First(layer=layer, call=call, how="weights")
        elif call.alone is not None and call.alone.beyond(tolerance):
            return First(layer=layer, call=call, how="alone")
    parting = ((call, layer) for call, layer in known if call.model is not None and call.model.beyond(tolerance))
    pair = next(parting, None) if off else None
    if pair is None:
        return None
    call, layer = pair
    if call.alone is None:
        return First(layer=layer, call=call, how="unseen")
    assert call.model is not None
    return First(layer=layer, call=call, how="between" if call.model.beyond(ROUNDING * tolerance) else "rounding")


def _layer(call: str, layers: dict[str, Layer]) -> str:
    """The layer of a call: of the second one, ``dense:1``, the first's name."""
    return call if call in layers else call.rpartition(":")[0]
