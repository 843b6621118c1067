"""How the console shows its tenants: one at a time, each with screens and background work of its own."""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.screen import Screen
from textual.widget import AwaitMount

from tui.errors import Problem, ProblemKind
from tui.terminal_app import TerminalApp

if TYPE_CHECKING:
    # Whatever is imported here delays the first frame.
    from screens.queue import QueueScreen
    from tui.ports import SignInPrompt
    from tui.services.desk import Desk
    from tui.tenant_work import TenantWork
    from tui.tenants import Tenants
    from tui.wiring import Console


def _mode(module: str, name: str) -> Callable[[], Screen[object]]:
    """A screen that is imported when its mode is first shown."""

    def made() -> Screen[object]:
        screen: Screen[object] = getattr(import_module(module), name)()
        return screen

    return made


class TenantApp(TerminalApp):
    """`desk` is the shown tenant's. Another tenant is opened when it is first shown, and works on behind this one."""

    SCREENS_OF_A_TENANT: ClassVar[dict[str, Callable[[], Screen[object]]]] = {
        "queue": _mode("screens.queue", "QueueScreen"),
        "mass": _mode("screens.mass", "MassScreen"),
        "audit": _mode("screens.audit", "AuditScreen"),
        "handover": _mode("screens.handover", "HandoverScreen"),
        "wire": _mode("screens.wire_log", "WireLogScreen"),
        "rights": _mode("screens.rights", "RightsScreen"),
    }
    desk: "Desk"

    def __init__(self) -> None:
        super().__init__()
        self._tenants: Tenants | None = None
        self._works: dict[str, TenantWork] = {}
        self._shown = 0

    @property
    def holds_key(self) -> bool:
        """A key is at hand, and nothing may cover its pane."""
        return bool(getattr(self.screen, "holds_key", False))

    def report(self, problem: Problem) -> None:
        """Show a problem with its next step; never over a key that is on the screen."""
        if self._shows_key:
            self.notify(str(problem), severity="error", markup=False)
        else:
            from screens.problem import ProblemScreen

            self.push_screen(ProblemScreen(problem))

    def action_sign_in(self) -> None:
        if (work := self._works.get(self.desk.tenant)) is not None:
            work.sign_in()

    def action_choose_tenant(self) -> None:
        from screens.tenants import TenantScreen

        assert self._tenants is not None
        opened = [console.desk.tenant for console in self._tenants.opened]
        self.push_screen(TenantScreen(self.tenant_names, self.desk.tenant, opened), self._tenant_chosen)

    def _tenant_chosen(self, name: str | None) -> None:
        if name is not None:
            self.show_tenant(name)

    async def _work_of(self, console: "Console") -> "TenantWork":
        """A tenant's background work; its queue is filled from the cache by then."""
        from tui.tenant_work import TenantWork

        name = console.desk.tenant
        if name not in self._works:
            label = f"{name}: " if len(self.tenant_names) > 1 else ""
            self._works[name] = TenantWork(self, self, console, label)
            await self._works[name].load_cached()
        return self._works[name]

    def _start(self, console: "Console", work: "TenantWork") -> None:
        if work.started:
            return
        work.start()
        if count := len(console.left_open):
            self._queue_screen().say_notice(
                f"{count} disclosure{'s' if count > 1 else ''} of an earlier run ended without a word; "
                "the audit now says unknown. Rotate those keys. (esc)"
            )

    async def show_prompt(self, tenant: str, prompt: "SignInPrompt") -> None:
        """Show a tenant's device code inside the console until the sign-in is over, which cancels this."""
        await self._works[tenant].show_prompt(prompt)

    @property
    def tenant_names(self) -> tuple[str, ...]:
        """In the order of the config."""
        return self._tenants.names if self._tenants is not None else ()

    @work(group="tenant", exclusive=True, exit_on_error=False, description="go to another tenant")
    async def show_tenant(self, name: str) -> None:
        """Go to a tenant, opening it when nobody has; what stands open here, or still has to be done, refuses."""
        from tui.tenant_work import screen_work

        assert self._tenants is not None
        try:
            self._refuse_to_leave()
            console = await self._tenants.open(name)
            work = await self._work_of(console)
            self._refuse_to_leave()
        except Problem as problem:
            self.report(problem)
            return
        if console.desk is self.desk:
            return
        for worker in screen_work(self):
            worker.cancel()
        left = [f"{mode}-{self._shown}" for mode in self.SCREENS_OF_A_TENANT]
        self.desk, self._shown = console.desk, self._shown + 1
        self._add_modes()
        await self._show("queue")
        for mode in left:
            # Nothing of the other tenant's is behind what is shown now.
            await self.remove_mode(mode)
        self._start(console, work)

    def _refuse_to_leave(self) -> None:
        from tui.tenant_work import CUT_OFF, screen_work

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

    async def show_queue(self) -> None:
        """Go to the queue, and be there."""
        await self._show("queue")

    @property
    def _shows_key(self) -> bool:
        return bool(getattr(self.screen, "SHOWS_KEY", False))

    def _queue_screen(self) -> "QueueScreen":
        from screens.queue import QueueScreen

        screen = self.screen_stack[0]
        assert isinstance(screen, QueueScreen)
        return screen
