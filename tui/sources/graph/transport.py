"""One way to Microsoft Graph: the SDK's builders make the URL, its adapter sends, raw bytes come out.

The SDK is imported by the constructor and not before; on an event loop use `connect`.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, quote, unquote, urlsplit

from tui.errors import Problem, ProblemKind
from tui.model.wire import Call, Workload
from tui.sources.graph.lanes import BACKGROUND, IN_FLIGHT, Lanes, workload_of
from tui.sources.graph.problems import (
    GRAPH_SETTING,
    SOMETHING,
    Ask,
    claims_challenge,
    problem_of,
    request_id,
    unreadable,
)
from tui.sources.upstream import Answer, Peer, TooSlow, is_json, media_type, retry_after, unreachable
from tui.text import clean_line

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation
    from msgraph import GraphServiceClient

__all__ = ["BACKGROUND", "IN_FLIGHT", "Answer", "Ask", "Call", "Transport", "connect"]

RETRY_BUDGET = 30.0
"""Seconds that one call may spend on waiting between attempts."""
_RETRIED = frozenset({429, 503, 504})


@dataclass(frozen=True, slots=True)
class _Sending:
    client_request_id: str
    ask: Ask
    background: bool
    workload: Workload
    parts: int


class _Patience:
    """What is left of a call's retries and of the time to wait between them."""

    def __init__(self, retries: int) -> None:
        self._left = retries
        self._seconds = RETRY_BUDGET
        self._backoff = 0.5

    async def spend(self, failure: Problem) -> None:
        """Wait as long as the server asked, else with backoff; raise the failure when nothing is left."""
        # Jitter only spreads load, so that it needs no strong source.
        wait = self._backoff + random.random() / 4 if failure.retry_after is None else failure.retry_after  # noqa: S311
        if self._left <= 0 or wait > self._seconds:
            raise failure
        self._left, self._seconds, self._backoff = self._left - 1, self._seconds - wait, self._backoff * 2
        await asyncio.sleep(wait)


class Transport:
    """Sends requests to one Graph endpoint (scheme and host, without version) with one engineer's token.

    `challenged` is given the claims of a continuous-access-evaluation challenge and returns when a token that answers
    it is there; without it a challenge is a `Problem(SIGNED_OUT)`. `on_call` sees every attempt.
    """

    def __init__(
        self,
        endpoint: str,
        token: Callable[[], Awaitable[str]],
        *,
        timeout: float = 20.0,
        challenged: Callable[[str], Awaitable[None]] | None = None,
        on_call: Callable[[Call], None] | None = None,
    ) -> None:
        from tui.sources.graph.adapter import Adapter, service_client

        self.endpoint = endpoint.rstrip("/")
        self._origin = _origin(urlsplit(self.endpoint))
        self._adapter = Adapter(self.endpoint, token, IN_FLIGHT)
        self.client: GraphServiceClient = service_client(self._adapter)
        self._token = token
        self._timeout = timeout
        self._challenged = challenged
        self._on_call = on_call
        self._lanes = Lanes()

    def beta(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> RequestInformation:
        """A request to a path under /beta, which the v1.0 SDK has no builder for. `path` is already encoded."""
        return self._built(method, f"/beta{path}", query, body)

    def plain(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> RequestInformation:
        """A request to a path under /v1.0 that the SDK has no builder for. `path` is already encoded."""
        return self._built(method, f"/v1.0{path}", query, body)

    def _built(self, method: str, path: str, query: Mapping[str, str] | None, body: bytes | None) -> RequestInformation:
        info = self._request(method, f"{self.endpoint}{with_query(path, query or {})}")
        if body is not None:
            info.content = body
            info.headers.add("Content-Type", "application/json")
        return info

    def page(self, link: str) -> RequestInformation:
        """The request for an `@odata.nextLink`; a link to another host is an alarm and is not followed."""
        self._refuse_foreign(link)
        return self._request("GET", link)

    async def send(
        self,
        info: RequestInformation,
        client_request_id: str,
        *,
        retries: int = 0,
        ask: Ask = SOMETHING,
        background: bool = False,
        workload: Workload | None = None,
        parts: int = 0,
    ) -> Answer:
        """Send, and give a 2xx answer or raise `Problem`. Only GET is ever sent again, and only with `retries`.

        `workload` and `parts` are told for a `$batch`, whose URL does not tell them.
        """
        self._address(info, client_request_id, background)
        sending = _Sending(client_request_id, ask, background, workload or workload_of(info.url), parts)
        safe = info.http_method.value == "GET"
        patience = _Patience(retries if safe else 0)
        challenged = False
        while True:
            try:
                answer = await self._once(info, sending)
            except TooSlow:
                raise
            except Problem as problem:
                if problem.kind is not ProblemKind.UNREACHABLE:
                    raise
                await patience.spend(problem)
                continue
            if 200 <= answer.status < 300:
                return _data(answer, ask)
            failure = problem_of(answer, ask)
            if answer.status in _RETRIED:
                await patience.spend(failure)
            elif challenged or not await self._met(answer) or not safe:
                raise failure
            else:
                challenged = True

    def _address(self, info: RequestInformation, client_request_id: str, background: bool) -> None:
        self._adapter.set_base_url_for_request_information(info)
        self._refuse_foreign(info.url)
        priority = "low" if background else "high"
        for name, value in (("client-request-id", client_request_id), ("x-ms-throttle-priority", priority)):
            info.headers.remove(name)
            info.headers.add(name, value)

    async def _met(self, answer: Answer) -> bool:
        """A continuous-access-evaluation challenge was there, and a token that answers it is there now."""
        claims = claims_challenge(answer.headers) if answer.status == 401 else ""
        if not claims or self._challenged is None:
            return False
        await self._challenged(claims)
        return True

    async def step(self) -> None:
        """Wait for a turn of the event loop in which no other answer is worked on."""
        await self._lanes.step()

    def watch(self, on_call: Callable[[Call], None]) -> None:
        """Show every attempt from now on to `on_call`, such as a wire log."""
        self._on_call = on_call

    async def current_token(self) -> str:
        """The bearer token that is good now, for reading what it says of itself; never logged, never kept."""
        return await self._token()

    async def close(self) -> None:
        """Close the connections."""
        await self._adapter.close()

    async def _once(self, info: RequestInformation, sending: _Sending) -> Answer:
        async with self._lanes.turn(sending.workload, background=sending.background):
            await self._lanes.step()
            started = time.perf_counter()
            answer = Answer(0, b"", {})
            try:
                answer = await self._adapter.fetch(info, self._timeout)
            except Problem:
                raise
            except Exception as error:
                peer = Peer(self._origin[1], GRAPH_SETTING)
                raise unreachable(error, peer, self._timeout, sending.ask.subject) from None
            finally:
                if answer.status == 429:
                    self._lanes.throttled(sending.workload, retry_after(answer.headers))
                self._log(info, answer, sending, (time.perf_counter() - started) * 1000)
            return answer

    def _log(self, info: RequestInformation, answer: Answer, sending: _Sending, milliseconds: float) -> None:
        if self._on_call is None:
            return
        url = urlsplit(info.url.replace("/users/me-token-to-replace", "/me", 1))
        call = Call(
            method=info.http_method.value,
            path=clean_line(unquote(url.path + (f"?{url.query}" if url.query else "")), 200),
            status=answer.status,
            milliseconds=milliseconds,
            client_request_id=sending.client_request_id,
            request_id=request_id(answer),
            workload=sending.workload,
            background=sending.background,
            at=datetime.now(UTC),
            retry_after=retry_after(answer.headers) if answer.status in _RETRIED else None,
            parts=sending.parts,
        )
        self._on_call(call)

    def _request(self, method: str, url: str) -> RequestInformation:
        from kiota_abstractions.method import Method
        from kiota_abstractions.request_information import RequestInformation

        info = RequestInformation(Method(method))
        info.url = url
        info.headers.add("Accept", "application/json")
        return info

    def _refuse_foreign(self, url: str) -> None:
        try:
            there = _origin(urlsplit(url))
        except ValueError:
            there = ("", "", None)
        if there != self._origin:
            raise Problem(
                ProblemKind.ALARM,
                f"Graph pointed to another host: {clean_line(there[1] or url, 200)}",
                f"This session speaks with {self._origin[1]} only, and the token goes nowhere else",
                "Do not go on; check for a proxy in between and tell your security team",
            )


async def connect(
    endpoint: str,
    token: Callable[[], Awaitable[str]],
    *,
    timeout: float = 20.0,  # noqa: ASYNC109  (of each call, not of this function)
    challenged: Callable[[str], Awaitable[None]] | None = None,
    on_call: Callable[[Call], None] | None = None,
) -> Transport:
    """Make a `Transport` without holding up the event loop: the SDK's import takes 0.3 s or more."""
    return await asyncio.to_thread(Transport, endpoint, token, timeout=timeout, challenged=challenged, on_call=on_call)


def with_query(path: str, query: Mapping[str, str]) -> str:
    """An encoded path with its query options, encoded too."""
    pairs = "&".join(f"{quote(name, safe='$')}={quote(value, safe='')}" for name, value in query.items())
    return path + (f"?{pairs}" if pairs else "")


def _origin(url: SplitResult) -> tuple[str, str, int | None]:
    if url.username is not None or url.password is not None:
        raise ValueError("credentials in a URL")
    default = {"https": 443, "http": 80}.get(url.scheme)
    return url.scheme, (url.hostname or "").lower(), url.port or default


def _data(answer: Answer, ask: Ask) -> Answer:
    if answer.status == 204 or not answer.body or is_json(answer):
        return answer
    raise unreadable(answer, ask, f"Its content type is {media_type(answer) or 'missing'}, not application/json")
