"""Runs a composite action as a GitHub runner does, as far as ours goes: what it doesn't know, it refuses."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.S)
_STEP_KEYS = {"name", "id", "shell", "env", "run"}
#: What a runner starts for ``shell: bash``.
_BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail")
#: A runner's commands, as it finds them: at the start of a line, and in the old form anywhere in one.
_COMMANDS = {
    "add-mask", "add-path", "debug", "echo", "endgroup", "error", "group", "notice", "save-state", "set-env", "set-output",
    "stop-commands", "warning",
}  # fmt: skip
_NEW = re.compile(r"\s*::(?P<name>[^ :]+)(?P<properties> .*?)?::(?P<data>.*)")
_OLD = re.compile(r"##\[(?P<name>[^ \]]+)(?P<properties> [^\]]*)?\](?P<data>.*)")


class UnknownError(Exception):
    """The action uses what isn't known here."""


class Heard(NamedTuple):
    """A command that a runner obeys."""

    name: str
    properties: str
    data: str


class Done(NamedTuple):
    """What running an action did."""

    status: int
    outputs: dict[str, str]
    log: str
    """What it printed, standard error included, as a runner reads both."""
    summary: str

    def heard(self, name: str) -> list[Heard]:
        """The commands of this name that a runner obeys, in their order."""
        return [command for command in commands(self.log) if command.name == name]


def act(
    action: Path, inputs: Mapping[str, str], workspace: Path, temp: Path, variables: Mapping[str, str] | None = None
) -> Done:
    """Run the action in the folder ``action`` with these inputs, in a job that has ``variables``."""
    told = yaml.safe_load((action / "action.yml").read_text(encoding="utf-8"))
    unknown = set(inputs) - set(told["inputs"])
    if unknown:
        raise UnknownError(f"no such input: {', '.join(sorted(unknown))}")
    given = {name: inputs.get(name, declared.get("default", "")) for name, declared in told["inputs"].items()}
    context = {f"inputs.{name}": value for name, value in given.items()}
    context |= {"github.action_path": str(action), "runner.temp": str(temp)}
    status, log, summary = 0, "", ""
    for step in told["runs"]["steps"]:
        if set(step) - _STEP_KEYS or step["shell"] != "bash":
            raise UnknownError(f"a step with {', '.join(step)}, run by {step['shell']}")
        status, printed, summed, outputs = _step(step, context, workspace, temp, {**(variables or {}), **_paths(action, temp)})
        log, summary = log + printed, summary + summed
        context |= {f"steps.{step['id']}.outputs.{name}": value for name, value in outputs.items()}
        if status:
            break
    outputs = {name: evaluated(declared["value"], context) for name, declared in told["outputs"].items()}
    return Done(status, outputs, log, summary)


def evaluated(text: str, context: Mapping[str, str]) -> str:
    """A text with its expressions replaced. Raises `UnknownError` for any but the name of something in ``context``."""

    def value(found: re.Match[str]) -> str:
        name = found[1].strip()
        if name not in context:
            raise UnknownError(f"can't evaluate {name}")
        return context[name]

    return _EXPRESSION.sub(value, text)


def _paths(action: Path, temp: Path) -> dict[str, str]:
    return {"GITHUB_ACTION_PATH": str(action), "RUNNER_TEMP": str(temp), "GITHUB_ACTIONS": "true", "CI": "true"}


def _step(
    step: dict[str, Any], context: Mapping[str, str], workspace: Path, temp: Path, variables: Mapping[str, str]
) -> tuple[int, str, str, dict[str, str]]:
    """The exit status of a step, what it printed, its summary and its outputs."""
    files = Path(tempfile.mkdtemp(prefix="files-", dir=temp))
    script, output, summary = files / "script.sh", files / "output", files / "summary"
    script.write_text(evaluated(step["run"], context), encoding="utf-8")
    output.touch()
    summary.touch()
    own = {name: evaluated(value, context) for name, value in step.get("env", {}).items()}
    done = subprocess.run(
        [*_BASH, str(script)],
        cwd=workspace,
        env={**os.environ, **variables, **own, "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=900,
        check=False,
    )
    found = dict(_outputs(output.read_text(encoding="utf-8")))
    return done.returncode, done.stdout.decode("utf-8", "replace"), summary.read_text(encoding="utf-8"), found


def _outputs(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if not equals or "<<" in name:
            raise UnknownError(f"an output written as {line!r}")
        yield name, value


def commands(log: str) -> Iterator[Heard]:
    """The commands in what a step printed that a runner obeys: none between ``stop-commands`` and its token."""
    token = ""
    for line in log.splitlines():
        for form in (_NEW.match, _OLD.search):
            found = form(line)
            if found and found["name"] in {*_COMMANDS, *([token] if token else [])}:
                if found["name"] == token:
                    token = ""
                elif not token:
                    token = found["data"] if found["name"] == "stop-commands" else ""
                    yield Heard(found["name"], found["properties"] or "", found["data"])
                break
