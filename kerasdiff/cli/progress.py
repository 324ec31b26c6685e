"""Progress of a capture, on standard error."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import click

from kerasdiff.text import visible

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self


class Progress:
    """Says what the probe is doing and how long it takes: on a terminal in one changing line, elsewhere a line a step."""

    def __init__(self, *, verbose: bool) -> None:
        self._verbose = verbose
        self._live = sys.stderr.isatty()
        self._shown = 0
        self._started = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._clear()

    def tell(self, text: str) -> None:
        """A line that stays."""
        self._clear()
        click.echo(f"kerasdiff: {visible(text)}", err=True)

    def event(self, event: dict[str, Any]) -> None:
        """What the probe says."""
        kind, api = event.get("event"), event.get("api")
        if kind == "family":
            self.step(f"{api}: {event['family']} …")
        elif kind == "import":
            facts = event["facts"]
            if facts["state"] == "value":
                self._done(f"{api}: imported in {event['seconds']:.1f} s")
            else:
                self.tell(f"{api}: import fails: {facts['type']}: {facts['message']}")
        elif kind == "done":
            self._done(f"{api}: {event['family']} {event['state']} in {event['seconds']:.1f} s", loud=event["state"] != "ok")
        elif kind == "death":
            self.tell(f"{api}: {event['item']} {event['state']}: {event['message']}; going on without it")
        elif kind == "chatter" and self._verbose:
            self.chatter(event["text"])

    def chatter(self, text: str) -> None:
        """What the framework itself printed, made safe."""
        self._clear()
        for line in text.splitlines():
            click.echo(f"  | {visible(line)}", err=True)

    def _done(self, text: str, *, loud: bool = False) -> None:
        if self._live and not loud and not self._verbose:
            self.step(text)
        else:
            self.tell(text)

    def step(self, text: str) -> None:
        """What is being done now: shown on a terminal, until something else is."""
        if self._live:
            self._clear()
            line = f"kerasdiff: {time.monotonic() - self._started:4.1f} s  {visible(text, 60)}"
            self._shown = len(line)
            click.echo(line, nl=False, err=True)

    def _clear(self) -> None:
        if self._shown:
            click.echo("\r" + " " * self._shown + "\r", nl=False, err=True)
            self._shown = 0
