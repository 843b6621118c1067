"""Recovery key IDs as people read them out."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.model.ids import KeyTerm, format_key_id, parse_guid, parse_key_term

guids = st.uuids().map(str)


@given(guids, st.integers(8, 32))
def test_a_beginning_matches_its_own_key_however_it_is_written(key_id: str, length: int) -> None:
    digits = key_id.replace("-", "")[:length]
    for written in (
        digits,
        digits.upper(),
        format_key_id(digits),
        "{" + format_key_id(digits).upper() + "}",
        f" {digits} ",
    ):
        term = parse_key_term(written)
        assert term is not None
        assert term.matches(key_id)
        assert term.is_full is (length == 32)


@given(guids, guids)
def test_a_whole_id_matches_no_other_key(one: str, other: str) -> None:
    term = parse_key_term(one)
    assert term is not None
    assert term.matches(other) is (one == other)


@given(st.text(max_size=60))
def test_a_term_is_only_ever_hex_digits(text: str) -> None:
    term = parse_key_term(text)
    if term is not None:
        assert 8 <= len(term.digits) <= 32
        assert set(term.digits) <= set("0123456789abcdef")


@pytest.mark.parametrize("text", ["", "4a2b9c1", "4a2b9c1o", "O1234567", "g" * 8, "0" * 33, "४a2b9c1d"])
def test_nothing_is_corrected_and_short_is_short(text: str) -> None:
    assert parse_key_term(text) is None


def test_a_guid_is_whole_and_canonical() -> None:
    key_id = str(uuid.UUID(int=0x0123456789ABCDEF0123456789ABCDEF))
    assert parse_guid(key_id.upper()) == key_id
    assert parse_guid(key_id[:-1]) is None
    assert str(KeyTerm(key_id.replace("-", ""))) == key_id.upper()
    assert str(KeyTerm("4a2b9c1d")) == "4A2B9C1D"
