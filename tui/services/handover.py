"""The shift's handover: computed from the queue and the audit, never typed."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tui.model.audit import AuditEvent, AuditRow
from tui.model.fact import SourceHealth, SourceState
from tui.model.group import Group
from tui.model.incident import Incident, IncidentState
from tui.services.break_glass import BreakGlass, glass_line
from tui.services.rotation import Debt, DebtState


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """What the next shift has to know. Lists are oldest first."""

    since: datetime | None
    until: datetime
    open_incidents: tuple[Incident, ...]
    groups: tuple[Group, ...]
    disclosures: tuple[AuditRow, ...]
    debts: tuple[Debt, ...]
    unknown_outcomes: tuple[AuditRow, ...]
    denials: tuple[AuditRow, ...]
    glasses: tuple[BreakGlass, ...]
    """Broken glasses of the shift, and older ones that nobody has reviewed."""
    sources: Mapping[str, SourceHealth]


def compute_handover(
    *,
    incidents: Sequence[Incident],
    groups: Sequence[Group],
    rows: Sequence[AuditRow],
    debts: Sequence[Debt],
    sources: Mapping[str, SourceHealth],
    since: datetime | None,
    until: datetime,
    glasses: Sequence[BreakGlass] = (),
) -> Handover:
    """Put together what is owed at `until`; rows count from `since` on, debts whenever they arose."""
    inside = [row for row in rows if (since is None or row.at >= since) and row.at <= until]
    still_open = [each for each in incidents if each.ticket.state is not IncidentState.CLOSED]
    return Handover(
        since=since,
        until=until,
        open_incidents=tuple(sorted(still_open, key=lambda each: (each.ticket.opened_at, each.id))),
        groups=tuple(group for group in groups if group.open_count > 1),
        disclosures=tuple(row for row in inside if row.entry.event in (AuditEvent.DRAW, AuditEvent.DELIVER)),
        debts=tuple(debt for debt in debts if debt.is_open),
        unknown_outcomes=tuple(
            row for row in inside if row.entry.event is AuditEvent.OUTCOME and row.entry.ended_by == "unknown"
        ),
        denials=tuple(row for row in inside if row.entry.event is AuditEvent.DENY),
        glasses=tuple(each for each in glasses if not each.reviewed_by or since is None or each.at >= since),
        sources=dict(sources),
    )


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with its lines; an empty section says so."""

    title: str
    lines: tuple[str, ...]


def sections_of(handover: Handover) -> tuple[Section, ...]:
    """The handover in words, most urgent first. Screen, Markdown and HTML are made from it."""
    due = [debt for debt in handover.debts if debt.state in (DebtState.DUE, DebtState.FAILED)]
    pending = [debt for debt in handover.debts if debt.state is DebtState.PENDING]
    return (
        Section("Rotations due", tuple(_debt_line(debt) for debt in due)),
        Section("Rotations requested, not proven", tuple(_debt_line(debt) for debt in pending)),
        Section("Disclosures with unknown outcome", tuple(_row_line(row) for row in handover.unknown_outcomes)),
        Section("Mass incidents", tuple(_group_line(group) for group in handover.groups)),
        Section("Open incidents", _incident_lines(handover.open_incidents)),
        Section("Keys disclosed", tuple(_row_line(row) for row in handover.disclosures)),
        Section("Break-glass", tuple(glass_line(glass, handover.until) for glass in handover.glasses)),
        Section("Refused by policy", tuple(_row_line(row) for row in handover.denials)),
        Section("Sources", tuple(_source_line(name, health) for name, health in sorted(handover.sources.items()))),
    )


MOST_LINES = 15
"""Open incidents spelled out; the rest is counted, so that the page is read."""


def _incident_lines(incidents: Sequence[Incident]) -> tuple[str, ...]:
    lines = [
        f"{each.ticket.number}  {each.ticket.state}  {each.ticket.device_name or '-'}  "
        f"{each.ticket.assignee or 'nobody'}  since {each.ticket.opened_at:%H:%M}"
        for each in incidents[:MOST_LINES]
    ]
    if len(incidents) > MOST_LINES:
        lines.append(f"and {len(incidents) - MOST_LINES} more")
    return tuple(lines)


def _debt_line(debt: Debt) -> str:
    reason = f"  {debt.detail}" if debt.detail else ""
    return (
        f"{debt.ticket or 'no ticket'}  {debt.device.name}  key {debt.key_id[:8].upper()}  "
        f"{debt.state} since {debt.disclosed_at:%Y-%m-%d %H:%M}{reason}"
    )


def _row_line(row: AuditRow) -> str:
    entry = row.entry
    return (
        f"#{row.seq}  {row.at:%H:%M}  {entry.ticket or 'no ticket'}  {entry.device.name}  "
        f"key {entry.key_id[:8].upper()}  {entry.operator.upn}  {entry.ended_by or entry.note}".rstrip()
    )


def _group_line(group: Group) -> str:
    register = f" PCR {group.key.pcr}" if group.key.pcr >= 0 else ""
    return f"{group.key.cause}{register} x {group.key.kb or 'no KB'}: {group.open_count} open of {len(group.members)}"


def _source_line(name: str, health: SourceHealth) -> str:
    seen = f"{health.observed_at:%H:%M:%S}" if health.observed_at else "never"
    state = "ok" if health.state is SourceState.OK else f"{health.state}: {health.detail}"
    return f"{name}  {state}  last answer {seen}"


def to_markdown(handover: Handover) -> str:
    """The handover as Markdown."""
    since = f"{handover.since:%Y-%m-%d %H:%M}" if handover.since else "the beginning"
    parts = [f"# Handover, {since} to {handover.until:%Y-%m-%d %H:%M} UTC", ""]
    for section in sections_of(handover):
        parts += [f"## {section.title} ({len(section.lines)})", ""]
        parts += [f"- {_plain_markdown(line)}" for line in section.lines] or ["none"]
        parts.append("")
    return "\n".join(parts)


def _plain_markdown(line: str) -> str:
    return "".join(f"\\{char}" if char in "\\`*_[]<>#|" else char for char in line)


def to_html(handover: Handover) -> str:
    """The handover as one self-contained page."""
    body = [f"<h1>Handover until {handover.until:%Y-%m-%d %H:%M} UTC</h1>"]
    for section in sections_of(handover):
        items = "".join(f"<li>{html.escape(line)}</li>" for line in section.lines) or "<li>none</li>"
        body.append(f"<h2>{html.escape(section.title)} ({len(section.lines)})</h2><ul>{items}</ul>")
    return "<!doctype html><meta charset=utf-8><title>Handover</title>" + "".join(body) + "\n"


def to_json(handover: Handover) -> dict[str, Any]:
    """The handover as JSON-shaped data."""
    return {
        "since": handover.since.isoformat() if handover.since else None,
        "until": handover.until.isoformat(),
        "sections": [{"title": each.title, "lines": list(each.lines)} for each in sections_of(handover)],
        "open_incidents": [each.ticket.number for each in handover.open_incidents],
        "debts": [
            {"key_id": debt.key_id, "device": debt.device.name, "ticket": debt.ticket, "state": debt.state}
            for debt in handover.debts
        ],
        "disclosures": [row.seq for row in handover.disclosures],
    }
