"""Evidence spelled out as facts, each with its source and age. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from tui.model.device import EntraDevice, ManagedDevice
from tui.model.dossier import Evidence
from tui.model.fact import Fact, FactState, Source, SourceState

STALE_AFTER = timedelta(hours=24)
"""Intune's encryption report may lag this long (Microsoft Intune documentation, "Monitor device encryption")."""

_ABSENT = {
    SourceState.FORBIDDEN: FactState.DENIED,
    SourceState.THROTTLED: FactState.ERROR,
    SourceState.UNREACHABLE: FactState.ERROR,
}


def facts_of(evidence: Evidence, now: datetime) -> tuple[Fact, ...]:
    """Everything that is known of the device in question; what is not known is said too."""
    return (*_entra(evidence, now), *_intune(evidence, now))


def _entra(evidence: Evidence, now: datetime) -> Iterator[Fact]:
    device = evidence.device
    if device is None:
        yield _absent(evidence, "device", Source.ENTRA)
        return
    yield from _entra_device(device, now)
    owners = ", ".join(owner.upn for owner in evidence.owners)
    yield Fact("owner", owners, Source.ENTRA, now, FactState.FRESH if owners else FactState.MISSING)
    units = ", ".join(unit.name for unit in evidence.units)
    yield Fact("admin-units", units or "none", Source.ENTRA, now)
    if evidence.sources.get("entra-keys", None) is None or evidence.sources["entra-keys"].state is SourceState.OK:
        yield Fact("keys", str(len(evidence.keys)), Source.ENTRA, now)
    else:
        yield Fact("keys", "", Source.ENTRA, now, _ABSENT.get(evidence.sources["entra-keys"].state, FactState.MISSING))


def _entra_device(device: EntraDevice, now: datetime) -> Iterator[Fact]:
    yield Fact("name", device.name, Source.ENTRA, now)
    yield Fact("join", device.join, Source.ENTRA, now)
    yield Fact("enabled", "yes" if device.enabled else "no", Source.ENTRA, now)
    yield Fact("os-build", device.os_version, Source.ENTRA, device.last_sign_in, _age(device.last_sign_in, now))
    if device.compliant is not None:
        yield Fact("compliant", "yes" if device.compliant else "no", Source.ENTRA, device.last_sign_in)
    yield Fact(
        "last-sign-in", _when(device.last_sign_in), Source.ENTRA, device.last_sign_in, _age(device.last_sign_in, now)
    )
    yield Fact("registered", _when(device.registered_at), Source.ENTRA, device.registered_at)


def _intune(evidence: Evidence, now: datetime) -> Iterator[Fact]:
    managed = evidence.managed
    if managed is None:
        if "intune" in evidence.sources:
            yield _absent(evidence, "device", Source.INTUNE)
        return
    yield from _managed_device(managed, now)


def _managed_device(managed: ManagedDevice, now: datetime) -> Iterator[Fact]:
    seen, state = managed.last_sync, _age(managed.last_sync, now)
    encrypted = {True: "yes", False: "no", None: ""}[managed.encrypted]
    yield Fact("name", managed.name, Source.INTUNE, seen, state)
    yield Fact("model", f"{managed.manufacturer} {managed.model}".strip(), Source.INTUNE, seen)
    yield Fact("serial", managed.serial, Source.INTUNE, seen)
    yield Fact("user", managed.user, Source.INTUNE, seen, state)
    yield Fact("os-build", managed.os_version, Source.INTUNE, seen, state)
    yield Fact("encrypted", encrypted, Source.INTUNE, seen, state if encrypted else FactState.MISSING)
    yield Fact("compliance", managed.compliance, Source.INTUNE, seen, state)
    yield Fact("last-sync", _when(seen), Source.INTUNE, seen, state)
    for action in managed.actions:
        yield Fact(f"action-{action.name}", action.state, Source.INTUNE, action.updated_at)


def _absent(evidence: Evidence, name: str, source: Source) -> Fact:
    health = evidence.sources.get(source)
    state = FactState.MISSING if health is None else _ABSENT.get(health.state, FactState.MISSING)
    return Fact(name, "", source, health.observed_at if health else None, state, health.detail if health else "")


def _age(seen: datetime | None, now: datetime) -> FactState:
    if seen is None:
        return FactState.MISSING
    return FactState.STALE if now - seen > STALE_AFTER else FactState.FRESH


def _when(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%d %H:%M") if moment else ""
