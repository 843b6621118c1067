"""`reseal diagnose --ticket`: what was read joins the ticket's incident, and through it the groups of the console."""

import click

from tui.clock import SystemClock
from tui.diagnosis.report import Report
from tui.errors import Problem, ProblemKind
from tui.model.audit import Operator
from tui.model.incident import Incident
from tui.model.incident_line import incident_in
from tui.paths import guard_directory, state_directory, tenant_directory
from tui.services.collection import other_machine
from tui.services.evidence_rows import evidence_entry
from tui.services.group_keys import group_key
from tui.services.incident_evidence import evidence_of_inputs
from tui.services.local_facts import local_facts
from tui.services.mass import device_name
from tui.store.audit import open_audit
from tui.store.audit_writing import AuditContext
from tui.store.cache import open_cache
from tui.text import clean_line


async def join_ticket(number: str, report: Report, tenant_id: str) -> None:
    """Remember the evidence for the incident of this ticket; raises `Problem` when the tenant's queue knows it not."""
    state = state_directory()
    guard_directory(state)
    async with await open_cache(tenant_directory(state, tenant_id)) as cache:
        known = map(incident_in, await cache.load())
        found = [each for each in known if each.ticket.number.casefold() == number.casefold()]
    incident = _only(found, number)
    parsed = [read.parsed for read in report.inputs]
    if name := device_name(incident):
        for warning in other_machine(name, local_facts(parsed, report, SystemClock().now())):
            click.echo(f"reseal: {warning}", err=True)
    evidence = evidence_of_inputs(parsed)
    read = ", ".join(clean_line(each.path, 40) for each in report.inputs[:3])
    async with await open_audit(state, AuditContext(tenant=tenant_id)) as audit:
        await audit.append(evidence_entry(incident.id, incident.ticket.number, read, evidence, Operator()))
    key = group_key(incident, evidence)
    said = f"{key.cause} {key.update or '(trigger not known)'}, {key.grade}"
    click.echo(f"reseal: {incident.ticket.number} stands with {said}", err=True)


def _only(found: list[Incident], number: str) -> Incident:
    if len(found) == 1:
        return found[0]
    what = f"{len(found)} systems have" if found else "The queue knows no"
    step = "Run `reseal queue` once, and write the number as it stands there."
    raise Problem(
        ProblemKind.CONFIG, f"{what} ticket {clean_line(number, 40)}", "The evidence was joined to nothing", step
    )
