"""No key fits: which of the many reasons it is. Pure, and never a bare "none"."""

from datetime import datetime

from tui.model.device import EntraDevice, Join
from tui.model.dossier import Evidence, Verdict
from tui.model.fact import SourceState
from tui.services.indexed import INDEX_OLD, index_is_old
from tui.services.judgement import Judgement, day, newest_key
from tui.services.on_prem_verdict import computer_without_match, no_key_on_prem, on_prem_silence

ESCROW_LIMIT = 200
"""Keys that Entra ID keeps for one device (Microsoft Intune documentation, "Encrypt devices")."""

ESCROW_FULL = 195
"""From here on the next backup is likely to fail."""

_ELSEWHERE = "Look for AD DS, MBAM, a printout or a data recovery agent. After the unlock: back the key up."


def without_key(evidence: Evidence, now: datetime) -> Judgement:
    """The verdict when the sources have answered and no key fits."""
    query = evidence.query
    if query.not_bitlocker and query.term is None:
        return Judgement(
            Verdict.NOT_BITLOCKER,
            "The ticket does not describe a BitLocker prompt.",
            "Ask whether a recovery key ID is on the screen. Without one this is another playbook (WinRE, firmware).",
        )
    if evidence.deleted and not evidence.named:
        return _deleted(evidence)
    if query.term is not None and not query.term.is_full and index_is_old(evidence.indexed_at, now):
        return _index_too_old(evidence, now)
    if (silent := on_prem_silence(evidence)) is not None:
        return silent
    if not evidence.named:
        return computer_without_match(evidence) or _nothing_named(evidence)
    if len(evidence.named) > 1:
        return _several_devices(evidence)
    return _device_without_match(evidence, evidence.named[0])


def _deleted(evidence: Evidence) -> Judgement:
    change = evidence.deleted[0]
    when = f"on {change.at:%Y-%m-%d} " if change.at else ""
    return Judgement(
        Verdict.DEVICE_DELETED,
        f"{change.device_name} was deleted from Entra ID {when}by {change.by or 'somebody'}, and its keys with it.",
        "The keys do not come back. Look for AD DS, MBAM or a printout; without one the device is set up anew.",
    )


def _index_too_old(evidence: Evidence, now: datetime) -> Judgement:
    at = evidence.indexed_at
    if at is None:
        what = "The key index has not been paged in yet"
    else:
        what = f"The key index is {int((now - at).total_seconds() // 3600)} h old (limit {INDEX_OLD.seconds // 3600} h)"
    return Judgement(
        Verdict.FACTS_TOO_OLD,
        f"{what}: that no key begins with {evidence.query.term} proves nothing.",
        "Ask for all 32 characters, which are asked for directly, or wait for the index.",
    )


def _nothing_named(evidence: Evidence) -> Judgement:
    query = evidence.query
    log = evidence.sources.get("directory-log")
    refused = log is not None and log.state is not SourceState.OK
    unseen = " A deletion cannot be ruled out: the audit log did not answer." if refused else ""
    if query.term is not None:
        return Judgement(
            Verdict.NOT_FOUND,
            f"No escrowed key begins with {query.term}.{unseen}",
            "Read the ID back character by character; then ask for the device's name and its owner.",
        )
    asked = query.device_name or query.device_id or query.user or "an unnamed device"
    return Judgement(
        Verdict.NOT_FOUND,
        f"Entra ID knows no device for {asked}.{unseen}",
        "Ask for the recovery key ID on the blue screen: 8 characters are enough to begin.",
    )


def _several_devices(evidence: Evidence) -> Judgement:
    query, count = evidence.query, len(evidence.named)
    if query.term is not None:
        return Judgement(
            Verdict.NOT_FOUND,
            f"None of the {count} device objects has a key {query.term}.",
            "Read the ID back character by character: it decides, the name does not.",
        )
    whose = f"{query.user} holds {count} devices" if query.by_user else f"{count} device objects are named "
    return Judgement(
        Verdict.SEVERAL_MATCHES,
        f"{whose}{'' if query.by_user else query.device_name}. None is selected.",
        "Ask for the first 8 characters of the recovery key ID: it decides, the name does not.",
    )


def _device_without_match(evidence: Evidence, device: EntraDevice) -> Judgement:
    query = evidence.query
    if not evidence.keys and evidence.twin_keys:
        return _on_a_twin(evidence, device)
    if not evidence.keys:
        return no_key_on_prem(evidence, device) or _no_escrow(device)
    if len(evidence.keys) >= ESCROW_FULL:
        return Judgement(
            Verdict.ESCROW_CAP_REACHED,
            f"{device.name} holds {len(evidence.keys)} of {ESCROW_LIMIT} keys; the newest may not be among them.",
            "Look in AD DS, MBAM or a printout; afterwards delete old keys and back up again.",
        )
    if query.term is None:
        return Judgement(
            Verdict.ONE_MATCH,
            f"{device.name}: {len(evidence.keys)} escrowed key{'s' if len(evidence.keys) > 1 else ''}.",
            "Ask for the first 8 characters of the recovery key ID; then press R.",
        )
    newest = newest_key(evidence.keys)
    return Judgement(
        Verdict.NOT_FOUND,
        f"{device.name} has no key {query.term}; its current one is {newest.id[:8].upper()} of {day(newest)}.",
        "The ID may be from an old mail or printout, or misread: have the blue screen read out again.",
    )


def _on_a_twin(evidence: Evidence, device: EntraDevice) -> Judgement:
    holders = {key.device_id for key in evidence.twin_keys}
    twins = ", ".join(
        f"{twin.name} of {twin.registered_at:%Y-%m-%d}" if twin.registered_at else twin.name
        for twin in evidence.twins
        if twin.device_id in holders
    )
    return Judgement(
        Verdict.OTHER_DEVICE_OBJECT,
        f"{device.name} has no key, but another object of the same machine has {len(evidence.twin_keys)}: {twins}.",
        "Ask for the recovery key ID: it must match a key of the other object before anything is disclosed.",
    )


def _no_escrow(device: EntraDevice) -> Judgement:
    if device.join is Join.HYBRID:
        return Judgement(
            Verdict.AD_ONLY,
            f"{device.name} is hybrid joined without a key in Entra ID: its keys are in Active Directory, if anywhere.",
            "Look in Active Directory (BitLocker Recovery tab of the computer object), or ask the AD team.",
        )
    return Judgement(Verdict.NEVER_ESCROWED, f"{device.name} has never backed up a key to Entra ID.", _ELSEWHERE)
