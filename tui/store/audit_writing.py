"""Linking entries into the chain."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import tui
from tui.clock import Clock
from tui.model.audit import AppRef, AuditEntry, AuditRow, Session
from tui.store.chain import EPOCH, FIRST_PREV, canonical, mac_of
from tui.store.database import transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditContext:
    """What is the same for all rows of one run. The store itself fills in the session's process id and start."""

    session: Session = field(default_factory=Session)
    app: AppRef = field(default_factory=AppRef)
    tenant: str = ""
    version: str = tui.__version__
    config_hash: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    """The key, and what it takes to make rows of entries."""

    key: bytes
    context: AuditContext
    clock: Clock
    boot_id: str

    def append(self, connection: sqlite3.Connection, entries: Sequence[AuditEntry]) -> list[AuditRow]:
        """Append entries in one transaction; raises `sqlite3.Error`."""
        with transaction(connection):
            return self.extend(connection, entries)

    def extend(self, connection: sqlite3.Connection, entries: Sequence[AuditEntry]) -> list[AuditRow]:
        """Append entries in the transaction that the caller holds."""
        seq, mac = connection.execute("SELECT seq, mac FROM audit ORDER BY seq DESC LIMIT 1").fetchone() or (
            0,
            FIRST_PREV,
        )
        rows: list[AuditRow] = []
        for entry in entries:
            row, body = self._link(seq + 1, mac, entry)
            connection.execute("INSERT INTO audit (seq, mac, body) VALUES (?, ?, ?)", (row.seq, row.mac, body.decode()))
            rows.append(row)
            seq, mac = row.seq, row.mac
        return rows

    def _link(self, seq: int, prev: str, entry: AuditEntry) -> tuple[AuditRow, bytes]:
        bare = AuditRow(
            seq=seq,
            prev=prev,
            mac="",
            epoch=EPOCH,
            at=self.clock.now(),
            # Boot time: it never goes back and counts sleep, so a step of it against `at` is a clock that was set.
            monotonic_ns=self.clock.boottime_ns(),
            boot_id=self.boot_id,
            session=self.context.session,
            app=self.context.app,
            tenant=self.context.tenant,
            version=self.context.version,
            config_hash=self.context.config_hash,
            entry=entry,
        )
        body = canonical(bare)
        return replace(bare, mac=mac_of(self.key, prev, body)), body
