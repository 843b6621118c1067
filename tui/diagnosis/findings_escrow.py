"""Findings about where the recovery information is kept. Pure."""

from collections.abc import Iterator, Sequence

from tui.diagnosis.causes_events import listed
from tui.diagnosis.kb_device import LocalDevice, Protector
from tui.diagnosis.sample import Facts, Parsed
from tui.model.finding import Finding, FindingCode, Severity

CODES = {
    "0x80072ee2": "the server did not answer in time",
    "0x80072ee7": "the server's name could not be resolved",
    "0x80072efd": "no connection to the server",
    "0x80072efe": "the connection was cut",
    "0x80072f05": "TLS: the server's certificate is out of date",
    "0x80072f06": "TLS: the server's certificate bears another name",
    "0x80072f0d": "TLS: the server's certificate comes from an authority that is not trusted",
    "0x80072f7d": "TLS: no secure channel",
    "0x80072f8f": "TLS: the server's certificate or the clock is wrong",
    "0x80072f99": "the device certificate has no private key",
    "0x80072f9a": "the private key of the device certificate cannot be used",
    "0x80090325": "TLS: the server's certificate comes from an authority that is not trusted",
    "0x80090326": "TLS: an unexpected message",
    "0x800b0109": "TLS: the server's certificate comes from an authority that is not trusted",
}
"""HRESULTs of failed backups in words (WinHTTP, Schannel and device registration error codes)."""

_FAILED, _OK = "failed", "ok"
_HTTP_ERROR = 400
_ENTRA = 845
"""First of the events about backups to Entra ID; those before it are about Active Directory."""
_NUMERICAL = "RecoveryPassword"


def is_tls_error(code: str) -> bool:
    """Whether an escrow error is a failure of TLS."""
    return CODES.get(code.lower(), "").startswith("TLS")


def escrow_errors(inputs: Sequence[Parsed]) -> list[str]:
    """Codes of failed backups to Entra ID, lower case."""
    codes = (entry.get("error") for entry in _attempts(inputs) if entry["result"] == _FAILED)
    return sorted({str(code).lower() for code in codes if code})


def escrow_findings(inputs: Sequence[Parsed], device: LocalDevice, key_ids: frozenset[str] | None) -> Iterator[Finding]:
    """Backups that failed, keys that are nowhere, and a policy that does not ask for a backup."""
    yield from _failed(inputs)
    yield from _missing(inputs, device, key_ids)
    if device.backup_required is False:
        yield Finding(
            FindingCode.ESCROW_POLICY_ABSENT,
            Severity.WARNING,
            "Policy does not require a backup of the recovery key",
            ("OSRequireActiveDirectoryBackup is not set on the device",),
            "Set `Do not enable BitLocker until recovery information is stored` for OS drives.",
        )


def _failed(inputs: Sequence[Parsed]) -> Iterator[Finding]:
    attempts = sorted(_attempts(inputs), key=lambda entry: (str(entry.get("time") or ""), entry["result"]))
    last_ok: dict[tuple[str, str], str] = {}
    for entry in attempts:
        if entry["result"] == _OK:
            last_ok[_place(entry)] = str(entry.get("time") or "~")
    failed = [
        entry
        for entry in attempts
        if entry["result"] == _FAILED and str(entry.get("time") or "") >= last_ok.get(_place(entry), "")
    ]
    if not failed:
        return
    yield Finding(
        FindingCode.ESCROW_FAILED,
        Severity.CRITICAL,
        "The recovery key could not be backed up",
        tuple(dict.fromkeys(_attempt_says(entry) for entry in failed[-5:])),
        "Mend the path to Entra ID, then run BackupToAAD-BitLockerKeyProtector and wait for event 845.",
    )


def _place(entry: Facts) -> tuple[str, str]:
    """Where to and from which volume: a success elsewhere does not make up for a failure."""
    return str(entry.get("directory") or "entra"), str(entry.get("volume") or "").upper()


def _attempts(inputs: Sequence[Parsed]) -> list[Facts]:
    """Backups as logs and pasted events tell them; HTTP results without an error are no attempt of their own."""
    found: list[Facts] = []
    for parsed in inputs:
        if parsed.kind == "evtx":
            found += [entry for raw in listed(parsed, "escrow") if (entry := _attempt(raw)) is not None]
        elif parsed.kind == "event-text":
            found += [entry for raw in listed(parsed, "events") if (entry := _pasted(raw)) is not None]
    return found


def _attempt(entry: Facts) -> Facts | None:
    status = entry.get("http_status")
    if entry.get("result") in (_OK, _FAILED):
        return entry
    if isinstance(status, int) and status >= _HTTP_ERROR:
        return {**entry, "result": _FAILED}
    return None


def _pasted(entry: Facts) -> Facts | None:
    result = {845: _OK, 846: _FAILED, 847: _FAILED, 785: _FAILED, 784: _OK, 783: _OK}.get(entry.get("id") or 0)
    if result is None:
        return None
    told = {"result": result, "event": f"event {entry['id']}", "directory": "ad" if entry["id"] < _ENTRA else "entra"}
    return {**entry, **told}


def _attempt_says(entry: Facts) -> str:
    code = str(entry.get("error") or "")
    words = CODES.get(code.lower())
    parts = [
        f"{entry.get('event')}" + (f" of {str(entry['time'])[:19]}" if entry.get("time") else ""),
        f"error {code}" + (f": {words}" if words else "") if code else "",
        f"HTTP {entry['http_status']}" if entry.get("http_status") else "",
        str(entry.get("message") or ""),
    ]
    return "; ".join(part for part in parts if part)


def _missing(inputs: Sequence[Parsed], device: LocalDevice, key_ids: frozenset[str] | None) -> Iterator[Finding]:
    """Recovery passwords on the disk whose IDs the directory does not hold. Masked IDs decide nothing."""
    held = key_ids if key_ids is not None else _listed_ids(inputs)
    own = [protector for protector in device.protectors if protector.kind == _NUMERICAL and _is_whole(protector)]
    if held is None or not own or device.os_protected is False:
        return
    known = {key_id.strip("{}").upper() for key_id in held}
    absent = sorted({protector.key_id for protector in own if protector.key_id not in known})
    if not absent:
        return
    yield Finding(
        FindingCode.ESCROW_MISSING,
        Severity.CRITICAL,
        "A recovery key of this disk is not in the directory",
        (f"on the disk: {', '.join(absent)}", f"in the directory: {len(known)} keys"),
        "Run BackupToAAD-BitLockerKeyProtector for this ID while the device is unlocked.",
    )


def _listed_ids(inputs: Sequence[Parsed]) -> frozenset[str] | None:
    """IDs of the keys that escrow listings hold; None without a listing that names a key."""
    ids = {
        str(key["id"])
        for parsed in inputs
        if parsed.kind in ("escrow-entra", "escrow-ad")
        for key in listed(parsed, "keys")
        if key.get("id")
    }
    return frozenset(ids) or None


def _is_whole(protector: Protector) -> bool:
    return len(protector.key_id) == 36 and all(c in "0123456789ABCDEF-" for c in protector.key_id)
