"""The full-screen app: modes, themes, background work, shutdown, and Textual's doors that a console must keep shut."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar

from rich.console import RenderableType
from textual import events, on, work
from textual._compositor import CompositorUpdate
from textual.binding import BindingType
from textual.command import CommandPalette
from textual.screen import Screen
from textual.widget import AwaitMount
from textual.worker import Worker, WorkerState

import themes
from screens.audit import AuditScreen
from screens.confirm_quit import QuitScreen
from screens.glass_review import GlassReviewScreen
from screens.handover import HandoverScreen
from screens.help import HelpScreen
from screens.look_up import LookUpScreen
from screens.mass import MassScreen
from screens.problem import ProblemScreen
from screens.queue import QueueScreen
from screens.reveal import RevealScreen
from screens.rights import RightsScreen
from screens.second_person import SecondPersonScreen
from screens.shell import ConsoleScreen, bindings
from screens.tenants import TenantScreen
from screens.wire_log import WireLogScreen
from tui.actions import Scope
from tui.commands import ActionCommands, TenantCommands
from tui.driver import ConsoleDriver
from tui.errors import Problem, ProblemKind, place_of
from tui.hex_keys import HexKeys
from tui.painting import PaintedUpdate, Painter
from tui.ports import SignInPrompt
from tui.services.desk import Desk
from tui.shut_doors import ShutDoors
from tui.tenant_work import CUT_OFF, TenantWork, screen_work
from tui.tenants import Tenants
from tui.type_ahead import TypeAhead
from tui.wiring import Console

PLAIN_PAINTING = "RESEAL_PLAIN_PAINTING"
"""Environment variable that lets Textual write its frames itself, for a terminal that the painter misjudges."""


class ResealApp(ShutDoors):
    """The console. It never holds a recovery password; the vault draws over the bullets that it shows."""

    TITLE = "Reseal"
    CSS_PATH: ClassVar[list[str]] = [str(path) for path in themes.STYLESHEETS]  # type: ignore[assignment]
    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.ANYWHERE)
    SCREENS_OF_A_TENANT: ClassVar[dict[str, type[ConsoleScreen]]] = {
        "queue": QueueScreen,
        "mass": MassScreen,
        "audit": AuditScreen,
        "handover": HandoverScreen,
        "wire": WireLogScreen,
        "rights": RightsScreen,
    }
    COMMANDS = {ActionCommands, TenantCommands}  # noqa: RUF012
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False

    def __init__(self, tenants: Tenants, console: Console) -> None:
        super().__init__(driver_class=ConsoleDriver)
        self.desk: Desk = console.desk
        self._tenants = tenants
        self._console_side = console
        self._works: dict[str, TenantWork] = {}
        self._shown = 0
        self._type_ahead = TypeAhead(self, self._press)
        self._hex_keys = HexKeys(self, self._press, self._look_up)
        self._painter = None if os.environ.get(PLAIN_PAINTING) else Painter()
        for theme in themes.THEMES:
            self.register_theme(theme)
        self.theme = themes.DARK.name

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Paste) and self._hex_keys.take_paste(event.text):
            return
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
        elif self._type_ahead.admit(event):
            for key in self._hex_keys.admit(event):
                await super().on_event(key)
            self._type_ahead.handled()

    def _look_up(self, typed: str) -> None:
        self.push_screen(LookUpScreen(typed))

    def _press(self, key: events.Key) -> None:
        self.post_message(key)

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if self._painter is not None and isinstance(renderable, CompositorUpdate):
            self._painter.fit(*self.size)
            renderable = PaintedUpdate(renderable, self._painter)
        super()._display(screen, renderable)

    def action_redraw(self) -> None:
        """Write every cell anew, whatever the terminal has become."""
        if self._painter is not None:
            self._painter.forget()
        self.refresh(layout=True)
        self.screen.refresh(layout=True)

    def on_mount(self) -> None:
        self.app_resume_signal.subscribe(self, lambda _: self.action_redraw())
        self._add_modes()
        self._show("queue")
        self.call_after_refresh(self._start, self._console_side)

    def _start(self, console: Console) -> None:
        """What must not delay the first paint: the cache, then the network."""
        name = console.desk.tenant
        if name in self._works:
            return
        self._works[name] = TenantWork(self, self, console, f"{name}: " if len(self.tenant_names) > 1 else "")
        self._works[name].start()
        if count := len(console.left_open):
            self._queue_screen().say_notice(
                f"{count} disclosure{'s' if count > 1 else ''} of an earlier run ended without a word; "
                "the audit now says unknown. Rotate those keys. (esc)"
            )

    async def show_prompt(self, tenant: str, prompt: SignInPrompt) -> None:
        """Show a tenant's device code inside the console until the sign-in is over, which cancels this."""
        await self._works[tenant].show_prompt(prompt)

    @property
    def tenant_names(self) -> tuple[str, ...]:
        """In the order of the config."""
        return self._tenants.names

    @work(group="tenant", exclusive=True, exit_on_error=False, description="go to another tenant")
    async def show_tenant(self, name: str) -> None:
        """Go to a tenant, opening it when nobody has; what stands open here, or still has to be done, refuses."""
        try:
            self._refuse_to_leave()
            console = await self._tenants.open(name)
            self._refuse_to_leave()
        except Problem as problem:
            self.report(problem)
            return
        if console is self._console_side:
            return
        for worker in screen_work(self):
            worker.cancel()
        left = [f"{mode}-{self._shown}" for mode in self.SCREENS_OF_A_TENANT]
        self._console_side, self.desk, self._shown = console, console.desk, self._shown + 1
        self._add_modes()
        await self._show("queue")
        for mode in left:
            # Nothing of the other tenant's is behind what is shown now.
            await self.remove_mode(mode)
        self._start(console)

    def _refuse_to_leave(self) -> None:
        todo = [worker.description for worker in screen_work(self) if worker.group not in CUT_OFF]
        if len(self.screen_stack) == 1 and not todo:
            return
        why = f"It still has to {todo[0]}" if todo else "Something is open over the queue"
        why = "A key is at hand" if self.holds_key else why
        what = f"{self.desk.tenant} is still shown"
        raise Problem(ProblemKind.POLICY, what, why, "Let it end or close it first, then change the tenant")

    def _add_modes(self) -> None:
        for mode, screen in self.SCREENS_OF_A_TENANT.items():
            self.add_mode(f"{mode}-{self._shown}", screen)

    def _show(self, mode: str) -> AwaitMount:
        return self.switch_mode(f"{mode}-{self._shown}")

    @property
    def holds_key(self) -> bool:
        """A key is at hand, and nothing may cover its pane."""
        return isinstance(self.screen, RevealScreen) and self.screen.holds_key

    def report(self, problem: Problem) -> None:
        """Show a problem with its next step; never over a key that is on the screen."""
        if isinstance(self.screen, RevealScreen):
            self.notify(str(problem), severity="error", markup=False)
        else:
            self.push_screen(ProblemScreen(problem))

    @asynccontextmanager
    async def hold_output(self) -> AsyncIterator[None]:
        """Flush and hold the console's own output, so that the vault can draw."""
        if isinstance(self._driver, ConsoleDriver):
            try:
                async with self._driver.hold_output():
                    yield
            finally:
                if self._painter is not None:
                    self._painter.forget()
        else:
            yield

    def action_show_queue(self) -> None:
        self._show("queue")

    def action_show_mass(self) -> None:
        self._show("mass")

    def action_show_audit(self) -> None:
        self._show("audit")

    def action_show_handover(self) -> None:
        self._show("handover")

    def action_show_wire(self) -> None:
        self._show("wire")

    def action_show_rights(self) -> None:
        self._show("rights")

    def action_sign_in(self) -> None:
        if (work := self._works.get(self.desk.tenant)) is not None:
            work.sign_in()

    def action_choose_tenant(self) -> None:
        opened = [console.desk.tenant for console in self._tenants.opened]
        self.push_screen(TenantScreen(self.tenant_names, self.desk.tenant, opened), self._tenant_chosen)

    def _tenant_chosen(self, name: str | None) -> None:
        if name is not None:
            self.show_tenant(name)

    def action_show_help(self) -> None:
        self.push_screen(HelpScreen())

    def action_answer_request(self) -> None:
        self.push_screen(SecondPersonScreen())

    def action_review_glass(self) -> None:
        self.push_screen(GlassReviewScreen())

    @on(LookUpScreen.GlassWanted)
    def _break_glass(self) -> None:
        self._queue_screen().disclose_without_ticket()

    def action_open_palette(self) -> None:
        # Textual's own action does nothing while its palette, with keys of its own, is off.
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(CommandPalette())

    @on(MassScreen.GroupChosen)
    async def _show_group(self, message: MassScreen.GroupChosen) -> None:
        await self._show("queue")
        self._queue_screen().show_group(message.key)

    @work(group="quit", exclusive=True, exit_on_error=False, description="leave the console")
    async def action_quit_console(self) -> None:
        try:
            debts = [debt for each in self._tenants.opened for debt in await each.desk.rotation.debts()]
            owed = sum(debt.is_open for debt in debts)
        except Problem:
            owed = 0
        if not owed or await self.push_screen_wait(QuitScreen(owed)):
            self.exit(0)

    @property
    def _background_screens(self) -> list[Screen[object]]:
        # Textual repaints the top screen wherever one behind it changed, even where that cannot be seen: each new
        # ticket would wipe the digits that the vault drew.
        return [] if isinstance(self.screen, RevealScreen) else super()._background_screens

    def _queue_screen(self) -> QueueScreen:
        screen = self.screen_stack[0]
        assert isinstance(screen, QueueScreen)
        return screen

    @on(Worker.StateChanged)
    def report_failure(self, event: Worker.StateChanged) -> None:
        """Background work that fails is said, not swallowed; the console goes on."""
        error = event.worker.error
        if event.state is WorkerState.ERROR and error is not None:
            what = f"The console could not {event.worker.description}"
            why = f"{type(error).__name__}{place_of(error)}"
            self.report(Problem(ProblemKind.LOCAL, what, why, "Go on; tell the maintainers this line."))
