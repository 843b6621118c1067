"""What runs in the background for one tenant: its queue, its sign-in, its key index and its debts."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol

from textual.app import App
from textual.worker import Worker

from screens.sign_in import SignInScreen
from tui.actions import key_of_action
from tui.errors import Problem, ProblemKind
from tui.ports import SignInPrompt
from tui.services.indexing import track_index
from tui.services.inventory import keep_inventory
from tui.wiring import Console

FOLLOW_SECONDS = 5.0
"""How often pending rotations are looked at."""

INDEX_SECONDS = 300.0
"""How often the key metadata is paged in again."""

RETRY_SECONDS = 15.0
"""Pause before the sign-in is tried again by itself."""

HELD_SECONDS = 0.5
"""How often a device code that has to wait for a key to go looks whether it has gone."""


CUT_OFF = frozenset(
    {"audit", "audit-verify", "decisions", "device", "dossier", "glass-look", "group", "handover", "list"}
    | {"look-ahead", "look-up", "pim-look", "recorder", "refresh", "regroup", "rights", "runbook", "text", "views"}
)
"""Groups of work that only looks; another tenant may be shown while it runs, and it ends then."""


def screen_work(app: App[int]) -> list[Worker[object]]:
    """Work of screens, which goes with them; the app's own goes on whatever is shown."""
    return [worker for worker in app.workers if worker.node is not app and not worker.is_finished]


class Stage(Protocol):
    """What the app gives to background work."""

    @property
    def holds_key(self) -> bool:
        """A key is at hand, and nothing may cover its pane."""
        ...

    def report(self, problem: Problem) -> None:
        """Show a problem with its next step."""
        ...


class TenantWork:
    """Starts after the first paint and runs until the app ends, whatever is on the screen.

    `label` stands before all that it says where there are several tenants, for another one may be shown by then.
    """

    def __init__(self, app: App[int], stage: Stage, console: Console, label: str = "") -> None:
        self._app = app
        self._stage = stage
        self._console = console
        self._desk = console.desk
        self._label = label
        self._said: dict[str, str] = {}
        self._fault: Problem | None = None
        self.started = False

    async def load_cached(self) -> None:
        """Fill the queue from the cache; `start` says why that failed."""
        try:
            await self._desk.queue.load_cached()
        except Problem as problem:
            self._fault = problem

    def start(self) -> None:
        """The ticket sources, then the cloud."""
        self.started = True
        if self._fault is not None:
            self._report(self._fault)
        tickets = self._console.config.tickets
        for source, name in zip(tickets, self._desk.queue.source_names, strict=True):
            self._run(f"poll {name}", partial(self._poll, name, source.poll_seconds), "poll a ticket source")
        self._run("connect", self._connect, "sign in and follow")

    def sign_in(self) -> None:
        """Sign in anew, whatever there is."""
        self._console.cloud.graph.sign_in_again()
        self._said.clear()
        self._run("connect", self._connect, "sign in and follow")

    async def show_prompt(self, prompt: SignInPrompt) -> None:
        """Show a device code inside the console until the sign-in is over, which cancels this."""
        while self._stage.holds_key:  # noqa: ASYNC110  (a screen that goes away sets no event)
            await asyncio.sleep(HELD_SECONDS)
        screen = SignInScreen(prompt, self._console.cloud.graph.cancel_sign_in, self._label)
        try:
            await self._app.push_screen(screen)
            await asyncio.Event().wait()
        finally:
            screen.end()

    def _run(self, group: str, work: Callable[[], Awaitable[None]], description: str) -> None:
        name = f"{self._label}{group}"
        self._app.run_worker(work(), group=name, description=description, exclusive=True, exit_on_error=False)

    def _report(self, problem: Problem) -> None:
        what = f"{self._label}{problem.what}"
        step = problem.next_step
        if self._console.cloud.graph.signed_out and problem.kind is ProblemKind.SIGNED_OUT:
            step = f"{step.rstrip('.')}. {key_of_action('sign-in')} on any screen signs in"
        self._stage.report(Problem(problem.kind, what, problem.why, step, status=problem.status, code=problem.code))

    async def _poll(self, name: str, seconds: float) -> None:
        while True:
            await self._desk.queue.sync(name)
            await asyncio.sleep(seconds)

    async def _connect(self) -> None:
        while not await self._sign_in():
            if self._console.cloud.graph.signed_out:
                # Given up or refused: trying again by itself would show one code after the other to nobody.
                return
            await asyncio.sleep(RETRY_SECONDS)
        self._run("rights", self._learn_rights, "ask what the engineer may do")
        self._run("index", self._index_keys, "page in key metadata")
        self._run("inventory", self._read_inventory, "read Intune's inventory")
        self._run("follow", self._follow, "follow rotations, and look ahead")

    async def _sign_in(self) -> bool:
        try:
            await self._console.sign_in()
        except Problem as problem:
            # It is tried again by itself; the same answer is not worth a second dialog.
            if self._is_news("sign-in", str(problem)):
                self._report(problem)
            return False
        return True

    async def _learn_rights(self) -> None:
        await self._desk.rights.current(refresh=True)

    async def _index_keys(self) -> None:
        while True:
            try:
                await track_index(self._desk.cloud, self._desk.clock, self._desk.index)
                self._said.pop("Key index", None)
            except Problem as problem:
                self._warn("Key index", problem)
            await asyncio.sleep(INDEX_SECONDS)

    async def _read_inventory(self) -> None:
        await keep_inventory(self._desk.cloud, self._desk.clock, self._desk.mass.show_fleet)

    async def _follow(self) -> None:
        while True:
            try:
                await self._desk.safeguards.glasses.all()
                await self._desk.look_ahead()
                for debt in await self._desk.rotation.follow():
                    words = f"{self._label}Rotation of {debt.device.name} is proven: {debt.detail}"
                    self._app.notify(words, markup=False)
                self._said.pop("Rotations", None)
            except Problem as problem:
                self._warn("Rotations", problem)
            await asyncio.sleep(FOLLOW_SECONDS)

    def _warn(self, where: str, problem: Problem) -> None:
        if self._is_news(where, str(problem)):
            self._app.notify(f"{self._label}{where}: {problem}", severity="warning", markup=False)

    def _is_news(self, where: str, words: str) -> bool:
        known, self._said[where] = self._said.get(where), words
        return known != words
