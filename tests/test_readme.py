"""The README is the manual: its output is true, and it leaves nothing out."""

from __future__ import annotations

import re

import pytest

from kerasdiff.cli import COMMANDS
from kerasdiff.errors import ExitStatus
from kerasdiff.knowledge.load import Effect
from kerasdiff.probe.apis import FAMILIES
from tests.readme import README, ROOT, blocks, run, written_again

TEXT = README.read_text(encoding="utf-8")


@pytest.mark.parametrize(("command", "output"), blocks(TEXT))
def test_output_is_what_the_command_prints(command: str, output: str) -> None:
    assert output == run(command)


def test_a_stale_output_is_seen() -> None:
    stale = "```console\n$ kerasdiff --version\nkerasdiff, version 0\n```"
    assert written_again(stale) != stale


def test_every_command_has_its_help() -> None:
    shown = {command for command, _ in blocks(TEXT)}
    assert {"--help", *(f"{name} --help" for name in COMMANDS)} <= shown


@pytest.mark.parametrize("word", [*(effect.value for effect in Effect), *FAMILIES])
def test_effects_and_families_are_explained(word: str) -> None:
    assert f"`{word}`" in TEXT


def test_exit_statuses_are_explained() -> None:
    rows = re.findall(r"^\| (\d+) \|", TEXT, re.M)
    assert rows == [str(int(status)) for status in ExitStatus]


def test_files_that_are_named_exist() -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)\)", TEXT)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_test_command_is_there_for_ci() -> None:
    assert re.search(r"<!-- test command -->\n```bash\n.*pytest.*\n```", TEXT)
