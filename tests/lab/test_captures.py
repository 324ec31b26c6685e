"""Captures of real environments: complete, true, repeatable, and without a trace in what is captured."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kerasdiff.capture.export import export
from kerasdiff.probe import canonical
from kerasdiff.probe.apis import FAMILIES
from tests.lab.builder import Built, MissingInterpreter, build
from tests.lab.capture import DECLARED, PATIENCE, environ, run

pytestmark = pytest.mark.lab

#: Name, APIs that must be there, and the one that people use.
ENVIRONMENTS = {
    "keras-1.2.2+theano-1.0.5": ({"keras"}, "keras"),
    "keras-2.2.4+theano-1.0.5": ({"keras"}, "keras"),
    "keras-2.2.4+cntk-2.7": ({"keras"}, "keras"),
    "keras-2.2.4+tensorflow-1.12.3": ({"keras", "tf.keras"}, "keras"),
    "keras-2.3.1+tensorflow-1.15.5": ({"keras", "tf.keras"}, "keras"),
    "tensorflow-2.3.4": ({"tf.keras"}, "tf.keras"),
    "tensorflow-2.10.1": ({"keras", "tf.keras"}, "tf.keras"),
    "tensorflow-2.15.1": ({"keras", "tf.keras"}, "tf.keras"),
    "keras-3.15.1+tensorflow-2.21.0": ({"keras", "tf.keras"}, "keras"),
    "keras-3.15.1+jax-0.12": ({"keras"}, "keras"),
    "keras-3.15.1+torch-2.13": ({"keras"}, "keras"),
}
#: Families in which runs of an environment differ. Keras on TensorFlow 1 reads and writes the step counter in no order; the
#: image layers of TensorFlow 2.3 take a seed from the system; what Theano says of an error depends on what ran before.
RACES = {
    "keras-2.2.4+theano-1.0.5": {"layers"},
    "keras-2.2.4+tensorflow-1.12.3": {"optimizers", "training"},
    "keras-2.3.1+tensorflow-1.15.5": {"optimizers", "training"},
    "tensorflow-2.3.4": {"layers"},
}
#: Share of the defaults that an independent route must confirm.
CONFIRMED = 0.995


def built(name: str) -> Built:
    """A lab environment; the test is skipped, loudly, where this machine lacks its Python."""
    try:
        return build(name)
    except MissingInterpreter as missing:
        pytest.skip(f"{name}: {missing}")


def checksums(root: Path) -> dict[str, tuple[int, int, str]]:
    """Size, time and, for what an import could write, content of every file of an environment."""
    found = {}
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink():
            written = path.suffix in (".py", ".pyc", ".json", ".pth", ".txt", "")
            digest = hashlib.sha256(path.read_bytes()).hexdigest() if written else ""
            found[str(path.relative_to(root))] = (path.stat().st_size, path.stat().st_mtime_ns, digest)
    return found


def families_with_unstable(fingerprint: dict[str, Any]) -> set[str]:
    """The families that hold facts which differed between the two runs of a capture."""
    measured = [
        (name.partition(".")[0], case)
        for api in fingerprint["apis"].values()
        for name, symbol in api["symbols"].items()
        for case in symbol.get("cases", {}).values()
    ]
    holders = [
        *((api, family) for api in fingerprint["apis"].values() for family in canonical.GROUPS if family in api),
        *((fingerprint["libraries"], family) for family in fingerprint["libraries"]),
    ]
    measured += [(family, case) for holder, family in holders for cases in holder[family].values() for case in cases.values()]
    return {
        family
        for family, case in measured
        if any(isinstance(fact, dict) and fact.get("state") == "unstable" for fact in case.values())
    }


def load(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_is_captured_alike_each_time_and_left_as_it_was(name: str, tmp_path: Path) -> None:
    environment = built(name)
    home = tmp_path / "home"
    home.mkdir()
    before = checksums(environment.root)
    files = [tmp_path / "first.json", tmp_path / "second.json", tmp_path / "alone.json"]
    for file in files[:2]:
        done = run(environment, home, "capture", "--python", str(environment.python), "-o", str(file))
        assert done.returncode == 0, done.stderr
    probe = tmp_path / "probe.pyz"
    export(probe)
    alone = [str(environment.python), str(probe), DECLARED, "-o", str(files[2])]
    subprocess.run(alone, env=environ(environment, home), check=True, capture_output=True, timeout=PATIENCE)

    first, second, by_itself = map(load, files)
    racing = families_with_unstable(first) | families_with_unstable(second)
    assert racing <= RACES.get(name, set())
    beside = {*racing, "measured", "all"} if racing else set()
    assert {key: first["digests"][key] for key in first["digests"].keys() - beside} == {
        key: second["digests"][key] for key in second["digests"].keys() - beside
    }
    assert first["digests"]["declared"] == by_itself["digests"]["declared"]
    for a, b in ((files[0], files[0]), (files[0], files[1])):
        compared = run(environment, home, "compare", str(a), str(b), "--fail-on", "info", "--format", "json")
        assert compared.stderr == ""
        found = json.loads(compared.stdout)
        assert found["not_comparable"] == []
        # A race may be lost in each run of one capture, and in none of another.
        assert {one["effect"] for one in found["divergences"]} <= {"reproducibility", "info"}
        assert {one["subject"].partition(".")[0] for one in found["divergences"]} <= racing
    assert checksums(environment.root) == before
    assert list(home.iterdir()) == []

    apis, preferred = ENVIRONMENTS[name]
    assert set(first["apis"]) == apis
    assert all("state" not in api for api in first["apis"].values())
    assert first["label"].startswith(f"{preferred}-")
    states = {name: family["state"] for name, family in first["captured"]["families"].items()}
    assert states == dict.fromkeys(FAMILIES, "ok")


@pytest.mark.parametrize(("name", "api"), [(name, api) for name, (apis, _) in ENVIRONMENTS.items() for api in sorted(apis)])
def test_defaults_agree_with_the_source_text(name: str, api: str, tmp_path: Path) -> None:
    environment = built(name)
    file = tmp_path / "a.json"
    assert (
        run(
            environment, tmp_path, "capture", "--python", str(environment.python), "--api", api, DECLARED, "-o", str(file)
        ).returncode
        == 0
    )
    checked = by_source(environment, file, api, tmp_path)
    known = checked["right"] + len(checked["wrong"]) + len(checked["unchecked"])
    assert known > 500
    assert checked["right"] >= CONFIRMED * known, checked["wrong"][:20]


def test_the_check_by_source_sees_a_wrong_default(tmp_path: Path) -> None:
    environment = built("tensorflow-2.15.1")
    file = tmp_path / "a.json"
    assert (
        run(
            environment,
            tmp_path,
            "capture",
            "--python",
            str(environment.python),
            "--api",
            "tf.keras",
            DECLARED,
            "-o",
            str(file),
        ).returncode
        == 0
    )
    content = load(file)
    content["apis"]["tf.keras"]["symbols"]["layers.LSTM"]["parameters"][2]["default"] = "hard_sigmoid"
    file.write_text(json.dumps(content))
    wrong = by_source(environment, file, "tf.keras", tmp_path)["wrong"]
    assert any(line.startswith("layers.LSTM.recurrent_activation:") for line in wrong)


def by_source(environment: Built, file: Path, api: str, home: Path) -> dict[str, Any]:
    script = Path(__file__).with_name("defaults_by_source.py")
    command = [str(environment.python), "-B", str(script), str(file), api]
    done = subprocess.run(
        command, env=environ(environment, home), capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    answers = [line[2:] for line in done.stdout.splitlines() if line.startswith("@@")]
    assert answers, done.stderr
    found: dict[str, Any] = json.loads(answers[0])
    return found


def report(environment: Built, home: Path, *arguments: str) -> dict[str, Any]:
    done = run(environment, home, "compare", "--format", "json", *arguments)
    assert done.stderr == "" or "env:" in " ".join(arguments), done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["gate"]["exit"] == done.returncode
    return found


def by_id(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {divergence["id"]: divergence for divergence in found["divergences"]}


def test_the_same_packages_with_another_keras_json_are_not_alike(tmp_path: Path) -> None:
    environment = built("tensorflow-2.15.1")
    (tmp_path / ".keras").mkdir()
    given = tmp_path / ".keras" / "keras.json"
    given.write_text('{"floatx": "float64", "epsilon": 1e-05, "backend": "tensorflow", "image_data_format": "channels_first"}')
    kept = given.read_bytes()
    plain = tmp_path / "plain"
    plain.mkdir()
    files = [str(tmp_path / "a.json"), str(tmp_path / "b.json")]
    for home, file in ((plain, files[0]), (tmp_path, files[1])):
        assert run(environment, home, "capture", "--python", str(environment.python), "-o", file).returncode == 0
    found = report(environment, tmp_path, *files)
    divergences = by_id(found)
    assert found["gate"]["exit"] == 1
    assert found["context"]["packages"] == []
    assert divergences["settings.image_data_format/value"]["effect"] == "architecture"
    assert divergences["settings.floatx/value"]["effect"] == "results"
    assert divergences["settings.epsilon/value"]["b"] == 1e-05
    assert load(Path(files[1]))["apis"]["tf.keras"]["settings"]["floatx"] == {"value": "float64", "source": "file"}
    assert given.read_bytes() == kept


def test_an_environment_can_be_an_operand(tmp_path: Path) -> None:
    environment = built("tensorflow-2.15.1")
    operand = f"env:{environment.root}"
    found = report(environment, tmp_path, operand, operand)
    assert found["divergences"] == []


def test_upgrading_changes_the_recurrent_layers(tmp_path: Path) -> None:
    old, new = built("keras-2.3.1+tensorflow-1.15.5"), built("tensorflow-2.3.4")
    files = [str(tmp_path / "a.json"), str(tmp_path / "b.json")]
    for environment, file in zip((old, new), files, strict=True):
        assert run(environment, tmp_path, "capture", "--python", str(environment.python), "-o", file).returncode == 0
    divergences = by_id(report(old, tmp_path, *files, "--api", "tf.keras"))
    changed = divergences["layers.LSTM/parameter.recurrent_activation"]
    assert (changed["a"], changed["b"]) == ("hard_sigmoid", "sigmoid")
    changed = divergences["layers.GRU/parameter.reset_after"]
    assert (changed["a"], changed["b"], changed["effect"]) == (False, True, "architecture")
    assert not any(found.startswith("layers.MaxPool2D/") for found in divergences)

    within = by_id(report(old, tmp_path, files[0], files[0], "--api-a", "keras", "--api-b", "tf.keras"))
    assert within["optimizers.Adagrad/parameter.learning_rate"]["b"] == 0.001


def test_python_2_refuses_in_one_line(tmp_path: Path) -> None:
    environment = built("keras-1.2.2+theano-1.0.5+python-2.7")
    done = run(environment, tmp_path, "capture", "--python", str(environment.python), "-o", str(tmp_path / "a.json"))
    lines = [line for line in done.stderr.splitlines() if "capturing" not in line]
    assert done.returncode == 2
    assert len(lines) == 1
    assert "Python 2.7 is too old" in lines[0]
    assert not (tmp_path / "a.json").exists()


def test_a_backend_that_is_missing_is_told_in_one_line(tmp_path: Path) -> None:
    environment = built("keras-3.15.1+jax-0.12")
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras" / "keras.json").write_text('{"backend": "torch"}')
    python = str(environment.python)
    variables = {name: value for name, value in environ(environment, tmp_path).items() if name != "KERAS_BACKEND"}
    command = [sys.executable, "-m", "kerasdiff", "capture", "--python", python, "-o", str(tmp_path / "a.json")]
    variables["PYTHONPATH"] = str(Path(__file__).parents[2])
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 3
    assert "No module named 'torch'" in done.stderr.splitlines()[-1]
    assert not (tmp_path / "a.json").exists()
