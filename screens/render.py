"""From model to text and content. Pure; nothing here parses markup."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from textual.content import Content

from screens.queue_row import STATE_WORDS, cause_words
from tui.actions import key_of_action
from tui.model.device import EntraDevice
from tui.model.dossier import Dossier, Verdict
from tui.model.fact import Fact, FactState, SourceHealth, SourceState
from tui.model.finding import Severity
from tui.model.incident import Incident
from tui.model.recovery_key import Escrow, RecoveryKey
from tui.services.indexed import index_is_old
from tui.services.indexing import IndexProgress

SEVERITY_WORDS = {Severity.CRITICAL: "‼ ", Severity.WARNING: "! ", Severity.INFO: "· "}
SEVERITY_STYLES = {Severity.CRITICAL: "bold $error", Severity.WARNING: "$warning", Severity.INFO: "$secondary"}

FRESHLY_READ = timedelta(minutes=1)
"""A fact younger than this needs no age beside it."""

PASTED_KEY = (
    "A recovery password stands in this ticket, for all who read it there. It is neither shown nor kept here: "
    "rotate the key, and take it out of the ticket."
)

GOOD_VERDICTS = frozenset({Verdict.ONE_MATCH})
ALARM_VERDICTS = frozenset({Verdict.KEY_OF_ANOTHER_MACHINE})


def age(moment: datetime | None, now: datetime) -> str:
    """How long ago, in one unit: 40s, 3m, 2h, 4d."""
    if moment is None:
        return "never"
    seconds = max(0, int((now - moment).total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def health_words(name: str, health: SourceHealth | None, now: datetime) -> Content:
    """A source with its age, for the status line."""
    if health is None:
        return Content.assemble((f"{name} ...", "$secondary"))
    if health.state is SourceState.OK:
        return Content.assemble(f"{name} ", (age(health.observed_at, now), "$success"))
    if health.state is SourceState.OFF:
        return Content.assemble(f"{name} ", (f"cached {age(health.observed_at, now)}", "$warning"))
    return Content.assemble(f"{name} ", (f"{health.state} ({age(health.observed_at, now)})", "bold $error"))


def index_words(index: IndexProgress, now: datetime) -> Content:
    """The key index with its age, or how far it has come."""
    if index.running and (index.indexed_at is None or index.count):
        return Content.assemble("keys ", (f"{index.count:,} ...", "$secondary"))
    if index.fault:
        return Content.assemble("keys ", (f"failed, {age(index.indexed_at, now)} old", "bold $error"))
    style = "$warning" if index_is_old(index.indexed_at, now) else "$success"
    return Content.assemble("keys ", (age(index.indexed_at, now), style))


def sign_in_words(*, signed_in: bool, signed_out: bool) -> Content:
    """Nothing while all is well; signed out with the key that begins a sign-in."""
    if signed_out:
        return Content.assemble((f"  signed out ({key_of_action('sign-in')})", "bold $error"))
    return Content("" if signed_in else "  signing in ...")


def dossier_content(incident: Incident | None, dossier: Dossier | None, now: datetime, text: str = "") -> Content:
    """The device pane: verdict first, next step second, then keys, findings, facts, and the ticket with its text."""
    parts: list[Content] = []
    if dossier is not None:
        parts += _verdict(dossier)
        parts += _keys(dossier, now)
        parts += _candidates(dossier, now)
        parts += _findings(dossier)
        parts += _facts(dossier.facts, now)
        parts += _sources(dossier, now)
    if incident is not None:
        parts += _ticket(incident, now, text)
    return Content("\n").join(parts) if parts else Content("Nothing is selected.")


def heading(text: str) -> Content:
    """A section's title."""
    return Content.assemble("\n", (text, "bold $primary"))


def _verdict(dossier: Dossier) -> list[Content]:
    style = "bold $warning"
    if dossier.verdict in GOOD_VERDICTS:
        style = "bold $success"
    elif dossier.verdict in ALARM_VERDICTS:
        style = "bold $error"
    return [
        Content.assemble((dossier.headline, style)),
        Content.assemble(("→ ", "$accent"), dossier.next_step),
    ]


def _keys(dossier: Dossier, now: datetime) -> list[Content]:
    evidence = dossier.evidence
    twins = evidence.twin_keys if dossier.verdict is Verdict.OTHER_DEVICE_OBJECT else ()
    keys = {key.id: key for key in (*evidence.matches, *evidence.keys, *evidence.only_on_prem, *twins)}
    if not keys:
        return []
    marked = {key.id for key in evidence.matches}
    lines = [heading("Keys")]
    newest_first = sorted(keys.values(), key=lambda key: key.created.timestamp() if key.created else 0.0, reverse=True)
    lines += [key_line(key, key.id in marked, now) for key in newest_first[:12]]
    if len(keys) > 12:
        lines.append(Content(f"  and {len(keys) - 12} more"))
    return lines


def _candidates(dossier: Dossier, now: datetime) -> list[Content]:
    """Several device objects, none of them chosen: a person's machines, or namesakes."""
    evidence = dossier.evidence
    if evidence.device is not None or len(evidence.named) < 2:
        return []
    lines = [heading("Devices" if evidence.query.by_user else "Device objects of this name")]
    for device in sorted(evidence.named, key=_last_seen, reverse=True):
        count = sum(key.device_id == device.device_id for key in evidence.keys)
        lines.append(Content.assemble((f"  {device.name}", "bold"), f"  {device.join}, {count} keys"))
        since = f"{device.registered_at:%Y-%m-%d}" if device.registered_at else "an unknown day"
        lines.append(Content(f"    last sign-in {age(device.last_sign_in, now)} ago, registered {since}"))
    return lines


def _last_seen(device: EntraDevice) -> float:
    return device.last_sign_in.timestamp() if device.last_sign_in else 0.0


def key_line(key: RecoveryKey, marked: bool, now: datetime) -> Content:
    """One key's metadata."""
    created = f"{key.created:%Y-%m-%d} ({age(key.created, now)})" if key.created else "no date"
    sign = ("▶ ", "$success") if marked else ("  ", "")
    where = ", Active Directory" if key.escrow is Escrow.AD else ""
    kept = f"\n    {key.volume}, {created}{where}"
    return Content.assemble(sign, (key.id[:8].upper(), "bold"), key.id[8:].upper(), kept)


def _findings(dossier: Dossier) -> list[Content]:
    if not dossier.findings:
        return []
    lines = [heading("Findings")]
    for finding in dossier.findings:
        style = SEVERITY_STYLES[finding.severity]
        lines.append(Content.assemble((f"{SEVERITY_WORDS[finding.severity]}{finding.title}", style)))
        lines.append(Content(f"    {'; '.join(finding.evidence)}"))
        lines.append(Content.assemble(("    → ", "$accent"), finding.next))
    return lines


def _facts(facts: Iterable[Fact], now: datetime) -> list[Content]:
    """Facts by name, so that what two sources say of one thing stands side by side."""
    by_name: dict[str, list[Fact]] = {}
    for fact in facts:
        by_name.setdefault(fact.name, []).append(fact)
    lines = [heading("Facts")]
    for name, said in by_name.items():
        differ = len({fact.value for fact in said if fact.state in _HELD}) > 1
        for place, fact in enumerate(said):
            lines.append(fact_line(fact, now, "≠" if place and differ else ("" if place else name)))
    return lines if len(lines) > 1 else []


_HELD = (FactState.FRESH, FactState.STALE)


def fact_line(fact: Fact, now: datetime, label: str) -> Content:
    """A fact with its source, age and state. The state is a word."""
    parts: list[str | tuple[str, str]] = [(f"{label:12} ", "$warning" if label == "≠" else "$secondary")]
    parts += [(f"{fact.source:6} ", "$secondary"), (fact.value or "-", "bold")]
    if fact.state is not FactState.FRESH:
        parts.append((f" {fact.state}", "$warning"))
    if fact.observed_at and fact.state in _HELD and now - fact.observed_at > FRESHLY_READ:
        parts.append((f" {age(fact.observed_at, now)}", "$secondary"))
    if fact.detail:
        parts.append((f" {fact.detail}", "$warning"))
    return Content.assemble(*parts)


def _sources(dossier: Dossier, now: datetime) -> list[Content]:
    failed = {
        name: health
        for name, health in dossier.evidence.sources.items()
        if health.state not in (SourceState.OK, SourceState.NOT_FOUND)
    }
    if not failed:
        return []
    lines = [heading("Sources that did not answer")]
    lines += [Content.assemble((f"{name} {health.state} ", "$error"), health.detail) for name, health in failed.items()]
    return lines


def _ticket(incident: Incident, now: datetime, text: str) -> list[Content]:
    ticket, reading = incident.ticket, incident.reading
    lines = [
        heading(f"Ticket {ticket.number}"),
        Content(f"{STATE_WORDS[ticket.state]}, priority {ticket.priority}, open {age(ticket.opened_at, now)}"),
        Content(f"caller {ticket.caller or '-'}, with {ticket.assignee or 'nobody'}{', VIP' if ticket.vip else ''}"),
        Content.assemble("cause ", (cause_words(reading.cause), "bold"), f" ({reading.cause.confidence})"),
    ]
    lines += [Content(f"    because {reason}") for reason in reading.cause.because]
    if reading.passwords_removed:
        lines.append(Content.assemble((PASTED_KEY, "bold $error")))
    lines += [Content(""), Content.assemble((ticket.title, "bold")), Content(text[:4000])]
    return lines
