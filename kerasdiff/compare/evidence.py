"""Effects by evidence: what is declared is judged by what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from kerasdiff.knowledge.load import Effect, tolerances

if TYPE_CHECKING:
    from kerasdiff.compare.cases import Outcome
    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.fingerprint.document import Symbol

_PARAMETER = "parameter."

#: What B does with an argument that it doesn't name, and what that does to code.
_TAKEN = {"honoured": Effect.INFO, "accepted": Effect.INFO, "ignored": Effect.RESULTS, "refused": Effect.BREAKS}

#: Defaults that do nothing.
_NOTHING: tuple[Any, ...] = (None, False, 0, "", [], {})


def judge(declared: list[Divergence], measured: Outcome, b: Symbol) -> list[Divergence]:
    """The divergences of a symbol, those declared and those measured, each with its effect by evidence.

    An argument that B no longer names has the effect of what B does with it. A changed default is `info` where every case
    agrees that leaves it to itself. Where calls differ that leave it to its default and the pinned one agrees, the changed
    default is the cause and takes the effect and the size of what it causes; where the pinned one differs too, the
    implementation changed, or what a parameter that only B has does by default.
    """
    found = _Found(declared, measured.divergences)
    if declared:
        _judge(found, declared, measured, b)
    return found.all()


def _judge(found: _Found, declared: list[Divergence], measured: Outcome, b: Symbol) -> None:
    for one in declared:
        outcome = measured.outcomes.get(_name(one), "")
        if outcome in _TAKEN and not _takes(b, _name(one)):
            found.settle(one, outcome)
    changed = [one for one in declared if _is_changed_default(one)]
    new = [one for one in declared if _is_new(one, b)]
    if measured.agree.get("default", False):
        differing = [call for call, agrees in measured.agree.items() if not agrees]
        for one in changed:
            if all(_name(one) in measured.given[call] for call in differing):
                found.calm(one)
    elif measured.agree.get("pinned", False):
        pinned = measured.given["pinned"]
        candidates = [one for one in [*changed, *new] if _name(one) in pinned]
        left = {
            call: [one for one in candidates if _name(one) not in measured.given[call]]
            for call, agrees in measured.agree.items()
            if not agrees
        }
        # A call that leaves one to its default says for sure what that one does; then the worst explains the others.
        for call in sorted(left, key=lambda call: (len(left[call]), call)):
            found.blame(left[call], call)
    elif "default" in measured.agree:
        for one in new:
            found.suspect(one)


class _Found:
    """The divergences of a symbol while they are judged."""

    def __init__(self, declared: list[Divergence], measured: list[Divergence]) -> None:
        self._declared = {one.id: one for one in declared}
        self._measured = {one.id: one for one in measured}

    def all(self) -> list[Divergence]:
        return [*self._declared.values(), *self._measured.values()]

    def settle(self, one: Divergence, outcome: str) -> None:
        """``one``, an argument that B doesn't name, is ``outcome`` there."""
        title = f"{one.title.partition(';')[0]}; by its old name it is {outcome}"
        self._declared[one.id] = msgspec.structs.replace(one, effect=_TAKEN[outcome], evidence="measured", title=title)
        for case in [case for case in self._measured.values() if case.aspect.startswith(f"case.argument-{_name(one)}@")]:
            self._measured[case.id] = msgspec.structs.replace(case, cause=one.cause or one.id)

    def calm(self, one: Divergence) -> None:
        """Every case gives the same, whatever the default of ``one``."""
        title = f"{one.title}; every case gives the same"
        self._declared[one.id] = msgspec.structs.replace(one, effect=Effect.INFO, evidence="measured", title=title)

    def suspect(self, one: Divergence) -> None:
        """The default of ``one``, which A has nothing like, may be why the default cases differ."""
        effects = [case.effect for case in self._measured.values() if case.aspect.startswith("case.default@")]
        if effects:
            worst = min(effects, key=lambda effect: effect.rank)
            title = f"{one.title}, and may be why results differ"
            self._declared[one.id] = msgspec.structs.replace(one, effect=worst.at_most(Effect.RESULTS), title=title)

    def blame(self, ones: list[Divergence], call: str) -> None:
        """The default of one of these, the worst so far, is why the cases of ``call`` differ."""
        caused = [case for case in self._measured.values() if case.aspect.startswith(f"case.{call}@") and case.cause is None]
        if not caused or not ones:
            return
        worst = min(caused, key=lambda case: case.effect.rank)
        one = min((self._declared[one.id] for one in ones), key=lambda one: (one.effect.rank, one.evidence != "measured"))
        if one.evidence != "measured" or worst.effect.rank < one.effect.rank:
            phases = sorted({phase for case in caused for phase in case.phases})
            self._declared[one.id] = msgspec.structs.replace(
                one, effect=worst.effect, evidence="measured", size=worst.size, phases=phases
            )
        for case in caused:
            self._measured[case.id] = msgspec.structs.replace(case, cause=one.cause or one.id)


def _name(found: Divergence) -> str:
    """The parameter that a divergence is about; empty where it is about another thing."""
    return found.aspect.removeprefix(_PARAMETER) if found.aspect.startswith(_PARAMETER) else ""


def _takes(symbol: Symbol, name: str) -> bool:
    return any(part.name == name for part in symbol.parameters or [])


def _is_new(found: Divergence, b: Symbol) -> bool:
    """Whether B alone has a parameter, and by default it does something."""
    is_new = found.title.endswith("is new in B") and _takes(b, _name(found))
    return is_new and found.b not in _NOTHING and tolerances().exercises(_name(found))


def _is_changed_default(found: Divergence) -> bool:
    return (
        found.effect in (Effect.ARCHITECTURE, Effect.RESULTS)
        and found.title.startswith("the default of ")
        and tolerances().exercises(_name(found))
    )
