"""The action and the examples for CI: they parse, are pinned, ask for little, and call commands that there are."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

import click
import pytest
import yaml

from kerasdiff.cli import cli
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ACTION = ROOT / ".github/actions/check/action.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"
EXAMPLES = ROOT / "examples/ci"
WORKFLOWS = [*sorted((ROOT / ".github/workflows").glob("*.yml")), EXAMPLES / "github.yml"]
WRITTEN = [ACTION, *WORKFLOWS, HOOKS, *sorted(EXAMPLES.glob("*.y*ml"))]
#: Where a command ends and another begins.
_BETWEEN = {"|", "||", "&", "&&", ";", ">", ">>", "<", "(", ")"}
_BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.M | re.S)
#: Stands for a commit of kerasdiff itself, which nobody knows in advance.
OWN = "0" * 40


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def read(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def steps(file: Path) -> list[dict[str, Any]]:
    """The steps of a workflow or of an action."""
    document = read(file)
    return [step for job in document.get("jobs", {"": document.get("runs")}).values() for step in job["steps"]]


def scripts() -> Iterator[tuple[str, str]]:
    """Every shell text in the examples, with the file that it is from."""
    for file in WORKFLOWS:
        yield from ((name_of(file), step["run"]) for step in steps(file) if "run" in step)
    for job in read(EXAMPLES / "gitlab-ci.yml").values():
        for key in ("before_script", "script"):
            yield from (("gitlab-ci.yml", line) for line in job[key])
    hooks = [hook for repository in read(EXAMPLES / "pre-commit-config.yaml")["repos"] for hook in repository["hooks"]]
    for hook in [*read(HOOKS), *hooks]:
        yield "hook", shlex.join([*shlex.split(hook.get("entry", "")), *hook.get("args", [])])
    for found in _BLOCK.finditer((EXAMPLES / "elsewhere.md").read_text(encoding="utf-8")):
        if found["language"] in ("bash", "dockerfile"):
            yield "elsewhere.md", re.sub(r"^RUN ", "", found["text"], flags=re.M)


def calls(script: str) -> Iterator[list[str]]:
    """The arguments of every call of kerasdiff in a shell text."""
    for line in script.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words = list(lexer)
        for number, word in enumerate(words):
            if word.rpartition("/")[2] == "kerasdiff" and (number == 0 or words[number - 1] in _BETWEEN):
                rest = words[number + 1 :]
                end = next((place for place, one in enumerate(rest) if one in _BETWEEN), len(rest))
                yield rest[:end]


CALLS = [(file, arguments) for file, script in scripts() for arguments in calls(script)]


@pytest.mark.parametrize("file", WRITTEN, ids=name_of)
def test_every_file_says_something(file: Path) -> None:
    assert isinstance(read(file), dict | list)


@pytest.mark.parametrize("file", [ACTION, *WORKFLOWS], ids=name_of)
def test_whatever_is_used_is_pinned_by_its_commit(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    used = [step["uses"] for step in steps(file) if "uses" in step]
    for one in used:
        name, _, commit = one.partition("@")
        assert re.fullmatch("[0-9a-f]{40}", commit), one
        assert (commit == OWN) is name.startswith("OWNER/kerasdiff/"), one
        assert re.search(rf"uses: {re.escape(one)} # (v\d+\.\d+\.\d+|the commit .*)\n", text), f"{one}: of which release?"
    assert bool(used) is (file != ACTION)  # the action rests on no other


@pytest.mark.parametrize("file", [ACTION, *WORKFLOWS], ids=name_of)
def test_no_expression_is_in_a_script(file: Path) -> None:
    assert [step["run"] for step in steps(file) if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("file", WORKFLOWS, ids=name_of)
def test_permissions_are_declared_and_checkouts_keep_no_credentials(file: Path) -> None:
    document = read(file)
    assert document["permissions"] in ({}, {"contents": "read"})
    for step in steps(file):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_what_may_write_runs_nothing_of_the_project() -> None:
    jobs = read(EXAMPLES / "github.yml")["jobs"]
    writing = {name: job for name, job in jobs.items() if "write" in job["permissions"].values()}
    assert {name: [key for key, value in job["permissions"].items() if value == "write"] for name, job in writing.items()} == {
        "code-scanning": ["security-events"],
        "comment": ["pull-requests"],
    }
    for job in writing.values():
        assert "head.repo.full_name == github.repository" in job["if"]
        for step in job["steps"]:
            assert not re.search(r"\b(pip|python|kerasdiff check)\b", step.get("run", ""))
            assert step.get("uses", "actions/").startswith(("actions/", "github/codeql-action/upload-sarif@"))


def test_every_input_reaches_the_script_once_and_is_described() -> None:
    action = read(ACTION)
    (step,) = action["runs"]["steps"]
    assert sorted(step["env"].values()) == sorted(f"${{{{ inputs.{name} }}}}" for name in action["inputs"])
    script = (ACTION.parent / "check.sh").read_text(encoding="utf-8")
    assert {name for name in step["env"] if f"${name}" not in script} == set()
    assert all(one["required"] is False and "default" in one for one in action["inputs"].values())
    assert all(one["description"] for one in [*action["inputs"].values(), *action["outputs"].values()])


def test_every_input_that_the_examples_give_is_there() -> None:
    given = [step["with"] for step in steps(EXAMPLES / "github.yml") if step.get("uses", "").startswith("OWNER/kerasdiff/")]
    assert [set(one) - set(read(ACTION)["inputs"]) for one in given] == [set()]


def test_calls_are_found_wherever_they_stand() -> None:
    script = 'a/kerasdiff show x > y && kerasdiff policy\npip install kerasdiff\np "$x"; kerasdiff check \\\n --slim | tee\n'
    assert list(calls(script)) == [["show", "x"], ["policy"], ["check", "--slim"]]
    assert {file for file, _ in CALLS} == {"examples/ci/github.yml", "gitlab-ci.yml", "hook", "elsewhere.md"}


@pytest.mark.parametrize(("file", "arguments"), CALLS, ids=[f"{file}: {' '.join(arguments)}" for file, arguments in CALLS])
def test_every_call_of_kerasdiff_is_one_that_it_takes(file: str, arguments: list[str]) -> None:
    context = click.Context(cli, info_name="kerasdiff")
    command = cli.get_command(context, arguments[0])
    assert command is not None, arguments
    command.make_context(arguments[0], arguments[1:], parent=context)


def test_hooks_are_used_by_their_names() -> None:
    (source, local) = read(EXAMPLES / "pre-commit-config.yaml")["repos"]
    assert source["rev"] == OWN
    assert {hook["id"] for hook in source["hooks"]} == {hook["id"] for hook in read(HOOKS)}
    assert all(hook["pass_filenames"] is False and hook["stages"] for hook in [*read(HOOKS), *local["hooks"]])


@pytest.mark.parametrize(
    ("name", "is_watched"),
    [
        ("requirements.txt", True),
        ("services/a/requirements-gpu.in", True),
        ("uv.lock", True),
        ("pylock.serving.toml", True),
        ("kerasdiff.json.gz", True),
        ("environment.yml", True),
        ("README.md", False),
        ("src/model.py", False),
        ("kerasdiff.jsonl", False),
        ("my-requirements.txt", False),
    ],
)
def test_the_check_runs_where_its_result_can_change(name: str, is_watched: bool) -> None:
    (pattern,) = (hook["files"] for hook in read(HOOKS) if hook["id"] == "kerasdiff-check")
    assert bool(re.search(pattern, name)) is is_watched
    (_, local) = read(EXAMPLES / "pre-commit-config.yaml")["repos"]
    assert [hook["files"] for hook in local["hooks"]] == [pattern]


def test_manifests_among_the_recipes_parse() -> None:
    blocks = _BLOCK.findall((EXAMPLES / "elsewhere.md").read_text(encoding="utf-8"))
    (job,) = [yaml.safe_load(text) for language, text in blocks if language == "yaml"]
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}


def test_the_action_pins_all_that_it_installs() -> None:
    text = (ACTION.parent / "requirements.txt").read_text(encoding="utf-8").replace("\\\n", " ")
    pinned = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert all(re.match(r"[\w.-]+==[\w.]+ .*--hash=sha256:[0-9a-f]{64}", line) for line in pinned)
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    wanted = re.findall(
        r'"([\w.-]+)[><=]', "".join(re.findall(r"^(?:dependencies|requires) = (\[.*?\])$", project, re.M | re.S))
    )
    assert {"click", "hatchling", "tomlkit"} <= set(wanted)
    assert set(wanted) <= {line.partition("==")[0] for line in pinned}
