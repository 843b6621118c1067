"""Tickets through `read_ticket`, beside three plain patterns over the same texts, and what hostile texts cost.

Three plain `re` patterns read 115,000 tickets of 650 bytes a second on the machine of reference, and 50,000 are
promised of `triage`, so a ticket may cost 2.3 times what the patterns cost.
"""

import random
import re
from collections.abc import Callable
from functools import partial

from tests.benchmarks import Row, compare, seconds
from tui.diagnosis.report_triage import TicketLine, triage
from tui.diagnosis.ticket_text import read_ticket

SIZE = 650
COUNT = 1_000
GOAL = 2.3
ROUNDS = 25
HOSTILE_SIZE = 120_000
HOSTILE_GOAL_MS = 10.0

_PLAIN = (r"KB\d{6,7}", r"[0-9A-F]{8}-[0-9A-F]{4}", r"E_FVE_\w+|0x[0-9a-f]{8}")
_TOLD = (
    "After the BIOS update last night the laptop wants the BitLocker recovery key.",
    "User sees a blue screen that asks for the recovery key at every start.",
    "BitLocker recovery after the latest Windows patch, only once, now fine.",
    "Mainboard was replaced by the vendor, since then BitLocker asks for the key.",
    "TPM was cleared by a colleague, then the recovery screen came up.",
    "The docking station is connected and BitLocker asks for a key, without it not.",
    "Secure Boot was switched off in the firmware, after that the recovery prompt.",
    "Wrong PIN typed too many times, now the machine is locked.",
    "Nach dem BIOS-Update fragt der Rechner nach dem Wiederherstellungsschlüssel.",
    "Après la mise à jour du BIOS, le portable demande la clé de récupération.",
    "Tras actualizar el firmware el equipo pide la clave de recuperación de BitLocker.",
    "Printer on the second floor is offline again, please have a look.",
    "Outlook does not start, user can sign in but the mailbox stays empty.",
    "Key was read out on the phone and the device started, please rotate it.",
    "Device is stuck in a loop, automatic repair runs and then recovery.",
    "New dbx update was offered, the next boot went to BitLocker recovery.",
)
_TALK = (
    "User called the service desk this morning and said that the machine does not come up.",
    "We looked at the asset list, the office is in {city}, room {room}.",
    "Call back before {hour}:{minute}, please handle with priority because of a customer visit.",
    "The line manager {name} is informed, there is no second machine here.",
    "Contact: {name}, extension {room}.",
    "The caller {name} was verified by video, her colleague {name} from {city} was there too.",
    "Ticket was opened through the portal at {hour}:{minute} and routed to second level.",
    "Started yesterday; the week before everything was in order, says {name}.",
    "Warranty until 20{year}, bought in {city}.",
)
_SYLLABLES = ("ba", "der", "kow", "lin", "mar", "ne", "ros", "sta", "tho", "vel", "wim", "zan", "ka", "ri", "os", "hu")
_CODES = ("E_FVE_PCR_MISMATCH", "E_FVE_SECUREBOOT_CHANGED", "0x80310000", "E_FVE_TPM_DISABLED")
HOSTILE = (
    "a", "KB", "0x", "abcdef01-", "1 ", "bios update ", "not ", "E_FVE_", "- ", "recovery key ", "キー", "secure boot ",
    "usb plug ", "123456-", "kb 5083769, ", "a1b2 ", "error ", "8007 ", "key id ", "each ", "7_3_80000001_", "a-1",
    "e_fve_a ", "kb508376 ", "after ", "boot debug ", "event 523 ", "desktop-1 ", "each 0 ", "id 4a2b 9c1d ",
)  # fmt: skip


def tickets(count: int, named: float, seed: int = 4) -> list[str]:
    """Invented tickets of some 650 bytes; a share of them names an update, a key ID, a device and a code."""
    pick = random.Random(seed)
    return [_ticket(pick, pick.random() < named) for _ in range(count)]


def _ticket(pick: random.Random, named: bool) -> str:
    lines = [pick.choice(_TOLD)]
    if named:
        lines.append(_names(pick))
    while sum(map(len, lines)) < SIZE:
        talk = pick.choice(_TALK)
        lines.append(
            talk.format(
                city=_name(pick),
                name=_name(pick),
                room=pick.randrange(100, 999),
                hour=pick.randrange(8, 18),
                minute=pick.randrange(10, 60),
                year=pick.randrange(26, 31),
            )
        )
    return ("\n" if pick.random() < 0.3 else " ").join(lines)[:SIZE]


def _names(pick: random.Random) -> str:
    update = 5_083_700 + pick.randrange(12)
    key_id = f"{pick.getrandbits(32):08X}-{pick.getrandbits(16):04X}"
    device = f"{pick.choice(('MUC', 'PAR', 'LON'))}-LT-{pick.randrange(10_000):04}"
    return f"Device {device}, KB{update} came on Tuesday. Key ID: {key_id}. Screen says {pick.choice(_CODES)}."


def _name(pick: random.Random) -> str:
    return "".join(pick.choices(_SYLLABLES, k=3)).capitalize()


def run() -> list[Row]:
    """Tickets of which every seventh names something, tickets that all do, the whole of `triage`, hostile texts."""
    return [
        _reading("triage: a ticket", tickets(COUNT, 0.15)),
        _reading("triage: a ticket with four identifiers", tickets(COUNT, 1.0)),
        _whole("triage: as the command does it", tickets(COUNT, 0.15)),
        _hostile(),
    ]


def _searches(texts: list[str]) -> None:
    plain = [re.compile(source) for source in _PLAIN]
    for text in texts:
        for each in plain:
            each.findall(text)


def _reads(texts: list[str]) -> None:
    for text in texts:
        read_ticket(text)


def _reading(name: str, texts: list[str]) -> Row:
    pace = compare(lambda: _reads(texts), lambda: _searches(texts), ROUNDS)
    return Row(name, pace.ratio, GOAL, f"{len(texts) / pace.work:,.0f} a second; yardstick: three plain re patterns")


def _whole(name: str, texts: list[str]) -> Row:
    lines = [TicketLine(f"INC{number:07}", text) for number, text in enumerate(texts)]
    pace = compare(lambda: triage(lines), lambda: _searches(texts), ROUNDS)
    return Row(name, pace.ratio, GOAL, f"{len(texts) / pace.work:,.0f} a second; yardstick: three plain re patterns")


def _hostile() -> Row:
    texts = {piece: (piece * HOSTILE_SIZE)[:HOSTILE_SIZE] for piece in HOSTILE} | _varied()
    costs = {name: 1000 * min(seconds(partial(read_ticket, text)) for _ in range(5)) for name, text in texts.items()}
    worst = max(costs, key=lambda name: costs[name])
    note = f"the worst of {len(texts)} took {costs[worst]:.1f} ms ({worst!r}); yardstick: {HOSTILE_GOAL_MS:.0f} ms"
    return Row("triage: 120 kB of hostile text", costs[worst] / HOSTILE_GOAL_MS, 1.0, note)


def _varied() -> dict[str, str]:
    """Texts of which no two words are alike."""
    pick = random.Random(4)
    words: dict[str, Callable[[], str]] = {
        "key IDs": lambda: f"{pick.getrandbits(32):08x}-{pick.getrandbits(16):04x}",
        "halves of key IDs": lambda: f"{pick.getrandbits(16):04x}",
        "devices": lambda: f"device pc-{pick.randrange(100_000):05}",
        "updates": lambda: f"kb{pick.randrange(10_000_000):07}",
        "names": lambda: "".join(pick.choices(_SYLLABLES, k=4)),
        "numbers": lambda: str(pick.randrange(10 ** pick.randrange(1, 9))),
        "groups": lambda: f"{pick.randrange(65_536) * 11:06}",
        "codes": lambda: f"e_fve_{pick.choice(_SYLLABLES)}_{pick.choice(_SYLLABLES)}abled",
    }
    return {name: " ".join(word() for _ in range(HOSTILE_SIZE // 5))[:HOSTILE_SIZE] for name, word in words.items()}
