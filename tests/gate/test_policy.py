"""The policy: found where people put it, and refused where it can't be meant, with file and line."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasdiff.errors import KerasdiffError
from kerasdiff.gate import toml
from kerasdiff.gate.policy import Accepted, Action, Policy, PolicyError, find, parse
from kerasdiff.knowledge.load import Effect
from tests.gate.project import project

WHOLE = """
baseline = "ci/kerasdiff.json.gz"
fail-on = "architecture"
api = "tf.keras"
families = ["settings", "symbols", "layers"]
only = ["layers.*"]
ignore = ["layers.Lambda"]
expired-waivers = "warn"
unused-waivers = "warn"

[effects]
"packages.numpy" = "results"

[[tolerances]]
subject = "optimizers.*"
tolerance = 1e-4
reason = "three digits are enough"

[[waivers]]
reason = "known"
owner = "me"
until = 2027-01-31
accepts = [{id = "layers.GRU/parameter.x", effect = "results", size = "inf"}]
"""


def test_every_key_is_read(tmp_path: Path) -> None:
    source = find(start=project(tmp_path, WHOLE))
    policy = source.policy
    assert source.root == tmp_path
    assert (policy.baseline, policy.fail_on, policy.api) == ("ci/kerasdiff.json.gz", Effect.ARCHITECTURE, "tf.keras")
    assert (policy.families, policy.only, policy.ignore) == (["settings", "symbols", "layers"], ["layers.*"], ["layers.Lambda"])
    assert (policy.expired_waivers, policy.unused_waivers) == (Action.WARN, Action.WARN)
    assert policy.effects == {"packages.numpy": Effect.RESULTS}
    assert [tolerance.tolerance for tolerance in policy.tolerances] == [1e-4]
    (waiver,) = policy.waivers
    assert (waiver.owner, waiver.until) == ("me", dt.date(2027, 1, 31))
    assert waiver.accepts == [Accepted(id="layers.GRU/parameter.x", effect=Effect.RESULTS, size="inf")]
    assert source.baseline() == tmp_path / "ci" / "kerasdiff.json.gz"


def test_pyproject_holds_the_same(tmp_path: Path) -> None:
    table = WHOLE.replace("[[", "[[tool.kerasdiff.").replace("\n[effects]", "\n[tool.kerasdiff.effects]")
    own = find(start=project(tmp_path, f'[project]\nname = "x"\n[tool.kerasdiff]{table}', name="pyproject.toml"))
    (tmp_path / "other").mkdir()
    assert own.policy == find(start=project(tmp_path / "other", WHOLE)).policy


def test_the_nearest_policy_above_counts_up_to_the_repository(tmp_path: Path) -> None:
    (tmp_path / "kerasdiff.toml").write_text('fail-on = "info"\n', encoding="utf-8")
    inner = tmp_path / "inner"
    inner.mkdir()
    below = project(inner) / "package"
    below.mkdir()
    assert find(start=below).policy == Policy()
    assert find(start=below).root == inner
    (inner / "kerasdiff.toml").write_text('fail-on = "breaks"\n', encoding="utf-8")
    assert find(start=below).policy.fail_on is Effect.BREAKS


def test_a_pyproject_without_the_table_is_no_policy(tmp_path: Path) -> None:
    assert find(start=project(tmp_path, "[tool.other]\nx = 1\n", name="pyproject.toml")).file is None


def test_two_policies_are_one_too_many(tmp_path: Path) -> None:
    own = project(tmp_path, "[tool.kerasdiff]\n", name="pyproject.toml") / "kerasdiff.toml"
    own.write_text("\n", encoding="utf-8")
    assert find(start=tmp_path).file == tmp_path / "pyproject.toml"  # an empty file says nothing
    own.write_text("only = []\n", encoding="utf-8")
    with pytest.raises(PolicyError, match=r"kerasdiff\.toml: the policy stands in pyproject\.toml too"):
        find(start=tmp_path)


@pytest.mark.parametrize(
    ("policy", "line", "what"),
    [
        ('\nfail_on = "results"', 2, "unknown key 'fail_on'"),
        ('# comment\n\nfail-on = "worse"', 3, "fail-on: invalid enum value 'worse'; there are breaks, architecture"),
        ('unused-waivers = "ignore"', 1, "there are fail, warn"),
        ('api = "theano"', 1, "api: "),
        ('only = "layers.*"', 1, "only: expected `array`, got `str`"),
        ('only = [\n  "layers.*",\n  3,\n]', 1, r"only\[2\]: expected `str`, got `int`"),
        ('baseline = "../x.json"', 1, "leaves the project"),
        ('baseline = "/etc/passwd"', 1, "leaves the project"),
        ('families = [\n "layer",\n]', 1, "no such family 'layer'; there are environment"),
        ('api = "keras2"', 1, "there are keras, tf.keras, tf_keras"),
        ('[effects]\n"runtime.kernel" = "results"', 2, "no baseline holds 'runtime.kernel'; there are python, "),
        ('[effects]\n"packages." = "results"', 2, "can't be gated"),
        ('[effects]\n"layers.GRU" = "info"', 2, r"can't be gated; write packages\.\*, runtime\.\*, environment\.\*"),
        ('[effects]\n"packages.numpy" = "bad"', 1, "invalid enum value 'bad'"),
        ('[[tolerances]]\nsubject = "*"\ntolerance = -1\nreason = "x"', 3, "a number from 0"),
        ('[[tolerances]]\nsubject = "*"\ntolerance = nan\nreason = "x"', 3, "a number from 0"),
        ('[[tolerances]]\nsubject = "*"\ntolerance = 1\nreason = " "', 4, r"tolerances\[1\]\.reason: is empty"),
        ('[[tolerances]]\nsubject = "*"\ntolerance = 1', 1, r"tolerances\[1\]: object missing required field `reason`"),
        ('[[waivers]]\nreason = "x"\naccepts = []', 3, r"waivers\[1\]\.accepts: is empty; write it with: kerasdiff waive"),
        (
            WHOLE + '\n[[waivers]]\nreason = ""\naccepts = [{id = "a/b", effect = "info"}]',
            26,
            r"waivers\[2\]\.reason: is empty",
        ),
        ('[[waivers]]\nreason = "x"\nuntil = "soon"\naccepts = []', 3, r"waivers\[1\]\.until: "),
        ('[[waivers]]\nreason = "x"\naccepts = [\n {id = "a", effect = "info", sizes = 1},\n]', 3, "unknown key 'sizes'"),
    ],
)
def test_what_can_not_be_meant_is_refused_with_its_line(policy: str, line: int, what: str, tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=what) as refused:
        find(start=project(tmp_path, policy))
    assert f"kerasdiff.toml:{line}: " in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"only = [", r"kerasdiff\.toml:1: is no valid TOML"),
        (b"\n\nx = = 1\n", r"kerasdiff\.toml:3: is no valid TOML"),
        (b"x = '\xff'", "is no UTF-8 text, byte 5"),
        (b"x = " + b"[" * 100_000, "nested too deeply"),
        (b"#" * ((1 << 20) + 1), "larger than 1 MB"),
        (b"x = 1\nx = 2\n", r"kerasdiff\.toml:2: is no valid TOML"),
        (b"x = 2027-02-31\n", r"is no valid TOML"),
    ],
)
def test_a_file_that_is_no_policy_is_refused_in_a_line(data: bytes, what: str, tmp_path: Path) -> None:
    (project(tmp_path) / "kerasdiff.toml").write_bytes(data)
    with pytest.raises(KerasdiffError, match=what) as refused:
        find(start=tmp_path)
    assert "\n" not in str(refused.value)


def test_what_is_measured_of_symbols_brings_them(tmp_path: Path) -> None:
    policy = find(start=project(tmp_path, 'families = ["layers"]\n[effects]\n"packages.numpy" = "results"\n')).policy
    assert set(policy.required) == {"layers", "symbols", "packages"}
    assert set(policy.captured) == {"layers", "symbols", "packages", "runtime", "environment"}
    assert Policy().captured == []


def test_a_named_policy_must_be_there(tmp_path: Path) -> None:
    other = project(tmp_path, "[tool.other]\n", name="pyproject.toml") / "pyproject.toml"
    with pytest.raises(PolicyError, match=r"has no table \[tool\.kerasdiff\]"):
        find(str(other))
    with pytest.raises(PolicyError, match="no such file"):
        find(str(tmp_path / "none.toml"))
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(KerasdiffError, match="is no file"):
        find(str(tmp_path / "folder.toml"))


LAYOUT = '''# a comment with reason = 1
[tool.x]
reason = 1
[tool.kerasdiff]
only = [
  "a",  # ]
]
[[tool.kerasdiff.waivers]]
reason = "x"
[[tool.kerasdiff.waivers]]
reason = """
reason = 3
"""
owner.first = "me"
'''


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("tool", "kerasdiff"), 4),
        (("tool", "kerasdiff", "only"), 5),
        (("tool", "kerasdiff", "only", 0), 5),
        (("tool", "kerasdiff", "waivers", 0, "reason"), 9),
        (("tool", "kerasdiff", "waivers", 1), 10),
        (("tool", "kerasdiff", "waivers", 1, "reason"), 11),
        (("tool", "kerasdiff", "waivers", 1, "owner", "first"), 14),
        (("tool", "kerasdiff", "waivers", 1, "nothing"), 10),
        (("nothing",), 1),
    ],
)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_the_line_of_a_key(place: toml.Place, line: int, ends: str) -> None:
    assert toml.line(LAYOUT.replace("\n", ends), place) == line


@given(st.text(max_size=300), st.lists(st.text(max_size=5) | st.integers(0, 3), max_size=4))
def test_the_line_of_anything_is_in_the_text(text: str, place: list[str | int]) -> None:
    assert 1 <= toml.line(text, tuple(place)) <= text.replace("\r\n", "\n").count("\n") + 1


KEYS = st.sampled_from(["fail-on", "api", "only", "waivers", "tolerances", "effects", "baseline", "x", "families"])
VALUES = st.sampled_from(
    ['"results"', "1", "true", "[]", '["*"]', "{}", "2027-01-01", '[{id="x"}]', '[{reason="x",accepts=[{}]}]', "nan"]
)


@given(st.lists(st.tuples(KEYS, VALUES), max_size=4) | st.text(max_size=80).map(lambda text: [(text, "1")]))
def test_any_policy_is_read_or_refused_in_a_line(rows: list[tuple[str, str]]) -> None:
    text = "\n".join(f"{key} = {value}" for key, value in rows)
    try:
        document = toml.parsed(text)
    except ValueError:
        return
    try:
        said = parse(Path("kerasdiff.toml"), text, document, ()).text
    except PolicyError as error:
        said = str(error)
    assert said == text or (said.startswith("kerasdiff.toml:") and "\n" not in said)
