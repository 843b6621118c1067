"""Evidence spelled out as facts, each with its source and age. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from tui.model.device import EntraDevice, ManagedDevice
from tui.model.dossier import Evidence
from tui.model.fact import Fact, FactState, Source, SourceState
from tui.services.indexed import index_is_old
from tui.services.on_prem_facts import on_prem_facts

STALE_AFTER = timedelta(hours=24)
"""Intune's encryption report may lag this long (Microsoft Intune documentation, "Monitor device encryption")."""

_ABSENT = {
    SourceState.FORBIDDEN: FactState.DENIED,
    SourceState.THROTTLED: FactState.ERROR,
    SourceState.UNREACHABLE: FactState.ERROR,
}


def facts_of(evidence: Evidence, now: datetime) -> tuple[Fact, ...]:
    """Everything that is known of the device in question; what is not known is said too."""
    return (*_entra(evidence, now), *_index(evidence, now), *_intune(evidence, now), *on_prem_facts(evidence, now))


def device_facts(device: EntraDevice, now: datetime) -> Iterator[Fact]:
    """What a device object says of itself."""
    seen, aged = device.last_sign_in, _age(device.last_sign_in, now)
    yield Fact("name", device.name, Source.ENTRA, now)
    yield Fact("join", device.join, Source.ENTRA, now)
    yield Fact("enabled", "yes" if device.enabled else "no", Source.ENTRA, now)
    yield Fact("os-build", device.os_version, Source.ENTRA, seen, aged)
    if device.compliant is not None:
        yield Fact("compliance", "compliant" if device.compliant else "noncompliant", Source.ENTRA, seen, aged)
    yield Fact("last-sign-in", _when(seen), Source.ENTRA, seen, aged)
    yield Fact("registered", _when(device.registered_at), Source.ENTRA, device.registered_at)
    if device.autopilot:
        yield Fact("autopilot", "yes", Source.ENTRA, now)


def _entra(evidence: Evidence, now: datetime) -> Iterator[Fact]:
    device = evidence.device
    if device is None:
        if not evidence.pending:
            yield _absent(evidence, "device", "entra", Source.ENTRA)
        return
    yield from device_facts(device, now)
    yield from _told(evidence, "owner", "owners", ", ".join(owner.upn for owner in evidence.owners))
    yield from _told(evidence, "users", "users", ", ".join(user.upn for user in evidence.users))
    yield from _told(evidence, "admin-units", "admin-units", ", ".join(unit.name for unit in evidence.units) or "none")
    if evidence.keys or not evidence.pending:
        yield from _told(evidence, "keys", "entra-keys", str(len(evidence.keys)))
    for twin in evidence.twins:
        said = f"{twin.name} {twin.device_id[:8]}, last sign-in {_when(twin.last_sign_in) or 'never'}"
        yield Fact("other-object", said, Source.ENTRA, twin.last_sign_in, _age(twin.last_sign_in, now))
    for change in evidence.owner_changes[:3]:
        yield Fact("owner-added", f"{_when(change.at)} by {change.by}", Source.ENTRA, change.at)


def _index(evidence: Evidence, now: datetime) -> Iterator[Fact]:
    """The local index says where a beginning of a key ID may lead; its age says what its silence is worth."""
    term = evidence.query.term
    if term is None or term.is_full:
        return
    at = evidence.indexed_at
    state = FactState.MISSING if at is None else (FactState.STALE if index_is_old(at, now) else FactState.FRESH)
    yield Fact("key-index", _when(at), Source.ENTRA, at, state)


def _told(evidence: Evidence, name: str, part: str, value: str) -> Iterator[Fact]:
    """One fact of a call of its own: not yet asked, refused, failed, empty, or there."""
    health = evidence.sources.get(part)
    if health is None:
        return
    if health.state is SourceState.OK:
        state = FactState.FRESH if value else FactState.MISSING
        yield Fact(name, value, Source.ENTRA, health.observed_at, state)
    else:
        state = _ABSENT.get(health.state, FactState.MISSING)
        yield Fact(name, "", Source.ENTRA, health.observed_at, state)


def _intune(evidence: Evidence, now: datetime) -> Iterator[Fact]:
    managed = evidence.managed
    if managed is None:
        if "intune" in evidence.sources:
            yield _absent(evidence, "device", "intune", Source.INTUNE)
        return
    yield from _managed_device(managed, now)
    yield from _encryption(evidence, now)
    yield from _policies(evidence, now)
    yield from _hardware(evidence)


def _managed_device(managed: ManagedDevice, now: datetime) -> Iterator[Fact]:
    seen, state = managed.last_sync, _age(managed.last_sync, now)
    encrypted = {True: "yes", False: "no", None: ""}[managed.encrypted]
    yield Fact("name", managed.name, Source.INTUNE, seen, state)
    yield Fact("model", f"{managed.manufacturer} {managed.model}".strip(), Source.INTUNE, seen)
    yield Fact("serial", managed.serial, Source.INTUNE, seen)
    yield Fact("owner", managed.user, Source.INTUNE, seen, state if managed.user else FactState.MISSING)
    yield Fact("os-build", managed.os_version, Source.INTUNE, seen, state)
    yield Fact("encrypted", encrypted, Source.INTUNE, seen, state if encrypted else FactState.MISSING)
    yield Fact("compliance", managed.compliance, Source.INTUNE, seen, state)
    yield Fact("last-sync", _when(seen), Source.INTUNE, seen, state)
    if managed.agent and managed.agent != "mdm":
        yield Fact("managed-by", managed.agent, Source.INTUNE, seen)
    for action in managed.actions:
        error = f" (error {action.error_code})" if action.error_code else ""
        yield Fact(f"action-{action.name}", f"{action.state}{error}", Source.INTUNE, action.updated_at)


def _encryption(evidence: Evidence, now: datetime) -> Iterator[Fact]:
    report, health = evidence.encryption, evidence.sources.get("encryption")
    seen = evidence.managed.last_sync if evidence.managed else None
    if report is not None:
        causes = ", ".join(report.causes) or "no cause named"
        state = _age(seen, now)
        yield Fact("encryption", f"{report.encryption}, {report.readiness}: {causes}", Source.INTUNE, seen, state)
        yield Fact("encryption-policy", ", ".join(report.policies) or report.policy_state, Source.INTUNE, seen, state)
    elif health is not None:
        yield _absent(evidence, "encryption", "encryption", Source.INTUNE)


def _policies(evidence: Evidence, now: datetime) -> Iterator[Fact]:
    health = evidence.sources.get("policies")
    if health is not None and health.state is not SourceState.OK:
        yield _absent(evidence, "policies", "policies", Source.INTUNE)
    seen = evidence.managed.last_sync if evidence.managed else None
    for policy in evidence.policies:
        unmet = f": {', '.join(policy.settings)}" if policy.settings else ""
        yield Fact("policy", f"{policy.name} {policy.state}{unmet}", Source.INTUNE, seen, _age(seen, now))


def _hardware(evidence: Evidence) -> Iterator[Fact]:
    found, health = evidence.hardware, evidence.sources.get("hardware")
    seen = evidence.managed.last_sync if evidence.managed else None
    if found is not None:
        yield Fact("bios", found.bios, Source.INTUNE, seen, FactState.FRESH if found.bios else FactState.MISSING)
        tpm = f"{found.tpm_specification} {found.tpm_manufacturer}".strip()
        yield Fact("tpm", tpm, Source.INTUNE, seen, FactState.FRESH if tpm else FactState.MISSING)
    elif health is not None and health.state is not SourceState.OK:
        yield _absent(evidence, "hardware", "hardware", Source.INTUNE)


def _absent(evidence: Evidence, name: str, part: str, source: Source) -> Fact:
    health = evidence.sources.get(part)
    state = FactState.MISSING if health is None else _ABSENT.get(health.state, FactState.MISSING)
    return Fact(name, "", source, health.observed_at if health else None, state, health.detail if health else "")


def _age(seen: datetime | None, now: datetime) -> FactState:
    if seen is None:
        return FactState.MISSING
    return FactState.STALE if now - seen > STALE_AFTER else FactState.FRESH


def _when(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%d %H:%M") if moment else ""
