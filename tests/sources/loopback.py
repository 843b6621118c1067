"""A small HTTP/1.1 server on loopback that answers exactly what a test says, whole or broken."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.target).query).items()}


@dataclass(frozen=True)
class Reply:
    """An answer; `cut` sends only so many bytes of the body that its length announces, and `slow` waits before it."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    wait: asyncio.Event | None = None


def as_json(value: object, status: int = 200, /, **headers: str) -> Reply:
    return Reply(
        status,
        json.dumps(value).encode(),
        {"content-type": "application/json", **{name.replace("_", "-"): text for name, text in headers.items()}},
    )


Answering = Callable[[Asked], Reply | Awaitable[Reply]]


@dataclass
class Loopback:
    """The running server: where it is, and what it was asked."""

    url: str
    asked: list[Asked]
    answer: Answering


@asynccontextmanager
async def loopback(answer: Answering, tls: ssl.SSLContext | None = None) -> AsyncIterator[Loopback]:
    running = Loopback("", [], answer)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await _exchange(running, reader, writer):
                pass
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls, ssl_shutdown_timeout=0.1 if tls else None)
    running.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield running
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def _exchange(running: Loopback, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    first = await reader.readexactly(1)
    if first == b"\x16":
        writer.write(b"HTTP/1.1 400 This is not TLS\r\n\r\n")
        return False
    head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    asked = Asked(method, target, headers, body)
    running.asked.append(asked)
    found = running.answer(asked)
    reply = found if isinstance(found, Reply) else await found
    if reply.wait is not None:
        await reply.wait.wait()
    lines = [f"HTTP/1.1 {reply.status} Status", f"content-length: {len(reply.body)}"]
    lines += [f"{name}: {value}" for name, value in reply.headers.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + reply.body[: reply.cut])
    await writer.drain()
    return reply.cut is None
