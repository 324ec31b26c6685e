"""``kerasdiff history``."""

from __future__ import annotations

import click

from kerasdiff.cli.output import put
from kerasdiff.errors import KerasdiffError
from kerasdiff.text import listed, visible


class NothingKnown(KerasdiffError):
    """No shipped release has such a subject, or the subject no such fact."""


@click.command()
@click.argument("pattern")
@click.argument("aspect", required=False)
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True, help="Format."
)
@click.help_option("-h", "--help")
def command(pattern: str, aspect: str | None, form: str) -> None:
    """Print in which release a fact changed: of the subjects that match PATTERN, all or those that match ASPECT.

    Subjects are symbols (layers.LSTM), what models and libraries do (training.fit, data.*) and settings.*; * matches
    anything, dots included. An aspect is a parameter (recurrent_activation), a case (default@3d) or a quantity (inference).
    """
    from kerasdiff.releases import chronicle, timeline

    subjects = timeline.find(pattern)
    if not subjects:
        near = timeline.near(pattern)
        meant = f"; did you mean {listed(near, 3)}?" if near else ""
        message = f"no shipped release has anything called {visible(pattern, 200)}{meant}"
        raise NothingKnown(message)
    told = [timeline.history(subject, aspect) for subject in subjects]
    if aspect is not None:
        told = [one for one in told if any(line.rows or line.constant or line.events for line in one.lines)]
    if not told:
        from difflib import get_close_matches

        names = {name for subject in subjects for name in timeline.aspects(subject)}
        near = get_close_matches(str(aspect), sorted(names | {name.rpartition(".")[2] for name in names}), 3, 0.6)
        meant = f"; did you mean {listed(near, 3)}?" if near else ""
        message = f"{visible(pattern, 200)} has no fact called {visible(str(aspect), 200)}{meant}"
        raise NothingKnown(message)
    if form == "json":
        put(chronicle.as_json(pattern, aspect, told))
    elif form == "markdown":
        put(chronicle.as_markdown(told, is_narrow=aspect is not None))
    else:
        put(chronicle.as_text(told, is_narrow=aspect is not None))
