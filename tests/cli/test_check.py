"""``kerasdiff check``, ``waive`` and ``policy``, as a project uses them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from kerasdiff.fingerprint.load import load
from kerasdiff.gate.policy import find
from tests.conftest import Ran, edited, path, raw, sealed
from tests.gate.project import LATER, A, B, packed, project
from tests.gate.test_scope import without

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Command = Callable[..., Ran]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a baseline, in which the command line runs."""
    monkeypatch.chdir(project(tmp_path))
    return tmp_path


def report(ran: Ran) -> Any:
    return json.loads(ran.out)


def test_what_is_as_it_was_passes_in_one_line(here: Path, kerasdiff: Command) -> None:
    done = kerasdiff("check", "--fingerprint", path(A))
    environment = "tf.keras 2.10.0 on tensorflow 2.10.1, Python 3.10.13"
    assert done == (
        0,
        f"kerasdiff: {environment}: nothing at or above results differs from kerasdiff.json in 2,188 cases\n",
        "",
    )


def test_what_drifts_fails_with_the_causes_first(here: Path, kerasdiff: Command) -> None:
    done = kerasdiff("check", "--fingerprint", path(B))
    assert (done.status, done.err) == (1, "")
    assert "The optimizers refuse decay [KD100]" in "\n".join(done.out.splitlines()[:15])
    assert done.out.startswith(kerasdiff("compare", here / "kerasdiff.json", path(B)).out)
    assert "kerasdiff waive" in done.out.splitlines()[-3]


def test_what_is_there_now_may_be_a_release_by_its_name(here: Path, kerasdiff: Command) -> None:
    assert kerasdiff("check", "--fingerprint", "tensorflow==2.10").status == 0
    done = kerasdiff("check", "--fingerprint", "tensorflow==2.11", "--format", "json")
    assert (done.status, report(done)["b"]["label"]) == (1, "tf.keras-2.11.0-tensorflow-2.11.1")
    assert not report(done)["context"]["runtime"]  # a release says nothing of the machine
    other = report(kerasdiff("check", "--fingerprint", "keras==2.11", "--format", "json"))
    assert (other["a"]["api"], other["b"]["api"]) == ("tf.keras", "tf.keras")
    assert "nearest" in kerasdiff("check", "--fingerprint", "tensorflow==9").refusal()


def test_the_name_of_a_release_says_which_api_is_there_now(here: Path, kerasdiff: Command) -> None:
    found = report(kerasdiff("check", "tensorflow==2.15", "--fingerprint", "tf_keras==2.16", "--format", "json"))
    assert (found["a"]["api"], found["b"]["api"]) == ("tf.keras", "tf_keras")


def test_a_packed_baseline_is_found_and_a_named_one_is_taken(here: Path, kerasdiff: Command) -> None:
    (here / "kerasdiff.json").unlink()
    packed(here)
    assert kerasdiff("check", "--fingerprint", path(A)).status == 0
    (here / "other.json.gz").write_bytes((here / "kerasdiff.json.gz").read_bytes())
    (here / "kerasdiff.json.gz").unlink()
    assert "differs from other.json.gz" in kerasdiff("check", "other.json.gz", "--fingerprint", path(A)).out


def test_without_a_baseline_it_is_told_how_to_make_one(here: Path, kerasdiff: Command) -> None:
    (here / "kerasdiff.json").unlink()
    told = kerasdiff("check", "--fingerprint", path(A)).refusal()
    assert told.endswith("kerasdiff.json: no such baseline; write one with: kerasdiff check --update")
    assert kerasdiff("waive", "x", "--reason", "r", "--until", "never").refusal() == told


def test_an_update_makes_a_baseline_that_passes(here: Path, kerasdiff: Command) -> None:
    done = kerasdiff("check", "--update", "--fingerprint", path(B))
    assert done.status == 0
    assert done.out.startswith("kerasdiff: accepted: 88 findings from 11 causes")
    assert "  breaks: optimizers.Adadelta, " in done.out
    assert kerasdiff("check", "--fingerprint", path(B)).status == 0
    once = (here / "kerasdiff.json").read_bytes()
    again = kerasdiff("check", "--update", "--fingerprint", path(B))
    assert again.out.startswith("kerasdiff: accepted: No divergence")
    assert (here / "kerasdiff.json").read_bytes() == once
    assert load(here / "kerasdiff.json").captured.at == ""


FAILED = {"state": "error", "type": "KeyError", "message": "'weights'", "where": "nets.py:3: build()"}
#: The user's own that failed, and what is said of it.
OWN = {
    "model": ({"source": "nets:build", **FAILED}, "the model nets:build fails: KeyError: 'weights' (nets.py:3: build())"),
    "pipeline": ({"name": "nets:feed", **FAILED}, "the pipeline nets:feed fails: KeyError: 'weights' (nets.py:3: build())"),
}


@pytest.mark.parametrize("own", OWN)
def test_what_failed_of_the_users_own_never_becomes_the_baseline(own: str, here: Path, kerasdiff: Command) -> None:
    (here / "now.json").write_bytes(sealed({**raw(A), own: OWN[own][0]}))
    before = (here / "kerasdiff.json").read_bytes()
    done = kerasdiff("check", "--update", "--fingerprint", here / "now.json")
    assert (done.status, done.out) == (3, "")
    assert done.err.count("\n") == 1
    assert f"not made the baseline: {OWN[own][1]}" in done.err
    assert (here / "kerasdiff.json").read_bytes() == before


@pytest.mark.parametrize("own", OWN)
def test_what_failed_in_the_baseline_is_not_passed(own: str, here: Path, kerasdiff: Command) -> None:
    (here / "kerasdiff.json").write_bytes(sealed({**raw(A), own: OWN[own][0]}))
    done = kerasdiff("check", "--fingerprint", here / "kerasdiff.json")
    assert done.status == 3
    assert "in A, as in B: KeyError: 'weights'" in " ".join(done.out.split())


def test_a_first_update_needs_no_baseline(here: Path, kerasdiff: Command) -> None:
    (here / "kerasdiff.json").unlink()
    done = kerasdiff("check", "--update", "--slim", "--fingerprint", path(A))
    assert done.status == 0
    assert done.out.startswith("kerasdiff: wrote kerasdiff.json, ")
    assert list(load(here / "kerasdiff.json").apis) == ["tf.keras"]
    assert kerasdiff("check", "--fingerprint", path(A)).status == 0


def test_slim_without_update_is_a_mistake(here: Path, kerasdiff: Command) -> None:
    assert "add --update" in kerasdiff("check", "--slim", "--fingerprint", path(A)).refusal()


def test_what_is_damaged_never_becomes_the_baseline(here: Path, kerasdiff: Command) -> None:
    before = (here / "kerasdiff.json").read_bytes()
    (here / "bad.json").write_bytes(before.replace(b'"hard_sigmoid"', b'"other"'))
    assert "digest" in kerasdiff("check", "--update", "--fingerprint", "bad.json").refusal()
    assert (here / "kerasdiff.json").read_bytes() == before


def test_the_way_of_an_upgrade(here: Path, kerasdiff: Command) -> None:
    """Fails, is waived, moves on, expires, is accepted."""
    waive = ("waive", "*", "--reason", "moving to 2.11", "--owner", "me", "--fingerprint", path(B))
    done = kerasdiff(*waive, "--until", "2999-01-31")
    assert done.status == 0
    assert "kerasdiff.toml:1 (made): waived until 2999-01-31: 88 findings\n  breaks [KD100]: optimizers.Adadelta/" in done.out
    done = kerasdiff("check", "--fingerprint", path(B))
    assert done.status == 0
    assert "88 waived" in done.out

    moved = kerasdiff("check", "--fingerprint", path(LATER), "--format", "json")
    assert moved.status == 1
    assert {one["state"] for one in report(moved)["gate"]["waivers"]} >= {"moved"}

    file = here / "kerasdiff.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("2999-01-31", "2020-01-31"), encoding="utf-8")
    expired = kerasdiff("check", "--fingerprint", path(B), "--format", "json")
    assert expired.status == 1
    assert {one["state"] for one in report(expired)["gate"]["waivers"]} == {"expired"}
    assert "nothing" in kerasdiff("check", "--fingerprint", path(A), "--format", "json").out
    assert kerasdiff("check", "--fingerprint", path(A)).status == 1  # the waivers are unused

    done = kerasdiff("check", "--update", "--fingerprint", path(B))
    assert "removed 1 waiver that it makes needless" in done.out
    assert find(start=here).policy.waivers == []
    assert kerasdiff("check", "--fingerprint", path(B)).status == 0


def test_a_waiver_that_no_longer_serves_is_renewed(here: Path, kerasdiff: Command) -> None:
    options = ("--fingerprint", path(B), "--until", "2999-01-31")
    assert kerasdiff("waive", "KD100", "--reason", "first", *options).status == 0
    (old,) = find(start=here).policy.waivers
    file = here / "kerasdiff.toml"
    file.write_text("# mine\n" + file.read_text(encoding="utf-8").replace("2999-01-31", "2020-01-31"), encoding="utf-8")
    assert kerasdiff("waive", "*", "--reason", "again", *options).status == 0
    (new,) = find(start=here).policy.waivers
    assert {entry.id for entry in old.accepts} < {entry.id for entry in new.accepts}
    assert file.read_text(encoding="utf-8").startswith("# mine\n")
    assert kerasdiff("check", "--fingerprint", path(B)).status == 0


def test_unused_waivers_can_be_a_warning(here: Path, kerasdiff: Command) -> None:
    waiver = '[[waivers]]\nreason = "old"\naccepts = [{id = "layers.X/presence", effect = "breaks"}]\n'
    (here / "kerasdiff.toml").write_text(waiver, encoding="utf-8")
    assert kerasdiff("check", "--fingerprint", path(A)).status == 1
    (here / "kerasdiff.toml").write_text('unused-waivers = "warn"\n' + waiver, encoding="utf-8")
    done = kerasdiff("check", "--fingerprint", path(A))
    assert done.status == 0
    said = "kerasdiff: waiver of layers.X/presence: nothing to waive, the divergence is gone; waived for: old"
    assert done.out.splitlines()[1:] == [said]


def test_a_warning_of_a_waiver_is_one_line_whatever_it_accepts(here: Path, kerasdiff: Command) -> None:
    options = ("--reason", "moving to 2.11", "--until", "2999-01-31", "--fingerprint", path(B))
    assert kerasdiff("waive", "*", *options).status == 0
    file = here / "kerasdiff.toml"
    expired = file.read_text(encoding="utf-8").replace("2999-01-31", "2020-01-31")
    file.write_text(f'expired-waivers = "warn"\n{expired}', encoding="utf-8")
    done = kerasdiff("check", "--fingerprint", path(B))
    assert done.status == 0
    (line,) = done.out.splitlines()[1:]
    assert re.search(r" and 84 more: expired on 2020-01-31; waived for: moving to 2\.11$", line)


def test_what_the_gate_needs_and_a_side_lacks_is_not_comparable(here: Path, kerasdiff: Command) -> None:
    (here / "kerasdiff.toml").write_text('families = ["symbols", "training"]\n', encoding="utf-8")
    (here / "now.json").write_bytes(sealed(without("training")))
    done = kerasdiff("check", "--fingerprint", "now.json")
    assert done.status == 3
    assert "NOT COMPARABLE" in done.out
    assert kerasdiff("check", "--fingerprint", path(A)).status == 0


@pytest.mark.parametrize(("fail_on", "status"), [("breaks", 1), ("info", 1)])
def test_the_command_line_sets_the_gate_over_the_policy(fail_on: str, status: int, here: Path, kerasdiff: Command) -> None:
    (here / "kerasdiff.toml").write_text('fail-on = "architecture"\n', encoding="utf-8")
    done = kerasdiff("check", "--fingerprint", path(B), "--fail-on", fail_on, "--format", "json")
    assert (done.status, report(done)["gate"]["fail_on"]) == (status, fail_on)


def test_the_policy_sets_the_gate(here: Path, kerasdiff: Command) -> None:
    (here / "kerasdiff.toml").write_text('fail-on = "breaks"\nonly = ["losses.*"]\n', encoding="utf-8")
    done = kerasdiff("check", "--fingerprint", path(B))
    assert done.status == 0
    assert "nothing at or above breaks" in done.out
    assert "results" in done.out.partition("(")[2]


def test_several_reports_at_once(here: Path, kerasdiff: Command) -> None:
    done = kerasdiff("check", "--fingerprint", path(B), "-o", "json:r.json", "-o", "markdown:r.md")
    assert done.status == 1
    assert done.out.startswith("A  tf.keras")
    assert json.loads((here / "r.json").read_text(encoding="utf-8"))["gate"]["exit"] == 1
    assert "\n**88 findings" in (here / "r.md").read_text(encoding="utf-8")
    done = kerasdiff("check", "--fingerprint", path(B), "-o", "json:r.json", "-o", "markdown:-")
    assert done.out == (here / "r.md").read_text(encoding="utf-8")
    done = kerasdiff("check", "--fingerprint", path(B), "-o", "r.txt", "--format", "text")
    assert done.out == ""
    assert (here / "r.txt").read_text(encoding="utf-8").startswith("A  tf.keras")
    passed = kerasdiff("check", "--fingerprint", path(A), "-o", "json:r.json")
    assert passed.out.count("\n") == 1
    assert json.loads((here / "r.json").read_text(encoding="utf-8"))["gate"]["exit"] == 0


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["-o", "json:x", "-o", "markdown:x"], "two reports can't go to x"),
        (["-o", "json:-", "-o", "markdown:-"], "two reports can't go to standard output"),
        (["-o", "json:"], "--output has no file"),
        (["-o", "sarf:x"], "no such format: sarf; there are text, json"),
        (["-o", "json:x", "-o", "markdown:./x"], "two reports can't go to x"),
        (["-o", "json:kerasdiff.json"], "would replace what the report is made from"),
        (["--update", "--format", "json"], "--update writes no report"),
        ([""], "the name of the baseline is empty"),
        (["--fingerprint", "x.json", "--python", "y"], "give one"),
        (["--fail-on", "worse"], "is not one of"),
        (["--policy", "none.toml"], "no such file"),
    ],
)
def test_a_mistake_is_told_in_a_line(arguments: list[str], what: str, here: Path, kerasdiff: Command) -> None:
    assert what in kerasdiff("check", *arguments).refusal()


def test_a_waiver_of_a_rule_names_what_it_explains(here: Path, kerasdiff: Command) -> None:
    assert kerasdiff("waive", "kd100", "--reason", "r", "--until", "never", "--fingerprint", path(B)).status == 0
    (waiver,) = find(start=here).policy.waivers
    assert {entry.rule for entry in waiver.accepts} == {"KD100"}
    left = report(kerasdiff("check", "--fingerprint", path(B), "--format", "json"))
    assert {one["rule"] for one in left["divergences"] if one["waived"]} == {"KD100"}
    assert all(one["waived"] for one in left["divergences"] if one["rule"] == "KD100" and one["effect"] == "breaks")
    again = kerasdiff("waive", "KD100", "--reason", "r", "--until", "never", "--fingerprint", path(B)).refusal()
    assert "KD100: is waived already" in again


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["x/y"], "x/y: no such divergence or rule"),
        (["KD999"], "KD999: no such divergence or rule"),
        (["KD346"], "KD346: the rule explains nothing that differs here; see: kerasdiff explain KD346"),
        (["optimizers.Adam/lr"], "did you mean optimizers.Adam/case."),
        (["optimizers.Adam/positions*"], "is info, below the gate; nothing to waive"),
        (["*", "--until", "2020-01-01"], "2020-01-01 is over; write a day to come, or never"),
        (["*", "--reason", "r\udcff"], "is no UTF-8 text"),
        (["*", "--reason", " "], "--reason is empty"),
        (["*", "--until", "soon"], "'soon' is no day; write one as 2027-01-31, or never"),
    ],
)
def test_a_waiver_needs_what_it_is_about(arguments: list[str], what: str, here: Path, kerasdiff: Command) -> None:
    given = {"--reason": "r", "--until": "never", "--fingerprint": path(B)}
    options = [part for option in given.items() if option[0] not in arguments for part in option]
    assert what in kerasdiff("waive", *arguments, *options).refusal()
    assert not (here / "kerasdiff.toml").exists()


def test_a_waiver_of_a_named_baseline_is_about_it_alone(here: Path, kerasdiff: Command) -> None:
    (here / "gpu.json").write_bytes((here / "kerasdiff.json").read_bytes())
    options = ("--reason", "r", "--until", "never", "--fingerprint", path(B))
    assert kerasdiff("waive", "*", "--baseline", "gpu.json", *options).status == 0
    assert kerasdiff("check", "gpu.json", "--fingerprint", path(B)).status == 0
    assert kerasdiff("check", "--fingerprint", path(B)).status == 1
    assert kerasdiff("check", "--fingerprint", path(A)).status == 0


def test_the_policy_is_printed_with_its_places(here: Path, kerasdiff: Command) -> None:
    assert kerasdiff("policy").out.startswith("# no policy file: the defaults\n")
    text = '\nfail-on = "breaks"\n[effects]\n"packages.numpy" = "results"\n'
    (here / "kerasdiff.toml").write_text(text, encoding="utf-8")
    lines = kerasdiff("policy").out.splitlines()
    assert lines[0] == f"# {here / 'kerasdiff.toml'}"
    assert 'fail-on = "breaks"  # line 2' in lines
    assert 'effects = {"packages.numpy" = "results"}  # line 3' in lines
    assert 'baseline = "kerasdiff.json"  # default' in lines


def test_an_environment_without_the_api_is_told(here: Path, kerasdiff: Command) -> None:
    (here / "kerasdiff.toml").write_text('api = "tf_keras"\n', encoding="utf-8")
    assert "has no API tf_keras" in kerasdiff("check", "--fingerprint", path(A)).refusal()


@pytest.mark.parametrize("pattern", ["layer.*", "Optimizers.*", "keras.optimizers.*", "", "layers.Dens"])
def test_a_scope_that_fits_nothing_is_refused(pattern: str, here: Path, kerasdiff: Command) -> None:
    (here / "kerasdiff.toml").write_text(f'\nonly = ["optimizers.*", "{pattern}"]\n', encoding="utf-8")
    told = kerasdiff("check", "--fingerprint", path(A)).refusal()
    assert f"kerasdiff.toml:2: only: '{pattern}' fits nothing in tf.keras-2.10.0-tensorflow-2.10.1; is it misspelt?" in told


def test_a_package_that_nobody_has_is_refused(here: Path, kerasdiff: Command) -> None:
    (here / "kerasdiff.toml").write_text('[effects]\n"packages.nunpy" = "results"\n', encoding="utf-8")
    assert "'packages.nunpy' is installed on neither side" in kerasdiff("check", "--fingerprint", path(A)).refusal()


@pytest.mark.parametrize(
    "scope", ["", 'only = ["optimizers.*"]\n', 'families = ["layers"]\n', 'families = ["layers"]\nonly = ["layers.*"]\n']
)
def test_what_has_an_effect_is_in_scope(scope: str, here: Path, kerasdiff: Command) -> None:
    (here / "kerasdiff.toml").write_text(scope + '[effects]\n"packages.numpy" = "results"\n', encoding="utf-8")
    document = raw(A)
    document["packages"]["numpy"] = "9.9"
    (here / "now.json").write_bytes(sealed(document))
    done = kerasdiff("check", "--fingerprint", "now.json", "--format", "json")
    assert (done.status, [one["id"] for one in report(done)["divergences"]]) == (1, ["packages.numpy/value"])


@pytest.mark.parametrize("state", ["crashed", "timeout"])
def test_a_family_that_is_lost_is_never_passed_over(state: str, here: Path, kerasdiff: Command) -> None:
    document = without("training", state=state)
    (here / "now.json").write_bytes(sealed(document))
    for policy in ("", 'only = ["training.*"]\n', 'families = ["training"]\n'):
        (here / "kerasdiff.toml").write_text(policy, encoding="utf-8")
        done = kerasdiff("check", "--fingerprint", "now.json")
        assert done.status == 3, policy
    assert kerasdiff("compare", path(A), "now.json").status == 3
    before = (here / "kerasdiff.json").read_bytes()
    (here / "kerasdiff.toml").write_text('families = ["training"]\n', encoding="utf-8")
    refused = kerasdiff("check", "--update", "--fingerprint", "now.json")
    assert (refused.status, "not made the baseline" in refused.err) == (3, True)
    assert (here / "kerasdiff.json").read_bytes() == before


def test_a_slim_baseline_knows_its_scope_alone(here: Path, kerasdiff: Command) -> None:
    (here / "kerasdiff.toml").write_text('only = ["activations.*"]\n', encoding="utf-8")
    assert kerasdiff("check", "--update", "--slim", "--fingerprint", path(A)).status == 0
    assert kerasdiff("check", "--fingerprint", path(B)).status == 0
    (here / "kerasdiff.toml").write_text('only = ["activations.*", "optimizers.*"]\n', encoding="utf-8")
    done = kerasdiff("check", "--fingerprint", path(B))
    assert (done.status, "is slim, made for another scope than the policy's" in done.err) == (3, True)
    assert "is a slim baseline" in kerasdiff("compare", "kerasdiff.json", path(B)).refusal()


def test_a_damaged_baseline_can_be_replaced(here: Path, kerasdiff: Command) -> None:
    (here / "kerasdiff.json").write_text("<<<<<<< HEAD\n", encoding="utf-8")
    assert "no valid JSON" in kerasdiff("check", "--fingerprint", path(A)).refusal()
    done = kerasdiff("check", "--update", "--fingerprint", path(A))
    assert done.status == 0
    assert "what this accepts can't be told: " in done.out
    assert kerasdiff("check", "--fingerprint", path(A)).status == 0


def test_a_waiver_of_the_usual_baseline_is_not_about_others(here: Path, kerasdiff: Command) -> None:
    assert kerasdiff("waive", "KD100", "--reason", "r", "--until", "never", "--fingerprint", path(B)).status == 0
    (here / "ci").mkdir()
    (here / "ci" / "gpu.json").write_bytes((here / "kerasdiff.json").read_bytes())
    assert kerasdiff("check", "ci/gpu.json", "--fingerprint", path(A)).status == 0
    assert kerasdiff("check", "ci/gpu.json", "--update", "--fingerprint", path(A)).status == 0
    assert len(find(start=here).policy.waivers) == 1


def test_the_same_api_is_compared_whatever_families_are(here: Path, kerasdiff: Command) -> None:
    document = raw(LATER)
    document["environment"]["TF_USE_LEGACY_KERAS"] = "1"
    (here / "kerasdiff.json").write_bytes(sealed(document))
    for policy in ("", 'families = ["settings", "symbols"]\n'):
        (here / "kerasdiff.toml").write_text(policy, encoding="utf-8")
        assert kerasdiff("check", "--fingerprint", "kerasdiff.json").out.startswith("kerasdiff: tf_keras ")


def test_a_small_change_is_seen(here: Path, kerasdiff: Command) -> None:
    document = raw(A)
    document["apis"]["tf.keras"]["settings"]["floatx"] = {"value": "float64", "source": "file"}
    assert edited(document).apis["tf.keras"].settings["floatx"].value == "float64"
    (here / "now.json").write_bytes(sealed(document))
    done = kerasdiff("check", "--fingerprint", "now.json")
    assert done.status == 1
    assert "floatx is 'float32' (the default) in A, 'float64' (keras.json) in B" in " ".join(done.out.split())
