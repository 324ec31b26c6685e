"""Releases that aren't shipped: built beside the nearest one that is, captured, and removed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kerasdiff.capture.build import BuildError, built, published
from kerasdiff.capture.interpreter import InterpreterError, versioned
from kerasdiff.capture.run import Request, capture
from kerasdiff.releases import names
from kerasdiff.releases.shelf import releases

if TYPE_CHECKING:
    from collections.abc import Callable

    from kerasdiff.capture.run import Event
    from kerasdiff.fingerprint.document import Fingerprint
    from kerasdiff.releases.names import Name

#: Pre-releases and corrections of a build are left out.
_FINAL = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})*")
#: How a pin begins.
_PINNED = re.compile(r"(?P<package>[\w.-]+)==")


def between(p: Name, q: Name) -> list[Name]:
    """What was published between two releases and isn't shipped, in the order from one to the other.

    None where they are of different packages. Raises `KerasdiffError` where the index can't be asked.
    """
    if (p.package, p.backend, p.step.api) != (q.package, q.backend, q.step.api):
        return []
    low, high = sorted((p, q), key=lambda one: one.number)
    python = _python(high)
    found = [
        one
        for version in published(python, _distribution(high))
        if _FINAL.fullmatch(version) and low.number < (one := names.near(version, (low, high))).number < high.number
    ]
    return sorted(found, key=lambda one: one.number, reverse=p.number > q.number)


def captured(release: Name, tell: Callable[[str], None], on_event: Callable[[Event], None]) -> Fingerprint:
    """The fingerprint of a release that isn't shipped.

    Built with the Python and the pins of the nearest release that is; where these contradict it, with nothing but its own pin
    and that of the backend. ``tell`` gets what is begun. Raises `KerasdiffError`.
    """
    pins = releases()[release.step.release].requirements
    own = _distribution(release)
    wanted = [f"{own}=={release.version}" if _name(pin) == own else pin for pin in pins]
    backend = [pin for pin in wanted if names.canonical(_name(pin)) in {release.package, release.backend}]
    attempts = [wanted] if wanted == backend else [wanted, backend]
    with built(_python(release), release.called, attempts, tell) as python:
        tell(f"capturing {release.called}")
        variables = {"KERAS_BACKEND": release.backend} if release.step.api == "keras" else {}
        return capture(str(python), Request(apis=[release.step.api], variables=variables), on_event)


def _distribution(release: Name) -> str:
    """The distribution to install for a package, as the nearest release was: tensorflow-cpu for TensorFlow."""
    pins = map(_name, releases()[release.step.release].requirements)
    found = next((pin for pin in pins if names.canonical(pin) == release.package), None)
    if found is None:
        message = f"{release.called}: can't be built: {release.step.release} pins no {release.package}"
        raise BuildError(message)
    return found


def _name(pin: str) -> str:
    found = _PINNED.match(pin)
    return found["package"] if found else pin


def _python(release: Name) -> str:
    minor = ".".join(releases()[release.step.release].python.split(".")[:2])
    try:
        return versioned(minor)
    except InterpreterError as error:
        message = f"{release.called}: can't be built: {error}"
        raise BuildError(message) from error
