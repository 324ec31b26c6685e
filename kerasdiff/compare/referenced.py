"""What verifying a reference found, and where the recorded model and the one here part first."""

from __future__ import annotations

import math
from functools import cached_property
from itertools import takewhile
from typing import Any

import msgspec

from kerasdiff.compare.divergence import Divergence
from kerasdiff.fingerprint.document import VALUE

SCHEMA = "kerasdiff.verification/1"
#: How far a tensor may be off, over its largest number: between the noise that was measured and the smallest change.
TOLERANCE = 1e-5
#: What rounding that adds up from layer to layer may come to, over what a layer may be off.
ROUNDING = 100

#: What half a step is of types that round more, over the largest number; the types of layers are told by these names.
HALF_STEPS = {"bfloat16": 2.0**-8, "float16": 2.0**-11}
#: How many half steps a layer may be off.
_STEPS = 4


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
    def rounding(self) -> float:
        """How far it may be off where it computes in 16 bits, here and where it was recorded; 0 of longer types."""
        return _STEPS * min(_half_step(config.get("dtype")) for config in self.config)

    def is_restored(self, tolerance: float) -> bool:
        """Whether it gives what was recorded when its arguments are those recorded."""
        return self.trial is not None and not self.trial.error.beyond(max(tolerance, self.rounding))

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
    such layer here), ``unseen`` (it couldn't be run alone, or isn't called here), ``rounding`` (that of all layers adds up), or
    ``between`` (each layer alone gives what was recorded, so that what it is given differs).
    """

    layer: Layer
    call: Call
    how: str


class Answer(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """What the probe found."""

    reference: dict[str, Any]
    outputs: list[Error]
    counts: list[int]
    layers: list[Layer]
    calls: list[Call]
    left_out: list[str] = []

    @cached_property
    def known(self) -> list[tuple[Call, Layer]]:
        """The calls of layers that were recorded, in their order."""
        layers = {layer.name: layer for layer in self.layers if layer.name is not None}
        return [(call, layer) for call in self.calls if (layer := layers.get(_layer(call.name, layers))) is not None]

    @cached_property
    def rounding(self) -> dict[str, tuple[float, float]]:
        """How far types of 16 bits may be off, by the names of calls: alone, and in the model, where it adds up."""
        found: dict[str, tuple[float, float]] = {}
        squares = 0.0
        for call, layer in self.known:
            squares += layer.rounding**2
            found[call.name] = (layer.rounding, math.sqrt(squares))
        return found

    def bound(self, tolerance: float) -> float:
        """How far the outputs may be off: by the tolerance, or more where types of 16 bits round more."""
        return max([tolerance, *(model for _, model in self.rounding.values())])

    def parts_alone(self, call: Call, tolerance: float) -> bool:
        """Whether a layer alone gives something else than was recorded."""
        return call.alone is not None and call.alone.beyond(max(tolerance, self.rounding.get(call.name, (0.0, 0.0))[0]))

    def parts_in_model(self, call: Call, tolerance: float, times: float = 1) -> bool:
        """Whether a layer gives something else in the model than was recorded; by more than ``times`` what it may."""
        bound = max(tolerance, self.rounding.get(call.name, (0.0, 0.0))[1])
        return call.model is not None and call.model.beyond(times * bound)


def _half_step(dtype: Any) -> float:
    name = dtype.get("config", {}).get("name") if isinstance(dtype, dict) and isinstance(dtype.get("config"), dict) else dtype
    told = [step for kind, step in HALF_STEPS.items() if isinstance(name, str) and name.removeprefix("mixed_") == kind]
    return told[0] if told else 0.0


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
    return found.counts[0] == found.counts[1] and not any(error.beyond(found.bound(tolerance)) for error in found.outputs)


def first(found: Answer, tolerance: float) -> First | None:
    """Where the recorded model and the one here part first; None where nothing does."""
    known = found.known
    off = not holds(found, tolerance)
    for place, (call, layer) in enumerate(known):
        if layer.here is None:
            later = next((one for one, _ in known[place + 1 :] if one.model is not None), None)
            if off and (later is None or found.parts_in_model(later, tolerance)):  # else what does its work has another name
                return First(layer=layer, call=call, how="missing")
        elif not layer.fits:
            return First(layer=layer, call=call, how="weights")
        elif found.parts_alone(call, tolerance):
            return First(layer=layer, call=call, how="alone")
    parting = (place for place, (call, _) in enumerate(known) if found.parts_in_model(call, tolerance))
    at = next(parting, None) if off else None
    if at is None:
        return None
    call, layer = known[at]
    earlier = known[: at + (call.alone is None)][::-1]
    unseen = [*takewhile(lambda pair: pair[0].alone is None and pair[1].fits, earlier)]
    if unseen:
        return First(layer=unseen[-1][1], call=unseen[-1][0], how="unseen")
    return First(layer=layer, call=call, how="between" if found.parts_in_model(call, tolerance, ROUNDING) else "rounding")


def _layer(call: str, layers: dict[str, Layer]) -> str:
    """The layer of a call: of the second one, ``dense:1``, the first's name."""
    return call if call in layers else call.rpartition(":")[0]
