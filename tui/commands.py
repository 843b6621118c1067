"""The command palette: actions by name, and incidents by number, device or caller. No disclosure starts here."""

from functools import partial

from textual.app import App
from textual.command import DiscoveryHit, Hit, Hits, Provider

from tui.actions import ACTIONS, Action, Danger, Scope

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
                yield Hit(score, matcher.highlight(text), partial(_run, self.app, action), help=action.help)


async def _run(app: App[object], action: Action) -> None:
    handler = action.id.replace("-", "_")
    target = app.screen if action.scope is Scope.QUEUE else app
    await app.run_action(handler, default_namespace=target)
