"""What the index says of the shipped releases, against what is known of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kerasdiff.compare.engine import compare
from kerasdiff.releases import index, timeline
from kerasdiff.releases.shelf import release

if TYPE_CHECKING:
    from kerasdiff.releases.timeline import History, Range, Row

PLACES = index.contents().places


def history(subject: str, aspect: str | None = None) -> History:
    (found,) = timeline.find(subject)
    return timeline.history(found, aspect)


def rows(subject: str, aspect: str, line: str) -> list[Row]:
    found = next(one for one in history(subject, aspect).lines if one.line == line)
    return [*found.rows, *found.constant]


def by_release(ranges: tuple[Range, ...], line: str) -> dict[str, Range]:
    """What holds in each release of a line."""
    versions = [timeline.label(number) for number, place in enumerate(PLACES) if place.line == line]
    found = {}
    for part in ranges:
        for version in versions[versions.index(part.first) : versions.index(part.last) + 1]:
            found[version] = part
    return found


def known(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.partition("-")[0].split(".")[:2])


def test_lstm_took_another_activation_of_its_gates() -> None:
    for line, since in (("keras", (2, 3)), ("tf.keras", (2, 0))):
        (row,) = rows("layers.LSTM", "recurrent_activation", line)
        for version, part in by_release(row.ranges, line).items():
            assert part.value == ("sigmoid" if known(version) >= since else "hard_sigmoid"), version
        changes = [part.changed for part in row.ranges if part.changed is not None and part.changed.effect != "info"]
        assert [(one.effect, one.rules) for one in changes] == [("results", ("KD122",))]
        assert changes[0].remedy == "recurrent_activation='hard_sigmoid'"


def test_what_keras_1_called_otherwise_is_the_same_fact() -> None:
    (row,) = rows("layers.LSTM", "inner_activation", "keras on theano")
    assert [(part.value, part.name) for part in row.ranges if known(part.first) < (2, 0)] == [
        ("hard_sigmoid", "inner_activation")
    ]


def test_tensorflow_2_8_alone_draws_another_stream() -> None:
    (row,) = [one for one in rows("initializers.GlorotUniform", "seeded@2d.draw", "tf.keras") if one.is_measured]
    classes = {known(version): part.value for version, part in by_release(row.ranges, "tf.keras").items()}
    assert classes[2, 8] != classes[2, 10] == classes[2, 3]
    assert {part.changed.effect for part in row.ranges if part.changed is not None} == {"reproducibility"}


def test_hard_sigmoid_is_another_in_keras_3_and_the_crossing_says_so() -> None:
    told = history("activations.hard_sigmoid", "default@grid.inference")
    letters = {line.line: {part.value for row in [*line.rows, *line.constant] for part in row.ranges} for line in told.lines}
    assert letters["keras"] == letters["tf.keras"] == letters["keras on theano"] == {"A"}
    assert letters["keras 3"] == letters["keras 3 on jax"] == letters["keras 3 on torch"] == {"B"}
    crossing, later = told.crossings
    assert (crossing.a, crossing.b[:7]) == ("tf.keras of TensorFlow 2.15.1", "keras 3")
    assert later.a.startswith("tf_keras")
    for way in (crossing, later):
        assert [(one.effect, one.rules) for one in way.changes] == [("results", ("KD347",))]


def test_clipnorm_was_ignored_for_a_while() -> None:
    (row,) = rows("optimizers.Adam", "argument-clipnorm@1d.outcome", "tf.keras")
    told = {known(version): part for version, part in by_release(row.ranges, "tf.keras").items()}
    assert told[2, 3].value == "ignored"
    assert told[2, 8].value == told[1, 15].value == "honoured"
    assert told[2, 8].state == "value"


def test_a_setting_has_a_timeline() -> None:
    told = history("settings.floatx")
    assert all(line.constant and not line.rows for line in told.lines)


def test_what_no_symbol_is_has_a_timeline() -> None:
    (row,) = rows("training.fit", "cnn.history", "tf.keras")
    told = {known(version): part.value for version, part in by_release(row.ranges, "tf.keras").items() if part.value}
    assert told[1, 15] == "acc, loss"
    assert told[2, 3] == "accuracy, loss"


def test_since_when_a_symbol_is_there() -> None:
    line = next(one for one in history("layers.GroupNormalization").lines if one.line == "tf.keras")
    assert known(line.there[0][0]) == (2, 11)
    assert "keras" in history("layers.GroupNormalization").missing


@pytest.mark.parametrize("pattern", ["optimizers.adam", "optimizers.Adam", "data.tf.image.resize", "tf.image.resize"])
def test_a_subject_is_found_by_any_name(pattern: str) -> None:
    assert [one.name for one in timeline.find(pattern)]


def test_an_exact_name_is_that_subject_alone() -> None:
    assert [one.name for one in timeline.find("layers.Dense")] == ["layers.Dense"]


def test_patterns_match_anything() -> None:
    names = {one.name for one in timeline.find("*.LSTM*")}
    assert {"layers.LSTM", "layers.LSTMCell"} <= names
    assert all("LSTM" in " ".join((one.name, *one.names)) for one in timeline.find("*.LSTM*"))


@pytest.mark.parametrize("number", range(len(index.moves())))
def test_every_divergence_of_every_step_stands_with_its_subject(number: int) -> None:
    move = index.moves()[number]
    a, b = PLACES[move.a], PLACES[move.b]
    compared = compare(release(a.release), release(b.release), api_a=a.api, api_b=b.api)
    wanted = {(found.aspect, found.title) for found in compared.divergences if not found.subject.startswith(_OUTSIDE)}
    assert wanted
    assert wanted <= CHANGES[number]


_OUTSIDE = ("environment.", "import")


def _changes() -> dict[int, set[Any]]:
    found: dict[int, set[Any]] = {number: set() for number in range(len(index.moves()))}
    for file in timeline.every_file():
        for entry in index.entries(file):
            for change in entry.read().changes:
                found[change.step].add((change.aspect, change.title))
    return found


CHANGES = _changes()
