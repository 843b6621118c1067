"""How the caller was verified: one digit chooses."""

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

PROOFS = (
    ("1", "call-back", "call-back to the number on record"),
    ("2", "manager", "the manager vouched"),
    ("3", "app", "verified app prompt"),
    ("4", "in-person", "seen in person, with a badge"),
)
"""Digit, type in the audit row, and what it means. Knowledge of personal data is no proof."""


class ProofChoice(Widget, can_focus=True):
    """A line of choices; `value` is the type in the audit row, or empty."""

    value = reactive("")

    class Chosen(Message):
        """A digit was pressed."""

    def render(self) -> Content:
        parts: list[tuple[str, str]] = []
        for digit, kind, _ in PROOFS:
            style = "bold $success" if kind == self.value else ""
            parts.append((f"{digit} {kind}  ", style))
        return Content.assemble(*parts)

    def on_key(self, event: events.Key) -> None:
        chosen = {digit: kind for digit, kind, _ in PROOFS}.get(event.key)
        if chosen is not None:
            event.stop()
            self.value = chosen
            self.post_message(self.Chosen())
