"""The question before a disclosure: it names the device, the person, the ticket and the whole key ID."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Footer, Static

from screens.intake import Order
from screens.render import SEVERITY_STYLES, SEVERITY_WORDS
from screens.shell import ConsoleModal, bindings
from tui.actions import Scope
from tui.model.finding import Severity
from tui.model.recovery_key import Volume


class ConfirmScreen(ConsoleModal[bool]):
    """Answers whether to go on."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.CONFIRM)

    def __init__(self, order: Order) -> None:
        super().__init__()
        self._order = order

    def compose(self) -> ComposeResult:
        with Vertical(classes="card -danger"), VerticalScroll(can_focus=False):
            yield Static(self._question())
        yield Footer(show_command_palette=False)

    def _question(self) -> Content:
        intake, dossier = self._order.intake, self._order.dossier
        created = f"{intake.key.created:%Y-%m-%d %H:%M}" if intake.key.created else "no date"
        lines = [
            Content.assemble(("Disclose this key?  ", "bold $warning"), ("y", "bold"), " yes   ", ("n", "bold"), " no"),
            Content(""),
            _line("device", intake.device.name or intake.device.id),
            _line("for", intake.requester or "nobody named"),
            _line("ticket", intake.ticket or "none"),
            _line("key ID", intake.key.id.upper()),
            _line("read out", f"{intake.term} ({'the whole ID' if intake.term.is_full else 'its beginning'})"),
            _line("volume", f"{intake.key.volume}, backed up {created}"),
            _line("verified", f"{intake.proof.type} {intake.proof.reference}".strip()),
            _line("reason", intake.reason),
        ]
        if intake.key.volume is not Volume.OPERATING_SYSTEM:
            lines.append(Content.assemble(("‼ This key does not open the system drive.", "bold $error")))
        if intake.recorded != "no":
            lines.append(
                Content.assemble(
                    (f"‼ This session counts as recorded ({intake.recorded}). ", "bold $error"),
                    "What is drawn stays in the recording; y accepts that, and the audit row says so.",
                )
            )
        for finding in dossier.findings:
            if finding.severity is not Severity.INFO:
                text = f"{SEVERITY_WORDS[finding.severity]}{finding.title}. {finding.next}"
                lines.append(Content.assemble((text, SEVERITY_STYLES[finding.severity])))
        return Content("\n").join(lines)

    def action_confirm_yes(self) -> None:
        self.dismiss(True)

    def action_confirm_no(self) -> None:
        self.dismiss(False)


def _line(name: str, value: str) -> Content:
    return Content.assemble((f"{name:10}", "$secondary"), (value, "bold"))
