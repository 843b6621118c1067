"""Recovery key metadata in on-premises Active Directory. A recovery password is never asked for from here."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from tui.errors import Problem, ProblemKind
from tui.model.ids import parse_guid
from tui.model.on_prem import OnPremComputer, OnPremKey
from tui.sources.active_directory.messages import (
    AllKeys,
    Computers,
    FindComputers,
    FindKeys,
    GetComputer,
    Keys,
    KeysOf,
    MayRead,
    Question,
    SeesKeys,
    Truth,
)
from tui.sources.active_directory.process import LdapChild
from tui.sources.active_directory.secrets import COMMAND_SECONDS
from tui.sources.active_directory.server import DirectoryServer, checked

WELL_SECONDS = 10.0
"""For a child to start, sign in and search, on a busy machine; usually half a second."""


class ActiveDirectory:
    """`tui.ports.OnPremDirectory` over LDAP, in a child process that is started with the first question."""

    def __init__(self, server: DirectoryServer) -> None:
        self.server = checked(server)
        """Where it asks, and as whom."""
        self._child = LdapChild(server)

    @property
    def first_seconds(self) -> float:
        """How long the first answer takes at the most where all is well: a child starts, and signs in."""
        return WELL_SECONDS + (COMMAND_SECONDS if self.server.password_command else 0.0)

    async def keys_with_prefix(self, digits: str) -> Sequence[OnPremKey]:
        return await self._keys(FindKeys(digits))

    async def key(self, key_id: str) -> OnPremKey | None:
        wanted = parse_guid(key_id)
        if wanted is None:
            return None
        found = await self._keys(FindKeys(wanted.replace("-", "")))
        if len(found) > 1:
            places = " and ".join(key.computer or key.computer_dn for key in found[:4])
            raise Problem(
                ProblemKind.ALARM,
                "Several computers in Active Directory hold this recovery key ID",
                f"It is kept at {places}: a disk was cloned, or moved with its key",
                "See the machine before anything is disclosed; then rotate the key on each of them",
            )
        return found[0] if found else None

    async def keys_of_device(self, device_id: str) -> Sequence[OnPremKey]:
        wanted = parse_guid(device_id)
        return await self._keys(KeysOf(wanted)) if wanted else ()

    async def computers_named(self, name: str) -> Sequence[OnPremComputer]:
        return await self._computers(FindComputers(name)) if name else ()

    async def computer(self, device_id: str) -> OnPremComputer | None:
        wanted = parse_guid(device_id)
        found = await self._computers(GetComputer(wanted)) if wanted else ()
        return found[0] if found else None

    async def all_keys(self) -> AsyncGenerator[Sequence[OnPremKey], None]:
        # A child of its own, so that the engineer's questions do not wait for half a million objects.
        child = LdapChild(self.server)
        try:
            async with aclosing(child.reports(AllKeys())) as reports:
                async for report in reports:
                    if isinstance(report, Keys) and report.keys:
                        yield report.keys
        finally:
            await child.close()

    async def sees_keys(self) -> bool:
        return await self._truth(SeesKeys())

    async def may_read_password(self, key: OnPremKey) -> bool:
        return await self._truth(MayRead(key.object_guid))

    async def absence(self, computer: OnPremComputer | None = None) -> Problem:
        if not await self.sees_keys():
            return _hidden(self.server.base)
        if computer is None:
            return _not_there(f"No recovery key in {self.server.base} fits", "The account sees others there")
        if computer.holds_keys:
            return _other_id(computer)
        if await self._truth(SeesKeys(computer.container)):
            why = "The account sees keys of other computers in the same unit"
            return _not_there(f"{computer.name} has no recovery key in Active Directory", why)
        return _undecided(computer)

    async def close(self) -> None:
        await self._child.close()

    async def _keys(self, question: Question) -> Sequence[OnPremKey]:
        report = await self._child.ask(question)
        return report.keys if isinstance(report, Keys) else ()

    async def _computers(self, question: Question) -> Sequence[OnPremComputer]:
        report = await self._child.ask(question)
        return report.computers if isinstance(report, Computers) else ()

    async def _truth(self, question: Question) -> bool:
        report = await self._child.ask(question)
        return isinstance(report, Truth) and report.value


def _hidden(base: str) -> Problem:
    return Problem(
        ProblemKind.FORBIDDEN,
        f"This account sees no recovery key at all in {base}",
        "Active Directory hides what an account may not list, and says success; or nothing is backed up there",
        "Ask the AD team for the right to list msFVE-RecoveryInformation; do not tell the caller that there is no key",
        code="ad-hidden",
    )


def _undecided(computer: OnPremComputer) -> Problem:
    return Problem(
        ProblemKind.FORBIDDEN,
        f"This account sees no recovery key in the unit of {computer.name}",
        f"It sees keys elsewhere, and none below {computer.container}: no right there, or nothing is backed up there",
        "Ask a colleague whose rights cover that unit; do not tell the caller that there is no key",
        code="ad-hidden-unit",
    )


def _other_id(computer: OnPremComputer) -> Problem:
    return Problem(
        ProblemKind.NOT_FOUND,
        f"{computer.name} has recovery keys in Active Directory, and none with this ID",
        "A newer key was not backed up, the ID was misread, or it is of another machine",
        "Have the ID on the blue screen read out again, character by character",
        code="ad-other-id",
    )


def _not_there(what: str, why: str) -> Problem:
    step = (
        "The device never backed up there, or its computer object was made anew: look in Entra ID, MBAM or a printout"
    )
    return Problem(ProblemKind.NOT_FOUND, what, why, step, code="ad-absent")
