"""The reveal pane. To this process it shows bullets; the vault draws the digits over them and takes them away."""

import asyncio
from typing import ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Footer, Static

from screens.shell import ConsoleModal, bindings
from screens.widgets.key_blocks import BLOCKS, KeyBlocks
from tui.actions import Scope
from tui.errors import Problem, ProblemKind
from tui.ports import Cleared, DrawRegion, OpenVault
from tui.services.reveal import Disclosure, Intake

HOLD_LIMIT_SECONDS = 0.5
"""How long clearing waits for the console's own output."""

ENDINGS = {
    "deadline": "the time was up",
    "cleared": "cleared by hand",
    "blur": "the terminal lost focus",
    "suspend": "the console was suspended",
    "quit": "the console was left",
    "lost-vault": "the vault died",
}


class RevealScreen(ConsoleModal[Cleared | None]):
    """Answers how the disclosure ended; raises nothing: a refusal is shown and answered as None."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.REVEAL)

    def __init__(self, intake: Intake, vault: OpenVault) -> None:
        super().__init__()
        self._intake = intake
        self._vault = vault
        self._disclosure: Disclosure | None = None
        self._next_block = 0
        self._shown: tuple[int, ...] = ()
        self._drawing = asyncio.Lock()

    def compose(self) -> ComposeResult:
        intake = self._intake
        with Vertical(classes="card -danger"):
            yield Static(
                Content.assemble(
                    ("Recovery key  ", "bold $warning"),
                    (intake.key.id.upper(), "bold"),
                    f"\n{intake.device.name}  {intake.ticket}",
                )
            )
            yield KeyBlocks()
            yield Static(id="countdown")
            yield Static(Content("Asking Graph for this one key ..."), id="reveal-state")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.app.app_suspend_signal.subscribe(self, self._suspended)
        self.set_interval(0.25, self._tick)
        self._read()

    async def on_unmount(self) -> None:
        if self._disclosure is not None:
            await self._disclosure.end("quit")

    @work(group="reveal", exclusive=True, exit_on_error=False, description="read one key")
    async def _read(self) -> None:
        try:
            self._disclosure = await self.desk.reveal.begin(self._intake, self._vault)
            self._say("Held by the vault, masked.  v shows all eight blocks, space one after the other, x clears.")
            self._finish(await self._disclosure.wait())
        except Problem as problem:
            self.shell.report(problem)
            self.dismiss(None)

    def _finish(self, cleared: Cleared) -> None:
        self._shown = ()
        self.refresh(repaint=True)
        seconds = cleared.shown_ms / 1000
        why = ENDINGS.get(cleared.ended_by, cleared.ended_by)
        self.app.notify(f"Key cleared after {seconds:.0f} s: {why}. A rotation is due (T).", markup=False)
        if self.is_current:
            self.dismiss(cleared)

    def _tick(self) -> None:
        if self._disclosure is None:
            return
        left = (self._disclosure.deadline_ns - self.desk.clock.boottime_ns()) // 1_000_000_000
        self.query_one("#countdown", Static).update(Content(f"clears itself in {max(0, left)} s"), layout=False)
        if left <= 0:
            self._end("deadline")

    def action_show_all_blocks(self) -> None:
        self._draw(tuple(range(BLOCKS)))

    def action_show_next_block(self) -> None:
        self._draw((self._next_block,))
        self._next_block = (self._next_block + 1) % BLOCKS

    def action_mask_blocks(self) -> None:
        self._draw(())

    def action_clear_key(self) -> None:
        self._end("cleared")

    def on_app_blur(self, _: events.AppBlur) -> None:
        self._end("blur")

    def on_resize(self, _: events.Resize) -> None:
        if self._shown:
            self.call_after_refresh(self._draw, ())

    def _suspended(self, _: object) -> None:
        self._end("suspend")

    @work(group="reveal-draw", exit_on_error=False, description="let the vault draw")
    async def _draw(self, blocks: tuple[int, ...]) -> None:
        disclosure = self._disclosure
        if disclosure is None:
            return
        async with self._drawing:
            blocks_widget = self.query_one(KeyBlocks)
            cells = blocks_widget.cells()
            try:
                if cells is None:
                    raise Problem(
                        ProblemKind.LOCAL,
                        "The terminal is too small to show the eight blocks",
                        "They would be cut, and a cut key is a wrong key",
                        "Make the terminal at least 60 columns wide and press v again.",
                    )
                async with self.shell.hold_output():
                    await disclosure.draw(DrawRegion(cells, blocks_widget.sgr(), blocks))
                self._shown = blocks
            except Problem as problem:
                self._say(str(problem))

    @work(group="reveal-end", exit_on_error=False, description="clear the key")
    async def _end(self, why: str) -> None:
        if self._disclosure is None:
            await self._vault.clear(why)
            self.dismiss(None)
            return
        try:
            await self._take_away(self._disclosure, why)
            await self._disclosure.end(why)
        except Problem as problem:
            self.shell.report(problem)

    async def _take_away(self, disclosure: Disclosure, why: str) -> None:
        """Clear between two frames; a terminal that takes no output must not keep the digits."""
        async with self._drawing:
            try:
                async with asyncio.timeout(HOLD_LIMIT_SECONDS), self.shell.hold_output():
                    await disclosure.clear(why)
            except TimeoutError:
                await disclosure.clear(why)

    def _say(self, text: str) -> None:
        self.query_one("#reveal-state", Static).update(Content(text))
