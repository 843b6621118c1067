"""Faults on demand: the next requests to a path are answered as a bad day answers them."""

import asyncio
import re
import socket
import struct
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, get_args

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from tui.demo.records import FaultKind

Produce = Callable[[], Response]
Refuse = Callable[[int, dict[str, str]], Response]
Peers = dict[Any, asyncio.Transport]

KINDS = frozenset(get_args(FaultKind))
_DROPPED = 0
_CLAIMS = b64encode(b'{"access_token":{"nbf":{"essential":true,"value":"1"}}}').decode()
_HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


class Fault(msgspec.Struct, forbid_unknown_fields=True):
    """What goes wrong, where (a regular expression found in path and query) and how many times.

    `retry_after` is sent as it is given with 429 and 503; `seconds` is how long `slow` waits before the true answer.
    """

    kind: FaultKind
    path: str = ""
    count: int = 1
    method: str = ""
    retry_after: str | int | None = None
    seconds: float = 1.0


@dataclass(slots=True)
class FaultBox:
    """Faults of one server, and the connections that they may break."""

    faults: list[Fault] = field(default_factory=list)
    peers: Peers = field(default_factory=dict)

    def take(self, request: Request) -> Fault | None:
        """The first fault that fits a request, used up by one."""
        asked = f"{request.url.path}?{request.url.query}"
        for fault in self.faults:
            if fault.method in ("", request.method) and re.search(fault.path, asked):
                fault.count -= 1
                if fault.count <= 0:
                    self.faults.remove(fault)
                return fault
        return None

    async def answer(self, request: Request, produce: Produce, refuse: Refuse) -> Response:
        """The true answer, unless a fault fits."""
        fault = self.take(request)
        if fault is None:
            return produce()
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
            return produce()
        if fault.kind == "reset":
            return _Broken(b"", self.peers.get(_peer(request)), reset=True)
        if fault.kind == "truncated":
            return _Broken(bytes(produce().body), self.peers.get(_peer(request)), reset=False)
        if fault.kind == "html-502":
            return Response(_HTML, 502, media_type="text/html")
        if fault.kind[:3].isdecimal():
            return refuse(int(fault.kind[:3]), _headers(fault))
        return _spoiled(fault.kind, produce(), str(request.url))


def protocol(peers: Peers) -> type[H11Protocol]:
    """uvicorn's protocol, which here also says which connection a request came by."""

    class Tracked(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            peers[transport.get_extra_info("peername")] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            peers.pop(self.transport.get_extra_info("peername"), None)
            super().connection_lost(exc)

    return Tracked


class _Broken(Response):
    """Half an answer, or none, and then the connection is gone."""

    def __init__(self, content: bytes, transport: asyncio.Transport | None, *, reset: bool) -> None:
        super().__init__(content, _DROPPED, media_type="application/json")
        self._transport = transport
        self._reset = reset

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._transport is None:
            return
        if self._reset:
            linger = struct.pack("ii", 1, 0)
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self._transport.abort()
        else:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            half = bytes(self.body)[: len(self.body) // 2]
            await send({"type": "http.response.body", "body": half, "more_body": True})
            self._transport.close()
        await asyncio.sleep(0)


def _headers(fault: Fault) -> dict[str, str]:
    headers = {} if fault.retry_after is None else {"retry-after": str(fault.retry_after)}
    if fault.kind == "401-claims":
        headers["claims"] = _CLAIMS
    return headers


def _peer(request: Request) -> Any:
    return tuple(request.client) if request.client else None


def _spoiled(kind: FaultKind, response: Response, asked: str) -> Response:
    if kind == "wrong-type":
        return _with(response, bytes(response.body), "text/html; charset=utf-8")
    if kind == "broken-json":
        return _with(response, bytes(response.body)[:-1] + b",,", "application/json")
    try:
        item = msgspec.json.decode(bytes(response.body), type=dict[str, Any])
    except msgspec.DecodeError:
        return response
    _SPOILERS[kind](item, asked)
    return _with(response, msgspec.json.encode(item), "application/json")


def _with(response: Response, content: bytes, media_type: str) -> Response:
    kept = {name: value for name, value in response.headers.items() if name not in ("content-length", "content-type")}
    return Response(content, response.status_code, kept, media_type)


def _wrong_id(item: dict[str, Any], _: str) -> None:
    flip = {"0": "1"}
    item["id"] = flip.get(item["id"][0], "0") + item["id"][1:]


def _bad_checksum(item: dict[str, Any], _: str) -> None:
    # A block that is divisible by 11 is no longer so with one more or one less.
    head, last = item["key"][:-1], item["key"][-1]
    item["key"] = head + str((int(last) + 1) % 10)


def _empty_key(item: dict[str, Any], _: str) -> None:
    item["key"] = ""


def _no_key(item: dict[str, Any], _: str) -> None:
    item.pop("key", None)


def _wrapped(item: dict[str, Any], _: str) -> None:
    inner = dict(item)
    item.clear()
    item["value"] = inner


def _empty_page(item: dict[str, Any], asked: str) -> None:
    # The link leads back to the page that was asked for, so that nothing is lost when the fault is used up.
    item["@odata.nextLink"] = asked
    item["value"] = []


def _foreign_link(item: dict[str, Any], _: str) -> None:
    item["@odata.nextLink"] = "http://elsewhere.demo.example/v1.0/informationProtection/bitlocker/recoveryKeys"


_SPOILERS: dict[str, Callable[[dict[str, Any], str], None]] = {
    "wrong-id": _wrong_id,
    "bad-checksum": _bad_checksum,
    "empty-key": _empty_key,
    "no-key": _no_key,
    "wrapped": _wrapped,
    "empty-page": _empty_page,
    "foreign-link": _foreign_link,
}
