"""From the wire to the model: what Graph documents, what it was seen to send, and what nobody expects."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.model.recovery_key import Volume
from tui.sources.graph import reading, wire
from tui.text import clean_line

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
READERS: list[tuple[Any, Any]] = [
    (wire.WireKey, reading.recovery_key),
    (wire.WireDevice, reading.entra_device),
    (wire.WireManagedDevice, reading.managed_device),
    (wire.WireNamed, reading.user),
    (wire.WireNamed, reading.administrative_unit),
]
ID = "0d0d0d0d-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    ("value", "volume"),
    [
        ("1", Volume.OPERATING_SYSTEM),
        (1, Volume.OPERATING_SYSTEM),
        ("operatingSystemVolume", Volume.OPERATING_SYSTEM),
        ("OperatingSystemVolume", Volume.OPERATING_SYSTEM),
        (2, Volume.FIXED_DATA),
        ("fixedDataVolume", Volume.FIXED_DATA),
        ("3", Volume.REMOVABLE),
        ("removableDataVolume", Volume.REMOVABLE),
        ("4", Volume.UNKNOWN),
        ("unknownFutureValue", Volume.UNKNOWN),
        (True, Volume.UNKNOWN),
        (None, Volume.UNKNOWN),
        ([1], Volume.UNKNOWN),
    ],
)
def test_volume_types(value: object, volume: Volume) -> None:
    assert reading.volume(value) is volume


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2020-06-15T13:45:30.1234567Z", datetime(2020, 6, 15, 13, 45, 30, 123456, UTC)),
        ("2020-06-15T13:45:30Z", datetime(2020, 6, 15, 13, 45, 30, 0, UTC)),
        ("2020-06-15T15:45:30+02:00", datetime(2020, 6, 15, 13, 45, 30, 0, UTC)),
        ("2020-06-15T13:45:30", datetime(2020, 6, 15, 13, 45, 30, 0, UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("yesterday", None),
        ("", None),
        (5, None),
        (None, None),
    ],
)
def test_moments(value: object, moment: datetime | None) -> None:
    assert reading.moment(value) == moment


@given(st.datetimes(timezones=st.just(UTC)).filter(lambda found: found.year > 1601), st.integers(0, 9))
def test_a_moment_is_read_to_the_microsecond(found: datetime, last: int) -> None:
    read = reading.moment(f"{found.year:04}-{found:%m-%dT%H:%M:%S.%f}{last}Z")
    assert read is not None
    assert abs(read - found) < timedelta(microseconds=1)


@settings(max_examples=60)
@given(st.data())
def test_no_value_in_any_field_makes_an_answer_unreadable(data: st.DataObject) -> None:
    struct, read = data.draw(st.sampled_from(READERS))
    names = [field.encode_name for field in msgspec.structs.fields(struct)]
    item = data.draw(st.dictionaries(st.sampled_from(names) | st.text(max_size=5), JSON)) | {"id": ID, "deviceId": ID}
    page = wire.page_decoder(struct)(json.dumps({"value": [item]}).encode())
    found = read(page.value[0])
    texts = [getattr(found, name) for name in getattr(found, "__slots__", ())]
    assert all(clean_line(text) == text for text in texts if isinstance(text, str))


@settings(max_examples=60)
@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_a_body_is_read_or_called_unreadable(body: bytes) -> None:
    for decode in (wire.page_decoder(wire.WireKey), wire.item_decoder(wire.WireKey)):
        try:
            decode(body)
        except wire.Unreadable as error:
            assert str(error)


@given(st.text(max_size=40))
def test_an_id_is_canonical_or_not_there(text: str) -> None:
    found = reading.guid(text)
    assert found == "" or (len(found) == 36 and found == found.lower())


def test_there_is_no_field_for_a_recovery_password() -> None:
    assert "key" not in {field.encode_name for field in msgspec.structs.fields(wire.WireKey)}


def test_null_everywhere_is_unknown_and_not_false() -> None:
    names = [field.encode_name for field in msgspec.structs.fields(wire.WireManagedDevice)]
    body = json.dumps({"value": [dict.fromkeys(names) | {"id": ID}]}).encode()
    found = reading.managed_device(wire.page_decoder(wire.WireManagedDevice)(body).value[0])
    assert found is not None
    assert (found.encrypted, found.last_sync, found.entra_device_id, found.actions) == (None, None, "", ())
