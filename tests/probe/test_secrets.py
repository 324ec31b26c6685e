"""Secrets planted all over an environment stand nowhere in its fingerprint."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from kerasdiff.probe import data
from tests.probe.place import Place, distribution

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.probe.place import Outcome

GITHUB = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"
AWS = "AKIAIOSFODNN7EXAMPLE"
HUGGING_FACE = "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"
OPENAI = "sk-proj-4fT9bLmQ7xWcR2nZ8vKs"
PASSWORD = "hunter2-and-more"
WEB = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N"
COMMIT = "5bc9d26649cca274750ad625bd93422617eed4bc"

LAYERS = f"""
class Raises(Layer):
    def get_config(self):
        raise RuntimeError("GET https://user:{PASSWORD}@host/x.h5?token={GITHUB} failed")

class LongRaises(Layer):
    def get_config(self):
        raise RuntimeError("x" * 279 + " https://u:{PASSWORD}@host/")

class Holds(Layer):
    def __init__(self, key="{OPENAI}", where="/home/u/{GITHUB}/x", raw=b"{AWS}", nested=({{"a": ["{HUGGING_FACE}"]}},)):
        super(Holds, self).__init__()
    def get_config(self):
        return {{"{GITHUB}": 1, "where": os.path.expanduser("~/x"), "text": "password={PASSWORD}", "web": "{WEB}"}}

class Environment(Layer):
    def get_config(self):
        return {{"home": os.environ["HOME"], "all": sorted(os.environ.get("ALL", "").split())}}
"""
INIT = f"""
class Settings:
    @staticmethod
    def floatx():
        raise ValueError("bad credentials: secret_key='{PASSWORD}'")
config = Settings
"""


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory, pyz: Path, bare: Path) -> Iterator[Outcome]:
    """The capture of an environment full of secrets."""
    place = Place(tmp_path_factory.mktemp("secrets") / "place", pyz, bare)
    place.plant(LAYERS, init=INIT)
    home = place.root / "users" / GITHUB
    home.mkdir(parents=True)
    address = f"git+https://user:{PASSWORD}@host/x.git"
    direct = {"url": address, "vcs_info": {"vcs": "git", "commit_id": COMMIT, "requested_revision": GITHUB}}
    distribution(place.packages, "from-git", "1.0", {"direct_url.json": json.dumps(direct), "INSTALLER": f"pip {HUGGING_FACE}"})
    direct = {"url": f"https://host/x.whl?token={GITHUB}", "archive_info": {"hash": f"sha256={'0' * 64}"}}
    distribution(place.packages, "from-archive", "1.0", {"direct_url.json": json.dumps(direct)})
    keras = distribution(place.packages, "keras", "9.9.9")
    (keras / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: keras\nVersion: 9.9.9\nRequires-Dist: numpy @ {address}\nDescription: {GITHUB}\n",
        encoding="utf-8",
    )
    yield place.captured(
        "--verbose",
        HOME=str(home),
        TF_SECRET_TOKEN=GITHUB,
        KERAS_API_KEY=OPENAI,
        AWS_ACCESS_KEY_ID=AWS,
        XLA_FLAGS=f"--xla_dump_to=/home/u/{GITHUB} --xla_cpu=1",
        TF_XLA_FLAGS=f"--tf_xla_dump={home}/dump",
        THEANO_FLAGS=f"device=cpu,password={PASSWORD}",
        OMP_NUM_THREADS="4",
    )
    place.check_left_nothing()


@pytest.mark.parametrize("secret", [GITHUB, AWS, HUGGING_FACE, OPENAI, PASSWORD, WEB])
def test_secret_stands_nowhere(planted: Outcome, secret: str) -> None:
    text = planted.out.decode("ascii")
    assert secret not in text
    for start in range(0, len(secret) - 8, 4):
        assert secret[start + 4 : start + 12] not in text


@pytest.mark.parametrize(
    "name", ["TF_SECRET_TOKEN", "KERAS_API_KEY", "AWS_ACCESS_KEY_ID", "KERASDIFF_TEST_PLACE", "PWD", "PATH"]
)
def test_other_variables_are_not_named(planted: Outcome, name: str) -> None:
    assert f'"{name}"' not in planted.out.decode("ascii")


def test_what_is_left_is_told(planted: Outcome) -> None:
    assert planted.fingerprint["environment"] == {
        "XLA_FLAGS": "--xla_dump_to=<path>/<redacted> --xla_cpu=1",
        "TF_XLA_FLAGS": "--tf_xla_dump=<path>/<redacted>/dump",
        "THEANO_FLAGS": "device=cpu,password=<redacted>",
        "OMP_NUM_THREADS": "4",
    }
    assert planted.fingerprint["distributions"]["from-git"]["source"] == {"kind": "git", "commit": COMMIT}
    assert planted.fingerprint["distributions"]["from-archive"] == {"source": {"kind": "archive"}}
    assert planted.fingerprint["distributions"]["keras"]["requires"] == ["numpy @ git+https://<redacted>@host/x.git"]
    raised = planted.symbol("layers.Raises")["instance"]
    assert raised["type"] == "RuntimeError"
    assert raised["message"].startswith("GET https://<redacted>@host/x.h5?token=<redacted>")


def test_home_of_the_library_is_not_told(planted: Outcome) -> None:
    assert "kerasdiff-" not in planted.out.decode("ascii").replace("kerasdiff-0", "")


def test_only_variables_of_the_list(place: Place) -> None:
    names = data.load("variables.json")["names"]
    place.plant()
    given = {name: f"value-of-{name.lower()}" for name in names if not name.startswith(("PYTHON", "LC_", "LANG", "KERAS_HOME"))}
    others = {f"{name}_X": "other-value" for name in given} | {f"X_{name}": "other-value" for name in given}
    outcome = place.captured(**given, **others, lc_all="other-value", Xla_Flags="other-value")
    assert outcome.fingerprint["environment"] == given
    assert "other-value" not in outcome.out.decode("ascii")


def test_list_is_of_exact_names() -> None:
    names = data.load("variables.json")["names"]
    assert all(name.isidentifier() and name.isupper() for name in names)
    assert [name for name in names if re.search("TOKEN|SECRET|KEY|PASS|AUTH|CREDENTIAL", name)] == []


def test_bytes_that_are_no_text(place: Place) -> None:
    place.plant()
    outcome = place.captured(XLA_FLAGS="--x=\udcff\udc80")
    assert outcome.fingerprint["environment"]["XLA_FLAGS"] == "--x=\udcff\udc80"


def test_path_of_the_interpreter_is_shortened(place: Place, bare: Path) -> None:
    place.plant("class Where(Layer):\n    def get_config(self):\n        return {'prefix': sys.prefix, 'path': sys.path[1:]}\n")
    config = place.captured().config("layers.Where")
    assert config["prefix"] == "<prefix>"
    assert str(bare.parents[1]) not in json.dumps(config)
