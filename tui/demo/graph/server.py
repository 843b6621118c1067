"""The Graph server: sign-in, headers, `$batch`, and the count of what was asked."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from tui.demo.faults import FaultBox
from tui.demo.graph.answers import (
    AGS_DIAGNOSTIC,
    Answer,
    Call,
    Json,
    Refusal,
    bad_request,
    error_answer,
    signed_out,
)
from tui.demo.graph.routes import answer
from tui.demo.identities import Identity
from tui.demo.play import Play
from tui.demo.traffic import Seen, Traffic

_KEY_ITEM = re.compile(r"/informationProtection/bitlocker/recoveryKeys/([^/]+)", re.IGNORECASE)
_BATCH_LIMIT = 20
_VERSIONS = ("v1.0", "beta")
_USUAL = {
    "x-ms-ags-diagnostic": AGS_DIAGNOSTIC,
    "strict-transport-security": "max-age=31536000",
    "cache-control": "no-cache",
}


class GraphServer:
    """Answers one HTTP request after the other; holds no state but the play, the tokens and the counters."""

    def __init__(self, play: Play, tokens: Mapping[str, Identity], faults: FaultBox, traffic: Traffic) -> None:
        self._play = play
        self._tokens = tokens
        self._faults = faults
        self._traffic = traffic

    async def respond(self, request: Request) -> Response:
        """Everything under /v1.0 and /beta."""
        ids = _Ids.of(request)
        body = await request.body()

        def produce() -> Response:
            self._play.run()
            return _response(self._answer(request, body, ids), ids)

        response = await self._faults.answer(
            request, produce, lambda status, headers: _response(_refused(status, headers, ids), ids)
        )
        agent = request.headers.get("user-agent", "")
        self._traffic.note(
            Seen(request.method, request.url.path, request.url.query, response.status_code, ids.client, agent)
        )
        return response

    def _answer(self, request: Request, body: bytes, ids: "_Ids") -> Answer:
        try:
            caller = self._signed_in(request)
            call = Call(
                self._play,
                caller,
                request.method,
                request.path_params["version"],
                re.sub("/{2,}", "/", f"/{request.path_params['path']}").rstrip("/") or "/",
                dict(parse_qsl(request.url.query, keep_blank_values=True)),
                request.headers,
                body,
                f"{request.url.scheme}://{request.url.netloc}",
                ids.request,
                ids.client,
            )
            return self._batch(call) if call.path == "/$batch" else self._one(call)
        except Refusal as refusal:
            return error_answer(refusal, ids.request, ids.client)

    def _one(self, call: Call) -> Answer:
        if call.version not in _VERSIONS:
            raise bad_request(f"Invalid version: {call.version}")
        result = answer(call)
        item = _KEY_ITEM.fullmatch(call.path)
        if item and result.body and "key" in result.body:
            self._traffic.keyed_reads[item[1].lower()] += 1
        return result

    def _signed_in(self, request: Request) -> Identity:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise signed_out("Access token is empty.")
        identity = self._tokens.get(token.strip())
        if identity is None:
            raise signed_out("IDX14100: JWT is not well formed, there are no dots (.).")
        if identity.expired:
            raise signed_out("Lifetime validation failed, the token is expired.")
        return identity

    def _batch(self, call: Call) -> Answer:
        if call.method != "POST":
            raise bad_request("A batch must be posted.")
        try:
            parts = msgspec.json.decode(call.body, type=dict[str, list[Json]])["requests"]
        except (msgspec.DecodeError, KeyError):
            raise bad_request("Invalid batch payload format.") from None
        if len(parts) > _BATCH_LIMIT:
            raise bad_request("Number of batch request steps exceeds the maximum value of 20.")
        return Answer(200, {"responses": [self._part(call, part) for part in parts]})

    def _part(self, call: Call, part: Json) -> Json:
        url = urlsplit(str(part.get("url", "")))
        method = str(part.get("method", "GET")).upper()
        headers = {str(name).lower(): str(value) for name, value in (part.get("headers") or {}).items()}
        headers.setdefault("user-agent", call.headers.get("user-agent", ""))
        inner = Call(
            call.play,
            call.caller,
            method,
            call.version,
            f"/{url.path.lstrip('/')}",
            dict(parse_qsl(url.query, keep_blank_values=True)),
            headers,
            b"",
            call.origin,
            call.request_id,
            call.client_request_id,
        )
        try:
            if url.scheme or url.netloc:
                raise bad_request("Resource not found for the segment 'https:'.")
            result = self._one(inner)
        except Refusal as refusal:
            result = error_answer(refusal, call.request_id, call.client_request_id)
        self._traffic.note(
            Seen(method, f"/{call.version}{inner.path}", url.query, result.status, call.client_request_id)
        )
        return {
            "id": str(part.get("id", "")),
            "status": result.status,
            "headers": {**result.headers, "Content-Type": "application/json"},
            "body": result.body,
        }


@dataclass(frozen=True, slots=True)
class _Ids:
    request: str
    client: str

    @classmethod
    def of(cls, request: Request) -> "_Ids":
        made = str(uuid.uuid4())
        return cls(made, request.headers.get("client-request-id", made))


_FAULTS = {
    401: ("InvalidAuthenticationToken", "Access token has expired or is not yet valid."),
    403: ("authorization_error", "Failed to authorize, token doesn't have the required permissions."),
    404: (
        "Request_ResourceNotFound",
        "Resource does not exist or one of its reference-property objects is not present.",
    ),
    429: ("TooManyRequests", "Too many requests."),
    500: ("generalException", "An unexpected error occurred."),
    503: ("serviceNotAvailable", "The service is temporarily unavailable."),
    504: ("gatewayTimeout", "The server did not answer in time."),
}


def _refused(status: int, headers: dict[str, str], ids: _Ids) -> Answer:
    if status == 401:
        refusal = signed_out(_FAULTS[status][1], headers.get("claims", ""))
    else:
        refusal = Refusal(status, *_FAULTS[status], headers)
    return error_answer(refusal, ids.request, ids.client)


def _response(result: Answer, ids: _Ids) -> Response:
    content = b"" if result.body is None else msgspec.json.encode(result.body)
    headers = {**_USUAL, "request-id": ids.request, "client-request-id": ids.client, **result.headers}
    if result.body is not None:
        headers.setdefault("content-type", "application/json;odata.metadata=minimal;odata.streaming=true")
    return Response(content, result.status, headers)
