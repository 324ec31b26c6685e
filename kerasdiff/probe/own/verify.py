"""Verifies a reference: the model of this environment with the recorded weights, on the recorded inputs, layer by layer."""

from typing import Any, Dict, List, Optional, Tuple

from ..behaviour.engine import Call
from ..npz import Archive
from ..pairing import kind, pairs
from ..values import repeatable
from . import arguments, arrays, trace, units
from .apart import apart
from .recorded import Recorded


class Verification:
    """One verification; ``tolerance``: how far a tensor may be off, over its largest number.

    ``renames``: older and newer names of arguments.
    """

    def __init__(self, tools: Any, archive: Archive, tolerance: float, renames: List[List[str]]) -> None:
        self._engine, self._model, self._is_model = tools
        self._recorded = Recorded(archive)
        self._tolerance = tolerance
        self._renames = renames
        self._inputs: List[Any] = []

    def found(self) -> Dict[str, Any]:
        """What differs. Raises `BadArchive`, or what the library raises."""
        self._inputs = arrays.fitting(self._recorded.inputs, self._model, "the reference")
        layers = self._layers(self._trace().calls)
        ran = self._trace()
        here = {seen.name: seen for seen in ran.calls}
        names = {layer["name"]: layer["here"] for layer in layers}
        rows = [self._call(call, here.get(_renamed(call["name"], names))) for call in self._recorded.calls]
        by_name = {layer["name"]: layer for layer in layers}
        for row, call in zip(rows, self._recorded.calls):
            layer = by_name.get(_first(row["name"]))
            if layer is not None and layer["differing"] and self._parts(row):
                seen = here[_renamed(row["name"], names)]
                layer["trial"] = layer["trial"] or self._trial(layer, seen, call)
        outputs = [apart(one, other) for one, other in zip(self._recorded.outputs, ran.outputs)]
        counts = [len(self._recorded.outputs), len(ran.outputs)]
        return {
            "state": "value",
            "reference": self._recorded.environment,
            "left_out": self._recorded.left_out,
            "outputs": outputs,
            "counts": counts,
            "layers": layers,
            "calls": rows,
        }

    def _trace(self) -> trace.Trace:
        return trace.trace(self._engine, self._model, self._inputs, self._is_model)

    def _layers(self, calls: List[trace.Seen]) -> List[Dict[str, Any]]:
        """The layers, paired; the weights of each are set to those recorded where they fit."""
        here: Dict[int, trace.Seen] = {}
        for seen in calls:
            here.setdefault(id(seen.layer), seen)
        own = list(here.values())
        theirs = self._recorded.layers
        named = [[(layer["name"], layer["class"]) for layer in theirs], [(s.name, type(s.layer).__name__) for s in own]]
        found = []
        for one, other in pairs(_short(named[0]), _short(named[1]), by_name=True):
            if one is None:
                assert other is not None
                found.append(dict(_row(None, own[other].name, named[1][other][1]), weights="only here"))
                continue
            told = theirs[one]
            if other is None:
                found.append(dict(_row(told["name"], None, told["class"]), weights="not here", custom=told["custom"]))
                continue
            found.append(self._pair(told, own[other]))
        return found

    def _pair(self, told: Dict[str, Any], seen: trace.Seen) -> Dict[str, Any]:
        row = _row(told["name"], seen.name, told["class"])
        config = units.config(seen.layer)
        own = {"symbols": units.symbols(self._engine.api, seen.layer), "names": units.named(self._engine.api, seen.layer)}
        uses = {key: sorted(set(names) | set(map(str, told["uses"].get(key, [])))) for key, names in own.items()}
        rank = seen.inputs[0].ndim if seen.inputs else 0
        found = arguments.differing(seen.layer, told["config"], config, self._renames, rank)
        row.update(
            custom=units.is_custom(self._engine.api, seen.layer),
            class_here=type(seen.layer).__name__,
            config=[told["config"], config],
            uses=uses,
            differing=found.values,
            renamed=found.renamed,
            given=found.given,
            weights=self._set(told, seen.layer),
        )
        return row

    def _set(self, told: Dict[str, Any], layer: Any) -> str:
        """Give a layer its recorded weights; ``set``, or why they don't fit."""
        current = units.values(layer)
        if not current and not told["weights"]:
            return "none"
        given = [self._recorded.array(weight["array"]) for weight in told["weights"]]
        if len(given) != len(current):
            return "%d weights recorded, %d here" % (len(given), len(current))
        theirs, own = [weight["role"] for weight in told["weights"]], units.weight_roles(layer)
        if sorted(theirs) == sorted(own):
            given = [given[theirs.index(role)] for role in own]
        wrong = [
            "%s is %s recorded, %s here" % (role, list(one.shape), list(other.shape))
            for role, one, other in zip(own, given, current)
            if one.shape != other.shape
        ]
        if wrong:
            return "; ".join(wrong)
        units.put(layer, [one.astype(other.dtype) for one, other in zip(given, current)])
        return "set"

    def _call(self, call: Dict[str, Any], seen: Optional[trace.Seen]) -> Dict[str, Any]:
        """How far a layer's outputs are off: in the model, and alone on what it was given when it was recorded."""
        row: Dict[str, Any] = {"name": call["name"], "here": seen and seen.name, "model": None, "alone": None}
        outputs = [self._recorded.array(name) for name in call["outputs"]]
        if seen is None or any(output is None for output in outputs):
            return row
        row["model"] = _worst(outputs, seen.outputs)
        inputs = [self._recorded.array(name) for name in call["inputs"]]
        if any(array is None for array in inputs):
            return row
        if len(inputs) != len(seen.inputs):
            message = "%d inputs recorded, %d here" % (len(inputs), len(seen.inputs))
            row["alone"] = {"state": "error", "type": "", "message": message}
            return row
        masks = [self._recorded.array(name) for name in call["masks"]]
        given = [one.astype(other.dtype) if one.dtype.kind in "iuf" else one for one, other in zip(inputs, seen.inputs)]
        try:
            row["alone"] = _worst(outputs, seen.again(given, masks))
        except Exception as error:
            row["alone"] = repeatable(error)
        return row

    def _parts(self, row: Dict[str, Any]) -> bool:
        return is_off(row["alone"], self._tolerance)

    def _trial(self, layer: Dict[str, Any], seen: trace.Seen, call: Dict[str, Any]) -> Optional[Dict[str, Any]]:
        """Whether the layer gives what was recorded when its arguments are those recorded: as few of them as do."""
        left = {key: values[0] for key, values in layer["differing"].items()}
        renamed = layer["renamed"]
        error = self._tried(seen, left, renamed, call)
        if error is None:  # it refuses one of them
            each = {key: self._tried(seen, {key: value}, renamed, call) for key, value in left.items()}
            taken = [key for key in sorted(each) if each[key] is not None]
            if not taken:
                return None
            best = min(taken, key=lambda key: is_off(each[key], self._tolerance))
            left, error = {best: left[best]}, each[best]
            if is_off(error, self._tolerance) and len(taken) > 1:
                more = {key: layer["differing"][key][0] for key in taken}
                together = self._tried(seen, more, renamed, call)
                left, error = (left, error) if together is None else (more, together)
        if not is_off(error, self._tolerance):
            for key in sorted(left):
                fewer = {name: value for name, value in left.items() if name != key}
                found = self._tried(seen, fewer, renamed, call) if fewer else None
                if found is not None and not is_off(found, self._tolerance):
                    left, error = fewer, found
        return {"arguments": left, "error": error}

    def _tried(
        self, seen: trace.Seen, given: Dict[str, Any], renamed: Dict[str, str], call: Dict[str, Any]
    ) -> Optional[Dict[str, Any]]:
        """How far the layer is off with some arguments, by the recorded names; None where it can't be made or run with them."""
        parts = [[self._recorded.array(name) for name in call[part]] for part in ("inputs", "masks", "outputs")]
        inputs, masks, outputs = parts
        masking = [mask for mask in masks if mask is not None]
        changed = {renamed.get(key, key): value for key, value in given.items()}
        told = next(told for told in self._recorded.layers if told["name"] == _first(call["name"]))
        try:
            layer = type(seen.layer).from_config(arguments.changed(seen.layer.get_config(), changed))
            made = Call(layer, None, {"mask": masking[0]} if masking else {})
            self._engine.build(made, inputs)
            self._set(told, layer)
            return _worst(outputs, trace.flat(self._engine.layer(made, inputs, training=False)))
        except Exception:  # a value that isn't plain, or that this class doesn't take
            return None


def is_off(error: Any, tolerance: float) -> bool:
    """Whether an error is more than is tolerated; what isn't known is not."""
    if not isinstance(error, dict):
        return False
    if "shapes" in error or error.get("state") == "error":
        return True
    return error.get("scaled") == "inf" or (isinstance(error.get("scaled"), float) and error["scaled"] > tolerance)


def _worst(recorded: List[Any], found: List[Any]) -> Dict[str, Any]:
    """The largest of the errors of several tensors."""
    if len(recorded) != len(found):
        return {"shapes": [[list(array.shape) for array in some] for some in (recorded, found)]}
    errors = [apart(one, other) for one, other in zip(recorded, found)]
    order = [(2 if "shapes" in one else 1 if one["scaled"] == "inf" else 0, one.get("scaled")) for one in errors]
    numbers = [place[1] if not place[0] else 0.0 for place in order]
    return max(zip(errors, order, numbers), key=lambda part: (part[1][0], part[2]))[0] if errors else {"scaled": 0.0}


def _row(name: Optional[str], here: Optional[str], class_name: str) -> Dict[str, Any]:
    told: Dict[str, Any] = {"name": name, "here": here, "class": class_name, "class_here": None, "custom": False}
    return dict(
        told, config=[{}, {}], uses={"symbols": [], "names": []}, differing={}, renamed={}, given=[], weights="", trial=None
    )


def _short(named: List[Tuple[str, str]]) -> List[Tuple[str, str]]:
    """Layers by their own names, without those of the models around them."""
    return [(name.rpartition("/")[2], kind(class_name)) for name, class_name in named]


def _first(call: str) -> str:
    """The layer of a call: of the second one, ``dense:1``, the first's name."""
    name, _, number = call.rpartition(":")
    return name if name and number.isdigit() else call


def _renamed(call: str, names: Dict[Optional[str], Optional[str]]) -> str:
    """The name here of a recorded call."""
    first = _first(call)
    return (names.get(first) or "") + call[len(first) :]
