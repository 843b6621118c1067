"""HTTP as every source uses it: no proxy, no credentials and no redirect from the environment; bounded bodies."""

import asyncio
import ssl
from typing import Any

import anyio
import anyio.lowlevel
import httpx

from tui import __version__
from tui.sources.upstream import BODY_LIMIT, Answer, Peer, too_large


def client(transport: httpx.AsyncBaseTransport, **options: Any) -> httpx.AsyncClient:
    """A client over `transport`. It bounds connecting only; callers bound the whole call."""
    return httpx.AsyncClient(
        transport=transport,
        trust_env=False,
        follow_redirects=False,
        timeout=httpx.Timeout(None, connect=10),
        headers={"user-agent": f"reseal/{__version__}"},
        **options,
    )


def transport(connections: int) -> httpx.AsyncHTTPTransport:
    """Connections that take nothing from the environment but this machine's certificate authorities."""
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    return httpx.AsyncHTTPTransport(verify=tls_context(), trust_env=False, limits=limits)


def tls_context() -> ssl.SSLContext:
    """Public authorities and those of this machine, TLS 1.2 or later."""
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def warm_up() -> None:
    """Load what the first request would load, on the event loop and among keys. Call it in a thread."""
    asyncio.run(anyio.lowlevel.checkpoint())


async def read(response: httpx.Response, peer: Peer) -> Answer:
    """Read a streamed response to its end, and close it; a `Problem` when it is too large."""
    try:
        chunks: list[bytes] = []
        size = 0
        async for chunk in response.aiter_bytes():
            size += len(chunk)
            if size > BODY_LIMIT:
                raise too_large(response.status_code, peer)
            chunks.append(chunk)
    finally:
        await response.aclose()
    body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
    return Answer(response.status_code, body, {name.lower(): value for name, value in response.headers.items()})
