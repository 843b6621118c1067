"""The question before a disclosure: it names the device, the person, the ticket and the whole key ID, and asks how."""

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Label, Static

from screens.intake import Order
from screens.render import SEVERITY_STYLES, SEVERITY_WORDS
from screens.shell import ConsoleModal, bindings
from screens.tenant_badge import tenant_badge
from screens.widgets.key_line import KeyLine
from tui.actions import Scope
from tui.errors import Problem
from tui.model.finding import Severity
from tui.model.recovery_key import Escrow, Volume
from tui.services.disclosure import Decision, Delivery
from tui.text import clean_line, with_script_marker

CHOICES = (("y", "yes"), ("n", "no"), ("s", "seal it"), ("h", "hand it off"))
ASKED = {
    Delivery.SEALED: ("public key", "age1... of the engineer or the user"),
    Delivery.HANDOFF: ("by", "the channel, and how it was verified"),
}
"""Label and hint of what has to be said with a choice."""


class ConfirmScreen(ConsoleModal[bool]):
    """Answers whether to go on; how is kept by the reveal service."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.CONFIRM, Scope.DELIVERY)
    DEFAULT_CSS = "ConfirmScreen #delivery-row { display: none; } ConfirmScreen #delivery-hint { color: $warning; }"
    AUTO_FOCUS = ""

    def __init__(self, order: Order) -> None:
        super().__init__()
        self._order = order
        self._recorded = order.intake.recorded
        self._chosen = Delivery.DRAW

    def compose(self) -> ComposeResult:
        with Vertical(classes="card -danger"):
            with VerticalScroll(can_focus=False):
                yield Static(self._question(), id="question")
            with Horizontal(classes="field", id="delivery-row"):
                yield Label("", id="delivery-label")
                yield Input(id="delivery", max_length=200)
            yield Static(id="delivery-hint")
        yield KeyLine()

    def on_mount(self) -> None:
        self._look_for_recorder()

    @work(group="recorder", exclusive=True, exit_on_error=False, description="look for a recorder")
    async def _look_for_recorder(self) -> None:
        self._recorded = await self.desk.reveal.recorded(self._order.intake)
        self.query_one("#question", Static).update(self._question())

    def _question(self) -> Content:
        intake, dossier = self._order.intake, self._order.dossier
        created = f"{intake.key.created:%Y-%m-%d %H:%M}" if intake.key.created else "no date"
        where = " to Active Directory" if intake.key.escrow is Escrow.AD else ""
        lines = [
            Content.assemble(
                ("Disclose this key?  ", "bold $warning"),
                *(part for key, word in CHOICES for part in ((key, "bold"), f" {word}   ")),
            ),
            tenant_badge(self.desk),
            _line("device", with_script_marker(intake.device.name or intake.device.id)),
            _line("for", with_script_marker(intake.requester or "nobody named")),
            _line("ticket", intake.ticket or "none"),
            _line("key ID", intake.key.id.upper()),
            _line("read out", f"{intake.term} ({'the whole ID' if intake.term.is_full else 'its beginning'})"),
            _line("volume", f"{intake.key.volume}, backed up {created}{where}"),
            _line("verified", f"{intake.proof.type} {intake.proof.reference}".strip()),
            _line("reason", intake.reason),
        ]
        if intake.key.volume is Volume.UNKNOWN:
            lines.append(Content.assemble(("! It is not known which volume this key opens.", "$warning")))
        elif intake.key.volume is not Volume.OPERATING_SYSTEM:
            lines.append(Content.assemble(("‼ This key does not open the system drive.", "bold $error")))
        if self._recorded != "no":
            lines.append(_recorder_line(self._recorded))
        for finding in dossier.findings:
            if finding.severity is not Severity.INFO:
                text = f"{SEVERITY_WORDS[finding.severity]}{finding.title}. {finding.next}"
                lines.append(Content.assemble((text, SEVERITY_STYLES[finding.severity])))
        return Content("\n").join(lines)

    def action_confirm_yes(self) -> None:
        accepted = Delivery.DRAW if self._recorded == "no" else Delivery.DRAW_ACCEPTED
        self._decide(Decision(accepted))

    def action_confirm_no(self) -> None:
        if self._chosen is Delivery.DRAW:
            self.dismiss(False)
            return
        self._chosen = Delivery.DRAW
        self.query_one("#delivery-row").display = False
        self._refuse("")
        self.set_focus(None)

    def action_seal_key(self) -> None:
        self._ask(Delivery.SEALED, self.desk.reveal.recipient)

    def action_hand_off(self) -> None:
        self._ask(Delivery.HANDOFF, "")

    def _ask(self, delivery: Delivery, known: str) -> None:
        self._chosen = delivery
        label, hint = ASKED[delivery]
        self.query_one("#delivery-label", Label).update(label)
        field = self.query_one("#delivery", Input)
        field.placeholder, field.value = hint, known
        self.query_one("#delivery-row").display = True
        self._refuse("enter goes on, esc goes back")
        field.focus()

    @on(Input.Submitted, "#delivery")
    def _said(self, event: Input.Submitted) -> None:
        said = clean_line(event.value)
        if not said:
            self._refuse(f"Say the {ASKED[self._chosen][0]}: {ASKED[self._chosen][1]}.")
        elif self._chosen is Delivery.HANDOFF:
            self._hand_off(said)
        elif not (said.lower().startswith("age1") and said.isalnum()):
            self._refuse("That is no public key: it begins with age1 and has letters and digits only.")
        else:
            self._decide(Decision(Delivery.SEALED, recipient=said.lower()))

    @work(group="hand-off", exclusive=True, exit_on_error=False, description="record a hand-off")
    async def _hand_off(self, channel: str) -> None:
        try:
            await self.desk.reveal.hand_off(self._order.intake, channel)
        except Problem as problem:
            self._refuse(str(problem))
            return
        self.app.notify("Handed off; nothing was read here. A rotation is due (T).", markup=False)
        self.dismiss(False)

    def _decide(self, decision: Decision) -> None:
        self.desk.reveal.decide(self._order.intake, decision)
        self.dismiss(True)

    def _refuse(self, why: str) -> None:
        self.query_one("#delivery-hint", Static).update(Content(why))


def _recorder_line(recorder: str) -> Content:
    return Content.assemble(
        (f"‼ This session counts as recorded ({recorder}). ", "bold $error"),
        "What is drawn stays in the recording; y accepts that, and the audit row says so. ",
        ("s", "bold"),
        " seals the key: ciphertext only.",
    )


def _line(name: str, value: str) -> Content:
    return Content.assemble((f"{name:10}", "$secondary"), (value, "bold"))
