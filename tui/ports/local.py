"""What is kept on this machine."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from tui.model.audit import AuditEntry, AuditEvent, AuditRow
from tui.model.incident import Incident
from tui.model.incident_line import Line
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
    """Incidents as last seen, so that the queue paints before any network is asked; and the texts of their tickets."""

    async def save(self, source: str, incidents: Sequence[Incident], watermark: str) -> Collection[str]:
        """Keep incidents, their texts and the watermark of their source, in one transaction.

        Where a ticket has `kept_text`, the text that is kept stays. Answers the ids of what was not kept, because it
        was closed too long ago.
        """
        ...

    async def load(self) -> Sequence[Line]:
        """The line of every incident that is kept."""
        ...

    async def watermark(self, source: str) -> tuple[str, datetime | None]:
        """The watermark of a source and when it was kept."""
        ...

    async def texts(self, incident_ids: Sequence[str]) -> Mapping[str, str]:
        """Texts of tickets by incident id, of those that have one."""
        ...

    def texts_with(self, words: Sequence[str]) -> AsyncIterator[Sequence[tuple[str, frozenset[str]]]]:
        """Ids of incidents with those of the lower-case words that their texts hold, part by part."""
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
