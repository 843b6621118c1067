"""What is kept on this machine."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from tui.model.audit import AuditEntry, AuditEvent, AuditRow
from tui.model.incident import Incident
from tui.model.recovery_key import RecoveryKey


class AuditTrail(Protocol):
    """The append-only audit."""

    async def append(self, entry: AuditEntry) -> AuditRow:
        """Write a row durably; raises `Problem(POLICY)` when it cannot, and then nothing may be disclosed."""
        ...

    async def rows(self, *, limit: int = 500, before: int | None = None) -> Sequence[AuditRow]:
        """Rows, newest first."""
        ...

    async def rows_of(self, events: Collection[AuditEvent], since: datetime | None = None) -> Sequence[AuditRow]:
        """Rows of some events, oldest first, from a time on or from the beginning."""
        ...


class IncidentCache(Protocol):
    """Incidents as last seen, so that the queue paints before any network is asked."""

    async def save(self, source: str, incidents: Sequence[Incident], watermark: str) -> None:
        """Keep incidents and the watermark of their source, in one transaction."""
        ...

    async def load(self) -> Sequence[Incident]:
        """Every incident that is kept."""
        ...

    async def watermark(self, source: str) -> tuple[str, datetime | None]:
        """The watermark of a source and when it was kept."""
        ...


class Memory(Protocol):
    """What a view remembers from one run to the next."""

    async def remember(self, name: str, value: str) -> None:
        """Keep a text under a name."""
        ...

    async def recall(self, name: str) -> str:
        """The text that was kept; empty when there is none."""
        ...


class KeyIndex(Protocol):
    """Key metadata as last paged from the tenant; holds no recovery password."""

    async def save_keys(self, tenant: str, keys: Sequence[RecoveryKey], *, complete: bool) -> None:
        """Keep a page; `complete` marks the end of a full pass."""
        ...

    async def keys_with_prefix(self, tenant: str, digits: str) -> Sequence[RecoveryKey]:
        """Keys whose ID begins with these hex digits (lower case, no dashes)."""
        ...

    async def indexed_at(self, tenant: str) -> datetime | None:
        """When the last full pass ended; None when there was none."""
        ...
