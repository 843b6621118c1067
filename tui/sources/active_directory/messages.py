"""What the console and its LDAP child say to each other: JSON lines of fixed shape over pipes.

There is no order that names an attribute or a filter, and no report with a place for a recovery password.
"""

import msgspec

from tui.errors import Problem, ProblemKind
from tui.model.on_prem import OnPremComputer, OnPremKey
from tui.sources.active_directory.server import DirectoryServer

LINE_LIMIT = 8 * 2**20
"""Bytes of one message; a page of 1000 keys with long distinguished names takes 2 MB at most."""


class Use(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="use"):
    """Sent first: the server. Nothing is connected yet."""

    server: DirectoryServer


class FindKeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="find-keys"):
    """Keys whose ID begins with these hex digits."""

    digits: str


class KeysOf(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="keys-of"):
    """Keys below a computer object."""

    computer_guid: str


class AllKeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="all-keys"):
    """All keys below the base: answered by pages, the last one empty."""


class FindComputers(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="find-computers"):
    """Computers of a name."""

    name: str


class GetComputer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="get-computer"):
    """The computer with this objectGUID."""

    object_guid: str


class SeesKeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="sees-keys"):
    """Whether the account sees any recovery object below; an empty base is the configured one."""

    base: str = ""


class MayRead(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="may-read"):
    """Whether the account may read the password of this recovery object."""

    object_guid: str


class Keys(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="keys"):
    """Keys found."""

    keys: tuple[OnPremKey, ...]


class Computers(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="computers"):
    """Computers found."""

    computers: tuple[OnPremComputer, ...]


class Truth(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="truth"):
    """Yes or no."""

    value: bool


class Refused(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="refused"):
    """What was asked for failed: the fields of a `Problem`."""

    kind: ProblemKind
    what: str
    why: str = ""
    next_step: str = ""
    code: str = ""
    retry_after: float | None = None

    @classmethod
    def of(cls, problem: Problem) -> "Refused":
        """Take over a problem."""
        return cls(problem.kind, problem.what, problem.why, problem.next_step, problem.code, problem.retry_after)

    def problem(self) -> Problem:
        """The problem, on the console's side."""
        return Problem(self.kind, self.what, self.why, self.next_step, code=self.code, retry_after=self.retry_after)


Question = FindKeys | KeysOf | AllKeys | FindComputers | GetComputer | SeesKeys | MayRead
Order = Use | Question
Report = Keys | Computers | Truth | Refused

ORDERS = msgspec.json.Decoder(Order)
REPORTS = msgspec.json.Decoder(Report)


def line(message: Order | Report) -> bytes:
    """One message as it goes over the pipe."""
    return msgspec.json.encode(message) + b"\n"
