"""The approver's side: look at a request, say yes or no with one's own key, and keep a row of it."""

from collections.abc import Callable, Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tui.clock import Clock
from tui.model.audit import AuditEntry, AuditEvent, DeviceRef, Operator
from tui.ports import AuditTrail
from tui.services.approval import ApprovalRequest, Word, answer_text, read_request
from tui.services.disclosure_policy import REVIEW_TRIGGER, TRIGGER_WORDS
from tui.text import with_script_marker

OpenKey = Callable[[str], tuple[str, Ed25519PrivateKey]]
"""Passphrase -> the approver's UPN and key; raises `Problem`."""


class SecondPerson:
    """Answers requests of colleagues."""

    def __init__(self, audit: AuditTrail, clock: Clock, open_key: OpenKey) -> None:
        self._audit = audit
        self._clock = clock
        self._open_key = open_key

    def read(self, text: str) -> ApprovalRequest:
        """What is asked; raises `Problem`."""
        return read_request(text, self._clock.now())

    async def answer(self, request: ApprovalRequest, word: Word, passphrase: str, note: str = "") -> str:
        """The signed answer to send back. Its row comes first; raises `Problem`, also for one's own request."""
        upn, key = self._open_key(passphrase)
        text = answer_text(request, word, upn, key, note)
        entry = AuditEntry(
            event=AuditEvent.APPROVE if word == "approve" else AuditEvent.DENY,
            flow=request.nonce,
            operator=Operator(upn),
            ticket=request.ticket,
            requester=request.caller,
            reason=request.reason,
            key_id=request.key_id,
            device=DeviceRef(name=request.device),
            note=f"{word} for {request.requester}" + (f": {note}" if note else ""),
        )
        await self._audit.append(entry)
        return text


def request_lines(request: ApprovalRequest) -> Sequence[tuple[str, str]]:
    """What an approver has to see before a word is said."""
    known = {str(trigger): words for trigger, words in TRIGGER_WORDS.items()}
    known[REVIEW_TRIGGER] = "a broken glass is to be reviewed: yes means that it was right"
    why = "; ".join(known.get(trigger, trigger) for trigger in request.triggers)
    return (
        ("asked by", request.requester),
        ("because", why or "no trigger"),
        ("device", with_script_marker(request.device)),
        ("ticket", request.ticket or "none"),
        ("caller", with_script_marker(request.caller)),
        ("key ID", request.key_id.upper()),
        ("reason", request.reason),
        ("tenant", request.tenant),
        ("until", f"{request.expires_at:%Y-%m-%d %H:%M} UTC"),
    )
