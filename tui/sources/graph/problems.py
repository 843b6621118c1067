"""What can go wrong between here and Microsoft Graph, told apart and in plain words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from tui.errors import Problem, ProblemKind
from tui.sources.upstream import Answer, is_html, retry_after
from tui.text import clean_line

GRAPH_SETTING = "[graph] endpoint in the config"


@dataclass(frozen=True, slots=True)
class Ask:
    """What a call asks for, and what Microsoft documents that the engineer needs for it."""

    subject: str
    permission: str = ""
    role: str = ""


SOMETHING = Ask("the request")


class _Inner(msgspec.Struct, rename={"request_id": "request-id"}):
    request_id: object = ""


class _Error(msgspec.Struct, rename="camel"):
    code: object = ""
    message: object = ""
    inner_error: _Inner | None = None


class _ErrorBody(msgspec.Struct):
    error: _Error


_ERROR_BODY = msgspec.json.Decoder(_ErrorBody)


def problem_of(answer: Answer, ask: Ask = SOMETHING) -> Problem:
    """The problem that a non-2xx answer tells of."""
    code, message, inner_id = graph_error(answer)
    kind, what, why, step = _words(answer, ask, code)
    said = f'Graph says: "{message}"' if message else ""
    return Problem(
        kind,
        what,
        ". ".join(part for part in (why, said) if part),
        step,
        status=answer.status,
        code=code,
        request_id=request_id(answer) or inner_id,
        retry_after=retry_after(answer.headers),
    )


def graph_error(answer: Answer) -> tuple[str, str, str]:
    """Code, message and request id of Graph's error body, cleaned; empty where it gave none."""
    try:
        error = _ERROR_BODY.decode(answer.body).error
    except msgspec.MsgspecError:
        return "", "", ""
    inner = error.inner_error.request_id if error.inner_error else ""
    return _text(error.code, 80), _text(error.message, 300), _text(inner, 64)


def request_id(answer: Answer) -> str:
    """Graph's own id of the call, which Microsoft's support asks for."""
    return clean_line(answer.headers.get("request-id", ""), 64)


def unreadable(answer: Answer, ask: Ask, why: str) -> Problem:
    """An answer came, and it is not what Graph documents."""
    if is_html(answer):
        why = "A web page came back instead of data: a proxy, a sign-in portal or a gateway stands in between"
        step = f"Look at {GRAPH_SETTING} and at the proxies between here and it"
    else:
        step = "Try again; if it stays, keep the request id and ask Microsoft support"
    return Problem(
        ProblemKind.UPSTREAM,
        f"The answer about {ask.subject} could not be read",
        why,
        step,
        status=answer.status,
        request_id=request_id(answer),
    )


def _text(value: object, limit: int) -> str:
    return clean_line(value, limit) if isinstance(value, str) else ""


Words = tuple[ProblemKind, str, str, str]


def _words(answer: Answer, ask: Ask, code: str) -> Words:
    status = answer.status
    match status:
        case 401:
            return _unauthorised(answer, ask)
        case 403:
            return _forbidden(ask)
        case 404 | 410:
            return (
                ProblemKind.NOT_FOUND,
                f"Not found: {ask.subject}",
                "It does not exist, was deleted, or is outside what this account may see",
                "Compare the id; look for a device object of the same name",
            )
        case 429:
            wait = retry_after(answer.headers)
            step = f"Wait {wait:.0f} s" if wait is not None else "Wait a minute"
            why = "Too many calls from this app or in this tenant"
            return ProblemKind.THROTTLED, f"Graph throttles calls for {ask.subject}", why, step
    if 300 <= status < 400:
        why = "A redirect came back, and it is not followed, so that the token stays here"
        step = f"Look at {GRAPH_SETTING}"
        return ProblemKind.UPSTREAM, f"The request for {ask.subject} was sent elsewhere", why, step
    if status >= 500:
        return _failed(answer, ask)
    what = f"Graph did not accept the request for {ask.subject} (HTTP {status}{f', {code}' if code else ''})"
    step = "This is likely a fault of this console; report it with the request id"
    return ProblemKind.UPSTREAM, what, "", step


def _failed(answer: Answer, ask: Ask) -> Words:
    why = (
        "A gateway in front of it answered with a web page" if is_html(answer) else "The failure is on Microsoft's side"
    )
    step = "Try again in a minute; if it stays, look at the service health of the tenant"
    return ProblemKind.UPSTREAM, f"Graph failed on {ask.subject} (HTTP {answer.status})", why, step


def _unauthorised(answer: Answer, ask: Ask) -> Words:
    if claims_challenge(answer.headers):
        why = "The tenant asks for a new sign-in (continuous access evaluation: session revoked, or a policy changed)"
    else:
        why = "The access token has expired or was not accepted"
    return ProblemKind.SIGNED_OUT, f"Graph wants a sign-in before it gives {ask.subject}", why, "Sign in again"


def claims_challenge(headers: Mapping[str, str]) -> str:
    """The `claims` value of a continuous-access-evaluation challenge, as sent (base64); empty without one."""
    found = re.search(r'(?i)^bearer\b.*?\bclaims="([^"]{1,4096})"', headers.get("www-authenticate", ""))
    return found.group(1) if found else ""


def _forbidden(ask: Ask) -> Words:
    needs = [f"the permission {ask.permission}"] if ask.permission else ["the permission"]
    needs += [f"a role such as {ask.role}"] if ask.role else ["a role"]
    why = (
        f"The answer does not say which is missing: {needs[0]} in this sign-in, {needs[1]}, or a role whose scope "
        "(administrative unit, scope tags, an earlier owner) reaches this object"
    )
    step = "`reseal doctor` shows permissions, roles and their scope; an eligible role may only need to be activated"
    return ProblemKind.FORBIDDEN, f"Not allowed: {ask.subject}", why, step
