"""Which shipped release an environment equals, or is nearest to, and what makes it differ from stock."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from kerasdiff.fingerprint.load import FingerprintError, decode, parse
from kerasdiff.probe import canonical
from kerasdiff.releases import index, outline

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kerasdiff.compare.divergence import Divergence
    from kerasdiff.compare.engine import Comparison
    from kerasdiff.fingerprint.document import Fingerprint
    from kerasdiff.releases.outline import Outline

SCHEMA = "kerasdiff.nearest/1"

#: What is added to the share of equal facts for an equal name and version of the API, and for an equal backend: they decide
#: between releases that are the same otherwise.
_VERSION, _BACKEND, _NAME = 0.02, 0.02, 0.001

_AROUND = ("settings", "environment")


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of one module or family, and the release that has most of them bit for bit."""

    name: str
    facts: int
    same: int
    """How many are those of the nearest release, bit for bit."""
    best: str
    best_same: int


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A subject that differs from the nearest release."""

    subject: str
    effect: str
    title: str
    """Of the worst divergence."""
    divergences: int
    releases: tuple[str, ...]
    """Those that have it exactly so, bit for bit; none for what no stock release has."""


class Nearest(msgspec.Struct, frozen=True, kw_only=True):
    """What an environment is, in terms of the shipped releases."""

    environment: index.Side
    release: str
    stock: index.Side
    equal: bool
    """Whether nothing at or above ``reproducibility`` differs from the release."""
    identical: bool
    """Whether all facts are the release's bit for bit."""
    also: tuple[str, ...]
    """Other releases that are the same bit for bit."""
    facts: int
    same: int
    """Facts that are the release's bit for bit."""
    counts: dict[str, int]
    """Divergences by effect, with the release as A; none were looked for where it is identical."""
    not_comparable: int = 0
    settings: tuple[str, ...] = ()
    """What is set otherwise."""
    sources: tuple[str, ...] = ()
    """Packages of the Keras stack that aren't from a package index."""
    versions: tuple[str, ...] = ()
    """Versions that aren't the release's."""
    strangers: tuple[str, ...] = ()
    """Symbols that no shipped release has."""
    missing: tuple[str, ...] = ()
    """Symbols of the release that the environment lacks."""
    differences: tuple[Difference, ...] = ()
    parts: tuple[Part, ...] = ()
    """Parts of which another release has more, bit for bit."""


def nearest(data: bytes, name: str, api: str | None = None) -> Nearest:
    """The release that the fingerprint with the text ``data`` equals or is nearest to; ``name`` stands in the errors.

    Raises `FingerprintError`, and `ApiError` where it hasn't the API.
    """
    known = outline.outline(data)
    if known is None or (api is not None and api not in known.apis):
        return _checked(data, name, api)
    chosen = api or outline.default_api(known)
    found = _Found(known, chosen)
    if found.is_identical:
        return found.identical()
    fingerprint = parse(data, name)
    if fingerprint.captured.slim is not None:
        message = f"{name}: is a slim baseline, which knows only what its policy gates on; give a whole fingerprint"
        raise FingerprintError(message)
    written = canonical.document(decode(data, name)).encode("ascii")
    if written != data:  # in another form than fingerprints are written in
        found = _Found(outline.outline(written) or known, chosen)
    return found.compared(_comparison(fingerprint, found))


def _checked(data: bytes, name: str, api: str | None) -> Nearest:
    """Say what is wrong with a text that has no outline, or not the API."""
    from kerasdiff.compare.side import Side

    Side(parse(data, name), api)
    message = f"{name}: can't be read; capture again"
    raise FingerprintError(message)


def _comparison(fingerprint: Fingerprint, found: _Found) -> Comparison:
    from kerasdiff.compare.engine import compare
    from kerasdiff.releases.shelf import release

    stock, api = found.place
    return compare(release(stock), fingerprint, api_a=api, api_b=found.api)


class _Found:
    """An environment beside all releases, by digests of their facts."""

    def __init__(self, known: Outline, api: str) -> None:
        self._stock = index.stock()
        self._known = known
        self.api = api
        self._facts = outline.digests(known, api)
        places, whole = range(len(self._stock.places)), outline.whole(self._facts)
        self._identical = [place for place in places if self._stock.wholes[place] == whole]
        self._held: dict[str, int] = {}
        """Of each fact, the places that have it so, as bits; of no interest where all of them are a release's."""
        if self._identical:
            self._same = [len(self._facts) * (place in self._identical) for place in places]
        else:
            holders = index.holders()
            self._held = {name: int(holders.get(name, {}).get(digest, "0"), 16) for name, digest in self._facts.items()}
            self._same = _counted(self._held.values(), len(places))
        self._best = max(places, key=self._score)

    @property
    def is_identical(self) -> bool:
        """Whether all is bit-equal to a release."""
        return bool(self._identical)

    @property
    def place(self) -> tuple[str, str]:
        """The nearest release, and its API."""
        return self._stock.places[self._best]

    def identical(self) -> Nearest:
        """What is told of an environment that is a release bit for bit."""
        also = tuple(sorted(self._told(place) for place in self._identical if place != self._best))
        return self._nearest(equal=True, identical=True, also=also, counts={})

    def compared(self, comparison: Comparison) -> Nearest:
        """What is told of an environment after comparing it with the nearest release."""
        from kerasdiff.knowledge.load import Effect

        counts = Counter(found.effect for found in comparison.divergences)
        serious = [found for found in comparison.divergences if found.effect is not Effect.INFO]
        gone = {found.subject for found in serious if found.aspect == "presence" and found.b is None}
        return self._nearest(
            equal=not serious and not comparison.not_comparable,
            identical=False,
            also=(),
            counts={effect.value: counts[effect] for effect in Effect},
            not_comparable=len(comparison.not_comparable),
            settings=tuple(found.title for found in serious if found.subject.startswith(_AROUND)),
            sources=tuple(_sources(comparison.b.fingerprint)),
            versions=tuple(self._versions(comparison)),
            strangers=tuple(
                name
                for name in sorted(comparison.b.api.symbols)
                if not any(f"declared {known}" in index.holders() for known in comparison.b.names(name))
            ),
            missing=tuple(sorted(gone)),
            differences=tuple(self._differences([found for found in serious if found.subject not in gone])),
            parts=tuple(self._parts()),
        )

    def _nearest(self, **more: Any) -> Nearest:
        release, _ = self.place
        own = self._known.apis[self.api]
        there = self._stock.sides[self._best]
        return Nearest(
            environment=index.Side(self.api, own.version, own.backend, own.backend_version),
            release=release,
            stock=there,
            facts=len(self._facts),
            same=self._same[self._best],
            **more,
        )

    def _score(self, place: int) -> tuple[float, int]:
        """How near a place is: the share of facts of both that are the same, and whether names and versions are."""
        one, other = self._known.apis[self.api], self._stock.sides[place]
        same = self._same[place]
        score = same / max(len(self._facts) + self._stock.sizes[place] - same, 1)
        score += _VERSION * (one.version == other.version) + _NAME * (self.api == other.api)
        score += _BACKEND * ((one.backend, one.backend_version) == (other.backend, other.backend_version))
        return score, -place

    def _told(self, place: int) -> str:
        release, api = self._stock.places[place]
        return f"{release} ({api})"

    def _holders(self, names: Iterable[str]) -> tuple[str, ...]:
        """The releases that have all of these facts exactly so."""
        held = -1
        for name in names:
            held &= self._held.get(name, 0)
        there = [release for place, (release, _) in enumerate(self._stock.places) if held >> place & 1]
        return tuple(dict.fromkeys(there))

    def _versions(self, comparison: Comparison) -> Iterable[str]:
        a, b = comparison.a.api, comparison.b.api
        for what, stock, own in (
            (comparison.b.api_name, a.version, b.version),
            (str(b.backend), a.backend_version, b.backend_version),
        ):
            if stock != own:
                yield f"{what} is {own}, of the release {stock}"

    def _differences(self, serious: list[Divergence]) -> Iterable[Difference]:
        subjects: dict[str, list[Divergence]] = {}
        for found in serious:
            if not found.subject.startswith(_AROUND):
                subjects.setdefault(found.subject, []).append(found)
        for subject, own in subjects.items():
            names = [name for name in (f"declared {subject}", f"measured {subject}") if name in self._facts]
            worst = min(own, key=lambda one: one.effect.rank)
            yield Difference(
                subject=subject,
                effect=worst.effect.value,
                title=worst.title,
                divergences=len(own),
                releases=self._holders(names) if names else (),
            )

    def _parts(self) -> Iterable[Part]:
        """The modules and families of which another release has more."""
        parts: dict[str, list[int]] = {}
        for name, held in self._held.items():
            kind, _, subject = name.partition(" ")
            if kind not in _AROUND:
                parts.setdefault(subject.partition(".")[0], []).append(held)
        for name, facts in sorted(parts.items()):
            same = _counted(facts, len(self._stock.places))
            best = max(range(len(same)), key=lambda place: (same[place], self._score(place)))
            if same[best] > same[self._best]:
                release, _ = self._stock.places[best]
                yield Part(name=name, facts=len(facts), same=same[self._best], best=release, best_same=same[best])


def _sources(fingerprint: Fingerprint) -> Iterable[str]:
    for package, one in sorted(fingerprint.distributions.items()):
        if one.stack and one.source:
            source = " ".join(one.source[key] for key in ("kind", "commit") if key in one.source)
            yield f"{package} {fingerprint.packages.get(package)} is installed from {source}"


def _counted(held: Iterable[int], places: int) -> list[int]:
    """How many facts each place has, of which the holders are given as bits."""
    counts = Counter(held)
    return [sum(count for mask, count in counts.items() if mask >> place & 1) for place in range(places)]
