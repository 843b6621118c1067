"""Acting on groups: what is planned, what each device answered, what a kill leaves, and what is never done."""

import asyncio
import inspect
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

import tui.services.group_actions as acting
from tests.services.inventory_samples import MARCH, managed
from tests.services.samples import MORNING, ListedAudit, SetClock, incident
from tests.support.values import replace
from tui.errors import Problem, ProblemKind
from tui.model.audit import AuditEvent, DeviceRef, Operator
from tui.model.cause import CauseCode
from tui.model.group import Grade, GroupKey
from tui.model.incident import Incident, IncidentState
from tui.services.facets import common_words, share_words, shares
from tui.services.fleet import Fleet, FleetDevice
from tui.services.group_actions import GroupRun, deeds
from tui.services.group_export import REBOOTS, device_list, notice_text, suspend_script, write_export
from tui.services.group_plans import GroupAction, Plan, Progress, Step, plan_for, progress_of, step_name, unfinished
from tui.services.groups import group_incidents
from tui.services.incident_evidence import Facets
from tui.services.rotation import Debt, DebtState

KEY = GroupKey(CauseCode.SECUREBOOT_CHANGED, 7, "dbx", "KB5083769", grade=Grade.EVIDENCE)
ME = Operator("ada@demo.example", "1")
NUMBERS = ("1", "2", "3", "4")


def members() -> list[Incident]:
    return [incident(number) for number in NUMBERS]


def debt(number: str, state: DebtState = DebtState.DUE, device: str = "") -> Debt:
    name = f"DEMO-{number}"
    return Debt(f"key-{number}", DeviceRef(device or f"id-{number}", name), f"INC{number}", MORNING, state)


class Doer:
    """Does a step as it is told to: a list of answers for each ticket, the last one for good."""

    def __init__(self, **answers: Sequence[Problem | str]) -> None:
        self.answers = answers
        self.done: list[str] = []

    async def __call__(self, step: Step, text: str) -> str:
        self.done.append(step.ticket)
        told = self.answers.get(step.ticket, ["fine"])
        answer = told[min(self.done.count(step.ticket), len(told)) - 1]
        if isinstance(answer, Problem):
            raise answer
        return answer


class Pauses:
    """Pauses that are only written down."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


def run_with(audit: ListedAudit, action: GroupAction, doer: Doer, pauses: Pauses | None = None) -> GroupRun:
    return GroupRun(audit, lambda: ME, {action: doer}, pause=pauses or Pauses())


@pytest.fixture
def audit() -> ListedAudit:
    return ListedAudit(SetClock())


async def begun(run: GroupRun, action: GroupAction = GroupAction.NOTE, **rest: object) -> Progress:
    return await run.begin(plan_for(action, KEY, members(), me=ME.upn, **rest))  # type: ignore[arg-type]


def test_a_plan_says_whom_it_leaves_out_and_why() -> None:
    found = members()
    found[0] = incident("1", state=IncidentState.CLOSED)
    found[1] = incident("2", assignee="ada@demo.example")
    found[2] = incident("3", assignee="bob@demo.example")
    plan = plan_for(GroupAction.CLAIM, KEY, found, me="ada@demo.example")
    assert [step.ticket for step in plan.steps] == ["INC4"]
    assert plan.left_out == (("INC1", "closed"), ("INC2", "already yours"), ("INC3", "with bob@demo.example"))


def test_a_rotation_is_planned_once_a_device_and_only_for_open_debts() -> None:
    debts = [debt("1", device="same"), debt("2", device="same"), debt("3", DebtState.PENDING)]
    plan = plan_for(GroupAction.ROTATE, KEY, members(), debts=debts)
    assert [(step.device_id, step.key_id) for step in plan.steps] == [("same", "key-1")]
    assert plan.left_out == (("INC3", "already requested"), ("INC4", "no key was disclosed: no debt"))


@pytest.mark.parametrize(("allowed", "steps"), [(True, 4), (False, 0), (None, 0)])
def test_a_notice_goes_out_only_where_the_policy_is_known_to_allow_it(allowed: bool | None, steps: int) -> None:
    assert len(plan_for(GroupAction.NOTICE, KEY, members(), notice_allowed=allowed).steps) == steps


async def test_every_device_has_its_own_answer_and_one_refusal_stops_nobody(audit: ListedAudit) -> None:
    refused = Problem(ProblemKind.FORBIDDEN, "The desk refuses", status=403)
    doer = Doer(INC2=[refused])
    run = run_with(audit, GroupAction.NOTE, doer)
    seen: list[Progress] = []
    ended = await run.run(await begun(run, text="hello"), seen.append)
    assert (ended.ended, ended.count("done"), ended.count("failed")) == ("finished", 3, 1)
    assert ended.answers["desk:2"].detail == "The desk refuses."
    assert doer.done == ["INC1", "INC2", "INC3", "INC4"]
    assert [progress.count("done", "failed") for progress in seen[:-1]] == [1, 2, 3, 4]
    assert {row.entry.event for row in audit.written} == {AuditEvent.REVIEW}


async def test_what_the_service_puts_off_is_asked_for_again_after_its_pause(audit: ListedAudit) -> None:
    later = Problem(ProblemKind.THROTTLED, "Too many requests", status=429, retry_after=7.0)
    doer, pauses = Doer(INC2=[later, later, "fine"]), Pauses()
    run = run_with(audit, GroupAction.NOTE, doer, pauses)
    waits: list[float] = []
    ended = await run.run(await begun(run), lambda progress: waits.append(progress.waiting))
    assert ended.count("done") == 4
    assert doer.done.count("INC2") == 3
    assert pauses.taken == [7.0, 7.0]
    assert 7.0 in waits


async def test_cancel_lets_the_device_in_hand_end_and_takes_no_other(audit: ListedAudit) -> None:
    doer = Doer()
    run = run_with(audit, GroupAction.NOTE, doer)
    ended = await run.run(await begun(run), lambda _: run.cancel())
    assert (ended.ended, doer.done) == ("cancelled", ["INC1"])
    assert unfinished(audit.written) == ()


async def test_cancel_ends_a_pause_at_once(audit: ListedAudit) -> None:
    later = Problem(ProblemKind.THROTTLED, "Too many requests", status=429, retry_after=3_000.0)
    run = GroupRun(audit, lambda: ME, {GroupAction.NOTE: Doer(INC1=[later])})

    def cancel_when_waiting(progress: Progress) -> None:
        if progress.waiting:
            run.cancel()

    working = asyncio.create_task(run.run(await begun(run), cancel_when_waiting))
    ended = await asyncio.wait_for(working, 5)
    assert ended.ended == "cancelled"


async def test_nothing_is_done_when_the_audit_cannot_be_written(audit: ListedAudit) -> None:
    doer = Doer()
    run = run_with(audit, GroupAction.NOTE, doer)
    progress = await begun(run)
    audit.fails_on = frozenset({AuditEvent.REVIEW})
    with pytest.raises(Problem):
        await run.run(progress, lambda _: None)
    assert doer.done == []


async def cut_off(audit: ListedAudit, action: GroupAction, after: int, **rest: object) -> Progress:
    """A run that a kill ends right after a row was written: the rows up to there are all that is left."""
    run = run_with(audit, action, Doer())
    await run.run(await begun(run, action, **rest), lambda _: None)
    del audit.written[after:]
    (left,) = unfinished(audit.written)
    return left


@pytest.mark.parametrize(("after", "left", "doubtful"), [(1, 4, 0), (2, 3, 1), (3, 3, 0), (4, 2, 1)])
async def test_a_note_that_may_have_been_written_is_not_written_twice(
    audit: ListedAudit, after: int, left: int, doubtful: int
) -> None:
    progress = await cut_off(audit, GroupAction.NOTE, after)
    assert (len(progress.left), len(progress.doubtful)) == (left, doubtful)
    doer = Doer()
    run = run_with(audit, GroupAction.NOTE, doer)
    ended = await run.run(progress, lambda _: None)
    assert len(doer.done) == left
    assert ended.ended == "finished"
    assert unfinished(audit.written) == ()


async def test_a_claim_that_was_cut_off_is_asked_for_again(audit: ListedAudit) -> None:
    progress = await cut_off(audit, GroupAction.CLAIM, 2)
    assert (len(progress.left), progress.doubtful) == (4, ())


async def test_a_request_without_an_answer_is_not_repeated(audit: ListedAudit) -> None:
    silent = Problem(ProblemKind.UNREACHABLE, "The connection was reset")
    doer = Doer(INC1=[silent])
    run = run_with(audit, GroupAction.ROTATE, doer)
    debts = [debt(number) for number in NUMBERS]
    ended = await run.run(await begun(run, GroupAction.ROTATE, debts=debts), lambda _: None)
    assert ended.answers["id-1"].state == "unknown"
    assert ended.left == ()


async def test_failed_devices_may_be_tried_again_later(audit: ListedAudit) -> None:
    run = run_with(audit, GroupAction.NOTE, Doer(INC3=[Problem(ProblemKind.FORBIDDEN, "No", status=403)]))
    ended = await run.run(await begun(run), lambda _: None)
    assert [step.ticket for step in ended.left] == ["INC3"]


async def test_progress_is_what_the_rows_say(audit: ListedAudit) -> None:
    run = run_with(audit, GroupAction.NOTE, Doer())
    ended = await run.run(await begun(run, text="hello"), lambda _: None)
    (read,) = progress_of(audit.written)
    assert (read.plan, dict(read.answers), read.ended) == (ended.plan, dict(ended.answers), "finished")
    damaged = replace(audit.written[0], entry=replace(audit.written[0].entry, note="group-plan {"))
    assert progress_of([damaged]) == ()


def test_a_step_is_named_by_its_device_when_that_is_rotated() -> None:
    assert step_name(Step("desk:1", "INC1", "D", "id-1", "key")) == "id-1"
    assert step_name(Step("desk:1", "INC1", "D")) == "desk:1"


def test_no_group_action_can_disclose_a_key() -> None:
    assert {action.value for action in GroupAction} == {"claim", "note", "ask", "link", "notice", "join", "rotate"}
    source = inspect.getsource(acting).lower()
    assert "reveal" not in source and "vault" not in source
    assert not {field for field in Plan.__struct_fields__ if "proof" in field or "reason" in field}


def waiting(*names: str) -> list[FleetDevice]:
    return [managed(name, MARCH, model="=cmd()") for name in names]


def test_the_device_list_holds_no_formula() -> None:
    listed = device_list(waiting("LT-1", "@SUM(A1)"), "KB5083769")
    assert listed.splitlines()[0] == "device,entra_device_id,update,build,last_check_in,model,firmware"
    assert "LT-1,id-LT-1,KB5083769,26100.8117,2026-04-15T06:10Z,'=cmd()," in listed
    assert "\n'@SUM(A1)," in listed


def test_the_script_names_its_trade_off_and_quotes_names() -> None:
    (group,) = group_incidents([incident("1")], {})
    script = suspend_script(replace(group, key=KEY), waiting("LT-1", "x'; Remove-Item C:\\ ;'", "a\u2019b\n"), 2)
    assert "-RebootCount 2" in script
    assert REBOOTS[2] in script
    assert "SecOps" in script
    assert "'x''; Remove-Item C:\\ ;'''" in script
    assert "'a\u2019\u2019b'" in script
    with pytest.raises(ValueError, match="15"):
        suspend_script(group, waiting("LT-1"), 15)


def test_the_script_is_powershell() -> None:
    parser = pytest.importorskip("tree_sitter")
    grammar = pytest.importorskip("tree_sitter_powershell")
    (group,) = group_incidents([incident("1")], {})
    script = suspend_script(group, waiting("LT-1", "LT-2"), 1)
    tree = parser.Parser(parser.Language(grammar.language())).parse(script.encode())
    assert not tree.root_node.has_error


def test_an_export_never_overwrites_and_is_private(tmp_path: Path) -> None:
    path = write_export(tmp_path / "reports", "a.csv", "x")
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Problem):
        write_export(tmp_path / "reports", "a.csv", "y")
    assert path.read_text(encoding="utf-8") == "x"


def test_the_notice_warns_of_callers() -> None:
    (group,) = group_incidents([incident("1")], {})
    assert "Never give the 48 digits" in notice_text(group)


def test_nothing_is_known_of_an_inventory_that_was_not_read() -> None:
    assert not Fleet().known
    assert Fleet(observed_at=MORNING - timedelta(hours=1)).known
    found = shares([Facets(model="A")] * 3, [])
    assert share_words(found[0]) == "all 3 known: model A"
    assert common_words(found) == ""


class Desk:
    """A queue that links, or refuses to in one way."""

    def __init__(self, refusal: Problem | None = None) -> None:
        self.refusal = refusal
        self.done: list[tuple[str, str]] = []

    async def link(self, incident_id: str, parent: str, actor: str = "") -> None:
        if self.refusal is not None:
            raise self.refusal
        self.done.append(("link", parent))

    async def note(self, incident_id: str, text: str, actor: str = "") -> None:
        self.done.append(("note", text))


async def linked(refusal: Problem | None = None) -> tuple[str, list[tuple[str, str]]]:
    desk = Desk(refusal)
    link = deeds(cast(Any, desk), cast(Any, None), lambda: "ada", Doer())[GroupAction.LINK]
    return await link(Step("desk:1", "INC1"), "PRB1"), desk.done


async def test_a_problem_record_is_linked_and_noted_only_where_a_system_has_no_links() -> None:
    assert await linked() == ("linked to PRB1", [("link", "PRB1")])
    said, done = await linked(Problem(ProblemKind.POLICY, "rt takes no such change: a link"))
    assert said.startswith("noted: ")
    assert done == [("note", "Part of problem PRB1")]
    for refusal in (Problem(ProblemKind.POLICY, "held", code="taken"), Problem(ProblemKind.POLICY, "no", status=403)):
        with pytest.raises(Problem):
            await linked(refusal)
