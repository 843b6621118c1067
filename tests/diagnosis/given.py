"""Inputs as parsers give them, made up for tests of what is concluded from them."""

from collections.abc import Sequence
from typing import Any

from tui.diagnosis.sample import Facts, Parsed

API = "Microsoft-Windows-BitLocker-API"
DRIVER = "Microsoft-Windows-BitLocker-Driver"
TPM_WMI = "Microsoft-Windows-TPM-WMI"
KEY_ID = "3F2504E0-4F89-41D3-9A0C-0305E82C3301"


def screen(cause: str, code: str | None = None, **facts: Any) -> Parsed:
    return Parsed("recovery-screen", {"type": "recovery-screen", "code": code, "cause": cause, **facts})


def ticket(cause: str = "unknown", kbs: Sequence[str] = (), bitlocker: bool | None = True, **facts: Any) -> Parsed:
    return Parsed("ticket", {"type": "ticket", "cause": cause, "kbs": list(kbs), "bitlocker": bitlocker, **facts})


def pair(cause: Sequence[str], changed: Sequence[int], per_pcr: Sequence[Facts] = ()) -> Parsed:
    return Parsed("tcg-pair", {"cause": list(cause), "changed_pcrs": list(changed), "per_pcr": list(per_pcr)})


def protectors(pcrs: Sequence[int] = (7, 11), kind: str = "Tpm", mount: str = "C:", key_id: str = KEY_ID) -> Parsed:
    entries = [{"type": kind, "id": key_id, **({"pcrs": list(pcrs)} if pcrs else {})}]
    return Parsed("manage-bde-protectors", {"volumes": [{"mount": mount, "label": "", "protectors": entries}]})


def status(protection: str = "On", conversion: str = "FullyEncrypted", mount: str = "C:", **facts: Any) -> Parsed:
    kind = "os" if mount == "C:" else "data"
    volume = {"mount": mount, "volume_type": kind, "conversion_status": conversion, "protection": protection, **facts}
    return Parsed("manage-bde-status", {"volumes": [volume]})


def msinfo(pcr7: str, secure_boot: str = "On") -> Parsed:
    return Parsed("msinfo32", {"pcr7": pcr7, "secure_boot": secure_boot})


def boot(record: int, time: str, build: str) -> Facts:
    return {
        "record": record,
        "time": time,
        "event": "Microsoft-Windows-Kernel-General/12",
        "role": "boot",
        "build": build,
    }


def entry(record: int, time: str, event: str, role: str, cause: str = "", **facts: Any) -> Facts:
    told: Facts = {"record": record, "time": time, "event": event, "role": role, "meaning": "made up", **facts}
    return {**told, "cause": cause} if cause else told


def recovery(record: int, time: str) -> Facts:
    return entry(record, time, f"{DRIVER}/24652", "recovery")


def installed(record: int, time: str, kb: str) -> Facts:
    return entry(record, time, "Microsoft-Windows-WindowsUpdateClient/19", "installed", kb=kb, title=f"Update ({kb})")


def system_log(*timeline: Facts, **facts: Any) -> Parsed:
    """A System log with this timeline; boots and recoveries are taken from it as the parser does."""
    told = [line for line in timeline if line["role"] == "recovery"]
    boots = [{"time": line["time"], "build": line["build"]} for line in timeline if line["role"] == "boot"]
    return Parsed("evtx", {"timeline": list(timeline), "boots": boots, "recoveries": told, **facts})


def recovery_log(*during: Facts, before: Sequence[Facts] = (), **facts: Any) -> Parsed:
    """Two boots, 26100.8037 and then 26100.8246 with a recovery; `before` lies between them, `during` in the second."""
    return system_log(
        boot(10, "2026-04-13T07:00:00Z", "10.0.26100.8037"),
        *before,
        boot(50, "2026-04-15T06:00:00Z", "10.0.26100.8246"),
        *during,
        recovery(80, "2026-04-15T06:00:09Z"),
        **facts,
    )


def mismatch(record: int, pcr: int, label: str | None, event_type: str = "EV_EFI_VARIABLE_DRIVER_CONFIG") -> Facts:
    side = {"event_type": event_type, "label": label, "digest": None, "events": None}
    return {
        "record": record,
        "time": "2026-04-15T06:00:07Z",
        "event": f"{DRIVER}/24705",
        "pcr": pcr,
        "label": label,
        "expected": side,
        "observed": side,
    }
