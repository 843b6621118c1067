"""What the real ticket systems have in common for a test."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from tests.real.server import RealServer
from tests.sources.tickets.profiles import profile
from tui.sources.tickets.auth import BearerFromEnvironment
from tui.sources.tickets.engine import HttpTickets

FIRST, SECOND = "first.engineer@demo.example", "second.engineer@demo.example"


class RealDesk(Protocol):
    """A running ticket system, spoken to past the adapter."""

    profile: str
    server: RealServer

    def key_of(self, engineer: str) -> str: ...
    def create(self, subject: str, text: str = "", device: str = "") -> str: ...
    def rename(self, key: str, subject: str) -> None: ...
    def notes(self, key: str) -> Sequence[str]: ...
    def remove(self, key: str) -> None: ...


@asynccontextmanager
async def opened(desk: RealDesk, engineer: str = FIRST, size: int = 0) -> AsyncIterator[HttpTickets]:
    """The adapter, signed in as an engineer."""
    found = profile(desk.profile, size=size)
    token = BearerFromEnvironment("T", {"T": desk.key_of(engineer.partition("@")[0])}, form=found.auth.form)
    source = HttpTickets(found, desk.server.url, token)
    try:
        yield source
    finally:
        await source.close()
