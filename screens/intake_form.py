"""The form of an intake: its fields, and what of them is ready to be checked against the sources."""

from dataclasses import dataclass
from typing import TypeVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Label, Static

from screens.shell import ConsoleModal
from screens.widgets.key_line import KeyLine
from screens.widgets.proof_choice import ProofChoice
from screens.widgets.reason_choice import ReasonChoice
from tui.model.audit import Proof
from tui.model.ids import KeyReading
from tui.model.incident import Incident
from tui.services.intake_text import REASONS, first_guess, secret_in
from tui.services.matching import Selection, doubtful, read_out
from tui.text import clean_line

NO_TICKET = "no ticket"
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Filled:
    """What was filled in, beside the ID."""

    reason: str
    requester: str
    proof: Proof


class NotReady(Exception):
    """The form lacks something; the text says what, `field` is where to put it."""

    def __init__(self, why: str, field: str) -> None:
        super().__init__(why)
        self.field = field


class IntakeForm(ConsoleModal[Result]):
    """Fields in the order in which they are asked; enter goes on to the next one that has to be filled."""

    CSS = """
    IntakeScreen .field { margin-bottom: 0; }
    IntakeScreen .field.-apart { margin-bottom: 1; }
    IntakeScreen #offer { margin-top: 1; }
    """
    AUTO_FOCUS = "#key-id"

    def __init__(self, incident: Incident | None) -> None:
        super().__init__()
        self._incident = incident

    def compose(self) -> ComposeResult:
        incident = self._incident
        ticket = incident.ticket if incident else None
        prefixes = incident.reading.key_id_prefixes if incident else ()
        said = ", ".join(prefix[:8].upper() for prefix in prefixes) or "no key ID"
        what = f"{ticket.number}  {ticket.device_name}" if ticket else f"{NO_TICKET}: ctrl+g breaks the glass"
        caller = ticket.caller if ticket else ""
        with Vertical(classes="card"):
            yield Static(Content.assemble(("Disclose a key  ", "bold $primary"), what))
            yield Static(Content(f"caller {caller or '-'}; the ticket names {said}\n"), classes="hint")
            yield self._row(
                "key ID",
                Input(id="key-id", placeholder="8 or more characters, as read out", max_length=200),
                apart=True,
            )
            with Horizontal(classes="field"):
                yield Label("reason")
                yield ReasonChoice(first_guess(incident.reading.cause.code) if incident else REASONS[0])
            yield self._row("", Input(id="reason", placeholder="why it is needed", max_length=200), apart=True)
            yield self._row("requester", Input(caller, id="requester", placeholder="who calls", max_length=200))
            yield self._row("reference", Input(id="reference", placeholder="of the verification (tab)", max_length=200))
            with Horizontal(classes="field"):
                yield Label("verified by")
                yield ProofChoice()
            yield Static(id="offer", classes="hint")
            yield Static(id="hint", classes="hint")
            yield Static(id="error", classes="error")
        yield KeyLine()

    @staticmethod
    def _row(label: str, field: Input, *, apart: bool = False) -> Horizontal:
        return Horizontal(Label(label), field, classes="field -apart" if apart else "field")

    @on(Input.Submitted, "#key-id")
    def _id_entered(self) -> None:
        self.query_one("#reason", Input).focus()

    @on(Input.Submitted, "#reason")
    @on(Input.Submitted, "#requester")
    @on(Input.Submitted, "#reference")
    def _text_entered(self) -> None:
        self.query_one(ProofChoice).focus()

    def action_next_reason(self) -> None:
        self.query_one(ReasonChoice).step(1)

    def action_previous_reason(self) -> None:
        self.query_one(ReasonChoice).step(-1)

    def _form(self) -> tuple[KeyReading, Filled]:
        found = read_out(self._value("#key-id"))
        if isinstance(found, Selection):
            raise NotReady(f"{found.words} {found.next_step}", "#key-id")
        if refused := doubtful(found):
            raise NotReady(f"{refused.words} {refused.next_step}", "#key-id")
        if not self._value("#reason"):
            raise NotReady("Say why the key is needed.", "#reason")
        if not self._value("#requester"):
            raise NotReady("Say who asks for the key.", "#requester")
        for field in ("#reason", "#reference", "#requester"):
            if secret := secret_in(self._value(field)):
                raise NotReady(f"This holds {secret}: give the reference of the proof, never the answer.", field)
        proof = self.query_one(ProofChoice).value
        if not proof:
            raise NotReady("Say how the caller was verified: 1 to 4.", "")
        code = self.query_one(ReasonChoice).reason.code
        reason = clean_line(f"{code}: {self._value('#reason')}" if code != "unknown" else self._value("#reason"))
        return found, Filled(reason, clean_line(self._value("#requester")), Proof(proof, self._reference()))

    def _reference(self) -> str:
        return clean_line(self._value("#reference"))

    def _value(self, selector: str) -> str:
        return self.query_one(selector, Input).value.strip()

    def _hint(self, words: str) -> None:
        self.query_one("#hint", Static).update(Content(words))

    def _refuse(self, why: str, focus: str = "") -> None:
        if why:
            self._hint("")
        self.query_one("#error", Static).update(Content(why))
        if focus:
            self.query_one(focus, Input).focus()
