"""The ways to collect diagnostics from a device, as configured. Part of the composition root."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from tui.config import Config, RemoteShell
from tui.services.collection import CollectionRoute, Way

Route = Callable[[], Awaitable[CollectionRoute]]


def collection_routes(config: Config, by_intune: Route) -> Mapping[Way, Route]:
    """A factory for each way; a way that is not configured is absent."""
    routes: dict[Way, Route] = {Way.INTUNE: by_intune}
    shell = config.remote_shell
    if shell is not None:

        async def by_ssh() -> CollectionRoute:
            return _remote_shell(shell)

        routes[Way.SSH] = by_ssh
    return routes


def _remote_shell(shell: RemoteShell) -> CollectionRoute:
    from tui.sources.remote_login import LoginSettings, parse_address
    from tui.sources.remote_shell import RemoteShell as Route

    return Route(
        LoginSettings(
            jump=parse_address(shell.jump),
            known_hosts=Path(shell.known_hosts),
            user=shell.user,
            device_user=shell.device_user,
            device_port=shell.device_port,
            domain=shell.domain,
            key_file=Path(shell.key_file) if shell.key_file else None,
            certificate_file=Path(shell.certificate_file) if shell.certificate_file else None,
            agent=shell.agent,
        )
    )
