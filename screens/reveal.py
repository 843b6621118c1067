"""The reveal pane. To this process it shows bullets; the vault draws over them, reads the keys, and takes all away."""

import asyncio
import signal
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.geometry import Size
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from screens.keyboard import lent_keyboard, terminal_size
from screens.reveal_drawing import RevealDrawing
from screens.reveal_words import ENDINGS, SEALED_MODE, VAULT_KEYS, heard_words, opening_words
from screens.shell import bindings
from screens.tenant_badge import tenant_badge
from screens.widgets.dictation import DictationPane
from screens.widgets.key_blocks import KeyBlocks
from screens.widgets.key_line import KeyLine
from screens.widgets.sealed_key import SealedKey
from tui.actions import Scope
from tui.errors import Problem
from tui.ports import Cleared, KeyPressed, Masked, OpenVault, ReadBack, VaultEvent
from tui.services.disclosure import Delivery, Disclosure
from tui.services.reveal import Intake

HOLD_LIMIT_SECONDS = 0.5
"""How long clearing waits for the console's own output."""
LEAVING = (signal.SIGHUP, signal.SIGTERM)


class RevealScreen(RevealDrawing):
    """Answers how the disclosure ended; raises nothing: a refusal is the answer."""

    SHOWS_KEY = True
    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.REVEAL)
    DEFAULT_CSS = "#reveal-note { height: 2; } .vault-pane { height: auto; }"

    def __init__(self, intake: Intake, vault: OpenVault) -> None:
        super().__init__()
        self._intake = intake
        self._vault = vault
        self._given_up = False
        self._cleared: Cleared | None = None

    def compose(self) -> ComposeResult:
        intake = self._intake
        self._sealed = self.desk.reveal.decision(intake).delivery is Delivery.SEALED
        with Vertical(classes="card -danger"):
            yield Static(
                Content.assemble(
                    ("Recovery key  ", "bold $warning"),
                    (intake.key.id.upper(), "bold"),
                    "\n",
                    tenant_badge(self.desk),
                    f"{intake.device.name}  {intake.ticket}",
                ),
                id="reveal-title",
            )
            # Chosen now: a change of the layout later would wipe what the vault drew.
            if self._sealed:
                yield SealedKey()
            else:
                # A container each: the compositor paints all that shares one whenever it paints a part of it.
                for pane in (KeyBlocks(), DictationPane()):
                    with Container(classes="vault-pane"):
                        yield pane
            yield Static(id="countdown")
            yield Static(Content("Asking Graph for this one key ..."), id="reveal-note")
        yield KeyLine()

    def on_mount(self) -> None:
        self.app.app_suspend_signal.subscribe(self, lambda _: self._end("suspend"))
        loop = asyncio.get_running_loop()
        for number in LEAVING:
            loop.add_signal_handler(number, self._leave, number)
        self.set_interval(0.25, self._tick)
        self._read()

    async def on_unmount(self) -> None:
        for number in LEAVING:
            asyncio.get_running_loop().remove_signal_handler(number)
        if self._disclosure is not None:
            await self._disclosure.end("quit" if self.app._exception is None else "crash")

    @property
    def holds_key(self) -> bool:
        """The vault has a key at hand; what covers this screen takes it away."""
        return self._disclosure is not None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("clear_key", "suspend_console"):
            return True
        if action == "copy_key" and self.desk.reveal.policy.clipboard == "off":
            return False
        return (action in SEALED_MODE) is self._sealed

    @work(group="reveal", exclusive=True, exit_on_error=False, description="read one key")
    async def _read(self) -> None:
        try:
            self._disclosure = disclosure = await self.desk.reveal.begin(self._intake, self._vault)
            async with lent_keyboard(self.app, lambda: self._aloud):
                await disclosure.listen(VAULT_KEYS, self._heard)
                self._say(opening_words(disclosure.decision))
                if self._sealed:
                    self._seal()
                cleared = await disclosure.wait()
                self._repaint()
            self._finish(cleared)
        except Problem as problem:
            if self._given_up:
                self.app.notify("No key was shown. Graph may have logged the read all the same.", markup=False)
            self.dismiss(None if self._given_up else problem)

    @on(Worker.StateChanged)
    async def _clear_after_failure(self, event: Worker.StateChanged) -> None:
        """Something else than a refusal: the vault is told itself, and not by what has just failed."""
        if event.state is not WorkerState.ERROR:
            return
        await self._vault.clear("failed")
        if event.worker.group == "reveal":
            # Nobody waits for the end any more.
            if self._disclosure is not None:
                await self._disclosure.end("failed")
            self._repaint()
            self.dismiss(None)

    def _finish(self, cleared: Cleared) -> None:
        why = ENDINGS.get(cleared.ended_by, cleared.ended_by)
        self.app.notify(
            f"Key cleared: {why}. It was shown for {cleared.shown_ms / 1000:.0f} s. A rotation is due (T).",
            markup=False,
        )
        if self.is_active:
            self.dismiss(cleared)
        else:
            self._cleared = cleared
        if cleared.ended_by == "suspend":
            self.app.call_later(self.app.action_suspend_process)
        elif cleared.ended_by == "quit":
            self.app.exit(0)

    def _tick(self) -> None:
        if self._cleared is not None and self.is_active:
            # It ended while something else was over it.
            cleared, self._cleared = self._cleared, None
            self.dismiss(cleared)
        if self._disclosure is None or not self.is_attached:
            return
        left = (self._disclosure.deadline_ns - self.desk.clock.boottime_ns()) // 1_000_000_000
        if not (self._sealed and self.query_one(SealedKey).form == "qr"):
            self.query_one("#countdown", Static).update(Content(f"clears itself in {max(0, left)} s"), layout=False)
        if left < 0:
            self._end("deadline")

    def _heard(self, event: VaultEvent) -> None:
        match event:
            case KeyPressed("resize"):
                size = terminal_size(self.app)
                if size is not None:
                    cells = Size(size.columns, size.lines)
                    self.app.post_message(events.Resize(cells, cells))
            case KeyPressed(key):
                self.app.simulate_key(key)
            case Masked():
                self._repaint()
                self._say("Masked again; the vault still holds the key.")
            case ReadBack() as heard if self._disclosure is not None:
                right = self._disclosure.dictation.right
                self.query_one(KeyBlocks).tick(right)
                self._say(heard_words(heard, right))

    def action_clear_key(self) -> None:
        self._end("cleared")

    def action_suspend_console(self) -> None:
        self._end("suspend")

    def on_app_blur(self, _: events.AppBlur) -> None:
        self._end("blur")

    def on_screen_suspend(self) -> None:
        if self._disclosure is not None:
            self._end("covered")

    @work(group="reveal-end", exit_on_error=False, description="clear the key")
    async def _end(self, why: str) -> None:
        if self._disclosure is None:
            # The reading fails now, writes its row, and closes the pane.
            self._given_up = True
            await self._vault.clear(why)
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

    def _leave(self, number: signal.Signals) -> None:
        """Hung up or told to end: the row first, then the end that the signal would have been."""
        self._record_and_die(number)

    @work(group="reveal-leave", exclusive=True, exit_on_error=False, description="record the end")
    async def _record_and_die(self, number: signal.Signals) -> None:
        try:
            if self._disclosure is not None:
                await self._disclosure.end("hangup" if number is signal.SIGHUP else "terminated")
        finally:
            asyncio.get_running_loop().remove_signal_handler(number)
            signal.raise_signal(number)
