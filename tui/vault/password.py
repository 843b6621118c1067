"""A recovery password while it is held: 48 ASCII digits in one buffer that can be wiped. Lives in the child only."""

from dataclasses import dataclass

import msgspec

from tui.errors import Problem, ProblemKind
from tui.model.ids import parse_guid

BLOCKS, BLOCK_DIGITS = 8, 6
BODY_LIMIT = 16 * 1024
"""Bytes of an answer about one key; an honest one has about 400."""

_ALARM_STEP = "Do not read anything out; tell your security team, with the request id"


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a block that was read back differs from the right one: places 0 to 5, and never a digit.

    `is_block` is the block that was read instead, if it is another one of this password.
    """

    differs: tuple[int, ...]
    is_block: int | None = None


class RecoveryPassword:
    """Eight checked blocks. `wipe` overwrites the buffer; copies made by HTTP and JSON end with the process."""

    __slots__ = ("_digits",)

    def __init__(self, digits: bytearray) -> None:
        self._digits = digits

    def block(self, index: int) -> memoryview:
        """The six digits of a block, 0 to 7, without a copy."""
        return memoryview(self._digits)[index * BLOCK_DIGITS : (index + 1) * BLOCK_DIGITS]

    def compare(self, index: int, typed: bytes | bytearray) -> Comparison:
        """Hold what was read back against a block, digit by digit.

        The blocks' own check (divisible by 11) lets swapped blocks through, and one in twelve of other mistakes.
        """
        block = self.block(index)
        differs = [place for place in range(BLOCK_DIGITS) if place >= len(typed) or block[place] != typed[place]]
        if len(typed) > BLOCK_DIGITS:
            differs = differs or [BLOCK_DIGITS - 1]
        others = [other for other in range(BLOCKS) if differs and bytes(self.block(other)) == typed]
        return Comparison(tuple(differs), others[0] if others else None)

    def dashed(self) -> bytearray:
        """The whole as it is written, for the buffer of somebody who wipes it."""
        text = bytearray()
        for index in range(BLOCKS):
            text += self.block(index)
            text += b"-" if index < BLOCKS - 1 else b""
        return text

    def wipe(self) -> None:
        """Overwrite the digits."""
        self._digits[:] = bytes(len(self._digits))


class _Item(msgspec.Struct):
    id: str | None = None
    key: str | None = None
    value: "_Item | list[_Item] | None" = None


_ITEM = msgspec.json.Decoder(_Item)


def password_in(body: bytes, key_id: str) -> RecoveryPassword:
    """Take the password out of Graph's answer to GET recoveryKeys/{id}?$select=key.

    Required: exactly one key, and next to it the ID that was asked for. Both published examples of the answer to this
    very request carry the ID, bare and wrapped in `value` (Microsoft Graph, "Get bitlockerRecoveryKey"), and without it
    a stale or crossed answer could not be told from the right one. Each block must be six digits, divisible by 11 with
    a quotient below 65,536 (Win32_EncryptableVolume, ProtectKeyWithNumericalPassword).

    Raises `Problem`: UPSTREAM for an answer that cannot be read or holds no key, ALARM for one not to be trusted.
    """
    item = _only_item(body)
    if item.id is None:
        raise Problem(
            ProblemKind.ALARM,
            "The answer does not say whose key it is",
            "Graph gave a key without its ID, so it cannot be matched with the ID that was asked for",
            _ALARM_STEP,
        )
    if parse_guid(item.id) != parse_guid(key_id):
        raise Problem(
            ProblemKind.ALARM,
            "Graph answered with another key than the one asked for",
            f"Asked for {key_id}, got {parse_guid(item.id) or 'something that is no key ID'}",
            _ALARM_STEP,
        )
    return RecoveryPassword(checked(item.key or ""))


def _only_item(body: bytes) -> _Item:
    if len(body) > BODY_LIMIT:
        raise _unreadable("It is far larger than one key")
    # A decoder keeps the last of two equal names in silence.
    if body.count(b'"key"') > 1 or body.count(b'"id"') > 1:
        raise _not_one("It names more than one key")
    try:
        outer = _ITEM.decode(body)
    except msgspec.ValidationError:
        raise _unreadable("It does not have the shape that Graph documents") from None
    except msgspec.MsgspecError:
        raise _unreadable("It is not whole, or not JSON") from None
    inner = outer.value
    if isinstance(inner, list):
        if len(inner) > 1:
            raise _not_one("It is a list of several keys")
        inner = inner[0] if inner else _Item()
    item = outer if inner is None else inner
    if not item.key:
        raise Problem(
            ProblemKind.UPSTREAM,
            "Graph gave no recovery password for this key ID",
            "The answer is about the key, but the password is not in it",
            "Check that this sign-in holds BitlockerKey.Read.All, not only BitlockerKey.ReadBasic.All; try again",
        )
    return item


def checked(key: str) -> bytearray:
    """The 48 digits of a whole password; raises `Problem(ALARM)` for one that would not unlock anything."""
    blocks = key.split("-")
    if len(blocks) != BLOCKS or not all(map(_holds, blocks)):
        raise Problem(
            ProblemKind.ALARM,
            "The recovery password is damaged",
            "It is not eight blocks of six digits, each divisible by 11 with a quotient below 65,536",
            "It would not unlock the device; do not read it out, and rotate the key once the device is unlocked",
        )
    return bytearray("".join(blocks), "ascii")


def _holds(block: str) -> bool:
    if len(block) != BLOCK_DIGITS or not (block.isascii() and block.isdecimal()):
        return False
    word, rest = divmod(int(block), 11)
    return rest == 0 and word < 2**16


def _unreadable(why: str) -> Problem:
    step = "Try again; if it stays, keep the request id and ask Microsoft support"
    return Problem(ProblemKind.UPSTREAM, "The answer about the recovery key could not be read", why, step)


def _not_one(why: str) -> Problem:
    return Problem(ProblemKind.ALARM, "Graph answered with more than one recovery key", why, _ALARM_STEP)
