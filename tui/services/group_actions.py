"""Acting on a whole group: one step a device, each with its own answer, at the pace that the services ask for."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Literal

import msgspec

from tui.errors import Problem, ProblemKind
from tui.model.audit import AuditEntry, AuditEvent, DeviceRef, Operator
from tui.model.incident import IncidentState
from tui.ports import AuditTrail
from tui.services.group_plans import (
    PLAN,
    STEP,
    GroupAction,
    Plan,
    Progress,
    State,
    Step,
    StepNote,
    step_name,
)
from tui.services.queue import QueueService
from tui.services.rotation import Debt, DebtState, RotationService

TRIES = 10
"""How often a step is asked for that the service puts off."""

LONGEST_PAUSE = 120.0
"""Seconds waited at the most before a step that was put off is tried again."""

Do = Callable[[Step, str], Awaitable[str]]
"""Takes one step; answers with a detail for people, raises `Problem` when it is refused."""


class GroupRun:
    """One run over a plan. `cancel` lets the step in hand end."""

    def __init__(
        self,
        audit: AuditTrail,
        operator: Callable[[], Operator],
        do: Mapping[GroupAction, Do],
        *,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._audit = audit
        self._operator = operator
        self._do = do
        self._pause = pause
        self._cancelled = asyncio.Event()

    def cancel(self) -> None:
        """Take no further step."""
        self._cancelled.set()

    async def begin(self, plan: Plan) -> Progress:
        """Record the plan; nothing has been done yet. Raises `Problem` when it cannot be recorded."""
        await self._audit.append(self._entry(PLAN, plan, plan.id, reason=plan.text[:200]))
        return Progress(plan)

    async def give_up(self, progress: Progress) -> None:
        """Record that a plan was shown and not carried out."""
        await self._note(StepNote(progress.plan.id, ended="cancelled"))

    async def run(self, progress: Progress, on_progress: Callable[[Progress], None]) -> Progress:
        """Take what is left, one by one. A refusal of one device does not stop the others.

        Raises `Problem` when a row cannot be written: then nothing more is done.
        """
        ended: Literal["finished", "cancelled", "stopped"] = "finished"
        for step in progress.left:
            if self._cancelled.is_set():
                ended = "cancelled"
                break
            progress = await self._take(progress, step, on_progress)
            on_progress(progress)
            if self._must_stop(progress, step):
                ended = "stopped"
                break
        await self._note(StepNote(progress.plan.id, ended=ended))
        progress = replace(progress, ended=ended, waiting=0.0)
        on_progress(progress)
        return progress

    async def _take(self, progress: Progress, step: Step, on_progress: Callable[[Progress], None]) -> Progress:
        plan, name = progress.plan, step_name(step)
        await self._note(StepNote(plan.id, name), step)
        answer = StepNote(plan.id, name, "failed", "not tried")
        for attempt in range(TRIES):
            try:
                answer = StepNote(plan.id, name, "done", await self._do[plan.action](step, plan.text))
                break
            except Problem as problem:
                answer = StepNote(plan.id, name, _state_after(plan.action, problem), str(problem)[:300])
                if problem.kind is not ProblemKind.THROTTLED or attempt == TRIES - 1 or self._cancelled.is_set():
                    break
                asked = problem.retry_after if problem.retry_after is not None else 2.0**attempt
                seconds = min(asked, LONGEST_PAUSE)
                on_progress(replace(progress, waiting=seconds))
                await self._rest(seconds)
        await self._note(answer, step)
        return replace(progress, answers={**progress.answers, name: answer}, waiting=0.0)

    async def _rest(self, seconds: float) -> None:
        """Wait as the service asks, but not longer than until somebody cancels."""
        resting = asyncio.ensure_future(self._pause(seconds))
        stopping = asyncio.ensure_future(self._cancelled.wait())
        try:
            await asyncio.wait([resting, stopping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            resting.cancel()
            stopping.cancel()

    @staticmethod
    def _must_stop(progress: Progress, step: Step) -> bool:
        """Signed out: every further step would fail the same way."""
        answer = progress.answers[step_name(step)]
        return answer.state == "failed" and answer.detail.startswith(_SIGNED_OUT)

    async def _note(self, note: StepNote, step: Step | None = None) -> None:
        entry = self._entry(STEP, note, note.plan)
        if step is not None:
            entry = replace(entry, ticket=step.ticket, device=DeviceRef(step.device_id, step.device))
        await self._audit.append(entry)

    def _entry(self, prefix: str, what: Plan | StepNote, flow: str, reason: str = "") -> AuditEntry:
        note = prefix + msgspec.json.encode(what).decode()
        return AuditEntry(event=AuditEvent.REVIEW, flow=flow, operator=self._operator(), reason=reason, note=note)


_SIGNED_OUT = "Nobody is signed in"


def _state_after(action: GroupAction, problem: Problem) -> State:
    """Whether the deed may have been done although no answer came."""
    silent = problem.kind in (ProblemKind.UNREACHABLE, ProblemKind.UPSTREAM) and not problem.status
    return "unknown" if silent and action not in (GroupAction.CLAIM, GroupAction.JOIN) else "failed"


RECENT = 5.0
"""Seconds for which debts are not read again: a batch takes each device once, so only others could change them."""


class _RecentDebts:
    """Debts by key, read anew when they are old or when a step is tried again."""

    def __init__(self, rotation: RotationService) -> None:
        self._rotation = rotation
        self._read_at = -math.inf
        self._by_key: dict[str, Debt] = {}
        self._asked: set[str] = set()

    async def of(self, step: Step) -> Debt | None:
        if time.monotonic() - self._read_at > RECENT or step.key_id in self._asked:
            self._by_key = {debt.key_id: debt for debt in await self._rotation.debts()}
            self._read_at = time.monotonic()
        self._asked.add(step.key_id)
        return self._by_key.get(step.key_id)


def deeds(queue: QueueService, rotation: RotationService, me: Callable[[], str], join: Do) -> Mapping[GroupAction, Do]:
    """How each action is done; `join` opens the dossier of one incident."""

    async def claim(step: Step, _: str) -> str:
        incident = queue.book.get(step.incident_id)
        if incident is not None and incident.ticket.assignee == me():
            return "already yours"
        await queue.claim(step.incident_id, me())
        return "yours"

    async def note(step: Step, text: str) -> str:
        await queue.note(step.incident_id, text, me())
        return "written"

    async def ask(step: Step, text: str) -> str:
        await queue.note(step.incident_id, text, me())
        try:
            await queue.set_state(step.incident_id, IncidentState.WAITING, me())
        except Problem as problem:
            # The question stands; failing here would write it a second time.
            return f"written, but not waiting: {problem.what}"
        return "written, waits for the caller"

    async def link(step: Step, problem: str) -> str:
        try:
            await queue.link(step.incident_id, problem, me())
        except Problem as refusal:
            if refusal.kind is not ProblemKind.POLICY or refusal.code or refusal.status:
                raise
            # A system without links gets the same in words.
            await queue.note(step.incident_id, f"Part of problem {problem}", me())
            return f"noted: {refusal.what}"
        return f"linked to {problem}"

    debts = _RecentDebts(rotation)

    async def rotate(step: Step, _: str) -> str:
        debt = await debts.of(step)
        if debt is None or debt.state is DebtState.PROVEN:
            return "no debt is open"
        if debt.state is DebtState.PENDING:
            return "already requested"
        await rotation.request(debt)
        return "queued; proven when the new key is seen"

    return {
        GroupAction.NOTE: note,
        GroupAction.NOTICE: note,
        GroupAction.ASK: ask,
        GroupAction.LINK: link,
        GroupAction.CLAIM: claim,
        GroupAction.ROTATE: rotate,
        GroupAction.JOIN: join,
    }
