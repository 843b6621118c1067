"""Rehearsals: recorded without personal data, read back as written, and played by the demo tenant."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.demo.tenant import running
from tests.services.samples import MORNING, incident
from tui.demo.play import Play
from tui.demo.replay import told
from tui.demo.stories import body_of, title_of
from tui.diagnosis.ticket_text import read_ticket
from tui.errors import Problem
from tui.model.cause import CauseCode
from tui.services.replay import Replay, ReplayHeader, ReplayTicket, read_replay, record, synthesise, write_replay

KEY_ID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
SECRETS = ("ada", "demo-7", "INC7", "3f2504e0", "Contoso", "2026")
TEXT = "E_FVE_SECUREBOOT_CHANGED after KB5083769, ID 3F2504E0-4F89-41D3-9A0C-0305E82C3301, ada lovelace of Contoso"


def test_a_recording_holds_nothing_that_names_anybody() -> None:
    found = record([incident("7", 3, body=TEXT), incident("8", 5, body="BitLocker asks", device_name="DEMO-7")])
    text = write_replay(found)
    assert not [secret for secret in SECRETS if secret.lower() in text.lower()]
    first, second = found.tickets
    assert (first.at, second.at) == (0.0, 120.0)
    assert first.device == second.device == 0
    assert (first.cause, first.kb, first.quoting, first.tells_code) == (
        CauseCode.SECUREBOOT_CHANGED, "KB5083769", "full", True
    )  # fmt: skip
    allowed = {"at", "device", "cause", "event", "kb", "priority", "quoting", "tells_code"}
    assert all(set(json.loads(line)) <= allowed for line in text.splitlines()[1:])


def test_a_recording_keeps_to_its_period() -> None:
    incidents = [incident(str(minute), minute) for minute in range(10)]
    found = record(incidents, MORNING + timedelta(minutes=2), MORNING + timedelta(minutes=4))
    assert [ticket.at for ticket in found.tickets] == [0.0, 60.0, 120.0]
    assert record([]).tickets == ()


tickets = st.builds(
    ReplayTicket,
    at=st.floats(0, 86_400),
    device=st.integers(0, 500),
    cause=st.sampled_from(CauseCode),
    event=st.sampled_from(("", "db", "dbx", "boot-manager-authority")),
    kb=st.sampled_from(("", "KB5083769")),
    priority=st.integers(1, 5),
    quoting=st.sampled_from(("full", "prefix", "none")),
    tells_code=st.booleans(),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(tickets, max_size=12))
def test_what_is_written_is_read_back(found: list[ReplayTicket]) -> None:
    found.sort(key=lambda ticket: ticket.at)
    replay = Replay(ReplayHeader(1, "recorded", len(found)), tuple(found))
    assert read_replay(write_replay(replay)) == replay


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_any_other_text_is_a_problem_and_no_crash(text: str) -> None:
    with pytest.raises(Problem):
        read_replay(text)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"at": 1, "device": 0, "caller": "ada"}', "line 2"),
        ('{"at": -1, "device": 0}', "line 2"),
        ('{"at": 1, "device": 0, "kb": "KB5083769; rm"}', "line 2"),
        ('{"at": 1, "device": 0, "cause": "gremlins"}', "line 2"),
        ("", "promises 1"),
    ],
)
def test_a_damaged_line_is_named(line: str, says: str) -> None:
    with pytest.raises(Problem, match=says):
        read_replay(f'{{"reseal_replay": 1, "made": "recorded", "tickets": 1}}\n{line}')


def test_another_version_is_refused() -> None:
    with pytest.raises(Problem, match="version 2"):
        read_replay('{"reseal_replay": 2, "made": "recorded", "tickets": 0}')


def test_a_made_up_wave_is_the_same_for_the_same_seed() -> None:
    assert synthesise(1, 50, 30) == synthesise(1, 50, 30) != synthesise(2, 50, 30)
    found = synthesise(1, 200, 30)
    assert read_replay(write_replay(found)) == found
    assert max(ticket.at for ticket in found.tickets) <= 1_800


_READ_BACK = [code for code in CauseCode if code not in (
    CauseCode.PARTITION, CauseCode.BOOT_ORDER, CauseCode.MOK_LIST, CauseCode.RESUME, CauseCode.REBOOT_NOISE,
    CauseCode.NO_CHANGE,
)]  # fmt: skip


@pytest.mark.parametrize("cause", _READ_BACK)
def test_the_console_reads_from_a_played_ticket_what_the_replay_says(cause: CauseCode) -> None:
    for quoting in ("full", "prefix", "none"):
        played = ReplayTicket(at=0, device=0, cause=cause, kb="KB5083769", quoting=quoting, tells_code=True)
        reading = read_ticket(told(played, KEY_ID))
        assert reading.cause.code is cause
        if cause is CauseCode.NOT_BITLOCKER:
            assert reading.bitlocker is False
            continue
        assert reading.kbs == ("KB5083769",)
        assert reading.key_id_prefixes == {"full": (KEY_ID,), "prefix": (KEY_ID[:8],), "none": ()}[quoting]


def test_a_recording_of_a_rehearsal_is_the_rehearsal() -> None:
    replay = synthesise(3, 60, 10)
    play = Play(7, 60, 0.0001, replay)
    played = [(title_of(ticket.story), body_of(ticket.story)) for ticket in play.tickets]
    again = record(
        incident(f"{number:04d}", body=f"{title}\n{body}", device_name=ticket.story.device_name)
        for number, ((title, body), ticket) in enumerate(zip(played, play.tickets, strict=True))
    )
    assert [(t.cause, t.kb, t.quoting) for t in again.tickets] == [(t.cause, t.kb, t.quoting) for t in replay.tickets]


def test_the_tenant_plays_a_replay_over_http(tmp_path: Path) -> None:
    path = tmp_path / "wave.jsonl"
    path.write_text(write_replay(synthesise(5, 30, 10)), encoding="utf-8")
    with running("--replay", str(path), "--speed", "0.0001") as tenant:
        assert tenant.desk(limit="100").json()["result"] == []
        tenant.hand("advance", "POST", {"seconds": 300})
        half = len(tenant.desk(limit="100").json()["result"])
        tenant.hand("advance", "POST", {"seconds": 400})
        found = tenant.desk(limit="100").json()["result"]
        assert 0 < half < len(found) == 30
        names = {device["displayName"] for device in tenant.everything("/v1.0/devices")}
        assert {ticket["cmdb_ci"] for ticket in found} <= names
