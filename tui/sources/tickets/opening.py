"""From a `[[tickets]]` table of the config to a source."""

import itertools
from collections.abc import Collection, Iterator
from pathlib import Path

from tui.config import Tickets
from tui.errors import Problem, ProblemKind
from tui.ports import TicketSource
from tui.sources.tickets.auth import Authorization, BasicFromEnvironment, BearerFromCommand, BearerFromEnvironment
from tui.sources.tickets.engine import HttpTickets
from tui.sources.tickets.files import FileTickets
from tui.sources.tickets.oauth import ClientCredentials
from tui.sources.tickets.profile import Auth, Columns, Profile, load_profile


def open_source(tickets: Tickets, taken: Collection[str] = ()) -> TicketSource:
    """The source, named after its profile and told apart from names that are taken; nothing is connected yet.

    Raises `Problem(CONFIG)`.
    """
    profile = load_profile(tickets.profile)
    name = next(name for name in _names(profile.name) if name not in taken)
    if isinstance(profile, Columns):
        _needs(bool(tickets.path), tickets, "path")
        return FileTickets(profile, Path(tickets.path), name=name)
    _needs(bool(tickets.url), tickets, "url")
    return HttpTickets(profile, tickets.url, _authorization(tickets, profile), name=name)


def _names(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}-{number}" for number in itertools.count(2))


def _authorization(tickets: Tickets, profile: Profile) -> Authorization:
    auth = profile.auth
    if tickets.client_id:
        return ClientCredentials(
            _endpoint(tickets, auth), tickets.client_id, tickets.client_secret_env, scope=auth.oauth_scope
        )
    if tickets.token_command:
        return BearerFromCommand(tickets.token_command, form=auth.form)
    if tickets.token_env:
        return BearerFromEnvironment(tickets.token_env, form=auth.form)
    return BasicFromEnvironment(tickets.user, tickets.password_env)


def _endpoint(tickets: Tickets, auth: Auth) -> str:
    if auth.oauth_path.startswith("https://"):
        return auth.oauth_path
    if auth.oauth_path:
        return tickets.url.rstrip("/") + auth.oauth_path
    raise Problem(
        ProblemKind.CONFIG,
        f"Profile {tickets.profile} takes no client_id",
        "It names no endpoint where client credentials become a token",
        "Use another way of signing in, or a profile of your own with `[auth] oauth_path`",
    )


def _needs(given: bool, tickets: Tickets, wanted: str) -> None:
    if not given:
        what = f"Profile {tickets.profile} needs `{wanted}`"
        raise Problem(ProblemKind.CONFIG, what, "", f"Add `{wanted} = ...` to this [[tickets]] table")
