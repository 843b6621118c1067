"""What the console and its courier say to each other: values of the model, in frames with their length in front.

Only classes of the model are ever made from a frame, whatever it says.
"""

import asyncio
import io
import pickle
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tui.errors import Problem
from tui.model.wire import Call
from tui.ports import SignInPrompt

LONGEST = 1 << 29
"""Bytes of a frame: a bundle of diagnostics, the largest thing that is sent, has 256 MiB at most."""

IN_THREAD = 16 << 10
"""Frames from this size on are read beside the event loop."""

TOKEN = "token"  # noqa: S105  (the name of a port)
"""Beside the ports of `GraphSide`: its one method is `token`."""

_LENGTH = struct.Struct(">I")
_OUR_OWN = ("tui.model.", "tui.ports.", "tui.diagnosis.kb", "tui.courier.messages")
_OTHERS = frozenset(
    {
        ("tui.errors", "ProblemKind"),
        ("tui.errors", "Problem"),
        ("tui.services.pim", "Activation"),
        ("tui.services.pim", "ActivationOrder"),
        ("tui.services.collection", "Bundle"),
        ("tui.services.collection", "Progress"),
        ("tui.services.collection", "Target"),
        ("tui.services.reconciliation", "KeyRead"),
        ("datetime", "date"),
        ("datetime", "datetime"),
        ("datetime", "timedelta"),
        ("datetime", "timezone"),
        ("builtins", "frozenset"),
        ("builtins", "set"),
    }
)


@dataclass(frozen=True, slots=True)
class Open:
    """First of all: whose Graph it is, as a `Config` in MessagePack."""

    config: bytes


@dataclass(frozen=True, slots=True)
class Ask:
    """Call a method of a port; `callbacks` are the places of arguments that are functions on the other side."""

    id: int
    port: str
    method: str
    arguments: tuple[object, ...]
    named: Mapping[str, object]
    callbacks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Next:
    """The next element of what an `Ask` streams."""

    id: int


@dataclass(frozen=True, slots=True)
class Stop:
    """Nobody waits for an `Ask` any more."""

    id: int


@dataclass(frozen=True, slots=True)
class SignInAgain:
    """Whoever needs a token next may begin a sign-in."""


@dataclass(frozen=True, slots=True)
class CancelSignIn:
    """Give up a sign-in that waits for the engineer."""


@dataclass(frozen=True, slots=True)
class Told:
    """What an `Ask` came to, or one element of it."""

    id: int
    value: object


@dataclass(frozen=True, slots=True)
class Ended:
    """A stream has no more elements."""

    id: int


@dataclass(frozen=True, slots=True)
class Failed:
    """An `Ask` raised this."""

    id: int
    problem: Problem


@dataclass(frozen=True, slots=True)
class Called:
    """A function that was an argument of an `Ask` is called."""

    id: int
    place: int
    arguments: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Noted:
    """An attempt at a call to Graph has ended."""

    call: Call


@dataclass(frozen=True, slots=True)
class Prompted:
    """The engineer has something to do for a sign-in."""

    id: int
    prompt: SignInPrompt


@dataclass(frozen=True, slots=True)
class PromptOver:
    """That sign-in is over."""

    id: int


@dataclass(frozen=True, slots=True)
class SignedOut:
    """Whether the sign-in was given up or refused."""

    value: bool


Order = Open | Ask | Next | Stop | SignInAgain | CancelSignIn
Report = Told | Ended | Failed | Called | Noted | Prompted | PromptOver | SignedOut


def frame(message: Order | Report) -> bytes:
    """A message as it is sent."""
    body = pickle.dumps(message, protocol=5)
    return _LENGTH.pack(len(body)) + body


async def read_frame(reader: asyncio.StreamReader) -> Any:
    """The next message; raises `EOFError` when the other side has gone, `ValueError` when it is no message."""
    try:
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        if length > LONGEST:
            raise ValueError(f"a frame of {length} bytes")
        body = await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        raise EOFError from None
    return _read(body) if length < IN_THREAD else await asyncio.to_thread(_read, body)


def _read(body: bytes) -> object:
    try:
        return _OwnClasses(io.BytesIO(body)).load()
    except Exception as error:
        # Bytes of no sense fail in as many ways as there are.
        raise ValueError(f"{type(error).__name__} in a frame") from None


class _OwnClasses(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if "." in name or not (module.startswith(_OUR_OWN) or (module, name) in _OTHERS):
            raise pickle.UnpicklingError
        found = super().find_class(module, name)
        if not isinstance(found, type) or found.__module__ != module:
            raise pickle.UnpicklingError
        return found
