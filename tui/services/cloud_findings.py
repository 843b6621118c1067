"""Findings that cloud facts alone decide: who and what the device is, and who may read its keys. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from tui.model.device import EntraDevice
from tui.model.dossier import Evidence, Verdict
from tui.model.fact import SourceState
from tui.model.finding import Finding, FindingCode, Severity
from tui.model.recovery_key import Escrow
from tui.services.escrow_findings import compliance_findings, escrow_findings
from tui.services.judgement import Judgement, asked_for, owner_of
from tui.services.refusal import explain_refusal, out_of_reach
from tui.services.reuse import owner_changed, reuse_of

LEFT_ALONE = timedelta(days=90)
"""A device object without a sign-in for so long is what clean-up rules look for."""


def cloud_findings(evidence: Evidence, judgement: Judgement, now: datetime, contact: str = "") -> tuple[Finding, ...]:
    """What is wrong, in no order; `by_severity` gives it one."""
    return (
        *_identity(evidence, judgement),
        *_rights(evidence, judgement, contact),
        *escrow_findings(evidence, judgement),
        *compliance_findings(evidence),
        *_at_risk(evidence, now),
        *_self_service(evidence),
    )


def by_severity(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Most severe first, each code once with the same evidence."""
    order = list(reversed(Severity))
    return tuple(sorted(dict.fromkeys(findings), key=lambda finding: order.index(finding.severity)))


def _identity(evidence: Evidence, judgement: Judgement) -> Iterator[Finding]:
    query, device = evidence.query, evidence.matched_device
    if judgement.verdict is Verdict.KEY_OF_ANOTHER_MACHINE:
        asked = asked_for(evidence)
        yield Finding(
            FindingCode.KEY_ID_NOT_ON_DEVICE,
            Severity.CRITICAL,
            "The key ID is of another device",
            (f"ticket: {asked}", f"key: {_holders(evidence)}"),
            "Treat it as a cloned or swapped disk until somebody has seen the machine.",
        )
    same = (device,) if device is not None and evidence.same_machine else ()
    objects = {one.device_id: one for one in (*evidence.named, *evidence.twins, *same)}
    if len(objects) > 1 and not query.by_user:
        yield Finding(
            FindingCode.DUPLICATE_DEVICE_OBJECTS,
            Severity.WARNING,
            f"{len(objects)} device objects share this name or serial number",
            tuple(_dated(one) for one in objects.values()),
            "Go by the recovery key ID only.",
        )
    renamed = device is not None and query.device_name.casefold() not in ("", device.name.casefold())
    if renamed and device is not None and judgement.verdict is not Verdict.KEY_OF_ANOTHER_MACHINE:
        yield Finding(
            FindingCode.RENAMED_DEVICE,
            Severity.INFO,
            "The ticket and Entra ID name the device differently",
            (f"ticket: {query.device_name}", f"entra: {device.name}"),
            "The ID decides; correct the name in the ticket.",
        )
    change = owner_changed(evidence, judgement.key)
    if change is not None:
        yield Finding(
            FindingCode.OWNER_CHANGED,
            Severity.WARNING,
            "The device has changed hands since this key was backed up",
            change.said,
            "Check that the caller is today's owner; neither a new owner nor a scoped role may read the key.",
        )


def _holders(evidence: Evidence) -> str:
    named = (owner_of(evidence, key) for key in evidence.matches if evidence.matched_device or key.escrow is Escrow.AD)
    return ", ".join(dict.fromkeys(named)) or "a device out of sight"


def _dated(device: EntraDevice) -> str:
    since = f"{device.registered_at:%Y-%m-%d}" if device.registered_at else "an unknown day"
    seen = f"{device.last_sign_in:%Y-%m-%d}" if device.last_sign_in else "never"
    return f"{device.name} {device.device_id[:8]} registered {since}, last sign-in {seen}"


def _rights(evidence: Evidence, judgement: Judgement, contact: str) -> Iterator[Finding]:
    rights = evidence.rights
    if rights is None or evidence.fits_on_prem:
        return
    health = evidence.sources.get("admin-units")
    units = evidence.units if health is not None and health.state is SourceState.OK else None
    refused = judgement.verdict is Verdict.HIDDEN_BY_SCOPE and not judgement.reason.startswith("ad-")
    why = explain_refusal(rights, units, change=reuse_of(evidence), contact=contact)
    roles = tuple(f"{grant.role} on {grant.scope}" for grant in rights.active or ()) or ("no active role",)
    if rights.active is not None and not rights.key_readers:
        yield Finding(
            FindingCode.ROLE_MISSING,
            Severity.CRITICAL,
            "No active role of yours reads recovery keys",
            roles,
            why.next_step,
        )
        if rights.could_read_keys:
            first = rights.could_read_keys[0]
            yield Finding(
                FindingCode.PIM_ELIGIBLE,
                Severity.WARNING,
                f"You may activate {first.role}",
                (f"eligible on {first.scope}",),
                "Activate it in Privileged Identity Management; the activation carries the ticket's number.",
            )
    elif out_of_reach(rights, units) or (refused and why.code in ("outside-admin-unit", "owner-changed")):
        yield Finding(
            FindingCode.OUTSIDE_ADMIN_UNIT,
            Severity.CRITICAL if refused else Severity.WARNING,
            "Your role does not reach this device",
            (*roles, f"device in: {', '.join(unit.name for unit in units or ()) or 'no unit that is known'}"),
            why.next_step,
        )


def _at_risk(evidence: Evidence, now: datetime) -> Iterator[Finding]:
    holders = {key.device_id for key in (*evidence.keys, *evidence.twin_keys)}
    devices = {one.device_id: one for one in (*evidence.named, *evidence.twins)}
    if (device := evidence.device) is not None:
        devices[device.device_id] = device
    for one in devices.values():
        stale = one.last_sign_in is not None and now - one.last_sign_in > LEFT_ALONE
        superseded = len(devices) > 1 and not evidence.query.by_user and _is_older(one, devices.values())
        if one.device_id in holders and (stale or superseded or not one.enabled):
            why = "disabled" if not one.enabled else ("no sign-in for 90 days" if stale else "an older duplicate")
            yield Finding(
                FindingCode.DEVICE_AT_RISK,
                Severity.WARNING,
                f"A clean-up would delete the keys of {one.name}",
                (f"{one.name} {one.device_id[:8]}: {why}", "deleting a device object deletes its keys for good"),
                "Keep the object until its keys are no longer needed.",
            )


def _is_older(one: EntraDevice, others: Iterable[EntraDevice]) -> bool:
    dates = [other.registered_at for other in others if other.registered_at is not None]
    return one.registered_at is not None and bool(dates) and one.registered_at < max(dates)


def _self_service(evidence: Evidence) -> Iterator[Finding]:
    if evidence.self_service is None or not evidence.owners or evidence.fits_on_prem:
        return
    owner = evidence.owners[0].upn
    if not evidence.self_service:
        yield Finding(
            FindingCode.SELF_SERVICE_BLOCKED,
            Severity.INFO,
            "The tenant does not let owners read their keys",
            (f"owner: {owner}", "allowedToReadBitlockerKeysForOwnedDevice: false"),
            "The key has to come from you; Company Portal says that it could not be retrieved.",
        )
        return
    yield Finding(
        FindingCode.SELF_SERVICE_AVAILABLE,
        Severity.INFO,
        "The owner may read the key without you",
        (f"owner: {owner}", "the tenant allows it"),
        "From another device: myaccount.microsoft.com, Devices, View BitLocker keys.",
    )
