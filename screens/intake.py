"""Intake: the key ID as it is read out, the reason, and how the caller was verified."""

from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Footer, Input, Label, Static

from screens.shell import ConsoleModal, bindings
from screens.widgets.proof_choice import ProofChoice
from tui.actions import Scope
from tui.errors import Problem
from tui.model.audit import DeviceRef, Proof
from tui.model.dossier import Dossier, Query
from tui.model.ids import parse_key_term
from tui.model.incident import Incident
from tui.services.desk import query_of
from tui.services.reveal import Intake
from tui.text import clean_line


@dataclass(frozen=True, slots=True)
class Order:
    """What the engineer asks for, with the dossier that led to it."""

    intake: Intake
    dossier: Dossier


class IntakeScreen(ConsoleModal[Order | None]):
    """Answers an order whose ID fits exactly one key, or None."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.FORM)
    AUTO_FOCUS = "#key-id"

    def __init__(self, incident: Incident) -> None:
        super().__init__()
        self._incident = incident

    def compose(self) -> ComposeResult:
        ticket = self._incident.ticket
        said = ", ".join(prefix[:8].upper() for prefix in self._incident.reading.key_id_prefixes) or "no key ID"
        with Vertical(classes="card"):
            yield Static(
                Content.assemble(("Disclose a key  ", "bold $primary"), f"{ticket.number}  {ticket.device_name}")
            )
            yield Static(Content(f"caller {ticket.caller or '-'}; the ticket names {said}\n"), classes="hint")
            for label, field in self._fields():
                with Horizontal(classes="field"):
                    yield Label(label)
                    yield field
            with Horizontal(classes="field"):
                yield Label("verified by")
                yield ProofChoice()
            yield Static(id="hint", classes="hint")
            yield Static(id="error", classes="error")
        yield Footer(show_command_palette=False)

    @staticmethod
    def _fields() -> tuple[tuple[str, Input], ...]:
        said, why, reference = "8 or more characters, as read out", "why it is needed", "of the verification (tab)"
        return (
            ("key ID", Input(id="key-id", placeholder=said, max_length=60)),
            ("reason", Input(id="reason", placeholder=why, max_length=200)),
            ("reference", Input(id="reference", placeholder=reference, max_length=200)),
        )

    @on(Input.Submitted, "#key-id")
    def _id_entered(self) -> None:
        self.query_one("#reason", Input).focus()

    @on(Input.Submitted, "#reason")
    @on(Input.Submitted, "#reference")
    def _text_entered(self) -> None:
        self.query_one(ProofChoice).focus()

    @on(ProofChoice.Chosen)
    def _proof_chosen(self) -> None:
        self._check()

    @on(Input.Changed, "#key-id")
    def _id_changed(self, event: Input.Changed) -> None:
        term = parse_key_term(event.value)
        if term is None:
            hint = "8 to 32 of the characters 0-9 and A-F" if event.value.strip() else ""
        else:
            hint = f"{term} ({'whole ID' if term.is_full else f'{len(term.digits)} characters'})"
        self.query_one("#hint", Static).update(Content(hint))
        self.query_one("#error", Static).update("")

    def action_submit_form(self) -> None:
        self._check()

    def action_cancel_form(self) -> None:
        self.dismiss(None)

    @work(group="intake", exclusive=True, exit_on_error=False, description="match the key ID")
    async def _check(self) -> None:
        term = parse_key_term(self._value("#key-id"))
        if term is None:
            self._refuse("That is not a recovery key ID: 8 to 32 of the characters 0-9 and A-F.", "#key-id")
            return
        if not self._value("#reason"):
            self._refuse("Say why the key is needed.", "#reason")
            return
        proof = self.query_one(ProofChoice).value
        if not proof:
            self._refuse("Say how the caller was verified: 1 to 4.", "")
            return
        self.query_one("#hint", Static).update(Content("Asking Entra ID and Intune ..."))
        base = query_of(self._incident)
        try:
            query = Query(term, base.device_name, user=base.user, incident_id=self._incident.id)
            dossier = await self.desk.open_dossier(query, lambda _: None)
        except Problem as problem:
            self._refuse(str(problem), "#key-id")
            return
        self.query_one("#hint", Static).update("")
        if dossier.key is None:
            self._refuse(f"{dossier.headline} {dossier.next_step}", "#key-id")
            return
        device = dossier.evidence.matched_device
        order = Intake(
            term=term,
            key=dossier.key,
            device=DeviceRef(dossier.key.device_id, device.name if device else ""),
            ticket=self._incident.ticket.number,
            requester=self._incident.ticket.caller,
            reason=clean_line(self._value("#reason")),
            proof=Proof(proof, clean_line(self._value("#reference"))),
            recorded=self.desk.session.recorded,
        )
        try:
            await self.desk.reveal.check(order)
        except Problem as problem:
            self._refuse(str(problem), "#key-id")
            return
        self.dismiss(Order(order, dossier))

    def _value(self, selector: str) -> str:
        return self.query_one(selector, Input).value.strip()

    def _refuse(self, why: str, focus: str) -> None:
        self.query_one("#hint", Static).update("")
        self.query_one("#error", Static).update(Content(why))
        if focus:
            self.query_one(focus, Input).focus()
