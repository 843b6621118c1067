"""Plans for a whole group, and how far they have come: what audit rows say about them. Pure.

Nothing is kept beside the audit: the plan and the begin and end of every step are rows of it (`review`, with a
machine-readable note). After a kill the rows say what is left. What can be asked again without harm (claim, rotation,
whose own state decides) is asked again; a note that may have been written is not written twice. No step discloses a
key, and none can: a group never authorises one.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

import msgspec

from tui.model.audit import AuditEvent, AuditRow
from tui.model.group import GroupKey
from tui.model.incident import Incident, IncidentState
from tui.services.rotation import Debt, DebtState

PLAN, STEP = "group-plan ", "group-step "
"""How the notes begin; the rest is JSON."""


class GroupAction(StrEnum):
    """What can be done to all members at once."""

    CLAIM = "claim"
    NOTE = "note"
    ASK = "ask"
    LINK = "link"
    NOTICE = "notice"
    JOIN = "join"
    ROTATE = "rotate"


REPEATABLE = frozenset({GroupAction.CLAIM, GroupAction.JOIN, GroupAction.ROTATE})
"""Actions whose repetition does no harm, because the ticket or the debt says what is done."""


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One device's part. `key_id` is set for a rotation."""

    incident_id: str
    ticket: str
    device: str = ""
    device_id: str = ""
    key_id: str = ""


class Plan(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is going to be done, as it is shown and recorded before it begins."""

    id: str
    action: GroupAction
    group: GroupKey
    steps: tuple[Step, ...]
    text: str = ""
    left_out: tuple[tuple[str, str], ...] = ()
    """Tickets that are not touched, each with the reason."""


State = Literal["begun", "done", "failed", "unknown"]


class StepNote(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a row says about a step; `ended` closes the plan."""

    plan: str
    step: str = ""
    state: State = "begun"
    detail: str = ""
    ended: Literal["", "finished", "cancelled", "stopped"] = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a plan has come: the newest answer of each step, by `step_name`; `ended` is empty while it runs."""

    plan: Plan
    answers: Mapping[str, StepNote] = field(default_factory=dict)
    ended: str = ""
    waiting: float = 0.0
    """Seconds that the service asked to wait."""

    def count(self, *states: State) -> int:
        """Steps in these states."""
        return sum(answer.state in states for answer in self.answers.values())

    @property
    def left(self) -> tuple[Step, ...]:
        """Steps that may still be taken: never begun, failed, or begun and harmless to repeat."""
        again = {"failed", "begun"} if self.plan.action in REPEATABLE else {"failed"}
        return tuple(
            step
            for step in self.plan.steps
            if (answer := self.answers.get(step_name(step))) is None or answer.state in again
        )

    @property
    def doubtful(self) -> tuple[Step, ...]:
        """Steps that were begun and whose end nobody saw; they are not repeated."""
        if self.plan.action in REPEATABLE:
            return ()
        return tuple(
            step
            for step in self.plan.steps
            if (answer := self.answers.get(step_name(step))) is not None and answer.state in ("begun", "unknown")
        )


def step_name(step: Step) -> str:
    """A step's name within its plan: the device for a rotation, which rotates all of its keys, else the incident."""
    return step.device_id if step.key_id else step.incident_id


def plan_for(
    action: GroupAction,
    group: GroupKey,
    incidents: Sequence[Incident],
    *,
    me: str = "",
    text: str = "",
    debts: Sequence[Debt] = (),
    notice_allowed: bool | None = None,
) -> Plan:
    """What an action would do to a group's members, and whom it leaves out and why. Pure."""
    steps: dict[str, Step] = {}
    left_out: list[tuple[str, str]] = []
    for incident in incidents:
        for step, why in _steps(action, incident, me, debts, notice_allowed):
            if why:
                left_out.append((incident.ticket.number, why))
            else:
                steps.setdefault(step_name(step), step)
    return Plan(uuid.uuid4().hex[:12], action, group, tuple(steps.values()), text, tuple(left_out))


def _steps(
    action: GroupAction, incident: Incident, me: str, debts: Sequence[Debt], notice_allowed: bool | None
) -> list[tuple[Step, str]]:
    ticket = incident.ticket
    plain = Step(incident.id, ticket.number, ticket.device_name)
    if action is GroupAction.ROTATE:
        return _rotations(plain, [debt for debt in debts if debt.ticket == ticket.number])
    if ticket.state is IncidentState.CLOSED:
        return [(plain, "closed")]
    if action is GroupAction.CLAIM and ticket.assignee:
        return [(plain, "already yours" if ticket.assignee == me else f"with {ticket.assignee}")]
    if action is GroupAction.NOTICE and notice_allowed is not True:
        why = "the tenant's policy is not known" if notice_allowed is None else "owners may not read their keys here"
        return [(plain, why)]
    return [(plain, "")]


def _rotations(plain: Step, debts: list[Debt]) -> list[tuple[Step, str]]:
    if not debts:
        return [(plain, "no key was disclosed: no debt")]
    found: list[tuple[Step, str]] = []
    for debt in debts:
        why = {DebtState.PENDING: "already requested", DebtState.PROVEN: "already proven"}.get(debt.state, "")
        step = Step(plain.incident_id, plain.ticket, debt.device.name, debt.device.id, debt.key_id)
        found.append((step, why or ("" if debt.device.id else "the device's id is not known")))
    return found


def progress_of(rows: Iterable[AuditRow]) -> tuple[Progress, ...]:
    """Every plan that the rows hold, oldest first, as far as it has come. Damaged notes are passed over."""
    plans: dict[str, Plan] = {}
    answers: dict[str, dict[str, StepNote]] = {}
    ended: dict[str, str] = {}
    for row in rows:
        note = _read(row)
        if isinstance(note, Plan):
            plans[note.id], answers[note.id] = note, {}
        elif note is not None and note.plan in plans:
            if note.step:
                answers[note.plan][note.step] = note
            ended[note.plan] = note.ended
    return tuple(Progress(plan, answers[name], ended.get(name, "")) for name, plan in plans.items())


def _read(row: AuditRow) -> Plan | StepNote | None:
    note = row.entry.note
    if row.entry.event is not AuditEvent.REVIEW or not note.startswith((PLAN, STEP)):
        return None
    try:
        if note.startswith(PLAN):
            return msgspec.json.decode(note.removeprefix(PLAN), type=Plan)
        return msgspec.json.decode(note.removeprefix(STEP), type=StepNote)
    except msgspec.DecodeError:
        return None


def unfinished(rows: Iterable[AuditRow]) -> tuple[Progress, ...]:
    """Plans that a kill or a crash cut off: no row says how they ended."""
    return tuple(progress for progress in progress_of(rows) if not progress.ended)
