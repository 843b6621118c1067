"""A dossier: everything the sources say about one device or key, with one verdict and its next step."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

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
from tui.model.fact import Fact, SourceHealth, SourceState
from tui.model.finding import Finding
from tui.model.ids import KeyTerm
from tui.model.on_prem import OnPremComputer, OnPremKey
from tui.model.recovery_key import Escrow, RecoveryKey
from tui.model.rights import Rights


class Verdict(StrEnum):
    """The verdicts of the outside contract; there is never a bare "none"."""

    ONE_MATCH = "one-match"
    SEVERAL_MATCHES = "several-matches"
    NEVER_ESCROWED = "never-escrowed"
    HIDDEN_BY_SCOPE = "hidden-by-scope"
    OTHER_DEVICE_OBJECT = "other-device-object"
    AD_ONLY = "ad-only"
    KEY_OF_ANOTHER_MACHINE = "key-of-another-machine"
    DATA_VOLUME = "data-volume"
    ESCROW_CAP_REACHED = "escrow-cap-reached"
    DEVICE_DELETED = "device-deleted"
    NOT_BITLOCKER = "not-bitlocker"
    FACTS_TOO_OLD = "facts-too-old"
    NOT_FOUND = "not-found"


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for. Any part may be empty; `incident_id` is set when the queue asks."""

    term: KeyTerm | None = None
    device_name: str = ""
    device_id: str = ""
    user: str = ""
    incident_id: str = ""
    not_bitlocker: bool = False
    """The ticket's own words say that this is not a BitLocker prompt."""

    @property
    def by_user(self) -> bool:
        """Only a person was named, so that devices found are theirs and not the one in question."""
        return bool(self.user) and not self.device_name and not self.device_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the sources have answered so far. Pure input of the verdict."""

    query: Query
    named: tuple[EntraDevice, ...] = ()
    """Device objects that bear the name asked for."""
    computers: tuple[OnPremComputer, ...] = ()
    """Computer objects of Active Directory that bear the name asked for."""
    matches: tuple[RecoveryKey, ...] = ()
    """Keys whose ID fits the term, on any device; of Active Directory only those that Entra ID does not have."""
    matched_device: EntraDevice | None = None
    keys: tuple[RecoveryKey, ...] = ()
    """Keys of the device in question in Entra ID."""
    computer: OnPremComputer | None = None
    """The computer object of the device in question."""
    on_prem_keys: tuple[OnPremKey, ...] = ()
    """Keys of the device in question in Active Directory, those among them that Entra ID has too."""
    may_read: bool | None = None
    """The account may read the key in question from Active Directory; None when it is not kept there, or not known."""
    managed: ManagedDevice | None = None
    owners: tuple[User, ...] = ()
    units: tuple[AdministrativeUnit, ...] = ()
    self_service: bool | None = None
    users: tuple[User, ...] = ()
    """Registered users."""
    policies: tuple[PolicyState, ...] = ()
    encryption: EncryptionReport | None = None
    hardware: Hardware | None = None
    twins: tuple[EntraDevice, ...] = ()
    """Other device objects of the same machine: same serial number, or the same name."""
    twin_keys: tuple[RecoveryKey, ...] = ()
    same_machine: bool | None = None
    """The device that the key is of and the device that was asked for have one serial number; None when unknown."""
    deleted: tuple[DirectoryChange, ...] = ()
    """Deletions of device objects of the name asked for."""
    compliance_changes: int = 0
    """How often Intune's compliance state was seen to change within a week."""
    owner_changes: tuple[DirectoryChange, ...] = ()
    """Changes of the registered owner, newest first."""
    indexed_at: datetime | None = None
    """When the key metadata index was last complete; None when it never was."""
    rights: Rights | None = None
    """The engineer's own rights, where they are known."""
    sources: Mapping[str, SourceHealth] = field(default_factory=dict)
    pending: bool = True
    """What decides the verdict has not all been answered yet."""
    complete: bool = False
    """Every source has answered or failed."""

    @property
    def named_ids(self) -> frozenset[str]:
        """Ids of everything that bears the name asked for; a hybrid joined device has one id in both directories."""
        return frozenset({one.device_id for one in self.named} | {one.object_guid for one in self.computers})

    @property
    def only_on_prem(self) -> tuple[OnPremKey, ...]:
        """Keys of the device in question that Entra ID does not have."""
        escrowed = {key.id for key in self.keys}
        return tuple(key for key in self.on_prem_keys if key.id not in escrowed)

    @property
    def fits_on_prem(self) -> bool:
        """What fits is kept in Active Directory alone: neither an owner nor a role of Entra ID reads it."""
        return bool(self.matches) and all(key.escrow is Escrow.AD for key in self.matches)

    @property
    def hidden_on_prem(self) -> bool:
        """It is Active Directory that refused."""
        health = self.sources.get("ad")
        return health is not None and health.state is SourceState.FORBIDDEN

    @property
    def device(self) -> EntraDevice | None:
        """The device in question: the one that the key belongs to, else the only one with the name."""
        if self.matched_device is not None:
            return self.matched_device
        return self.named[0] if len(self.named) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """The answer: evidence, facts with source and age, findings, verdict, and what to do next.

    `key` is set only when exactly one key fits and nothing forbids its disclosure.
    """

    evidence: Evidence
    verdict: Verdict
    headline: str
    next_step: str
    key: RecoveryKey | None
    facts: tuple[Fact, ...]
    findings: tuple[Finding, ...]
