"""``kerasdiff inspect``."""

from __future__ import annotations

import click

from kerasdiff.cli.output import put


@click.command()
@click.argument("file")
@click.option("-v", "--verbose", is_flag=True, help="Print all arguments, and the digest of every weight.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Format of what is told."
)
@click.help_option("-h", "--help")
def command(file: str, form: str, *, verbose: bool) -> None:
    """Print what is in a saved model, without a framework and without running anything of it.

    FILE is an HDF5 file (.h5) of Keras 1, 2 or 3 or of tf.keras, whole models or weights only; a .keras archive; a SavedModel
    folder; or a TensorFlow checkpoint, by its folder, its .index file or what its files begin with.
    """
    from kerasdiff.models.load import load
    from kerasdiff.releases.writer import described
    from kerasdiff.report import model as report

    found = described(load(file))
    put(report.as_json(found) if form == "json" else report.as_text(found, verbose=verbose))
