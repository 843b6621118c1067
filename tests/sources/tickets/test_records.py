"""What becomes of a record's texts on the way to a ticket."""

import pytest

from tests.diagnosis.corpus import invented_password
from tui.diagnosis.redact import MARKER
from tui.diagnosis.ticket_text import read_ticket
from tui.sources.tickets.profile import Profile, load_profile
from tui.sources.tickets.records import Reader

FIELDS = {
    "servicenow": ("sys_id", "short_description", "description"),
    "redmine": ("id", "subject", "description"),
    "freshservice": ("id", "subject", "description_text"),
}


@pytest.mark.parametrize("name", FIELDS)
def test_a_recovery_password_that_was_pasted_into_a_record_is_cut_out_and_counted(name: str) -> None:
    profile, pasted = load_profile(name), invented_password(3)
    assert isinstance(profile, Profile)
    key, title, body = FIELDS[name]
    record = {key: "17", title: f"blue screen {pasted}", body: f"After the BIOS update.\nKey: {pasted}"}
    ticket = Reader(profile).ticket(record)
    assert ticket is not None
    assert (ticket.title, ticket.body) == (f"blue screen {MARKER}", f"After the BIOS update.\nKey: {MARKER}")
    reading = read_ticket(ticket.body, ticket.title)
    assert reading.passwords_removed == 2
    assert reading == read_ticket(str(record[body]), str(record[title]))
