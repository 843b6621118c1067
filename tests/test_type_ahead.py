"""Keys in a burst: each one meets the screen that the one before it has made."""

import asyncio

from textual import events
from textual.app import App, ComposeResult
from textual.widgets import Input, Label

from tui.type_ahead import TypeAhead


class BurstApp(App[int]):
    """`/` opens a field, letters outside of it do things, enter closes it."""

    AUTO_FOCUS = ""
    BINDINGS = [("slash", "open", "Open"), ("c", "claim", "Claim")]  # noqa: RUF012

    def __init__(self, ordered: bool) -> None:
        super().__init__()
        self.claims = 0
        self.handled = 0
        self._type_ahead = TypeAhead(self, self._press) if ordered else None

    def compose(self) -> ComposeResult:
        yield Label("queue")
        yield Input(id="field")

    async def on_event(self, event: events.Event) -> None:
        if self._type_ahead is None or not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
        elif self._type_ahead.admit(event):
            await super().on_event(event)
            self._type_ahead.handled()
            self.handled += 1

    def _press(self, key: events.Key) -> None:
        self.post_message(key)

    def action_open(self) -> None:
        self.query_one(Input).focus()

    def action_claim(self) -> None:
        self.claims += 1

    def on_input_submitted(self) -> None:
        self.set_focus(None)


async def burst(app: BurstApp, text: str) -> str:
    """Send keys as one packet; answers what the field holds when all is quiet."""
    async with app.run_test() as pilot:
        await pilot.pause()
        for char in text:
            names = {"/": "slash", "\n": "enter"}
            app.post_message(events.Key(names.get(char, char), None if char == "\n" else char))
        async with asyncio.timeout(20):
            while app._type_ahead is not None and (app._type_ahead._busy or app.handled < len(text)):
                await pilot.pause()
        await pilot.pause()
        return app.query_one(Input).value


async def test_letters_behind_the_slash_go_into_the_field() -> None:
    app = BurstApp(ordered=True)
    assert await burst(app, "/accd") == "accd"
    assert app.claims == 0


async def test_letters_behind_the_enter_go_to_the_screen_again() -> None:
    app = BurstApp(ordered=True)
    assert await burst(app, "/ab\ncc") == "ab"
    assert app.claims == 2


async def test_a_long_burst_loses_nothing() -> None:
    app = BurstApp(ordered=True)
    text = "0123456789" * 20
    assert await burst(app, "/" + text) == text
