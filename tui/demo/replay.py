"""A recorded or made-up surge, cast with the demo tenant's people and devices."""

import random

from tui.demo.fleet import Fleet
from tui.demo.ids import sys_id
from tui.demo.records import Build, Device, Hardware, Person, Story, Ticket
from tui.demo.stories import (
    APRIL_23H2,
    APRIL_24H2,
    APRIL_25H2,
    APRIL_WIN10,
    LONGITUDE_5450,
    LONGITUDE_7450,
    MAY_24H2,
    SLATEBOOK,
    TOWER,
    WORKPAD,
)
from tui.diagnosis.recovery_screen_codes import CODES
from tui.model.cause import CauseCode
from tui.services.replay import Replay, ReplayTicket

_HARDWARE: tuple[Hardware, ...] = (LONGITUDE_5450, LONGITUDE_7450, SLATEBOOK, WORKPAD, TOWER)
_BUILDS: tuple[Build, ...] = (APRIL_24H2, APRIL_25H2, APRIL_23H2, APRIL_WIN10, MAY_24H2)
_CODE_OF = {cause: name for name, (cause, _) in reversed(CODES.items())}
_SAID = {
    CauseCode.SECUREBOOT_CHANGED: (
        "The screen says that the Secure Boot policy has unexpectedly changed, and BitLocker asks for the recovery key."
    ),
    CauseCode.FIRMWARE_UPDATE: "The BIOS was updated and after the restart BitLocker asks for the recovery key.",
    CauseCode.WRONG_PIN: "I entered the wrong BitLocker PIN and now it wants the recovery key.",
    CauseCode.TPM_CLEARED: "The TPM was cleared in the firmware setup and now the BitLocker recovery screen is there.",
    CauseCode.NETWORK_UNLOCK: "Network Unlock did not work and the desktop asks for the BitLocker recovery key.",
    CauseCode.WINRE_BOOT_FAILURE: (
        "After failed boots Windows went into Automatic Repair (WinRE) and wants the BitLocker recovery key."
    ),
    CauseCode.NOT_BITLOCKER: "It hangs in a repair loop, no key is asked for.",
}
_ANYTHING = "BitLocker asks for the recovery key."


def cast_replay(rng: random.Random, fleet: Fleet, replay: Replay) -> list[Ticket]:
    """A ticket of the desk for each of the replay, told by and about invented people and their devices."""
    owners: dict[int, tuple[Person, Device]] = {}
    tickets = []
    for number, played in enumerate(replay.tickets):
        if played.device not in owners:
            owners[played.device] = _device(rng, fleet, played)
        person, device = owners[played.device]
        story = Story(
            plot="replay",
            caller=person,
            device_name=device.name,
            kb=played.kb,
            key_id=device.keys[0].id,
            quoting=played.quoting,
            tells_code=played.tells_code,
            tells_kb=bool(played.kb),
            turn=rng.getrandbits(16),
            title=f"{device.name} does not start",
            body=told(played, device.keys[0].id),
        )
        # One second in, so that nothing of it stands on the desk before the play begins.
        tickets.append(Ticket(sys_id(rng), f"INC{number + 10001:07d}", story, played.priority, played.at + 1))
    return tickets


def _device(rng: random.Random, fleet: Fleet, played: ReplayTicket) -> tuple[Person, Device]:
    person = fleet.person()
    builds = [build for build in _BUILDS if build.kb == played.kb] or list(_BUILDS)
    hardware = _HARDWARE[int(rng.random() * len(_HARDWARE))]
    device = fleet.device(hardware, builds[int(rng.random() * len(builds))], person)
    fleet.tenant.add_device(device)
    return person, device


def told(played: ReplayTicket, key_id: str) -> str:
    """The text of a ticket: no more than the replay says was told."""
    if played.cause is CauseCode.NOT_BITLOCKER:
        return _SAID[played.cause]
    code = _CODE_OF.get(played.cause, "") if played.tells_code or played.cause not in _SAID else ""
    parts = [_ANYTHING if code else _SAID.get(played.cause, _ANYTHING)]
    if code and played.cause is not CauseCode.UNKNOWN:
        parts.append(f"The screen says {code}.")
    if played.event == "dbx":
        parts[0] = "It installed a Secure Boot update (dbx) and now BitLocker asks for the recovery key."
    if played.kb:
        parts.append(f"Update history shows {played.kb}.")
    if played.quoting != "none":
        quoted = key_id.upper() if played.quoting == "full" else key_id[:8].upper()
        parts.append(f"Recovery key ID {quoted}")
    return " ".join(parts)
