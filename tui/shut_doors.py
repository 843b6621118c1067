"""Textual's own doors that a console for recovery keys keeps shut."""

import sys
from collections.abc import Iterable
from typing import NoReturn

from textual.app import App, SystemCommand
from textual.screen import Screen

from tui.errors import Problem, ProblemKind, place_of


class ShutDoors(App[int]):
    """An app without screenshots, without commands of Textual's own, and without local variables in a crash."""

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """No command of Textual's own is offered: one of them is a screenshot."""
        return ()

    def export_screenshot(self, **_: object) -> NoReturn:
        """Refused, also when it is called from outside."""
        raise Problem(ProblemKind.POLICY, "This console takes no screenshots", "They would be files full of names")

    def _fatal_error(self) -> None:
        """End with one line and no local variables: a traceback with locals is how secrets reach logs."""
        error = sys.exc_info()[1]
        self.bell()
        kind = type(error).__name__
        self._exit_renderables.append(f"reseal: the console stopped on {kind}{place_of(error)}. The audit is complete.")
        self._close_messages_no_wait()
