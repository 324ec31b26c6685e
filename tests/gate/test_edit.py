"""Waivers written into a policy: the rest of the file stays as it was."""

from __future__ import annotations

import contextlib
import datetime as dt
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasdiff.errors import OutputError
from kerasdiff.gate import edit
from kerasdiff.gate.policy import Accepted, Extent, PolicyError, Waiver, find
from kerasdiff.knowledge.load import Effect
from tests.gate.project import project

if TYPE_CHECKING:
    from pathlib import Path

ENTRY = Accepted(
    id="layers.GRU/parameter.x", effect=Effect.RESULTS, a='"tanh"', b='"it\'s"', explains=Extent(Effect.INFO, "inf")
)
WAIVER = Waiver(reason='say "why"\nin two lines', owner="me", until=dt.date(2027, 1, 31), accepts=[ENTRY])

BEFORE = """# mine
[project]
name = "x"   # kept

[tool.kerasdiff]
fail-on = "results"  # the gate

[tool.kerasdiff.effects]
"packages.numpy" = "results"

[tool.other]
x = [1,2 , 3]
"""
AFTER = """# mine
[project]
name = "x"   # kept

[tool.kerasdiff]
fail-on = "results"  # the gate

[tool.kerasdiff.effects]
"packages.numpy" = "results"

[[tool.kerasdiff.waivers]]
reason = "one"
accepts = [
    {id = "a/b", effect = "results", rule = "KD100", size = 0.25},
    {id = "a/c", effect = "breaks", a = '"x"', b = "null"},
]

[[tool.kerasdiff.waivers]]
reason = "two"
until = 2027-01-31
accepts = [
    {id = "a/d", effect = "info"},
]

[tool.other]
x = [1,2 , 3]
"""


def test_waivers_stand_among_what_was_there(tmp_path: Path) -> None:
    file = project(tmp_path, BEFORE, name="pyproject.toml") / "pyproject.toml"
    one = Accepted(id="a/b", effect=Effect.RESULTS, rule="KD100", size=0.25)
    other = Accepted(id="a/c", effect=Effect.BREAKS, a='"x"', b="null")
    source = edit.add(find(start=tmp_path), Waiver(reason="one", accepts=[one, other]))
    until = dt.date(2027, 1, 31)
    source = edit.add(source, Waiver(reason="two", until=until, accepts=[Accepted(id="a/d", effect=Effect.INFO)]))
    assert file.read_text(encoding="utf-8") == AFTER
    assert source.policy == find(start=tmp_path).policy
    edit.remove(source, lambda waiver: waiver.baseline == "")
    assert file.read_text(encoding="utf-8") == BEFORE


def test_without_a_policy_a_file_is_made(tmp_path: Path) -> None:
    source = edit.add(find(start=project(tmp_path)), WAIVER)
    assert source.file == tmp_path / "kerasdiff.toml"
    assert find(start=tmp_path).policy.waivers == [WAIVER]
    text = (tmp_path / "kerasdiff.toml").read_text(encoding="utf-8")
    assert text.startswith("[[waivers]]\n")
    assert text.endswith("]\n")


def test_ends_of_lines_stay(tmp_path: Path) -> None:
    file = project(tmp_path) / "kerasdiff.toml"
    file.write_bytes(b'fail-on = "results"\r\n# end\r\n')
    edit.add(find(start=tmp_path), WAIVER)
    assert file.read_bytes().startswith(b'fail-on = "results"\r\n# end\r\n')
    assert find(start=tmp_path).policy.waivers == [WAIVER]


@pytest.mark.parametrize(
    "policy",
    [
        'waivers = [{reason = "x", accepts = [{id = "a/b", effect = "info"}]}]\n',
        '[[waivers]]\nreason = "x"\naccepts = [{id = "a/b", effect = "info"}]\n[effects]\n"packages.numpy" = "info"\n',
        'tolerances = []\n[effects]\n"packages.numpy" = "info"\n',
    ],
)
def test_any_layout_is_edited_or_left_as_it_is(policy: str, tmp_path: Path) -> None:
    file = project(tmp_path, policy) / "kerasdiff.toml"
    before = find(start=tmp_path).policy
    with contextlib.suppress(PolicyError):
        assert edit.add(find(start=tmp_path), WAIVER).policy.waivers == [*before.waivers, WAIVER]
        assert find(start=tmp_path).policy.waivers == [*before.waivers, WAIVER]
        return
    assert file.read_text(encoding="utf-8") == policy


def test_only_waivers_of_the_baseline_are_removed(tmp_path: Path) -> None:
    source = edit.add(find(start=project(tmp_path)), WAIVER)
    other = Waiver(reason="other", baseline="ci/gpu.json", accepts=[ENTRY])
    source = edit.add(source, other)
    source = edit.remove(source, lambda waiver: waiver.baseline == "")
    assert source.policy.waivers == find(start=tmp_path).policy.waivers == [other]
    assert edit.remove(source, lambda waiver: waiver.baseline == "") is source


def test_a_file_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    source = find(start=project(tmp_path))
    (tmp_path / "kerasdiff.toml").mkdir()
    with pytest.raises(OutputError, match="can't write"):
        edit.add(source, WAIVER)


TEXTS = st.text(max_size=40).filter(lambda text: bool(text.strip()))


@given(TEXTS, st.text(max_size=40), st.none() | st.text(max_size=40), st.none() | st.floats(0, 10) | st.just("inf"))
def test_any_waiver_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, reason: str, owner: str, value: str | None, size: float
) -> None:
    folder = tmp_path_factory.mktemp("policy")
    source = find(start=project(folder, "# c\n", baseline=""))
    entry = Accepted(id=f"a/{owner}", effect=Effect.RESULTS, a=value, size=size)
    waiver = Waiver(reason=reason, owner=owner, accepts=[entry])
    edit.add(source, waiver)
    assert find(start=folder).policy.waivers == [waiver]
    assert (folder / "kerasdiff.toml").read_text(encoding="utf-8").startswith("# c\n")
