"""What every HTTP upstream has in common: its answer, and the ways in which no answer comes."""

import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from tui.errors import Problem, ProblemKind
from tui.text import clean_line

BODY_LIMIT = 64 * 2**20
"""Bytes of one decoded body; the largest honest page measured is 11 MB (10,000 devices)."""
_RETRY_CAP = 3600.0
_DNS, _REFUSED, _TLS = "name", "refused", "tls"


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, read to its end. Header names are in lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Peer:
    """Who was called: its host, and where the engineer can correct the address."""

    host: str
    setting: str


class NeverSent(Problem):
    """No connection came about, so the request cannot have had an effect."""


class TooSlow(Problem):
    """The time ran out while waiting for an answer; asking again would only wait again."""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of the Retry-After header, given as a number or as a date (RFC 9110, 10.2.3); None without one."""
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value):
        return min(float(value), _RETRY_CAP)
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError):
        return None
    # A date without a zone, or with -0000, is naive.
    seconds = (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), _RETRY_CAP)


def is_html(answer: Answer) -> bool:
    """A page instead of data: a proxy, a portal or a gateway spoke, not the upstream."""
    head = answer.body[:256].lstrip().lower()
    return "html" in answer.headers.get("content-type", "").lower() or head.startswith((b"<!doctype html", b"<html"))


def media_type(answer: Answer) -> str:
    """The content type without parameters, lower case."""
    return clean_line(answer.headers.get("content-type", "").partition(";")[0].lower(), 80)


def is_json(answer: Answer) -> bool:
    """The answer says that it is JSON."""
    kind = media_type(answer)
    return kind == "application/json" or kind.endswith("+json")


def too_large(status: int, peer: Peer) -> Problem:
    """More than `BODY_LIMIT` came."""
    return Problem(
        ProblemKind.UPSTREAM,
        f"The answer of {peer.host} was too large to be honest",
        f"More than {BODY_LIMIT // 2**20} MB came for one request",
        f"Look at {peer.setting} and at the proxies between here and it",
        status=status,
    )


def unreachable(error: BaseException, peer: Peer, seconds: float, subject: str) -> Problem:
    """No whole answer came: name, connection, TLS, time or a broken stream."""
    kind, host = ProblemKind.UNREACHABLE, clean_line(peer.host, 200)
    network = f"Check {peer.setting}, the network and the firewall; `reseal doctor` tries each step"
    cause = _cause(error)
    if cause == _DNS:
        step = f"Check {peer.setting}, DNS and the network"
        return NeverSent(kind, f"The name {host} could not be resolved", "DNS gave no address", step)
    if cause == _TLS:
        step = "Check the clock, and whether TLS inspection stands in between; its authority must be trusted here"
        return NeverSent(kind, f"No trusted TLS connection to {host}", _tls_reason(error), step)
    if cause == _REFUSED:
        why = "Nothing listens there, or a firewall says no"
        return NeverSent(kind, f"{host} refused the connection", why, network)
    name = type(error).__name__
    if name == "ConnectTimeout":
        return NeverSent(kind, f"No connection to {host} came about in time", "The path to it is blocked", network)
    if isinstance(error, TimeoutError) or "Timeout" in name:
        what = f"No answer about {subject} within {seconds:.0f} s"
        why = f"{host} is slow, or the path to it is blocked"
        return TooSlow(kind, what, why, "Try again; `reseal doctor` measures the path")
    what = f"The connection to {host} broke before the answer about {subject} was whole"
    return Problem(kind, what, clean_line(f"{name} {error}".strip(), 300), "Try again")


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        item = waiting.pop()
        if item is None or item in seen:
            continue
        seen.append(item)
        yield item
        waiting += [item.__cause__, item.__context__]
        if isinstance(item, BaseExceptionGroup):
            waiting += item.exceptions


def _cause(error: BaseException) -> str:
    for item in _chain(error):
        if isinstance(item, ssl.SSLError):
            return _TLS
        if isinstance(item, socket.gaierror):
            return _DNS
        if isinstance(item, ConnectionRefusedError):
            return _REFUSED
    return ""


def _tls_reason(error: BaseException) -> str:
    for item in _chain(error):
        if isinstance(item, ssl.SSLCertVerificationError):
            return clean_line(f"The certificate was not accepted: {item.verify_message}", 300)
        if isinstance(item, ssl.SSLError):
            return clean_line(f"The TLS handshake failed: {item.reason or item}", 300)
    return ""
