"""What counts as a recovery password, by its own definition: eight 16-bit words times eleven."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vault.keys import invented_key_id
from tui.errors import Problem, ProblemKind
from tui.vault.messages import harmless
from tui.vault.password import password_in

KEY_ID = invented_key_id(1)
WORDS = st.lists(st.integers(0, 2**16 - 1), min_size=8, max_size=8)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "key", "value", "x"]), inner),
    max_leaves=8,
)


def text_of(words: list[int]) -> str:
    return "-".join(f"{word * 11:06d}" for word in words)


def body(key: object, **more: object) -> bytes:
    return json.dumps({"id": KEY_ID, "key": key, **more}).encode()


@given(WORDS, st.sampled_from(["bare", "wrapped", "list"]))
def test_every_password_that_holds_is_taken(words: list[int], shape: str) -> None:
    item = {"id": KEY_ID.upper(), "key": text_of(words), "createdDateTime": "2026-04-15T07:12:00Z", "volumeType": "1"}
    bodies = {"bare": item, "wrapped": {"@odata.context": "c", "value": item}, "list": {"value": [item]}}
    password = password_in(json.dumps(bodies[shape]).encode(), KEY_ID)
    assert [int(bytes(password.block(index))) // 11 for index in range(8)] == words
    password.wipe()
    assert {bytes(password.block(index)) for index in range(8)} == {bytes(6)}


@given(WORDS, st.integers(0, 47), st.integers(1, 9))
def test_every_wrong_digit_is_found(words: list[int], place: int, by: int) -> None:
    digits = list(text_of(words).replace("-", ""))
    digits[place] = str((int(digits[place]) + by) % 10)
    wrong = "-".join("".join(digits[at : at + 6]) for at in range(0, 48, 6))
    with pytest.raises(Problem) as caught:
        password_in(body(wrong), KEY_ID)
    assert caught.value.kind is ProblemKind.ALARM


@pytest.mark.parametrize("block", ["720896", "999999", "00000", "0000000", " 00011", "+00011", "0000٠٠", "00001１", ""])
def test_a_block_that_does_not_hold(block: str) -> None:
    with pytest.raises(Problem, match="damaged"):
        password_in(body("-".join([block, *["000011"] * 7])), KEY_ID)


@given(ANY_JSON)
def test_no_answer_breaks_the_reader(answer: object) -> None:
    with pytest.raises(Problem):
        password_in(json.dumps(answer).encode(), KEY_ID)


@given(st.binary(max_size=60))
def test_no_bytes_break_the_reader(answer: bytes) -> None:
    with pytest.raises(Problem):
        password_in(answer, KEY_ID)


def test_a_name_that_comes_twice_is_two_keys() -> None:
    twice = body(text_of([1] * 8))[:-1] + b', "key": "' + text_of([2] * 8).encode() + b'"}'
    with pytest.raises(Problem, match="more than one") as caught:
        password_in(twice, KEY_ID)
    assert caught.value.kind is ProblemKind.ALARM


@given(WORDS, st.sampled_from(["-", "", " ", " - ", "\u2013", "\u200b"]))
def test_no_problem_quotes_a_password(words: list[int], between: str) -> None:
    said = harmless(f"Key {text_of(words).replace('-', between)} is not yours")
    assert said == "Key [recovery password removed] is not yours"


@pytest.mark.parametrize(
    "text", [KEY_ID, "00000000-0000-0000-0000-123456789012", "code 403, at 2026-11-23T08:00:00Z", "request 123456"]
)
def test_ids_and_times_stay(text: str) -> None:
    assert harmless(text) == text
