"""The command palette: actions by name, and incidents by number, device or caller. No disclosure starts here."""

from functools import partial
from typing import Protocol, cast

from textual.app import App
from textual.command import DiscoveryHit, Hit, Hits, Provider

from tui.actions import ACTIONS, Action, Danger, Scope, key_label


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


async def _run(app: App[object], action: Action) -> None:
    handler = action.id.replace("-", "_")
    target = app.screen if action.scope is Scope.QUEUE else app
    await app.run_action(handler, default_namespace=target)
