"""What local inputs say together about one device, as far as findings and known issues ask. Pure.

A field is None where no input tells it, or where inputs contradict each other: unknown facts never match.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tui.diagnosis.causes_events import items, listed
from tui.diagnosis.sample import Facts, Parsed

UEFI_CA_2023 = "Windows UEFI CA 2023"
_OS_TYPES = frozenset({"os", "OperatingSystem"})
_ENCRYPTED = frozenset({"FullyEncrypted", "UsedSpaceOnlyEncrypted"})
_TPM_TYPES = frozenset({"Tpm", "TpmPin", "TpmStartupKey", "TpmPinStartupKey"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A volume as manage-bde or Get-BitLockerVolume lists it; `protection` is On, Off, Unknown or empty."""

    mount: str
    is_os: bool | None
    status: str
    protection: str
    reboots_left: int | None
    protectors: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Protector:
    """A key protector; `key_id` is upper case without braces, empty where masked."""

    mount: str
    kind: str
    key_id: str
    pcrs: tuple[int, ...]
    uses_secure_boot: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalDevice:
    """One device by what was collected from it."""

    volumes: tuple[Volume, ...] = ()
    protectors: tuple[Protector, ...] = ()
    tpm_pcrs: tuple[int, ...] | None = None
    """PCRs of the OS volume's TPM protector, by its listing or else by the newest seal event."""
    profile_source: str | None = None
    """Where the newest seal event says its PCRs come from, such as `group-policy`."""
    policy_pcrs: tuple[int, ...] | None = None
    """PCRs of the policy for native UEFI firmware; empty when it is known to be not set."""
    pcr7: str | None = None
    """msinfo32's PCR7 configuration: bound, binding_possible or binding_not_possible."""
    secure_boot: bool | None = None
    ca_2023_in_db: bool | None = None
    boot_manager_2023: bool | None = None
    backup_required: bool | None = None
    """Whether policy forbids encryption before the recovery information is backed up."""
    tls_issuer: str = ""
    tls_error: str = ""
    os_build: str = ""

    @property
    def os_volume(self) -> Volume | None:
        """The operating system volume; of several listings of it the first protected one."""
        found = [volume for volume in self.volumes if volume.is_os]
        return next((volume for volume in found if volume.protection == "On"), found[0] if found else None)

    @property
    def os_encrypted(self) -> bool | None:
        return _agreed(volume.status in _ENCRYPTED for volume in self.volumes if volume.is_os and volume.status)

    @property
    def os_protected(self) -> bool | None:
        """Protection of the OS volume is on; None where inputs differ."""
        known = [volume for volume in self.volumes if volume.is_os and volume.protection in ("On", "Off")]
        return _agreed(volume.protection == "On" for volume in known)


def system_protectors(device: LocalDevice) -> tuple[str, ...]:
    """Kinds of the system volume's key protectors; empty when they were not listed."""
    mounts = {volume.mount for volume in device.volumes if volume.is_os} or {"C:"}
    listed = {kind for volume in device.volumes if volume.mount in mounts for kind in volume.protectors or ()}
    return tuple(sorted(listed | {each.kind for each in device.protectors if each.mount in mounts}))


def local_device(inputs: Sequence[Parsed]) -> LocalDevice:
    """Read the inputs as one device."""
    volumes = tuple(sorted(_volumes(inputs), key=repr))
    protectors = tuple(sorted(_protectors(inputs), key=repr))
    seal = max(_seals(inputs), key=lambda entry: (str(entry.get("time", "")), repr(entry)), default=None)
    collected = [parsed.facts for parsed in inputs if parsed.kind == "collector-facts"]
    return LocalDevice(
        volumes=volumes,
        protectors=protectors,
        tpm_pcrs=_tpm_pcrs(protectors, volumes, seal),
        profile_source=str(seal["source"]) if seal and seal.get("source") else None,
        policy_pcrs=_policy(inputs),
        pcr7=_pcr7(inputs),
        secure_boot=_secure_boot(inputs),
        ca_2023_in_db=_ca_2023(inputs),
        boot_manager_2023=_boot_manager_2023(inputs),
        backup_required=_agreed(_bools(facts.get("backup_required") for facts in collected)),
        tls_issuer=_only(facts.get("tls_issuer") for facts in collected),
        tls_error=_only(facts.get("tls_error") for facts in collected),
        os_build=_only(facts.get("os_build") for facts in collected),
    )


def _agreed(values: Iterable[bool]) -> bool | None:
    """The value that all give; None for none, and where they differ."""
    told = set(values)
    return told.pop() if len(told) == 1 else None


def _bools(values: Iterable[Any]) -> Iterator[bool]:
    return (value for value in values if isinstance(value, bool))


def _only(values: Iterable[Any]) -> str:
    told = {value for value in values if isinstance(value, str) and value}
    return told.pop() if len(told) == 1 else ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _volumes(inputs: Sequence[Parsed]) -> Iterator[Volume]:
    for parsed in inputs:
        if parsed.kind not in ("manage-bde-status", "get-bitlockervolume"):
            continue
        for volume in listed(parsed, "volumes"):
            kind, names, left = volume.get("volume_type"), volume.get("protectors"), volume.get("reboots_left")
            yield Volume(
                mount=_text(volume.get("mount")).upper(),
                is_os=kind in _OS_TYPES if kind else None,
                status=_text(volume.get("conversion_status") or volume.get("volume_status")),
                protection=_text(volume.get("protection")),
                reboots_left=left if isinstance(left, int) else None,
                protectors=tuple(str(name) for name in names) if isinstance(names, list) else None,
            )


def _protectors(inputs: Sequence[Parsed]) -> Iterator[Protector]:
    for parsed in inputs:
        name = {"manage-bde-protectors": "volumes", "manage-bde-status": "key_protectors"}.get(parsed.kind, "")
        for volume in listed(parsed, name):
            for entry in items(volume.get("protectors")):
                if isinstance(entry, dict):
                    yield _protector(_text(volume.get("mount")).upper(), entry)
        if parsed.kind == "get-bitlockervolume":
            for volume in listed(parsed, "volumes"):
                for entry in items(volume.get("key_protectors")):
                    if isinstance(entry, dict):
                        yield _protector(_text(volume.get("mount")).upper(), entry)


def _protector(mount: str, entry: Facts) -> Protector:
    told = entry.get("uses_secure_boot")
    return Protector(
        mount=mount,
        kind=_text(entry.get("type")),
        key_id=_text(entry.get("id")).strip("{}").upper(),
        pcrs=_pcrs(entry.get("pcrs")) or (),
        uses_secure_boot=told if isinstance(told, bool) else None,
    )


def _pcrs(value: Any) -> tuple[int, ...] | None:
    return tuple(sorted(pcr for pcr in value if isinstance(pcr, int))) if isinstance(value, list) else None


def _seals(inputs: Sequence[Parsed]) -> Iterator[Facts]:
    for parsed in inputs:
        if parsed.kind == "evtx":
            # 834 keeps the log of a seal that was refused.
            yield from (entry for entry in listed(parsed, "seals") if not str(entry.get("event", "")).endswith("/834"))


def _tpm_pcrs(protectors: Sequence[Protector], volumes: Sequence[Volume], seal: Facts | None) -> tuple[int, ...] | None:
    data = {volume.mount for volume in volumes if volume.is_os is False}
    told = {p.pcrs for p in protectors if p.kind in _TPM_TYPES and p.pcrs and (not p.mount or p.mount not in data)}
    if told:
        return told.pop() if len(told) == 1 else None
    return (_pcrs(seal.get("pcrs")) or None) if seal else None


def _policy(inputs: Sequence[Parsed]) -> tuple[int, ...] | None:
    told: set[tuple[int, ...]] = set()
    for parsed in inputs:
        if parsed.kind in ("intune-zip", "collector-facts"):
            pcrs = _pcrs(parsed.facts.get("fve_platform_validation_uefi"))
            if pcrs is not None:
                told.add(pcrs)
            elif _policies_read(parsed):
                told.add(())
    return told.pop() if len(told) == 1 else None


def _policies_read(parsed: Parsed) -> bool:
    if parsed.kind == "collector-facts":
        return parsed.facts.get("fve_policies_read") is True
    found = parsed.facts.get("found")
    return isinstance(found, dict) and found.get("policies_reg") is True


def _pcr7(inputs: Sequence[Parsed]) -> str | None:
    told = {
        parsed.facts.get("pcr7")
        for parsed in inputs
        if parsed.kind in ("msinfo32", "intune-zip") and parsed.facts.get("pcr7") not in (None, "elevation_required")
    }
    return str(told.pop()) if len(told) == 1 else None


def _secure_boot(inputs: Sequence[Parsed]) -> bool | None:
    told: set[bool] = set()
    for parsed in inputs:
        value = parsed.facts.get("secure_boot")
        if parsed.kind == "msinfo32" and value in ("On", "Off"):
            told.add(value == "On")
        elif parsed.kind in ("tcg", "collector-facts") and isinstance(value, bool):
            told.add(value)
    return _agreed(told)


def _authorities(inputs: Sequence[Parsed]) -> Iterator[str]:
    """Who vouched for what was loaded under Secure Boot, by each measured-boot log."""
    for parsed in inputs:
        if parsed.kind == "tcg":
            for entry in listed(parsed, "authorities"):
                if entry.get("pcr") == 7 and entry.get("variable") == "db" and isinstance(entry.get("subject_cn"), str):
                    yield entry["subject_cn"]


def _boot_manager_2023(inputs: Sequence[Parsed]) -> bool | None:
    told = {UEFI_CA_2023 in name for name in _authorities(inputs) if "Windows" in name}
    told |= set(_bools(p.facts.get("boot_manager_2023") for p in inputs if p.kind == "collector-facts"))
    return _agreed(told)


def _ca_2023(inputs: Sequence[Parsed]) -> bool | None:
    told = set(_bools(p.facts.get("ca_2023_in_db") for p in inputs if p.kind == "collector-facts"))
    told |= {True for name in _authorities(inputs) if UEFI_CA_2023 in name}
    return _agreed(told)


_MOST_COMPARED, _MOST_SHOWN = 200, 8
_NAME_FACTS = ("computer", "system_name", "device_name", "computer_from_name")


def mixed_computers(inputs: Sequence[Parsed]) -> tuple[str, ...]:
    """A sentence where inputs name computers that have nothing to do with each other; renamed machines have one log."""
    named = sorted({names for parsed in inputs if (names := _computers(parsed))}, key=sorted)[:_MOST_COMPARED]
    apart = sorted({" / ".join(sorted(a)) for a in named for b in named if not a & b})
    if not apart:
        return ()
    shown = ", ".join(apart[:_MOST_SHOWN]) + (" and more" if len(apart) > _MOST_SHOWN else "")
    return (f"the inputs name different computers, so they may not tell of one device: {shown}",)


def _computers(parsed: Parsed) -> frozenset[str]:
    """The computers that an input says it comes from, without their domains."""
    logged = parsed.facts.get("computers")
    names = [*(logged if isinstance(logged, dict) else ()), *(parsed.facts.get(name) for name in _NAME_FACTS)]
    if parsed.kind not in _NAMING_KINDS:
        return frozenset()
    return frozenset(name.upper().split(".")[0] for name in names if isinstance(name, str) and name)


_NAMING_KINDS = frozenset(
    {"evtx", "msinfo32", "dsregcmd", "manage-bde-status", "get-bitlockervolume", "collector-facts", "intune-zip"}
)
