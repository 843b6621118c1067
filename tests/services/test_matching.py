"""From what was read out to one key, or to the reason why there is none."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.services.samples import MORNING, SetClock
from tui.model.device import EntraDevice, Join, User
from tui.model.dossier import Evidence, Query
from tui.model.ids import KeyReading, format_key_id, read_key_ids
from tui.model.recovery_key import RecoveryKey, Volume
from tui.services.dossier import build_dossier
from tui.services.matching import Refused, Selection, doubtful, near_keys, read_out, select

KEY_ID = "4a2b9c1d-0000-4000-8000-000000000001"
KEY = RecoveryKey(KEY_ID, "d1", MORNING, Volume.OPERATING_SYSTEM)


def device(device_id: str = "d1", name: str = "DEMO-1") -> EntraDevice:
    """An invented device."""
    return EntraDevice(f"o-{device_id}", device_id, name, Join.ENTRA, True, "10.0", True, True, None, None)


def reading(text: str) -> KeyReading:
    """The one ID of a text."""
    found = read_out(text)
    assert isinstance(found, KeyReading)
    return found


def evidence(typed: str, *keys: RecoveryKey, **changes: object) -> Evidence:
    """What the sources say to what was typed, on the device that the ticket names."""
    term = reading(typed).term
    fitting = tuple(key for key in keys if term is not None and term.matches(key.id))
    plain = Evidence(
        query=Query(term, device_name="DEMO-1"),
        named=(device(),),
        matches=fitting,
        matched_device=device() if fitting else None,
        keys=keys,
        indexed_at=MORNING,
        pending=False,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def chosen(typed: str, found: Evidence) -> Selection:
    """What is selected."""
    return select(build_dossier(found, SetClock()), reading(typed))


@pytest.mark.parametrize(
    "text",
    [
        KEY_ID,
        KEY_ID.upper(),
        "{" + KEY_ID + "}",
        KEY_ID.replace("-", " - "),
        KEY_ID.replace("-", "\u2013"),
        f"Recovery key ID (to identify your key): {KEY_ID.upper()}\nHere's how",
        "4a2b9c1d",
        "4A2B 9C1D",
        "ID 4A2B9C1D, she says",
    ],
)
def test_an_id_is_read_however_it_is_written(text: str) -> None:
    (found,) = read_key_ids(text)
    assert found.term is not None
    assert found.term.matches(KEY_ID)


def test_what_cannot_be_a_digit_is_shown_and_not_corrected() -> None:
    found = reading("4A2B9CLO")
    assert found.term is None
    refused = doubtful(found)
    assert refused is not None
    assert refused.refused is Refused.DOUBTFUL
    assert "L at place 7 (may be 1)" in refused.words
    assert "O at place 8 (may be 0)" in refused.words
    assert found.may_mean("4a2b9c10-0000-4000-8000-000000000001")
    assert chosen("4A2B9CLO", evidence("4A2B9CLO")).key is None


@pytest.mark.parametrize(
    ("text", "why"),
    [("", Refused.NO_ID), ("DEMO-1", Refused.NO_ID), ("feedback from the caller", Refused.NO_ID),
     ("4A2B9C1D or 4A2B9C1E", Refused.SEVERAL_IDS)],
)  # fmt: skip
def test_a_text_without_exactly_one_id_is_refused(text: str, why: Refused) -> None:
    found = read_out(text)
    assert isinstance(found, Selection)
    assert found.refused is why


def test_b_and_8_stand_as_they_are_and_the_near_key_is_only_told() -> None:
    typed = "4a289c1d"
    found = chosen(typed, evidence(typed, KEY))
    assert found.key is None
    assert found.near == (KEY,)
    assert "place 4: b instead of 8" in found.next_step.lower()
    assert near_keys(reading("4a2b9c1d"), [KEY]) == ()


def test_one_key_is_selected() -> None:
    assert chosen("4a2b9c1d", evidence("4a2b9c1d", KEY)).key is KEY


def test_two_keys_that_begin_alike_ask_for_the_whole_id() -> None:
    twin = replace(KEY, id=KEY_ID[:-1] + "2")
    found = chosen("4a2b9c1d", evidence("4a2b9c1d", KEY, twin))
    assert (found.key, found.refused) == (None, Refused.WHOLE_ID_NEEDED)
    assert chosen(KEY_ID, evidence(KEY_ID, KEY, twin)).key is KEY


def test_the_key_of_another_device_is_an_alarm() -> None:
    donor = replace(KEY, device_id="d2")
    found = evidence(KEY_ID, donor, matched_device=device("d2", "DEMO-2"))
    alarm = chosen(KEY_ID, found)
    assert (alarm.key, alarm.refused) == (None, Refused.CLONE_ALARM)
    assert "DEMO-2" in alarm.words
    assert chosen(KEY_ID, replace(found, same_machine=True)).key is donor


def test_a_verdict_alone_is_not_trusted() -> None:
    found = evidence(KEY_ID, replace(KEY, device_id="d2"), matched_device=device("d2"))
    lenient = replace(build_dossier(found, SetClock()), key=found.matches[0])
    assert select(lenient, reading(KEY_ID)).refused is Refused.CLONE_ALARM
    other = replace(build_dossier(evidence(KEY_ID, KEY), SetClock()), key=replace(KEY, id=KEY_ID[:-1] + "9"))
    assert select(other, reading(KEY_ID)).key is None


def test_a_beginning_needs_something_else_that_points_to_the_device() -> None:
    term = reading("4a2b9c1d").term
    alone = evidence("4a2b9c1d", KEY, query=Query(term, user="ada@demo.example"), named=())
    assert chosen("4a2b9c1d", alone).refused is Refused.WHOLE_ID_NEEDED
    assert chosen("4a2b9c1d", replace(alone, owners=(User("u", "Ada@demo.example", "Ada"),))).key is KEY
    assert chosen("4a2b9c1d", replace(alone, users=(User("u", "x@demo.example", "ada@demo.example"),))).key is KEY
    assert chosen("4a2b9c1d", replace(alone, query=Query(term), owners=(User("u", "", ""),))).key is None
    assert chosen(KEY_ID, replace(alone, query=Query(reading(KEY_ID).term))).key is KEY


def test_an_unfinished_answer_or_one_about_another_id_decides_nothing() -> None:
    assert chosen(KEY_ID, evidence(KEY_ID, KEY, pending=True)).refused is Refused.UNDECIDED
    dossier = build_dossier(evidence(KEY_ID, KEY), SetClock())
    assert select(dossier, reading("4a2b9c1d")).refused is Refused.UNDECIDED


def test_a_stale_id_is_said_with_the_current_one_and_its_date() -> None:
    found = chosen("0badc0de", evidence("0badc0de", KEY))
    assert found.refused is Refused.NO_KEY
    assert "4A2B9C1D of 2026-04-15" in found.words


def test_a_data_volume_is_said() -> None:
    data = replace(KEY, volume=Volume.FIXED_DATA)
    found = chosen(KEY_ID, evidence(KEY_ID, data))
    assert found.key is data
    assert "does not open the system drive" in found.notes[0]


@given(st.uuids(), st.integers(8, 32), st.data())
def test_a_misread_character_never_fits_silently(key: object, length: int, data: st.DataObject) -> None:
    digits = str(key).replace("-", "")[:length]
    place = data.draw(st.integers(0, length - 1))
    other = data.draw(st.sampled_from("0123456789abcdefoilsz").filter(lambda digit: digit != digits[place]))
    found = read_key_ids(format_key_id(digits[:place] + other + digits[place + 1 :]))
    assert all(each.term is None or not each.term.matches(str(key)) for each in found)
