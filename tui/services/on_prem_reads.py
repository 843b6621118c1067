"""What a dossier asks Active Directory: keys that fit, the device's own keys, and what it means that there are none.

LDAP says `success` to "no such object", to "there, and its password is not for you", and to "there". They are told
apart here, because only the first may ever become "no key".
"""

from collections.abc import Awaitable
from typing import TypeVar

from tui.errors import Problem, ProblemKind
from tui.model.device import Join
from tui.model.dossier import Query
from tui.model.fact import SourceState
from tui.model.on_prem import OnPremComputer, OnPremKey
from tui.ports import OnPremDirectory
from tui.services.answers import Answers
from tui.services.device_reads import DeviceReads
from tui.services.judgement import newest_key

SOURCE = "ad"

T = TypeVar("T")


class OnPremReads:
    """The questions of one join; without a directory there are none."""

    def __init__(self, directory: OnPremDirectory | None, reads: DeviceReads, answers: Answers) -> None:
        self._directory = directory
        self._reads = reads
        self._answers = answers

    async def find(self, query: Query) -> None:
        """Keys that fit the term, and computers that bear the name."""
        directory, answers = self._directory, self._answers
        if directory is None:
            return
        if query.term is not None:
            answers.on_prem = tuple(await self._ask(directory.keys_with_prefix(query.term.digits)) or ())
        if query.device_id:
            found = await self._ask(directory.computer(query.device_id))
            self._know(found)
            answers.computers = (found,) if found is not None else ()
        elif query.device_name:
            answers.computers = tuple(await self._ask(directory.computers_named(query.device_name)) or ())
            for computer in answers.computers:
                self._know(computer)

    async def settle(self) -> None:
        """What the verdict still needs when the cloud has answered; a key that Entra ID has needs nothing."""
        answers = self._answers
        if not self._concerned():
            return
        if self._directory is None:
            if answers.device_in_question() is not None:
                self._reads.note_off(SOURCE, "the config has no [active_directory]")
            return
        if not answers.matches() and (device_id := answers.id_in_question()):
            await self.device(device_id)
        keys = answers.matches() or answers.on_prem_keys.get(answers.id_in_question(), ())
        kept = tuple(key for key in keys if isinstance(key, OnPremKey))
        if kept:
            await self._may_read(kept)
        if not answers.matches() and (answers.query.term is not None or not kept):
            await self._explain(self._directory)

    async def device(self, device_id: str) -> None:
        """The computer object of a device and its keys, read once."""
        directory, answers = self._directory, self._answers
        if directory is None or device_id in answers.on_prem_keys:
            return
        if device_id not in answers.on_prem_computers:
            self._know(await self._ask(directory.computer(device_id)))
        answers.on_prem_keys[device_id] = tuple(await self._ask(directory.keys_of_device(device_id)) or ())

    def _concerned(self) -> bool:
        """A key of the device in question may be in Active Directory: it is joined there, or Entra ID knows none."""
        answers = self._answers
        matches, device = answers.matches(), answers.device_in_question()
        if matches:
            return all(isinstance(key, OnPremKey) for key in matches)
        if answers.query.by_user or (answers.query.term is None and device and answers.keys.get(device.device_id)):
            return False
        named = (device,) if device is not None else answers.named
        return not named or any(one.join is Join.HYBRID for one in named)

    async def _may_read(self, kept: tuple[OnPremKey, ...]) -> None:
        assert self._directory is not None
        key = next(one for one in kept if one.id == newest_key(kept).id)
        allowed = await self._ask(self._directory.may_read_password(key))
        if allowed is not None:
            self._answers.may_read[key.object_guid] = allowed
        if allowed is False:
            self._reads.note(SOURCE, may_not_read(key))

    async def _explain(self, directory: OnPremDirectory) -> None:
        """Why no key fits there."""
        computer = self._answers.on_prem_computers.get(self._answers.id_in_question())
        reason = await self._ask(directory.absence(computer))
        if reason is not None and self._answers.health(SOURCE) is SourceState.OK:
            self._reads.note(SOURCE, reason)

    def _know(self, computer: OnPremComputer | None) -> None:
        if computer is not None:
            self._answers.on_prem_computers[computer.object_guid] = computer

    async def _ask(self, call: Awaitable[T]) -> T | None:
        return await self._reads.ask(SOURCE, call)


def may_not_read(key: OnPremKey) -> Problem:
    """The object is there, and its password is not for this account."""
    return Problem(
        ProblemKind.FORBIDDEN,
        f"Active Directory holds a recovery key of {key.computer or key.computer_dn}, and this account may not read it",
        "The attribute is confidential: it needs Control Access on msFVE-RecoveryPassword, beside Read",
        "Ask the AD team for that right on the computer's unit, or a colleague who holds it",
        code="ad-confidential",
    )
