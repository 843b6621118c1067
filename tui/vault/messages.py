"""What the console and the vault child may say to each other: JSON lines of fixed shape over pipes.

No message of the child has a place for a digit of a recovery password. The console's bearer token travels in `Read`.
"""

import re
from typing import Annotated

import msgspec

from tui.errors import Problem, ProblemKind
from tui.model.ids import parse_guid
from tui.text import clean_line

LINE_LIMIT = 128 * 1024
"""Bytes of one message; a bearer token takes 2 to 5 KB, with many groups in it some more."""

Cell = Annotated[int, msgspec.Meta(ge=0, lt=10_000)]
Cells = Annotated[tuple[tuple[Cell, Cell], ...], msgspec.Meta(min_length=8, max_length=8)]
Sgr = Annotated[str, msgspec.Meta(pattern=r"\A[0-9;:]{0,64}\Z")]
Block = Annotated[int, msgspec.Meta(ge=0, lt=8)]
Cause = Annotated[str, msgspec.Meta(pattern=r"\A[a-z0-9-]{1,40}\Z")]


class Prepare(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="prepare"):
    """Sent at once: what is needed to load and build everything before a key is asked for."""

    endpoint: str
    user_agent: str = ""
    timeout: float = 20.0


class Read(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="read"):
    """Fetch this one key."""

    key_id: str
    client_request_id: str
    token: str


class Draw(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="draw"):
    """Write these blocks to these cells, until then."""

    cells: Cells
    sgr: Sgr
    blocks: tuple[Block, ...]
    deadline_boottime_ns: int


class Clear(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="clear"):
    """Take the digits away and end."""

    why: Cause


class Ready(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="ready"):
    """The child is warm, and this is how it is protected. `memory_refusal` says why its memory may reach swap."""

    core_limit: int
    dumpable: bool | None
    memory_refusal: str


class Held(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="held"):
    """The key was fetched and checked, and is held."""

    request_id: str
    graph_date: str
    http_status: int


class Drawn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="drawn"):
    """The digits stand on the terminal."""


class Refused(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="refused"):
    """What was asked for failed: the fields of a `Problem`."""

    kind: ProblemKind
    what: str
    why: str = ""
    next_step: str = ""
    status: int = 0
    code: str = ""
    request_id: str = ""
    retry_after: float | None = None

    @classmethod
    def of(cls, problem: Problem) -> "Refused":
        """Take over a problem, each text cleaned and without anything that looks like a recovery password."""
        return cls(
            problem.kind,
            harmless(problem.what),
            harmless(problem.why),
            harmless(problem.next_step),
            problem.status,
            harmless(problem.code, 80),
            harmless(problem.request_id, 64),
            problem.retry_after,
        )

    def problem(self) -> Problem:
        """The problem, on the console's side."""
        return Problem(
            self.kind,
            clean_line(self.what),
            clean_line(self.why),
            clean_line(self.next_step),
            status=self.status,
            code=clean_line(self.code, 80),
            request_id=clean_line(self.request_id, 64),
            retry_after=self.retry_after,
        )


class Gone(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="gone"):
    """The last message: the digits are off the terminal and out of the buffers."""

    ended_by: Cause
    shown_ms: int


Order = Prepare | Read | Draw | Clear
Report = Ready | Held | Drawn | Refused | Gone

ORDERS = msgspec.json.Decoder(Order)
REPORTS = msgspec.json.Decoder(Report)

_BLOCKS = re.compile(r"\d{6}(?:\D{0,3}\d{6})+")


def line(message: Order | Report) -> bytes:
    """One message as it goes over the pipe."""
    return msgspec.json.encode(message) + b"\n"


def harmless(text: str, limit: int = 500) -> str:
    """A text from outside, cleaned, with everything like two or more blocks of a recovery password taken out.

    Graph puts no password in an error or a header. A server that does shall not bring it into the console.
    """
    clean = clean_line(text, limit)
    return clean if parse_guid(clean) else _BLOCKS.sub("[recovery password removed]", clean)
