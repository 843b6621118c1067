"""Builds and updates, the update in force at a boot, and known issues whose conditions must all be known."""

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diagnosis.given import (
    TPM_WMI,
    boot,
    entry,
    installed,
    msinfo,
    protectors,
    recovery_log,
    screen,
    status,
    system_log,
    ticket,
)
from tests.support.values import replace
from tui.diagnosis.causes import name_cause
from tui.diagnosis.kb import FAMILIES, kb_of_build, newest_row, parse_build, update_in_force
from tui.diagnosis.kb_conditions import CONDITIONS, all_hold, evaluate
from tui.diagnosis.kb_device import LocalDevice, Volume, local_device
from tui.diagnosis.kb_issues import APRIL_2026, known_issues, known_issues_for
from tui.diagnosis.sample import Parsed
from tui.model.cause import UNKNOWN_CAUSE, Cause, CauseCode, Confidence


@pytest.mark.parametrize(
    ("build", "ubr", "kb"),
    [
        (26100, 8246, "KB5083769"),
        (26200, 8246, "KB5083769"),
        (22631, 6936, "KB5082052"),
        (22621, 7079, "KB5087420"),
        (19041, 2130, "KB5018410"),
        (19045, 5854, "KB5058379"),
    ],
)
def test_a_build_names_its_update_also_by_the_kernels_own_number(build: int, ubr: int, kb: str) -> None:
    row = kb_of_build(build, ubr)
    assert row is not None
    assert row.exact
    assert row.kb == kb


def test_a_build_between_two_rows_is_said_to_be_so() -> None:
    row = kb_of_build(26100, 8250)
    assert row is not None
    assert (row.kb, row.exact) == ("KB5083769", False)
    assert kb_of_build(26100, 20_000) is None, "a revision far from every row belongs to another line of updates"
    assert kb_of_build(12345, 1) is None


@given(st.sampled_from([26100, 26200, 19041, 19045, 22621, 22631, 17763]), st.integers(0, 40_000))
@settings(max_examples=150)
def test_the_nearest_row_is_never_newer_than_the_build(build: int, ubr: int) -> None:
    row = kb_of_build(build, ubr)
    if row is not None:
        assert row.ubr <= ubr
        assert row.exact == (row.ubr == ubr)
        assert row.build == build or any({row.build, build} <= set(family) for family in FAMILIES)


def test_the_table_is_whole() -> None:
    assert newest_row().released >= "2026-09-08"
    assert parse_build("10.0.26100.8246") == parse_build("26100.8246") == (26100, 8246)
    assert parse_build("10.0.26100") is None


def test_the_recovery_boots_update_is_certain_and_new() -> None:
    log = recovery_log(before=[installed(30, "2026-04-14T19:00:00Z", "KB5083769")])
    update = update_in_force([log])
    assert (update.kb, update.confidence) == ("KB5083769", Confidence.CERTAIN)
    said = " ".join(update.because)
    assert "26100.8037" in said
    assert "came with this boot" in said
    assert "installed between" in said


def test_no_new_build_at_the_recovery_is_said() -> None:
    same = "10.0.26100.8246"
    log = system_log(
        boot(1, "2026-04-20T07:00:00Z", same),
        boot(9, "2026-04-21T07:00:00Z", same),
        entry(10, "2026-04-21T07:00:01Z", "x/24652", "recovery"),
    )
    assert "no cumulative update came" in " ".join(update_in_force([log]).because)


def test_a_later_boot_without_recovery_does_not_decide() -> None:
    log = recovery_log()
    later = boot(90, "2026-05-13T07:00:00Z", "10.0.26100.8457")
    with_later = replace(log, facts={**log.facts, "timeline": [*log.facts["timeline"], later]})
    assert update_in_force([with_later]).kb == "KB5083769"


def test_a_recovery_in_winre_is_joined_by_time() -> None:
    system = system_log(
        boot(1, "2026-04-13T07:00:00Z", "10.0.26100.8037"),
        boot(9, "2026-04-15T06:00:00Z", "10.0.26100.8246"),
        boot(20, "2026-05-13T07:00:00Z", "10.0.26100.8457"),
    )
    management = Parsed("evtx", {"recoveries": [{"time": "2026-04-15T06:03:00Z", "how": "winre"}]})
    assert update_in_force([system, management]).kb == "KB5083769"
    assert update_in_force([system]).kb == "KB5089549"


def test_the_directorys_build_serves_where_no_log_does() -> None:
    update = update_in_force([status()], "10.0.22631.6936")
    assert (update.kb, update.confidence) == ("KB5082052", Confidence.LIKELY)
    assert update_in_force([], "10.0.22631.6937").kb == "", "a build that the table does not know names no update"


def test_tickets_only_name_an_update_when_they_agree() -> None:
    assert update_in_force([ticket(kbs=["KB5083769"])]).confidence is Confidence.POSSIBLE
    assert update_in_force([ticket(kbs=["KB5083769"]), ticket(kbs=["KB5058379"])]).kb == ""


def test_every_issue_has_two_sources_and_known_conditions() -> None:
    assert len({issue.id for issue in known_issues()}) == len(known_issues()) >= 7
    for issue in known_issues():
        assert len(issue.sources) >= 2, issue.id
        assert issue.kbs
        assert set(issue.conditions) <= CONDITIONS.keys()
        assert CauseCode.UNKNOWN not in issue.causes
        assert all((row.fixed is None) == (not row.fixed_by) for row in issue.kbs)
        assert all(row.fixed is None or row.fixed > issue.started for row in issue.kbs)


_ALL = LocalDevice(
    volumes=(
        Volume(mount="C:", is_os=True, status="FullyEncrypted", protection="On", reboots_left=None, protectors=None),
    ),
    policy_pcrs=(7, 11),
    pcr7="binding_not_possible",
    ca_2023_in_db=True,
    boot_manager_2023=False,
)
_NOT_KNOWN: dict[str, Any] = {
    "volumes": (),
    "policy_pcrs": None,
    "pcr7": None,
    "ca_2023_in_db": None,
    "boot_manager_2023": None,
}
_APRIL = next(issue for issue in known_issues() if issue.id == APRIL_2026)
_CAUSE = Cause(CauseCode.PCR_MISMATCH, 7, "boot-manager-authority", Confidence.CERTAIN)


def test_april_2026_holds_with_all_five_conditions() -> None:
    assert len(_APRIL.conditions) == 5
    assert all_hold(evaluate(_APRIL.conditions, _ALL))
    (match,) = known_issues_for(_CAUSE, "KB5083769", _ALL)
    assert match.holds
    assert match.update.fixed_by == "KB5089549"


@pytest.mark.parametrize(
    "lost", [names for n in range(1, 6) for names in itertools.combinations(_NOT_KNOWN, n)], ids=" ".join
)
def test_an_unknown_fact_never_matches(lost: tuple[str, ...]) -> None:
    device = replace(_ALL, **{name: _NOT_KNOWN[name] for name in lost})
    answers = evaluate(_APRIL.conditions, device)
    assert not all_hold(answers)
    assert sum(answer.holds is None for answer in answers) == len(lost)
    assert all(answer.says for answer in answers)
    assert not any(match.holds for match in known_issues_for(_CAUSE, "KB5083769", device))


@pytest.mark.parametrize(
    "change",
    [
        {"policy_pcrs": ()},
        {"policy_pcrs": (0, 2, 4, 11)},
        {"pcr7": "bound"},
        {"ca_2023_in_db": False},
        {"boot_manager_2023": True},
    ],
)
def test_a_false_condition_excludes_the_issue(change: dict[str, Any]) -> None:
    assert known_issues_for(_CAUSE, "KB5083769", replace(_ALL, **change)) == ()


@pytest.mark.parametrize(
    ("cause", "kb"),
    [
        (UNKNOWN_CAUSE, "KB5083769"),
        (_CAUSE, ""),
        (_CAUSE, "KB5089549"),
        (replace(_CAUSE, pcr=0), "KB5083769"),
        (replace(_CAUSE, event="dbx"), "KB5083769"),
        (Cause(CauseCode.TPM_ABSENT), "KB5083769"),
    ],
)
def test_another_cause_or_update_is_not_the_issue(cause: Cause, kb: str) -> None:
    assert known_issues_for(cause, kb, _ALL) == ()


def _april_inputs() -> list[Parsed]:
    collected = {
        "ca_2023_in_db": True,
        "boot_manager_2023": False,
        "fve_platform_validation_uefi": [7, 11],
        "os_build": "10.0.26100.8246",
    }
    return [status(), msinfo("binding_not_possible"), Parsed("collector-facts", collected)]


def test_the_issue_names_a_cause_only_for_a_recovery_with_every_fact() -> None:
    asked = screen("unknown", "E_FVE_RECOVERY_ERROR_UNKNOWN")
    cause = name_cause([*_april_inputs(), asked])
    assert (cause.code, cause.pcr, cause.event) == ("pcr_mismatch", 7, "boot-manager-authority")
    assert cause.confidence is Confidence.POSSIBLE
    assert name_cause(_april_inputs()).code is CauseCode.UNKNOWN, "nobody asked for a key"
    for left_out in range(3):
        fewer = [given for n, given in enumerate(_april_inputs()) if n != left_out]
        assert name_cause([*fewer, asked]).code is CauseCode.UNKNOWN


def test_inputs_that_disagree_leave_a_fact_unknown() -> None:
    assert local_device([msinfo("bound"), msinfo("binding_not_possible")]).pcr7 is None
    assert local_device([protectors((7, 11)), protectors((0, 2, 4, 11))]).tpm_pcrs is None
    assert local_device([status("On"), status("Off")]).os_protected is None
    logs = [
        Parsed("tcg", {"authorities": [{"pcr": 7, "variable": "db", "subject_cn": name}]})
        for name in ("Windows UEFI CA 2023", "Microsoft Windows Production PCA 2011")
    ]
    assert local_device(logs).boot_manager_2023 is None
    assert local_device(logs[:1]).boot_manager_2023 is True
    assert local_device(logs[:1]).ca_2023_in_db is True
    assert local_device(logs[1:]).ca_2023_in_db is None


def test_a_servicing_event_leaves_the_update_alone() -> None:
    applied = entry(30, "2026-04-14T12:00:00Z", f"{TPM_WMI}/1034", "servicing")
    assert update_in_force([recovery_log(before=[applied])]).kb == "KB5083769"
