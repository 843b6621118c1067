"""`reseal audit export`, `verify PACK` and `reconcile`: what leaves for auditors, and what Entra ID says against it."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import click
import msgspec

import tui
from tui.clock import SystemClock
from tui.model.audit import AuditEntry, AuditEvent
from tui.paths import guard_directory, state_directory
from tui.services.reconciliation import (
    EXCEPTIONS,
    KIND_WORDS,
    NEAR,
    Finding,
    Reconciled,
    reconcile,
    reconciled_json,
)
from tui.store.audit import open_audit
from tui.store.chain_key import KEY_FILE, read_key
from tui.store.pack import check_pack, write_pack
from tui.wiring import Console


async def export_pack(out: Path, since: datetime | None, until: datetime | None, *, as_json: bool) -> int:
    """Write an evidence pack; the export is a row itself, written before the pack is. Raises `Problem`."""
    state, now = state_directory(), SystemClock().now()
    guard_directory(state)
    async with await open_audit(state) as audit:
        newest = await audit.rows(limit=1)
        note = f"evidence pack {out.name}, from {since or 'the beginning'} until {until or 'now'}"
        await audit.append(AuditEntry(event=AuditEvent.EXPORT, note=note))
    tenant = newest[0].tenant if newest else ""
    packed = await asyncio.to_thread(
        write_pack, state, out, since=since, until=until, now=now, version=tui.__version__, tenant=tenant
    )
    manifest = packed.manifest
    if as_json:
        _print({"path": str(packed.path), **msgspec.to_builtins(manifest)})
    else:
        click.echo(f"reseal: wrote {packed.path}: rows {manifest.first_seq} to {manifest.last_seq}", err=True)
        click.echo(f"Note this elsewhere, it proves the end: {manifest.head_mac}")
    return 0


def verify_pack(pack: Path, head: str, *, as_json: bool) -> int:
    """Check a pack; exit code 1 when it does not hold."""
    state = state_directory()
    key = read_key(state / KEY_FILE) if state.exists() else None
    found = check_pack(pack, key, head=head)
    if as_json:
        _print({"ok": found.ok, **msgspec.to_builtins(found)})
    elif not found.ok:
        click.echo(f"The pack does not hold: {found.why}")
    else:
        by = {
            "key": "every row is proven with this machine's chain key",
            "links": "the rows hold together; their MACs were made with another machine's key and are not proven here",
        }[found.proven]
        click.echo(f"{found.rows} rows, {found.first_seq} to {found.last_seq}: {by}. Newest mac {found.head_mac}")
    return 0 if found.ok else 1


async def reconcile_audit(console: Console, days: int, *, as_json: bool) -> int:
    """Compare with Entra ID's log; exit code 1 when something does not fit. Raises `Problem`."""
    await console.sign_in()
    desk = console.desk
    now = desk.clock.now()
    since = now - timedelta(days=days)
    reads = await (await console.cloud.graph.side()).log.key_reads(since - NEAR)
    rows = await desk.audit.rows_of(set(AuditEvent), since)
    found = reconcile(rows, reads, since, now)
    wrong = found.of(*EXCEPTIONS)
    note = f"reconcile since {since:%Y-%m-%dT%H:%MZ}: {len(found.of('matched'))} matched, {len(wrong)} exceptions"
    await desk.audit.append(AuditEntry(event=AuditEvent.REVIEW, operator=desk.engineer.operator, note=note))
    if as_json:
        _print(reconciled_json(found, since, now))
    else:
        _say(found)
    return 1 if wrong else 0


def _say(found: Reconciled) -> None:
    for kind in (*EXCEPTIONS, "unanswered", "pending"):
        for finding in found.of(kind):
            click.echo(_line(finding))
    click.echo(
        f"{len(found.of('matched'))} reads have row and entry, {len(found.of('pending'))} pending, "
        f"{len(found.of(*EXCEPTIONS))} exceptions; {found.elsewhere} reads by people who do not work here"
    )


def _line(finding: Finding) -> str:
    which = f"{finding.ticket or 'no ticket'} row {finding.seq}" if finding.seq else f"entry {finding.entry}"
    what = f"key {finding.key_id}  {finding.reader}  {which}: {KIND_WORDS[finding.kind]}"
    return f"{finding.kind:13} {finding.at:%Y-%m-%dT%H:%M:%SZ}  {what}"


def _print(document: object) -> None:
    click.echo(msgspec.json.encode(document).decode())
