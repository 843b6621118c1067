"""The command palette: actions by name, and incidents by number, device or caller. No disclosure starts here."""

import asyncio
import re
from collections.abc import AsyncIterator
from functools import partial
from typing import Protocol, cast

from textual.app import App
from textual.command import DiscoveryHit, Hit, Hits, Provider

from screens.shell import Shell
from tui.actions import ACTIONS, Action, Danger, Scope, key_label
from tui.model.incident_line import Line, id_in, named_in

SLICE = 2_000
"""Incidents looked at before the event loop gets its turn."""

MOST_LIKELY = 500
"""So many incidents are compared letter by letter; the queue's order decides which, where a word fits more."""

NUMBER_FITS = 100.0
"""More than any score for how well the letters stand together."""

MOST_HITS = 25
"""More than a palette shows; who wants another one types another letter."""


class ManyTenants(Protocol):
    """What the app knows of tenants."""

    @property
    def tenant_names(self) -> tuple[str, ...]:
        """In the order of the config."""
        ...

    def show_tenant(self, name: str) -> object:
        """Go to a tenant."""
        ...


OFFERED = (Scope.ANYWHERE, Scope.QUEUE)


def offered_actions() -> tuple[Action, ...]:
    """Actions that the palette offers."""
    return tuple(
        action
        for action in ACTIONS
        if action.scope in OFFERED and action.danger is not Danger.DISCLOSE and action.id != "open-palette"
    )


class ShowsQueue(Protocol):
    """The app, as the palette sees it."""

    async def show_queue(self) -> None:
        """Go to the queue, and be there."""
        ...


class QueueLike(Protocol):
    """The queue screen, as the palette sees it."""

    def jump_to(self, incident_id: str) -> None:
        """Put the cursor on an incident."""
        ...


class ActionCommands(Provider):
    """Actions from the registry."""

    async def discover(self) -> Hits:
        for action in offered_actions():
            yield DiscoveryHit(action.label, partial(_run, self.app, action), help=action.help)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for action in offered_actions():
            text = f"{action.label}: {action.help}"
            score = matcher.match(text)
            if score > 0:
                keys = " or ".join(key_label(key) for key in action.keys)
                yield Hit(score, matcher.highlight(text), partial(_run, self.app, action), help=f"key {keys}")


class TenantCommands(Provider):
    """The config's tenants, where there are several."""

    async def discover(self) -> Hits:
        for name in self._names():
            yield DiscoveryHit(f"Tenant: {name}", partial(self._go, name), help="Go to this tenant.")

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name in self._names():
            text = f"Tenant: {name}"
            score = matcher.match(text)
            if score > 0:
                yield Hit(score, matcher.highlight(text), partial(self._go, name))

    def _names(self) -> tuple[str, ...]:
        names = cast(ManyTenants, self.app).tenant_names
        return names if len(names) > 1 else ()

    def _go(self, name: str) -> None:
        cast(ManyTenants, self.app).show_tenant(name)


class IncidentCommands(Provider):
    """Incidents by number, device, caller or title, with gaps between the letters."""

    async def search(self, query: str) -> Hits:
        fuzzy, likely = self.matcher(query), re.compile(".*?".join(map(re.escape, query)), re.IGNORECASE)
        found: list[tuple[float, str, str]] = []
        async for line in self._likely(likely):
            text = incident_words(line)
            # What fits a number was meant as one, however well a device's name fits too.
            score = fuzzy.match(text) + NUMBER_FITS * bool(likely.search(named_in(line).number))
            found.append((score, text, id_in(line)))
        # The best first: the palette keeps its cursor on what came first.
        for score, text, incident_id in sorted(found, reverse=True)[:MOST_HITS]:
            yield Hit(score, fuzzy.highlight(text), partial(_jump, self.app, incident_id))

    async def _likely(self, likely: re.Pattern[str]) -> AsyncIterator[Line]:
        left = MOST_LIKELY
        for place, line in enumerate(cast(Shell, self.app).desk.queue.book.lines()):
            if place % SLICE == SLICE - 1:
                await asyncio.sleep(0)
            if left and likely.search(incident_words(line)):
                left -= 1
                yield line


def incident_words(line: Line) -> str:
    """An incident in one line of the palette."""
    named = named_in(line)
    return f"{named.number}  {named.device_name or '-'}  {named.caller or '-'}  {named.title}"


async def _jump(app: App[object], incident_id: str) -> None:
    await cast(ShowsQueue, app).show_queue()
    cast(QueueLike, app.screen).jump_to(incident_id)


async def _run(app: App[object], action: Action) -> None:
    handler = action.id.replace("-", "_")
    target = app.screen if action.scope is Scope.QUEUE else app
    await app.run_action(handler, default_namespace=target)
