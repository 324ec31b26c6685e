"""Usage: what a mistake in a command is answered with, and which options there are."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from kerasdiff import __version__
from kerasdiff.cli import COMMANDS
from kerasdiff.knowledge.load import Effect
from tests.conftest import ROOT, SMALL, THEANO, path, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Ran

A, B = path(SMALL), path(THEANO)
TF = path("tensorflow-2.15.1")


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ([], "Missing command. See: kerasdiff --help"),
        (["--bogus"], "No such option"),
        (["guess"], "No such command 'guess'"),
        (["compare"], "Missing argument 'A'. See: kerasdiff compare --help"),
        (["compare", A], "Missing argument 'B'"),
        (["reference", "verify", A], "or a saved model's file. See: kerasdiff reference verify --help"),
        (["compare", A, B, B], "Got unexpected extra argument"),
        (["compare", A, B, "--bogus"], "No such option"),
        (["compare", A, B, "--format", "yaml"], "'yaml' is not one of 'text', 'json'"),
        (["compare", A, B, "--fail-on", "never"], "'never' is not one of 'breaks', 'architecture'"),
        (["compare", A, B, "--api", "torch"], "'torch' is not one of 'keras', 'tf.keras', 'tf_keras'"),
        (["compare", "-", "-"], "only one of A and B can be standard input"),
        (["compare", A, B, "-o"], "requires an argument"),
        (["verify", A], "Missing argument 'B'"),
        (
            ["verify", A, B],
            "B is no live environment, and remedies are tried in one: give env:PATH",
        ),
        (["verify", A, "-"], "B is no live environment"),
        (["verify", A, "env:x", "--families", "layers,guesses"], "no such measured family: guesses; there are layers, "),
        (["verify", A, "env:x", "--min-effect", "never"], "'never' is not one of 'breaks', 'architecture'"),
        (["verify", "missing.json", "env:x"], "missing.json: no such file"),
        (["verify", A, "env:x", "--api-a", "tf.keras"], " has no API tf.keras; it has keras: write --api NAME"),
        (["show"], "Missing argument 'FINGERPRINT'"),
        (["show", A, "--format", "html"], "'html' is not one of 'text', 'json'"),
        (["show", A, "layers.Nothing"], "nothing matches layers.Nothing in keras; try '*layers.Nothing*'"),
        (["capture", "--timeout", "0"], "Invalid value for '--timeout'"),
        (["probe"], "Missing option '--export'"),
        (["compare\n\x1b[31m"], "No such command"),
    ],
)
def test_a_mistake_is_answered_in_one_line(arguments: list[str], what: str, kerasdiff: Callable[..., Ran]) -> None:
    assert what in kerasdiff(*arguments).refusal()


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (
            ["compare", A, TF, "--api", "tf.keras"],
            " has no API tf.keras; it has keras: write --api NAME",
        ),
        (["compare", TF, A, "--api-a", "tf_keras"], "has no API tf_keras; it has keras, tf.keras: write --api NAME"),
        (["compare", A, TF, "--api-b", "tf_keras"], "has no API tf_keras; it has keras, tf.keras: write --api NAME"),
        (["show", A, "--api", "tf_keras"], "has no API tf_keras; it has keras: write --api NAME"),
    ],
)
def test_an_api_that_is_not_there_is_told_with_those_that_are(
    arguments: list[str], what: str, kerasdiff: Callable[..., Ran]
) -> None:
    assert what in kerasdiff(*arguments).refusal()


def test_the_process_exits_with_the_status_and_no_traceback() -> None:
    for arguments, status in ((["compare", A, "missing.json"], 2), (["compare", A, A], 0), (["compare", A, B], 1)):
        done = subprocess.run(
            [sys.executable, "-m", "kerasdiff", *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == status
        assert "Traceback" not in done.stderr
        assert done.stderr.count("\n") == (status == 2)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_says_what_a_command_does(command: str, kerasdiff: Callable[..., Ran]) -> None:
    done = kerasdiff(*filter(None, [command]), "--help")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(f"Usage: kerasdiff {command}".rstrip())
    assert all(len(line) <= 100 for line in done.out.splitlines())
    for told in [COMMANDS[command]] if command else COMMANDS.values():
        assert command == "compare" or told.rstrip(".").split(" that ")[0] in " ".join(done.out.split())


def test_version_is_printed(kerasdiff: Callable[..., Ran]) -> None:
    assert kerasdiff("--version") == (0, f"kerasdiff, version {__version__}\n", "")


def test_help_imports_neither_rich_nor_msgspec() -> None:
    program = (
        "import sys; from kerasdiff.cli import run; run(['--help']); "
        "print(sorted({'rich', 'msgspec', 'packaging', 'json'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.endswith("\n[]\n")


@pytest.mark.parametrize("place", [0, 1])
def test_a_dash_reads_standard_input(place: int, kerasdiff: Callable[..., Ran]) -> None:
    operands = [A, B]
    expected = kerasdiff("compare", *operands, "--format", "json")
    data = text([SMALL, THEANO][place])
    operands[place] = "-"
    assert kerasdiff("compare", *operands, "--format", "json", stdin=data) == expected


def test_apis_are_chosen_for_each_side(kerasdiff: Callable[..., Ran]) -> None:
    both = path("keras-2.3.1+tensorflow-1.15.5")

    def chosen(*options: str) -> tuple[str, str]:
        report = json.loads(kerasdiff("compare", both, both, "--format", "json", *options).out)
        return report["a"]["api"], report["b"]["api"]

    assert chosen() == ("keras", "keras")
    assert chosen("--api", "tf.keras") == ("tf.keras", "tf.keras")
    assert chosen("--api-b", "tf.keras") == ("keras", "tf.keras")
    assert chosen("--api", "tf.keras", "--api-b", "keras") == ("tf.keras", "keras")


@pytest.mark.parametrize("effect", [effect.value for effect in Effect])
def test_the_gate_is_named_in_the_report(effect: str, kerasdiff: Callable[..., Ran]) -> None:
    report = json.loads(kerasdiff("compare", A, A, "--fail-on", effect, "--format", "json").out)
    assert report["gate"] == {"fail_on": effect, "failed": False, "exit": 0, "waivers": []}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_is_the_same_wherever_it_was_first_made(name: str) -> None:
    """click makes the option for help by the settings of the first context, and keeps it for the process."""
    elsewhere = f"from click import Context; from kerasdiff.cli.{name} import command; command.get_params(Context(command))"
    call = f"from kerasdiff.cli import cli, run; cli.get_params(Context(cli)); run([{name!r}, '--help'])"
    ran = subprocess.run([sys.executable, "-c", f"{elsewhere}; {call}"], capture_output=True, text=True, check=True, cwd=ROOT)
    assert "  -h, --help  " in ran.stdout
    assert "Show this message and exit.\n" in ran.stdout
