"""A second person's word: a request bound to one disclosure, and its answer signed with the approver's own key.

The signature (Ed25519, RFC 8032) covers the digest of the whole request, so that an approval says nothing about any
other key, ticket, requester or time. Approvers' public keys come from the config, which the engineer does not own.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tui.errors import Problem, ProblemKind
from tui.services.armor import ArmorError, armored, unarmored
from tui.text import clean_line

GOOD_FOR = timedelta(minutes=15)
"""How long a request can be answered, and its approval used."""

REQUEST, RESPONSE = "RESEAL REQUEST", "RESEAL ANSWER"
_CONTEXT = b"reseal approval 1\0"

Word = Literal["approve", "deny"]


class ApprovalRequest(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What a second person is asked to agree to. `nonce` makes each request one of its own."""

    nonce: str
    tenant: str
    key_id: str
    device: str
    ticket: str
    requester: str
    """Who wants to disclose: the engineer's UPN."""
    caller: str
    triggers: tuple[str, ...]
    reason: str
    expires_at: datetime

    @property
    def digest(self) -> bytes:
        """SHA-256 over every field."""
        return hashlib.sha256(_CONTEXT + self.encoded).digest()

    @property
    def encoded(self) -> bytes:
        """The one encoding that is signed and sent."""
        return msgspec.json.encode(self)


class _Answer(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    approver: str
    word: Word
    digest: str
    note: str = ""


class _Signed(msgspec.Struct, frozen=True, array_like=True):
    answer: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Approver:
    """Somebody who may approve, with the public key (32 bytes) that they enrolled."""

    upn: str
    public_key: bytes


@dataclass(frozen=True, slots=True)
class Approval:
    """A second person's word on one request, its signature checked."""

    request: ApprovalRequest
    approver: str
    word: Word
    note: str = ""


def new_request(now: datetime, **what: object) -> ApprovalRequest:
    """A request of its own, good for `GOOD_FOR`; takes the other fields of `ApprovalRequest`."""
    whole = {**what, "nonce": secrets.token_hex(16), "expires_at": (now + GOOD_FOR).replace(microsecond=0)}
    return ApprovalRequest(**whole)  # type: ignore[arg-type]


def request_text(request: ApprovalRequest) -> str:
    """The request as it is sent to the approver."""
    return armored(REQUEST, request.encoded)


def read_request(text: str, now: datetime) -> ApprovalRequest:
    """What a request asks, every word cleaned; raises `Problem(POLICY)` when it is no request, or over."""
    try:
        found = msgspec.json.decode(unarmored(REQUEST, text), type=ApprovalRequest)
    except (ArmorError, msgspec.MsgspecError) as error:
        raise _refused("This is no request for approval", clean_line(str(error), 200)) from None
    if found.encoded != unarmored(REQUEST, text) or any(clean_line(each) != each for each in _words(found)):
        raise _refused("This request was not made by a console like this one", "Its text is not in the usual form")
    if now >= found.expires_at:
        raise _refused("This request is over", f"It could be answered until {found.expires_at:%H:%M} UTC")
    return found


def _words(request: ApprovalRequest) -> tuple[str, ...]:
    return (
        request.nonce, request.tenant, request.key_id, request.device, request.ticket, request.requester,
        request.caller, request.reason, *request.triggers,
    )  # fmt: skip


def answer_text(request: ApprovalRequest, word: Word, approver: str, key: Ed25519PrivateKey, note: str = "") -> str:
    """The signed answer; raises `Problem(POLICY)` for one's own request."""
    if _same(approver, request.requester):
        raise _refused("Nobody approves a request of their own", f"{approver} asked for it", "Let a colleague answer")
    answer = msgspec.json.encode(
        _Answer(approver=approver, word=word, digest=request.digest.hex(), note=clean_line(note, 200))
    )
    signed = _Signed(answer, key.sign(_CONTEXT + answer))
    return armored(RESPONSE, msgspec.json.encode(signed))


def read_answer(text: str, request: ApprovalRequest, approvers: Sequence[Approver], now: datetime) -> Approval:
    """Check an answer to this request; raises `Problem(POLICY)`, or `Problem(ALARM)` for what looks like forgery."""
    signed, answer = _answer(text)
    approver = next((each for each in approvers if _same(each.upn, answer.approver)), None)
    if approver is None:
        name = clean_line(answer.approver, 100)
        raise _refused(f"{name} is not enrolled as an approver", "approval.approvers in the config names who is")
    if not _is_signed(signed, approver):
        raise Problem(
            ProblemKind.ALARM,
            f"The signature is not {approver.upn}'s",
            "The answer was changed on its way, or made by somebody else",
            "Do not disclose; call the approver on a known number.",
        )
    if not hmac.compare_digest(answer.digest, request.digest.hex()):
        raise _refused("This answer is about another request", "Key, ticket, requester or time differ")
    if _same(approver.upn, request.requester):
        raise _refused("Nobody approves a request of their own", f"{approver.upn} asked for it")
    if now >= request.expires_at:
        raise _refused("The request is over", f"It was good until {request.expires_at:%H:%M} UTC", "Ask again")
    return Approval(request, approver.upn, answer.word, clean_line(answer.note, 200))


def asked_digest(text: str) -> str:
    """The digest of the request that an answer names, nothing of it checked; raises `Problem(POLICY)`."""
    return _answer(text)[1].digest


def _answer(text: str) -> tuple[_Signed, _Answer]:
    try:
        signed = msgspec.json.decode(unarmored(RESPONSE, text), type=_Signed)
        return signed, msgspec.json.decode(signed.answer, type=_Answer)
    except (ArmorError, msgspec.MsgspecError) as error:
        raise _refused("This is no answer to a request", clean_line(str(error), 200)) from None


def read_approver(text: str) -> Approver:
    """`UPN ed25519:BASE64`, as `reseal approver enrol` prints it and the config holds it; raises `ValueError`."""
    upn, _, key = text.strip().partition(" ")
    scheme, _, encoded = key.strip().partition(":")
    try:
        public_key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        public_key = b""
    if "@" not in upn or scheme != "ed25519" or len(public_key) != 32:
        raise ValueError("An approver is written as UPN ed25519:BASE64, as `reseal approver enrol` prints it")
    return Approver(clean_line(upn, 200), public_key)


def approver_line(upn: str, key: Ed25519PublicKey) -> str:
    """What the administrator puts into the config."""
    return f"{upn} ed25519:{base64.b64encode(key.public_bytes_raw()).decode()}"


def read_approvers(lines: Sequence[str]) -> tuple[Approver, ...]:
    """The enrolled approvers; raises `ValueError` when one key or one name stands for two."""
    found = tuple(read_approver(line) for line in lines)
    if len({each.public_key for each in found}) < len(found) or len({each.upn.casefold() for each in found}) < len(
        found
    ):
        raise ValueError("Two approvers share a name or a key, so that one person could be two")
    return found


def _is_signed(signed: _Signed, approver: Approver) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(approver.public_key).verify(signed.signature, _CONTEXT + signed.answer)
    except InvalidSignature:
        return False
    return True


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


def _refused(what: str, why: str, step: str = "Ask for a new one.") -> Problem:
    return Problem(ProblemKind.POLICY, what, why, step)
