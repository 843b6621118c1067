"""What a screen may expect of the app that shows it."""

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeVar, cast

from textual import on
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen, Screen
from textual.worker import Worker

import themes
from tui.actions import Scope, actions_of, key_label
from tui.errors import Problem

if TYPE_CHECKING:
    # The first frame is painted before the use cases are imported.
    from tui.services.desk import Desk


class Shell(Protocol):
    """The app, as screens see it."""

    desk: "Desk"

    def hold_output(self) -> AbstractAsyncContextManager[None]:
        """Flush and hold the console's own output, so that the vault can draw."""
        ...

    def let_keys_go(self) -> None:
        """What kept keys from acting is over."""
        ...

    def report(self, problem: Problem) -> None:
        """Show a problem with its next step."""
        ...

    def report_failure(self, event: Worker.StateChanged) -> None:
        """Say that background work has failed."""
        ...


Result = TypeVar("Result")


def bindings(*scopes: Scope) -> list[BindingType]:
    """Bindings of some scopes, from the registry. Only there is a key written down."""
    return [
        Binding(
            ",".join(action.keys),
            action.id.replace("-", "_"),
            action.label,
            show=action.in_footer,
            key_display=key_label(action.keys[0]),
            tooltip=action.help,
            id=action.id,
            priority=action.id == "submit-form",
        )
        for action in actions_of(*scopes)
    ]


def fit_to_width(screen: Screen[Result]) -> None:
    """Choose side by side or not before the first frame; Textual does it behind that frame, and paints all again."""
    classes = sorted(screen.app.HORIZONTAL_BREAKPOINTS or ())
    fitting = [name for least, name in classes if screen.app.size.width >= least]
    screen.update_classes({name: name in fitting[-1:] for _, name in classes}, animate=False)


class _Console(Screen[Result]):
    """What screens and modals share."""

    CSS_PATH = themes.CONSOLE

    SHOWS_KEY: ClassVar[bool] = False
    """The vault draws on it: nothing of ours may be painted over it."""

    @property
    def shell(self) -> Shell:
        """The app that shows this screen."""
        return cast(Shell, self.app)

    _desk: "Desk | None" = None

    @property
    def desk(self) -> "Desk":
        """The use cases of the tenant that was shown when this screen was opened, whatever is shown later."""
        if self._desk is None:
            self._desk = self.shell.desk
        return self._desk

    @on(Worker.StateChanged)
    def _work_failed(self, event: Worker.StateChanged) -> None:
        self.shell.report_failure(event)


class ConsoleScreen(_Console[None]):
    """A full screen of the console."""


class ConsoleModal(ModalScreen[Result], _Console[Result]):
    """A form or a question over a screen."""
