"""Answers as they come in, by device id; the evidence is what of them concerns the device in question."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from tui.model.device import (
    AdministrativeUnit,
    DirectoryChange,
    EncryptionReport,
    EntraDevice,
    Hardware,
    ManagedDevice,
    PolicyState,
    User,
)
from tui.model.dossier import Evidence, Query
from tui.model.fact import SourceHealth, SourceState
from tui.model.finding import Finding
from tui.model.on_prem import OnPremComputer, OnPremKey, object_of
from tui.model.recovery_key import RecoveryKey
from tui.model.rights import Rights

_GOOD = (SourceState.OK, SourceState.NOT_FOUND)


@dataclass(slots=True)
class Answers:
    """What one join has been told. Answers for other devices than the one in question stay unused."""

    query: Query
    rights: Rights | None = None
    named: tuple[EntraDevice, ...] = ()
    confirmed: tuple[RecoveryKey, ...] = ()
    on_prem: tuple[OnPremKey, ...] = ()
    """Keys of Active Directory whose ID fits the term."""
    computers: tuple[OnPremComputer, ...] = ()
    """Computers of Active Directory that bear the name asked for."""
    devices: dict[str, EntraDevice] = field(default_factory=dict)
    keys: dict[str, tuple[RecoveryKey, ...]] = field(default_factory=dict)
    on_prem_keys: dict[str, tuple[OnPremKey, ...]] = field(default_factory=dict)
    on_prem_computers: dict[str, OnPremComputer] = field(default_factory=dict)
    may_read: dict[str, bool] = field(default_factory=dict)
    """By the objectGUID of a recovery object."""
    managed: dict[str, ManagedDevice] = field(default_factory=dict)
    owners: dict[str, tuple[User, ...]] = field(default_factory=dict)
    users: dict[str, tuple[User, ...]] = field(default_factory=dict)
    units: dict[str, tuple[AdministrativeUnit, ...]] = field(default_factory=dict)
    policies: dict[str, tuple[PolicyState, ...]] = field(default_factory=dict)
    encryption: dict[str, EncryptionReport] = field(default_factory=dict)
    hardware: dict[str, Hardware] = field(default_factory=dict)
    compliance_changes: dict[str, int] = field(default_factory=dict)
    owner_changes: dict[str, tuple[DirectoryChange, ...]] = field(default_factory=dict)
    own: dict[str, tuple[Finding, ...]] = field(default_factory=dict)
    deleted: tuple[DirectoryChange, ...] = ()
    self_service: bool | None = None
    indexed_at: datetime | None = None
    decided: bool = False
    complete: bool = False
    _health: dict[tuple[str, str], SourceHealth] = field(default_factory=dict)

    def note(self, source: str, of: str, health: SourceHealth) -> None:
        """Keep how a source answered; a refusal explains an absence, and a later success does not undo it."""
        before = self._health.get((source, of))
        if before is None or before.state in _GOOD:
            self._health[(source, of)] = health

    def health(self, source: str) -> SourceState | None:
        """How a source that is asked once for all devices has answered so far."""
        found = self._health.get((source, ""))
        return found.state if found is not None else None

    def matches(self) -> tuple[RecoveryKey, ...]:
        """Keys that fit the term: asked for by ID, or among the keys of the devices that were asked for.

        A key that is kept in both directories is Entra ID's. One of Active Directory may be there twice: on two
        computers, which is for the verdict to see.
        """
        term = self.query.term
        if term is None:
            return ()
        known = {key.id: key for key in self.confirmed}
        for device_id in self._asked_for():
            known |= {key.id: key for key in self.keys.get(device_id, ()) if term.matches(key.id)}
        return (*known.values(), *(key for key in self.on_prem if key.id not in known))

    def id_in_question(self) -> str:
        """The id of the device that the key belongs to, else of the only one that was asked for; empty without one."""
        device = self.device_in_question()
        if device is not None:
            return device.device_id
        ids = {key.device_id for key in self.matches()} or {one.object_guid for one in self.computers}
        return ids.pop() if len(ids) == 1 and not self.named else ""

    def device_in_question(self) -> EntraDevice | None:
        """The device that the key belongs to, else the only one that was asked for."""
        ids = {key.device_id for key in self.matches()}
        if len(ids) == 1:
            return self.devices.get(ids.pop())
        return self.named[0] if len(self.named) == 1 and not ids else None

    def forget_details(self, device_id: str) -> None:
        """Drop what was read under a wrong id."""
        self.policies.pop(device_id, None)
        self.encryption.pop(device_id, None)
        self.hardware.pop(device_id, None)

    def evidence(self) -> Evidence:
        """Everything that concerns the device in question."""
        matches, device = self.matches(), self.device_in_question()
        of = device.device_id if device is not None else ""
        ids = [of] if of else [one.device_id for one in self.named]
        matched = {key.device_id for key in matches}
        on_prem = self.id_in_question()
        twins = self._twins(device)
        return Evidence(
            query=self.query,
            named=self.named,
            computers=self.computers,
            matches=matches,
            matched_device=device if of in matched else None,
            keys=tuple(key for each in ids for key in self.keys.get(each, ())),
            computer=self.on_prem_computers.get(on_prem),
            on_prem_keys=self.on_prem_keys.get(on_prem, ()),
            may_read=self._may_read(matches, on_prem),
            managed=self.managed.get(of),
            owners=self.owners.get(of, ()),
            users=self.users.get(of, ()),
            units=self.units.get(of, ()),
            policies=self.policies.get(of, ()),
            encryption=self.encryption.get(of),
            hardware=self.hardware.get(of),
            self_service=self.self_service,
            twins=twins,
            twin_keys=tuple(key for twin in twins for key in self.keys.get(twin.device_id, ())),
            same_machine=self._same_machine(matched),
            deleted=self.deleted,
            owner_changes=self.owner_changes.get(of, ()),
            compliance_changes=self.compliance_changes.get(of, 0),
            indexed_at=self.indexed_at,
            rights=self.rights,
            sources=self._sources(of),
            pending=not self.decided,
            complete=self.complete,
        )

    def findings_of_own_audit(self) -> tuple[Finding, ...]:
        """What the console's own audit says of the device in question."""
        return self.own.get(self.id_in_question(), ())

    def _may_read(self, matches: tuple[RecoveryKey, ...], device_id: str) -> bool | None:
        """What was asked about: the one key that fits, else one of the device's."""
        for key in matches or self.on_prem_keys.get(device_id, ()):
            if (known := self.may_read.get(object_of(key))) is not None:
                return known
        return None

    def _asked_for(self) -> Iterable[str]:
        """Devices whose keys count as candidates: those asked for, their twins, and those of a confirmed key."""
        yield from dict.fromkeys(
            [
                *(device.device_id for device in self.named),
                *(key.device_id for key in self.confirmed),
                *(twin.device_id for twin in self._twins(self.named[0] if len(self.named) == 1 else None)),
            ]
        )

    def _twins(self, device: EntraDevice | None) -> tuple[EntraDevice, ...]:
        """Other device objects that Intune knows under the same serial number, or that bear the same name."""
        if device is None:
            return ()
        serial = self._serial(device.device_id)
        return tuple(
            other
            for other in self.devices.values()
            if other.device_id != device.device_id
            and (other.name == device.name or (serial and self._serial(other.device_id) == serial))
        )

    def _serial(self, device_id: str) -> str:
        managed = self.managed.get(device_id)
        return managed.serial.casefold() if managed is not None else ""

    def _same_machine(self, matched: set[str]) -> bool | None:
        """The key's device and the one asked for have one serial number; None where one of them is not known."""
        if len(matched) != 1 or not self.named:
            return None
        theirs = self._serial(next(iter(matched)))
        asked = {self._serial(device.device_id) for device in self.named} - {""}
        return theirs in asked if theirs and asked else None

    def _sources(self, of: str) -> dict[str, SourceHealth]:
        """How each source answered about the device in question; the bad answer of several is the one that is told."""
        concerned = {"", of, *(device.device_id for device in self.named), *(key.device_id for key in self.confirmed)}
        found: dict[str, SourceHealth] = {}
        for (source, about), health in self._health.items():
            if about in concerned and (source not in found or found[source].state in _GOOD):
                found[source] = health
        return found
