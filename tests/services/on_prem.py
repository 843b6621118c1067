"""An invented Active Directory that answers when it is told to; the real one is Samba's, in the source's own tests."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.services.cloud import DEVICE, NOW
from tui.errors import Problem, ProblemKind
from tui.model.on_prem import OnPremComputer, OnPremKey
from tui.model.recovery_key import Escrow, Volume

AD_KEY = "ad000001-0000-4000-8000-000000000001"
OBJECT = "0f0f0f0f-0000-4000-8000-000000000001"
UNIT = "OU=Desks,DC=corp,DC=example"


def on_prem_key(key_id: str = AD_KEY, device_id: str = DEVICE, computer: str = "LT-1", **rest: Any) -> OnPremKey:
    """A recovery object."""
    fields: dict[str, Any] = {"created": NOW, "volume": Volume.UNKNOWN, "escrow": Escrow.AD, "object_guid": OBJECT}
    return OnPremKey(key_id, device_id, computer=computer, computer_dn=f"CN={computer},{UNIT}", **(fields | rest))


def computer(device_id: str = DEVICE, name: str = "LT-1") -> OnPremComputer:
    """A computer object."""
    return OnPremComputer(device_id, name, f"CN={name},{UNIT}", UNIT, "", "", True, NOW, NOW)


@dataclass
class Domain:
    """`OnPremDirectory` in lists. `absent` is what it says when it has no key; `fails` is raised by every question."""

    keys: list[OnPremKey] = field(default_factory=list)
    computers: list[OnPremComputer] = field(default_factory=list)
    readable: bool = True
    absent: Problem = field(default_factory=lambda: Problem(ProblemKind.NOT_FOUND, "Not there", "It sees others"))
    fails: Problem | None = None
    asked: list[str] = field(default_factory=list)

    async def _call(self, question: str) -> None:
        self.asked.append(question)
        if self.fails is not None:
            raise self.fails

    async def keys_with_prefix(self, digits: str) -> Sequence[OnPremKey]:
        await self._call("prefix")
        return [key for key in self.keys if key.id.replace("-", "").startswith(digits)]

    async def key(self, key_id: str) -> OnPremKey | None:
        raise NotImplementedError

    async def keys_of_device(self, device_id: str) -> Sequence[OnPremKey]:
        await self._call("keys")
        return [key for key in self.keys if key.device_id == device_id]

    async def computers_named(self, name: str) -> Sequence[OnPremComputer]:
        await self._call("named")
        return [each for each in self.computers if each.name == name]

    async def computer(self, device_id: str) -> OnPremComputer | None:
        await self._call("computer")
        return next((each for each in self.computers if each.object_guid == device_id), None)

    async def all_keys(self) -> AsyncGenerator[Sequence[OnPremKey], None]:
        yield self.keys

    async def sees_keys(self) -> bool:
        return bool(self.keys)

    async def may_read_password(self, key: OnPremKey) -> bool:
        await self._call("may-read")
        return self.readable

    async def absence(self, computer: OnPremComputer | None = None) -> Problem:
        await self._call("absence")
        return self.absent

    async def close(self) -> None:
        return
