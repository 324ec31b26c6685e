"""Compares what two pipelines feed, stage by stage; the first stage that parts is the cause of what follows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from kerasdiff.compare.divergence import divergence
from kerasdiff.compare.pipelines import order, parts
from kerasdiff.compare.pipelines.fit import SAME, Compared
from kerasdiff.fingerprint.document import UNKNOWN_STATES, VALUE
from kerasdiff.fingerprint.pipeline import failure, number
from kerasdiff.knowledge.load import Effect, pipelines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kerasdiff.compare.divergence import Divergence, Findings
    from kerasdiff.fingerprint.pipeline import Part, Pipeline, Stage

SUBJECT = "pipeline"
_MORE: dict[str, Any] = {"phases": ["preprocessing"], "evidence": "measured"}


def compare(a: Pipeline | None, b: Pipeline | None, findings: Findings) -> None:
    """Every divergence of what two pipelines feed; none where neither was asked for."""
    if a is None and b is None:
        return
    if a is None or b is None:
        side = "B" if a is None else "A"
        findings.unknown(SUBJECT, f"a pipeline was captured in {side} only: capture the other side with --pipeline too")
        return
    if _both_ran(a, b, findings):
        _stages(a, b, findings)


def _both_ran(a: Pipeline, b: Pipeline, findings: Findings) -> bool:
    for side, found in (("A", a), ("B", b)):
        if found.state in UNKNOWN_STATES:
            findings.unknown(SUBJECT, f"{found.name} {found.state} in {side}: {failure(found)}")
            return False
    if a.state != VALUE:
        alike = ", as in B" if (a.state, a.type, a.message) == (b.state, b.type, b.message) else ""
        findings.unknown(SUBJECT, f"{a.name} fails in A{alike}: {failure(a)}")
        return False
    if b.state != VALUE:
        title = f"{b.name} fails in B: {failure(b)}"
        findings.add(divergence(SUBJECT, "state", Effect.BREAKS, title, a.state, b.type or b.state, **_MORE))
        return False
    return True


def _stages(a: Pipeline, b: Pipeline, findings: Findings) -> None:
    """Stages by their names, in B's order; the last ones are what is fed, whatever they are called."""
    here = {stage.name: stage for stage in a.stages}
    there = {stage.name: stage for stage in b.stages}
    names = [name for name in there if name in here]
    for name in [*here, *there]:
        if name not in names and (len(here) > 1 or len(there) > 1):
            side = "A" if name in here else "B"
            subject = _subject(name)
            sides = (name, None) if side == "A" else (None, name)
            findings.add(divergence(subject, "presence", Effect.INFO, f"the stage {name} is only in {side}", *sides, **_MORE))
    pairs = [(_subject(name), here[name], there[name]) for name in names]
    if a.stages and b.stages and (a.stages[-1].name != b.stages[-1].name):
        pairs.append((SUBJECT, a.stages[-1], b.stages[-1]))
    earlier: list[_Found] = []
    for subject, one, other in pairs:
        parted = [(_caused(found, kinds, earlier), kinds) for found, kinds in _stage(subject, one, other)]
        for found, _ in parted:
            findings.add(found)
        earlier += [(found, kinds) for found, kinds in parted if found.cause is None]


def _subject(stage: str) -> str:
    return f"{SUBJECT}.stages.{_safe(stage)}" if stage else SUBJECT


def _safe(name: str) -> str:
    """A name in a subject, which has no ``/``: that ends it in an id."""
    return name.replace("%", "%25").replace("/", "%2F")


#: A divergence with the kinds of what it shows, as ``scale``; none where nothing is known to make B's numbers of A's.
_Found = tuple["Divergence", frozenset[str]]


def _caused(found: Divergence, kinds: frozenset[str], earlier: list[_Found]) -> Divergence:
    """A divergence with its cause: that of an earlier stage which is as bad, unless it shows what no earlier one does."""
    known = {kind for _, shown in earlier for kind in shown}
    reach = [(one, shown) for one, shown in earlier if one.effect.reaches(found.effect)]
    alike = [one for one, shown in reach if shown & kinds] if kinds else [one for one, _ in reach]
    return msgspec.structs.replace(found, cause=alike[0].id) if alike and kinds <= known else found


def _stage(subject: str, a: Stage, b: Stage) -> Iterator[_Found]:
    """What differs in a stage, with the kinds of steps that it shows."""
    yield from _batches(subject, a, b)
    pairs = _pairs(a, b)
    for name in sorted((a.parts.keys() | b.parts.keys()) - {name for one, other in pairs for name in (one, other)}):
        side = "A" if name in a.parts else "B"
        sides = (name, None) if side == "A" else (None, name)
        yield _told(subject, name, "presence", Effect.ARCHITECTURE, f"is only in {side}", *sides)
    is_steady = not (a.order.unstable or b.order.unstable)
    is_moved = False
    for one, other in pairs:
        compared = parts.compare(a.parts[one], b.parts[other], is_steady=is_steady)
        is_moved = is_moved or compared.is_moved
        yield from _part(subject, one, a.parts[one], b.parts[other], compared)
    for found in order.compare(a, b, is_moved=is_moved):
        more = {"remedy": found.remedy, "phases": ["training"], "evidence": "measured"}
        yield (
            divergence(subject, found.aspect, found.effect, found.title, a.order.digest, b.order.digest, **more),
            frozenset({found.aspect}),
        )


def _pairs(a: Stage, b: Stage) -> list[tuple[str, str]]:
    """The parts that are the same: by name, or the only ones that there are."""
    found = [(name, name) for name in a.parts if name in b.parts]
    if not found and len(a.parts) == len(b.parts) == 1:
        return [(next(iter(a.parts)), next(iter(b.parts)))]
    return found


def _told(subject: str, part: str, aspect: str, effect: Effect, title: str, a: object, b: object, **more: object) -> _Found:
    """A finding about a part: of a stage with a name, the part is in the aspect."""
    kinds = more.pop("kinds", frozenset({f"{aspect} {part}"}))
    told = {**_MORE, **more}
    if subject == SUBJECT:
        found = divergence(f"{subject}.{_safe(part)}", aspect, effect, title, a, b, **told)
    else:
        found = divergence(subject, f"{aspect}.{part}", effect, f"{part}: {title}", a, b, **told)
    return found, kinds if isinstance(kinds, frozenset) else frozenset()


def _batches(subject: str, a: Stage, b: Stage) -> Iterator[_Found]:
    one, other = a.batches, b.batches
    more = {"phases": ["training"], "evidence": "measured"}
    if one.size != other.size:
        title = f"batches of {other.size} in B, of {one.size} in A"
        yield divergence(subject, "batches", Effect.RESULTS, title, one.size, other.size, **more), frozenset({"batches"})
    if one.complete != other.complete:
        words = [f"ends after {stage.samples} samples" if stage.complete else "goes on and on" for stage in (one, other)]
        title = f"an epoch {words[1]} in B, {words[0]} in A"
        yield divergence(subject, "samples", Effect.RESULTS, title, one.samples, other.samples, **more), frozenset({"samples"})
    elif one.samples != other.samples:
        dropped = (
            " (the last, smaller batch is dropped)"
            if _drops(a, b)
            else " (A drops the last, smaller batch)"
            if _drops(b, a)
            else ""
        )
        title = f"{other.samples} samples in B, {one.samples} in A{dropped}"
        yield divergence(subject, "samples", Effect.RESULTS, title, one.samples, other.samples, **more), frozenset({"samples"})


def _drops(a: Stage, b: Stage) -> bool:
    """Whether B is A without its smaller last batch."""
    one, other = a.batches, b.batches
    return one.last < one.size == other.size == other.last and one.samples - one.last == other.samples


def _part(subject: str, name: str, a: Part, b: Part, compared: Compared) -> Iterator[_Found]:
    if a.dtype != b.dtype:
        effect = Effect.INFO if _family(a.dtype) == _family(b.dtype) else Effect.RESULTS
        cast = _cast(name, a) if "one-hot" not in (compared.fit.kinds if compared.fit else ()) else None
        yield _told(subject, name, "dtype", effect, f"{b.dtype} in B, {a.dtype} in A", a.dtype, b.dtype, remedy=cast)
    for key, words in (("nan", "NaN"), ("infinite", "infinite")):
        one, other = number(a.statistics.get(key, 0)), number(b.statistics.get(key, 0))
        if bool(one) != bool(other):
            title = f"{other:.0f} numbers are {words} in B, {one:.0f} in A"
            yield _told(subject, name, key, Effect.RESULTS, title, one, other)
    is_reshaped = (a.shape, a.shapes) != (b.shape, b.shapes)
    if not is_reshaped and compared.fit == SAME.fit:
        return
    aspect, effect = ("shape", Effect.ARCHITECTURE) if is_reshaped else ("values", _effect(compared))
    sides = (a.shape, b.shape) if is_reshaped else (None, None)
    more = {"size": _size(compared), "remedy": _about(name, compared.fit.remedy if compared.fit else None)}
    kinds = compared.fit.kinds if compared.fit else frozenset()
    yield _told(subject, name, aspect, effect, _title(a, b, compared, is_reshaped=is_reshaped), *sides, kinds=kinds, **more)


def _family(dtype: str) -> str:
    return dtype.rstrip("0123456789").removeprefix("u").removeprefix("b")


def _cast(name: str, a: Part) -> str | None:
    return _about(name, f"x = x.astype({a.dtype!r})") if a.dtype.isidentifier() and a.dtype != "string" else None


def _about(name: str, remedy: str | None) -> str | None:
    """A remedy on a part by its own name, where that can stand in code."""
    last = name.rpartition(".")[2]
    return re.sub(r"\bx\b", last, remedy) if remedy and last.isidentifier() else remedy


def _effect(compared: Compared) -> Effect:
    """Rounding by one step is what decoders, processors and data types do; all else is another result."""
    fit = compared.fit
    is_rounding = fit is not None and (fit.words == "rounded otherwise" or fit.kinds == {"precision"})
    return Effect.REPRODUCIBILITY if is_rounding else Effect.RESULTS


def _size(compared: Compared) -> dict[str, object]:
    found: dict[str, object] = {"scaled": float(f"{compared.size:.3g}"), "tolerance": pipelines().tolerance}
    if compared.fit is not None:
        found |= {"error": float(f"{compared.fit.error:.3g}"), "kinds": sorted(compared.fit.kinds)}
    return found


def _title(a: Part, b: Part, compared: Compared, *, is_reshaped: bool) -> str:
    shapes = f" ({_shape(b)} in B, {_shape(a)} in A)" if is_reshaped else ""
    note = f"; {compared.note}" if compared.note else ""
    if compared.fit is None:
        return f"different{shapes}, by {compared.size:.2g} of the largest number{note}"
    if not compared.fit.steps:
        return f"another shape{shapes}{note}"
    error = f"to within {compared.fit.error:.1g} of the largest number" if compared.fit.error else "exactly"
    return f"in B {compared.fit.words}{shapes}, {error}{note}"


def _shape(part: Part) -> str:
    if part.shapes != 1:
        return f"{part.shapes} shapes"
    return ", ".join(map(str, part.shape)) or "one number"
