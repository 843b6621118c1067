import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.demo.cases import CASES
from tui.demo.clock import desk_time
from tui.demo.desk import Desk, description, short_description
from tui.demo.ids import recovery_password
from tui.demo.phrases import VOICES
from tui.demo.play import ARRIVALS_LAST, Play
from tui.demo.stories import PLOTS


def told(play: Play) -> list[tuple[str, ...]]:
    """Everything of a play that its seed decides."""
    tickets = [(t.sys_id, t.number, short_description(t), description(t), t.story.key_id) for t in play.tickets]
    devices = [(d.object_id, d.device_id, d.managed_id, d.name, d.serial) for d in play.tenant.devices]
    keys = [(k.id, k.device_id, str(k.volume), play.tenant.password(k)) for k in play.tenant.keys]
    return [*tickets, *devices, *keys, *((p.upn, p.name) for p in play.tenant.people.values())]


def test_the_same_seed_tells_the_same_and_another_seed_another_play() -> None:
    assert told(Play(7, 60)) == told(Play(7, 60))
    assert told(Play(7, 60)) != told(Play(8, 60))


def test_arrivals_come_at_the_same_second_of_the_play() -> None:
    one, other = Play(3, 200), Play(3, 200)
    assert [ticket.arrives for ticket in one.tickets] == [ticket.arrives for ticket in other.tickets]
    assert sum(ticket.arrives <= 0 for ticket in one.tickets) == 40
    assert max(ticket.arrives for ticket in one.tickets) <= ARRIVALS_LAST


def test_speed_divides_time() -> None:
    play = Play(7, 60, speed=1_000_000)
    deadline = time.monotonic() + 5
    while len(play.desk) < 60 and time.monotonic() < deadline:
        play.run()
    assert len(play.desk) == 60


def test_a_surge_has_one_big_group_and_several_others_in_many_voices() -> None:
    play = Play(7, 2000)
    plots = Counter(ticket.story.plot for ticket in play.tickets)
    assert plots.most_common(1)[0][0] == "pcr7"
    assert set(plots) == set(PLOTS)
    assert 0.4 < plots["pcr7"] / 2000 < 0.55
    assert {ticket.story.caller.voice for ticket in play.tickets if not ticket.scripted} == set(VOICES)
    quoted = Counter(ticket.story.quoting for ticket in play.tickets)
    assert min(quoted["full"], quoted["prefix"], quoted["none"]) > 300
    codes = sum("E_FVE_" in description(ticket) for ticket in play.tickets)
    assert 500 < codes < 1200


def test_ids_names_and_callers_are_unique_but_for_the_case_that_says_otherwise() -> None:
    play = Play(7, 3000)
    tenant = play.tenant
    assert len(tenant.by_object) == len(tenant.by_device_id) == len(tenant.devices)
    assert sum(len(devices) > 1 for devices in tenant.by_name.values()) == 1
    assert len({person.upn for person in tenant.people.values()}) * 2 == len(tenant.people)
    assert len({key.id for key in tenant.keys}) == len(tenant.keys)
    prefixes = Counter(key.id[:8] for key in tenant.keys)
    assert sum(count > 1 for count in prefixes.values()) == 1


@pytest.mark.parametrize("size", [1, 2, 5, 17, 18, 20, 40, 61])
def test_every_size_plays_to_its_end_and_has_the_cases_that_fit(size: int) -> None:
    play = Play(1, size)
    assert "plain" in play.cases
    assert len(play.cases) == min(size, len(CASES))
    play.advance(10_000)
    assert len(play.desk) == size == len(play.tickets)


@settings(max_examples=60)
@given(st.integers(0, 2**31), st.uuids())
def test_recovery_passwords_hold_in_all_eight_blocks(seed: int, key_id: object) -> None:
    blocks = recovery_password(seed, str(key_id)).split("-")
    assert [len(block) for block in blocks] == [6] * 8
    assert all(int(block) % 11 == 0 and int(block) // 11 < 65_536 for block in blocks)
    assert recovery_password(seed, str(key_id)) != recovery_password(seed + 1, str(key_id))


def test_changes_come_in_the_order_of_the_desk() -> None:
    play = Play(5, 500)
    for _ in range(20):
        play.advance(60)
    stamps = [ticket.updated_on for ticket in play.desk]
    assert stamps == sorted(stamps)
    assert len(play.desk.changed_since("")) == 500


def test_a_change_moves_a_record_to_the_end() -> None:
    first, second = Play(5, 10).tickets[:2]
    desk = Desk()
    desk.open(first, 100)
    desk.open(second, 101)
    desk.touch(first, 102)
    assert list(desk) == [second, first]
    assert desk.changed_since(desk_time(102)) == [first]
    assert desk.changed_since(desk_time(101)) == [second, first]
    assert first.opened_at == desk_time(100)


def test_a_hundred_thousand_tickets_are_written_in_seconds() -> None:
    began = time.process_time()
    play = Play(7, 100_000)
    assert time.process_time() - began < 10
    assert len(play.tickets) == 100_000
    assert len(play.desk) == 20_000
