"""Effects by evidence: what is declared is judged by what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from kerasdiff.knowledge.load import Effect, tolerances

if TYPE_CHECKING:
    from kerasdiff.compare.cases import Outcome
    from kerasdiff.compare.divergence import Divergence

_PARAMETER = "parameter."


def judge(declared: list[Divergence], measured: Outcome) -> list[Divergence]:
    """The divergences of a symbol, those declared and those measured, each with its effect by evidence.

    A changed default whose cases all agree is `info`. Where the default cases differ and the pinned ones agree, the changed
    default is the cause and takes the effect and the size of what it causes; where the pinned ones differ too, the
    implementation changed.
    """
    changed = [found for found in declared if _is_changed_default(found)]
    if "default" not in measured.agree or not changed:
        return declared + measured.divergences
    if measured.agree["default"]:
        calmed = {found.id: _calmed(found) for found in changed}
        return [calmed.get(found.id, found) for found in declared] + measured.divergences
    if not measured.agree.get("pinned", False):
        return declared + measured.divergences
    caused = [found for found in measured.divergences if found.aspect.startswith("case.default@")]
    worst = min(caused, key=lambda found: found.effect.rank)
    cause = min(changed, key=lambda found: found.effect.rank)
    shown = msgspec.structs.replace(cause, effect=worst.effect, evidence="measured", size=worst.size, phases=_phases(caused))
    explained = {found.id for found in caused}
    return [shown if found.id == cause.id else found for found in declared] + [
        msgspec.structs.replace(found, cause=cause.id) if found.id in explained else found for found in measured.divergences
    ]


def _is_changed_default(found: Divergence) -> bool:
    name = found.aspect.removeprefix(_PARAMETER)
    return (
        found.aspect.startswith(_PARAMETER)
        and found.effect in (Effect.ARCHITECTURE, Effect.RESULTS)
        and found.title.startswith("the default of ")
        and tolerances().exercises(name)
    )


def _calmed(found: Divergence) -> Divergence:
    title = f"{found.title}; every case gives the same"
    return msgspec.structs.replace(found, effect=Effect.INFO, evidence="measured", title=title)


def _phases(caused: list[Divergence]) -> list[str]:
    return sorted({phase for found in caused for phase in found.phases})
