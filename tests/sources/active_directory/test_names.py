"""GUIDs, distinguished names, names of recovery objects, and filters that no value can break out of."""

import string
import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.model.ids import KeyTerm, format_key_id
from tui.sources.active_directory import names, queries

HOSTILE = st.text() | st.text(alphabet='*()\\\0&|!=<>~,+;"#abA $-é\u202e', max_size=40)
HEX = st.text(alphabet="0123456789abcdef", min_size=8, max_size=32)
VALUE = "value"


def parse_filter(text: str) -> object:
    """RFC 4515, strictly: nested tuples of operator and parts, or (attribute, value octets between the stars)."""
    found, rest = _parse(text)
    assert rest == ""
    return found


def _parse(text: str) -> tuple[object, str]:
    assert text[0] == "("
    if text[1] in "&|!":
        operator, rest, parts = text[1], text[2:], []
        while rest[0] == "(":
            part, rest = _parse(rest)
            parts.append(part)
        assert rest[0] == ")"
        return (operator, *parts), rest[1:]
    end = text.index(")")
    attribute, _, value = text[1:end].partition("=")
    assert set(attribute) <= set(string.ascii_letters + "-")
    assert "(" not in value
    return (attribute, *(_octets(part) for part in value.split("*"))), text[end + 1 :]


def _octets(value: str) -> bytes:
    out, at = bytearray(), 0
    while at < len(value):
        if value[at] == "\\":
            out += bytes.fromhex(value[at + 1 : at + 3])
            at += 3
        else:
            assert value[at] != "\0"
            out += value[at].encode()
            at += 1
    return bytes(out)


@given(HOSTILE)
def test_a_name_stays_one_value_of_one_filter(name: str) -> None:
    octets = name.encode("utf-8", "replace")
    assert parse_filter(queries.computers_by_name(name)) == (
        "&",
        ("objectCategory", b"computer"),
        ("|", ("sAMAccountName", octets + b"$"), ("cn", octets), ("dNSHostName", octets)),
    )


@given(HEX)
def test_a_key_id_stays_one_value_of_one_filter(digits: str) -> None:
    term = KeyTerm(digits)
    kind = ("objectCategory", b"msFVE-RecoveryInformation")
    text = format_key_id(digits).upper().encode()
    ends = (b"{" + text + b"}", b"") if term.is_full else (b"{" + text, b"")
    assert parse_filter(queries.keys_by_name(term)) == ("&", kind, ("name", b"", *ends))
    octets = parse_filter(queries.keys_by_octets(term))
    whole = uuid.UUID(digits.ljust(32, "0")).bytes_le
    expected = (whole,) if term.is_full else (whole[:4], b"")
    assert octets == ("&", kind, ("msFVE-RecoveryGuid", *expected))


@given(st.binary(min_size=16, max_size=16))
def test_guid_octets_there_and_back(octets: bytes) -> None:
    guid = names.guid_of(octets)
    assert names.octets_of(guid) == octets
    assert names.octets_of(f"{{{guid.upper()}}}") == octets
    # The screen's first eight digits are the first four octets in reverse.
    assert bytes.fromhex(guid[:8]) == octets[3::-1]


@given(st.binary(max_size=40).filter(lambda octets: len(octets) != 16))
def test_other_octets_are_no_guid(octets: bytes) -> None:
    assert names.guid_of(octets) == ""


def test_the_order_of_octets_is_the_documented_one() -> None:
    assert names.octets_of("00112233-4455-6677-8899-aabbccddeeff").hex() == "33221100554477668899aabbccddeeff"
    with pytest.raises(ValueError, match="not a GUID"):
        names.octets_of("00112233")


@given(
    st.datetimes(min_value=datetime(2006, 1, 1), max_value=datetime(2100, 1, 1)),  # noqa: DTZ001 - gets its zone below
    st.integers(-14 * 60, 14 * 60),
    st.uuids(),
)
def test_the_name_of_a_recovery_object(moment: datetime, minutes: int, guid: uuid.UUID) -> None:
    local = moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))
    found = names.recovery_name(f"{local.isoformat()}{{{str(guid).upper()}}}")
    assert found == (local.astimezone(UTC), str(guid))


@given(st.text() | st.from_regex(r"\A[0-9T:+-]{10,25}\{[0-9A-F-]{30,40}\}\Z"))
def test_any_other_name_is_read_or_left(text: str) -> None:
    moment, guid = names.recovery_name(text)
    assert moment is None or moment.tzinfo is UTC
    assert guid == "" or str(uuid.UUID(guid)) == guid


@pytest.mark.parametrize(
    "name",
    ["", "{}", "2026-04-15T09:12:00+02:00", "2026-13-45T99:99:99-00:00{063EA4E1-220C-4293-BA01-4754620A96E7}"],
)
def test_a_name_without_a_time_gives_none(name: str) -> None:
    assert names.recovery_name(name)[0] is None


@given(st.lists(HOSTILE.filter(bool), min_size=1, max_size=4))
def test_distinguished_names_come_apart_where_they_were_joined(values: list[str]) -> None:
    parts = ["CN=" + "".join(f"\\{octet:02x}" for octet in value.encode("utf-8", "replace")) for value in values]
    dn = ",".join(parts)
    assert names.first_value(dn) == values[0].encode("utf-8", "replace").decode()
    assert names.parent(dn) == ",".join(parts[1:])


@given(st.text())
def test_any_text_comes_apart(text: str) -> None:
    rest = text
    for _ in range(len(text) + 1):
        names.first_value(rest)
        rest = names.parent(rest)
    assert rest == ""


def test_escaped_characters_do_not_part() -> None:
    dn = "CN=2026-04-15T09:12:00\\+02:00{X},CN=LT\\, ONE,OU=Desks,DC=corp"
    assert names.parent(dn) == "CN=LT\\, ONE,OU=Desks,DC=corp"
    assert names.first_value(dn) == "2026-04-15T09:12:00+02:00{X}"
    assert names.first_value(names.parent(dn)) == "LT, ONE"


def test_times() -> None:
    assert names.generalized_time("20261123084005.0Z") == datetime(2026, 11, 23, 8, 40, 5, tzinfo=UTC)
    assert names.generalized_time("20269923084005.0Z") is None
    assert names.generalized_time("yesterday") is None
    assert names.file_time(116_444_736_000_000_000) == datetime(1970, 1, 1, tzinfo=UTC)


@given(st.integers())
def test_any_file_time(ticks: int) -> None:
    found = names.file_time(ticks)
    assert found is None or found.tzinfo is UTC
