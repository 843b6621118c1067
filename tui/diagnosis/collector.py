"""The collector script for an unlocked device, and the file of facts that it writes beside the tools' own outputs."""

import json
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from tui.diagnosis.sample import Facts, Format, Parsed, Sample
from tui.text import clean_line

KIND = "collector-facts"
SCRIPT = "Collect-BitLockerFacts.ps1"

_MARK = "reseal_collector"
_VERSION = 1
_MOST = 1_000_000
_BUILD = re.compile(r"10\.0\.\d{5}\.\d{1,5}")
_MOST_PCR = 23
_IN_DB, _STARTS_FROM_IT = 1, 2
"""Values of WindowsUEFICA2023Capable: 1 the certificate is in db, 2 and the boot manager in use is signed with it."""


def collector_script() -> str:
    """The PowerShell 5.1 script: read-only, asks for consent, leaves out recovery passwords, writes one zip."""
    return files("tui.diagnosis").joinpath("data", SCRIPT).read_text(encoding="utf-8")


def recognise(sample: Sample) -> int:
    """The facts file names its own kind."""
    return 96 if sample.text is not None and _MARK in sample.text[:2_000] and _load(sample) is not None else 0


def parse(sample: Sample) -> Parsed:
    """Facts of the device that no tool prints: policies, Secure Boot servicing, who signs TLS, the whole build."""
    told = _load(sample)
    if told is None:
        return Parsed(KIND, {"type": KIND}, ("The file of facts is damaged.",))
    policies, secure_boot, tls = (_mapping(told.get(name)) for name in ("fve_policies", "secure_boot", "tls"))
    servicing = _mapping(secure_boot.get("servicing"))
    build = _line(told.get("os_build")) or ""
    facts: Facts = {
        "type": KIND,
        "computer": _line(told.get("computer")),
        "collected": _line(told.get("collected")),
        "consent": _line(told.get("consent")),
        "consent_reference": _line(told.get("consent_reference")),
        "elevated": _bool(told.get("elevated")),
        "os_build": build if _BUILD.fullmatch(build) else None,
        "fve_policies_read": "fve_policies" in told,
        "fve_platform_validation_uefi": _profile(policies.get("uefi_profile")),
        "fve_platform_validation_bios": _profile(policies.get("bios_profile")),
        "backup_required": _backup_required(policies) if "fve_policies" in told else None,
        "secure_boot": _bool(secure_boot.get("enabled")),
        "uefi_ca_2023_status": _line(servicing.get("UEFICA2023Status")),
        "ca_2023_in_db": _ca_in_db(secure_boot, servicing),
        "boot_manager_2023": _boot_manager(servicing),
        "tls_issuer": _line(tls.get("issuer")),
        "tls_error": _line(tls.get("error")),
    }
    failed = told.get("failed")
    return Parsed(KIND, facts, tuple(clean_line(str(each)) for each in failed[:50]) if isinstance(failed, list) else ())


def _load(sample: Sample) -> Mapping[str, Any] | None:
    try:
        told = json.loads((sample.text or "")[:_MOST])
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) and told.get(_MARK) == _VERSION else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _line(value: Any) -> str | None:
    return clean_line(value) or None if isinstance(value, str) else None


def _bool(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _profile(value: Any) -> list[int] | None:
    """PCRs that policy selects; None where it sets no profile."""
    values = _mapping(value)
    if not values or values.get("Enabled", 1) != 1:
        return None
    return sorted(int(name) for name, on in values.items() if name.isdecimal() and on == 1 and int(name) <= _MOST_PCR)


def _backup_required(policies: Mapping[str, Any]) -> bool:
    return _mapping(policies.get("values")).get("OSRequireActiveDirectoryBackup") == 1


def _ca_in_db(secure_boot: Mapping[str, Any], servicing: Mapping[str, Any]) -> bool | None:
    told = _bool(secure_boot.get("db_has_windows_uefi_ca_2023"))
    capable = servicing.get("WindowsUEFICA2023Capable")
    return told if told is not None else (capable >= _IN_DB if isinstance(capable, int) else None)


def _boot_manager(servicing: Mapping[str, Any]) -> bool | None:
    capable = servicing.get("WindowsUEFICA2023Capable")
    return capable == _STARTS_FROM_IT if isinstance(capable, int) else None


FORMATS: tuple[Format, ...] = (Format(KIND, recognise, parse),)
