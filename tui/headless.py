"""The headless verbs: the same desk as the console, printed."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from tui.errors import Problem
from tui.model.audit import AuditEntry, AuditEvent
from tui.model.dossier import Dossier, Verdict
from tui.model.fact import SourceState
from tui.model.incident import Incident, minutes_open
from tui.model.incident_line import id_in
from tui.paths import guard_directory, state_directory
from tui.services.desk import Desk
from tui.services.group_keys import missing_facts
from tui.services.handover import to_html, to_json, to_markdown
from tui.services.indexing import refresh_index
from tui.services.lookup import look_up, lookup_json, needs_index
from tui.services.rotation import DebtState
from tui.wiring import Console


def print_json(document: object) -> None:
    """One JSON document on stdout."""
    click.echo(msgspec.json.encode(document).decode())


async def show_queue(console: Console, words: str, *, as_json: bool) -> int:
    """Sync once and print; exit code 3 when no source answered."""
    code = await _sync(console)
    queue = console.desk.queue
    found = await queue.filter.matching(words)
    incidents = [incident for line in found if (incident := queue.book.get(id_in(line))) is not None]
    if as_json:
        print_json({"incidents": [_incident_json(each) for each in incidents], "sources": _sources_json(console.desk)})
        return code
    now = console.desk.clock.now()
    for each in incidents:
        ticket = each.ticket
        click.echo(
            f"{ticket.number}  P{ticket.priority}  {minutes_open(each, now)}m  {ticket.state}  "
            f"{ticket.device_name or '-'}  {ticket.assignee or '-'}  {ticket.title}"
        )
    return code


async def show_lookup(console: Console, term: str, *, as_json: bool) -> int:
    """Print dossiers; exit code 1 when the verdict is not one match, 3 when Entra ID did not answer."""
    await _sync(console)
    await console.sign_in()
    if needs_index(term):
        try:
            await refresh_index(console.desk.cloud, console.desk.clock, lambda _: None)
        except Problem as problem:
            # What is looked for may be answered without it; the verdict says when it is too old to prove anything.
            click.echo(f"reseal: key index: {problem}", err=True)
    kind, dossier = await look_up(console.desk, term)
    if as_json:
        print_json(lookup_json(term, kind, dossier))
    else:
        _print_dossier(dossier)
    silent = any(
        health.state in (SourceState.UNREACHABLE, SourceState.THROTTLED)
        for name, health in dossier.evidence.sources.items()
        if name.startswith("entra") or (name == "ad" and dossier.verdict is Verdict.FACTS_TOO_OLD)
    )
    return 3 if silent else (0 if dossier.verdict is Verdict.ONE_MATCH else 1)


async def show_groups(console: Console, *, as_json: bool) -> int:
    """Sync once and print the groups."""
    code = await _sync(console)
    await console.desk.mass.load()
    groups = console.desk.groups()
    if as_json:
        book = console.desk.queue.book
        print_json(
            {
                "groups": [
                    {
                        "cause": group.key.cause,
                        "pcr": group.key.pcr if group.key.pcr >= 0 else None,
                        "kb": group.key.kb or None,
                        "event": group.key.event or None,
                        "update": group.key.update or None,
                        "predicate": group.key.predicate or None,
                        "grade": group.key.grade,
                        "apart": group.key.part or None,
                        "would_decide": [missing.fact for missing in missing_facts(group.key)],
                        "tickets": [each.ticket.number for member in group.members if (each := book.get(member))],
                        "open": group.open_count,
                        "first_seen": group.first_seen.isoformat(),
                        "because": list(group.because),
                    }
                    for group in groups
                ]
            }
        )
        return code
    for group in groups:
        key = group.key
        rests_on = f"{key.cause}  {key.update or 'no KB'}  {key.grade}"
        click.echo(f"{group.open_count:5} open of {len(group.members):5}  {rests_on}")
    return code


async def rotate(console: Console, ticket: str, *, as_json: bool) -> int:
    """Request the rotation of a ticket's open debts; exit code 1 when there is none."""
    await console.sign_in()
    wanted = [debt for debt in await console.desk.rotation.debts() if debt.ticket.lower() == ticket.lower()]
    due = [debt for debt in wanted if debt.state in (DebtState.DUE, DebtState.FAILED)]
    for debt in due:
        await console.desk.rotation.request(debt)
    owed = {debt.key_id for debt in wanted}
    now_owed = [debt for debt in await console.desk.rotation.debts() if debt.key_id in owed]
    if as_json:
        print_json(
            {
                "ticket": ticket,
                "requested": len(due),
                "debts": [
                    {"key_id": debt.key_id, "device": debt.device.name, "state": debt.state, "detail": debt.detail}
                    for debt in now_owed
                ],
            }
        )
    elif not wanted:
        click.echo(f"{ticket} owes no rotation.", err=True)
    else:
        for debt in now_owed:
            click.echo(f"{debt.device.name}  key {debt.key_id}  {debt.state}  {debt.detail}".rstrip())
    return 0 if due or any(debt.state is DebtState.PENDING for debt in wanted) else 1


async def show_handover(console: Console, since: datetime | None, until: datetime | None, form: str) -> int:
    """Sync once and print the handover."""
    code = await _sync(console)
    handover = await console.desk.handover(since, until)
    if form == "json":
        print_json(to_json(handover))
    else:
        click.echo(to_markdown(handover) if form == "md" else to_html(handover))
    return code


async def list_audit(limit: int, *, as_json: bool) -> int:
    """Print the newest rows."""
    from tui.store.audit import open_audit

    state = state_directory()
    guard_directory(state)
    async with await open_audit(state) as audit:
        rows = await audit.rows(limit=limit)
    if as_json:
        print_json({"rows": rows})
        return 0
    for row in rows:
        entry = row.entry
        who = " ".join(part or "-" for part in (entry.operator.upn, entry.ticket, entry.device.name, entry.key_id))
        end = " ".join(part for part in (entry.ended_by, entry.note) if part)
        click.echo(f"{row.seq:6} {row.at:%Y-%m-%dT%H:%M:%S}Z {entry.event:14} {who} {end}".rstrip())
    return 0


def verify_audit(*, as_json: bool) -> int:
    """Check the whole audit; exit code 1 when it does not hold."""
    from tui.store.verification import verify

    found = verify(state_directory())
    if as_json:
        print_json(found)
    elif found.ok:
        click.echo(
            f"{found.rows} rows, the chain holds, {found.open_intents} disclosures open. Newest mac {found.head_mac}"
        )
    else:
        click.echo(f"The audit is broken at row {found.first_bad_seq}: {found.why}")
    return 0 if found.ok else 1


async def _sync(console: Console) -> int:
    queue = console.desk.queue
    await queue.load_cached()
    await asyncio.gather(*(queue.sync(name) for name in queue.source_names))
    failed = [health.detail for health in queue.health.values() if health.state is not SourceState.OK]
    for detail in failed:
        click.echo(f"reseal: {detail}", err=True)
    return 3 if failed and len(failed) == len(queue.source_names) else 0


def _print_dossier(dossier: Dossier) -> None:
    click.echo(dossier.headline)
    click.echo(f"-> {dossier.next_step}")
    evidence = dossier.evidence
    for key in {key.id: key for key in (*evidence.matches, *evidence.keys, *evidence.only_on_prem)}.values():
        click.echo(f"   key {key.id}  {key.volume}  {key.created or 'no date'}  {key.escrow}")
    for finding in dossier.findings:
        click.echo(f"   {finding.severity}: {finding.title} ({'; '.join(finding.evidence)}). {finding.next}")
    for fact in dossier.facts:
        click.echo(f"   {fact.source} {fact.name} = {fact.value or '-'} [{fact.state}]")


def _incident_json(incident: Incident) -> dict[str, Any]:
    ticket, reading = incident.ticket, incident.reading
    return {
        "id": incident.id,
        "ticket": ticket.number,
        "title": ticket.title,
        "state": ticket.state,
        "priority": ticket.priority,
        "assignee": ticket.assignee,
        "caller": ticket.caller,
        "device": ticket.device_name,
        "vip": ticket.vip,
        "opened_at": ticket.opened_at.isoformat(),
        "updated_at": ticket.updated_at.isoformat(),
        "key_id_prefixes": list(reading.key_id_prefixes),
        "kbs": list(reading.kbs),
        "cause": reading.cause,
        "bitlocker": reading.bitlocker,
    }


def _sources_json(desk: Desk) -> dict[str, Any]:
    return {
        name: {"state": health.state, "observed_at": health.observed_at, "detail": health.detail}
        for name, health in desk.queue.health.items()
    }


async def export_replay(console: Console, out: Path) -> int:
    """Write the queue as a rehearsal without personal data; the export is a row of the audit."""
    from tui.services.group_export import write_export
    from tui.services.replay import record, write_replay

    await _sync(console)
    write_export(out.parent, out.name, write_replay(record(console.desk.queue.book.all())))
    note = f"replay of {len(console.desk.queue.book)} incidents"
    await console.desk.audit.append(AuditEntry(event=AuditEvent.EXPORT, note=note))
    click.echo(f"reseal: wrote {out}", err=True)
    return 0


async def answer_request(text: str, *, deny: bool, note: str) -> int:
    """Show what a request asks for, sign the answer after the passphrase, and print it."""
    from tui.approving import answer_asked, read_asked
    from tui.store.audit import open_audit

    state = state_directory()
    guard_directory(state)
    async with await open_audit(state) as audit:
        request, said = read_asked(audit, state, text)
        click.echo(said, err=True)
        question = "Passphrase of your key, to refuse" if deny else "Passphrase of your key, to approve"
        passphrase = await asyncio.to_thread(click.prompt, question, hide_input=True, err=True)
        click.echo(await answer_asked(audit, state, request, "deny" if deny else "approve", passphrase, note))
    return 0
