"""The vault: the only one that ever holds a recovery password."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

SHOWN_SECONDS = 900


"""How long a vault holds a key at most, whatever it is asked for."""


LANGUAGES = ("en", "de", "fr", "pl", "es")


"""Languages in which the vault writes digits as words."""


Cell = tuple[int, int]


"""Column and row on the screen, from zero."""


@dataclass(frozen=True, slots=True)
class KeyReadRequest:
    """What the vault is asked to fetch: exactly one key, by its full ID, and how long to hold it at most.

    With `object_guid` it is read from that recovery object of Active Directory, without it from Graph.
    """

    key_id: str
    client_request_id: str
    hold_seconds: int = 60
    object_guid: str = ""


@dataclass(frozen=True, slots=True)
class KeyRead:
    """A key was fetched, checked, and is held by the vault until the deadline (boot time)."""

    request_id: str
    graph_date: str
    http_status: int
    deadline_boottime_ns: int = 0


@dataclass(frozen=True, slots=True)
class DrawRegion:
    """Where the vault may write, in zero-based screen cells, and the SGR parameters to write with."""

    cells: tuple[Cell, ...]
    """(column, row) of the first digit of each of the eight blocks."""
    sgr: str
    blocks: tuple[int, ...]
    """Which blocks to draw, 0 to 7."""
    mask_after_ms: int = 0
    """After that the digits become bullets again by themselves; 0: only at the deadline."""


@dataclass(frozen=True, slots=True)
class DictationRegion:
    """Where one block stands to be read aloud: two lines of three digits with their words, and a field for six digits
    that are read back.
    """

    heading: Cell
    title: str
    """Written at `heading`, and left there: which block it is."""
    lines: tuple[Cell, Cell]
    width: int
    field: Cell
    sgr: str
    block: int
    language: str
    mask_after_ms: int = 0


@dataclass(frozen=True, slots=True)
class SealRegion:
    """Where the sealed key stands: the first cell, the room there is, and whether as text or as a QR code."""

    cell: Cell
    width: int
    height: int
    sgr: str
    recipient: str
    """Public key, `age1...`."""
    form: Literal["text", "qr"] = "text"


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """A key that the console asked to be told of; never a digit."""

    key: str


@dataclass(frozen=True, slots=True)
class ReadBack:
    """A block was typed as the caller read it back: places 0 to 5 that differ, and which other block it is, if any."""

    block: int
    differs: tuple[int, ...]
    is_block: int | None = None


@dataclass(frozen=True, slots=True)
class Masked:
    """Digits became bullets again by themselves; the vault still holds the key."""


VaultEvent = KeyPressed | ReadBack | Masked


@dataclass(frozen=True, slots=True)
class KeyboardLoan:
    """Which keys the vault tells the console of while it reads the terminal, and which end the disclosure at once.

    `ending` maps a key name to what the row will say; `blur` is the terminal losing its focus, `resize` its new size.
    """

    keys: tuple[str, ...]
    ending: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Cleared:
    """Digits are gone: what ended it, and how long they were shown."""

    ended_by: str
    shown_ms: int


class OpenVault(Protocol):
    """A vault child that holds, or is about to hold, one recovery password."""

    async def read(self, request: KeyReadRequest) -> KeyRead:
        """Fetch and check the key; raises `Problem` and ends the child when that fails."""
        ...

    async def draw(self, region: DrawRegion, deadline_boottime_ns: int) -> None:
        """Write the digits into the region; returns when they stand on the terminal."""
        ...

    async def dictate(self, region: DictationRegion, deadline_boottime_ns: int) -> None:
        """Write one block to be read aloud, and compare with it what is typed from then on."""
        ...

    async def seal(self, region: SealRegion, deadline_boottime_ns: int) -> None:
        """Encrypt the key to a public key and write the ciphertext; no digit is written."""
        ...

    async def copy(self, route: Literal["local", "osc52"], deadline_boottime_ns: int) -> None:
        """Put the key on the clipboard; what `local` put there is taken away at the end if it is still there."""
        ...

    async def lend_keyboard(self, loan: KeyboardLoan, on_event: Callable[[VaultEvent], None]) -> None:
        """From now on the vault reads the terminal, until it ends. The console must have stopped reading."""
        ...

    async def cleared(self) -> Cleared:
        """Wait until the child has taken the digits away by itself: deadline, end of its input, or its death."""
        ...

    async def clear(self, why: str) -> Cleared:
        """Take the digits away now, wipe, and end the child. Safe to call twice."""
        ...


class KeyVault(Protocol):
    """Starts vault children."""

    async def open(self) -> OpenVault:
        """Start a child, so that it is warm when the key is asked for."""
        ...
