"""What a call is, what it is answered with, and how Graph says no."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from tui.demo.identities import Identity
from tui.demo.play import Play

Json = dict[str, Any]
AGS_DIAGNOSTIC = '{"ServerInfo":{"DataCenter":"Demo","Slice":"E","Ring":"1","ScaleUnit":"000","RoleInstance":"DEMO"}}'
_AUTHORIZATION_URI = "https://login.microsoftonline.com/common/oauth2/authorize"


@dataclass(frozen=True, slots=True)
class Call:
    """A request that has passed sign-in. `query` has each option once; `path` begins after the version."""

    play: Play
    caller: Identity
    method: str
    version: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    origin: str
    request_id: str
    client_request_id: str

    def without_query(self) -> "Call":
        """The same call, for an answer that no query option shapes."""
        return replace(self, query={})


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, a JSON body (None for an empty one) and headers beyond the usual."""

    status: int
    body: Json | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """Graph says no: status, code and message of its error body."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


def error_answer(refusal: Refusal, request_id: str, client_request_id: str) -> Answer:
    """A refusal as Graph writes it."""
    inner = {
        "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": request_id,
        "client-request-id": client_request_id,
    }
    body = {"error": {"code": refusal.code, "message": refusal.message, "innerError": inner}}
    return Answer(refusal.status, body, refusal.headers)


def signed_out(message: str, claims: str = "") -> Refusal:
    """401, with the challenge; `claims` is what continuous access evaluation asks for, base64."""
    challenge = (
        f'Bearer realm="", authorization_uri="{_AUTHORIZATION_URI}", client_id="00000003-0000-0000-c000-000000000000"'
    )
    if claims:
        challenge += f', error="insufficient_claims", claims="{claims}"'
    return Refusal(401, "InvalidAuthenticationToken", message, {"www-authenticate": challenge})


def no_permission() -> Refusal:
    """403 as the recovery key API was observed to write it."""
    return Refusal(403, "authorization_error", "Failed to authorize, token doesn't have the required permissions.")


def no_privilege() -> Refusal:
    """403 of the directory."""
    return Refusal(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def not_found(what: str) -> Refusal:
    """404 of the directory."""
    message = f"Resource '{what}' does not exist or one of its queried reference-property objects are not present."
    return Refusal(404, "Request_ResourceNotFound", message)


def bad_request(message: str, code: str = "BadRequest") -> Refusal:
    """400."""
    return Refusal(400, code, message)


def require_scope(call: Call, *any_of: str) -> None:
    """The token must carry one of these delegated scopes."""
    if not call.caller.has_scope(*any_of):
        raise no_privilege()
