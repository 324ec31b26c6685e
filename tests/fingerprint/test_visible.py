"""Text from outside is made safe to show."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kerasdiff.text import visible

TURNS = {"RLE", "LRE", "RLO", "LRO", "PDF", "RLI", "LRI", "FSI", "PDI"}
#: Every character there is, those that act on a terminal far more often than chance would have it.
CHARACTERS = (
    st.characters() | st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp"]) | st.sampled_from("\x1b\x9b\x00\r\n\u202e")
)


@given(st.text(CHARACTERS, max_size=60))
@example("\x1b[31m\x9b2J\u202e\u2066\r\n\x00\x7f\ud800\ufeff")
def test_no_character_that_acts_gets_through(text: str) -> None:
    shown = visible(text)
    assert not any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in shown)
    assert not any(unicodedata.bidirectional(character) in TURNS for character in shown)
    shown.encode("utf-8")


def test_every_character_that_acts_is_written_out() -> None:
    acting = [chr(number) for number in range(0x110000) if unicodedata.category(chr(number)) in {"Cc", "Cs", "Zl", "Zp"}]
    assert len(acting) > 2000
    for character in acting:
        assert visible(character) == character.encode("unicode_escape").decode()


@given(st.text(CHARACTERS, max_size=60))
def test_what_is_safe_already_stays(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@pytest.mark.parametrize("text", ["", "layers.LSTM", "naïve Größe → 模型 🙂", "a\\x1b", "[bold]:smile:"])
def test_plain_text_is_shown_as_it_is(text: str) -> None:
    assert visible(text) == text


@given(st.text(CHARACTERS, max_size=60), st.integers(0, 40))
def test_length_is_bounded_and_the_cut_is_seen(text: str, limit: int) -> None:
    shown = visible(text, limit)
    if len(text) > limit:
        assert shown == visible(text[:limit]) + "…"
    else:
        assert shown == visible(text)
