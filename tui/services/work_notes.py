"""What may stand in a work note: the key ID and the audit sequence, never digits."""

from tui.diagnosis.redact import redact
from tui.errors import Problem, ProblemKind
from tui.text import clean


def refuse_digits(text: str) -> str:
    """The text, cleaned; raises `Problem(POLICY)` when it holds a recovery password, whole or in part."""
    text = clean(text)
    if redact(text)[1]:
        raise Problem(
            ProblemKind.POLICY,
            "This text is not sent to the ticket system",
            "It holds a recovery password or a part of one, and tickets are read by many",
            "Write the key ID instead",
        )
    return text


def disclosure_note(key_id: str, audit_seq: int, device: str = "") -> str:
    """The work note of a disclosure: the key's ID and the audit row, never digits."""
    where = f" of {device}" if device else ""
    text = f"BitLocker recovery key{where} disclosed. Key ID: {key_id}. Audit sequence: {audit_seq}."
    return refuse_digits(text)
