"""A domain controller's double door: TLS ends here and begins again behind, so that a test reads what was said."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.sources.active_directory.certificates import Authority
from tests.sources.active_directory.domain import Domain


@dataclass
class Relay:
    """`asked` and `answered` are the LDAP messages of all connections, in the order of their bytes."""

    port: int = 0
    asked: bytearray = field(default_factory=bytearray)
    answered: bytearray = field(default_factory=bytearray)
    connections: int = 0


@asynccontextmanager
async def relay(domain: Domain, directory: Path) -> AsyncIterator[Relay]:
    running = Relay()
    key, certificate = domain.authority.issue(directory, names=[], ip="127.0.0.1")
    front = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    front.load_cert_chain(certificate, key)
    back = ssl.create_default_context(cafile=str(domain.authority.ca_file))
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        running.connections += 1
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        behind, onward = await asyncio.open_connection(domain.address, 636, ssl=back)
        with suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(_pump(reader, onward, running.asked), _pump(behind, writer, running.answered))
        for each in (writer, onward):
            each.transport.abort()
            with suppress(OSError):
                await each.wait_closed()
        tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=front, ssl_shutdown_timeout=0.1)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kept: bytearray) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            kept += data
            writer.write(data)
            await writer.drain()
    writer.close()


def expired(authority: Authority, directory: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that was good until yesterday."""
    return authority.issue(directory, names=[], ip="127.0.0.1", age=30, days=29)
