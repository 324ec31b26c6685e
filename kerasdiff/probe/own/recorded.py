"""Reads what `record` has written. A reference is untrusted: what it says is checked before it is used."""

import json
from typing import Any, Dict, List

from ..npz import Archive, BadArchive
from . import arrays
from .record import SCHEMA

#: Bytes of what a reference says of itself.
MAX_TOLD = 64 << 20
_WEIGHT: Dict[str, Any] = {"name": str, "role": str, "array": str}
_LAYER: Dict[str, Any] = {"name": str, "class": str, "config": dict, "uses": dict, "weights": list, "custom": bool}
_CALL: Dict[str, Any] = {"name": str, "inputs": list, "masks": list, "outputs": list}


class Recorded:
    """A reference: its ``layers``, ``calls``, ``environment``, and arrays by name. Raises `BadArchive`."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        told = _told(archive)
        self.environment: Dict[str, Any] = told["environment"]
        self.layers: List[Dict[str, Any]] = told["layers"]
        self.calls: List[Dict[str, Any]] = told["calls"]
        self.left_out: List[str] = [str(name) for name in told["left_out"]]
        for layer in self.layers:
            self._check(layer, _LAYER)
            for weight in layer["weights"]:
                self._check(weight, _WEIGHT)
                self._named(weight["array"])
        for call in self.calls:
            self._check(call, _CALL)
            if len(call["masks"]) != len(call["inputs"]):
                raise BadArchive("is damaged: a call has more masks than inputs")
            for name in call["inputs"] + call["masks"] + call["outputs"]:
                if name is not None:
                    self._named(name)
        self.inputs = arrays.numbered(archive, "inputs")
        self.outputs = arrays.numbered(archive, "outputs")
        if not self.inputs or not self.outputs:
            raise BadArchive("is damaged: it holds no inputs, or no outputs")

    @staticmethod
    def _check(told: Any, parts: Dict[str, Any]) -> None:
        if not isinstance(told, dict) or not all(isinstance(told.get(name), kind) for name, kind in parts.items()):
            raise BadArchive("is damaged: what it says of a layer isn't whole")

    def _named(self, name: Any) -> None:
        if not isinstance(name, str) or name not in self._archive.arrays:
            raise BadArchive("is damaged: an array that it names isn't there")

    def array(self, name: Any) -> Any:
        """An array by its name; None where it was left out."""
        return None if name is None else arrays.array(self._archive, name)


def _told(archive: Archive) -> Dict[str, Any]:
    """What a reference says of itself."""
    found = archive.arrays.get("kerasdiff")
    if found is None:
        raise BadArchive("is no reference: record one with kerasdiff reference record")
    if found.size > MAX_TOLD:
        raise BadArchive("is damaged: it says too much of itself")
    try:
        told = json.loads(archive.content("kerasdiff").decode("utf-8"))
    except (ValueError, RecursionError):
        raise BadArchive("is damaged: what it says of itself is no JSON") from None
    schema = told.get("schema") if isinstance(told, dict) else None
    if schema != SCHEMA:
        if isinstance(schema, str) and schema.startswith("kerasdiff.reference/"):
            raise BadArchive("has another schema than %s: use the kerasdiff that recorded it, or record it again" % SCHEMA)
        raise BadArchive("is no reference: record one with kerasdiff reference record")
    kinds = {"environment": dict, "layers": list, "calls": list, "left_out": list}
    if not all(isinstance(told.get(name), kind) for name, kind in kinds.items()):
        raise BadArchive("is damaged: what it says of itself isn't whole")
    return dict(told)
