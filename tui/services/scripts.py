"""PowerShell that the console shows to copy, with the device's own values in it. Nothing here is run.

Values go in as single-quoted strings, in which PowerShell expands nothing (Microsoft Learn, "about_Quoting_Rules").
"""

import re
from dataclasses import dataclass

from tui.text import clean_line

MAX_REBOOTS = 15
"""`Suspend-BitLocker -RebootCount` takes 0 to 15; 0 suspends until somebody resumes."""
ESCROW_HOST = "enterpriseregistration.windows.net"
_QUOTES = "'\u2018\u2019\u201a\u201b"
_DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True, slots=True)
class Script:
    """A script to copy: what it does, what it costs, and its lines."""

    title: str
    warning: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The lines in one."""
        return "\n".join(self.lines)


def quoted(value: str) -> str:
    """A PowerShell string that holds exactly this value, cleaned to one line.

    PowerShell takes the four typographic single quotes for quotes too; each is doubled like the straight one.
    """
    return "'" + "".join(letter * 2 if letter in _QUOTES else letter for letter in clean_line(value, 200)) + "'"


def suspend(device: str, reboots: int = 1, drive: str = "C:") -> Script:
    """Suspend protection for a number of restarts."""
    count = min(max(reboots, 1), MAX_REBOOTS)
    warning = (
        f"For {count} restart{'s' if count > 1 else ''} the drive opens without any check: whoever holds the machine "
        "holds its data. Keep the machine at hand"
        + (", and have security agree to more than one restart." if count > 1 else ".")
    )
    lines = (
        *_guard(device),
        f"Suspend-BitLocker -MountPoint {quoted(_drive(drive))} -RebootCount {count}",
        f"(Get-BitLockerVolume -MountPoint {quoted(_drive(drive))}).ProtectionStatus",
    )
    return Script("Suspend for maintenance", warning, lines)


def resume(device: str, drive: str = "C:") -> Script:
    """Switch protection on again."""
    lines = (
        *_guard(device),
        f"Resume-BitLocker -MountPoint {quoted(_drive(drive))}",
        f"(Get-BitLockerVolume -MountPoint {quoted(_drive(drive))}).ProtectionStatus",
    )
    return Script("Resume protection", "Seals to the state of now: firmware and boot order must be right first.", lines)


def back_up(device: str, key_id: str = "", drive: str = "C:") -> Script:
    """Back the recovery password up to Entra ID; the password itself is neither read nor printed."""
    wanted = f" -and $_.KeyProtectorId -eq {quoted('{' + key_id.upper() + '}')}" if key_id else ""
    lines = (
        *_guard(device),
        f"$volume = Get-BitLockerVolume -MountPoint {quoted(_drive(drive))}",
        f"$keys = $volume.KeyProtector | Where-Object {{ $_.KeyProtectorType -eq 'RecoveryPassword'{wanted} }}",
        "$keys | ForEach-Object {",
        f"  BackupToAAD-BitLockerKeyProtector -MountPoint {quoted(_drive(drive))} -KeyProtectorId $_.KeyProtectorId",
        "}",
    )
    return Script(
        "Back the key up to Entra ID", "Needs an elevated prompt and the network; event 845 proves it.", lines
    )


def test_path(device: str) -> Script:
    """Prove the way to the escrow: TCP, and who issued the certificate that answers."""
    lines = (
        *_guard(device),
        f"Test-NetConnection -ComputerName {quoted(ESCROW_HOST)} -Port 443 -InformationLevel Detailed",
        f"$client = [Net.Sockets.TcpClient]::new({quoted(ESCROW_HOST)}, 443)",
        "$tls = [Net.Security.SslStream]::new($client.GetStream())",
        f"$tls.AuthenticateAsClient({quoted(ESCROW_HOST)})",
        "$tls.RemoteCertificate.Issuer",
        "$client.Dispose()",
    )
    return Script(
        "Prove the network path", "A private issuer means TLS inspection, which device registration refuses.", lines
    )


def _guard(device: str) -> tuple[str, ...]:
    """Refuse to run on another machine than the one that the script was made for."""
    if not device:
        return ()
    name = quoted(device)
    return (f"if ([Net.Dns]::GetHostName() -ne {name}) {{ throw 'Made for another computer.' }}",)


def _drive(drive: str) -> str:
    return drive.upper() if _DRIVE.fullmatch(drive) else "C:"
