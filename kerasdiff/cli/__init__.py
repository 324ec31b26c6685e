"""The command line. Each command is a module of its own, imported only when it runs, so that ``--help`` is fast."""

from __future__ import annotations

import gc
import importlib
import io
import signal
import sys
from typing import Any

import click

from kerasdiff import __version__
from kerasdiff.cli.output import discard
from kerasdiff.errors import ExitStatus, KerasdiffError
from kerasdiff.text import inert, visible

#: The commands, with what ``kerasdiff --help`` says of each.
COMMANDS = {
    "capture": "Write the fingerprint of an environment.",
    "compare": "Report what differs between two environments.",
    "check": "Fail where an environment is no longer what the baseline says.",
    "waive": "Accept divergences from the baseline, with a reason and an expiry.",
    "policy": "Print the policy in force.",
    "verify": "Try the remedies in a live environment.",
    "reference": "Record what a model gives, and verify it in another environment.",
    "releases": "List the releases that are shipped.",
    "bisect": "Tell in which release between A and B something changed.",
    "explain": "Print what is known of a rule or a symbol.",
    "history": "Print in which release a fact changed.",
    "nearest": "Print which shipped release an environment equals.",
    "show": "Print the facts of a fingerprint.",
    "inspect": "Print what is in a saved model.",
    "probe": "Export the probe as one file.",
}


class Commands(click.Group):
    """A group that imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order that people meet them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command called ``cmd_name``."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"kerasdiff.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=Commands, no_args_is_help=False, context_settings={"max_content_width": 100})
@click.version_option(__version__, prog_name="kerasdiff")
@click.help_option("-h", "--help")
def cli() -> None:
    """What differs between two Keras environments that could change a model's architecture or its results.

    \b
    Exit status:
      0  nothing at or above the gate
      1  divergences at or above the gate (--fail-on)
      2  bad usage or bad input
      3  no answer: a capture failed, or facts that the gate needs are not comparable
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its status. A user's mistake or a damaged file gives one line, never a traceback."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # reports hold characters that a code page of Windows lacks
        sys.stdout.reconfigure(errors="backslashreplace")
    for name in ("SIGTERM", "SIGHUP"):  # end as Ctrl-C does: with the processes of the capture, and without its folders
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)
    gc.disable()  # what is read is kept to the end: looking for garbage in it takes a quarter of the time
    status = run(arguments)
    gc.freeze()  # at the end too
    sys.exit(status)


def run(arguments: list[str] | None = None) -> int:
    """The exit status of the command line."""
    try:
        status: Any = cli.main(arguments, prog_name="kerasdiff", standalone_mode=False)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "kerasdiff"
        told = error.format_message().replace("\n", " ")
        stop = "" if told.endswith((".", "?", "!")) else "."
        return _fail(f"{told}{stop} See: {command} --help", ExitStatus.USAGE)
    except click.ClickException as error:
        return _fail(error.format_message().replace("\n", " "), ExitStatus.USAGE)
    except KerasdiffError as error:
        return _fail(str(error), error.status)
    except (click.Abort, KeyboardInterrupt):
        return _fail("interrupted; nothing was written", ExitStatus.INTERRUPTED)
    except SystemExit:  # how click ends where the reader of a help text has gone
        return ExitStatus.OK
    except OSError as error:  # what no command foresaw, as no space for the help text or for temporary files
        discard()
        return _fail(f"{error.filename or 'output'}: {error.strerror or error}", ExitStatus.UNANSWERED)
    return int(status or 0)


def _fail(message: str, status: ExitStatus) -> int:
    click.echo(f"kerasdiff: {inert(visible(message))}", err=True)
    return int(status)
