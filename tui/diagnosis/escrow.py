"""Listings of escrowed recovery keys: Entra ID (PowerShell, Graph) and AD DS (msFVE-RecoveryInformation objects).

Sources: Microsoft, "BitLocker recovery process" (the shape of Get-EntraBitLockerKeys), Microsoft Graph
bitlockerRecoveryKey, and MS-ADSC / "BitLocker recovery overview" for the AD object, whose name holds the time of its
creation and the key ID: `2023-10-10T10:00:00-08:00{063EA4E1-...}`. Passwords are masked before anything is read.
"""

import re
from dataclasses import dataclass, replace

from tui.diagnosis.redact import MARKER, PART_MARKER
from tui.diagnosis.sample import Facts, Format, Parsed, Sample
from tui.text import clean_line

ENTRA, AD = "escrow-entra", "escrow-ad"
_MOST = 10_000
"""Keys that are read from one listing."""

_GUID = r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"
_FIELD = re.compile(
    r"^[\s>|*-]{0,12}\"?(?P<name>[A-Za-z@][\w .@-]{0,60}?)\"?[^\S\n]{0,40}[:=][:=]?[^\S\n]{0,8}"
    r"\"?(?P<value>[^\n]*?)\"?,?[^\S\n]*$",
    re.M,
)
_ENTRY = re.compile(
    rf"(?P<created>\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{{1,7}})?(?:Z|\\?[+-]\d\d:?\d\d)?)\\?\{{(?P<id>{_GUID})\\?\}}"
)
_PARENT = re.compile(r"\},\s?CN=(?P<device>(?:[^,\\\n]|\\.){1,64})", re.I)
_BARE_ID = re.compile(rf"\{{?(?P<id>{_GUID})\}}?")

_SHORT_ID = re.compile(r"\{?(?P<id>[0-9A-Fa-f]{8})\}?")

_DEVICES = frozenset(
    {"device name", "devicename", "displayname", "display name", "computer", "computername", "computer name"}
)
_ENTRA_DEVICES = frozenset({"device id", "deviceid", "azureaddeviceid"})
_IDS = frozenset(
    {
        "key id",
        "keyid",
        "key identifier",
        "recovery key id",
        "bitlocker key id",
        "password id",
        "passwordid",
        "keyprotectorid",
        "recoveryguid",
    }
)
_SECRET_NAMES = frozenset(
    {
        "bitlocker recovery key",
        "recovery key",
        "recoverykey",
        "key",
        "recovery password",
        "recoverypassword",
        "msfve-recoverypassword",
        "bitlocker key",
    }
)
_CREATED = frozenset({"createddatetime", "created", "whencreated", "backup date", "backuptime", "backed up", "date"})
_VOLUMES = frozenset({"volumetype", "volume type", "drive type"})
_AD_MARKS = re.compile(r"msFVE-|CN=\d{4}-\d\d-\d\dT|RecoveryInformation", re.I)
_ENTRA_MARKS = re.compile(
    r"Get-Entra|Get-MgInformationProtection|bitlocker/recoveryKeys|bitlockerRecoveryKey|Get-AzureAD|Device name:"
    r"|azureADDevice",
    re.I,
)
_AD_VIEWER = re.compile(r"^\s*password\s?id\s*:", re.I | re.M)
"""The BitLocker Recovery tab of the AD console, copied."""
_VOLUME_NAMES = {"1": "operating-system", "2": "fixed-data", "3": "removable"}


@dataclass(frozen=True, slots=True)
class EscrowedKey:
    """One key of a listing; `password` tells whether one stood there."""

    id: str
    device: str | None = None
    created: str | None = None
    volume: str | None = None
    password: bool | None = None


def recognise_entra(sample: Sample) -> int:
    """A listing of key IDs with a device, from the cloud."""
    text = sample.text
    if text is None or _AD_MARKS.search(text) or _AD_VIEWER.search(text):
        return 0
    ids = [
        m for m in _FIELD.finditer(text[:20_000]) if m["name"].strip().lower() in _IDS and _BARE_ID.search(m["value"])
    ]
    if _ENTRA_MARKS.search(text) and ids:
        return 92
    if ids and any(m["name"].strip().lower() in _SECRET_NAMES for m in _FIELD.finditer(text[:20_000])):
        return 75
    return 85 if _is_graph(text) else 0


def _is_graph(text: str) -> bool:
    return "recoveryKeys" in text and '"createdDateTime"' in text


def recognise_ad(sample: Sample) -> int:
    """Recovery information objects of AD DS, from PowerShell, ldapsearch or ldifde."""
    text = sample.text
    if text is None:
        return 0
    if _AD_VIEWER.search(text) and (MARKER in text or _BARE_ID.search(text)):
        return 85
    if not _AD_MARKS.search(text):
        return 0
    return 92 if _ENTRY.search(text) or "msfve-recovery" in text.lower() else 0


def parse_entra(sample: Sample) -> Parsed:
    """Facts of a cloud listing: the device and its keys, passwords as a marker."""
    return _parsed(ENTRA, sample, graph=_is_graph(sample.text or ""))


def parse_ad(sample: Sample) -> Parsed:
    """Facts of an AD listing. An object seen without its password means missing rights, not a missing key."""
    return _parsed(AD, sample, graph=False)


def _parsed(kind: str, sample: Sample, *, graph: bool) -> Parsed:
    keys, device, device_id = _read(sample.text or "", graph=graph)
    devices = list(dict.fromkeys(name for key in keys if (name := key.device or device)))
    facts: Facts = {
        "type": kind,
        "device": devices[0] if devices else device,
        "device_id": device_id,
        "keys": [_facts(key) for key in keys],
    }
    if len(devices) > 1:
        facts["devices"] = devices
    return Parsed(kind, facts, tuple(_problems(kind, keys)))


def _facts(key: EscrowedKey) -> Facts:
    facts: Facts = {"id": key.id, "password": MARKER if key.password else None}
    extra = {"created": key.created, "volume": key.volume}
    return facts | {name: value for name, value in extra.items() if value}


def _problems(kind: str, keys: list[EscrowedKey]) -> list[str]:
    if not keys:
        return ["no key is listed"]
    if kind == AD and not any(key.password for key in keys):
        return ["the recovery information is seen without its passwords: no right to read them, or not asked for"]
    return []


def _read(text: str, *, graph: bool) -> tuple[list[EscrowedKey], str | None, str | None]:
    """Keys in the order of the listing; a field belongs to the key before it, or to the next when it comes first."""
    keys: list[EscrowedKey] = []
    device: str | None = None
    device_id: str | None = None
    early: dict[str, str] = {}
    for match in _FIELD.finditer(text):
        name, value = match["name"].strip().lower(), match["value"].strip()
        if name in _ENTRA_DEVICES and (found := _BARE_ID.search(value)):
            device_id = device_id or found["id"].lower()
        if name in _DEVICES and value:
            device = clean_line(value.rstrip('",'), 64)
        elif (key := _key(name, value, graph)) is not None and len(keys) < _MOST:
            _add(keys, replace(key, device=key.device or device), early)
        elif name in _CREATED and value:
            _keep(keys, early, "created", clean_line(value, 40))
        elif name in _VOLUMES:
            _keep(keys, early, "volume", _VOLUME_NAMES.get(value, clean_line(value, 40)))
        elif name in _SECRET_NAMES and keys and _is_secret(name, value):
            keys[-1] = replace(keys[-1], password=PART_MARKER not in value)
    if not keys:
        keys = [EscrowedKey(m["id"].lower(), created=_time(m["created"])) for m in _ENTRY.finditer(text)][:_MOST]
    return keys, device, device_id


def _is_secret(name: str, value: str) -> bool:
    """A password stood here: its marker, or the base64 that LDIF writes."""
    return MARKER in value or PART_MARKER in value or (name == "msfve-recoverypassword" and len(value) > 40)


def _key(name: str, value: str, graph: bool) -> EscrowedKey | None:
    """The key that a field names: an AD object by its name or path, another listing by its ID field."""
    if entry := _ENTRY.search(value):
        parent = _PARENT.search(value, entry.start())
        device = clean_line(parent["device"].replace("\\", ""), 64) if parent else None
        return EscrowedKey(entry["id"].lower(), device, _time(entry["created"]))
    if name in _IDS or (graph and name == "id"):
        found = _BARE_ID.search(value) or _SHORT_ID.fullmatch(value)
        return EscrowedKey(found["id"].lower()) if found else None
    return None


def _time(written: str) -> str:
    return written.replace("\\", "")


def _add(keys: list[EscrowedKey], key: EscrowedKey, early: dict[str, str]) -> None:
    """Append a key, or fill one that the listing names twice (AD prints its path and its name)."""
    last = keys[-1] if keys else None
    if last is not None and last.id == key.id:
        keys[-1] = replace(last, device=last.device or key.device, created=last.created or key.created)
        return
    keys.append(replace(key, created=key.created or early.pop("created", None), volume=early.pop("volume", None)))


def _keep(keys: list[EscrowedKey], early: dict[str, str], field: str, value: str) -> None:
    last = keys[-1] if keys else None
    if last is None or (last.created if field == "created" else last.volume) is not None:
        early[field] = value
    elif field == "created":
        keys[-1] = replace(last, created=value)
    else:
        keys[-1] = replace(last, volume=value)


FORMATS = (Format(ENTRA, recognise_entra, parse_entra), Format(AD, recognise_ad, parse_ad))
