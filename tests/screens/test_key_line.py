"""The bottom line: the keys that work where the focus is, to be read and to be clicked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import Input

from screens.widgets.key_line import KeyLine


class Field(Input):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "send", "Send", key_display="^s", tooltip="Send it off.")
    ]

    def action_send(self) -> None:
        self.app.done.append("send")  # type: ignore[attr-defined]


class Bench(App[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2,f3", "look", "Look", key_display="f2", tooltip="Look at it."),
        Binding("f4", "hide", "Hidden", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.done: list[str] = []

    def compose(self) -> ComposeResult:
        yield Field()
        yield KeyLine()

    def action_look(self) -> None:
        self.done.append("look")


@asynccontextmanager
async def shown(width: int = 60) -> AsyncIterator[tuple[Bench, KeyLine, Pilot[None]]]:
    app = Bench()
    async with app.run_test(size=(width, 6)) as pilot:
        await pilot.pause()
        yield app, app.query_one(KeyLine), pilot


def text_of(line: KeyLine) -> str:
    return "".join(strip.text for strip in line.render_lines(line.size.region))


async def test_it_names_each_action_once_and_nothing_that_is_hidden() -> None:
    async with shown() as (_, line, pilot):
        assert " ^s Send " in text_of(line)
        assert text_of(line).count("Look") == 1
        assert "Hidden" not in text_of(line)
        assert line.region.y == 5
        await pilot.press("tab")
        pilot.app.query_one(Field).disabled = True
        await pilot.pause()
        assert "Send" not in text_of(line)
        assert "f2 Look" in text_of(line)


async def test_a_click_presses_the_key_under_it_and_a_blank_nothing() -> None:
    async with shown() as (app, line, pilot):
        for word in ("Send", "Look"):
            await pilot.click(line, offset=(text_of(line).index(word), 0))
        await pilot.pause()
        assert app.done == ["send", "look"]
        await pilot.click(line, offset=(50, 0))
        await pilot.pause()
        assert app.done == ["send", "look"]


async def test_the_mouse_over_a_key_tells_what_it_does() -> None:
    async with shown() as (_, line, pilot):
        await pilot.hover(line, offset=(text_of(line).index("Send"), 0))
        assert line.tooltip == "Send it off."
        await pilot.hover(line, offset=(50, 0))
        assert line.tooltip is None


async def test_what_does_not_fit_is_said_to_be_more() -> None:
    async with shown(width=12) as (_, line, _):
        assert text_of(line).endswith("…")
        assert Content(text_of(line)).cell_length == 12
