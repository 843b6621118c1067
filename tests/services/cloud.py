"""An invented cloud that answers when it is told to, and counts what it was asked."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tui.errors import Problem, ProblemKind
from tui.model.device import EncryptionReport, EntraDevice, Join, ManagedDevice, User
from tui.model.recovery_key import RecoveryKey, Volume
from tui.model.rights import Capability, RoleGrant
from tui.ports import KeyPage, SelfService
from tui.services.dossier import CloudSources

NOW = datetime(2026, 4, 15, 8, 0, tzinfo=UTC)
DEVICE = "0d0d0d0d-0000-4000-8000-000000000001"
OTHER = "0d0d0d0d-0000-4000-8000-000000000002"
INTUNE = "0a0a0a0a-0000-4000-8000-000000000001"
KEY = "0e0e0e0e-0000-4000-8000-000000000001"


def entra(device_id: str = DEVICE, name: str = "LT-1", **rest: Any) -> EntraDevice:
    """A device object."""
    fields: dict[str, Any] = {
        "object_id": device_id.replace("0d0d", "0b0b"),
        "device_id": device_id,
        "name": name,
        "join": Join.ENTRA,
        "enabled": True,
        "os_version": "10.0.26100.8246",
        "compliant": True,
        "managed": True,
        "registered_at": datetime(2025, 1, 1, tzinfo=UTC),
        "last_sign_in": datetime(2026, 4, 15, 7, 0, tzinfo=UTC),
    }
    return EntraDevice(**(fields | rest))


def managed(device_id: str = DEVICE, managed_id: str = INTUNE, **rest: Any) -> ManagedDevice:
    """Intune's record."""
    fields: dict[str, Any] = {
        "id": managed_id,
        "entra_device_id": device_id,
        "name": "LT-1",
        "user": "ada@demo.example",
        "serial": "DEMO1",
        "manufacturer": "Demo",
        "model": "One",
        "os_version": "10.0.26100.8246",
        "encrypted": True,
        "compliance": "compliant",
        "last_sync": datetime(2026, 4, 15, 6, 0, tzinfo=UTC),
    }
    return ManagedDevice(**(fields | rest))


def key(key_id: str = KEY, device_id: str = DEVICE, **rest: Any) -> RecoveryKey:
    """Key metadata."""
    fields: dict[str, Any] = {"created": datetime(2025, 1, 1, 1, tzinfo=UTC), "volume": Volume.OPERATING_SYSTEM}
    return RecoveryKey(key_id, device_id, **(fields | rest))


@dataclass
class Cloud:
    """Sources of a dossier and a cache.

    `fail` names calls that fail, alone or with their id; `before` is awaited before each answer.
    """

    devices: list[EntraDevice] = field(default_factory=list)
    records: list[ManagedDevice] = field(default_factory=list)
    keys: list[RecoveryKey] = field(default_factory=list)
    index: list[RecoveryKey] = field(default_factory=list)
    indexed: datetime | None = NOW
    fail: dict[str, ProblemKind] = field(default_factory=dict)
    before: Callable[[str], Awaitable[None]] | None = None
    kept: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    reports: dict[str, EncryptionReport] = field(default_factory=dict)
    break_after: int = 10**9
    pages: tuple[tuple[RecoveryKey, ...], ...] = ()
    seen: dict[str, RecoveryKey] = field(default_factory=dict)
    in_flight: int = 0
    most_in_flight: int = 0

    @property
    def sources(self) -> CloudSources:
        return CloudSources(self, self, self, self, self, "t")  # type: ignore[arg-type]

    async def cloud(self) -> CloudSources:
        return self.sources

    async def _call(self, name: str, of: str = "") -> None:
        self.asked.append(f"{name} {of}".strip())
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            if self.before is not None:
                await self.before(name)
            else:
                await asyncio.sleep(0)
        finally:
            self.in_flight -= 1
        kind = self.fail.get(name) or self.fail.get(f"{name} {of}")
        if kind is not None:
            raise Problem(kind, f"{name} failed", "", "try again")

    async def device(self, device_id: str) -> EntraDevice:
        await self._call("device", device_id)
        found = [one for one in self.devices if one.device_id == device_id]
        if not found:
            raise Problem(ProblemKind.NOT_FOUND, "no such device")
        return found[0]

    async def devices_named(self, name: str) -> Sequence[EntraDevice]:
        await self._call("named", name)
        return [one for one in self.devices if one.name == name]

    async def owned_devices(self, upn: str) -> Sequence[EntraDevice]:
        await self._call("owned", upn)
        return self.devices

    async def owners(self, device_id: str) -> Sequence[User]:
        await self._call("owners", device_id)
        return [User("1", "ada@demo.example", "Ada")]

    async def users(self, device_id: str) -> Sequence[User]:
        await self._call("users", device_id)
        return []

    async def administrative_units(self, device_id: str) -> Sequence[object]:
        await self._call("units", device_id)
        return []

    async def managed_device(self, device_id: str) -> ManagedDevice | None:
        await self._call("managed", device_id)
        return next((one for one in self.records if one.entra_device_id == device_id), None)

    async def policy_states(self, managed_id: str) -> Sequence[object]:
        await self._call("policies", managed_id)
        return []

    async def encryption_report(self, managed_id: str) -> EncryptionReport | None:
        await self._call("encryption", managed_id)
        return self.reports.get(managed_id)

    async def hardware(self, managed_id: str) -> None:
        await self._call("hardware", managed_id)

    async def records_of_serial(self, serial: str) -> Sequence[ManagedDevice]:
        await self._call("serial", serial)
        return [one for one in self.records if one.serial == serial]

    async def keys_of_device(self, device_id: str) -> Sequence[RecoveryKey]:
        await self._call("keys", device_id)
        return [one for one in self.keys if one.device_id == device_id]

    async def key(self, key_id: str) -> RecoveryKey | None:
        await self._call("key", key_id)
        return next((one for one in self.keys if one.id == key_id), None)

    async def key_pages(self, resume: str = "") -> AsyncIterator[KeyPage]:
        await self._call("pages", resume)
        first = int(resume.rsplit("=", 1)[-1]) if resume else 0
        for place in range(first, len(self.pages)):
            if place - first >= self.break_after:
                raise Problem(ProblemKind.UNREACHABLE, "the line went dead")
            last = place + 1 == len(self.pages)
            yield KeyPage(self.pages[place], "" if last else f"http://graph/page={place + 1}")

    async def self_service(self) -> SelfService:
        await self._call("policy")
        return SelfService(True)

    async def me(self) -> User:
        await self._call("me")
        return User("1", "me@demo.example", "Me")

    async def my_roles(self) -> Sequence[RoleGrant]:
        await self._call("roles")
        return [RoleGrant("Helpdesk Administrator", "/", reads_keys=True)]

    async def eligible_roles(self) -> Sequence[RoleGrant]:
        await self._call("eligible")
        return []

    async def intune_actions(self) -> Sequence[str]:
        await self._call("intune-actions")
        return ["Microsoft.Intune_RemoteTasks_RotateBitLockerKeys"]

    async def token_scopes(self) -> Sequence[str] | None:
        await self._call("scopes")
        return None

    async def probe(self, capability: Capability) -> None:
        await self._call(f"probe-{capability}")

    async def keys_with_prefix(self, tenant: str, digits: str) -> Sequence[RecoveryKey]:
        return [one for one in self.index if one.id.replace("-", "").startswith(digits)]

    async def indexed_at(self, tenant: str) -> datetime | None:
        return self.indexed

    async def save_keys(self, tenant: str, keys: Collection[RecoveryKey], *, complete: bool) -> None:
        self.seen |= {one.id: one for one in keys}
        if complete:
            self.indexed = NOW

    async def remember(self, name: str, value: str) -> None:
        self.kept[name] = value

    async def recall(self, name: str) -> str:
        return self.kept.get(name, "")
