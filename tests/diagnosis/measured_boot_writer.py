"""Writes measured-boot logs for tests, from the TCG's layouts. Everything in them is invented."""

import hashlib
import struct
from collections.abc import Iterable
from uuid import UUID

GLOBAL_VARIABLE = UUID("8be4df61-93ca-11d2-aa0d-00e098032b8c")
SIGNATURE_DATABASE = UUID("d719b2cb-3d3a-4596-a3bc-dad00e67656f")
SHA256_LIST = UUID("c1c41626-504c-4092-aca9-41f936934328")
OWNER = UUID("11111111-2222-3333-4444-555555555555")
SIZES = {4: 20, 11: 32}
HASHES = {4: "sha1", 11: "sha256"}

Event = tuple[int, int, bytes]
"""PCR, type and data of an event; its digests are those of the data."""


def digests(data: bytes, algorithms: Iterable[int]) -> bytes:
    return b"".join(struct.pack("<H", name) + hashlib.new(HASHES[name], data).digest() for name in algorithms)


def record(event: Event, algorithms: tuple[int, ...] = (4, 11)) -> bytes:
    pcr, kind, data = event
    head = struct.pack("<III", pcr, kind, len(algorithms)) + digests(data, algorithms)
    return head + struct.pack("<I", len(data)) + data


def sha1_record(event: Event) -> bytes:
    pcr, kind, data = event
    return struct.pack("<II", pcr, kind) + hashlib.sha1(data).digest() + struct.pack("<I", len(data)) + data


def spec_id(algorithms: tuple[int, ...] = (4, 11), vendor: bytes = b"") -> bytes:
    sizes = b"".join(struct.pack("<HH", name, SIZES[name]) for name in algorithms)
    data = b"Spec ID Event03\0" + struct.pack("<IBBBBI", 0, 0, 2, 0, 2, len(algorithms)) + sizes
    data += bytes([len(vendor)]) + vendor
    return struct.pack("<II20sI", 0, 3, b"", len(data)) + data


def agile_log(events: Iterable[Event], algorithms: tuple[int, ...] = (4, 11)) -> bytes:
    return spec_id(algorithms) + b"".join(record(event, algorithms) for event in events)


def sha1_log(events: Iterable[Event]) -> bytes:
    return b"".join(sha1_record(event) for event in events)


def variable(name: str, data: bytes, owner: UUID = GLOBAL_VARIABLE) -> bytes:
    return owner.bytes_le + struct.pack("<QQ", len(name), len(data)) + name.encode("utf-16-le") + data


def hash_list(*hashes: bytes) -> bytes:
    entries = b"".join(OWNER.bytes_le + value for value in hashes)
    return SHA256_LIST.bytes_le + struct.pack("<III", 28 + len(entries), 0, 48) + entries


def image(path: str) -> bytes:
    text = path.encode("utf-16-le") + b"\0\0"
    nodes = bytes.fromhex("02010c00d041030a00000000") + struct.pack("<BBH", 4, 4, 4 + len(text)) + text
    nodes += bytes.fromhex("7fff0400")
    return struct.pack("<QQQQ", 0, 0, 0, len(nodes)) + nodes


def sipa(kind: int, data: bytes) -> bytes:
    return struct.pack("<II", kind, len(data)) + data


def windows_boot(
    *,
    firmware: str = "A1",
    dbx: bytes = b"",
    secure_boot: int = 1,
    boot_order: tuple[int, ...] = (1, 0),
    loader: str = "\\EFI\\Microsoft\\Boot\\bootmgfw.efi",
    counter: int = 7,
    unlock: int = 4,
    transfer: int = 1,
) -> list[Event]:
    """The events of a Windows boot, as short as they can be."""
    order = struct.pack(f"<{len(boot_order)}H", *boot_order)
    boundary = sipa(0x00020002, struct.pack("<Q", counter)) + sipa(0x00020003, struct.pack("<I", transfer))
    boundary += sipa(0x00020005, struct.pack("<I", unlock)) + sipa(0x00050006, b"\0")
    return [
        (0, 8, firmware.encode("utf-16-le") + b"\0\0"),
        (7, 0x80000001, variable("SecureBoot", bytes([secure_boot]))),
        (7, 0x80000001, variable("dbx", dbx, SIGNATURE_DATABASE)),
        (7, 4, b"\0\0\0\0"),
        (1, 0x80000002, variable("BootOrder", order)),
        (4, 0x80000007, b"Calling EFI Application from Boot Option"),
        (4, 0x80000003, image(loader)),
        (11, 12, b"\x10\0\0\0"),
        (12, 6, sipa(0x40010001, boundary)),
        (12, 4, b"WBCL"),
        (5, 0x80000007, b"Exit Boot Services Invocation"),
    ]
