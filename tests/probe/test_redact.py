"""The redactor hides secrets and private paths, and leaves what real environments say as it is."""

from __future__ import annotations

import base64
import json
import string
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasdiff.probe.redact import HIDDEN, MAX_LENGTH, Redactor, redactor
from tests.conftest import ENVIRONMENTS, raw

if TYPE_CHECKING:
    from collections.abc import Iterator

LETTERS = string.ascii_letters
ALPHANUMERIC = LETTERS + string.digits
UPPER = string.ascii_uppercase + string.digits
URL_SAFE = ALPHANUMERIC + "_-"
HEX = "0123456789abcdef"

HOME = "/people-of-nowhere/somebody"  # where no folder of this machine is
ROOT = "/opt/conda/envs/tf"


def random(alphabet: str, least: int, most: int | None = None) -> st.SearchStrategy[str]:
    """Random text of this length."""
    return st.text(alphabet, min_size=least, max_size=most or least)


def shape(prefix: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A token that starts with ``prefix``."""
    return st.tuples(*parts).map(lambda found: prefix + "".join(found))


# The shapes as their vendors document them; GitHub's secret scanning lists them all.
TOKENS = {
    "github": shape("ghp_", random(ALPHANUMERIC, 36)),
    "github app": shape("ghs_", random(ALPHANUMERIC, 36)),
    "github fine-grained": shape("github_pat_", random(ALPHANUMERIC, 22), st.just("_"), random(ALPHANUMERIC, 59)),
    "gitlab": shape("glpat-", random(URL_SAFE, 20)),
    "hugging face": shape("hf_", random(LETTERS, 34)),
    "openai": shape("sk-", random(ALPHANUMERIC, 48)),
    "openai project": shape("sk-proj-", random(URL_SAFE, 48)),
    "anthropic": shape("sk-ant-api03-", random(URL_SAFE, 90)),
    "stripe": shape("sk_live_", random(ALPHANUMERIC, 24)),
    "stripe restricted": shape("rk_test_", random(ALPHANUMERIC, 24)),
    "aws": shape("AKIA", random(UPPER, 16)),
    "aws temporary": shape("ASIA", random(UPPER, 16)),
    "google": shape("AIza", random(URL_SAFE, 35)),
    "google oauth": shape("ya29.", random(URL_SAFE, 60)),
    "slack": shape("xoxb-", random(string.digits, 11), st.just("-"), random(ALPHANUMERIC, 24)),
    "npm": shape("npm_", random(ALPHANUMERIC, 36)),
    "pypi": shape("pypi-AgEIcHlwaS5vcmc", random(URL_SAFE, 60)),
    "digital ocean": shape("dop_v1_", random(HEX, 64)),
    "hexadecimal": random(HEX, 32, 64),
    "json web token": st.tuples(random(ALPHANUMERIC, 20), random(URL_SAFE, 40), random(URL_SAFE, 43)).map(
        lambda parts: "eyJ" + ".".join(parts)
    ),
}
# What may stand before and after a token.
BEFORE = st.sampled_from(["", " ", "'", '"', "=", ": ", "/", "(", "x=", "\n", "--flag=", "token is ", "https://host/"])
AFTER = st.sampled_from(["", " ", "'", '"', ",", ";", ")", "\n", "/", "&b=1", " was refused"])

SECRETS = random(ALPHANUMERIC + "!$%*+.-_", 8, 40).filter(lambda text: text.strip("."))
NAMES = [
    *("password", "PASSWD", "db_password", "pwd", "api_key", "apikey", "X-API-KEY", "secret", "client_secret", "SECRET_KEY"),
    *("access_key", "aws_secret_access_key", "auth_token", "HF_TOKEN", "credentials", "private_key", "passphrase"),
]


@pytest.fixture(scope="module")
def clean() -> Redactor:
    """A redactor for a user and an environment that this machine doesn't have."""
    return Redactor(HOME, [ROOT, "/usr"])


# Hypothesis would call a fixture's consumer again and again; a redactor only remembers what it has seen.
CLEAN = Redactor(HOME, [ROOT, "/usr"])


@pytest.mark.parametrize("kind", TOKENS)
@given(data=st.data())
def test_tokens_are_hidden(kind: str, data: st.DataObject) -> None:
    token, before, after = data.draw(TOKENS[kind]), data.draw(BEFORE), data.draw(AFTER)
    cleaned = CLEAN.text(before + token + after)
    assert token not in cleaned
    assert token[-8:].strip("-_.") not in cleaned
    assert HIDDEN in cleaned


@given(st.sampled_from(NAMES), st.sampled_from(["=", ": ", " = ", '": "', "='"]), SECRETS)
def test_what_a_name_calls_secret_is_hidden(name: str, sign: str, secret: str) -> None:
    assert secret not in CLEAN.text(f"refused with {name}{sign}{secret}")


def test_names_one_after_the_other() -> None:
    assert CLEAN.text("bad credentials: secret_key='hunter2-x'") == f"bad credentials: secret_key='{HIDDEN}'"
    assert CLEAN.text("password: token: hunter2-x") == f"password: token: {HIDDEN}"


@given(st.sampled_from(["https", "git+https", "http", "ssh", "postgres"]), random(ALPHANUMERIC, 1, 12), SECRETS)
def test_credentials_of_an_address_are_hidden(scheme: str, user: str, secret: str) -> None:
    cleaned = CLEAN.text(f"can't clone {scheme}://{user}:{secret}@example.org/x.git")
    assert cleaned == f"can't clone {scheme}://{HIDDEN}@example.org/x.git"


@given(random(ALPHANUMERIC + "+/", 64, 400))
def test_private_keys_are_hidden(body: str) -> None:
    for kind in ("RSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "PRIVATE KEY"):
        text = f"-----BEGIN {kind}-----\n{body}\n-----END {kind}-----"
        assert CLEAN.text(f"bad key: {text}!") == f"bad key: {HIDDEN}!"
        assert body[40:] not in CLEAN.text(text[: len(text) // 2 + 30])  # one that was cut off


@given(st.binary(min_size=30, max_size=60))
def test_authorization_header_is_hidden(secret: bytes) -> None:
    encoded = base64.b64encode(secret).decode("ascii")
    assert encoded.rstrip("=") not in CLEAN.text(f"Authorization: Bearer {encoded}")


@given(st.text(max_size=300))
def test_twice_is_once(text: str) -> None:
    once = CLEAN.text(text)
    assert Redactor(HOME, [ROOT, "/usr"]).text(once) == once


@given(st.text(min_size=0, max_size=3 * MAX_LENGTH))
def test_length_is_bounded(text: str) -> None:
    assert len(CLEAN.text(text)) <= MAX_LENGTH + 30


def test_cut_hides_no_secret_from_the_redactor() -> None:
    secret = "hunter2-and-more"
    for position in range(MAX_LENGTH - 60, MAX_LENGTH + 5):
        assert "hunter" not in CLEAN.text("x" * position + f" https://user:{secret}@host/" + "y" * 100)


def strings(value: Any) -> Iterator[str]:
    """Every string in a JSON value, the keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from strings(part)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_real_fingerprints_pass_unchanged(name: str) -> None:
    fingerprint = raw(name)
    del fingerprint["digests"]
    found = sorted(set(strings(fingerprint)))
    assert len(found) > 500
    here = redactor()
    assert [text for text in found if here.text(text) != text] == []
    assert [text for text in found if HIDDEN in text or "<path>" in text] == []
    assert here.value(fingerprint) == fingerprint


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{HOME}/.keras/keras.json", "~/.keras/keras.json"),
        (f"in {HOME}", "in ~"),
        (f"{HOME}2/x", f"{HOME}2/x"),
        (f"{HOME}.old", f"{HOME}.old"),
        (f"{ROOT}/lib/python3.9/x.py", "<prefix>/lib/python3.9/x.py"),
        ("File '/usr/lib/x.so' is missing", "File '<prefix>/lib/x.so' is missing"),
        ("cannot open /tmp/kerasdiff-x8/home/secret project/a.so", "cannot open <path>/secret project/a.so"),
        ("/publish/epoch/end/", "/publish/epoch/end/"),
        ("https://keras.io/api/layers", "https://keras.io/api/layers"),
        ("ab,bc->ac", "ab,bc->ac"),
        ("<keras.Layer object at 0x7f3a5c0d1e20>", "<keras.Layer object at <address>>"),
        ("0x7f3a5c0d1e20", "<address>"),
        ("0xff", "0xff"),
        ("2.16.0rc1+cu118", "2.16.0rc1+cu118"),
        ("sk-learn", "sk-learn"),
        ("tokenizer", "tokenizer"),
        ("max_tokens=6", "max_tokens=6"),
        ("num_tokens: 12", "num_tokens: 12"),
        ("/job:localhost/replica:0/task:0/device:CPU:0", "/job:localhost/replica:0/task:0/device:CPU:0"),
        ("", ""),
    ],
)
def test_paths_and_addresses(clean: Redactor, text: str, expected: str) -> None:
    assert clean.text(text) == expected


def test_link_to_the_home_is_shortened_too(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    shortened = Redactor(str(tmp_path / "link"), [])
    assert shortened.text(str(tmp_path / "link" / "x.json")) == "~/x.json"
    assert shortened.text(str(tmp_path / "real" / "x.json")) == "~/x.json"


@pytest.mark.parametrize("home", ["", "/", "//", "C:\\"])
def test_root_is_no_home(home: str) -> None:
    assert Redactor(home, []).text("/a b/c") == "/a b/c"


def test_deepest_root_counts() -> None:
    assert Redactor("/home/u", ["/home/u/env"]).text("/home/u/env/bin, /home/u/x") == "<prefix>/bin, ~/x"


def test_keys_and_nested_strings_are_cleaned(clean: Redactor) -> None:
    token = "ghp_" + "a1" * 18
    value = {f"{HOME}/x": [1, None, True, 2.5, {"a": f"b {token}"}], token: token}
    text = json.dumps(clean.value(value))
    assert token not in text
    assert HOME not in text
    assert clean.value([1, None, True, 2.5]) == [1, None, True, 2.5]


def test_commit_is_no_secret(clean: Redactor) -> None:
    commit = "5bc9d26649cca274750ad625bd93422617eed4bc"
    assert clean.value({"kind": "git", "commit": commit}) == {"kind": "git", "commit": commit}
    assert clean.value({"commit": f"token={commit}"}) == {"commit": f"token={HIDDEN}"}
    assert clean.value({"other": commit}) == {"other": HIDDEN}


def test_redactor_of_this_process() -> None:
    assert redactor().text(str(Path(sys.prefix, "lib", "y"))) == str(Path("<prefix>", "lib", "y"))
    assert redactor().text(str(Path("~", "x").expanduser())).startswith(("~", "<prefix>"))
