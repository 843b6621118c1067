"""The hard cases of the seed's field guide, each a ticket with devices and keys that turn on one point."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from tui.demo.fleet import DAY, HOUR, Fleet
from tui.demo.hostile import HOSTILE_BODY, HOSTILE_NAME, HOSTILE_TITLE
from tui.demo.ids import guid
from tui.demo.records import Action, Device, Person, Quoting, Story
from tui.demo.stories import APRIL_24H2, LONGITUDE_5450, LONGITUDE_7450, TOWER, WORKPAD
from tui.demo.tenant import FIXED_DATA, OPERATING_SYSTEM, ROTATE

ESCROW_CAP = 200
"""Keys that Entra ID keeps for one device object (Microsoft Learn, encrypt devices with Intune)."""


@dataclass(frozen=True, slots=True)
class Cast:
    """What a case brings on stage; the first device and key are the ones that the ticket is about."""

    story: Story
    devices: tuple[Device, ...]
    keys: tuple[str, ...]
    priority: int = 3


@dataclass(slots=True)
class Stage:
    """Helps the cases to build: everything of a case is in the first administrative unit unless the case moves it."""

    fleet: Fleet

    def laptop(self, owner: Person | None = None, name: str = "") -> Device:
        """An April laptop of the big group."""
        device = self.fleet.device(LONGITUDE_5450, APRIL_24H2, owner or self.caller(), name)
        device.unit = self.fleet.tenant.units[0].id
        device.trust = "AzureAd"
        return device

    def caller(self, voice: str = "en-brief") -> Person:
        """Somebody who is no very important person."""
        return self.fleet.person(voice, vip=False)

    def add(self, *devices: Device) -> None:
        """Register devices with their keys."""
        for device in devices:
            self.fleet.tenant.add_device(device)

    def ticket(self, device: Device, key_id: str, quoting: Quoting, plot: str = "pcr7") -> Story:
        """The device's user calls about it."""
        caller = device.primary_user or self.caller()
        return Story(plot, caller, device.name, device.build.kb, key_id, quoting, True, True, 1)


def _plain(stage: Stage) -> Cast:
    device = stage.laptop()
    stage.add(device)
    return Cast(stage.ticket(device, device.keys[0].id, "prefix"), (device,), (device.keys[0].id,))


def _vip(stage: Stage) -> Cast:
    device = stage.laptop(stage.fleet.person("en-upset", vip=True))
    device.hardware, device.unit = LONGITUDE_7450, stage.fleet.tenant.units[1].id
    stage.add(device)
    return Cast(stage.ticket(device, device.keys[0].id, "full"), (device,), (device.keys[0].id,), priority=1)


def _hostile(stage: Stage) -> Cast:
    device = stage.laptop(name=HOSTILE_NAME)
    stage.add(device)
    key_id = device.keys[0].id
    told = replace(
        stage.ticket(device, key_id, "prefix"), title=HOSTILE_TITLE, body=HOSTILE_BODY.replace("{id}", key_id[:8])
    )
    return Cast(told, (device,), (key_id,))


def _same_display_name(stage: Stage) -> Cast:
    owner = stage.caller("en-agent")
    older, newer = stage.laptop(owner, "DEMO-LT-7001"), stage.laptop(owner, "DEMO-LT-7001")
    newer.serial = older.serial
    newer.registered = stage.fleet.base - 6 * DAY
    newer.keys[0].created = newer.registered + HOUR
    stage.add(older, newer)
    keys = (older.keys[0].id, newer.keys[0].id)
    return Cast(stage.ticket(older, keys[0], "prefix"), (older, newer), keys)


def _stale_key(stage: Stage) -> Cast:
    device, base = stage.laptop(), stage.fleet.base
    former = guid(stage.fleet.rng)
    device.keys[0].created = base - DAY
    device.actions.append(Action(ROTATE, "done", base - DAY - HOUR, base - DAY))
    stage.add(device)
    return Cast(stage.ticket(device, former, "full"), (device,), (former, device.keys[0].id))


def _data_volume(stage: Stage) -> Cast:
    device = stage.laptop()
    data = stage.fleet.key(device, FIXED_DATA, device.registered + 2 * HOUR)
    device.keys.append(data)
    stage.add(device)
    return Cast(stage.ticket(device, data.id, "full", "unknown"), (device,), (data.id, device.keys[0].id))


def _same_prefix(stage: Stage) -> Cast:
    device, other = stage.laptop(), stage.laptop()
    other.keys[0].id = device.keys[0].id[:8] + other.keys[0].id[8:]
    stage.add(device, other)
    keys = (device.keys[0].id, other.keys[0].id)
    return Cast(stage.ticket(device, keys[0], "prefix"), (device, other), keys)


def _renamed_device(stage: Stage) -> Cast:
    device = stage.laptop(name="DEMO-LT-7102")
    told = replace(stage.ticket(device, device.keys[0].id, "prefix"), device_name="DEMO-LT-7002")
    stage.add(device)
    return Cast(told, (device,), (device.keys[0].id,))


def _autopilot_reuse(stage: Stage) -> Cast:
    device = stage.laptop(stage.caller("de"))
    device.owner_changed = True
    device.physical_ids = (f"[ZTDID]:{guid(stage.fleet.rng)}",)
    stage.add(device)
    target = {"id": device.object_id, "displayName": device.name, "type": "Device", "modifiedProperties": []}
    tenant, base = stage.fleet.tenant, stage.fleet.base
    tenant.record("Add registered owner to device", "Device", stage.caller(), target, base - 5 * DAY)
    return Cast(stage.ticket(device, device.keys[0].id, "full"), (device,), (device.keys[0].id,))


def _cloned_disk(stage: Stage) -> Cast:
    device, donor = stage.laptop(), stage.laptop()
    stage.add(device, donor)
    told = stage.ticket(device, donor.keys[0].id, "full", "tpm")
    return Cast(told, (device, donor), (donor.keys[0].id, device.keys[0].id))


def _ad_only(stage: Stage) -> Cast:
    device = stage.laptop(stage.caller("fr"))
    device.trust, device.owner = "ServerAd", None
    device.keys.clear()
    stage.add(device)
    key_id = guid(stage.fleet.rng)
    return Cast(stage.ticket(device, key_id, "full"), (device,), (key_id,))


def _never_escrowed(stage: Stage) -> Cast:
    device = stage.laptop(stage.caller("pl"))
    device.keys.clear()
    device.compliance, device.rotates = "noncompliant", False
    device.encryption_causes = "recoveryKeyBackupFailed,networkError"
    stage.add(device)
    key_id = guid(stage.fleet.rng)
    return Cast(stage.ticket(device, key_id, "prefix"), (device,), (key_id,))


def _winre_loop(stage: Stage) -> Cast:
    device = stage.laptop()
    stage.add(device)
    body = (
        "It restarts again and again, says 'Preparing Automatic Repair', then a menu with Troubleshoot and "
        "Advanced options. There is no key ID anywhere on the screen. When I choose Command Prompt nothing happens."
    )
    told = replace(stage.ticket(device, "", "none", "unknown"), title=f"{device.name} in a repair loop", body=body)
    return Cast(told, (device,), (device.keys[0].id,))


def _network_unlock(stage: Stage) -> Cast:
    device = stage.laptop()
    device.hardware, device.trust = TOWER, "ServerAd"
    stage.add(device)
    key_id = device.keys[0].id
    body = (
        f"All desktops on the second floor normally start by themselves on the office network (Network Unlock). "
        f"Since the switch was replaced this one waits at BitLocker. Recovery key ID: {key_id.upper()}."
    )
    told = replace(stage.ticket(device, key_id, "full", "unknown"), title="Desktop does not start alone", body=body)
    return Cast(told, (device,), (key_id,))


def _escrow_cap(stage: Stage) -> Cast:
    device, fleet = stage.laptop(), stage.fleet
    device.hardware = WORKPAD
    for number in range(1, ESCROW_CAP):
        device.keys.append(fleet.key(device, OPERATING_SYSTEM, device.registered + number * HOUR))
    stage.add(device)
    key_id = guid(fleet.rng)
    return Cast(stage.ticket(device, key_id, "prefix"), (device,), (key_id, device.keys[-1].id))


def _device_deleted(stage: Stage) -> Cast:
    device, tenant = stage.laptop(), stage.fleet.tenant
    stage.add(device)
    told, key_id = stage.ticket(device, device.keys[0].id, "full"), device.keys[0].id
    tenant.remove_device(device)
    target = {"id": device.object_id, "displayName": device.name, "type": "Device", "modifiedProperties": []}
    tenant.record("Delete device", "Device", stage.caller(), target, stage.fleet.base - 2 * DAY)
    return Cast(told, (device,), (key_id,))


def _rotation_fails(stage: Stage) -> Cast:
    device = stage.laptop()
    device.rotates = False
    stage.add(device)
    return Cast(stage.ticket(device, device.keys[0].id, "prefix"), (device,), (device.keys[0].id,))


def _re_imaged(stage: Stage) -> Cast:
    owner = stage.caller()
    former, device = stage.laptop(owner, "DEMO-LT-7103"), stage.laptop(owner, "DEMO-LT-7203")
    device.serial, device.registered = former.serial, stage.fleet.base - 20 * DAY
    device.keys.clear()
    stage.add(device, former)
    key_id = former.keys[0].id
    return Cast(stage.ticket(device, key_id, "prefix"), (device, former), (key_id,))


def _mdm_pipeline(stage: Stage) -> Cast:
    device = stage.laptop()
    device.compliance, device.unmet = "noncompliant", ("BitLockerEnabled",)
    stage.add(device)
    return Cast(stage.ticket(device, device.keys[0].id, "prefix"), (device,), (device.keys[0].id,))


def _compliance_lag(stage: Stage) -> Cast:
    device, base = stage.laptop(), stage.fleet.base
    device.compliance, device.entra_compliant = "noncompliant", True
    device.last_sync, device.last_seen = base - 3 * DAY, base - HOUR
    stage.add(device)
    return Cast(stage.ticket(device, device.keys[0].id, "prefix"), (device,), (device.keys[0].id,))


def _no_policy(stage: Stage) -> Cast:
    device = stage.laptop()
    device.encryption_policy = ""
    stage.add(device)
    return Cast(stage.ticket(device, device.keys[0].id, "prefix"), (device,), (device.keys[0].id,))


def _left_alone(stage: Stage) -> Cast:
    device, base = stage.laptop(), stage.fleet.base
    device.registered = base - 400 * DAY
    device.last_seen = device.last_sync = base - 120 * DAY
    device.keys[0].created = device.registered + HOUR
    stage.add(device)
    return Cast(stage.ticket(device, device.keys[0].id, "prefix"), (device,), (device.keys[0].id,))


CASES: dict[str, tuple[str, Callable[[Stage], Cast]]] = {
    "plain": ("an honest ordinary case", _plain),
    "vip": ("a very important person, priority 1, outside the scoped engineer's unit", _vip),
    "hostile": ("ticket and device name full of escape sequences and markup", _hostile),
    "same-display-name": ("two device objects with one name; the key is on the older", _same_display_name),
    "same-prefix": ("two keys of different devices begin with the same 8 digits", _same_prefix),
    "stale-key": ("the ID is of a key that a rotation replaced; first the old one, then the new", _stale_key),
    "data-volume": ("the ID is of a fixed data volume; then the operating system's", _data_volume),
    "renamed-device": ("the ticket has the name before the renaming", _renamed_device),
    "autopilot-reuse": ("the owner changed after escrow; a scoped role has lost it", _autopilot_reuse),
    "cloned-disk": ("the ID is of another device: the donor", _cloned_disk),
    "ad-only": ("hybrid joined, no key in Entra ID", _ad_only),
    "never-escrowed": ("Entra joined, encrypted, nothing was ever backed up", _never_escrowed),
    "winre-loop": ("Windows repair loop, no key ID on the screen", _winre_loop),
    "network-unlock": ("Network Unlock failed", _network_unlock),
    "escrow-cap": ("200 keys on the object, the newest key was not accepted", _escrow_cap),
    "device-deleted": ("the device object was deleted, and its keys with it", _device_deleted),
    "rotation-fails": ("the device answers a rotation with an error", _rotation_fails),
    "re-imaged": ("set up anew: the key is on the former object of the same machine", _re_imaged),
    "mdm-pipeline": ("encrypted and escrowed, and Intune says non-compliant", _mdm_pipeline),
    "compliance-lag": ("Intune's word is three days old and against Entra ID's", _compliance_lag),
    "no-policy": ("no encryption policy is assigned", _no_policy),
    "left-alone": ("a device object that a clean-up would take, and its key with it", _left_alone),
}
