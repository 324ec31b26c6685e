"""What verifying a reference found, for people and for scripts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from kerasdiff.compare.referenced import SCHEMA
from kerasdiff.report.reasons import reasons
from kerasdiff.text import inert, inert_json, listed, visible, visible_lines, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kerasdiff.compare.referenced import Error, First, Layer, Verification

_WIDTH = 80
#: Layers listed, where not all are asked for.
_ROWS = 20
#: Names listed of layers that part later.
_FEW = 4


def as_json(found: Verification, status: int) -> str:
    """A verification as JSON, schema ``kerasdiff.verification/1``."""
    document = {
        "schema": SCHEMA,
        "reference": {"file": found.file, **found.found.reference},
        "environment": found.environment,
        "sides": {"a": found.sides[0], "b": found.sides[1]} if found.sides[0] else None,
        "tolerance": found.tolerance,
        "passed": found.passed,
        "exit": status,
        "outputs": msgspec.to_builtins(found.found.outputs),
        "counts": found.found.counts,
        "first": found.first and {**msgspec.to_builtins(found.first), "layer": found.first.layer.name},
        "code": found.code,
        "explained_by": msgspec.to_builtins(found.explained_by),
        "layers": msgspec.to_builtins(found.found.layers),
        "calls": msgspec.to_builtins(found.found.calls),
        "left_out": found.found.left_out,
    }
    return inert_json(json.dumps(document, indent=1)) + "\n"


def as_text(found: Verification, *, verbose: bool) -> str:
    """A verification for people: the outputs, where the models part first, and why."""
    return "".join(f"{inert(visible(line)).rstrip()}\n" for line in _text(found, verbose=verbose))


def _text(found: Verification, *, verbose: bool) -> Iterator[str]:
    yield from wrapped(f"A  {found.file}: {_environment(found.found.reference)}", _WIDTH)
    yield from wrapped(f"B  {_environment(found.environment)}", _WIDTH)
    yield ""
    yield from _outputs(found)
    if found.found.left_out:
        some = ", ".join(found.found.left_out[:5])
        yield from wrapped(f"Not recorded, being too large: what {some} takes or gives.", _WIDTH, hanging="")
    yield from _beside(found)
    if found.first is not None:
        yield ""
        yield from _first(found, found.first)
        yield from _because(found)
    if found.first is not None or verbose:
        yield ""
        yield from _rows(found, verbose=verbose)
    yield ""
    yield f"The reference {'holds' if found.passed else 'does not hold'}; exit status {0 if found.passed else 1}."


def _beside(found: Verification) -> Iterator[str]:
    """The arguments that differ in layers that give what was recorded, where the outputs do too."""
    parting = {layer.name for call, layer in found.found.known if found.found.parts_alone(call, found.tolerance)}
    layers = [layer for layer in found.found.layers if layer.differing and layer.fits and layer.name not in parting]
    if not found.outputs_hold or not layers:
        return
    yield ""
    for layer in layers[:_FEW]:
        yield from wrapped(f"{layer.name}: {_differing(layer)}: differs, without effect on these inputs", _WIDTH)
    if layers[_FEW:]:
        yield f"and so in {len(layers) - _FEW} more layers (--format json)"


def _before(found: Verification, place: int) -> Iterator[str]:
    """The arguments that differ in layers up to a call: what they pass on beside numbers, as masks, may differ by them."""
    earlier = {call.name for call in found.found.calls[:place]}
    named = {layer.name: layer for call, layer in found.found.known if call.name in earlier and layer.differing}
    for layer in [*named.values()][-_FEW:]:
        yield from wrapped(f"before it, {layer.name}: {_differing(layer)}", _WIDTH, "  ")
    added = [f"{layer.here} ({layer.class_name})" for layer in found.found.layers if layer.name is None]
    if added:
        yield from wrapped(f"only here: {listed(added, _FEW)}", _WIDTH, "  ")


def _environment(told: dict[str, Any]) -> str:
    version = told.get("version") or "(version unknown)"
    backend = f" on {told.get('backend')} {told.get('backend_version') or ''}".rstrip() if told.get("backend") else ""
    python = f", Python {told['python']}" if told.get("python") else ""
    model = f"{told['model']} by " if told.get("model") else ""
    return visible(f"{model}{told.get('api')} {version}{backend}{python}", 500)


def _outputs(found: Verification) -> Iterator[str]:
    counts = found.found.counts
    if counts[0] != counts[1]:
        yield f"{counts[0]} outputs were recorded, the model here has {counts[1]}."
    bound = found.found.bound(found.tolerance)
    why = "" if bound == found.tolerance else ", since layers compute in 16 bits"
    for number, error in enumerate(found.found.outputs):
        verdict = "differs" if error.beyond(bound) else "is as recorded"
        yield from wrapped(f"outputs_{number} {verdict}: {_error(error)} (tolerance {bound:.3g}{why})", _WIDTH)


def _error(error: Error | None) -> str:
    if error is None:
        return "unknown"
    if error.shapes is not None:
        return f"its shape is {error.shapes[0]} recorded, {error.shapes[1]} here"
    if error.state == "error":
        return f"{error.type or 'fails'}: {error.message}"
    if error.scaled == "inf":
        return "where it is NaN or infinite, or text"
    return "equal" if not error.scaled else f"off by {float(error.scaled):.2g} of its largest number"


def _first(found: Verification, first: First) -> Iterator[str]:
    layer = first.layer
    place = [call.name for call in found.found.calls].index(first.call.name)
    kind = layer.class_name if layer.class_here in (None, layer.class_name) else f"{layer.class_name}, here {layer.class_here}"
    yield from wrapped(f"Parts first at {first.call.name} ({kind}), layer {place + 1} of {len(found.found.calls)}", _WIDTH)
    told = {
        "alone": f"alone, with the recorded weights and inputs, {_error(first.call.alone)}",
        "weights": f"the recorded weights don't fit: {layer.weights}",
        "missing": "there is no such layer here",
        "unseen": "it couldn't be run alone, or isn't called here: it parts, or what comes after it",
        "rounding": f"each layer alone gives what was recorded: rounding adds up; in the model, {_error(first.call.model)}",
        "between": f"each layer alone gives what was recorded; in the model, {_error(first.call.model)}",
    }
    yield from wrapped(told[first.how], _WIDTH, "  ")
    before = [call.alone for call in found.found.calls[:place] if call.alone is not None]
    if before and first.how not in ("between", "rounding"):
        largest = max(float(error.scaled) for error in before if isinstance(error.scaled, (int, float)))
        those = "the layer before it" if place == 1 else f"the {place} layers before it"
        yield from wrapped(f"{those}: {f'off by {largest:.2g} at most' if largest else 'as recorded'}", _WIDTH, "  ")
    if first.how == "between":
        yield from _before(found, place)
    if layer.differing:
        yield from wrapped(_differing(layer), _WIDTH, "  ")
    if layer.trial is not None:
        arguments = _given(layer, layer.trial.arguments)
        outcome = "it gives what was recorded" if layer.is_restored(found.tolerance) else _error(layer.trial.error)
        yield from wrapped(f"tried here: with {arguments} {outcome}", _WIDTH, "  ")
    after = found.found.calls[place + 1 :]
    later = [call.name for call in after if found.found.parts_alone(call, found.tolerance)]
    if later:
        yield from wrapped(f"after it, {listed(later, _FEW)} part{'s' if len(later) == 1 else ''} alone too", _WIDTH, "  ")


def _differing(layer: Layer) -> str:
    """What of a layer's arguments differs."""
    named = {key: f"{layer.renamed[key]} {{}} here" if key in layer.renamed else "{} here" for key in layer.differing}
    parts = (
        f"{key} is {_brief(one)} recorded, {named[key].format(_brief(two))}" for key, (one, two) in layer.differing.items()
    )
    return "; ".join(parts)


def _given(layer: Layer, arguments: dict[str, Any]) -> str:
    """Arguments as they are written here."""
    return ", ".join(f"{layer.renamed.get(key, key)}={_brief(value)}" for key, value in arguments.items())


def _brief(value: Any) -> str:
    return visible(f"{value:.7g}" if isinstance(value, float) else repr(value), 60)


def _own(found: Verification, first: First) -> str:
    """Why a model parts where what differs between environments isn't the reason."""
    if first.how == "rounding":
        return "No layer is the reason: give --tolerance more, where that is near enough."
    if first.how == "between":
        told = f"What {first.call.name} is given differs: its inputs, a mask, or the order of the calls."
        where = "how your code puts the model together, and what it computes between layers"
        return f"{told} No layer's own behaviour is the reason: look at {where}."
    there, here = (_given(first.layer, {key: first.layer.differing[key][side] for key in found.code}) for side in (0, 1))
    told = f"The code that makes the model gives {first.layer.here} {here}; it gave {there} when this was recorded."
    return f"{told} That is no difference between the environments: change it there."


def _because(found: Verification) -> Iterator[str]:
    yield ""
    if found.first is not None and not found.is_of_environments:
        yield from wrapped(_own(found, found.first), _WIDTH, hanging="")
        return
    if not found.explained_by:
        if found.sides[0]:
            yield from wrapped(f"No divergence between {found.sides[0]} and {found.sides[1]} explains it.", _WIDTH, hanging="")
        else:
            yield "Nothing is known that explains it: give --a a fingerprint of the old environment."
        return
    yield "Because"
    for reason in reasons(found.explained_by):
        known = reason.rule
        if known is None:
            for line in reason.told.lines(verbose=False):
                yield from wrapped(line, _WIDTH, "  ")
            continue
        yield from wrapped(f"{known.title} [{known.code}]", _WIDTH, "  ")
        yield from wrapped(known.why, _WIDTH, "    ", "    ")
        remedy = visible_lines(reason.remedy or "")
        restore = next((one.restore for one in reason.roots if one.restore and "arguments" in one.restore), None)
        if not remedy and restore is not None:
            remedy = [", ".join(f"{key}={_brief(value)}" for key, value in restore["arguments"].items())]
        if remedy:
            yield from wrapped("to keep A's: " + (remedy[0] if len(remedy) == 1 else ""), _WIDTH, "    ")
            yield from (f"        {line}" for line in remedy if len(remedy) > 1)
    yield from wrapped(f"(by {found.sides[0]}, compared with {found.sides[1]})", _WIDTH, "  ", "  ")


def _rows(found: Verification, *, verbose: bool) -> Iterator[str]:
    classes = {layer.name: layer.class_name for layer in found.found.layers}
    rows = [("layer", "class", "alone", "in the model")]
    for call in found.found.calls if verbose else found.found.calls[:_ROWS]:
        kind = classes.get(call.name) or classes.get(call.name.rpartition(":")[0]) or ""
        rows.append((visible(call.name, 40), visible(kind, 30), _short(call.alone), _short(call.model)))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        yield "  ".join(part.ljust(width) for part, width in zip(row, widths, strict=True)).rstrip()
    rest = len(found.found.calls) - len(rows) + 1
    if rest > 0:
        yield f"… and {rest} more (--verbose)"


def _short(error: Error | None) -> str:
    if error is None:
        return "?"
    if error.shapes is not None:
        return "other shape"
    if error.state == "error":
        return "raises"
    return "NaN" if error.scaled == "inf" else f"{float(error.scaled or 0):.2g}"
