"""What leaves the console for a group: the list of devices still to come, and a script that suspends protection there.

The texts are for other tools, so nothing in them may be taken for a formula or for code: cells are quoted and defused,
names in the script are single-quoted literals.
"""

import csv
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tui.errors import Problem, ProblemKind
from tui.model.audit import AuditEntry, AuditEvent, Operator
from tui.model.group import Group
from tui.model.incident import Incident
from tui.ports import AuditTrail
from tui.services.fleet import FleetDevice
from tui.services.incident_evidence import Facets
from tui.services.mass import MassService, device_name
from tui.services.self_service import PAGE
from tui.text import clean_line

REBOOTS = {
    1: "protection is back after one restart; an update that needs two will still ask for the key at the second",
    2: "covers updates that restart twice, as Secure Boot updates do; two boots go unprotected",
    3: "covers a firmware update on top; three boots go unprotected, which can take days",
}
"""Reboot counts on offer, each with its trade-off (Suspend-BitLocker -RebootCount takes 0 to 15; 0 never resumes)."""

SECOPS_NOTE = (
    "While protection is suspended the volume key lies on the disk in the clear: who takes the device can read it.\n"
    "Tell SecOps before: how many devices, since when, how many restarts, and who checks that protection is back."
)
"""What has to be said to those who watch over the fleet."""

_FORMULA = ("=", "+", "-", "@")


def device_list(devices: Sequence[FleetDevice], kb: str) -> str:
    """The devices as CSV, with a header; build and check-in are Intune's, empty where it has no such device."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("device", "entra_device_id", "update", "build", "last_check_in", "model", "firmware"))
    for device in devices:
        seen = f"{device.synced_at:%Y-%m-%dT%H:%MZ}" if device.synced_at is not None else ""
        facets = device.facets
        cells = (device.name, device.id, kb, facets.build, seen, facets.model, facets.firmware)
        writer.writerow([_defused(cell) for cell in cells])
    return out.getvalue()


def _defused(cell: str) -> str:
    """Spreadsheets run what begins like a formula, and take a lone carriage return for the end of a row."""
    cell = clean_line(cell)
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def suspend_script(group: Group, devices: Sequence[FleetDevice], reboots: int) -> str:
    """A PowerShell script for the management tool: suspends only on listed devices, only where protection is on."""
    if reboots not in REBOOTS:
        raise ValueError(f"reboot count {reboots} is not on offer")
    names = ",\n    ".join(_literal(device.name) for device in devices) or "# no device"
    comment = "\n".join(f"# {line}" for line in (*SECOPS_NOTE.split("\n"), f"{reboots}: {REBOOTS[reboots]}"))
    return f"""\
# Suspends BitLocker on devices that have {group.key.kb or "the update"} and have not restarted yet.
{comment}
# Run as SYSTEM on every device of the list; a device that is not on it is left alone.
$devices = @(
    {names}
)
if ($devices -notcontains $env:COMPUTERNAME) {{ exit 0 }}
$volume = Get-BitLockerVolume -MountPoint $env:SystemDrive -ErrorAction Stop
if ($volume.ProtectionStatus -ne 'On') {{ Write-Output 'protection is not on'; exit 0 }}
Suspend-BitLocker -MountPoint $env:SystemDrive -RebootCount {reboots} -ErrorAction Stop | Out-Null
Write-Output "suspended for {reboots} restart(s)"
"""


def _literal(name: str) -> str:
    """A single-quoted PowerShell string: PowerShell also takes typographic quotes for quotes."""
    quotes = "'\u2018\u2019\u201a\u201b"
    return "'" + "".join(char * 2 if char in quotes else char for char in name if char.isprintable()) + "'"


def notice_text(group: Group) -> str:
    """What may be sent to owners where the tenant lets them read their own keys."""
    update = f" after {group.key.kb}" if group.key.kb else ""
    return (
        f"Some computers ask for a BitLocker recovery key{update}. You can look yours up yourself: on another device "
        f"open {PAGE}, choose the computer, View BitLocker keys, and compare the key ID with the one on the blue "
        "screen. Never give the 48 digits to anybody who calls you."
    )


def write_export(folder: Path, name: str, text: str) -> Path:
    """Write a new private file; never follows a link, never overwrites. Raises `Problem`."""
    path = folder / name
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        what = f"{path.name} was not written"
        raise Problem(ProblemKind.LOCAL, what, error.strerror or "", f"Look at {folder}.") from error
    return path


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written; `left_out` says why there is no script, empty when there is one."""

    paths: tuple[Path, ...]
    left_out: str = ""


async def export_group(
    mass: MassService, audit: AuditTrail, operator: Operator, folder: Path, group: Group, reboots: int
) -> Exported:
    """Write the group's devices and, where the inventory knows devices still to come, these and the script for them.

    A script without devices is not written: it would look as if something had been done. Raises `Problem`.
    """
    incidents = mass.incidents(group)
    waiting = mass.forecast(group).waiting
    stem = f"group-{mass.now():%Y%m%d-%H%M%S}"
    members = [_member(mass, each) for each in incidents]
    paths = [write_export(folder, f"{stem}-members.csv", device_list(members, group.key.kb))]
    why = ""
    if waiting:
        paths.append(write_export(folder, f"{stem}-waiting.csv", device_list(waiting, group.key.kb)))
        paths.append(write_export(folder, f"{stem}-suspend.ps1", suspend_script(group, waiting, reboots)))
    else:
        why = mass.fleet.why or "Intune's inventory has not been read"
        why = "no device of the inventory waits" if mass.fleet.known else why
    names = ", ".join(path.name for path in paths)
    note = f"{len(members)} members, {len(waiting)} devices to suspend for {reboots} restarts: {names}"
    await audit.append(AuditEntry(event=AuditEvent.EXPORT, operator=operator, note=note))
    return Exported(tuple(paths), f"no script: {why}" if why else "")


def _member(mass: MassService, incident: Incident) -> FleetDevice:
    """As the inventory has the only device of that name, else as far as the ticket tells."""
    known, name = mass.known(incident.id), device_name(incident)
    device = mass.fleet.named(name) or FleetDevice("", name, None, None, Facets())
    return replace(device, facets=known.facets) if known is not None and known.facets.model else device
