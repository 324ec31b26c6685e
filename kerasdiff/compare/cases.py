"""Compares what was measured: the cases of a symbol, quantity by quantity, with the size of what differs."""

from __future__ import annotations

import math
import operator
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from kerasdiff.compare import quantities
from kerasdiff.compare.divergence import Divergence, divergence
from kerasdiff.compare.values import same
from kerasdiff.knowledge.load import Effect, Quantity, equivalents, renames
from kerasdiff.knowledge.load import quantities as known_quantities
from kerasdiff.knowledge.load import tolerances as known_tolerances

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from kerasdiff.fingerprint.document import Symbol
    from kerasdiff.knowledge.load import Tolerances


_NUMBERS = frozenset({bool, int, float})


class Outcome:
    """What comparing the cases of a symbol gave; what is seldom asked for is found out when it is."""

    def __init__(self, a: Symbol, b: Symbol) -> None:
        self._a, self._b = a, b
        self._same: dict[str, bool] = {}
        """By case that could be compared: whether nothing differs that matters."""
        self._equal: set[str] = set()
        """The cases that are the same in all that they say."""
        self.divergences: list[Divergence] = []
        self.unknown: list[tuple[str, str]] = []
        """Ids that aren't comparable, and why."""

    def equal(self, case: str) -> None:
        """A case could be compared, and differs in nothing."""
        self._same[case] = True
        self._equal.add(case)

    def add(self, case: str, found: list[Divergence]) -> None:
        """A case could be compared, and differs in this."""
        self._same[case] = all(part.effect is Effect.INFO for part in found)
        # That B takes a name which A refuses changes nothing, and there are many.
        self.divergences += [part for part in found if part.effect is not Effect.INFO or not part.aspect.endswith(".outcome")]

    @property
    def compared(self) -> int:
        """How many cases could be compared."""
        return len(self._same)

    @cached_property
    def agree(self) -> dict[str, bool]:
        """By call (``default``): whether every case of it agrees. What raises agrees with nothing."""
        agree: dict[str, bool] = {}
        for case, is_same in self._same.items():
            call = case.partition("@")[0]
            if agree.get(call, True) and self._is_measured(case):
                agree[call] = is_same
        return agree

    def _is_measured(self, case: str) -> bool:
        """Whether both sides have a value."""
        sides = (self._a,) if case in self._equal else (self._a, self._b)
        return all(quantities.is_measured(side.cases[case]) for side in sides)

    @cached_property
    def given(self) -> dict[str, set[str]]:
        """The arguments that each call gives, on any side."""
        given: dict[str, set[str]] = {}
        for symbol in (self._a, self._b):
            for name, case in symbol.cases.items():
                given.setdefault(name.partition("@")[0], set()).update(quantities.mapping(case.get("arguments")))
        return given

    @cached_property
    def outcomes(self) -> dict[str, str]:
        """What B does with an argument by its historical name: ``honoured``, ``accepted``, ``ignored`` or ``refused``."""
        told: dict[str, Any] = {}
        for name, case in self._b.cases.items():
            told.update(quantities.mapping(case.get("outcomes")))
            if name.startswith("argument-"):
                argument = name.partition("@")[0].removeprefix("argument-")
                told[argument] = quantities.mapping(case.get("outcome")).get("value")
        return {name: value for name, value in told.items() if isinstance(value, str)}


def compare(
    subject: str,
    a: Symbol,
    b: Symbol,
    tolerances: Tolerances | None = None,
    *,
    dtypes: Collection[str] = (),
    alike: bool = False,
) -> Outcome:
    """Compare the cases that both sides have, by the table's tolerances or others.

    ``dtypes`` are those that they compute in besides those of what they give. ``alike`` says that they are known to be
    bit-equal: nothing is looked into.
    """
    allowed = tolerances or known_tolerances()
    outcome = Outcome(a, b)
    outcome.divergences += [] if alike else _names(subject, a, b)
    for case in sorted(a.cases.keys() & b.cases.keys()):
        one, other = a.cases[case], b.cases[case]
        if quantities.is_lost(one) or quantities.is_lost(other):
            lost = one if quantities.is_lost(one) else other
            outcome.unknown.append((f"{subject}/case.{case}", f"{lost['state']}: {lost.get('message', '')}"))
        elif one.get("revision") != other.get("revision"):
            outcome.unknown.append((f"{subject}/case.{case}", "measured in another way on each side: capture again"))
        elif alike or one == other:
            outcome.equal(case)
        elif not (_is_more(one, other, a) or _is_more(other, one, b)):
            outcome.add(case, list(_case(subject, case, one, other, allowed, dtypes)))
    return outcome


def _is_more(one: dict[str, Any], other: dict[str, Any], symbol: Symbol) -> bool:
    """Whether a case gives ``symbol`` an argument that the other side can't be given, and of another value than its default.

    Then it is another case, which that side doesn't have.
    """
    given, theirs = quantities.mapping(one.get("arguments")), quantities.mapping(other.get("arguments"))
    if given.keys() <= theirs.keys() or "outcome" in one:
        return False
    optional = {part.name: part.default for part in symbol.parameters or [] if part.default is not msgspec.UNSET}
    defaults = {name: quantities.mapping(symbol.config).get(name, default) for name, default in optional.items()}
    return any(
        not same(quantities.mapping(value).get("tuple", value), defaults[key], key)
        for key, value in given.items()
        if key not in theirs and not any(name in theirs for name in renames().parameter(key))
        if key in defaults and key != "seed" and key not in equivalents().effective_none  # a draw is told by its spread
    )


def _names(subject: str, a: Symbol, b: Symbol) -> Iterator[Divergence]:
    """The names of weights, and the one that a metric reports under, once a symbol."""
    for case in sorted(a.cases.keys() & b.cases.keys()):
        one, other = a.cases[case], b.cases[case]
        if one.get("names") != other.get("names") and one.get("weights") and other.get("weights"):
            title = f"the weights are named {_listed(one.get('names'))} in A, {_listed(other.get('names'))} in B"
            yield _found(subject, f"case.{case}.names", Effect.INFO, title, one.get("names"), other.get("names"), ["saving"])
            return
        told = [quantities.mapping(side["name"]).get("values") for side in (one, other) if "name" in side]
        if len(told) == 2 and None not in told and told[0] != told[1]:
            title = f"its name in logs and history is {_listed(told[0])} in A, {_listed(told[1])} in B"
            yield _found(subject, f"case.{case}.name", Effect.INFO, title, told[0], told[1], ["training"])
            return


def _listed(names: Any, limit: int = 160) -> str:
    """A list in words; of a long one the start."""
    text = ", ".join(str(name) for name in names) if isinstance(names, list) else "nothing"
    return text if len(text) <= limit else f"{text[:limit]}…"


def _case(
    subject: str, case: str, one: dict[str, Any], other: dict[str, Any], tolerances: Tolerances, dtypes: Collection[str]
) -> Iterator[Divergence]:
    made = [quantities.made(side) for side in (one, other)]
    if made == ["value", "error"] and quantities.is_measured(one):  # a graph raises later what raises here at once
        title = f"{case}: raises {other['build'].get('type')} in B: {other['build'].get('message', '')}"
        yield _found(subject, f"case.{case}.build", Effect.BREAKS, title, "value", other["build"].get("type"), ["construction"])
    if made != ["value", "value"]:
        return
    if one.get("input") != other.get("input"):  # of several, each takes the first that it accepts
        title = f"{case}: the first input accepted is {one.get('input')} in A, {other.get('input')} in B"
        inputs = (one.get("input"), other.get("input"))
        yield _found(subject, f"case.{case}.input", Effect.ARCHITECTURE, title, inputs[0], inputs[1], ["construction"])
        return
    if "outcome" in one and "outcome" in other:
        told = [quantities.mapping(side["outcome"]).get("value") for side in (one, other)]
        name, value = next(iter(quantities.mapping(one.get("arguments")).items()), ("", ""))
        yield from _argument(subject, f"case.{case}.outcome", name, value, told[0], told[1])
    outcomes = [quantities.mapping(side.get("outcomes")) for side in (one, other)]
    for name in sorted(outcomes[0].keys() & outcomes[1].keys()):
        yield from _argument(subject, f"case.argument-{name}@config.outcome", name, None, outcomes[0][name], outcomes[1][name])
    yield from _weights(subject, case, one, other)
    # A layer that could draw but gives the same in training as in inference, as an LSTM without dropout, draws nothing.
    draws = any("same_as" not in quantities.mapping(side.get("training")) for side in (one, other))
    is_random = bool(one.get("random") and other.get("random") and draws)
    for quantity in sorted(quantities.names(one) & quantities.names(other)):
        yield from _quantity(subject, case, quantity, one, other, tolerances, dtypes, is_random=is_random)


def _found(subject: str, aspect: str, effect: Effect, title: str, a: Any, b: Any, phases: list[str], **more: Any) -> Divergence:
    return divergence(subject, aspect, effect, title, a, b, evidence="measured", phases=phases, **more)


def _argument(subject: str, aspect: str, name: str, value: Any, a: Any, b: Any) -> Iterator[Divergence]:
    """What becomes of an argument under its historical name, or of the name that is its ``value``."""
    if a == b:
        return
    if not isinstance(a, str) or not isinstance(b, str):  # unstable: what becomes of it is known on one side only
        title = f"{name}: what becomes of the argument is the same in each run in one environment only"
        yield _found(subject, aspect, Effect.REPRODUCIBILITY, title, a, b, ["training"])
        return
    effect = Effect.INFO
    if name == "identifier":
        effect = Effect.BREAKS if b == "refused" else Effect.INFO
        title = f"the name {value!r} is {a} in A, {b} in B"
        yield _found(subject, aspect, effect, title, a, b, ["construction"])
        return
    if a in ("honoured", "accepted"):
        effect = {"ignored": Effect.RESULTS, "refused": Effect.BREAKS}.get(b, Effect.INFO)
    elif a == "ignored" and b == "refused":
        effect = Effect.BREAKS
    elif a == "ignored" and b == "honoured":
        effect = Effect.RESULTS
    title = f"the argument {name} is {a} in A, {b} in B"
    yield _found(subject, aspect, effect, title, a, b, ["construction", "training"])


def _weights(subject: str, case: str, one: dict[str, Any], other: dict[str, Any]) -> Iterator[Divergence]:
    a, b = one.get("weights"), other.get("weights")
    if not isinstance(a, list) or not isinstance(b, list):
        return
    shapes = [[weight[1] for weight in weights if isinstance(weight, list) and len(weight) == 2] for weights in (a, b)]
    if shapes[0] != shapes[1]:
        title = f"{case}: the weights have shapes {shapes[0]} in A, {shapes[1]} in B"
        yield _found(subject, f"case.{case}.weights", Effect.ARCHITECTURE, title, a, b, ["construction"])
    elif one.get("trainable") != other.get("trainable"):
        title = f"{case}: which weights are trainable differs"
        phases = ["training"]
        yield _found(
            subject, f"case.{case}.trainable", Effect.RESULTS, title, one.get("trainable"), other.get("trainable"), phases
        )


def _quantity(
    subject: str,
    case: str,
    quantity: str,
    one: dict[str, Any],
    other: dict[str, Any],
    tolerances: Tolerances,
    computed: Collection[str],
    *,
    is_random: bool,
) -> Iterator[Divergence]:
    a, b = quantities.parts(one, quantity), quantities.parts(other, quantity)
    if a == b:
        return
    aspect, known = f"case.{case}.{quantity}", known_quantities().get(quantity, Quantity())
    phases = known.phases
    states = [quantities.state(a), quantities.state(b)]
    if states != ["value", "value"]:
        yield from _states(subject, case, quantity, a, b)
        return
    shapes = [[part.get("shape") for part in parts] for parts in (a, b)]
    if known.words or (shapes[0] == shapes[1] and (_is_text(a) or _is_text(b))):
        if _told(a) != _told(b):
            title = f"{case}: {known.words or f'{quantity} is'} {_listed(_told(a))} in A, {_listed(_told(b))} in B"
            effect = Effect.INFO if quantity == "presence" and _told(a) == ["absent"] else known.effect
            is_draw = (is_random and known.random) or (known.count and _are_near(_told(a), _told(b)))
            effect = effect.at_most(Effect.REPRODUCIBILITY) if is_draw else effect
            yield _found(subject, aspect, effect, title, _told(a), _told(b), phases)
        return
    if shapes[0] != shapes[1]:
        title = f"{case}: {quantity} has shape {_single(shapes[0])} in A, {_single(shapes[1])} in B"
        is_layer = subject.startswith("layers.") and known.effect is Effect.RESULTS
        effect = Effect.ARCHITECTURE if is_layer else known.effect
        yield _found(subject, aspect, effect, title, shapes[0], shapes[1], phases)
        return
    dtypes = [[_width(part.get("dtype")) for part in parts] for parts in (a, b)]
    if dtypes[0] != dtypes[1] and not known.cast:
        title = f"{case}: {quantity} is {_single(dtypes[0])} in A, {_single(dtypes[1])} in B"
        yield _found(subject, aspect, known.effect, title, dtypes[0], dtypes[1], phases)
        return
    size = max((_error(x.get("values"), y.get("values")) for x, y in zip(a, b, strict=True)), default=(0.0, 0.0))
    types = {str(part.get("dtype")) for part in a} | {"float16" if "float16" in case else "", *computed}
    tolerance = tolerances.of(subject, quantity, types)
    if size[0] > tolerance:
        is_draw = is_random and known.random
        effect = (Effect.REPRODUCIBILITY if is_draw else Effect.RESULTS).at_most(known.effect)
        what = "another stream" if is_draw else f"{quantity} differs {_by(size[0])}"
        figures = {"case": case, "scaled": _finite(size[0]), "max_abs": _finite(size[1]), "tolerance": tolerance}
        yield _found(subject, aspect, effect, f"{case}: {what}", None, None, phases, size=figures)


def _states(subject: str, case: str, quantity: str, a: list[dict[str, Any]], b: list[dict[str, Any]]) -> Iterator[Divergence]:
    """What differs where a side has no value: what raises or works on one side only, or isn't the same in each run."""
    aspect, known = f"case.{case}.{quantity}", known_quantities().get(quantity, Quantity())
    states = [quantities.state(a), quantities.state(b)]
    if "unstable" in states and states[0] != states[1]:
        title = f"{case}: {quantity} is the same in each run in one environment only"
        effect = known.effect.at_most(Effect.REPRODUCIBILITY)
        yield _found(subject, aspect, effect, title, states[0], states[1], known.phases)
    elif states == ["value", "error"]:
        title = f"{case}: {quantity} raises {b[0].get('type')} in B: {b[0].get('message', '')}"
        yield _found(subject, aspect, Effect.BREAKS, title, "value", b[0].get("type"), known.phases)
    elif states == ["error", "value"]:
        title = f"{case}: {quantity} raises {a[0].get('type')} in A, not in B"
        yield _found(subject, aspect, Effect.INFO, title, a[0].get("type"), "value", known.phases)


def _by(scaled: float) -> str:
    return f"by {scaled:.2g} of its largest number" if math.isfinite(scaled) else "where it is NaN or infinite"


def _is_text(parts: list[dict[str, Any]]) -> bool:
    """Whether anything in a quantity is text: numbers that JSON lacks are not."""
    tensors = [_list(part.get("values")) for part in parts]
    texts = {value for values in tensors if str in map(type, values) for value in values if isinstance(value, str)}
    return not texts <= {"nan", "inf", "-inf"}


def _told(parts: list[dict[str, Any]]) -> list[Any]:
    """The values of a quantity that is compared exactly: of several tensors, a list of each."""
    return parts[0].get("values", []) if len(parts) == 1 else [part.get("values", []) for part in parts]


def _are_near(a: list[Any], b: list[Any]) -> bool:
    """Whether neither of two counts is twice the other."""
    counts = [*a, *b]
    return len(counts) == 2 and all(isinstance(one, int) for one in counts) and max(counts) < 2 * min(counts)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _width(dtype: Any) -> Any:
    """A floating-point type, or the kind of another: ``int32`` and ``int64`` hold the same numbers."""
    return dtype if "float" in str(dtype) else str(dtype).rstrip("0123456789").lstrip("u<|>")


def _single(shapes: list[Any]) -> Any:
    return shapes[0] if len(shapes) == 1 else shapes


def _finite(number: float) -> float | str:
    return float(f"{number:.3g}") if math.isfinite(number) else "inf"


def apart(a: dict[str, Any], b: dict[str, Any], quantity: str) -> float:
    """How far a quantity of a case is apart, over its largest number; 0 where it is of no numbers."""
    parts = [quantities.parts(case, quantity) if quantity in quantities.names(case) else [] for case in (a, b)]
    pairs = zip(*parts, strict=False)
    return max((_error(x.get("values"), y.get("values"))[0] for x, y in pairs), default=0.0)


def _error(a: Any, b: Any) -> tuple[float, float]:
    """``max|a - b| / max(|a|, |b|)`` over a tensor, and ``max|a - b|``; infinite where special values differ."""
    if not isinstance(a, list) or not isinstance(b, list) or len(a) != len(b):
        return (math.inf, math.inf) if a != b else (0.0, 0.0)
    if not {*map(type, a), *map(type, b)} <= _NUMBERS:
        if any(x != y and not {type(x), type(y)} <= _NUMBERS for x, y in zip(a, b, strict=True)):
            return math.inf, math.inf
        a, b = ([x for x in side if type(x) in _NUMBERS] for side in (a, b))
    try:
        difference = max(map(abs, map(operator.sub, a, b)), default=0)
        return (difference / max(map(abs, (*a, *b))), float(difference)) if difference else (0.0, 0.0)
    except OverflowError:  # an integer beyond all floats
        return math.inf, math.inf
