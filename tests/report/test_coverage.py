"""``kerasdiff show --coverage``: the figures as a table and as JSON, and what wasn't probed, by name."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from kerasdiff.compare import coverage
from kerasdiff.compare.coverage import KINDS
from kerasdiff.compare.side import Side
from tests.cli.test_escapes import EVIL, unsafe
from tests.conftest import COMPLETE, ENVIRONMENTS, THEANO, api_of, fingerprint, path, raw, sealed, symbol_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Ran

TF = "releases/tensorflow-2.15.1"


def rows(out: str) -> dict[str, list[str]]:
    """The cells of the table by kind."""
    lines = out.split("\n\n")[1].splitlines()
    return {cells[0]: cells[1:] for cells in map(str.split, lines)}


@pytest.mark.parametrize("name", [*COMPLETE, THEANO])
def test_the_table_has_the_figures_of_every_kind(name: str, kerasdiff: Callable[..., Ran]) -> None:
    done = kerasdiff("show", path(name), "--coverage")
    assert (done.status, done.err) == (0, "")
    found = rows(done.out)
    besides = coverage.besides(Side(fingerprint(name)))
    assert list(found) == ["kind", *KINDS, "all", *besides]
    for family, known in besides.items():
        assert found[family] == [f"{known.symbols:,}", f"{known.probed:,}", f"{known.cases:,}"]
    assert found["kind"] == ["symbols", "probed", "%", "cases"]
    kinds = coverage.of(Side(fingerprint(name)))
    for kind, known in kinds.items():
        assert found[kind] == [
            f"{known.symbols:,}",
            f"{known.probed:,}",
            str(100 * known.probed // known.symbols),
            f"{known.cases:,}",
        ]
    total = coverage.total(kinds)
    for column, figure in ((0, "symbols"), (1, "probed"), (3, "cases")):
        assert int(found["all"][column].replace(",", "")) == sum(getattr(known, figure) for known in kinds.values())
        assert found["all"][column] == f"{getattr(total, figure):,}"


def test_all_but_one_is_not_a_hundred_percent(kerasdiff: Callable[..., Ran], tmp_path: Path) -> None:
    document = raw(TF)
    for number in range(1000):
        document["apis"]["tf.keras"]["symbols"][f"activations.x{number}"] = {
            "kind": "function",
            "same_as": "keras:layers.Dense",
        }
        symbol_of(document, f"activations.x{number}", "tf.keras")["same_as"] = "tf.keras:activations.relu"
    document["apis"]["tf.keras"]["symbols"]["activations.one"] = {"kind": "function"}
    (tmp_path / "a.json").write_bytes(sealed(document))
    found = rows(kerasdiff("show", tmp_path / "a.json", "--coverage").out)
    before = coverage.of(Side(fingerprint(TF)))["activations"]
    assert before.probed == before.symbols
    assert found["activations"][:3] == [f"{before.symbols + 1001:,}", f"{before.probed + 1000:,}", "99"]


@pytest.mark.parametrize("name", COMPLETE)
def test_everything_not_probed_is_named_with_its_reason(name: str, kerasdiff: Callable[..., Ran]) -> None:
    out = kerasdiff("show", path(name), "--coverage").out
    lacking, _, outside = (" ".join(part.split()) for part in out.partition("\nOut of scope, not counted above\n"))
    for known in coverage.of(Side(fingerprint(name))).values():
        for told, reasons in ((lacking, known.not_probed), (outside, known.out_of_scope)):
            for symbol, why in reasons.items():
                assert re.search(rf"(?:^| ){re.escape(symbol)}(?:, [^:]*)?: {re.escape(' '.join(why.split()))}", told), symbol
    assert [line for line in out.splitlines() if len(line) > 80 and len(line.split()) > 1] == []


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_kinds_that_were_not_run_are_told_in_a_line(name: str, kerasdiff: Callable[..., Ran]) -> None:
    out = kerasdiff("show", path(name), "--coverage").out
    for kind in KINDS:
        assert f"\n  all {kind}: not run\n" in out


@pytest.mark.parametrize("api", ["keras", "tf.keras"])
def test_json_holds_figures_and_reasons(api: str, kerasdiff: Callable[..., Ran]) -> None:
    done = kerasdiff("show", path(TF), "--coverage", "--format", "json", "--api", api)
    assert (done.status, done.err) == (0, "")
    document: dict[str, Any] = json.loads(done.out)
    side = Side(fingerprint(TF), api)
    assert document == msgspec.to_builtins(coverage.of(side) | coverage.besides(side))
    assert list(document) == sorted([*KINDS, *coverage.besides(side)])
    assert document["losses"]["out_of_scope"].items() >= {"losses.get": "helper", "losses.serialize": "helper"}.items()


def test_the_api_is_named(kerasdiff: Callable[..., Ran]) -> None:
    label = fingerprint(TF).label
    assert kerasdiff("show", path(TF), "--coverage").out.startswith(f"tf.keras of {label}\n")
    assert kerasdiff("show", path(TF), "--coverage", "--api", "keras").out.startswith(f"keras of {label}\n")


def test_a_pattern_is_refused(kerasdiff: Callable[..., Ran]) -> None:
    assert "--coverage takes no PATTERN" in kerasdiff("show", path(TF), "layers.*", "--coverage").refusal()


def test_reasons_names_and_label_are_shown_and_not_executed(kerasdiff: Callable[..., Ran], tmp_path: Path) -> None:
    document = raw(TF)
    document["label"] += EVIL
    symbols = document["apis"]["tf.keras"]["symbols"]
    symbols["layers.Made"] = {"kind": "class", "not_probed": "needs" + EVIL}
    symbols["layers.Other"] = {"kind": "class", "not_probed": "[bold]:boom:"}
    symbols["layers." + EVIL] = {"kind": "class"}
    symbols["layers.Dense"]["cases"] = {"default@2d": {"build": {"state": "error", "type": EVIL, "message": EVIL}}}
    (tmp_path / "evil.json").write_bytes(sealed(document))
    done = kerasdiff("show", tmp_path / "evil.json", "--coverage")
    assert (done.status, done.err) == (0, "")
    assert unsafe(done.out) == set()
    assert "layers.Made: needs\\x1b[31m" in done.out
    assert "layers.Other: [bold]:boom:" in done.out
    assert not re.search("^fake: line", done.out, re.M)
    as_json = kerasdiff("show", tmp_path / "evil.json", "--coverage", "--format", "json").out
    assert unsafe(as_json) == set()
    assert json.loads(as_json)["layers"]["not_probed"]["layers.Made"] == "needs" + EVIL


def test_a_long_reason_is_cut(kerasdiff: Callable[..., Ran], tmp_path: Path) -> None:
    document = raw(THEANO)
    symbol_of(document, "layers.Lambda")["not_probed"] = "x" * 100_000
    (tmp_path / "long.json").write_bytes(sealed(document))
    assert len(kerasdiff("show", tmp_path / "long.json", "--coverage").out) < 20_000


def test_an_api_that_can_not_be_imported_has_nothing_probed(kerasdiff: Callable[..., Ran], tmp_path: Path) -> None:
    document = raw(THEANO)
    api_of(document).update(symbols={}, state="error", type="ImportError", message="no")
    (tmp_path / "broken.json").write_bytes(sealed(document))
    done = kerasdiff("show", tmp_path / "broken.json", "--coverage")
    assert done.status == 0
    assert rows(done.out)["all"] == ["0", "0", "0"]
