"""HTTP to a ticket system: one origin, one credential, JSON in and out, and every failure a `Problem`."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx

from tui.errors import Problem, ProblemKind
from tui.sources import http
from tui.sources.sign_in import is_loopback
from tui.sources.tickets.auth import Authorization
from tui.sources.tickets.pace import Pace
from tui.sources.tickets.profile import Rate
from tui.sources.upstream import Answer, Peer, is_html, is_json, media_type, retry_after, unreachable
from tui.text import clean_line

CONNECTIONS = 4
SETTING = "the url of this [[tickets]] source in the config"


class Desk:
    """A ticket system at a base URL; nothing is sent to another host, and redirects are not followed."""

    def __init__(
        self,
        url: str,
        authorization: Authorization,
        *,
        seconds: float = 20.0,
        header: str = "authorization",
        rate: Rate | None = None,
    ) -> None:
        self._peer = Peer(urlsplit(url).hostname or "", SETTING)
        if urlsplit(url).scheme != "https" and not is_loopback(url):
            raise Problem(
                ProblemKind.CONFIG,
                f"The ticket system {clean_line(url, 200)} is not called",
                "Its url is not https, and a credential would cross the network in clear",
                f"Change {SETTING}",
            )
        self.skew: timedelta | None = None
        """How far the system's clock is ahead of this machine's; None until it has said its time."""
        self._authorization = authorization
        self._header = header
        self._pace = Pace(rate or Rate())
        self._seconds = seconds
        self._client = http.client(http.transport(CONNECTIONS), base_url=url.rstrip("/"))

    async def call(
        self,
        method: str,
        path: str,
        subject: str,
        *,
        query: Mapping[str, str | list[str]] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        saving: bool = False,
    ) -> Answer:
        """Send once and give a 2xx JSON answer; a refused credential is renewed once, where that is possible.

        `saving` calls leave the system's last permitted calls to others.
        """
        self._pace.admit(subject, saving=saving)
        answer = await self._send(method, path, subject, query, body, headers or {})
        if answer.status == 401 and self._authorization.refused():
            answer = await self._send(method, path, subject, query, body, headers or {})
        self._pace.heed(answer.status, answer.headers)
        if not 200 <= answer.status < 300:
            raise self._problem(answer, subject)
        if answer.body and not is_json(answer):
            raise self.unreadable(answer, subject, f"Its content type is {media_type(answer) or 'missing'}, not JSON")
        return answer

    def now(self) -> datetime:
        """The time as the system's own clock has it, as far as known."""
        return datetime.now(UTC) + (self.skew or timedelta())

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def unreadable(self, answer: Answer, subject: str, why: str) -> Problem:
        """An answer came, and it is not what the system documents."""
        if is_html(answer):
            why = "A web page came back instead of data: a sign-in page, a proxy, or a sleeping instance"
        what = f"The ticket system's answer about {subject} could not be read"
        return Problem(ProblemKind.UPSTREAM, what, why, f"Open it in a browser; check {SETTING}", status=answer.status)

    async def _send(
        self,
        method: str,
        path: str,
        subject: str,
        query: Mapping[str, str | list[str]] | None,
        body: bytes | None,
        more: Mapping[str, str],
    ) -> Answer:
        headers = {**more, self._header: await self._authorization.header(), "accept": "application/json"}
        if body is not None:
            headers["content-type"] = "application/json"
        try:
            async with asyncio.timeout(self._seconds):
                request = self._client.build_request(method, path, params=query, content=body, headers=headers)
                answer = await http.read(await self._client.send(request, stream=True), self._peer)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as error:
            raise unreachable(error, self._peer, self._seconds, subject) from None
        self._note_time(answer)
        return answer

    def _note_time(self, answer: Answer) -> None:
        try:
            said = parsedate_to_datetime(answer.headers.get("date", ""))
        except (ValueError, TypeError, IndexError, OverflowError):
            return
        self.skew = said.replace(tzinfo=said.tzinfo or UTC) - datetime.now(UTC)

    def _problem(self, answer: Answer, subject: str) -> Problem:
        status, wait = answer.status, retry_after(answer.headers)
        if 300 <= status < 400:
            why = "A redirect came back, and it is not followed, so that the credential stays here"
            what = f"The request for {subject} was sent elsewhere"
            return Problem(ProblemKind.UPSTREAM, what, why, f"Check {SETTING}", status=status, retry_after=wait)
        kind, what, step = {
            401: (ProblemKind.SIGNED_OUT, f"The ticket system wants another credential for {subject}", "Renew it"),
            403: (
                ProblemKind.FORBIDDEN,
                f"The ticket system does not allow {subject}",
                "Ask its administrator for the right on this table",
            ),
            404: (ProblemKind.NOT_FOUND, f"The ticket system does not know {subject}", "Refresh the queue"),
            429: (
                ProblemKind.THROTTLED,
                f"The ticket system throttles calls for {subject}",
                f"Wait {wait:.0f} s" if wait is not None else "Wait a minute",
            ),
        }.get(
            status,
            (
                ProblemKind.UPSTREAM,
                f"The ticket system failed on {subject} (HTTP {status})",
                "Try again in a minute" if status >= 500 else "Report it with the answer above",
            ),
        )
        return Problem(kind, what, _said(answer), step, status=status, retry_after=wait)


def _said(answer: Answer) -> str:
    if is_html(answer):
        return "A gateway in front of it answered with a web page"
    text = clean_line(answer.body[:2000].decode("utf-8", "replace"), 200)
    return f'It says: "{text}"' if text else ""
