"""``kerasdiff probe``."""

from __future__ import annotations

import io
from pathlib import Path

import click

from kerasdiff.capture.export import export
from kerasdiff.fingerprint.load import write


@click.command()
@click.option("--export", "target", required=True, metavar="FILE", help="File to write, as probe.pyz.")
@click.help_option("-h", "--help")
def command(target: str) -> None:
    """Export the probe as one file for an interpreter that kerasdiff isn't installed beside.

    Copy or mount it into a container or onto another machine and run: python probe.pyz > a.json
    """
    buffer = io.BytesIO()
    export(buffer)
    write(buffer.getvalue(), Path(target))
    click.echo(f"kerasdiff: wrote {target}; run it as: python {target} > a.json", err=True)
