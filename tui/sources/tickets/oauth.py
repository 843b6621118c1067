"""Client credentials (RFC 6749, 4.4): an application's own id and secret become a token that lasts a while."""

import asyncio
import os
import time
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

import httpx
import msgspec

from tui.errors import Problem, ProblemKind
from tui.sources import http
from tui.sources.sign_in import is_loopback
from tui.sources.tickets.auth import is_token, secret
from tui.sources.upstream import Answer, Peer, retry_after, unreachable
from tui.text import clean_line

_EARLY = 60.0
"""Seconds before its end from which a token is no longer used."""
_SETTING = "the url, client_id and client_secret_env of this [[tickets]] source in the config"


class _Token(msgspec.Struct):
    access_token: str
    expires_in: int | str = 600


class ClientCredentials:
    """An `Authorization` whose token comes from a token endpoint; kept in memory until it ends or is refused."""

    def __init__(
        self,
        url: str,
        client_id: str,
        secret_variable: str,
        *,
        scope: str = "",
        environ: Mapping[str, str] = os.environ,
        seconds: float = 20.0,
    ) -> None:
        if urlsplit(url).scheme != "https" and not is_loopback(url):
            why = "Its url is not https, and the secret would cross the network in clear"
            what = f"The token endpoint {clean_line(url, 200)} is not called"
            raise Problem(ProblemKind.CONFIG, what, why, f"Change {_SETTING}")
        self._url = url
        self._client_id = client_id
        self._variable = secret_variable
        self._scope = scope
        self._environ = environ
        self._seconds = seconds
        self._peer = Peer(urlsplit(url).hostname or "", _SETTING)
        self._lock = asyncio.Lock()
        self._token = ""
        self._ends = 0.0

    async def header(self) -> str:
        async with self._lock:
            if not self._token or time.monotonic() >= self._ends:
                found = await self._ask()
                self._token = found.access_token
                self._ends = time.monotonic() + max(float(found.expires_in) - _EARLY, 1.0)
            return f"Bearer {self._token}"

    def refused(self) -> bool:
        had, self._token = bool(self._token), ""
        return had

    async def _ask(self) -> _Token:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": secret(self._environ, self._variable),
        }
        answer = await self._post(urlencode(form | ({"scope": self._scope} if self._scope else {})))
        if answer.status != 200:
            raise self._refusal(answer)
        try:
            found = msgspec.json.decode(answer.body, type=_Token)
            float(found.expires_in)
        except (msgspec.MsgspecError, UnicodeDecodeError, ValueError):
            raise self._failed("What it answered is not a token answer", answer) from None
        if not is_token(found.access_token):
            raise self._failed("What it calls a token is none", answer)
        return found

    async def _post(self, form: str) -> Answer:
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        try:
            # A token is asked for every half hour or so: a connection of its own costs little and holds nothing.
            async with asyncio.timeout(self._seconds), http.client(http.transport(1)) as client:
                request = client.build_request("POST", self._url, content=form.encode(), headers=headers)
                return await http.read(await client.send(request, stream=True), self._peer)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as error:
            raise unreachable(error, self._peer, self._seconds, "a token") from None

    def _refusal(self, answer: Answer) -> Problem:
        if answer.status in (429, 503):
            problem = self._failed(f"It answered {answer.status}", answer)
            problem.kind, problem.retry_after = ProblemKind.THROTTLED, retry_after(answer.headers)
            return problem
        return self._failed(f"It answered {answer.status}", answer)

    def _failed(self, why: str, answer: Answer) -> Problem:
        # The body may repeat what was sent, so it is not shown.
        what = "The ticket system gave no token for the client credentials"
        return Problem(ProblemKind.SIGNED_OUT, what, why, f"Check {_SETTING}", status=answer.status)
