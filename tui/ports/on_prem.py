"""Active Directory on premises."""

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from tui.errors import Problem
from tui.model.on_prem import OnPremComputer, OnPremKey


class OnPremDirectory(Protocol):
    """Keys escrowed in AD DS: what `KeyEscrow` asks, and what a search in AD can do beyond it.

    There are no `key_pages`: a search by prefix needs no index, and LDAP's paging cannot be taken up again later.
    """

    async def keys_with_prefix(self, digits: str) -> Sequence[OnPremKey]:
        """Keys whose ID begins with these 8 to 32 hex digits, on any computer."""
        ...

    async def key(self, key_id: str) -> OnPremKey | None:
        """One key by its full ID; None when the account sees none. `Problem(ALARM)` when two computers hold it."""
        ...

    async def keys_of_device(self, device_id: str) -> Sequence[OnPremKey]:
        """Keys of the computer whose objectGUID this is; of a hybrid joined device, its device id in Entra ID."""
        ...

    async def computers_named(self, name: str) -> Sequence[OnPremComputer]:
        """Computers with this account name, common name or DNS name; names are not unique."""
        ...

    async def computer(self, device_id: str) -> OnPremComputer | None:
        """The computer with this objectGUID; None when the account sees none."""
        ...

    def all_keys(self) -> AsyncGenerator[Sequence[OnPremKey], None]:
        """All keys below the base that the account sees, page by page."""
        ...

    async def sees_keys(self) -> bool:
        """The server answers, the sign-in and the base hold, and the account sees some key; else `Problem` or False."""
        ...

    async def may_read_password(self, key: OnPremKey) -> bool:
        """The account has the right to this key's password; nothing is read to find out."""
        ...

    async def absence(self, computer: OnPremComputer | None = None) -> Problem:
        """Why no key was found, of a computer or at all, with the next step; never a bare "none"."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
