"""``kerasdiff inspect``: what people and scripts are told of a saved model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import h5py
import pytest

from kerasdiff.models.document import SCHEMA
from tests.conftest import acting
from tests.lab.models import MODELS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Ran

SEQUENTIAL = MODELS / "keras-2.2.4" / "sequential.h5"
FUNCTIONAL = MODELS / "keras-2.2.4" / "functional.h5"


def test_text_tells_layers_with_what_was_chosen(kerasdiff: Callable[..., Ran]) -> None:
    done = kerasdiff("inspect", SEQUENTIAL)
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[1] == "written by Keras 2.2.4 on tensorflow"
    assert "lstm  LSTM  unroll=True, units=2, recurrent_activation='sigmoid'" in lines
    assert "    kernel 4\u00d78, recurrent_kernel 2\u00d78, bias 8" in lines
    assert "recurrent_initializer" not in done.out  # as the release has it by itself
    assert max(map(len, lines[1:])) <= 80  # the first one names the file


def test_verbose_tells_all_arguments_and_digests(kerasdiff: Callable[..., Ran]) -> None:
    out = kerasdiff("inspect", SEQUENTIAL, "--verbose").out
    assert "recurrent_activation='sigmoid'" in " ".join(out.split())
    assert out.count("sha256:") == 11


def test_text_tells_connections_of_a_functional_model(kerasdiff: Callable[..., Ran]) -> None:
    lines = kerasdiff("inspect", FUNCTIONAL).out.splitlines()
    assert "    takes one; other" in lines
    assert "    takes shared, shared:1:0" in lines


def test_json_holds_what_is_known(kerasdiff: Callable[..., Ran]) -> None:
    document = json.loads(kerasdiff("inspect", FUNCTIONAL, "--format", "json").out)
    assert document["schema"] == SCHEMA
    assert document["writer"] == {"keras": "2.2.4", "backend": "tensorflow", "tensorflow": None, "date": None}
    shared = next(layer for layer in document["model"]["layers"] if layer["name"] == "shared")
    assert shared["arguments"]["units"] == 2
    assert "units" not in shared["at_default"]
    assert "use_bias" in shared["at_default"]
    assert [weight["shape"] for weight in shared["weights"]] == [[3, 2], [2]]
    assert document["optimizer"]["class_name"] == "SGD"
    assert document["compile"]["loss"] == "binary_crossentropy"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("anonymous.h5", "double is a Lambda: 98 bytes of byte-code of Python 3.0 to 3.7"),
        ("custom.h5", "scale is of the class Scale, which no release of Keras has"),
    ],
)
def test_what_is_peculiar_is_told(name: str, said: str, kerasdiff: Callable[..., Ran]) -> None:
    out = kerasdiff("inspect", MODELS / "keras-2.2.4" / name).out
    assert said in " ".join(out.partition("Peculiar")[2].split())


def test_names_in_a_file_don_t_act_on_a_terminal(tmp_path: Path, kerasdiff: Callable[..., Ran]) -> None:
    (tmp_path / "a.h5").write_bytes(FUNCTIONAL.read_bytes())
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        config = json.loads(file.attrs["model_config"])
        config["config"]["layers"][0]["config"]["name"] = "\x1b[31m::error::\u202e"
        config["config"]["layers"][1]["config"]["dtype"] = "\x1b]0;\x07"
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["keras_version"] = "2.2.4\x1b[2J\n::error::"
    for more in ([], ["--verbose"]):
        out = kerasdiff("inspect", tmp_path / "a.h5", *more).out
        assert acting(out) <= {"\n"}
        assert not any(line.lstrip().startswith("::") for line in out.splitlines())
