"""The collector script: its syntax, that it only reads, that no recovery password can leave it, and that what it writes
is read."""

import json
import re
from collections.abc import Iterator

import pytest
import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

from tests.diagnosis.test_report import PASSWORD
from tui.diagnosis import collector, formats
from tui.diagnosis.decode import make_sample
from tui.diagnosis.kb_conditions import all_hold, evaluate
from tui.diagnosis.kb_device import local_device
from tui.diagnosis.redact import redact
from tui.diagnosis.sample import Parsed

SCRIPT = collector.collector_script()

_READING = {
    "Get-BitLockerVolume",
    "Get-ChildItem",
    "Get-Content",
    "Get-Item",
    "Get-Location",
    "Get-SecureBootUEFI",
    "Confirm-SecureBootUEFI",
    "Test-NetConnection",
    "Test-Path",
    "Read-Host",
}
_SHAPING = {
    "Add-Type",
    "ConvertTo-Json",
    "ForEach-Object",
    "Format-List",
    "Join-Path",
    "New-Object",
    "Out-String",
    "Select-Object",
    "Set-StrictMode",
    "Sort-Object",
    "Write-Host",
    "Write-Output",
}
_WEVTUTIL = "(Join-Path $env:SystemRoot 'System32\\wevtutil.exe')"
_WITHIN_ITS_FOLDER = {"New-Item", "Copy-Item", "Remove-Item"}


def _tree() -> Node:
    return Parser(Language(tree_sitter_powershell.language())).parse(SCRIPT.encode()).root_node


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _walk(child)


def _commands() -> list[tuple[str, str]]:
    """Every command with its text."""
    found = []
    for node in _walk(_tree()):
        if node.type == "command" and node.text is not None:
            name = node.child_by_field_name("command_name")
            found.append(((name.text or b"").decode() if name else "&", node.text.decode()))
    return found


def test_the_syntax_is_right() -> None:
    wrong = [(node.start_point[0] + 1, node.type) for node in _walk(_tree()) if node.is_error or node.is_missing]
    assert not wrong
    assert "#Requires -Version 5.1" in SCRIPT
    assert SCRIPT.isascii(), "Windows PowerShell reads a file without a mark in the code page of the machine"


def test_it_only_reads() -> None:
    own = {name.group(1) for name in re.finditer(r"^function ([\w-]+)", SCRIPT, re.MULTILINE)}
    allowed = _READING | _SHAPING | own | {"&", "$Part", "$found", _WEVTUTIL, "Start-Process"}
    for name, text in _commands():
        if name in _WITHIN_ITS_FOLDER:
            assert re.search(r"\$(?:Folder|report|target\.FullName)\b", text), text
        else:
            assert name in allowed, text
    started = [text for name, text in _commands() if name == "Start-Process"]
    assert len(started) == 1
    assert "msinfo32.exe" in started[0]


def test_tools_are_asked_for_listings_only() -> None:
    calls = re.findall(r"Get-ToolText '([\w.-]+)' @\(([^)]*)\)", SCRIPT)
    assert sorted(calls) == [
        ("dsregcmd.exe", "'/status'"),
        ("manage-bde.exe", "'-protectors', '-get', $volume.MountPoint"),
        ("manage-bde.exe", "'-status'"),
    ]
    assert re.findall(r"& \(Join-Path \$env:SystemRoot 'System32\\(\w+)\.exe'\) (\w+)", SCRIPT) == [("wevtutil", "epl")]


def test_no_line_can_emit_a_recovery_password() -> None:
    for number, line in enumerate(SCRIPT.splitlines(), 1):
        assert "RecoveryPassword" not in line, number
        assert not re.search(r"-(?:ExpandProperty|ExcludeProperty)|Select-Object\s+(?:-Property\s+)?\*", line), number
        if "KeyProtector" in line and "|" in line:
            assert "Select-Object -Property $protector" in line, number
    listed = re.search(r"\$protector = @\(([^)]*)\)", SCRIPT)
    assert listed is not None
    assert re.findall(r"'(\w+)'", listed[1]) == [
        "KeyProtectorId",
        "AutoUnlockProtector",
        "KeyProtectorType",
        "KeyFileName",
    ]
    writes = [
        line.strip() for line in SCRIPT.splitlines() if re.search(r"WriteAllText|Out-File|Set-Content|>\s*\$", line)
    ]
    assert len(writes) == 1
    assert "(Hide-Digits $Text)" in writes[0], "every text is stripped of passwords where it is written"


@pytest.mark.parametrize(
    "text",
    [
        f"      Password:\r\n        {PASSWORD}\r\n",
        PASSWORD.replace("-", " "),
        PASSWORD.replace("-", "\r\n"),
        PASSWORD.replace("-", ""),
        f"Kennwort: {PASSWORD[:27]}\r\n",
    ],
)
def test_the_script_strips_passwords_before_it_writes(text: str) -> None:
    stripped = text
    patterns = re.findall(r"\[regex\]::Replace\(\$\w+, '([^']+)', '\[removed\]'\)", SCRIPT)
    assert len(patterns) == 3
    for pattern in patterns:
        stripped = re.sub(pattern, "[removed]", stripped)
    assert "[removed]" in stripped
    assert not any(block in stripped for block in PASSWORD.split("-")[:4])
    assert redact(stripped)[1] == 0


def test_stripping_leaves_json_and_ids_alone() -> None:
    kept = '{"KeyProtectorId": "{3F250412-4F89-41D3-9A0C-030512345678}", "size": 511101108224, "MetadataVersion": 2}'
    for pattern in re.findall(r"\[regex\]::Replace\(\$\w+, '([^']+)', '\[removed\]'\)", SCRIPT):
        assert re.sub(pattern, "[removed]", kept) == kept


def test_it_asks_before_it_collects() -> None:
    asked, first = SCRIPT.index("$agreed = Confirm-Collection"), SCRIPT.index("$Folder = Join-Path")
    assert asked < first
    assert "if ($Consent) { return 'switch' }" in SCRIPT
    assert "if ($answer -ne 'yes')" in SCRIPT


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
