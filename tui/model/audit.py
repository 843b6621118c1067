"""The audit's vocabulary. A row is written before the deed and never changed after it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class AuditEvent(StrEnum):
    """The events of the outside contract."""

    SEARCH = "search"
    VIEW = "view"
    INTENT = "intent"
    APPROVE = "approve"
    DENY = "deny"
    READ = "read"
    DRAW = "draw"
    DELIVER = "deliver"
    CLEAR = "clear"
    OUTCOME = "outcome"
    ROTATE_REQUEST = "rotate-request"
    ROTATE_CONFIRM = "rotate-confirm"
    EXPORT = "export"
    REVIEW = "review"
    BREAK_GLASS = "break-glass"
    HANDOVER = "handover"
    CONFIG = "config"
    START = "start"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Operator:
    """Who sits at the console, as the token says."""

    upn: str = ""
    oid: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """How the caller was verified: kind and reference, never the answer."""

    type: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class DeviceRef:
    """The device as the row names it: Entra device id, and the name as it was seen."""

    id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """What was typed or read out, and how it led to the key (`full-id`, `prefix`)."""

    typed: str = ""
    method: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """Where the console runs.

    `recorded` is `no`, `assumed` or the recorder that was seen; `pid` and `started` name one run.
    """

    host: str = ""
    tty: str = ""
    ssh_client: str = ""
    recorded: str = ""
    pid: int = 0
    started: str = ""


@dataclass(frozen=True, slots=True)
class AppRef:
    """The application registration and the way of signing in."""

    id: str = ""
    auth: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """What a caller wants recorded; the store adds number, chain, times and where. Never a key, a block or a token.

    `flow` ties INTENT, DRAW and OUTCOME of one reveal; `shown_ms` is how long digits stood on the screen, `ended_by`
    what took them away, `note` what else happened in one line. `escrow` is where the key is kept, where that is known.
    """

    event: AuditEvent
    flow: str = ""
    operator: Operator = field(default_factory=Operator)
    role: str = ""
    scope: str = ""
    ticket: str = ""
    requester: str = ""
    proof: Proof = field(default_factory=Proof)
    reason: str = ""
    device: DeviceRef = field(default_factory=DeviceRef)
    key_id: str = ""
    key_created: str = ""
    match: Match = field(default_factory=Match)
    channel: str = ""
    client_request_id: str = ""
    request_id: str = ""
    graph_date: str = ""
    http_status: int = 0
    shown_ms: int = 0
    ended_by: str = ""
    note: str = ""
    escrow: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """A recorded entry. `seq` has no gaps; `mac` is a keyed hash over `prev` and the row."""

    seq: int
    prev: str
    mac: str
    epoch: int
    at: datetime
    monotonic_ns: int
    boot_id: str
    session: Session
    app: AppRef
    tenant: str
    version: str
    config_hash: str
    entry: AuditEntry
