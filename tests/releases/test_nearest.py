"""Which release an environment equals, and what makes it differ from stock: edited fingerprints of releases."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from kerasdiff.releases import index, outline
from kerasdiff.releases.nearest import Nearest, nearest
from kerasdiff.releases.shelf import releases
from tests.conftest import COMPLETE, THEANO, api_of, path, raw, sealed, symbol_of, text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Ran

DENSE = "layers.Dense"


def found(edit: Callable[[dict[str, Any]], object], release: str = THEANO) -> Nearest:
    document = raw(f"releases/{release}")
    edit(document)
    return nearest(sealed(document), "edited")


def measured(document: dict[str, Any], symbol: str = DENSE) -> list[float]:
    values: list[float] = symbol_of(document, symbol)["cases"]["default@2d"]["inference"]["values"]
    return values


@pytest.mark.parametrize("name", COMPLETE)
def test_every_release_is_itself_in_each_of_its_apis(name: str) -> None:
    release = name.removeprefix("releases/")
    for api in releases()[release].apis:
        told = nearest(text(name), name, api)
        assert told.identical
        same = {told.release, *(one.partition(" ")[0] for one in told.also)}
        assert release in same
        assert told.facts == told.same > 0


def test_numbers_within_tolerance_equal_the_release() -> None:
    def nudge(document: dict[str, Any]) -> None:
        values = measured(document)
        values[0] *= 1 + 1e-8

    told = found(nudge)
    assert (told.release, told.equal, told.identical, told.facts - told.same) == (THEANO, True, False, 1)


def test_a_patched_symbol_is_as_in_no_release() -> None:
    def patch(document: dict[str, Any]) -> None:
        values = measured(document)
        values[0] += 1

    told = found(patch)
    assert (told.release, told.equal) == (THEANO, False)
    assert [(one.subject, one.effect, one.releases) for one in told.differences] == [(DENSE, "results", ())]


def test_a_symbol_of_another_release_is_said_to_be_of_it() -> None:
    other = raw("releases/keras-2.3.1+tensorflow-1.15.5")

    def swap(document: dict[str, Any]) -> None:
        api_of(document)["symbols"]["layers.LSTM"] = symbol_of(other, "layers.LSTM")

    told = found(swap, "keras-2.2.4+tensorflow-1.12.3")
    assert told.release == "keras-2.2.4+tensorflow-1.12.3"
    (lstm,) = [one for one in told.differences if one.subject == "layers.LSTM"]
    assert lstm.releases == ("keras-2.3.1+tensorflow-1.15.5",)


def test_a_part_of_another_release_is_said_to_be_nearer_to_it() -> None:
    other = api_of(raw("releases/tensorflow-2.10.1"), "tf.keras")["symbols"]

    def mix(document: dict[str, Any]) -> None:
        symbols = api_of(document, "tf.keras")["symbols"]
        symbols.update({name: known for name, known in other.items() if name.startswith("optimizers.") and name in symbols})

    told = found(mix, "tensorflow-2.11.1")
    assert told.release == "tensorflow-2.11.1"
    (part,) = [one for one in told.parts if one.name == "optimizers"]
    assert part.best == "tensorflow-2.10.1"
    assert part.best_same > part.same


def test_what_was_set_is_said() -> None:
    def configure(document: dict[str, Any]) -> None:
        api_of(document)["settings"]["floatx"].update(value="float16", source="file")
        document["environment"]["KERAS_BACKEND"] = "tensorflow"

    told = found(configure)
    assert any(title.startswith("floatx is 'float32'") for title in told.settings)
    assert all(not one.subject.startswith("settings.") for one in told.differences)


def test_a_fork_is_said_by_its_symbols_versions_and_source() -> None:
    def fork(document: dict[str, Any]) -> None:
        api = api_of(document)
        api["symbols"]["layers.Ours"] = api["symbols"].pop("layers.Masking")
        api["version"] = "2.2.4+ours"
        document["distributions"]["Keras" if "Keras" in document["distributions"] else "keras"] |= {
            "stack": True,
            "source": {"kind": "git", "commit": "0123abc"},
        }

    told = found(fork)
    assert told.release == THEANO
    assert told.strangers == ("layers.Ours",)
    assert "layers.Masking" in told.missing
    assert told.versions == ("keras is 2.2.4+ours, of the release 2.2.4",)
    assert [line for line in told.sources if "is installed from git 0123abc" in line]


def test_another_form_of_the_same_text_is_the_same() -> None:
    told = nearest(json.dumps(raw(f"releases/{THEANO}"), indent=3).encode(), "reformatted")
    assert (told.release, told.equal, told.facts - told.same) == (THEANO, True, 0)


def test_what_is_unstable_is_the_same_with_another_scatter() -> None:
    def scatter(number: float) -> dict[str, str]:
        document = raw(f"releases/{THEANO}")
        symbol_of(document, DENSE)["cases"]["default@2d"]["inference"] = {"state": "unstable", "scatter": number}
        known = outline.outline(sealed(document))
        assert known is not None
        return outline.digests(known, "keras")

    assert scatter(0.1) == scatter(0.2)


def test_the_index_knows_every_api() -> None:
    assert set(index.stock().places) == {(name, api) for name, one in releases().items() for api in one.apis}


def test_the_command_says_it_in_words(kerasdiff: Callable[..., Ran], tmp_path: Path) -> None:
    ran = kerasdiff("nearest", path(f"releases/{THEANO}"))
    assert ran.status == 0
    assert ran.out.splitlines()[1].startswith(f"is the stock release {THEANO} (keras), bit for bit in ")
    document = raw(f"releases/{THEANO}")
    measured(document)[0] += 1
    file = tmp_path / "patched.json"
    file.write_bytes(sealed(document))
    out = kerasdiff("nearest", file).out
    assert f"is nearest to the stock release {THEANO} (keras)" in out
    assert "\nAs in no shipped release\n  layers.Dense: results: default@2d: inference differs by" in out
    assert max(len(line) for line in out.splitlines() if str(tmp_path) not in line) <= 80


def test_the_command_reads_standard_input_and_prints_json(kerasdiff: Callable[..., Ran]) -> None:
    told = json.loads(kerasdiff("nearest", "-", "--format", "json", stdin=text(f"releases/{THEANO}")).out)
    assert (told["schema"], told["release"], told["identical"]) == ("kerasdiff.nearest/1", THEANO, True)


def test_another_api_can_be_asked_for(kerasdiff: Callable[..., Ran]) -> None:
    file = path("releases/keras-2.3.1+tensorflow-1.15.5")
    assert "(tf.keras), bit for bit" in kerasdiff("nearest", file, "--api", "tf.keras").out
    assert "has no API tf_keras; it has keras, tf.keras" in kerasdiff("nearest", file, "--api", "tf_keras").refusal()


def test_a_release_is_itself_by_its_name(kerasdiff: Callable[..., Ran]) -> None:
    assert "is the stock release tensorflow-2.15.1 (tf.keras), bit for bit" in kerasdiff("nearest", "tensorflow==2.15").out
    assert "(tf.keras), bit for bit" in kerasdiff("nearest", "keras==2.3.1", "--api", "tf.keras").out
    assert "isn't shipped" in kerasdiff("nearest", "tensorflow==9").refusal()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"{}", "is JSON, but not a fingerprint"),
        (b'{"schema": "kerasdiff.fingerprint/1", "apis": {}}', "is damaged"),
        (b"[" * 100_000, "nested deeper"),
        (b"\xff\xfe", "binary data"),
        (b'{"schema": "kerasdiff.fingerprint/9", "apis": {"keras": {}}}', "use a newer kerasdiff"),
    ],
)
def test_bad_input_is_said_in_a_line(content: bytes, said: str, kerasdiff: Callable[..., Ran], tmp_path: Path) -> None:
    file = tmp_path / "bad.json"
    file.write_bytes(content)
    assert said in kerasdiff("nearest", file).refusal()


def test_a_file_whose_digests_do_not_fit_is_refused(kerasdiff: Callable[..., Ran], tmp_path: Path) -> None:
    document = raw(f"releases/{THEANO}")
    measured(document)[0] += 1
    file = tmp_path / "forged.json"
    file.write_text(json.dumps(document))
    assert "doesn't fit its content" in kerasdiff("nearest", file).refusal()


def test_a_slim_baseline_is_refused(kerasdiff: Callable[..., Ran], tmp_path: Path) -> None:
    document = raw(f"releases/{THEANO}")
    document["captured"]["slim"] = {}
    symbol_of(document, DENSE)["deprecated"] = True
    file = tmp_path / "slim.json"
    file.write_bytes(sealed(document))
    assert "is a slim baseline" in kerasdiff("nearest", file).refusal()
