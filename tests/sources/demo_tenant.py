"""The demo tenant over real HTTP, for tests of adapters that speak with it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tui.demo.launch import DemoHandle, running_demo
from tui.sources.graph.transport import Transport, connect
from tui.sources.tickets.auth import BearerFromCommand
from tui.sources.tickets.engine import HttpTickets
from tui.sources.tickets.profile import Profile, load_profile


@asynccontextmanager
async def demo(*, speed: float = 1000.0) -> AsyncIterator[DemoHandle]:
    async with running_demo(seed=7, size=60, speed=speed) as running:
        yield running


@asynccontextmanager
async def graph_as(running: DemoHandle, persona: str) -> AsyncIterator[Transport]:
    async def token() -> str:
        return running.tokens[persona]

    transport = await connect(running.graph, token)
    try:
        yield transport
    finally:
        await transport.close()


@asynccontextmanager
async def tickets(running: DemoHandle) -> AsyncIterator[HttpTickets]:
    profile = load_profile("servicenow")
    assert isinstance(profile, Profile)
    token = BearerFromCommand(["cat", str(running.config.parent / "tickets-token")])
    source = HttpTickets(profile, running.tickets, token)
    try:
        yield source
    finally:
        await source.close()
