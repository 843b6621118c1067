"""Findings about protection on the disk: suspended, at odds with Intune, another volume, a lost PIN. Pure."""

from collections.abc import Iterator, Sequence

from tui.diagnosis.causes_events import items, listed, recovery_times
from tui.diagnosis.kb_device import LocalDevice, Volume
from tui.diagnosis.sample import Facts, Parsed
from tui.model.finding import Finding, FindingCode, Severity

_ENCRYPTED = frozenset({"FullyEncrypted", "UsedSpaceOnlyEncrypted"})
_CREATED, _REMOVED = 775, 776
_PIN_TYPES = frozenset({4, 6})
"""Win32_EncryptableVolume protector types: TPM and PIN, TPM and PIN and startup key."""


def protection_findings(
    inputs: Sequence[Parsed], device: LocalDevice, *, compliant: bool | None, encrypted: bool | None
) -> Iterator[Finding]:
    """What the disk says of its own protection, also against what Intune says."""
    yield from _suspended(inputs, device)
    yield from _pipeline(device, compliant, encrypted)
    yield from _wrong_volume(inputs, device)
    yield from _pin_lost(inputs)


def _suspended(inputs: Sequence[Parsed], device: LocalDevice) -> Iterator[Finding]:
    """Encrypted, unlocked, and yet protection off: the key lies open on the disk."""
    volume = next((v for v in device.volumes if v.is_os and v.protection == "Off" and v.status in _ENCRYPTED), None)
    if volume is None or device.os_protected is not False:
        return
    evidence = [f"{volume.mount} {volume.status}, protection off"]
    left, since = volume.reboots_left, _suspended_since(inputs)
    if left is not None:
        evidence.append(f"{left} restarts left until it resumes")
    if since:
        evidence.append(f"suspended {since[:19]} by the event log")
    if volume.protectors == ():
        evidence.append("no key protectors")
    yield Finding(
        FindingCode.PROTECTION_SUSPENDED,
        Severity.INFO if left else Severity.WARNING,
        "Protection is suspended",
        tuple(evidence),
        "Restart the device, protection resumes by itself; check it after that."
        if left
        else "Run Resume-BitLocker -MountPoint C: unless a firmware update is still to come.",
    )


def _suspended_since(inputs: Sequence[Parsed]) -> str:
    """When protection was last suspended, if it was not resumed after that."""
    changes = sorted(
        (str(entry.get("time") or ""), str(entry.get("role")))
        for parsed in inputs
        if parsed.kind == "evtx"
        for entry in listed(parsed, "timeline")
        if entry.get("role") in ("suspended", "resumed")
    )
    return changes[-1][0] if changes and changes[-1][1] == "suspended" else ""


def _pipeline(device: LocalDevice, compliant: bool | None, encrypted: bool | None) -> Iterator[Finding]:
    volume = device.os_volume
    if volume is None or not (device.os_encrypted and device.os_protected) or (compliant, encrypted) == (None, None):
        return
    if compliant is not False and encrypted is not False:
        return
    said = [f"Intune compliant: {_said(compliant)}", f"Intune encrypted: {_said(encrypted)}"]
    yield Finding(
        FindingCode.MDM_PIPELINE,
        Severity.WARNING,
        "The disk is encrypted and protected, Intune says otherwise",
        (f"disk: {volume.mount} {volume.status}, protection on", *said),
        "Sync the device and look at its BitLocker policy reports; do not decrypt.",
    )


def _said(value: bool | None) -> str:
    return "unknown" if value is None else ("yes" if value else "no")


def _wrong_volume(inputs: Sequence[Parsed], device: LocalDevice) -> Iterator[Finding]:
    """The ID on the screen is that of a data volume's protector, and of no other's."""
    for term in _asked_for(inputs):
        matches = {protector.mount for protector in device.protectors if protector.key_id.startswith(term)}
        volumes = [volume for volume in device.volumes if volume.mount in matches]
        if matches and volumes and all(volume.is_os is False for volume in volumes) and len(volumes) >= len(matches):
            yield Finding(
                FindingCode.WRONG_VOLUME,
                Severity.WARNING,
                "The key ID is of a data volume",
                (f"asked for: {term}", f"volume: {', '.join(sorted(_names(volumes)))}"),
                "Ask which screen the caller sees: at the start of Windows the OS volume's ID is needed.",
            )


def _names(volumes: Sequence[Volume]) -> set[str]:
    return {volume.mount for volume in volumes}


def _asked_for(inputs: Sequence[Parsed]) -> list[str]:
    terms: set[str] = set()
    for parsed in inputs:
        if parsed.kind == "recovery-screen":
            terms.add(str(parsed.facts.get("key_id") or parsed.facts.get("key_id_prefix") or ""))
        elif parsed.kind == "ticket":
            terms |= {str(prefix) for prefix in items(parsed.facts.get("key_id_prefixes"))}
    return sorted(term.upper() for term in terms if len(term) >= 8)


def _pin_lost(inputs: Sequence[Parsed]) -> Iterator[Finding]:
    """A PIN protector that was there when the key was used was removed after that, and none made since."""
    recoveries = recovery_times(inputs)
    kinds: dict[str, int] = {}
    lost: tuple[str, str] | None = None
    for record in sorted(_protector_records(inputs), key=lambda record: (str(record["time"]), record["id"])):
        time, data = str(record["time"]), record["data"]
        key_id = str(data.get("ProtectorGUID") or "").strip("{}").upper()
        if record["id"] == _CREATED:
            kinds[key_id] = _number(data.get("ProtectorType"))
            lost = None if kinds[key_id] in _PIN_TYPES else lost
        elif kinds.get(key_id) in _PIN_TYPES and recoveries and time >= recoveries[0]:
            lost = key_id, time
    if lost is not None:
        yield Finding(
            FindingCode.PIN_PROTECTOR_LOST,
            Severity.WARNING,
            "The PIN protector was removed after the recovery",
            (f"event {_REMOVED} of {lost[1][:19]}: protector {lost[0]}", "no protector with a PIN was made since"),
            "Let the user set a new PIN, or the device starts without one.",
        )


def _protector_records(inputs: Sequence[Parsed]) -> Iterator[Facts]:
    for parsed in inputs:
        if parsed.kind == "evtx":
            for record in listed(parsed, "bitlocker_records"):
                if record.get("id") in (_CREATED, _REMOVED) and isinstance(record.get("data"), dict):
                    yield {**record, "time": record.get("time") or ""}


def _number(value: object) -> int:
    try:
        return int(value, 0) if isinstance(value, str) else value if isinstance(value, int) else 0
    except ValueError:
        return 0
