"""Intune's "Collect diagnostics": asked for once, followed until the device has uploaded, fetched from the blob store.

Sources: Microsoft Graph, `managedDevice: createDeviceLogCollectionRequest` (beta), `deviceLogCollectionResponse` and
its `createDownloadUrl`; Microsoft Intune, "Collect diagnostics from a Windows device".
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, quote, unquote, urlsplit
from uuid import uuid4

import msgspec

from tui.config.settings import is_loopback
from tui.errors import Problem, ProblemKind
from tui.model.ids import parse_guid
from tui.services.collection import LARGEST_BUNDLE, Bundle, OnProgress, Progress, Target
from tui.sources.graph.paging import everything, one
from tui.sources.graph.problems import Ask, unreadable
from tui.sources.graph.reading import moment, text
from tui.sources.graph.transport import Transport
from tui.sources.graph.wire import Unreadable, item_decoder, page_decoder
from tui.sources.upstream import Peer, unreachable
from tui.text import clean_line

if TYPE_CHECKING:
    import httpx

POLL_SECONDS = 20.0
PATIENCE = timedelta(hours=24)
"""How long Intune waits for the device; after that it calls the request failed."""

STILL_GOOD = timedelta(hours=1)
"""A bundle that came in so recently is fetched, and not asked for again: a device keeps ten requests at most."""

FETCH_SECONDS = 600.0
_PIECE = 1 << 20
_BODY = b'{"templateType":{"@odata.type":"microsoft.graph.deviceLogCollectionRequest","templateType":"predefined"}}'
_ROLE = "Help Desk Operator (an Intune role, with Collect diagnostics)"
_START = Ask("the device's diagnostics", "DeviceManagementConfiguration.ReadWrite.All", _ROLE)
_FOLLOW = Ask("the device's diagnostics", "DeviceManagementManagedDevices.Read.All", _ROLE)


class WireCollection(msgspec.Struct, rename="camel"):
    """deviceLogCollectionResponse."""

    id: object = None
    status: object = None
    managed_device_id: object = None
    error_code: object = None
    requested: object = msgspec.field(default=None, name="requestedDateTimeUTC")
    received: object = msgspec.field(default=None, name="receivedDateTimeUTC")


class _Link(msgspec.Struct):
    value: str


_ONE = item_decoder(WireCollection)
_PAGE = page_decoder(WireCollection)


@dataclass(frozen=True, slots=True)
class LogRequest:
    """A request as Intune shows it. `state` is pending, completed or failed, or a word that came later."""

    id: str
    state: str
    error: int
    requested: datetime | None
    received: datetime | None


class IntuneDiagnostics:
    """A `CollectionRoute` through Intune. The device has up to 24 hours; leaving and coming back loses nothing."""

    def __init__(
        self,
        transport: Transport,
        *,
        poll_seconds: float = POLL_SECONDS,
        largest: int = LARGEST_BUNDLE,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._transport = transport
        self._poll_seconds = poll_seconds
        self._largest = largest
        self._now = now

    async def collect(self, target: Target, consent: str, on_progress: OnProgress) -> Bundle:
        """Take up the request that is there, or make one; follow it, and fetch what the device sent."""
        device = parse_guid(target.intune_id)
        if device is None:
            raise Problem(
                ProblemKind.NOT_FOUND, "Intune was not asked", "The device has no Intune id", "Look it up again"
            )
        on_progress(Progress("asking Intune for requests that are under way"))
        request = await self._usable(device)
        if request is None:
            request = await self._start(device)
        done = await self._follow(device, request, on_progress)
        link = await self._link(device, done)
        data = await self._fetch(link, on_progress)
        received = f"{done.received:%Y%m%dT%H%M%SZ}" if done.received else "00000000T000000Z"
        return Bundle(f"DiagLogs-{clean_line(target.name, 64)}-{received}.zip", data)

    async def _usable(self, device: str) -> LogRequest | None:
        """The newest request that is pending, or that the device has answered not long ago."""
        info = self._transport.beta("GET", f"{_path(device)}/logCollectionRequests")
        found = await everything(self._transport, info, _PAGE, read_request, _FOLLOW)
        usable = [request for request in found if self._is_usable(request)]
        return max(usable, key=lambda request: request.requested or datetime.min.replace(tzinfo=UTC), default=None)

    def _is_usable(self, request: LogRequest) -> bool:
        if request.state == "pending":
            return request.requested is not None and self._now() - request.requested < PATIENCE
        return (
            request.state == "completed"
            and request.received is not None
            and (self._now() - request.received < STILL_GOOD)
        )

    async def _start(self, device: str) -> LogRequest:
        """Ask once and never again: a lost answer leaves a pending request, which the next attempt takes up."""
        info = self._transport.beta("POST", f"{_path(device)}/createDeviceLogCollectionRequest", body=_BODY)
        answer = await self._transport.send(info, str(uuid4()), ask=_START)
        try:
            request = read_request(_ONE(answer.body))
        except Unreadable as error:
            raise unreadable(answer, _START, str(error)) from None
        if request is None:
            raise unreadable(answer, _START, "The new request has no id")
        return request

    async def _follow(self, device: str, request: LogRequest, on_progress: OnProgress) -> LogRequest:
        begun = request.requested or self._now()
        path = f"{_path(device)}/logCollectionRequests/{quote(request.id, safe='')}"
        while request.state == "pending":
            on_progress(
                Progress(f"asked for at {begun:%H:%M} UTC; the device has until {begun + PATIENCE:%d %b %H:%M}")
            )
            if self._now() - begun > PATIENCE:
                raise _failed("The device did not answer within 24 hours", "It must be on and connected")
            await asyncio.sleep(self._poll_seconds)
            shown = read_request(await one(self._transport, self._transport.beta("GET", path), _ONE, _FOLLOW))
            if shown is None or shown.id.lower() != request.id.lower():
                raise Problem(ProblemKind.UPSTREAM, "Intune answered with another request", "", "Try again")
            request = shown
        if request.state != "completed":
            raise _failed(
                "The device could not collect its diagnostics", f"Intune says {request.state} {request.error}"
            )
        return request

    async def _link(self, device: str, request: LogRequest) -> SplitResult:
        path = f"{_path(device)}/logCollectionRequests/{quote(request.id, safe='')}/createDownloadUrl"
        answer = await self._transport.send(self._transport.beta("POST", path), str(uuid4()), ask=_FOLLOW)
        try:
            link = msgspec.json.decode(answer.body, type=_Link).value
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise unreadable(answer, _FOLLOW, "There is no link in it") from None
        return safe_link(link, is_loopback(self._transport.endpoint))

    async def _fetch(self, link: SplitResult, on_progress: OnProgress) -> bytes:
        """Fetch from the blob store, which is another host: without the token, bounded, and following no redirect."""
        from tui.sources import http

        peer = Peer(link.hostname or "", "the proxies between here and it")
        try:
            async with (
                asyncio.timeout(FETCH_SECONDS),
                http.client(http.transport(1)) as client,
                client.stream("GET", link.geturl()) as response,
            ):
                return await self._body(response, peer, on_progress)
        except Problem:
            raise
        except Exception as error:
            raise unreachable(error, peer, FETCH_SECONDS, "the device's diagnostics") from None

    async def _body(self, response: httpx.Response, peer: Peer, on_progress: OnProgress) -> bytes:
        host = clean_line(peer.host, 200)
        if response.status_code != 200:
            step = "Try again: a link is good for a short time only, and a new one is asked for."
            why = f"It answered {response.status_code}"
            raise Problem(ProblemKind.UPSTREAM, f"{host} did not hand out the diagnostics", why, step)
        told = response.headers.get("content-length", "")
        size = int(told) if told.isdecimal() and len(told) < 16 else 0
        parts: list[bytes] = []
        got = 0
        # Not decoded: a content encoding would let a few bytes become many before they are counted.
        async for piece in response.aiter_raw(_PIECE):
            got += len(piece)
            if max(got, size) > self._largest:
                why = f"It is larger than {self._largest} bytes"
                raise Problem(
                    ProblemKind.UPSTREAM, "The diagnostics were not fetched", why, "Get them from the portal."
                )
            parts.append(piece)
            on_progress(Progress("fetching the diagnostics", got, size))
        return b"".join(parts)


def read_request(wire: WireCollection) -> LogRequest | None:
    """A request; None without a usable id. Its id is no GUID but one or two joined by an underscore."""
    name = text(wire.id, 200)
    if not name:
        return None
    return LogRequest(
        id=name,
        state=text(wire.status, 40).lower(),
        error=wire.error_code if isinstance(wire.error_code, int) else 0,
        requested=moment(wire.requested),
        received=moment(wire.received),
    )


def safe_link(link: str, from_loopback: bool) -> SplitResult:
    """A download link that may be followed: https, or plain http where Graph itself is on this machine. Its query is a
    secret, so that no message repeats it."""
    try:
        parts = urlsplit(link)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = SplitResult("", "", "", "", ""), None
    plain = parts.scheme == "http" and from_loopback and is_loopback(link)
    odd = parts.username is not None or parts.password is not None or any(mark in unquote(link) for mark in "\r\n\\ ")
    if not host or odd or not (parts.scheme == "https" or plain):
        shown = clean_line(f"{parts.scheme}://{host or ''}", 200)
        why = f"It leads to {shown}, and diagnostics come over https only"
        step = "Do not go on; check for a proxy in between and tell your security team."
        raise Problem(ProblemKind.ALARM, "The link to the diagnostics was not followed", why, step)
    return parts


def _path(device: str) -> str:
    return f"/deviceManagement/managedDevices/{device}"


def _failed(what: str, why: str) -> Problem:
    return Problem(ProblemKind.UPSTREAM, what, clean_line(why), "See that it is on and connected; then ask again.")
