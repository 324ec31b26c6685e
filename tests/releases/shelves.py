"""Shelves to look names up on: that of the package, and one with every release of the data, shipped already or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerasdiff.releases import names
from kerasdiff.releases.shelf import Implementation, Release, lines, releases

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from kerasdiff.releases.shelf import Step


def row(apis: dict[str, Implementation]) -> Release:
    """What the manifest says of a release, as far as names rest on it."""
    return Release(released="2020-01-01", python="3.9.1", apis=apis, requirements=[], recipe="", bytes=0, sha256="", differs=[])


#: What tests expect to be the newest Keras: a later one changes what is nearest.
LAST = "keras-3.15.1"


def planned() -> dict[str, Release]:
    """Every release of the lines up to the last: shipped, or told by its name."""
    known_steps = [step for line in lines().values() for step in _until(LAST, line)]
    found = {name: known for name, known in releases().items() if name in {step.release for step in known_steps}}
    for step in known_steps:
        keras, _, backend = step.release.partition("+")
        version = keras.rpartition("-")[2]
        name, _, of_backend = (backend or keras).rpartition("-")
        name = "tensorflow" if name == "tensorflow-cpu" else name
        known = found.get(step.release) or row({})
        if step.api not in known.apis:
            apis = {**known.apis, step.api: Implementation(version, name, of_backend)}
            if step.api == "tf.keras" and not backend:  # the Keras inside is a distribution of its own since 2.6
                minor = f"{version.rpartition('.')[0]}.0"
                apis["keras"] = Implementation(minor, name, of_backend)
            found[step.release] = row(apis)
    return found


def _until(last: str, line: tuple[Step, ...]) -> tuple[Step, ...]:
    ends = [place for place, step in enumerate(line, 1) if step.release.startswith(f"{last}+")]
    return line[: ends[-1]] if ends else line


def put(
    monkeypatch: pytest.MonkeyPatch, found: dict[str, Release], unavailable: dict[str, str] | None = None
) -> Iterator[None]:
    """Have names looked up on another shelf."""
    monkeypatch.setattr(names, "releases", lambda: found)
    monkeypatch.setattr(names, "unavailable", lambda: unavailable or {})
    forget()
    yield
    forget()


def forget() -> None:
    """Drop what is known of the shelf before."""
    names._names.cache_clear()
    names.names.cache_clear()
