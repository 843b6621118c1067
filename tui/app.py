"""The full-screen app: its modes and keys, the first frame and what opens behind it, and what it says of failures."""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.binding import BindingType
from textual.command import CommandPalette
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from screens.front import FrontScreen
from screens.shell import bindings
from tui.actions import Scope, actions_of
from tui.clock import SystemClock
from tui.commands import ActionCommands, IncidentCommands, TenantCommands
from tui.errors import Problem, ProblemKind, place_of
from tui.keys_first import imports_give_way, key_pressed
from tui.model.incident import Incident
from tui.tenant_app import TenantApp

if TYPE_CHECKING:
    # Whatever is imported here delays the first frame; `_open` imports it behind that frame.
    from screens.mass import MassScreen
    from tui.tenants import OnPrompt, Tenants

OPENED = ("screens.queue", "screens.mass", "screens.help", "tui.hex_keys", "tui.tenant_work")
"""What is imported while the first frame stands."""

FRONT_KEYS = frozenset(key for action in actions_of(Scope.TABLE) for key in action.keys) - {"space"}
"""Keys that act before the console is open; every other one waits for it."""


class ResealApp(TenantApp):
    """The console. It never holds a recovery password; the vault draws over the bullets that it shows.

    It shows a tenant's cached incidents at once, and calls `open_tenants` behind that frame. `failure` is why the
    console could not be opened.
    """

    TITLE = "Reseal"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.ANYWHERE)
    COMMANDS = {ActionCommands, TenantCommands, IncidentCommands}  # noqa: RUF012

    def __init__(
        self, tenant: str, first: Sequence[Incident], open_tenants: "Callable[[OnPrompt], Awaitable[Tenants]]"
    ) -> None:
        super().__init__()
        self.failure: Exception | None = None
        self._first_tenant = tenant
        self._front = FrontScreen(tenant, first, SystemClock().now)
        self._open_tenants = open_tenants
        self._front_acts = True
        imports_give_way()

    def get_default_screen(self) -> FrontScreen:
        """What stands there before the queue does."""
        return self._front

    def on_mount(self) -> None:
        self.app_resume_signal.subscribe(self, lambda _: self.action_redraw())
        self.call_after_refresh(self._open)

    @work(group="open", exit_on_error=False, description="open the console")
    async def _open(self) -> None:
        try:
            for module in OPENED:
                await asyncio.to_thread(import_module, module)
            self._tenants = await self._open_tenants(self.show_prompt)
            console = await self._tenants.open(self._first_tenant)
        except Exception as error:
            # Whoever runs the app says it; there is no console that could.
            self.failure = error
            self.exit(1)
            return
        self.desk = console.desk
        work = await self._work_of(console)
        # Rows come and go by the hundred from here on; looking through all that stays would hold up frames.
        gc.freeze()
        gc.enable()
        await self._take_over()
        self._start(console, work)

    async def _take_over(self) -> None:
        from tui.hex_keys import HexKeys

        self._front_acts = False
        self._add_modes()
        await self._show("queue")
        self._queue_screen().stand_on(self._front.table)
        self._hex_keys = HexKeys(self, self._press, self._look_up)
        self.let_keys_go()

    def _may_act(self, key: events.Key) -> bool:
        key_pressed()
        if self._hex_keys is None:
            return self._front_acts and key.key in FRONT_KEYS
        return super()._may_act(key)

    def _look_up(self, typed: str) -> None:
        from screens.look_up import LookUpScreen

        self.push_screen(LookUpScreen(typed))

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

    def action_show_help(self) -> None:
        from screens.help import HelpScreen

        self.push_screen(HelpScreen())

    def action_answer_request(self) -> None:
        from screens.second_person import SecondPersonScreen

        self.push_screen(SecondPersonScreen())

    def action_review_glass(self) -> None:
        from screens.glass_review import GlassReviewScreen

        self.push_screen(GlassReviewScreen())

    def on_look_up_screen_glass_wanted(self) -> None:
        self._queue_screen().disclose_without_ticket()

    def action_open_palette(self) -> None:
        # Not Textual's own action: that one binds a key of its own choice.
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(CommandPalette(placeholder="Search for actions and incidents"))

    async def on_mass_screen_group_chosen(self, message: "MassScreen.GroupChosen") -> None:
        await self._show("queue")
        self._queue_screen().show_group(message.key)

    @work(group="quit", exclusive=True, exit_on_error=False, description="leave the console")
    async def action_quit_console(self) -> None:
        from screens.confirm_quit import QuitScreen

        try:
            opened = self._tenants.opened if self._tenants is not None else ()
            debts = [debt for each in opened for debt in await each.desk.rotation.debts()]
            owed = sum(debt.is_open for debt in debts)
        except Problem:
            owed = 0
        if not owed or await self.push_screen_wait(QuitScreen(owed)):
            self.exit(0)

    @property
    def _background_screens(self) -> list[Screen[object]]:
        # Textual repaints the top screen wherever one behind it changed, even where that cannot be seen: each new
        # ticket would wipe the digits that the vault drew.
        return [] if self._shows_key else super()._background_screens

    @on(Worker.StateChanged)
    def report_failure(self, event: Worker.StateChanged) -> None:
        """Background work that fails is said, not swallowed; the console goes on."""
        error = event.worker.error
        if event.state is WorkerState.ERROR and error is not None:
            what = f"The console could not {event.worker.description}"
            why = f"{type(error).__name__}{place_of(error)}"
            self.report(Problem(ProblemKind.LOCAL, what, why, "Go on; tell the maintainers this line."))
