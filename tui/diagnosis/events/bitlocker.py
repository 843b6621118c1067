"""What BitLocker's own events tell: recoveries, escrow results, seals with their logs, and which PCR did not match.

Field names: the manifests of Microsoft-Windows-BitLocker-API and Microsoft-Windows-BitLocker-Driver, Windows 11 26H1.
"""

from collections.abc import Iterable

from tui.diagnosis.events import values
from tui.diagnosis.events.meanings import API, DRIVER, Meaning, meanings
from tui.diagnosis.events.reader import Record
from tui.diagnosis.measured_boot import BootLog, read_records
from tui.diagnosis.measured_boot.describe import describe
from tui.diagnosis.measured_boot.names import event_name
from tui.diagnosis.measured_boot.replay import replay
from tui.diagnosis.sample import Facts

BITMAP_SOURCES = {
    1: "group-policy",
    2: "caller-supplied",
    3: "secure-boot",
    4: "existing-protector",
    5: "default-uefi",
    6: "default-bios",
}
MISMATCH_IDS = range(24705, 24709)
_RECOVERY_WAYS = {(DRIVER, 24652): "recovery-password", (DRIVER, 24654): "recovery-key-file", (API, 805): "winre"}
_DIRECTORIES = {
    513: "ad",
    514: "ad",
    783: "ad",
    784: "ad",
    785: "ad",
    828: "microsoft-account",
    829: "microsoft-account",
    831: "microsoft-account",
}


def bitlocker_facts(records: Iterable[Record]) -> Facts:
    """Recoveries, escrow results, seals and PCR mismatches, each in the order of the log."""
    known = [(record, meaning) for record in records if (meaning := meanings().get((record.provider, record.id)))]
    return {
        "recoveries": [_recovery(record) for record, meaning in known if meaning.role == "recovery"],
        "escrow": [_escrow(record, meaning) for record, meaning in known if meaning.role.startswith("escrow-")],
        "seals": [_seal(record) for record, meaning in known if meaning.role == "seal"],
        "mismatches": [
            {**_head(record), **mismatch_facts(record.data)} for record, meaning in known if meaning.role == "mismatch"
        ],
    }


def sealed_log(data: Facts) -> BootLog | None:
    """The measured-boot log of PCR 7 inside the data of a seal event (817, 834, 892, 893); None when it has none.

    It compares with a full log in PCR 7 only: `diff(sealed, current, {7})`.
    """
    raw = values.blob(data.get("FilteredTcgLog") or data.get("FilteredLog"))
    log = read_records(raw) if raw else None
    return log if log and log.events else None


def _head(record: Record) -> Facts:
    return {"record": record.number, "time": record.time, "event": values.label(record)}


def _recovery(record: Record) -> Facts:
    data = record.data
    return {
        **_head(record),
        "how": _RECOVERY_WAYS.get((record.provider, record.id), "unknown"),
        "key_id": values.guid(data.get("OptionalGUID")) or values.guid(data.get("ProtectorGUID")),
        "volume": data.get("Volume") or data.get("VolumeMountPoint"),
        "error": values.code(data.get("ErrorCode")),
    }


def _escrow(record: Record, meaning: Meaning) -> Facts:
    data = record.data
    return {
        **_head(record),
        "result": {"escrow-ok": "ok", "escrow-failed": "failed"}.get(meaning.role, "http"),
        "directory": _DIRECTORIES.get(record.id, "entra"),
        "volume": data.get("VolumeMountPoint"),
        "key_id": values.guid(data.get("ProtectorGUID")),
        "trace_id": data.get("TraceGUID"),
        "error": values.code(data.get("ErrorCode") or data.get("JsonErrorCode")),
        "subcode": data.get("JsonSubCode"),
        "message": data.get("JsonMessage") or data.get("LocalizedJsonError"),
        "http_status": values.integer(data.get("HttpStatusCode")),
    }


def _seal(record: Record) -> Facts:
    data = record.data
    profile = values.pcrs(data.get("PCRBitmap"))
    source = values.integer(data.get("PCRBitmapSource"))
    sealed = _sealed_values(values.blob(data.get("PCRValues")), profile)
    log = sealed_log(data)
    replayed = replay(log) if log else {}
    return {
        **_head(record),
        "pcrs": profile,
        "source": BITMAP_SOURCES.get(source or 0),
        "pcr_values": {str(pcr): value for pcr, value in sealed.items()},
        "log_events": [describe(event) for event in log.events] if log else [],
        "log_agrees": any(sealed.get(7) == bank[7].hex() for bank in replayed.values() if 7 in bank) if log else None,
    }


def _sealed_values(raw: bytes, profile: list[int]) -> dict[int, str | None]:
    """{u16 TPM_ALG_ID, u16 size, value} for each PCR of the bitmap; None stands for a PCR still at zero."""
    found: dict[int, str | None] = {}
    at = 0
    for pcr in profile:
        if at + 4 > len(raw):
            break
        size = int.from_bytes(raw[at + 2 : at + 4], "little")
        value = raw[at + 4 : at + 4 + size]
        found[pcr] = value.hex() if any(value) else None
        at += 4 + size
    return found


def mismatch_facts(data: Facts) -> Facts:
    """Which PCR differs from the sealed one and by which event, from the data of events 24705 to 24708."""
    expected = data.get("ExpectedEventLabel") or None
    observed = data.get("ObservedEventLabel") or None
    return {
        "pcr": values.integer(data.get("MismatchedPcr")),
        "position": values.integer(data.get("MismatchedEvent")),
        "label": observed or expected,
        "expected": _measured(data, "Expected", expected),
        "observed": _measured(data, "Observed", observed),
        "pcrs": values.pcrs(data.get("PcrBitmap")),
        "key_id": values.guid(data.get("ProtectorGUID")),
        "sealed_at": data.get("DateTimeOfSeal"),
        "noticed_at": data.get("DateTimeOfMismatch"),
    }


def _measured(data: Facts, side: str, name: str | None) -> Facts:
    kind = values.integer(data.get(f"{side}EventType"))
    digest = data.get(f"{side}Digest")
    return {
        "event_type": event_name(kind & 0xFFFFFFFF) if kind is not None else None,
        "label": name,
        "digest": digest.lower() if isinstance(digest, str) and digest.strip("0") else None,
        "events": values.integer(data.get(f"{side}EventsCount")),
    }
