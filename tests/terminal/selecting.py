"""Choosing a ticket on a busy machine, and inside tmux, where a burst of keys may be cut anywhere."""

from tests.support.terminal import Terminal
from tests.terminal.desk import tickets_of


def select_one_by_one(terminal: Terminal, ticket: str) -> None:
    """Filter the queue down to one ticket, each letter once the one before it is on the screen."""
    terminal.press("/")
    terminal.wait_until("filter: words")
    for end in range(1, len(ticket) + 1):
        terminal.type(ticket[end - 1])
        terminal.wait_until(lambda end=end: any(row.strip().startswith(ticket[:end]) for row in terminal.text()))  # type: ignore[misc]
    terminal.wait_until(lambda: tickets_of(terminal) == [ticket])
    terminal.press("enter")
    terminal.wait_until("R Reveal")
