"""Mass incidents in words: the page, the line, the matrix and the timeline."""

from datetime import timedelta

import pytest

from screens.group_page import GroupView, page, sentence, tell_users
from screens.mass_words import group_line, matrix, spark, spark_words, timeline
from tests.services.inventory_samples import APRIL_BUILD, MARCH, managed
from tests.services.samples import MORNING, incident
from tests.support.values import replace
from tui.model.cause import CauseCode
from tui.model.group import CLONE, Grade, Group, GroupKey
from tui.model.incident import Incident, IncidentState
from tui.services.facets import shares
from tui.services.fleet import Fleet
from tui.services.forecast import forecast
from tui.services.groups import group_incidents
from tui.services.incident_evidence import Facets
from tui.services.known_issues import issues_of
from tui.services.surge_baseline import Baseline


def april() -> tuple[Group, list[Incident]]:
    text = "BitLocker recovery, it says E_FVE_SECUREBOOT_CHANGED. Update history shows KB5083769."
    incidents = [incident(str(number), number, body=text) for number in range(8)]
    (group,) = group_incidents(incidents, {})
    key = GroupKey(CauseCode.SECUREBOOT_CHANGED, 7, "boot-manager-authority", "KB5083769", "apr-2026-boot-manager", Grade.EVIDENCE)  # fmt: skip  # noqa: E501
    return replace(group, key=key), incidents


def test_the_page_tells_what_it_is_what_speaks_against_it_and_what_to_do() -> None:
    group, incidents = april()
    spared = [managed(f"LT-{n}", APRIL_BUILD, model="WorkPad T14") for n in range(40)]
    fleet = Fleet((*spared, managed("LT-W", MARCH)), MORNING)
    names = [each.ticket.device_name for each in incidents]
    members = [Facets(model="Longitude 7450")] * 8
    text = page(
        GroupView(
            group=group, incidents=incidents, now=MORNING + timedelta(hours=1),
            shares=shares(members, [device.facets for device in spared]), fleet=fleet,
            forecast=forecast(group, fleet, names, MORNING),
            issues=issues_of(group.key),
        )
    ).plain  # fmt: skip
    assert "8 devices ask for the key: Secure Boot changed boot-manager-authority after KB5083769." in text
    assert "40 devices with KB5083769 restarted and did not ask, such as LT-0, LT-1, LT-2" in text
    assert "all 8 known are model Longitude 7450" in text
    assert "1 of 41 devices have not restarted into the update" in text
    assert "KB5083769 on Windows 11 24H2, 25H2: fixed by KB5089549" in text
    assert "source: " in text
    assert "It comes once." in text
    assert "A group never authorises a key" in text


@pytest.mark.parametrize(
    ("key", "says"),
    [
        (GroupKey(CauseCode.UNKNOWN), "nothing tells why"),
        (GroupKey(CauseCode.UNKNOWN, part=CLONE, grade=Grade.EVIDENCE), "cloned or swapped disk"),
        (GroupKey(CauseCode.WRONG_PIN, grade=Grade.EVIDENCE), "wrong pin."),
        (GroupKey(CauseCode.TPM_CLEARED, update="none", grade=Grade.EVIDENCE), "with no update in the window."),
        (GroupKey(CauseCode.TPM_CLEARED), "the trigger is not known, undetermined."),
    ],
)
def test_a_group_is_said_in_one_sentence(key: GroupKey, says: str) -> None:
    group, _ = april()
    assert says in sentence(replace(group, key=key))


def test_users_are_not_told_a_cause_that_nobody_knows() -> None:
    assert "finding out why" in tell_users(GroupKey(CauseCode.UNKNOWN), ())
    assert "do not reset" in tell_users(GroupKey(CauseCode.WINRE_BOOT_FAILURE, grade=Grade.EVIDENCE), ())


@pytest.mark.parametrize("values", [(0,) * 12, (1,) * 12, (0, 0, 900, 3, 0, 0, 0, 0, 0, 0, 0, 1)])
def test_a_line_fits_and_its_chart_can_be_words(values: tuple[int, ...]) -> None:
    group, incidents = april()
    moments = [each.ticket.opened_at for each in incidents]
    for words in (True, False):
        line = group_line(group, moments, MORNING + timedelta(hours=1), surging=True, words=words)
        assert line.cell_length <= 80
    assert len(spark(values)) == 12
    assert str(sum(values[6:])) in spark_words(values)


def test_the_matrix_and_the_timeline_count_what_is_there() -> None:
    group, incidents = april()
    closed = replace(group, states={IncidentState.CLOSED: 8})
    assert "8" in matrix([group]).plain
    assert "KB5083769 x " in matrix([group], words=True).plain
    assert "8" not in matrix([closed], words=True).plain
    moments = [each.ticket.opened_at for each in incidents]
    told = timeline(moments, MORNING + timedelta(minutes=20), Baseline(0.5), words=True).plain
    assert "far more than expected" in told
    assert "█" not in told
    assert matrix([]).plain == "No incidents."
