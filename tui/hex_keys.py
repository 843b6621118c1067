"""Keys and pastes that no field takes, looked at for the beginning of a key ID before they act."""

from collections.abc import Callable

from textual import events
from textual.app import App
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Input, TextArea

from screens.widgets.hex_catcher import HOLD_SECONDS, HexCatcher
from tui.actions import ACTIONS, Danger
from tui.model.ids import read_key_ids

_LOOKING = frozenset(action.id.replace("-", "_") for action in ACTIONS if action.danger is Danger.LOOK)


class HexKeys:
    """Stands before the app's keys; `open_look_up` is given what was typed or pasted."""

    def __init__(
        self, app: App[int], hand_on: Callable[[events.Key], None], open_look_up: Callable[[str], None]
    ) -> None:
        self._app = app
        self._hand_on = hand_on
        self._open = open_look_up
        self._catcher = HexCatcher()
        self._held: events.Key | None = None
        self._released: events.Key | None = None
        self._timer: Timer | None = None

    def admit(self, key: events.Key) -> tuple[events.Key, ...]:
        """The keys that act now, in their order; none when this one waits or has become the beginning of an ID."""
        if key is self._released or self._has_field():
            self._released = None
            return (key,)
        bound = self._app.screen.active_bindings
        acting = {each for each in bound if len(each) == 1}
        changing = {each for each in acting if bound[each].binding.action not in _LOOKING}
        answer = self._catcher.press(key.character or key.key, key.time, acting, changing)
        if answer == "open":
            self._forget()
            self._open(self._catcher.taken())
            return ()
        waited = self._forget()
        if answer == "hold":
            self._held = key
            self._timer = self._app.set_timer(HOLD_SECONDS, self._time_is_up, name="hex-keys")
            return (waited,) if waited is not None else ()
        return (waited, key) if waited is not None else (key,)

    def take_paste(self, text: str) -> bool:
        """Whether a paste was the text of an ID, and has opened the look-up."""
        if self._has_field() or not read_key_ids(text):
            return False
        self._open(text.strip())
        return True

    def _has_field(self) -> bool:
        return isinstance(self._app.screen, ModalScreen) or isinstance(self._app.focused, Input | TextArea)

    def _time_is_up(self) -> None:
        waited = self._forget()
        if waited is not None:
            self._catcher.taken()
            self._released = waited
            self._hand_on(waited)

    def _forget(self) -> events.Key | None:
        held, self._held = self._held, None
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        return held
