"""A `Transport` to a scripted Graph."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from tests.sources.loopback import Answering, Loopback, loopback
from tui.sources.graph.transport import Call, Transport, connect

TOKEN = "an-invented-token"


async def token() -> str:
    return TOKEN


Graph = Callable[[Answering], AbstractAsyncContextManager[tuple[Transport, Loopback]]]


@pytest.fixture
def graph(calls: list[Call]) -> Graph:
    @asynccontextmanager
    async def start(answer: Answering) -> AsyncIterator[tuple[Transport, Loopback]]:
        async with loopback(answer) as server, to(server.url, on_call=calls.append) as transport:
            yield transport, server

    return start


@pytest.fixture
def calls() -> list[Call]:
    return []


@asynccontextmanager
async def to(
    endpoint: str,
    *,
    seconds: float = 5.0,
    on_call: Callable[[Call], None] | None = None,
    challenged: Callable[[str], Awaitable[None]] | None = None,
) -> AsyncIterator[Transport]:
    transport = await connect(endpoint, token, timeout=seconds, on_call=on_call, challenged=challenged)
    try:
        yield transport
    finally:
        await transport.close()
