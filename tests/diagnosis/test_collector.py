"""The collector script: its syntax, that it only reads, and that no recovery password can leave it."""

import re
from collections.abc import Iterator

import pytest
import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

from tests.diagnosis.test_report import PASSWORD
from tui.diagnosis import collector
from tui.diagnosis.redact import redact

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
