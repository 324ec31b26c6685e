"""What reports for people say, in whatever format."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from kerasdiff.fingerprint.document import VALUE
from kerasdiff.knowledge.load import Effect
from kerasdiff.report.grouping import NAME_LENGTH, SAVED_MODEL
from kerasdiff.report.json import summary
from kerasdiff.report.waived import left
from kerasdiff.text import listed, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.compare.engine import Comparison
    from kerasdiff.compare.side import Side
    from kerasdiff.gate.decide import Gate
    from kerasdiff.report.reasons import Reason

#: Names shown of a cause, where not all are asked for.
FEW = 4

#: What stands above the causes of an effect, and what it means.
HEADINGS = {
    Effect.BREAKS: ("BREAKS", "the same code raises"),
    Effect.ARCHITECTURE: ("ARCHITECTURE", "other shapes, or other weights"),
    Effect.RESULTS: ("RESULTS", "other numbers from the same weights and inputs"),
    Effect.REPRODUCIBILITY: ("REPRODUCIBILITY", "the same up to a seeded draw or rounding"),
    Effect.INFO: ("INFO", "visible, can't change a model"),
}

#: What a cause does, by its worst effect: of one, and of several.
_DOES = {
    Effect.BREAKS: ("breaks", "break"),
    Effect.ARCHITECTURE: ("changes the architecture", "change the architecture"),
    Effect.RESULTS: ("changes results", "change results"),
}
#: What is compared, by what A and B are.
_COMPARED = {
    "environments": "symbols, the settings and the variables",
    "models": "layers, their weights and what they were compiled with",
}
_MILDER = (Effect.REPRODUCIBILITY, Effect.INFO)

#: What a gate says, in a word, by the exit status.
VERDICTS = {0: "passes", 1: "fails", 3: "can't be answered"}
#: What to do about a project's gate that doesn't pass, by the exit status; commands between backticks.
_NEXT = {
    1: "To know more: `kerasdiff explain CODE`. To accept it as it is now: "
    "`kerasdiff waive ID|CODE --reason … --until …{about}` (--verbose tells ids); all of it, as the baseline: "
    "`kerasdiff check --update`",
    3: "What is unknown was not captured on that side, or was lost to a crash or a time-out: capture again, with a longer "
    "`--timeout` where it ran out; the baseline by `kerasdiff check --update`. What the gate can do without: "
    "`ignore` in the policy",
}


def count(number: int, what: str) -> str:
    """A number of things: ``1 cause``, ``2 causes``."""
    return f"{number} {what}{'s' if number != 1 else ''}"


def side(one: Side) -> str:
    """A side in a line."""
    return one.sentence


def own(comparison: Comparison) -> list[str]:
    """What of the user's own was measured on both sides."""
    sides = [one.fingerprint for one in (comparison.a, comparison.b)]
    there = {
        "your model": all(side.model is not None and side.model.state == VALUE for side in sides),
        "what your pipeline feeds": all(side.pipeline is not None and side.pipeline.state == VALUE for side in sides),
    }
    return [what for what, is_there in there.items() if is_there]


def headline(comparison: Comparison, reasons: Sequence[Reason]) -> str:
    """What happened, in a sentence; ``reasons`` are those of the open findings."""
    found = left(comparison)
    counts = summary(msgspec.structs.replace(comparison, divergences=found))
    waived = len(comparison.divergences) - len(found)
    rest = [f"{counts['ignored']} ignored (--ignore)"] if counts["ignored"] else []
    rest += [f"{waived} waived"] if waived else []
    if not found:
        but = f", but {', '.join(rest)}" if rest else ""
        more = "".join(f", nor in {what}" for what in own(comparison))
        return f"No divergence in {comparison.coverage['compared']} {_COMPARED[comparison.of]}{more}{but}."
    besides = "".join(f"; {part}" for part in rest)
    milder = ", ".join(f"{counts[effect.value]} {effect.value}" for effect in _MILDER if counts[effect.value])
    serious = sum(counts[effect.value] for effect in Effect if effect not in _MILDER)
    if not serious:
        loading = comparison.model.reasons if comparison.model is not None else []
        is_old = any(one.id in loading for one in found)  # why it is predicted to fail in B, and of A as well
        nothing = f"{'Apart from what loading does in A too, nothing' if is_old else 'Nothing'} {'open ' if waived else ''}"
        return f"{nothing}breaks code, changes the architecture or changes results; {milder}{besides}"
    causes = [one.effect for one in reasons if one.effect not in _MILDER]
    numbers = {effect: causes.count(effect) for effect in _DOES}
    parts = [f"{number} {_DOES[effect][number > 1]}" for effect, number in numbers.items() if number]
    told = f"{count(serious, 'finding')} from {count(len(causes), 'cause')}: {', '.join(parts)}"
    return told + (f"; also {milder}" if milder else "") + besides


def model(comparison: Comparison) -> list[str]:
    """The saved model that a comparison is narrowed to, and what loading it in B is predicted to do; empty without one."""
    told = comparison.model
    if told is None:
        return []
    found = {one.id: one for one in comparison.divergences}
    why = [found[identifier] for identifier in told.reasons if identifier in found]
    titles = list(dict.fromkeys(f"{_place(one)}{one.title}" for one in why))
    more = f"; {count(len(titles) - 1, 'more reason')} below" if len(titles) > 1 else ""
    wrote = f"by Keras {told.writer}" if told.writer else "by a Keras that it doesn't name"
    kept = sum(one.subject.partition(".")[0] != SAVED_MODEL for one in comparison.divergences)
    return [
        visible(f"Model  {told.file}: {count(told.layers, 'layer')}, written {wrote}"),
        visible(f"Loading it in B: {told.verdict}" + (f". {titles[0]}{more}" if titles else "")),
        f"{kept} of the {told.of} divergences between A and B reach it",
    ]


def _place(found: Divergence) -> str:
    return f"{found.layers[0]}: " if found.layers else ""


def layers(reason: Reason) -> list[str]:
    """The layers of a saved model that a cause concerns, each once."""
    return list(dict.fromkeys(name for found in reason.all for name in found.layers))


def names(reason: Reason) -> list[str]:
    """The subjects in which a cause shows itself; of one that is gone, with the name that B has, where the rule tells none."""
    told: dict[str, str] = {}
    for found in reason.roots:
        is_gone = found.aspect == "presence" and found.remedy is not None and found.remedy != reason.remedy
        told.setdefault(found.subject, f" (now {found.remedy})" if is_gone else "")
    return [name + now for name, now in told.items()]


def measured(reason: Reason) -> str:
    """The largest size that a cause was measured with, and the phases in which it shows."""
    worst = reason.worst
    phases = f"; in {' and '.join(reason.phases)}" if reason.phases else ""
    if worst is None:
        return phases
    scaled = float((worst.size or {}).get("scaled", 0.0))
    size = f"by up to {scaled:.2g} of the largest number" if math.isfinite(scaled) else "where it is NaN or infinite"
    return f"; {size}{phases}"


def gate(decided: Gate, comparison: Comparison) -> str:
    """What the gate decided on a comparison."""
    why = [f"divergences at or above {decided.fail_on.value} (--fail-on)"] if any(map(decided.stops, left(comparison))) else []
    why += ["waivers no longer serve"] if any(one.fails for one in decided.waivers) else []
    said = {
        0: f"nothing at or above {decided.fail_on.value}",
        1: "; ".join(why),
        3: "some facts are not comparable",
    }
    return f"Gate {VERDICTS[decided.exit]}: {said[decided.exit]}; exit status {decided.exit}."


def advice(decided: Gate, release: str) -> str:
    """What to do about a gate on a baseline, or on a release, commands between backticks; empty where it passes."""
    return _NEXT.get(decided.exit, "").format(about=f" --baseline {release}" if release else "")


def packages(comparison: Comparison, most: int | None) -> str:
    """The packages that have other versions, the Keras stack first; empty where none has."""
    rows = comparison.context["packages"]
    return listed([visible(f"{name} {one or 'absent'} → {other or 'absent'}", NAME_LENGTH) for name, one, other in rows], most)


def around(comparison: Comparison) -> list[str]:
    """What else differs around Keras: facts of the runtime, and requirements that contradict each other."""
    runtime, conflicts = comparison.context["runtime"], comparison.context["conflicts"]
    lines = [visible(f"{key}: {_change(one, other)}") for key, one, other in runtime]
    return lines + [visible(f"conflict in {side.upper()}: {line}") for side in "ab" for line in conflicts[side]]


def _change(one: object, other: object) -> str:
    """How a fact of the runtime differs; of lists, as instruction sets, what one side alone has."""
    if isinstance(one, list) and isinstance(other, list):
        lost, new = ([str(part) for part in these if part not in those] for these, those in ((one, other), (other, one)))
        told = [f"only in {side} {' '.join(parts)}" for side, parts in (("A", lost), ("B", new)) if parts]
        return ", ".join(told) or "in another order"
    return " → ".join("unknown" if value is None else str(value) for value in (one, other))
