"""The live tenant: device objects, escrowed keys and the audit log, with the indexes that the servers ask."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from tui.demo.clock import iso_ticks
from tui.demo.ids import guid_of, recovery_password
from tui.demo.records import Action, Device, Key, Person, Unit

DOMAIN = "demo.example"
TENANT_NAME = "Demo Tenant"
OPERATING_SYSTEM, FIXED_DATA = 1, 2
ROTATE = "rotateBitLockerKeys"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An entry of the directory's audit log; it shows from `play_second` on, plus the log's delay."""

    play_second: float
    item: dict[str, Any]


@dataclass(slots=True)
class Tenant:
    """Everything the Graph server answers from. Keys keep their place when they go, so that paging never skips one."""

    seed: int
    units: tuple[Unit, ...]
    people: dict[str, Person] = field(default_factory=dict)
    devices: list[Device] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    audits: list[AuditEntry] = field(default_factory=list)
    owners_may_read: bool = True
    audit_delay: float = 0.0
    by_object: dict[str, Device] = field(default_factory=dict)
    by_device_id: dict[str, Device] = field(default_factory=dict)
    by_managed: dict[str, Device] = field(default_factory=dict)
    by_name: defaultdict[str, list[Device]] = field(default_factory=lambda: defaultdict(list))
    key_by_id: dict[str, Key] = field(default_factory=dict)

    def add_person(self, person: Person) -> None:
        """Make a user known by id and by user principal name."""
        self.people[person.id] = person
        self.people[person.upn] = person

    def add_device(self, device: Device) -> None:
        """Register a device and what is escrowed from it."""
        self.devices.append(device)
        self.by_object[device.object_id] = device
        self.by_device_id[device.device_id] = device
        self.by_name[device.name.lower()].append(device)
        if device.managed_id:
            self.by_managed[device.managed_id] = device
        for key in device.keys:
            self._index_key(key)

    def remove_device(self, device: Device) -> None:
        """Delete the device object; its keys go with it and do not come back."""
        self.devices.remove(device)
        self.by_name[device.name.lower()].remove(device)
        del self.by_object[device.object_id], self.by_device_id[device.device_id]
        self.by_managed.pop(device.managed_id, None)
        for key in device.keys:
            self.drop_key(key)
        device.keys.clear()

    def escrow(self, device: Device, key: Key) -> None:
        """Back up a key from a device."""
        device.keys.append(key)
        self._index_key(key)

    def drop_key(self, key: Key) -> None:
        """Delete a key from the escrow."""
        key.gone = True
        self.key_by_id.pop(key.id, None)

    def key_named(self, key_id: str) -> Key | None:
        """The key with this ID, if the escrow still has it."""
        return self.key_by_id.get(key_id.lower())

    def password(self, key: Key) -> str:
        """The recovery password, made anew each time; the tenant keeps none."""
        return recovery_password(self.seed, key.id)

    def rotate(self, device: Device, at: float) -> None:
        """What a check-in does with a queued rotation: each volume gets one new key, the ones before go."""
        volumes = sorted({key.volume for key in device.keys})
        former, turn = list(device.keys), len(self.keys)
        device.keys.clear()
        for volume in volumes:
            self.escrow(device, Key(guid_of("rotated", self.seed, turn, volume), device.device_id, volume, at))
        for key in former:
            self.drop_key(key)

    def check_in(self, device: Device, at: float) -> None:
        """The device reports to Intune and does what was queued for it."""
        device.last_sync = device.last_seen = at
        for action in device.actions:
            if action.state == "pending":
                self._carry_out(device, action, at)

    def _carry_out(self, device: Device, action: Action, at: float) -> None:
        action.updated = at
        if device.rotates:
            action.state = "done"
            self.rotate(device, at)
        else:
            action.state, action.error_code = "failed", _ROTATION_REFUSED

    def record(
        self, activity: str, category: str, actor: Person, target: dict[str, Any], at: float, play_second: float = 0.0
    ) -> None:
        """Write a directory audit entry. Its correlation id is the directory's own, not the caller's."""
        number = len(self.audits)
        item = {
            "id": f"Directory_{guid_of('audit', self.seed, number)}_{number}",
            "category": category,
            "correlationId": guid_of("correlation", self.seed, number),
            "result": "success",
            "resultReason": "",
            "activityDisplayName": activity,
            "activityDateTime": iso_ticks(at),
            "loggedByService": "Core Directory",
            "operationType": "Read" if activity.startswith("Read") else "Delete",
            "initiatedBy": {"app": None, "user": _initiator(actor)},
            "targetResources": [target],
            "additionalDetails": [],
        }
        self.audits.append(AuditEntry(play_second, item))

    def _index_key(self, key: Key) -> None:
        self.keys.append(key)
        self.key_by_id[key.id] = key


_ROTATION_REFUSED = -2016281112


def _initiator(actor: Person) -> dict[str, Any]:
    return {
        "id": actor.id,
        "displayName": actor.name,
        "userPrincipalName": actor.upn,
        "ipAddress": "127.0.0.1",
        "roles": [],
    }
