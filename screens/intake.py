"""Intake: the key ID as it is read out, the reason, and how the caller was verified."""

import asyncio
from dataclasses import dataclass, replace
from typing import ClassVar

from textual import on, work
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Input, Static

from screens.approval import ApprovalScreen
from screens.break_glass import BreakGlassScreen
from screens.intake_form import NO_TICKET, Filled, IntakeForm, NotReady
from screens.pim import PimScreen
from screens.self_service import SelfServiceScreen
from screens.shell import bindings
from screens.widgets.proof_choice import ProofChoice
from tui.actions import Scope
from tui.errors import Problem, ProblemKind
from tui.model.audit import DeviceRef
from tui.model.dossier import Dossier, Query, Verdict
from tui.model.ids import KeyReading, KeyTerm
from tui.model.incident import Incident
from tui.services.clearance import Clearance, Target
from tui.services.desk import query_of
from tui.services.disclosure_policy import circumstances_of
from tui.services.judgement import owner_of
from tui.services.matching import Refused, Selection, doubt_words, read_out, select
from tui.services.pim import denial_words
from tui.services.reveal import Intake
from tui.services.self_service import Offer, offer
from tui.services.ticket_check import validated

FRESH_NS = 20_000_000_000
"""A dossier that was joined while the engineer typed decides for so long; the vault asks for the key itself anyway."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the engineer asks for, with the dossier that led to it."""

    intake: Intake
    dossier: Dossier


class IntakeScreen(IntakeForm[Order | None]):
    """Answers an order whose ID fits exactly one key and that is cleared, or None. Without an incident the glass has to
    be broken."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.FORM, Scope.INTAKE, Scope.GLASS)

    def __init__(self, incident: Incident | None) -> None:
        super().__init__(incident)
        self._joins: dict[str, tuple[int, asyncio.Task[Dossier]]] = {}
        self._offer: Offer | None = None

    def on_unmount(self) -> None:
        for _, join in self._joins.values():
            join.cancel()

    @on(ProofChoice.Chosen)
    def _proof_chosen(self) -> None:
        self._check()

    @on(Input.Changed, "#key-id")
    def _id_changed(self, event: Input.Changed) -> None:
        found = read_out(event.value)
        self._refuse("")
        if isinstance(found, Selection):
            self._hint(found.words if event.value.strip() else "")
            return
        if found.blocking:
            self._hint("doubtful: " + ", ".join(doubt_words(doubt) for doubt in found.blocking))
        elif found.term is not None:
            whole = "whole ID" if found.term.is_full else f"{len(found.term.digits)} characters"
            self._hint(f"{found.term} ({whole})")
            if found.term.is_full or len(found.term.digits) == 8:
                self._look_ahead(found.term)

    def action_offer_self_service(self) -> None:
        if self._offer is not None:
            self.app.push_screen(SelfServiceScreen(self._offer))
        else:
            self._hint("Self-service: not known to be possible for this device.")

    def action_activate_role(self) -> None:
        if self._incident is not None:
            self.app.push_screen(PimScreen(self._incident))

    def action_submit_form(self) -> None:
        self._check()

    def action_break_glass(self) -> None:
        self._check(glass=True)

    def action_cancel_form(self) -> None:
        self.dismiss(None)

    @work(group="look-ahead", exclusive=True, exit_on_error=False, description="look the key ID up")
    async def _look_ahead(self, term: KeyTerm) -> None:
        """Join while the engineer still types: the answer is there when it is asked for, and self-service is said."""
        try:
            self._tell_offer(await self._join(term))
        except Problem:
            return  # said when it decides

    def _tell_offer(self, dossier: Dossier) -> None:
        caller = self._incident.ticket.caller if self._incident else ""
        self._offer = offer(dossier.evidence, caller, dossier.key)
        words = f"{self._offer.words} ctrl+o shows the text to send." if self._offer else ""
        self.query_one("#offer", Static).update(Content(words))

    async def _join(self, term: KeyTerm) -> Dossier:
        now = self.desk.clock.monotonic_ns()
        began, join = self._joins.get(term.digits, (0, None))
        failed = join is not None and join.done() and (join.cancelled() or join.exception() is not None)
        if join is None or failed or now - began > FRESH_NS:
            join = asyncio.create_task(self.desk.open_dossier(self._query(term), lambda _: None))
            join.add_done_callback(_note_failure)
            self._joins[term.digits] = (now, join)
        return await asyncio.shield(join)

    def _query(self, term: KeyTerm) -> Query:
        return replace(query_of(self._incident), term=term) if self._incident else Query(term=term)

    @work(group="intake", exclusive=True, exit_on_error=False, description="match the key ID")
    async def _check(self, *, glass: bool = False) -> None:
        self._refuse("")
        try:
            reading, plain = self._form()
            await self._go_on(reading, plain, glass=glass)
        except NotReady as lack:
            self._refuse(str(lack), lack.field)
        except Problem as problem:
            self._refuse(self._explained(problem), "#key-id")

    async def _go_on(self, reading: KeyReading, form: Filled, *, glass: bool) -> None:
        self._hint("Asking the ticket source, Entra ID and Intune ...")
        term = reading.term
        assert term is not None
        incident, missing = await self._ticket(glass=glass)
        dossier = await self._join(term)
        self._tell_offer(dossier)
        self._hint("")
        selection = select(dossier, reading)
        if selection.key is None:
            await self._refuse_selection(dossier, selection, form)
            return
        owner = owner_of(dossier.evidence, selection.key)
        intake = Intake(
            term=term,
            key=selection.key,
            device=DeviceRef(selection.key.device_id, "" if owner == selection.key.device_id else owner),
            ticket=incident.ticket.number if incident else "",
            requester=form.requester,
            reason=form.reason,
            proof=form.proof,
            recorded=self.desk.session.recorded,
        )
        clearance = await self._clear(intake, dossier, incident, missing, glass=glass)
        if clearance is None:
            return
        order = replace(intake, clearance=clearance)
        await self.desk.reveal.check(order)
        self.dismiss(Order(order, dossier))

    async def _ticket(self, *, glass: bool) -> tuple[Incident | None, str]:
        """The incident as its source has it now; with a broken glass what is missing is said instead."""
        if self._incident is None:
            if not glass:
                raise NotReady("There is no ticket: ctrl+g breaks the glass.", "")
            return None, NO_TICKET
        try:
            return validated(self._incident, await self.desk.queue.reread(self._incident.id)), ""
        except Problem as problem:
            if not glass:
                raise
            return self._incident, problem.what

    async def _refuse_selection(self, dossier: Dossier, selection: Selection, form: Filled) -> None:
        words = " ".join(part for part in (selection.words, selection.next_step) if part)
        if selection.refused is Refused.CLONE_ALARM and dossier.evidence.matches:
            key = dossier.evidence.matches[0]
            ticket = self._incident.ticket.number if self._incident else ""
            target = Target(key.id, DeviceRef(key.device_id), ticket, form.requester, form.reason)
            await self.desk.safeguards.clearance.note_alarm(target, selection.words)
            words = f"‼ {words}"
        if dossier.verdict is Verdict.HIDDEN_BY_SCOPE and not dossier.evidence.hidden_on_prem:
            words = f"{words} ctrl+r shows your roles."
        self._refuse(words, "#key-id")

    async def _clear(
        self, intake: Intake, dossier: Dossier, incident: Incident | None, missing: str, *, glass: bool
    ) -> Clearance | None:
        ticket = incident.ticket if incident else None
        of = circumstances_of(dossier, ticket, whole_id=intake.term.is_full)
        if glass:
            lacking = missing or "no second person is at hand"
            broken = await self.app.push_screen_wait(BreakGlassScreen(intake.target, lacking, intake.proof))
            return Clearance(of, glass=broken) if broken is not None else None
        needed = await self.desk.safeguards.clearance.triggers(intake.target, of)
        if not needed:
            return Clearance(of)
        return await self.app.push_screen_wait(ApprovalScreen(intake.target, needed, of, intake.proof))

    def _explained(self, problem: Problem) -> str:
        if problem.kind is ProblemKind.FORBIDDEN:
            return f"{denial_words(problem, self.desk.safeguards.pim.contact)} ctrl+r shows your roles."
        return str(problem)


def _note_failure(join: asyncio.Task[Dossier]) -> None:
    """Nobody may be waiting any more when a join fails; asyncio would complain on the terminal."""
    if not join.cancelled():
        join.exception()
