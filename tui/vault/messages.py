"""What the console and the vault child may say to each other: JSON lines of fixed shape over pipes.

No message of the child has a place for a digit of a recovery password. The console's bearer token travels in `Read`.
"""

import re
from typing import Annotated, Literal

import msgspec

from tui.errors import Problem, ProblemKind
from tui.model.ids import parse_guid
from tui.ports import SHOWN_SECONDS
from tui.sources.active_directory.server import DirectoryServer
from tui.text import clean_line

LINE_LIMIT = 128 * 1024
"""Bytes of one message; a bearer token takes 2 to 5 KB, with many groups in it some more."""

Cell = Annotated[int, msgspec.Meta(ge=0, lt=10_000)]
Place = tuple[Cell, Cell]
Cells = Annotated[tuple[Place, ...], msgspec.Meta(min_length=8, max_length=8)]
Sgr = Annotated[str, msgspec.Meta(pattern=r"\A[0-9;:]{0,64}\Z")]
Block = Annotated[int, msgspec.Meta(ge=0, lt=8)]
Cause = Annotated[str, msgspec.Meta(pattern=r"\A[a-z0-9-]{1,40}\Z")]
Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=SHOWN_SECONDS * 1000)]
Key = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z+_]{1,20}\Z")]
Digit = Annotated[int, msgspec.Meta(ge=0, lt=6)]
"""The place of a digit in its block."""


class Prepare(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="prepare"):
    """Sent at once: what is needed to load and build everything before a key is asked for."""

    endpoint: str
    user_agent: str = ""
    timeout: float = 20.0
    directory: DirectoryServer | None = None
    """Where keys that were backed up to Active Directory are read; without a secret."""


class Read(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="read"):
    """Fetch this one key: from Graph with the token, or, with `object_guid`, from Active Directory and without one."""

    key_id: str
    client_request_id: str
    token: str
    hold_seconds: Annotated[int, msgspec.Meta(ge=1)] = 60
    object_guid: str = ""


class Draw(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="draw"):
    """Write these blocks to these cells, until then; bullets again after so many milliseconds (0: not before)."""

    cells: Cells
    sgr: Sgr
    blocks: tuple[Block, ...]
    deadline_boottime_ns: int
    mask_after_ms: Milliseconds = 0


class Dictate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="dictate"):
    """Write one block and its words, and compare with it what is typed."""

    heading: Place
    title: Annotated[str, msgspec.Meta(pattern=r"\A[ -~\u00a0-\u024f]{0,60}\Z")]
    lines: tuple[Place, Place]
    width: Annotated[int, msgspec.Meta(ge=32, lt=1000)]
    field: Place
    sgr: Sgr
    block: Block
    language: Literal["en", "de", "fr", "pl", "es"]
    deadline_boottime_ns: int
    mask_after_ms: Milliseconds = 0


class Seal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="seal"):
    """Encrypt the key to this public key, and write the ciphertext from this cell on."""

    cell: Place
    width: Cell
    height: Cell
    sgr: Sgr
    recipient: Annotated[str, msgspec.Meta(max_length=200)]
    form: Literal["text", "qr"]
    deadline_boottime_ns: int


class Copy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="copy"):
    """Put the key on the clipboard."""

    route: Literal["local", "osc52"]
    deadline_boottime_ns: int


class Lend(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="lend"):
    """Read the terminal from now on; tell of these keys, and end on those."""

    keys: tuple[Key, ...]
    ending: tuple[tuple[Key, Cause], ...]


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
    deadline_boottime_ns: int


class Drawn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="drawn"):
    """What was asked for is done: it stands on the terminal, or on the clipboard, or the keyboard is taken over."""


class Pressed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="pressed"):
    """A key that the console wants to know of."""

    key: Key


class Compared(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="compared"):
    """A block was read back: the places that differ, and which other block it is."""

    block: Block
    differs: Annotated[tuple[Digit, ...], msgspec.Meta(max_length=6)]
    is_block: Block | None = None


class Hidden(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="hidden"):
    """The digits became bullets by themselves."""


class Beat(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="beat"):
    """The child has the keyboard, and lives."""


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


Order = Prepare | Read | Draw | Dictate | Seal | Copy | Lend | Clear
Report = Ready | Held | Drawn | Refused | Gone | Pressed | Compared | Hidden | Beat

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
