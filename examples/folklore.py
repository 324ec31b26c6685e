"""Writes folklore.md: what people say of Keras versions beside what the shipped fingerprints show.

    python examples/folklore.py > examples/folklore.md

The claims are data (folklore.json): each names the subjects and aspects that it is about. Nothing in the page is written by
hand: a claim is confirmed where these differ, and refuted where they were measured and don't.
"""

from __future__ import annotations

import json
import sys
from fnmatch import fnmatchcase
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasdiff.compare.engine import Comparison, compare
from kerasdiff.knowledge.load import Effect
from kerasdiff.releases.shelf import lines, release
from kerasdiff.releases.shelf import moves as between_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kerasdiff.compare.divergence import Divergence

Pair = tuple[str, str]
#: The lines of Keras that people mean.
LINES = ("keras", "tf.keras", "keras 3")
CLAIMS = Path(__file__).with_suffix(".json")


def main() -> None:
    """Print the page."""
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # it is a text stream
    sys.stdout.write("\n".join(page(json.loads(CLAIMS.read_text(encoding="utf-8")))) + "\n")


def page(told: dict[str, Any]) -> Iterator[str]:
    """The lines of the page."""
    yield "# Folklore, measured"
    yield ""
    yield "What people say of Keras versions, beside what the fingerprints of the shipped releases show. Made by"
    yield "[folklore.py](folklore.py) from [folklore.json](folklore.json); nothing here is written by hand."
    for part in told["questions"]:
        yield ""
        yield f"## {part['question']}"
        yield ""
        yield "| claim | verdict | measured |"
        yield "| --- | --- | --- |"
        for claim in part["claims"]:
            yield f"| {claim['claim']} | {' | '.join(judged(claim))} |"


def judged(claim: dict[str, Any]) -> tuple[str, str]:
    """The verdict on a claim, and what shows it."""
    pairs = moves() if claim["between"] == "all" else [(a, b) for a, b in claim["between"]]
    known = [(pair, subjects(compared(*pair), claim)) for pair in pairs]
    pairs = [pair for pair, names in known if names]
    wanted = Effect(claim.get("effect", "results"))
    hits = {pair: found for pair in pairs if (found := matching(compared(*pair), claim, claim["aspect"], wanted))}
    if not hits:
        cases = sum(agreeing(compared(*pair), claim) for pair in pairs)
        return "refuted", f"{cases} cases agree, {_between(pairs)}" + _but(claim, pairs)
    told = "; ".join(f"{_name(pair)}: {_size(found)}" for pair, found in hits.items())
    without = [pair for pair in pairs if pair not in hits]
    if without:
        return "only under a condition", f"{told}; not {_between(without)}"
    names = {found.subject for hit in hits.values() for found in hit}
    others = [name for name in claim["subject"].split("|") if not any(fnmatchcase(found, name) for found in names)]
    if others:
        return "only under a condition", f"{told}; not {', '.join(others)}"
    return "confirmed", told


def moves() -> list[Pair]:
    """Each shipped release and the next on TensorFlow, and from standalone Keras to tf.keras and to Keras 3."""
    places = {step for name in LINES for step in lines()[name]}
    steps = []
    for name in LINES:
        steps += pairwise(lines()[name])
        steps += [(a, b) for a, b in between_lines() if a in lines()[name] and b in places and b not in lines()[name]]
    return [(f"{a.release}:{a.api}", f"{b.release}:{b.api}") for a, b in steps]


@cache
def compared(a: str, b: str) -> Comparison:
    """Two shipped releases compared, each as ``release:api``."""
    (one, _, api_a), (other, _, api_b) = a.partition(":"), b.partition(":")
    return compare(release(one), release(other), api_a=api_a, api_b=api_b)


def matching(comparison: Comparison, claim: dict[str, Any], aspects: list[str], least: Effect) -> list[Divergence]:
    """The divergences that a claim is about."""
    return [
        found
        for found in comparison.divergences
        if found.effect.reaches(least)
        and _fits(found.subject, claim)
        and any(fnmatchcase(found.aspect, part) for part in aspects)
    ]


def subjects(comparison: Comparison, claim: dict[str, Any]) -> set[str]:
    """The subjects of a claim that both sides have cases of."""
    return set(_cases(comparison, claim))


def agreeing(comparison: Comparison, claim: dict[str, Any]) -> int:
    """How many cases of a claim's subjects both sides have, without those that differ."""
    differ = {
        (found.subject, found.aspect.removeprefix("case.").rpartition(".")[0])
        for found in comparison.divergences
        if found.effect.reaches(Effect.RESULTS)
    }
    return sum((name, case) not in differ for name, cases in _cases(comparison, claim).items() for case in cases)


def _cases(comparison: Comparison, claim: dict[str, Any]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name in comparison.a.api.symbols:
        there = comparison.b.name(name)
        canonical = comparison.b.canonical(there) if there else None
        if _fits(name, claim) and canonical:
            found[name] = comparison.a.symbol(name).cases.keys() & comparison.b.symbol(canonical).cases.keys()
    one, other = comparison.a.subjects(), comparison.b.subjects()
    found.update((name, one[name][1].keys() & other[name][1].keys()) for name in one if name in other and _fits(name, claim))
    return {name: cases for name, cases in found.items() if cases}


def _fits(subject: str, claim: dict[str, Any]) -> bool:
    return any(fnmatchcase(subject, part) for part in claim["subject"].split("|"))


def _but(claim: dict[str, Any], pairs: list[Pair]) -> str:
    """What does differ, milder than the claim."""
    but = claim.get("but")
    if but is None:
        return ""
    found = [one for pair in pairs for one in matching(compared(*pair), claim, but["aspect"], Effect(but["effect"]))]
    return f"; but {but['says']} in {len(found)} cases" if found else ""


def _size(found: list[Divergence]) -> str:
    """What differs, in a few words: a changed default, else the largest size."""
    declared = next((one for one in found if one.aspect.startswith("parameter.")), None)
    if declared is not None:
        return _short(f"{declared.subject}: {declared.title}")
    sized = [one for one in found if one.size is not None]
    if not sized:
        return _short(f"{found[0].subject}: {found[0].title}")
    worst = max(sized, key=lambda one: float((one.size or {})["scaled"]))
    size, case = float((worst.size or {})["scaled"]), worst.aspect.removeprefix("case.")
    return f"{worst.effect.value}, by up to {size:.2g} of the largest number ({worst.subject}, {case})"


def _short(text: str, limit: int = 160) -> str:
    return text if len(text) <= limit else text[:limit] + "…"


def _between(pairs: list[Pair]) -> str:
    if len(pairs) > 2:
        return f"in {len(pairs)} moves from {_side(pairs[0][0])} to {_side(pairs[-1][1])}"
    return " and ".join(_name(pair) for pair in pairs)


def _name(pair: Pair) -> str:
    return f"{_side(pair[0])} → {_side(pair[1])}"


def _side(side: str) -> str:
    name, _, api = side.partition(":")
    return f"{name.replace('+', ' on ').replace('-', ' ')} `{api}`"


if __name__ == "__main__":
    main()
