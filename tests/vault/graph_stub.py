"""A server on loopback that answers a keyed read as it is told to, and keeps what it was asked."""

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.vault.keys import invented_password

TOKEN = "invented-bearer-token-of-a-test"
Answering = Callable[[str], Response | Awaitable[Response]]


@dataclass
class GraphStub:
    """`answering` gets the key ID; without it the right key comes, built from `seed`."""

    endpoint: str
    seed: int = 1
    answering: Answering | None = None
    requests: list[Request] = field(default_factory=list)

    async def answer(self, request: Request) -> Response:
        """One keyed read."""
        self.requests.append(request)
        key_id = request.path_params["key_id"]
        if self.answering is None:
            return key_answer({"id": key_id, "key": invented_password(self.seed)})
        answer = self.answering(key_id)
        return answer if isinstance(answer, Response) else await answer


def key_answer(body: object, status: int = 200, **headers: str) -> Response:
    """An answer with the headers that Graph gives."""
    ids = {"request-id": "5d7b6d8e-2c1f-4a3b-9e8d-0123456789ab", "date": "Mon, 23 Nov 2026 08:00:00 GMT"}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return JSONResponse(body, status, {**ids, **named})


def error_answer(status: int, code: str, message: str, **headers: str) -> Response:
    """Graph's error body."""
    return key_answer({"error": {"code": code, "message": message}}, status, **headers)


@contextlib.contextmanager
def running_stub() -> Iterator[GraphStub]:
    """The server in a thread, on a free port."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        stub = GraphStub(f"http://127.0.0.1:{listener.getsockname()[1]}")
        path = "/v1.0/informationProtection/bitlocker/recoveryKeys/{key_id}"
        app = Starlette(routes=[Route(path, stub.answer)])
        config = uvicorn.Config(app, log_level="critical", lifespan="off", server_header=False, date_header=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
        thread.start()
        try:
            yield stub
        finally:
            server.should_exit = server.force_exit = True
            thread.join(10)


def raw_answer(body: bytes, content_type: str = "application/json", status: int = 200) -> Response:
    """Bytes as they are."""
    return Response(body, status, media_type=content_type)


def as_json(body: object) -> bytes:
    """JSON as Graph writes it."""
    return json.dumps(body).encode()
