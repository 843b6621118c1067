"""Facets against the fleet, forecasts, and the catalogue as the console shows it."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.services.inventory_samples import APRIL_BUILD, MARCH, managed
from tests.services.samples import MORNING, incident
from tests.services.test_groups import row_of
from tests.support.values import replace
from tui.diagnosis.kb_issues import known_issues
from tui.model.audit import Operator
from tui.model.cause import CauseCode
from tui.model.group import Grade, Group, GroupKey
from tui.services.facets import NAMES, common_words, share_words, shares
from tui.services.fleet import Fleet
from tui.services.forecast import forecast, forecast_words, growth_words
from tui.services.group_edits import Edit, edit_entry
from tui.services.groups import group_incidents
from tui.services.incident_evidence import Facets
from tui.services.known_issues import find_issue, issue_json, issue_lines, issues_of, theories_of

MODELS = ("Longitude 5450", "Longitude 7450", "SlateBook 840", "WorkPad T14", "Tower 7020")
APRIL = GroupKey(CauseCode.SECUREBOOT_CHANGED, 7, "boot-manager-authority", "KB5083769", grade=Grade.EVIDENCE)


def fleet_of(count: int, seed: int) -> list[Facets]:
    rng = random.Random(seed)
    return [Facets(model=rng.choice(MODELS), site=rng.choice(("Berlin", "Lyon"))) for _ in range(count)]


def test_what_all_members_share_and_the_fleet_does_not_is_said_in_one_sentence() -> None:
    members = [Facets(model="Longitude 7450", firmware="1.21", site=("Berlin", "Lyon")[n % 2]) for n in range(31)]
    fleet = [*fleet_of(600, 1), *(Facets(model="Longitude 7450", firmware=f"1.{n % 20}") for n in range(200))]
    found = shares(members, fleet)
    assert common_words(found) == "all 31 known are model Longitude 7450, firmware 1.21"
    assert share_words(found[0]).startswith("all 31 known: model Longitude 7450 (fleet ")
    assert not [share for share in found if share.facet == "site" and share.stands_out]


def test_a_random_pick_of_the_fleet_stands_out_in_nothing() -> None:
    fleet = fleet_of(2_000, 2)
    rng = random.Random(3)
    picks = [common_words(shares(rng.sample(fleet, 40), fleet)) for _ in range(200)]
    assert sum(bool(words) for words in picks) <= 4


def test_unknown_values_are_left_out_and_said() -> None:
    members = [Facets(model="Tower 7020")] * 20 + [Facets()] * 5
    (share,) = shares(members, fleet_of(500, 4))
    assert (share.count, share.known, share.members) == (20, 20, 25)
    assert share_words(share).endswith(", 5 not known")


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.sampled_from([Facets(), *(Facets(model=model) for model in MODELS)]), max_size=30), st.integers(0, 9)
)
def test_shares_are_well_formed(members: list[Facets], seed: int) -> None:
    found = shares(members, fleet_of(seed * 10, seed))
    assert sum(share.count for share in found) == sum(bool(each.model) for each in members)
    for share in found:
        assert share.facet in NAMES
        assert 0 < share.count <= share.known <= share.members
        assert 0 <= share.chance <= 1


def inventory(waiting: int, through: int, unknown: int) -> Fleet:
    devices = [managed(f"W-{n}", MARCH) for n in range(waiting)]
    devices += [managed(f"T-{n}", APRIL_BUILD) for n in range(through)]
    devices += [managed(f"U-{n}", MARCH, datetime(2026, 4, 1, tzinfo=UTC)) for n in range(unknown)]
    devices += [managed(f"DEMO-{n}", MARCH if n % 2 else APRIL_BUILD) for n in range(10)]
    return Fleet((*devices, managed("OTHER", (22631, 6783))), MORNING)


def ten() -> tuple[Group, list[str]]:
    text = "BitLocker recovery, it says E_FVE_SECUREBOOT_CHANGED. Update history shows KB5083769."
    incidents = [incident(str(number), number, body=text) for number in range(10)]
    (group,) = group_incidents(incidents, {})
    return group, [each.ticket.device_name for each in incidents]


def test_devices_still_to_come_are_counted_with_their_uncertainty() -> None:
    group, names = ten()
    fleet = inventory(waiting=100, through=90, unknown=7)
    found = forecast(group, fleet, names, MORNING)
    assert (found.on_update, found.struck, len(found.spared), len(found.waiting), found.silent) == (207, 10, 90, 100, 7)
    assert found.low is not None and found.high is not None
    assert found.low <= 10 <= found.high
    words = forecast_words(found, fleet, MORNING)
    assert "100 of 207 devices" in words
    assert "7 more not heard of since it came out" in words
    assert "min old" not in words and "h old" not in words


def test_without_an_inventory_the_forecast_says_so() -> None:
    group, names = ten()
    found = forecast(group, Fleet(), names, MORNING)
    assert found.high is None
    assert "not known, Intune has not been asked" in forecast_words(found, Fleet(), MORNING)
    refused = Fleet(why="You may not read Intune's inventory")
    assert "not known, You may not read" in forecast_words(found, refused, MORNING)


def test_old_news_is_called_old() -> None:
    group, names = ten()
    heard = [managed("W-1", MARCH, MORNING - timedelta(hours=30)), managed("W-2", MARCH)]
    fleet = Fleet(heard, MORNING - timedelta(hours=3), "Graph was not reached")
    words = forecast_words(forecast(group, fleet, names, MORNING), fleet, MORNING)
    assert "inventory 3 h old; no newer one: Graph was not reached; 1 of them last checked in over a day ago" in words


@pytest.mark.parametrize(
    ("minutes", "trend"), [((5, 10, 70), "growing"), ((70, 80), "shrinking"), ((5, 65), "steady"), ((), "steady")]
)
def test_growth_is_the_last_hour_against_the_one_before(minutes: tuple[int, ...], trend: str) -> None:
    moments = sorted(MORNING - timedelta(minutes=each) for each in minutes)
    assert growth_words(moments, MORNING).endswith(trend)


def test_the_catalogue_entry_of_a_group_bears_sources_and_dates() -> None:
    (issue,) = issues_of(APRIL)
    lines = issue_lines(issue)
    assert any("KB5089549" in line for line in lines)
    assert sum(line.startswith("source: ") for line in lines) >= 2
    assert issues_of(GroupKey(CauseCode.USER_REQUESTED, update="KB5083769")) == ()
    assert find_issue("kb5083769") == find_issue(issue.id) == find_issue("5083769") == issue
    assert find_issue("KB9999999") is None


def test_every_entry_can_be_shown() -> None:
    for issue in known_issues():
        assert len(issue_lines(issue)) >= 3 + len(issue.kbs)
        assert issue_json(issue)["updates"]


def test_a_working_theory_bears_its_author_and_can_be_taken_back() -> None:
    entry = replace(edit_entry(Edit("theory", "t1", group=APRIL, name="only docked ones")), operator=Operator("ada"))
    rows = [row_of(entry), row_of(edit_entry(Edit("undo", "u1", undoes="t1")), 2)]
    (found,) = theories_of(rows[:1])
    assert (found.text, found.group, found.by) == ("only docked ones", APRIL, "ada")
    assert theories_of(rows) == ()
