"""A key is read out and read back with mistakes: every wrong block is found, whatever mod 11 lets through."""

import random
from collections import Counter
from collections.abc import Callable

import pytest

from tests.vault.keys import invented_password
from tui.vault.password import BLOCK_DIGITS, BLOCKS, RecoveryPassword

DICTATIONS = 20_000
LONG_DICTATIONS = 1_000_000

Digits = list[int]
Error = Callable[[Digits, int, random.Random], Digits]
"""From the 48 digits and the number of a block to what is typed for that block."""


def block_of(digits: Digits, block: int) -> Digits:
    return digits[block * BLOCK_DIGITS : (block + 1) * BLOCK_DIGITS]


def substitution(digits: Digits, block: int, chance: random.Random) -> Digits:
    heard = block_of(digits, block)
    place = chance.randrange(BLOCK_DIGITS)
    heard[place] = (heard[place] + chance.randrange(1, 10)) % 10
    return heard


def adjacent_swap(digits: Digits, block: int, chance: random.Random) -> Digits:
    heard = block_of(digits, block)
    place = chance.randrange(BLOCK_DIGITS - 1)
    heard[place], heard[place + 1] = heard[place + 1], heard[place]
    return heard


def five_and_nine(digits: Digits, block: int, chance: random.Random) -> Digits:
    return [{5: 9, 9: 5}.get(digit, digit) for digit in block_of(digits, block)]


def turned_around(digits: Digits, block: int, chance: random.Random) -> Digits:
    heard = block_of(digits, block)
    place = chance.randrange(BLOCK_DIGITS - 2)
    heard[place], heard[place + 2] = heard[place + 2], heard[place]
    return heard


def doubled_digit(digits: Digits, block: int, chance: random.Random) -> Digits:
    heard = block_of(digits, block)
    place = chance.randrange(BLOCK_DIGITS - 1)
    heard[place : place + 2] = [chance.randrange(10)] * 2
    return heard


def two_digits(digits: Digits, block: int, chance: random.Random) -> Digits:
    heard = block_of(digits, block)
    for place in chance.sample(range(BLOCK_DIGITS), 2):
        heard[place] = chance.randrange(10)
    return heard


def dropped_digit(digits: Digits, block: int, chance: random.Random) -> Digits:
    """The caller goes on with the next block, or stops short and the engineer presses enter."""
    heard = block_of(digits, block)
    del heard[chance.randrange(BLOCK_DIGITS)]
    following = block_of(digits, (block + 1) % BLOCKS)[:1]
    return heard + following if chance.random() < 0.5 else heard


def swapped_block(digits: Digits, block: int, chance: random.Random) -> Digits:
    return block_of(digits, chance.choice([other for other in range(BLOCKS) if other != block]))


ERRORS: tuple[Error, ...] = (
    substitution,
    adjacent_swap,
    five_and_nine,
    turned_around,
    doubled_digit,
    two_digits,
    dropped_digit,
    swapped_block,
)


def passes_mod_11(heard: Digits) -> bool:
    """The check that a block carries in itself (Win32_EncryptableVolume): all that a console without read-back has."""
    number = int("".join(map(str, heard)))
    return len(heard) == BLOCK_DIGITS and number % 11 == 0 and number < 2**16 * 11


def dictate(count: int, seed: int) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Wrong blocks by class of mistake: all, those that the read-back missed, and those that mod 11 alone misses."""
    chance = random.Random(seed)
    wrong, missed, slipped = Counter[str](), Counter[str](), Counter[str]()
    for turn in range(count):
        if turn % 50 == 0:
            digits = [int(digit) for digit in invented_password(chance.getrandbits(64)) if digit != "-"]
            password = RecoveryPassword(bytearray(0x30 + digit for digit in digits))
        error, block = ERRORS[turn % len(ERRORS)], chance.randrange(BLOCKS)
        heard = error(digits, block, chance)
        found = password.compare(block, bytes(0x30 + digit for digit in heard))
        if heard == block_of(digits, block):
            assert found.differs == ()
            continue
        wrong[error.__name__] += 1
        missed[error.__name__] += not found.differs
        slipped[error.__name__] += passes_mod_11(heard)
    return wrong, missed, slipped


def check(count: int, seed: int) -> None:
    wrong, missed, slipped = dictate(count, seed)
    assert missed.total() == 0, missed
    assert set(wrong) == {error.__name__ for error in ERRORS}
    # The control: without the read-back, these get through, so that there was something to find.
    assert slipped["swapped_block"] == wrong["swapped_block"]
    assert slipped["turned_around"] > 0
    assert slipped["doubled_digit"] > 0


def test_no_wrong_block_goes_by() -> None:
    check(DICTATIONS, random.getrandbits(64))


@pytest.mark.long
@pytest.mark.timeout(600)
def test_no_wrong_block_goes_by_in_a_million() -> None:
    check(LONG_DICTATIONS, 2026)


@pytest.mark.parametrize("block", range(BLOCKS))
def test_places_are_named_and_other_blocks_known(block: int) -> None:
    text = invented_password(5).split("-")
    password = RecoveryPassword(bytearray("".join(text), "ascii"))
    wrong = bytearray(text[block], "ascii")
    for place in (1, 4):
        wrong[place] = 0x30 + (wrong[place] - 0x30 + 1) % 10
    assert password.compare(block, wrong).differs == (1, 4)
    assert password.compare(block, wrong).is_block is None
    assert password.compare(block, wrong[:4]).differs == (1, 4, 5)
    other = (block + 3) % BLOCKS
    assert password.compare(block, text[other].encode()).is_block == other
    assert password.compare(block, text[block].encode()).differs == ()
