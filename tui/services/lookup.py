"""Look-up of a term that somebody typed: ticket, key ID, device or user."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tui.diagnosis.kb import kb_of_build, parse_build
from tui.model.device import EntraDevice
from tui.model.dossier import Dossier, Query, Verdict
from tui.model.fact import Fact, SourceHealth
from tui.model.finding import Finding
from tui.model.ids import KeyTerm, parse_guid, parse_key_term
from tui.model.incident import Incident
from tui.model.incident_line import incident_in, named_in
from tui.model.on_prem import OnPremKey
from tui.model.recovery_key import KeyStatus, RecoveryKey
from tui.services.desk import Desk, query_of
from tui.services.facts import device_facts
from tui.text import clean_line

_TICKET = re.compile(r"[A-Za-z]{2,6}-?\d{3,}")


async def look_up(desk: Desk, text: str) -> tuple[str, Dossier]:
    """Decide what the term is, and join its dossier. Answers the kind of term too."""
    term = clean_line(text, 200)
    incident = _incident(desk, term)
    if incident is not None:
        return "ticket", await desk.open_dossier(query_of(incident), _ignore)
    guid = parse_guid(term)
    if guid is not None:
        dossier = await desk.open_dossier(Query(term=KeyTerm(guid.replace("-", ""))), _ignore)
        if dossier.verdict is not Verdict.NOT_FOUND:
            return "key_id", dossier
        as_device = await desk.open_dossier(Query(device_id=guid), _ignore)
        return ("device_id", as_device) if as_device.evidence.named_ids else ("key_id", dossier)
    if "@" in term:
        return "user", await desk.open_dossier(Query(user=term), _ignore)
    prefix = parse_key_term(term)
    if prefix is not None:
        return "key_id_prefix", await desk.open_dossier(Query(term=prefix), _ignore)
    return "device_name", await desk.open_dossier(Query(device_name=term), _ignore)


def needs_index(text: str) -> bool:
    """The term is the beginning of a key ID, or a ticket that may name one; whole IDs and names need no index."""
    term = clean_line(text, 200)
    return bool(_TICKET.fullmatch(term)) or (parse_key_term(term) is not None and parse_guid(term) is None)


def _incident(desk: Desk, term: str) -> Incident | None:
    if not _TICKET.fullmatch(term):
        return None
    wanted = term.lower()
    found = (line for line in desk.queue.book.lines() if named_in(line).number.lower() == wanted)
    return next(map(incident_in, found), None)


def _ignore(_: Dossier) -> None:
    """The headless look-up shows only the end."""


def lookup_json(term: str, kind: str, dossier: Dossier) -> dict[str, Any]:
    """The answer in the shape of the outside contract."""
    return {
        "term": term,
        "kind": kind,
        "verdict": dossier.verdict,
        "headline": dossier.headline,
        "next": dossier.next_step,
        "matches": _matches(dossier),
        "indexed_at": _moment(dossier.evidence.indexed_at),
        "sources": {name: _health(health) for name, health in sorted(dossier.evidence.sources.items())},
    }


def _matches(dossier: Dossier) -> list[dict[str, Any]]:
    evidence = dossier.evidence
    device, managed = evidence.device, evidence.managed
    if device is None and not evidence.matches and not evidence.named_ids:
        return []
    several = () if device is not None else evidence.named
    build = (managed.os_version if managed else "") or (device.os_version if device else "")
    found = {
        "device": {
            "name": device.name if device else (evidence.computer.name if evidence.computer else ""),
            "entra_device_id": device.device_id if device else "",
            "intune_id": managed.id if managed else "",
            "join": device.join if device else "unknown",
            "owner": evidence.owners[0].upn if evidence.owners else "",
            "model": f"{managed.manufacturer} {managed.model}".strip() if managed else "",
            "os_build": build.removeprefix("10.0."),
            "kb": kb_of(build),
        },
        "keys": [
            _key(key, (*evidence.keys, *evidence.only_on_prem))
            for key in _distinct((*evidence.matches, *evidence.keys, *evidence.only_on_prem, *_of_twins(dossier)))
        ],
        "facts": [_fact(fact) for fact in dossier.facts],
        "findings": [_finding(finding) for finding in dossier.findings],
    }
    return [found] if not several else [_candidate(each, found, _read_at(dossier)) for each in several]


def _of_twins(dossier: Dossier) -> tuple[RecoveryKey, ...]:
    return dossier.evidence.twin_keys if dossier.verdict is Verdict.OTHER_DEVICE_OBJECT else ()


def kb_of(version: str) -> str:
    """The update that brought a Windows build; empty where the table does not hold exactly this build."""
    found = parse_build(version)
    row = kb_of_build(*found) if found else None
    return row.kb if row is not None and row.exact else ""


def _candidate(each: EntraDevice, found: dict[str, Any], now: datetime) -> dict[str, Any]:
    build = each.os_version
    device = {
        **found["device"],
        "name": each.name,
        "entra_device_id": each.device_id,
        "join": each.join,
        "os_build": build.removeprefix("10.0."),
        "kb": kb_of(build),
    }
    keys = [key for key in found["keys"] if key["device_id"] == each.device_id]
    return {**found, "device": device, "keys": keys, "facts": [_fact(fact) for fact in device_facts(each, now)]}


def _distinct(keys: Sequence[RecoveryKey]) -> list[RecoveryKey]:
    return list({key.id: key for key in keys}.values())


def _key(key: RecoveryKey, siblings: Sequence[RecoveryKey]) -> dict[str, Any]:
    return {
        "id": key.id,
        "device_id": key.device_id,
        "created": key.created.strftime("%Y-%m-%dT%H:%M:%SZ") if key.created else None,
        "volume": key.volume,
        "escrow": key.escrow,
        "status": _status(key, siblings),
    }


def _status(key: RecoveryKey, siblings: Sequence[RecoveryKey]) -> KeyStatus:
    same = [each for each in siblings if _volume(each) == _volume(key) and each.created is not None]
    if key.created is None or not same:
        return KeyStatus.UNKNOWN
    newest = max(each.created for each in same if each.created is not None)
    return KeyStatus.CURRENT if key.created >= newest else KeyStatus.SUPERSEDED


def _volume(key: RecoveryKey) -> tuple[str, str]:
    """Active Directory knows the volume's GUID and not its kind."""
    return key.volume, key.volume_guid if isinstance(key, OnPremKey) else ""


def _fact(fact: Fact) -> dict[str, Any]:
    return {
        "name": fact.name,
        "value": fact.value,
        "source": fact.source,
        "observed_at": _moment(fact.observed_at),
        "state": fact.state,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": finding.severity,
        "title": finding.title,
        "evidence": list(finding.evidence),
        "next": finding.next,
    }


def _health(health: SourceHealth) -> dict[str, Any]:
    return {
        "state": health.state,
        "observed_at": _moment(health.observed_at),
        "detail": health.detail,
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _read_at(dossier: Dossier) -> datetime:
    """When Entra ID answered; the age of facts that are read now."""
    seen = [health.observed_at for health in dossier.evidence.sources.values() if health.observed_at is not None]
    return max(seen, default=datetime.now(UTC))
