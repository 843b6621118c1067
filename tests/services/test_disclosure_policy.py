"""When one engineer is enough, and how many keys one may ask for."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.services.approvals import TARGET
from tests.services.samples import MORNING, SetClock, ticket
from tests.services.test_matching import KEY, evidence
from tests.support.values import replace
from tui.config import parse
from tui.model.device import DirectoryChange
from tui.model.incident import IncidentState
from tui.model.policy import OfficeHours, Trigger, read_office_hours
from tui.services.disclosure_policy import Circumstances, Limits, Rules, circumstances_of, over_limit, triggers_of
from tui.services.dossier import build_dossier
from tui.wiring import open_console

EVERY = Rules(second_person=frozenset(Trigger), office_hours=OfficeHours(time(0), time(0), frozenset({0})))
"""No hour is an office hour."""


def test_an_ordinary_disclosure_needs_nobody_else() -> None:
    assert triggers_of(Circumstances(), Rules(), MORNING) == ()
    assert triggers_of(Circumstances(whole_id=False), Rules(), MORNING) == (), "callers read out 8 characters"


@pytest.mark.parametrize(
    ("of", "trigger"),
    [
        (Circumstances(vip=True), Trigger.VIP),
        (Circumstances(owner_changed=True), Trigger.OWNER_CHANGED),
        (Circumstances(owner_changed=True, owner_changed_at=MORNING - timedelta(days=29)), Trigger.OWNER_CHANGED),
        (Circumstances(whole_id=False), Trigger.PREFIX_ONLY),
        (Circumstances(earlier=(MORNING - timedelta(days=29),)), Trigger.REPEAT_RECOVERY),
        (Circumstances(open_incident=False), Trigger.OFF_HOURS),
        (Circumstances(clone_alarm=True), Trigger.CLONE_ALARM),
    ],
)
def test_each_trigger_asks_for_a_second_person_unless_it_is_switched_off(of: Circumstances, trigger: Trigger) -> None:
    assert triggers_of(of, EVERY, MORNING) == (trigger,)
    assert triggers_of(of, replace(EVERY, second_person=EVERY.second_person - {trigger}), MORNING) == ()


def test_what_is_long_ago_does_not_count() -> None:
    long_ago = MORNING - timedelta(days=31)
    assert triggers_of(Circumstances(owner_changed=True, owner_changed_at=long_ago), EVERY, MORNING) == ()
    assert triggers_of(Circumstances(earlier=(long_ago,)), EVERY, MORNING) == ()


def test_office_hours_are_local_and_not_at_the_weekend() -> None:
    hours = OfficeHours()
    friday = datetime(2026, 4, 17, 22, tzinfo=UTC)
    assert not hours.hold(friday, UTC)
    assert hours.hold(friday.replace(hour=9), UTC)
    assert not hours.hold(friday.replace(day=18, hour=9), UTC)
    assert OfficeHours(days=frozenset()).hold(friday, UTC)


def test_circumstances_come_from_dossier_and_ticket() -> None:
    change = DirectoryChange("Add registered owner to device", "DEMO-1", "o-d1", MORNING, "somebody")
    dossier = build_dossier(
        evidence(KEY.id, KEY, owner_changes=(replace(change, at=MORNING + timedelta(days=2)),)), SetClock()
    )
    vip = replace(ticket("1"), vip=True, state=IncidentState.CLOSED)
    of = circumstances_of(dossier, vip, whole_id=True)
    assert (of.vip, of.owner_changed, of.open_incident) == (True, True, False)
    assert circumstances_of(dossier, None, whole_id=False).open_incident is False


@given(
    st.lists(st.floats(0, 200_000), max_size=60),
    st.integers(1, 5), st.integers(1, 20), st.integers(1, 40),
)  # fmt: skip
def test_the_limits_are_those_of_the_sliding_windows(ages: list[float], minute: int, hour: int, day: int) -> None:
    asked = [MORNING - timedelta(seconds=age) for age in ages]
    said = over_limit(asked, Limits(minute, minute + 3, hour, day), MORNING)
    counts = [sum(MORNING - at < timedelta(seconds=span) for at in asked) for span in (60, 600, 3600, 86400)]
    reached = [count >= most for count, most in zip(counts, (minute, minute + 3, hour, day), strict=True)]
    assert bool(said) is any(reached)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("mon-fri 07:00-19:00", OfficeHours()),
        ("mon,wed,fri-sun 08:15-12:30", OfficeHours(time(8, 15), time(12, 30), frozenset({0, 2, 4, 5, 6}))),
        ("sat 00:00-23:59", OfficeHours(time(0), time(23, 59), frozenset({5}))),
        ("always", OfficeHours(days=frozenset())),
    ],
)
def test_office_hours_are_read_as_they_are_written(text: str, hours: OfficeHours) -> None:
    assert read_office_hours(text) == hours


@pytest.mark.parametrize("text", ["", "mon", "mon 7-19", "mon 07:00-07:00", "mon- 07:00-19:00", "MON 07:00-19:00"])
def test_office_hours_in_other_words_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_office_hours(text)


async def test_the_config_decides_what_asks_for_a_second_person(tmp_path: Path) -> None:
    asked = Circumstances(vip=True, whole_id=False, open_incident=False)
    for policy, needed in (
        ("", (Trigger.VIP,)),
        ('second_person = ["prefix-only"]\noffice_hours = "always"', (Trigger.PREFIX_ONLY,)),
        ('second_person = ["off-hours"]\noffice_hours = "mon 00:00-00:01"', (Trigger.OFF_HOURS,)),
        ("second_person = []", ()),
    ):
        config = parse(CONFIG.format(policy=policy), tmp_path / "config.toml")
        clock = SetClock(MORNING.replace(hour=12))
        async with open_console(config, tmp_path / "state", on_prompt=_nobody, clock=clock) as console:
            assert await console.desk.safeguards.clearance.triggers(TARGET, asked) == needed, policy


CONFIG = """
[tenant]
name = "t"
tenant_id = "t"
[graph]
endpoint = "http://127.0.0.1:9"
[sign_in]
method = "token-env"
token_file = "token"
[[tickets]]
profile = "file"
path = "inbox"
[policy]
{policy}
"""


async def _nobody(_: object) -> None:
    raise AssertionError("nobody is here to sign in")
