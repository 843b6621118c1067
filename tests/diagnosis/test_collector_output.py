"""What the collector script writes is read, and its own file of facts decides what no tool prints."""

import json
import re

import pytest

from tui.diagnosis import collector, formats
from tui.diagnosis.decode import make_sample
from tui.diagnosis.kb_conditions import all_hold, evaluate
from tui.diagnosis.kb_device import local_device
from tui.diagnosis.sample import Parsed

SCRIPT = collector.collector_script()

FACTS = {
    "reseal_collector": 1,
    "collected": "2026-04-15T08:02:11Z",
    "computer": "LAB-PC07",
    "consent": "switch",
    "consent_reference": "INC0010042",
    "elevated": True,
    "days": 30,
    "os_build": "10.0.26100.8246",
    "fve_policies": {
        "values": {"OSActiveDirectoryBackup": 1},
        "uefi_profile": {"Enabled": 1, "0": 0, "7": 1, "11": 1},
        "bios_profile": {},
    },
    "secure_boot": {
        "enabled": True,
        "db_has_windows_uefi_ca_2023": True,
        "servicing": {"UEFICA2023Status": "InProgress", "WindowsUEFICA2023Capable": 1},
        "available_updates": 0,
    },
    "tls": {"host": "enterpriseregistration.windows.net", "issuer": "CN=Corp Proxy CA", "error": None},
    "failed": ["msinfo32: msinfo32 did not end within 4 minutes"],
}

_CONTENT = {
    "manage-bde-status.txt": b"Volume C: [OS]\r\n[OS Volume]\r\n\r\n    Size:                 475.83 GB\r\n"
    b"    BitLocker Version:    2.0\r\n    Conversion Status:    Fully Encrypted\r\n"
    b"    Percentage Encrypted: 100.0%\r\n    Encryption Method:    XTS-AES 256\r\n"
    b"    Protection Status:    Protection On\r\n    Lock Status:          Unlocked\r\n"
    b"    Identification Field: None\r\n    Key Protectors:\r\n        TPM\r\n        Numerical Password\r\n",
    "manage-bde-protectors-": b"Volume C: [OS]\r\nAll Key Protectors\r\n\r\n    Numerical Password:\r\n"
    b"      ID: {3F2504E0-4F89-41D3-9A0C-0305E82C3301}\r\n      Password:\r\n        [removed]\r\n\r\n"
    b"    TPM:\r\n      ID: {7D2B90E4-51A6-4C3F-8E07-2B64F1A9C85D}\r\n      PCR Validation Profile:\r\n"
    b"        7, 11\r\n",
    "get-bitlockervolume.json": json.dumps(
        [
            {
                "ComputerName": "LAB-PC07",
                "MountPoint": "C:",
                "EncryptionMethod": "XtsAes256",
                "VolumeStatus": "FullyEncrypted",
                "ProtectionStatus": "On",
                "LockStatus": "Unlocked",
                "EncryptionPercentage": 100,
                "VolumeType": "OperatingSystem",
                "CapacityGB": 475.8,
                "KeyProtector": [
                    {"KeyProtectorId": "{3F2504E0-4F89-41D3-9A0C-0305E82C3301}", "KeyProtectorType": "RecoveryPassword"}
                ],
            }
        ]
    ).encode(),
    "bitlocker-management.evtx": b"ElfFile\0" + bytes(4088),
    "system.evtx": b"ElfFile\0" + bytes(4088),
    "setup.evtx": b"ElfFile\0" + bytes(4088),
    "dsregcmd-status.txt": b"| Device State                                                         |\r\n"
    b"             AzureAdJoined : YES\r\n          EnterpriseJoined : NO\r\n              DomainJoined : NO\r\n",
    "msinfo32.txt": b"OS Name\tMicrosoft Windows 11 Enterprise\r\nVersion\t10.0.26100 Build 26100\r\n"
    b"System Name\tLAB-PC07\r\nSystem Model\tMade Up 14\r\nBIOS Mode\tUEFI\r\nSecure Boot State\tOn\r\n"
    b"PCR7 Configuration\tBound\r\n",
    "test-netconnection.txt": b"ComputerName     : enterpriseregistration.windows.net\r\n"
    b"RemoteAddress    : 192.0.2.1\r\n"
    b"RemotePort       : 443\r\nInterfaceAlias   : Ethernet\r\nSourceAddress    : 192.0.2.7\r\n"
    b"TcpTestSucceeded : True\r\n",
    "collector-facts.json": json.dumps(FACTS, indent=2).encode(),
    "MeasuredBoot": b"\0\0\0\0\x03\0\0\0"
    + bytes(20)
    + b"\x21\0\0\0"
    + b"Spec ID Event03\0"
    + bytes(4)
    + b"\0\x02\0\x02"
    b"\x01\0\0\0\x0b\0\x20\0\0",
}
_KINDS = {
    "manage-bde-status.txt": "manage-bde-status",
    "manage-bde-protectors-": "manage-bde-protectors",
    "get-bitlockervolume.json": "get-bitlockervolume",
    "bitlocker-management.evtx": "evtx",
    "system.evtx": "evtx",
    "setup.evtx": "evtx",
    "dsregcmd-status.txt": "dsregcmd",
    "msinfo32.txt": "msinfo32",
    "test-netconnection.txt": "test-netconnection",
    "collector-facts.json": "collector-facts",
    "MeasuredBoot": "tcg",
}


def _written() -> set[str]:
    """Every name that the script gives to a file or folder in its zip."""
    texts = set(re.findall(r"Save-Text \(?'([^']+)'", SCRIPT))
    logs = set(re.findall(r"Save-EventLog '[^']+' '([^']+)'", SCRIPT))
    folders = set(re.findall(r"New-Item -ItemType Directory -Path \(Join-Path \$Folder '([^']+)'\)", SCRIPT))
    return texts | logs | folders


def test_every_file_it_writes_is_known_here() -> None:
    assert _written() == _CONTENT.keys() == _KINDS.keys()


@pytest.mark.parametrize("name", sorted(_CONTENT))
def test_every_file_it_writes_is_read(name: str) -> None:
    sample = make_sample(name, _CONTENT[name])
    known = (*formats.FORMATS, *collector.FORMATS)
    best = max(known, key=lambda known_format: known_format.recognise(sample))
    assert best.recognise(sample) >= formats.THRESHOLD
    assert best.parse(sample).kind == _KINDS[name]


def _facts(**changed: object) -> Parsed:
    return collector.parse(make_sample("collector-facts.json", json.dumps({**FACTS, **changed}).encode()))


def test_the_facts_file_decides_what_no_tool_prints() -> None:
    parsed = _facts()
    assert parsed.facts["os_build"] == "10.0.26100.8246"
    assert (parsed.facts["consent"], parsed.facts["consent_reference"]) == ("switch", "INC0010042")
    assert parsed.facts["fve_platform_validation_uefi"] == [7, 11]
    assert parsed.facts["backup_required"] is False
    assert (parsed.facts["ca_2023_in_db"], parsed.facts["boot_manager_2023"]) == (True, False)
    assert parsed.facts["tls_issuer"] == "CN=Corp Proxy CA"
    assert parsed.problems == ("msinfo32: msinfo32 did not end within 4 minutes",)
    names = ["policy-profile-has-pcr7", "uefi-ca-2023-in-db", "boot-manager-not-2023-signed"]
    assert all_hold(evaluate(names, local_device([parsed])))


def test_what_was_not_read_stays_unknown() -> None:
    without = {name: value for name, value in FACTS.items() if name not in ("fve_policies", "secure_boot", "tls")}
    parsed = collector.parse(make_sample("collector-facts.json", json.dumps(without).encode()))
    device = local_device([parsed])
    assert (device.policy_pcrs, device.backup_required) == (None, None)
    assert (device.ca_2023_in_db, device.boot_manager_2023, device.secure_boot) == (None, None, None)
    empty = _facts(fve_policies={"values": {"OSRequireActiveDirectoryBackup": 1}, "uefi_profile": {}})
    assert local_device([empty]).policy_pcrs == ()
    assert local_device([empty]).backup_required is True


@pytest.mark.parametrize("content", [b"{}", b"[1]", b"not json", b'{"reseal_collector": 2}', b"", b"\xff\xfe\x00"])
def test_other_files_are_not_taken_for_it(content: bytes) -> None:
    assert collector.recognise(make_sample("collector-facts.json", content)) == 0


@pytest.mark.parametrize("name", sorted(FACTS))
@pytest.mark.parametrize("value", [None, [], 7, "x", {"values": []}, {"servicing": 3, "uefi_profile": [1]}])
def test_odd_facts_are_no_error(name: str, value: object) -> None:
    parsed = _facts(**{name: value})
    assert parsed.kind == "collector-facts"
    assert json.dumps(parsed.facts)
