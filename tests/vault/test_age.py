"""The age format, against the specification's own examples and against another implementation where one is there."""

import pyrage  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.vault import age, bech32
from tui.vault.base45 import base45, from_base45

# age.md of C2SP, "The X25519 recipient type": the secret key of 32 bytes 0x42.
SECRET = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
PUBLIC = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
ME = age.Identity.parse(SECRET)


def test_the_example_of_the_specification() -> None:
    assert ME.secret == b"\x42" * 32
    assert ME.text() == SECRET
    assert ME.recipient.text() == PUBLIC
    assert age.Recipient.parse(PUBLIC) == ME.recipient
    assert "secret" not in repr(ME)


@given(st.binary(max_size=300))
def test_what_is_sealed_opens_again_and_for_nobody_else(plain: bytes) -> None:
    data = age.encrypt(plain, ME.recipient)
    assert age.decrypt(age.dearmor(age.armor(data)), ME) == plain
    with pytest.raises(age.AgeError, match="another key"):
        age.decrypt(data, age.Identity.new())


def test_no_two_are_alike() -> None:
    assert age.encrypt(b"x", ME.recipient) != age.encrypt(b"x", ME.recipient)


@given(st.data())
def test_every_changed_or_missing_byte_is_found(data: st.DataObject) -> None:
    sealed = age.encrypt(b"the content", ME.recipient)
    place = data.draw(st.integers(0, len(sealed) - 1))
    changed = bytearray(sealed)
    changed[place] ^= data.draw(st.integers(1, 255))
    for wrong in (bytes(changed), sealed[:place]):
        with pytest.raises(age.AgeError):
            age.decrypt(wrong, ME)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    with pytest.raises(age.AgeError):
        age.decrypt(data, ME)
    with pytest.raises(age.AgeError):
        age.decrypt(b"age-encryption.org/v1\n" + data, ME)


@pytest.mark.parametrize("change", [str.lower, lambda text: text[:-30], lambda text: text.replace("\n", "", 1)])
def test_a_text_that_was_not_copied_whole(change: object) -> None:
    assert callable(change)
    with pytest.raises(age.AgeError):
        age.dearmor(change(age.armor(age.encrypt(b"x" * 100, ME.recipient))))


def test_blanks_from_copying_are_no_harm() -> None:
    text = age.armor(age.encrypt(b"x" * 100, ME.recipient))
    indented = "\n\n" + "".join(f"   {line}  \r\n" for line in text.splitlines())
    assert age.decrypt(age.dearmor(indented), ME) == b"x" * 100


@pytest.mark.parametrize(
    "text", ["", "age1", PUBLIC[:-1], PUBLIC[:-1] + "q", PUBLIC.replace("z", "Z", 1), SECRET, "age1pq1x34nzsvr0"]
)
def test_what_is_no_public_key(text: str) -> None:
    with pytest.raises(age.AgeError, match="public key"):
        age.Recipient.parse(text)


@given(st.binary(max_size=60))
def test_bech32_there_and_back(data: bytes) -> None:
    text = bech32.encode("age", data)
    assert bech32.decode(text) == ("age", data)
    assert bech32.decode(text.upper()) == ("age", data)


def test_base45_of_the_standard() -> None:
    # RFC 9285, sections 4.3 and 4.4.
    assert (base45(b"AB"), base45(b"Hello!!"), base45(b"base-45")) == ("BB8", "%69 VD92EX0", "UJCLQE7W581")
    assert from_base45("QED8WEX0") == b"ietf!"


@given(st.binary(max_size=60), st.text("0123456789ABCDEF:$", max_size=12))
def test_base45_there_and_back(data: bytes, text: str) -> None:
    assert from_base45(base45(data)) == data
    try:
        assert base45(from_base45(text)) == text
    except ValueError:
        return


def test_another_implementation_opens_it() -> None:
    theirs = pyrage.x25519.Identity.from_str(SECRET)
    assert pyrage.decrypt(age.encrypt(b"hello", ME.recipient), [theirs]) == b"hello"
    assert age.decrypt(pyrage.encrypt(b"hello", [theirs.to_public()]), ME) == b"hello"
