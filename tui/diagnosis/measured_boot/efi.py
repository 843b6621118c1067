"""UEFI structures inside events: variables, signature lists, loaded images and device paths.

Layouts: UEFI Specification 2.10, chapters 10 (device paths) and 32.4 (EFI_SIGNATURE_LIST); TCG PC Client Platform
Firmware Profile 1.05, sections 10.2.6 (UEFI_VARIABLE_DATA) and 10.2.3 (UEFI_IMAGE_LOAD_EVENT).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from tui.diagnosis.measured_boot.certificate import common_name
from tui.text import clean_line

SIGNATURE_TYPES = {
    UUID("c1c41626-504c-4092-aca9-41f936934328"): "sha256",
    UUID("a5c059a1-94e4-4aa7-87b5-ab155c2bf072"): "x509",
    UUID("3bd2a492-96c0-4079-b420-fcf98ef103ed"): "x509-sha256",
    UUID("3c5766e8-269c-4e34-aa14-ed776e85b3b6"): "rsa2048",
    UUID("826ca512-cf10-4ac9-b187-be01496631bd"): "sha1",
    UUID("ff3e5307-9fd0-48c9-85f1-8ad56c701e01"): "sha384",
    UUID("093e0fae-a6c4-4f50-9f1b-d41e2b89c19a"): "sha512",
}
"""Signature types of UEFI 2.10, section 32.4.1, in short names."""

_VARIABLE_HEAD = struct.Struct("<16sQQ")
_LIST_HEAD = struct.Struct("<16sIII")
_IMAGE_HEAD = struct.Struct("<QQQQ")
_OWNER = 16
_NODE_HEAD = 4
_MAX_NODES = 64
_MAX_NAME = 256


@dataclass(frozen=True, slots=True)
class Variable:
    """A measured UEFI variable. `size` is the announced length of its data in bytes; `data` is what the event holds."""

    name: str
    owner: UUID
    size: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Signature:
    """One entry of db, dbx or KEK: its type, who put it there, and the certificate or hash itself."""

    kind: str
    owner: UUID
    data: bytes

    @property
    def subject(self) -> str | None:
        """The common name of a certificate's subject; None for hashes."""
        return common_name(self.data) if self.kind == "x509" else None


def read_variable(data: bytes) -> Variable | None:
    """Read UEFI_VARIABLE_DATA; None where the event does not hold one. Bytes behind the announced data are left out."""
    if len(data) < _VARIABLE_HEAD.size:
        return None
    owner, characters, size = _VARIABLE_HEAD.unpack_from(data)
    start = _VARIABLE_HEAD.size + 2 * characters
    if characters > _MAX_NAME or start > len(data):
        return None
    name = data[_VARIABLE_HEAD.size : start].decode("utf-16-le", "replace").rstrip("\0")
    return Variable(clean_line(name), UUID(bytes_le=owner), size, data[start : start + size])


def signatures(data: bytes) -> Iterator[Signature]:
    """The entries of concatenated EFI_SIGNATURE_LISTs; stops at the first one that does not fit."""
    at = 0
    while at + _LIST_HEAD.size <= len(data):
        guid, list_size, header_size, entry_size = _LIST_HEAD.unpack_from(data, at)
        end = at + list_size
        first = at + _LIST_HEAD.size + header_size
        if end > len(data) or first > end or entry_size < _OWNER or list_size < _LIST_HEAD.size:
            return
        kind = SIGNATURE_TYPES.get(UUID(bytes_le=guid), str(UUID(bytes_le=guid)))
        for entry in range(first, end - entry_size + 1, entry_size):
            owner = UUID(bytes_le=data[entry : entry + _OWNER])
            yield Signature(kind, owner, data[entry + _OWNER : entry + entry_size])
        at = end


def authority_subject(variable: Variable) -> str | None:
    """The common name of the certificate that verified an image: EFI_SIGNATURE_DATA, or shim's bare certificate."""
    return common_name(variable.data[_OWNER:]) or common_name(variable.data)


def image_path(data: bytes) -> str | None:
    """The device path of a loaded image in short form, as `Acpi/Pci/HD/\\EFI\\...`; None when it names nothing."""
    if len(data) < _IMAGE_HEAD.size:
        return None
    length = _IMAGE_HEAD.unpack_from(data)[3]
    return device_path(data[_IMAGE_HEAD.size :][:length])


def device_path(data: bytes) -> str | None:
    """A device path in short form. Nodes of kinds that say nothing about where the image came from are left out."""
    parts: list[str] = []
    at = 0
    for _ in range(_MAX_NODES):
        if at + _NODE_HEAD > len(data):
            break
        kind, subkind, size = struct.unpack_from("<BBH", data, at)
        if size < _NODE_HEAD or kind == 0x7F:
            break
        part = _node(kind, subkind, data[at + _NODE_HEAD : at + size])
        if part:
            parts.append(part)
        at += size
    return "/".join(parts) or None


_NODES = {(1, 1): "Pci", (2, 1): "Acpi", (4, 1): "HD", (4, 2): "CDROM", (4, 6): "FvFile", (4, 7): "Fv"}


def _node(kind: int, subkind: int, data: bytes) -> str:
    if kind == 3:
        return f"Msg{subkind}"
    if (kind, subkind) == (4, 4):
        return clean_line(data.decode("utf-16-le", "replace").split("\0")[0])
    return _NODES.get((kind, subkind), "")
