"""The action, run as a runner runs it: its status, its outputs, its reports, and what can't be smuggled in."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.conftest import ROOT, sealed
from tests.gate.project import A, B, now, packed, project
from tests.gate.test_scope import without
from tests.lab import capture
from tests.lab.act import Done, Heard, UnknownError, act, commands, evaluated
from tests.lab.test_captures import built, checksums

if TYPE_CHECKING:
    from collections.abc import Mapping

#: One job, whose steps share what the first one installs.
pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("action")]

ACTION = ROOT / ".github/actions/check"
DECLARED = 'families = ["settings", "symbols"]\n'

#: Inputs that are text, and what a person who controls one might try.
TEXTS = (
    "python", "fingerprint", "baseline", "policy", "fail-on", "model", "pipeline", "path", "sarif", "junit", "json",
    "working-directory", "summary",
)  # fmt: skip
HOSTILE = {
    "command": "x; touch PWNED",
    "substitution": "$(touch PWNED)",
    "backquotes": "`touch PWNED`",
    "quotes": '"; touch PWNED; \'; touch PWNED; "',
    "lines": "x\ntouch PWNED\nexit-status=0\n::set-output name=failed::false\n",
    "option": "--update",
    "expression": "${{ inputs.baseline }} ${IFS} \\",
    "old command": "##[set-output name=failed;]false ##[add-mask]e",
}


@pytest.fixture(scope="module")
def temp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The temporary folder of a job; its steps share the kerasdiff that the first one installs."""
    return tmp_path_factory.mktemp("runner")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A project whose baseline is TensorFlow 2.10."""
    return project(tmp_path)


def check(workspace: Path, temp: Path, variables: Mapping[str, str] | None = None, **inputs: str) -> Done:
    given = {name.replace("_", "-"): value for name, value in inputs.items()}
    return act(ACTION, given, workspace, temp, variables)


def report(done: Done) -> Any:
    return json.loads(Path(done.outputs["report"]).read_text(encoding="utf-8"))


def assert_refused(done: Done, status: int, said: str) -> None:
    """There is no report, and the reason is an annotation."""
    assert done.status == status, done.log
    assert done.outputs == {"exit-status": str(status), "failed": "true", "report": "", "markdown": ""}
    assert [said in command.data for command in done.heard("error")] == [True], done.log
    assert done.summary == ""


def test_what_is_as_it_was_passes(workspace: Path, temp: Path) -> None:
    done = check(workspace, temp, fingerprint=now(A))
    assert done.status == 0, done.log
    assert (done.outputs["exit-status"], done.outputs["failed"]) == ("0", "false")
    assert report(done)["gate"]["exit"] == 0
    assert done.heard("error") == []
    assert done.summary == Path(done.outputs["markdown"]).read_text(encoding="utf-8") != ""
    assert temp in Path(done.outputs["report"]).parents


def test_drift_fails_with_everything_told(workspace: Path, temp: Path) -> None:
    done = check(workspace, temp, fingerprint=now(B), json="own report.json")
    assert done.status == 1, done.log
    assert (done.outputs["exit-status"], done.outputs["failed"]) == ("1", "true")
    assert report(done)["gate"]["failed"] is True
    assert report(done) == json.loads((workspace / "own report.json").read_text(encoding="utf-8"))
    assert "KD100" in done.summary


def test_annotations_and_files_for_other_tools(workspace: Path, temp: Path) -> None:
    before = set(workspace.iterdir())
    done = check(workspace, temp, fingerprint=now(B), sarif="a b.sarif", junit="junit.xml")
    assert done.status == 1, done.log
    assert any("KD100" in command.properties + command.data for command in done.heard("error"))
    assert json.loads((workspace / "a b.sarif").read_text(encoding="utf-8"))["version"] == "2.1.0"
    assert "<testsuite" in (workspace / "junit.xml").read_text(encoding="utf-8")
    assert set(workspace.iterdir()) - before == {workspace / "a b.sarif", workspace / "junit.xml"}
    assert check(workspace, temp, fingerprint=now(A)).heard("error") == []


def test_the_gate_is_that_of_the_input(workspace: Path, temp: Path) -> None:
    (workspace / "loose.toml").write_text('fail-on = "breaks"\nonly = ["layers.*"]\n', encoding="utf-8")
    assert check(workspace, temp, fingerprint=now(B), policy="loose.toml").status == 0
    done = check(workspace, temp, fingerprint=now(B), policy="loose.toml", fail_on="info")
    assert done.status == 1, done.log
    assert report(done)["gate"]["fail_on"] == "info"


def test_the_summary_can_be_left_out(workspace: Path, temp: Path) -> None:
    done = check(workspace, temp, fingerprint=now(B), summary="false")
    assert (done.status, done.summary) == (1, "")
    assert Path(done.outputs["markdown"]).is_file()


def test_what_is_waived_passes(workspace: Path, temp: Path) -> None:
    waive = ("waive", "*", "--reason", "moving", "--until", "never", "--fingerprint", now(B))
    command = [sys.executable, "-m", "kerasdiff", *waive]
    subprocess.run(command, cwd=workspace, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, capture_output=True)
    done = check(workspace, temp, fingerprint=now(B))
    assert done.status == 0, done.log
    assert any(found["waived"] for found in report(done)["divergences"])
    assert done.heard("error") == []


def test_what_is_not_comparable_is_no_answer(workspace: Path, temp: Path) -> None:
    (workspace / "kerasdiff.toml").write_text('families = ["symbols", "optimizers"]\n', encoding="utf-8")
    (workspace / "now.json").write_bytes(sealed(without("optimizers")))
    done = check(workspace, temp, fingerprint="now.json")
    assert done.status == 3, done.log
    assert (done.outputs["exit-status"], done.outputs["failed"]) == ("3", "true")
    assert report(done)["gate"]["exit"] == 3


def test_what_cannot_be_read_is_told(workspace: Path, temp: Path) -> None:
    assert_refused(check(workspace, temp, fingerprint="no.json"), 2, "no.json")
    assert_refused(check(workspace, temp, fingerprint=now(A), fail_on="never"), 2, "--fail-on")
    assert_refused(check(workspace, temp, fingerprint=now(A), python="python"), 2, "--python and --fingerprint")
    (workspace / "kerasdiff.toml").write_text('fail-on = "%0A::error::"\n', encoding="utf-8")
    assert_refused(check(workspace, temp, fingerprint=now(A)), 2, "kerasdiff.toml:1: ")


def test_a_report_that_cannot_be_written_is_told(workspace: Path, temp: Path) -> None:
    done = check(workspace, temp, fingerprint=now(A), json="no such folder/report.json")
    assert done.status == 3, done.log
    assert (done.outputs["exit-status"], done.outputs["failed"]) == ("3", "true")
    assert ["no such folder" in command.data for command in done.heard("error")] == [True]


@pytest.mark.parametrize("name", ["project", "-", "~", "a b"])
def test_paths_start_at_the_working_directory(tmp_path: Path, temp: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    project(tmp_path / name)
    done = check(tmp_path, temp, working_directory=name, fingerprint=now(A), json="report.json")
    assert done.status == 0, done.log
    assert (tmp_path / name / "report.json").is_file()


def test_a_folder_that_is_not_there_is_told(workspace: Path, temp: Path) -> None:
    assert_refused(check(workspace, temp, working_directory="nowhere", fingerprint=now(A)), 2, "working-directory")


def test_every_input_is_tried() -> None:
    assert set(yaml.safe_load((ACTION / "action.yml").read_text(encoding="utf-8"))["inputs"]) == set(TEXTS)


@pytest.mark.parametrize("payload", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("name", TEXTS)
def test_no_input_is_executed(workspace: Path, temp: Path, name: str, payload: str) -> None:
    given = {name: payload} if name in ("python", "fingerprint") else {"fingerprint": now(A), name: payload}
    baseline = (workspace / "kerasdiff.json").read_bytes()
    done = act(ACTION, given, workspace, temp)
    is_file = name in ("sarif", "junit", "json")  # any text names one
    assert done.status in ((0, 3) if is_file else (2,)), done.log
    assert (done.outputs["exit-status"], done.outputs["failed"]) == (str(done.status), str(done.status != 0).lower())
    assert {command.name for command in commands(done.log)} <= {"stop-commands", "error", "notice"}
    assert list(workspace.glob("**/PWNED")) == []
    assert not (temp / "PWNED").exists()
    assert (workspace / "kerasdiff.json").read_bytes() == baseline


def test_the_project_cannot_pass_for_kerasdiff(workspace: Path, temp: Path) -> None:
    for name in ("kerasdiff", "click", "json", "site"):
        (workspace / f"{name}.py").write_text("raise SystemExit(99)\n", encoding="utf-8")
    done = check(workspace, temp, {"PYTHONPATH": str(workspace), "PYTHONSTARTUP": "click.py"}, fingerprint=now(A))
    assert done.status == 0, done.log


def test_it_installs_nothing_into_what_is_there(workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    temp, home, target = (tmp_path_factory.mktemp(name) for name in ("runner", "home", "target"))
    installed = {"PIP_TARGET": str(target), "PIP_USER": "1", "PYTHONUSERBASE": str(home), "PIP_CONSTRAINT": "no such file"}
    done = check(workspace, temp, installed, fingerprint=now(A))
    assert done.status == 0, done.log
    assert [*target.iterdir(), *home.iterdir()] == []
    made = temp / "kerasdiff-action"
    made_from = (made / "made-from").stat().st_mtime_ns
    assert check(workspace, temp, fingerprint=now(B)).status == 1
    assert (made / "made-from").stat().st_mtime_ns == made_from
    (made / "made-from").write_text("another checkout\n", encoding="utf-8")
    shutil.rmtree(made / "lib")
    assert check(workspace, temp, fingerprint=now(A)).status == 0


def test_without_a_python_there_is_no_answer(workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    temp, tools = (tmp_path_factory.mktemp(name) for name in ("runner", "tools"))
    for name in ("bash", "cat", "env", "mktemp"):
        (tools / name).symlink_to(str(shutil.which(name)))
    bare = {"PATH": str(tools), "RUNNER_TOOL_CACHE": str(tools)}
    assert_refused(check(workspace, temp, bare, fingerprint=now(A)), 3, "no Python 3.10 or newer")


def test_a_folder_called_python_is_no_interpreter(workspace: Path, temp: Path) -> None:
    (workspace / "python").mkdir()
    empty = workspace / "bin"
    empty.mkdir()
    (empty / "python").symlink_to("/bin/false")
    assert_refused(check(workspace, temp, {"PATH": f"{empty}:{os.environ['PATH']}"}), 2, f"{empty}/python: is no Python")


@pytest.mark.parametrize("name", ["tensorflow-2.15.1"])
def test_a_real_environment_is_captured(tmp_path: Path, temp: Path, name: str) -> None:
    environment = built(name)
    workspace = project(tmp_path, DECLARED, baseline="")
    before = checksums(environment.root)
    variables = capture.environ(environment, tmp_path)
    missing = check(workspace, temp, variables, python=str(environment.root))
    assert_refused(missing, 2, "no such baseline; write one with: kerasdiff check --update")
    packed(workspace, "releases/tensorflow-2.15.1")
    done = check(workspace, temp, variables, python=str(environment.root))
    assert done.status == 0, done.log
    assert "settings ok in" in done.log
    packed(workspace, B)
    on_path = {**variables, "PATH": f"{environment.python.parent}:{variables['PATH']}"}
    done = check(workspace, temp, on_path)
    assert done.status == 1, done.log
    assert checksums(environment.root) == before


def test_the_stand_in_for_a_runner_refuses_what_it_does_not_know() -> None:
    assert evaluated("a ${{ inputs.x }} ${{inputs.x}}", {"inputs.x": "${{ b }}"}) == "a ${{ b }} ${{ b }}"
    for expression in ("inputs.y", "inputs.x || 'z'", "toJSON(inputs)", "github.token"):
        with pytest.raises(UnknownError, match="can't evaluate"):
            evaluated(f"${{{{ {expression} }}}}", {"inputs.x": ""})


def test_the_stand_in_hears_what_a_runner_hears() -> None:
    log = (
        "::error file=a::x\nb ::error::no\nc ##[warning]y\n::stop-commands::t\n::error::no\nd ##[set-output name=e;]no\n::t::\n"
    )
    heard = [Heard("error", " file=a", "x"), Heard("warning", "", "y"), Heard("stop-commands", "", "t")]
    assert list(commands(log)) == heard
    assert list(commands(log + "::error::z")) == [*heard, Heard("error", "", "z")]
